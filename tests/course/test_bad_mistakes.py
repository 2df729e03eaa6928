"""Guards what an author reads who wrote a mistake wrongly: one sentence with the file and the line, exit code 2, and no traceback."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Quest
from tests.course.toy import ToyQuest
from triton_quest.authoring import gate
from triton_quest.course import mistake, parts
from triton_quest.course import table as levels
from triton_quest.course.mistake import Edit
from triton_quest.course.table import table
from triton_quest.errors import CourseTrouble

pytestmark = pytest.mark.usefixtures("kind_judge")
FILE = "course/vector_add/mistakes.md"
HEADING = "### y_only, numbers, hint 5"
MASK = "-    mask = offsets < n\n"


def line_of(toy: ToyQuest, start: str, name: str = "mistakes.md") -> int:
    lines = (toy.folder / name).read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if line.startswith(start))


def the_complaint(toy: ToyQuest) -> str:
    (complaint,) = gate.run(levels=toy.levels, course=toy.course)
    return complaint


BAD = {
    "an unknown kind": ("numbers, hint 5", "nummbers, hint 5", "`nummbers` is neither a kind (memory, rules,"),
    "no kind": ("numbers, hint 5", "hint 5", "y_only doesn't say what rejects it"),
    "a second kind": ("numbers, hint 5", "numbers, memory", "`memory` is neither a kind"),
    "hint 0": ("hint 5", "hint 0", "hint 0 of y_only doesn't exist: they are 1 to 6"),
    "hint 7": ("hint 5", "hint 7", "hint 7 of y_only doesn't exist: they are 1 to 6"),
    "a hint in words": ("hint 5", "hint four", "hint four of y_only doesn't exist"),
    "a key that is none": (
        "y_only",
        "y only",
        "a heading begins with a key of letters, digits and _, not with `y only`",
    ),
    "no key": ("y_only", "", "not with ``"),
    "a key twice": ("y_only", "x_only", f"x_only stands in {FILE}:"),
    "like nothing": (
        "hint 5",
        "hint 5, same as nobody",
        "y_only is the same as nobody, which is no mistake in this file",
    ),
    "like a variant": ("hint 5", "hint 5, same as wrap_around", "is the same as wrap_around, which is no mistake"),
    "of nothing": ("hint 5", "hint 5, of nobody", "nobody, which y_only is to change, is no patch of the solution"),
    "of a patch of a patch": (
        "hint 5",
        "hint 5, of four_programs_loop",
        "four_programs_loop, which y_only is to change,",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_heading_that_says_nonsense_is_told_with_its_line(toy: ToyQuest, name: str) -> None:
    old, new, words = BAD[name]
    assert old in HEADING
    where = line_of(toy, HEADING)
    toy.edit("mistakes.md", HEADING, HEADING.replace(old, new))
    assert the_complaint(toy).startswith(f"vector-add: {FILE}:{where}: ") and words in the_complaint(toy)


def test_a_heading_without_a_sentence_is_told(toy: ToyQuest) -> None:
    toy.edit("mistakes.md", "Your output equals y: x isn't added.\n", "")
    assert the_complaint(toy).startswith(f"vector-add: {FILE}:{line_of(toy, HEADING)}: y_only has no sentence")


def test_a_heading_without_a_patch_is_told(toy: ToyQuest) -> None:
    text = (toy.folder / "mistakes.md").read_text()
    head, _, tail = text.partition(HEADING)
    next_entry = tail.index("\n###")
    sentence = tail[: tail.index("\n-")]
    (toy.folder / "mistakes.md").write_text(head + HEADING + sentence + tail[next_entry:])
    assert the_complaint(toy).startswith(f"vector-add: {FILE}:{line_of(toy, HEADING)}: y_only has no patch")


PATCHES = {
    "a line without a mark": ("-    pid\nmask\n", 1, "in the patch of new a line begins with -, +, @@ or a blank"),
    "only a separator": ("@@\n", -2, "new has no patch"),
    "only lines to add": ("+    pass\n", 0, "needs a line to change, or one that shows where the + lines go"),
    "nothing changed": ("     pid\n", 0, "needs a line to change"),
    "a line that is no longer there": ("-    mask\n+    pass\n", 0, "fits 0 places instead of one, from `mask`"),
    "a part of a line": ("-mask = offsets < n\n+    pass\n", 0, "fits 0 places instead of one"),
    "a second place that isn't there": (f"{MASK}+    mask = offsets <= n\n{MASK}+    pass\n", 2, "fits 0 places"),
}  # fmt: skip


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_that_says_nonsense_or_no_longer_applies_is_told_with_its_line(toy: ToyQuest, name: str) -> None:
    patch, behind, words = PATCHES[name]
    toy.edit("mistakes.md", "## Right variants\n", f"### new, numbers, hint 1\nA sentence.\n{patch}## Right variants\n")
    where = line_of(toy, "### new") + 2 + behind
    assert the_complaint(toy).startswith(f"vector-add: {FILE}:{where}: ") and words in the_complaint(toy)


def test_a_patch_that_fits_two_places_is_told(toy: ToyQuest) -> None:
    toy.edit("solution.py", "    mask = offsets < n\n", "    mask = offsets < n\n    mask = offsets < n\n")
    toy.build()
    toy.add()
    found = gate.run(levels=toy.levels, course=toy.course)
    assert any("the patch of mask_one_too_many fits 2 places instead of one" in complaint for complaint in found)
    assert all(complaint.startswith(f"vector-add: {FILE}:") for complaint in found), "each patch has its own"


def test_every_patch_that_a_changed_solution_leaves_behind_is_told(toy: ToyQuest) -> None:
    toy.edit("solution.py", "    mask = offsets < n\n", "    mask = n > offsets\n")
    toy.build()
    toy.add()
    touching = (toy.folder / "mistakes.md").read_text().count(MASK)
    found = gate.run(levels=toy.levels, course=toy.course)
    assert touching > 1 and len(found) >= touching


def test_too_few_of_them_are_told(toy: ToyQuest) -> None:
    (toy.folder / "mistakes.md").write_text("# Mistakes\n\nNothing yet.\n")
    assert "holds 0 mistakes, and with variants/ 10 right variants: 8 and 3 at least are needed" in the_complaint(toy)


def test_what_stands_twice_in_a_patch_is_no_edit_of_part_of_a_line() -> None:
    text = "if x:\n    y = 1\ny = 1\n"
    assert mistake.apply((Edit("y = 1\n", "y = 2\n"),), text, "whole lines") == "if x:\n    y = 1\ny = 2\n"
    with pytest.raises(CourseTrouble, match="the patch of both fits 2 places"):
        mistake.apply((Edit("y = 1\n", "y = 2\n"),), f"{text}y = 1\n", "both")


# What several levels share


def test_what_an_entry_leaves_out_comes_from_the_shared_file(toy: ToyQuest) -> None:
    (own,) = [one for one in mistake.read(toy.folder).mistakes if one.key == "nothing_returned"]
    assert "nothing_returned, contract" not in (toy.folder / "mistakes.md").read_text()
    assert (own.caught_by, own.hint, own.says) == (
        "contract",
        1,
        "Your launcher returns nothing: it has to return out.",
    )
    assert [(edit.old, edit.new) for edit in own.edits] == [("    return out\n", "")]
    assert own.edits[0].place.startswith("course/shared/mistakes.md:")


def test_an_entry_that_is_the_same_as_another_has_its_sentence(toy: ToyQuest) -> None:
    toy.edit("mistakes.md", "Your output equals y: x isn't added.\n", "")
    toy.edit("mistakes.md", HEADING, f"{HEADING}, same as x_only")
    known = {one.key: one for one in mistake.read(toy.folder).mistakes}
    assert known["y_only"].says == known["x_only"].says and known["y_only"].same_output_as == ("x_only",)


# Rows


def test_an_unknown_stage_is_told_with_the_line_of_the_row(toy: ToyQuest) -> None:
    toy.edit("level.py", "    slug=", '    stages=("read", "nummbers"),\n    slug=')
    toy.levels = table(replace(toy.level, stages=("read", "nummbers")))
    where = f"course/vector_add/level.py:{line_of(toy, '    stages=', 'level.py')}"
    assert the_complaint(toy) == (
        f"vector-add: {where}: there is no stage nummbers: they are read, rules, memory, numbers, property, compile"
    )


@pytest.mark.parametrize("name", ["slug", "file", "launcher"])
def test_a_name_that_two_rows_have_is_told_with_the_line_of_the_second(toy: ToyQuest, name: str) -> None:
    changes = {"slug": "other", "file": "other.py", "launcher": "other"}
    del changes[name]
    toy.levels = table(toy.level, replace(toy.level, **changes))
    found = gate.run(levels=toy.levels, course=toy.course)
    value = getattr(toy.level, name)
    (told,) = [one for one in found if one.endswith(f"the {name} {value} is that of level 1 already")]
    assert told.startswith(("course/vector_add/level.py:", "course/other/level.py:"))


def test_a_folder_without_a_row_is_told_and_takes_no_other_level_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        levels, "ACTS", (levels.Act("Act I", "a few words", "a sentence", (), ("vector_add", "nowhere")),)
    )
    assert [row.slug for row in levels._rows()] == ["vector-add"]
    told = gate.run(levels=levels.LEVELS[:0])
    assert "course/table.py:1: the folder nowhere has no level.py, which holds the level's row" in told


# The command, and a course folder outside of the package


def test_the_command_ends_with_2_and_no_traceback(quest: Quest, toy: ToyQuest, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.edit("mistakes.md", HEADING, HEADING.replace("hint 5", "hint 9"))
    monkeypatch.setattr(gate.run, "__defaults__", (lambda what: None, toy.levels, toy.course, lambda row: None, None))
    answer = quest.inside("dev check")
    assert answer.code == 2
    assert f"{FILE}:" in answer.out and "hint 9 of y_only doesn't exist" in answer.out and "Traceback" not in answer.out


@pytest.mark.parametrize("name", ["mistakes.md", "cases.py", "reference.py"])
def test_a_course_folder_outside_that_lacks_a_file_is_our_trouble_in_a_sentence(toy: ToyQuest, name: str) -> None:
    (toy.folder / name).unlink()
    with pytest.raises(CourseTrouble, match=f"{name}.* (is missing|can't be read)"):
        parts.known(toy.level) if name == "mistakes.md" else parts.part(toy.level, name.removesuffix(".py"))


def test_mistakes_that_are_no_text_are_our_trouble_in_a_sentence(toy: ToyQuest) -> None:
    (toy.folder / "mistakes.md").write_bytes(b"caf\xe9\n")
    with pytest.raises(CourseTrouble, match="course/vector_add/mistakes.md can't be read"):
        mistake.read(toy.folder)


def test_a_course_folder_outside_is_judged_with_its_own_mistakes(toy: ToyQuest, tmp_path: Path) -> None:
    toy.edit("mistakes.md", "Your output equals y: x isn't added.", "Only y came out.")
    known = {one.key: one for one in parts.known(toy.level).mistakes}
    assert known["y_only"].says == "Only y came out."
