"""Answers of several names, and answers that autograd differentiates, on the device: its backward pass runs in a thread of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.judge.test_answers import GRADIENTS, TOYS, TWO, text_of
from triton_quest.course.level import Level
from triton_quest.parent.devices import COMPILING_SECONDS
from triton_quest.parent.runner import Job, judge
from triton_quest.records import verdict as v

pytestmark = pytest.mark.gpu


def judged(level: Level, file: Path) -> v.Verdict:
    return judge(Job(level, file, COMPILING_SECONDS, kind="judge_on_gpu"))


@pytest.mark.parametrize("toy", TOYS)
def test_a_right_answer_of_several_names_passes_on_the_gpu(toy: str) -> None:
    verdict = judged(TOYS[toy], TOYS[toy].folder / "solution.py")
    assert verdict.passed, verdict.cause


@pytest.mark.parametrize(
    ("level", "edit", "outcome", "words"),
    [
        (TWO, ("minus = x - y", "minus = x + y"), v.Outcome.WRONG, "`difference` is wrong"),
        (TWO, ("difference_ptr + offsets, minus, mask=mask", "difference_ptr + offsets, minus"), v.Outcome.MEMORY, "end"),
        (GRADIENTS, ("dw = x * x * dout", "dw = x * dout"), v.Outcome.WRONG, "`dw` is wrong"),
        (GRADIENTS, ("dw_ptr + row * n + offsets, dw, mask=mask", "dw_ptr + row * n + offsets, dw"), v.Outcome.MEMORY, "end"),
        (GRADIENTS, ("return dx, dw", "return dx, None"), v.Outcome.CONTRACT, "gave nothing (None) as `dw`"),
        (GRADIENTS, ("x, w = ctx.saved_tensors", "x, = ctx.saved_tensors"), v.Outcome.CRASH, "ValueError"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_one_name_is_told_of_it_on_the_gpu(
    level: Level, edit: tuple[str, str], outcome: v.Outcome, words: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text_of(level, edit))
    verdict = judged(level, file)
    assert verdict.outcome is outcome and words in verdict.cause, (verdict.cause, verdict.detail)
