"""Guards the stage that runs the cases: what a right, a wrong and an unfitting result become, and in which words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from triton_quest.child.judge import numbers
from triton_quest.child.judge.given import Given
from triton_quest.child.judge.watch import Subject, watched
from triton_quest.course.case import Case, Draw
from triton_quest.course.level import Level
from triton_quest.errors import CourseTrouble
from triton_quest.records import verdict as v

FILE = Path("mine.py")
THREE = Case("three elements", "odd, and short", lambda d: (d.normal(3), d.normal(3)))


def judged(level: Level, launcher: Any, case: Case = THREE, dtype: str = "fp32") -> v.Check:
    """The check that one run comes to, asked for in the pipeline's order."""
    subject = Subject(level, FILE, ModuleType("mine"), launcher)
    run = watched(subject, case, dtype, (64,))
    if run.trouble is not None:
        return numbers.raised(subject, run)
    misfit = numbers.misfit(subject, run)
    if misfit is not None:
        return misfit
    wrong = numbers.wrong_elements(run)
    return numbers.failed_case(run, wrong, (64,)) if wrong.any() else numbers.case_check(run)


# One case


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
def test_a_right_result_passes_in_every_dtype(level: Level, dtype: str) -> None:
    check = judged(level, lambda x, y: x + y, dtype=dtype)
    assert check.state is v.State.PASSED and check.outcome is None
    assert check.name == f"three elements, {dtype}" and check.case == "three elements"


def test_a_wrong_element_is_told_with_its_case_place_and_values(level: Level) -> None:
    def launcher(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = x + y
        out[2] = 7.0
        return out

    check = judged(level, launcher)
    assert check.state is v.State.FAILED and check.outcome is v.Outcome.WRONG
    for words in ("three elements", "x (3,), y (3,), fp32", "1 of 3 elements is wrong", "element 2"):
        assert words in check.says
    assert THREE.purpose in check.advice
    assert check.mismatch and check.mismatch.index == (2,) and check.mismatch.actual == "7"


def test_an_output_that_is_wrong_everywhere_is_told_so(level: Level) -> None:
    assert "all 3 elements are wrong" in judged(level, lambda x, y: x - y + 100).says


def test_a_wrong_answer_of_one_element_is_told_so(level: Level) -> None:
    one = Case("one element", "the smallest", lambda d: (d.normal(1), d.normal(1)))
    assert "the answer is wrong" in judged(level, lambda x, y: x - y + 100, one).says


def test_an_output_that_was_never_written_does_not_pass(level: Level) -> None:
    assert judged(level, lambda x, y: torch.full_like(x, torch.nan)).outcome is v.Outcome.WRONG


def test_an_exception_of_the_launcher_is_a_crash_in_that_case(level: Level) -> None:
    def launcher(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        raise ZeroDivisionError("so be it")

    check = judged(level, launcher)
    assert check.outcome is v.Outcome.CRASH and "so be it" in check.says and "three elements" in check.advice


def test_keywords_of_a_case_reach_the_launcher(level: Level) -> None:
    case = replace(THREE, keywords={"y": torch.ones(3)}, inputs=lambda d: (d.normal(3),))
    assert judged(level, lambda x, y: x + y, case).state is v.State.PASSED


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, ["nothing (None)"]),
        ([1.0], ["a list"]),
        (3.0, ["a float"]),
        (torch.zeros(4), ["shape (4,)", "should be (3,)", "x (3,), y (3,), fp32"]),
        (torch.zeros(3, 1), ["shape (3, 1)", "should be (3,)"]),
        (torch.zeros(()), ["shape ()"]),
        (torch.zeros(3, dtype=torch.float64), ["torch.float64", "should be torch.float32"]),
        (torch.zeros(3, dtype=torch.bool), ["torch.bool"]),
        (torch.zeros(3, device="meta"), ["on meta", "on cpu"]),
    ],
    ids=str,
)
def test_a_result_that_breaks_the_contract_is_told_in_a_sentence(level: Level, result: Any, words: list[str]) -> None:
    check = judged(level, lambda x, y: result)
    assert check.outcome is v.Outcome.CONTRACT and check.advice
    assert check.says.startswith(f"`{level.launcher}` returned ") and check.says.endswith(".")
    assert all(word in check.says for word in words)


def test_a_result_laid_out_differently_keeps_the_contract(level: Level) -> None:
    assert judged(level, lambda x, y: Draw("any", x.dtype).strided(x + y)).state is v.State.PASSED


# Inputs in words


def test_inputs_are_described_by_the_names_of_the_launchers_arguments(level: Level) -> None:
    assert Given(level, (torch.zeros(1025), torch.zeros(1025))).shown == "x (1025,), y (1025,), fp32"


def test_strides_are_named_where_they_are_not_what_the_shape_suggests(level: Level) -> None:
    strided = Draw("any", torch.float16).strided(torch.zeros(5, dtype=torch.float16))
    given = Given(level, (strided, torch.zeros(5, dtype=torch.float16)))
    assert given.shown == "x (5,) with strides (2,), y (5,), fp16"


def test_a_dtype_that_only_one_input_has_is_named_with_it(level: Level) -> None:
    given = Given(level, (torch.zeros(5, dtype=torch.float16), torch.zeros(5, dtype=torch.int64)))
    assert given.shown == "x (5,), y (5,) in int64, fp16"


def test_keywords_of_a_case_are_named(level: Level) -> None:
    inputs = (torch.zeros(2, dtype=torch.bfloat16), torch.zeros(2, dtype=torch.bfloat16))
    assert Given(level, inputs, {"causal": True}).shown == "x (2,), y (2,), causal=True, bf16"


# The plan


def test_all_cases_of_one_dtype_come_before_the_next(level: Level) -> None:
    planned = list(numbers.plan(level, ("fp32", "fp16")))
    dtypes = [dtype for _, dtype in planned]
    assert dtypes == sorted(dtypes, reverse=True) and set(dtypes) == {"fp32", "fp16"}
    assert len({(case.name, dtype) for case, dtype in planned}) == len(planned)


def test_a_case_is_planned_only_in_the_dtypes_that_it_asks_for(level: Level, tmp_path: Path) -> None:
    toy = replace(level, course=tmp_path)
    toy.folder.mkdir()
    (toy.folder / "cases.py").write_text(
        "from triton_quest.course.case import Case\n"
        "CASES = (Case('a', '', lambda d: ()), Case('b', '', lambda d: (), dtypes=('fp32',)))\n"
    )
    planned = [(case.name, dtype) for case, dtype in numbers.plan(toy, ("fp32", "fp16"))]
    assert planned == [("a", "fp32"), ("b", "fp32"), ("a", "fp16")]


def test_a_course_without_cases_is_our_trouble(level: Level, tmp_path: Path) -> None:
    with pytest.raises(CourseTrouble, match=r"cases\.py"):
        next(numbers.plan(replace(level, course=tmp_path), ("fp32",)))
