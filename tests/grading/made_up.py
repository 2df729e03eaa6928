"""Grades and engines that cost nothing, for what doesn't depend on a judgement."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

from triton_quest.course.table import LEVELS
from triton_quest.grading.judging import NotJudged, grade_of
from triton_quest.grading.local import Result
from triton_quest.grading.results import Grade
from triton_quest.grading.submissions import Submission
from triton_quest.records import verdict as v

PASSES, FAILS, IS_LOST = "# passes\n", "# fails\n", "# is lost\n"  # the texts that the engine knows


def submission(who: str = "ann", number: int = 1, text: str = PASSES) -> Submission:
    level = LEVELS[number - 1]
    return Submission(who, level, Path(who) / level.file, text)


def result_of(one: Submission) -> v.Verdict | NotJudged:
    if one.text == IS_LOST:
        return NotJudged("The process that judges ended 2 times while this file was judged.")
    check = v.Check(
        "numbers", "numbers", v.State.FAILED, "Wrong in one element.", finding="no_mask", outcome=v.Outcome.WRONG
    )
    passed = v.Verdict(one.level.number, one.level.slug, v.Outcome.PASSED, "interpreter", 1.5)
    return passed if one.text == PASSES else replace(passed, outcome=v.Outcome.WRONG, checks=(check,))


def grade(who: str = "ann", number: int = 1, text: str = PASSES) -> Grade:
    one = submission(who, number, text)
    return grade_of(one, result_of(one), "local")


class Engine:
    """Judges by the text alone; `judged` are the submissions that it was given, in order."""

    def __init__(self) -> None:
        self.judged: list[Submission] = []

    def __call__(self, submissions: Sequence[Submission]) -> Generator[Result, None, None]:
        for one in submissions:
            self.judged.append(one)
            yield one, result_of(one)
