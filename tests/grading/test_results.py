"""Guards that a grade that was kept stays kept, whatever ends the grader, and that nothing is judged twice."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.grading.made_up import FAILS, IS_LOST, Engine, grade, submission
from triton_quest.errors import QuestError
from triton_quest.grading import run
from triton_quest.grading.judge_version import judge_version
from triton_quest.grading.results import NOT_JUDGED, Grade, Results, parsed
from triton_quest.grading.submissions import Found, Submission, Unusable

UNENDING = """
import itertools, sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.grading.made_up import grade
from triton_quest.grading.results import Results
with Results(Path({file!r})) as results:
    one = grade()
    for number in itertools.count(len(list(results))):
        results.add(replace(one, who=str(number)))
        print(number, flush=True)
"""


def graded(found: Found, path: Path) -> tuple[list[Grade], Engine]:
    """What grading the folder comes to, and the engine that did it."""
    engine = Engine()
    with Results(path) as results:
        list(run.grade(run.plan(found, results), found, results, engine, "local"))
        return run.standing(found, results), engine


def of(*submissions: Submission, unusable: tuple[Unusable, ...] = ()) -> Found:
    return Found(submissions, unusable, ())


def test_a_line_has_what_the_contract_names(tmp_path: Path) -> None:
    graded(of(submission("ann", 3, FAILS)), tmp_path / "grades")
    line = json.loads((tmp_path / "grades").read_text())
    assert (line["schema"], line["who"], line["level"], line["passed"], line["outcome"]) == (
        1,
        "ann",
        3,
        False,
        "wrong",
    )
    assert line["finding"] == "no_mask" and line["seconds"] == 1.5 and len(line["sha256"]) == 64
    assert line["judge"] == judge_version() and dict(line["versions"])["torch"] and line["date"]


def test_a_second_run_judges_only_what_changed(tmp_path: Path) -> None:
    first = (submission("ann"), submission("bob", 2), submission("eve", 3))
    graded(of(*first), tmp_path / "grades")
    standing, engine = graded(
        of(*first[:2], submission("eve", 3, FAILS), submission("max", 1, FAILS)), tmp_path / "grades"
    )
    assert {one.who for one in engine.judged} == {"eve", "max"}
    assert [(one.who, one.passed) for one in standing] == [("ann", True), ("bob", True), ("eve", False), ("max", False)]


def test_a_new_judge_judges_all_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graded(of(submission()), tmp_path / "grades")
    monkeypatch.setattr("triton_quest.grading.run.judge_version", lambda: "another")
    assert len(graded(of(submission()), tmp_path / "grades")[1].judged) == 1


def test_the_same_bytes_are_judged_once_also_by_a_later_run(tmp_path: Path) -> None:
    standing, engine = graded(of(submission("ann"), submission("bob"), submission("eve", 2)), tmp_path / "grades")
    assert len(engine.judged) == 2 and [one.who for one in standing] == ["ann", "bob", "eve"]
    standing, engine = graded(of(submission("ann"), submission("max")), tmp_path / "grades")
    assert engine.judged == [] and [(one.who, one.file) for one in standing][1] == ("max", str(submission("max").file))


def test_what_was_not_judged_is_tried_again(tmp_path: Path) -> None:
    standing, _ = graded(of(submission(text=IS_LOST)), tmp_path / "grades")
    assert standing[0].outcome == NOT_JUDGED and not standing[0].was_judged
    assert len(graded(of(submission(text=IS_LOST)), tmp_path / "grades")[1].judged) == 1


def test_what_cannot_be_judged_has_a_line_once(tmp_path: Path) -> None:
    unusable = Unusable("ann", 99, Path("ann/level99.py"), "There is no level 99.")
    for _ in range(2):
        standing, _ = graded(of(submission("bob"), unusable=(unusable,)), tmp_path / "grades")
    assert [(one.who, one.outcome, one.says) for one in standing][0] == ("ann", NOT_JUDGED, "There is no level 99.")
    assert len((tmp_path / "grades").read_text().splitlines()) == 2


def test_people_who_are_gone_are_kept_in_the_file_and_not_reported(tmp_path: Path) -> None:
    graded(of(submission("ann"), submission("bob", 2)), tmp_path / "grades")
    assert [one.who for one in graded(of(submission("ann")), tmp_path / "grades")[0]] == ["ann"]
    assert "bob" in (tmp_path / "grades").read_text()


def test_an_unfinished_line_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "grades"
    graded(of(submission("ann")), path)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    standing, engine = graded(of(submission("ann"), submission("bob", 2)), path)
    assert [one.who for one in engine.judged] == ["bob"] and len(standing) == 2
    assert path.read_bytes().startswith(whole) and all(parsed(line) for line in path.read_bytes().splitlines())


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "grades"
    path.write_text("who,points\nann,3\n")
    with pytest.raises(QuestError, match=r"Line 1 of .* is no grade.*--out"):
        Results(path)
    assert path.read_text() == "who,points\nann,3\n"


def test_a_place_that_cannot_be_written_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(QuestError, match=r"can't be written.*--out"):
        Results(tmp_path / "nowhere" / "grades")


def test_strings_of_the_learners_code_are_cleaned_where_they_are_kept(tmp_path: Path) -> None:
    with Results(tmp_path / "grades") as results:
        results.add(replace(grade(), says="\x1b]0;title\x07" + "a" * 100_000))
    assert len((tmp_path / "grades").read_bytes()) < 20_000 and b"\\u001b" not in (tmp_path / "grades").read_bytes()


def test_a_kill_loses_no_grade_that_was_told(tmp_path: Path) -> None:
    moments, path = random.Random(20), tmp_path / "grades"
    program = UNENDING.format(root=str(ROOT), file=str(path))
    kept = -1
    for _ in range(20):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as grader:
            assert grader.stdout is not None
            told = [int(grader.stdout.readline()) for _ in range(moments.randint(1, 20))]
            grader.send_signal(signal.SIGKILL)
        assert told[0] > kept, "a grade that was there is given again"
        with Results(path) as results:
            people = {int(one.who) for one in results}
        assert people >= {*range(told[-1] + 1)}
        kept = max(people)
        assert len(people) == kept + 1
