"""The judge is tested by mutation: guards that the gate notices a mistake that passes, is caught by another check, or is
told as another mistake, and a right variant that is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from triton_quest.authoring import mutation
from triton_quest.authoring.mutation import Judged, Mutant
from triton_quest.course.table import LEVELS
from triton_quest.store import workspace

LEVEL = LEVELS[0]
SOLUTION = workspace.course_text(LEVEL, "solution.py")
ADDED = "x + y, mask=mask"
MINUS = Mutant(LEVEL, "difference", SOLUTION.replace(ADDED, "x - y, mask=mask"), "numbers", ("difference",))
UNMASKED = Mutant(LEVEL, "no mask", SOLUTION.replace(ADDED, "x + y"), "memory")
SMALLER = Mutant(LEVEL, "right: smaller", SOLUTION.replace("BLOCK_SIZE = 1024", "BLOCK_SIZE = 64"), "passed")
POPULATION = (
    MINUS,
    UNMASKED,
    SMALLER,
    replace(SMALLER, key="a mistake that passes", expected="numbers"),
    replace(MINUS, key="right: a variant that is wrong", expected="passed", findings=()),
    replace(MINUS, key="caught by another check", expected="memory"),
    replace(MINUS, key="told as another", findings=("product",)),
)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Judged]]:
    rows = list(mutation.judge_all(POPULATION, tmp_path_factory.mktemp("mutants")))
    assert [row.mutant for row in rows] == list(POPULATION)
    yield {row.mutant.key: row for row in rows}


@pytest.mark.parametrize("mutant", [MINUS, UNMASKED, SMALLER], ids=lambda mutant: mutant.key)
def test_what_is_judged_as_it_should_be_is_no_complaint(judged: dict[str, Judged], mutant: Mutant) -> None:
    assert judged[mutant.key].ok and judged[mutant.key].got == mutant.expected


@pytest.mark.parametrize("mutant", POPULATION[3:], ids=lambda mutant: mutant.key)
def test_what_is_judged_otherwise_is_a_complaint(judged: dict[str, Judged], mutant: Mutant) -> None:
    assert not judged[mutant.key].ok


def test_the_row_of_a_mistake_carries_the_sentence_that_a_learner_reads(judged: dict[str, Judged]) -> None:
    assert judged["difference"].says == "Your output equals x - y: the sum is asked for."
    assert judged["no mask"].says.startswith("Probably: your store has no mask:")
