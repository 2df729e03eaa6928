"""Guards what level 14's solution says to calls that it can't serve, and that formulas fit calls with gradients of some inputs only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.judge.test_answers import GRADIENTS, text_of
from tests.judge.toys import run_of, subject_of
from triton_quest.child.judge import code, diagnosis
from triton_quest.course import parts
from triton_quest.course.table import find

pytestmark = pytest.mark.usefixtures("as_a_child")
Attention = Callable[..., torch.Tensor]


@pytest.fixture
def attention() -> Attention:
    level = find("flash-attention-backward")
    assert level is not None
    launcher: Attention = code.load(level.folder / "solution.py").trainable_attention  # as a model calls it
    return launcher


def inputs(dtype: torch.dtype = torch.float32, *, grad: bool = True) -> list[torch.Tensor]:
    return [torch.ones(1, 1, 3, 16, dtype=dtype).requires_grad_(grad) for _ in range(3)]


def test_dtypes_that_it_doesnt_take_are_refused_in_a_sentence(attention: Attention) -> None:
    with pytest.raises(ValueError, match=r"takes float32, float16 or bfloat16, not torch\.int64"):
        attention(*inputs(torch.int64, grad=False))
    q, k, _ = inputs()
    with pytest.raises(ValueError, match="of one dtype on one device"):
        attention(q, k, *inputs(torch.float16)[:1])


def test_where_nobody_asks_for_a_gradient_the_answer_has_no_history(attention: Attention) -> None:
    assert not attention(*inputs(grad=False)).requires_grad
    with torch.no_grad():
        assert not attention(*inputs()).requires_grad


def test_a_second_derivative_is_refused_in_a_sentence(attention: Attention) -> None:
    q, k, v = inputs()
    with pytest.raises(
        RuntimeError, match="trainable_attention has no second derivatives: leave out create_graph=True"
    ):
        torch.autograd.grad(attention(q, k, v).sum(), q, create_graph=True)


def test_a_gradient_of_another_dtype_gives_gradients_in_the_inputs_own(attention: Attention) -> None:
    q, k, v = inputs(torch.float16)
    out = attention(q, k, v)
    found = torch.autograd.grad(out, (q, k, v), torch.ones_like(out, dtype=torch.float32))
    assert {gradient.dtype for gradient in found} == {torch.float16}


def test_a_formula_of_all_gradients_fits_a_case_that_wants_some_or_none(tmp_path: Path) -> None:
    subject = subject_of(GRADIENTS, tmp_path / "mine.py", text_of(GRADIENTS))
    cases = {case.name: case for case in parts.part(GRADIENTS, "cases").CASES}

    def formula(x: torch.Tensor, w: torch.Tensor, dout: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return w * x * x, 2 * w * x * dout, x * x * dout

    some = diagnosis._by_formula(formula, run_of(subject, cases["of w alone"]))
    none = diagnosis._by_formula(formula, run_of(subject, cases["forward alone"]))
    assert some is not None and list(some) == ["out", "dw"]
    assert none is not None and list(none) == ["out"]
