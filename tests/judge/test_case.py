"""Guards the inputs that kernels are judged on: the same in every run, in the memory layout that was asked for."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from triton_quest.course.case import DEFAULT_BLOCKS, DTYPES, Draw

SHAPES = st.lists(st.integers(2, 7), min_size=1, max_size=4).map(tuple)
MATRICES = st.lists(st.integers(2, 7), min_size=2, max_size=4).map(tuple)


@given(st.text(max_size=20), SHAPES, st.sampled_from(list(DTYPES.values())))
def test_a_case_draws_the_same_values_in_every_run(name: str, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    first, again = Draw(name, dtype), Draw(name, dtype)
    assert torch.equal(first.normal(*shape), again.normal(*shape))
    assert torch.equal(first.positive(*shape), again.positive(*shape)), "the second draw of a case, too"


def test_what_others_do_to_torchs_own_generator_changes_no_case() -> None:
    before = Draw("one element", torch.float32).normal(5)
    torch.manual_seed(1)
    torch.randn(3)
    assert torch.equal(Draw("one element", torch.float32).normal(5), before)


def test_two_cases_and_two_draws_of_one_case_differ() -> None:
    draw = Draw("17 elements", torch.float32)
    first, second = draw.normal(17), draw.normal(17)
    assert not torch.equal(first, second)
    assert not torch.equal(Draw("18 elements", torch.float32).normal(17), first)


def test_every_dtype_gets_the_same_values_rounded() -> None:
    exact = Draw("17 elements", torch.float32).normal(17)
    for dtype in DTYPES.values():
        values = Draw("17 elements", dtype).normal(17)
        assert values.dtype is dtype and torch.equal(values, exact.to(dtype))


@given(SHAPES)
def test_what_is_drawn_is_contiguous_and_of_the_shape_asked_for(shape: tuple[int, ...]) -> None:
    for values in (Draw("any", torch.float16).normal(*shape), Draw("any", torch.float16).positive(*shape)):
        assert values.shape == shape and values.is_contiguous()


def test_scale_and_offset_shift_the_normal_values() -> None:
    plain = Draw("any", torch.float32).normal(100)
    assert torch.equal(Draw("any", torch.float32).normal(100, scale=3.0, offset=5.0), plain * 3.0 + 5.0)


@given(st.floats(-10, 10, width=32), st.floats(0.5, 10, width=32))
def test_even_values_lie_between_their_bounds(low: float, width: float) -> None:
    values = Draw("any", torch.float32).positive(200, low=low, high=low + width)
    slack = 1e-5 * (abs(low) + width)  # the bounds are rounded too
    assert low - slack <= float(values.min()) and float(values.max()) <= low + width + slack


@given(SHAPES)
def test_strided_values_are_the_same_and_not_contiguous(shape: tuple[int, ...]) -> None:
    draw = Draw("any", torch.float32)
    values = draw.normal(*shape)
    strided = draw.strided(values)
    assert torch.equal(strided, values)
    assert not strided.is_contiguous() and strided.stride(-1) == 2


@given(SHAPES)
def test_what_lies_between_strided_values_would_be_noticed(shape: tuple[int, ...]) -> None:
    draw = Draw("any", torch.float32)
    strided = draw.strided(draw.normal(*shape))
    everything = torch.as_strided(strided, (strided.untyped_storage().nbytes() // 4,), (1,), 0)
    assert int((everything == 1e4).sum()) == everything.numel() - strided.numel()


@given(MATRICES)
def test_transposed_values_are_the_same_and_not_contiguous(shape: tuple[int, ...]) -> None:
    draw = Draw("any", torch.float16)
    values = draw.normal(*shape)
    transposed = draw.transposed(values)
    assert torch.equal(transposed, values)
    assert not transposed.is_contiguous() and transposed.transpose(-1, -2).is_contiguous()


@pytest.mark.parametrize(
    ("blocks", "largest"), [((64,), 64), ((128, 16), 128), ((32, 64, 64), 64), ((), DEFAULT_BLOCKS[-1])]
)
def test_the_block_is_the_largest_that_the_learner_launched_with(blocks: tuple[int, ...], largest: int) -> None:
    assert Draw("any", torch.float32, blocks).block == largest
