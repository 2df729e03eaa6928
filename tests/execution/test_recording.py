"""An operation that is recorded once comes to the same as one that isn't, whatever its operands and constants are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
import triton
import triton.language as tl
from hypothesis import given, settings
from hypothesis import strategies as st

from triton_quest.child.instruments.counting import counted
from triton_quest.child.triton import interpreter

RECORDED = {"operations recorded"}


@pytest.fixture(autouse=True)
def enabled() -> Iterator[None]:
    interpreter.disable()
    interpreter.enable()
    yield
    interpreter.disable()
    interpreter.enable()


@triton.jit
def _scaled(x_ptr, out_ptr, n, factor: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=0)
    tl.store(out_ptr + i, x * factor + (i - factor), mask=i < n)


CONSTANTS = st.one_of(
    st.integers(-200, 200), st.booleans(), st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.5, float("nan"), float("inf")])
)
DTYPES = st.sampled_from([torch.float32, torch.float16, torch.bfloat16, torch.int32, torch.int64])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(CONSTANTS, DTYPES, st.sampled_from([1, 2, 16])), min_size=1, max_size=6))
def test_constants_that_are_equal_in_python_are_not_taken_for_each_other(calls) -> None:
    """1, 1.0 and True; 0.0 and -0.0; NaN, which is equal to nothing."""
    found = []
    for left_out in (RECORDED, set()):
        interpreter.disable()
        interpreter.enable(without=left_out)
        for factor, dtype, size in calls:
            x, out = torch.arange(size).to(dtype), torch.empty(size)
            _scaled[(1,)](x, out, size, factor=factor, BLOCK=size)
            found.append(out.view(torch.int32).tolist())
    assert found[: len(calls)] == found[len(calls) :]


@triton.jit
def _one_or(x_ptr, out_ptr, other_ptr, mask):
    tl.store(out_ptr, tl.load(x_ptr, mask=mask, other=tl.load(other_ptr)))


def test_a_call_that_looks_at_a_value_is_made_anew_for_each_value() -> None:
    """Triton leaves `other` out where the one number that it holds is zero."""
    found = []
    for other in (0.0, 5.0, 0.0, 7.0):
        out = torch.empty(1)
        _one_or[(1,)](torch.ones(1), out, torch.tensor([other]), False)
        found.append(out.item())
    assert found == [0.0, 5.0, 0.0, 7.0]


@triton.jit
def _exponentials(x_ptr):
    i = tl.arange(0, 8)
    tl.store(x_ptr + i, tl.exp(tl.load(x_ptr + i)))


def test_who_counts_operations_sees_those_that_were_recorded_before() -> None:
    x = torch.zeros(8)
    _exponentials[(1,)](x)
    for _ in range(2):
        with counted() as counts:
            _exponentials[(3,)](x)
        assert counts.exponentials == 24


@triton.jit
def _misfit(x_ptr, A: tl.constexpr, B: tl.constexpr):
    tl.store(x_ptr + tl.arange(0, A), tl.arange(0, A) + tl.arange(0, B))


def test_an_operation_that_fails_fails_each_time_in_the_same_words() -> None:
    words = []
    for left_out in (RECORDED, set()):
        interpreter.disable()
        interpreter.enable(without=left_out)
        for _ in range(2):
            with pytest.raises(Exception, match="incompatible dimensions") as raised:
                _misfit[(1,)](torch.zeros(8, dtype=torch.int32), A=4, B=8)
            words.append(str(raised.value))
    assert len(set(words)) == 1


@triton.jit
def _powers(x_ptr):
    i = tl.arange(0, 4)
    tl.store(x_ptr + i, tl.exp(i.to(tl.float32)))


def test_a_member_of_the_language_that_was_replaced_is_used() -> None:
    x, exp = torch.zeros(4), tl.exp
    _powers[(1,)](x)
    try:
        tl.exp = tl.exp2
        _powers[(1,)](x)
    finally:
        tl.exp = exp
    assert x.tolist() == [1.0, 2.0, 4.0, 8.0]
    _powers[(1,)](x)
    assert torch.allclose(x, torch.arange(4.0).exp())
