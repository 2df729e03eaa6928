"""Guards the gate: a complete level goes through, and each thing that may be missing or wrong has its own complaint."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.course.conftest import says
from tests.course.toy import ToyQuest, git, keep_few
from triton_quest.authoring import gate
from triton_quest.course import template
from triton_quest.course.table import table
from triton_quest.parent.runner import Ending, Job
from triton_quest.records import verdict as v
from triton_quest.records.measured import Compiled, Refused
from triton_quest.store import workspace

judged_kindly = pytest.mark.usefixtures("kind_judge")


def complaints(toy: ToyQuest) -> list[str]:
    return gate.run(levels=toy.levels, course=toy.course)


def the_complaint(toy: ToyQuest) -> str:
    found = complaints(toy)
    assert len(found) == 1, found
    return found[0]


# A complete level


def test_a_complete_level_goes_through_the_real_judge(toy: ToyQuest) -> None:
    keep_few(toy.folder)
    told: list[str] = []
    assert gate.run(told.append, toy.levels, toy.course) == []
    assert told[0] == f"level 1, {toy.level.title}"
    assert re.fullmatch(r"\d+ known mistakes and right variants", told[1])


@judged_kindly
def test_a_level_that_lies_ahead_is_no_complaint(toy: ToyQuest) -> None:
    toy.levels = table(*toy.levels, replace(toy.level, slug="ahead", file="level2_ahead.py", launcher="ahead"))
    assert complaints(toy) == []


# The level file that git holds


def test_a_level_file_that_the_solution_has_left_behind_is_stale(toy: ToyQuest) -> None:
    toy.edit("solution.py", "TODO 1", "TODO 1, and mind it")
    assert "is stale: quest dev build" in the_complaint(toy)


@judged_kindly
def test_building_and_adding_ends_the_complaint(toy: ToyQuest) -> None:
    toy.edit("solution.py", "TODO 1", "TODO 1, and mind it")
    toy.build()
    assert "is stale" in the_complaint(toy), "git holds the old one still"
    toy.add()
    assert complaints(toy) == []


@judged_kindly
@pytest.mark.parametrize("played", ["", "def (\n", "import torch\n\nvector_add = torch.add\n"])
def test_playing_with_a_level_file_is_no_complaint(toy: ToyQuest, played: str) -> None:
    toy.level_file.write_text(played)
    assert complaints(toy) == []


@judged_kindly
def test_losing_a_level_file_while_playing_is_no_complaint(toy: ToyQuest) -> None:
    toy.level_file.unlink()
    assert complaints(toy) == []


def test_a_played_file_that_was_added_to_git_is_stale(toy: ToyQuest) -> None:
    toy.level_file.write_text("import torch\n")
    toy.add()
    assert "is stale" in the_complaint(toy)


def test_a_level_file_that_git_does_not_hold_is_missing(toy: ToyQuest) -> None:
    git(toy.root, "rm", "--quiet", "--cached", f"triton_quest/levels/{toy.level.file}")
    assert "is not there: quest dev build, then git add it" in the_complaint(toy)


@judged_kindly
def test_outside_of_git_the_packages_own_level_file_counts(toy: ToyQuest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(toy.root.parent))
    (toy.root / ".git").rename(toy.root / "no longer git")
    assert complaints(toy) == []
    toy.level_file.write_text("import torch\n")
    assert "is stale" in the_complaint(toy)


@judged_kindly
def test_without_git_on_the_machine_the_packages_own_level_file_counts(
    toy: ToyQuest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert complaints(toy) == []


# The course folder


@pytest.mark.parametrize("name", sorted(gate.COURSE_FILES))
def test_a_file_missing_from_a_course_folder_is_named(toy: ToyQuest, name: str) -> None:
    (toy.folder / name).unlink()
    assert any(name in complaint and "missing" in complaint for complaint in complaints(toy))


def test_a_row_with_an_empty_folder_is_told_everything_that_is_missing(toy: ToyQuest) -> None:
    new = replace(toy.level, slug="new-level", file="level2_new_level.py", launcher="new_level")
    new.folder.mkdir()
    toy.levels = (replace(new, number=2),)
    (complaint,) = [one for one in complaints(toy) if one.startswith("new-level: ")]
    assert all(name in complaint for name in gate.COURSE_FILES)


@judged_kindly
def test_a_folder_without_a_row_is_named(toy: ToyQuest) -> None:
    (toy.course / "orphan").mkdir()
    (toy.course / "orphan" / "solution.py").write_text("")
    assert the_complaint(toy).startswith("orphan: ")
    assert "names no such folder" in the_complaint(toy)


@judged_kindly
@pytest.mark.parametrize("name", ["notes.txt", "solution.py~", "cases.txt"])
def test_a_stray_file_in_a_course_folder_is_named(toy: ToyQuest, name: str) -> None:
    (toy.folder / name).write_text("")
    assert name in the_complaint(toy) and "stray" in the_complaint(toy)


@judged_kindly
def test_a_stray_file_beside_the_course_folders_is_named(toy: ToyQuest) -> None:
    (toy.course / "notes.txt").write_text("")
    assert "notes.txt" in the_complaint(toy)


@judged_kindly
def test_what_python_and_editors_leave_behind_is_no_complaint(toy: ToyQuest) -> None:
    (toy.folder / "__pycache__").mkdir()
    (toy.course / "__pycache__").mkdir()
    (toy.course / "moved-away" / "__pycache__").mkdir(parents=True)
    (toy.course / ".hidden").mkdir()
    assert complaints(toy) == []


@judged_kindly
def test_a_level_file_of_no_row_is_named_once_git_holds_it(toy: ToyQuest) -> None:
    (toy.level_file.parent / "level9_dreams.py").write_text("")
    assert complaints(toy) == [], "a learner's own file, beside the levels"
    toy.add()
    assert "levels/level9_dreams.py" in the_complaint(toy)


# The solution


def test_a_solution_without_a_gap_is_refused(toy: ToyQuest) -> None:
    toy.solution.write_text(template.clean_solution(toy.solution.read_text()))
    toy.build()
    toy.add()
    assert "marks no gap" in the_complaint(toy)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    # [end]\n", "", "gap"),
        ("    # [gap: pid]\n", "", "[end] without its [gap]"),
        ("    # [gap: pid]\n", "    # [gap: pid]\n    # [gap: pid]\n", "inside the gap"),
        ("    pid = tl", "    pid = = tl", "solution.py"),
        ("import torch\n", "import torch (\n", "solution.py"),
    ],
    ids=["no end", "no beginning", "gap in gap", "no Python in a gap", "no Python outside of the gaps"],
)
def test_marks_and_text_that_do_not_fit_are_told_with_their_file(toy: ToyQuest, old: str, new: str, words: str) -> None:
    toy.edit("solution.py", old, new)
    complaint = the_complaint(toy)
    assert complaint.startswith(f"{toy.level.slug}: solution.py") and words in complaint


def test_a_placeholder_of_the_solutions_own_is_refused(toy: ToyQuest) -> None:
    toy.edit("solution.py", "    pid = tl.program_id(axis=0)", "    pid = ...")
    assert "`...` of its own" in the_complaint(toy)


def test_a_solution_without_a_briefing_is_refused(toy: ToyQuest) -> None:
    toy.solution.write_text(template.without_texts(toy.solution.read_text()))
    toy.build()
    toy.add()
    assert "no docstring" in the_complaint(toy)


@pytest.mark.parametrize(("width", "fits"), [(gate.PICTURE, True), (gate.PICTURE + 1, False)])
@judged_kindly
def test_a_drawn_line_must_fit_the_terminal(toy: ToyQuest, width: int, fits: bool) -> None:
    toy.edit("solution.py", "## The maths\n", "## The maths\n\n    " + "-" * (width - 4) + "\n")
    toy.build()
    toy.add()
    if fits:
        assert complaints(toy) == []
    else:
        assert f"wider than {gate.PICTURE} columns" in the_complaint(toy)


# The hints


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "0 hints"),
        ("\n\n".join(f"## {n}. Title\n\ntext" for n in range(1, 6)), "5 hints"),
        ("\n\n".join(f"## {n}. Title\n\ntext" for n in range(1, 8)), "7 hints"),
        (
            "\n\n".join(f"## {n}. Title\n\n{'text' if n != 4 else ' '}" for n in range(1, 7)),
            "hint 4, “Title”, is empty",
        ),
    ],
    ids=["none", "five", "seven", "one empty"],
)
def test_hints_must_be_six_and_none_empty(toy: ToyQuest, text: str, words: str) -> None:
    (toy.folder / "hints.md").write_text(text)
    assert words in the_complaint(toy)


@pytest.mark.parametrize("name", ["hints.md", "solution.py"])
def test_a_text_that_is_no_utf8_is_a_complaint_and_no_traceback(toy: ToyQuest, name: str) -> None:
    (toy.folder / name).write_bytes(b"caf\xe9\n")
    assert any(name in complaint for complaint in complaints(toy))


# The judgements


def test_a_solution_that_fails_is_refused_with_its_outcome_and_cause(toy: ToyQuest) -> None:
    store = "    tl.store(out_ptr + offsets"
    toy.edit("solution.py", store, f"    y = -y\n{store}")  # within a gap: the level file stays as it is
    complaint = the_complaint(toy)
    assert f"the solution is judged “{v.Outcome.WRONG.value}”" in complaint and "one element" in complaint


def test_a_course_that_breaks_the_judge_is_refused(toy: ToyQuest) -> None:
    (toy.folder / "cases.py").write_text("CASES = (\n")
    complaint = the_complaint(toy)
    assert f"the solution is judged “{v.Outcome.ERROR.value}”" in complaint and "cases.py" in complaint


@pytest.mark.parametrize("outcome", sorted(set(v.Outcome) - {v.Outcome.NOT_STARTED, v.Outcome.GAPS}))
def test_a_template_that_is_not_judged_unfinished_is_refused(
    toy: ToyQuest, outcome: v.Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(job: Job) -> v.Verdict:
        return says(job, v.Outcome.PASSED if job.file.name == "solution.py" else outcome)

    monkeypatch.setattr(gate, "judge", judge)
    assert f"the template is judged “{outcome.value}” instead of unfinished" in the_complaint(toy)


@judged_kindly
def test_the_judge_meets_the_template_as_a_learner_gets_it(toy: ToyQuest, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: dict[str, str] = {}

    def judge(job: Job) -> v.Verdict:
        judged[job.file.name] = job.file.read_text(encoding="utf-8")
        return says(job, v.Outcome.PASSED if job.file.name == "solution.py" else v.Outcome.GAPS)

    monkeypatch.setattr(gate, "judge", judge)
    toy.level_file.write_text("somebody is playing with this one\n")
    assert complaints(toy) == []
    assert judged == {
        toy.level.file: workspace.level_template(toy.level),
        "solution.py": toy.solution.read_text(encoding="utf-8"),
    }


def test_what_a_text_lacks_is_told_before_anything_is_run(toy: ToyQuest, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(job: Job) -> v.Verdict:
        raise AssertionError("nothing should be judged")

    monkeypatch.setattr(gate, "judge", judge)
    (toy.folder / "hints.md").write_text("")
    assert "hints" in the_complaint(toy)


# What compile and traffic call the launcher with


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inputs": ()}, "the row has no inputs"),
        ({"inputs": ("n", "Q")}, "letters without a size in SIZES: Q"),
        ({"grows": "S"}, "S, which the row lets grow, stands in none of its inputs"),
    ],
    ids=["none", "an unknown letter", "a letter that isn't there"],
)
def test_a_row_must_say_what_compile_and_traffic_call_the_launcher_with(
    toy: ToyQuest, change: dict[str, Any], words: str
) -> None:
    toy.levels = table(replace(toy.level, **change))
    assert the_complaint(toy).startswith("vector-add: level.py: ") and words in the_complaint(toy)


def test_a_solution_that_spills_is_refused(toy: ToyQuest, kind_judge: None, monkeypatch: pytest.MonkeyPatch) -> None:
    spilling = Compiled("add_kernel", "sm_90", (), 4, 3, 255, 48, 0, 0.1)
    monkeypatch.setattr(gate, "run_job", lambda job: Ending(v.Outcome.PASSED, 0.0, (spilling,)))
    assert "add_kernel spills 48 bytes a thread on sm_90" in the_complaint(toy)


def test_a_solution_that_doesnt_compile_all_the_way_is_refused(
    toy: ToyQuest, kind_judge: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Refused("add_kernel", "sm_80", "`add_kernel` needs too much.", "out of resource")
    monkeypatch.setattr(gate, "run_job", lambda job: Ending(v.Outcome.COMPILE, 0.0, (refused,)))
    assert "doesn't compile with the inputs of its row: `add_kernel` needs too much." in the_complaint(toy)


# The real course


@judged_kindly
def test_the_texts_of_the_levels_that_have_arrived_are_complete() -> None:
    assert gate.run() == []


def test_a_level_without_a_case_to_show_is_refused(toy: ToyQuest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_compiled", lambda level: iter(()))
    monkeypatch.setattr(
        gate,
        "judge",
        lambda job: says(job, gate.UNFINISHED[0] if job.file.name == toy.level.file else v.Outcome.PASSED),
    )
    toy.edit("cases.py", "SHOWN = ", "HIDDEN = ")
    assert "can't be traced on SHOWN: AttributeError" in the_complaint(toy)
    toy.edit("cases.py", "HIDDEN = ", "SHOWN = ")
    toy.edit("cases.py", "pair(d, 2 * d.block + d.block // 4 + 1)", "pair(d, 5)")
    assert "SHOWN gives a single program along an axis" in the_complaint(toy)
