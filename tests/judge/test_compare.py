"""Guards the one comparison that every verdict on numbers rests on: the budget, NaN and infinities by position, and the
words for where an output is wrong."""

from __future__ import annotations

import itertools
import math
import re

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from triton_quest.child.judge import compare
from triton_quest.course.case import DTYPES

DTYPE = st.sampled_from(list(DTYPES.values()))
NUMBERS = st.floats(-100, 100, width=32)
SPECIAL = (math.nan, math.inf, -math.inf)
VECTORS = st.lists(NUMBERS, min_size=1, max_size=12)
WITH_SPECIALS = st.lists(st.one_of(NUMBERS, st.sampled_from(SPECIAL)), min_size=1, max_size=12)


def doubles(values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@st.composite
def masks(draw: st.DrawFn, most_axes: int = 4) -> torch.Tensor:
    """A bool tensor with at least one True."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=most_axes))
    flat = draw(st.lists(st.booleans(), min_size=math.prod(shape), max_size=math.prod(shape)))
    assume(any(flat))
    return torch.tensor(flat).reshape(shape)


# The budget


@given(WITH_SPECIALS, DTYPE)
def test_pytorchs_own_result_is_always_right(values: list[float], dtype: torch.dtype) -> None:
    truth = doubles(values)
    pytorch = truth.to(dtype)
    assert not compare.wrong_elements(pytorch, truth, compare.budget(truth, pytorch)).any()


@given(WITH_SPECIALS, DTYPE)
def test_the_exact_result_is_right_whatever_the_budget(values: list[float], dtype: torch.dtype) -> None:
    truth = doubles(values).to(dtype).double()
    nothing = compare.Budget(torch.zeros((), dtype=torch.float64))
    assert not compare.wrong_elements(truth.to(dtype), truth, nothing).any()


@given(VECTORS, DTYPE, st.data())
def test_an_element_just_within_the_budget_is_right_and_just_beyond_it_wrong(
    values: list[float], dtype: torch.dtype, data: st.DataObject
) -> None:
    truth = doubles(values)
    pytorch = truth.to(dtype)
    within = compare.budget(truth, pytorch)
    allowed = float(within.allowed)
    assume(allowed > 1e-9)
    at, sign = data.draw(st.integers(0, len(values) - 1)), data.draw(st.sampled_from([-1, 1]))
    off = torch.zeros_like(truth)
    off[at] = sign * allowed
    assert not compare.wrong_elements(truth + 0.999 * off, truth, within).any()
    wrong = compare.wrong_elements(truth + 1.001 * off, truth, within)
    assert torch.nonzero(wrong).flatten().tolist() == [at]


@given(VECTORS, st.lists(st.floats(-1, 1, width=32), min_size=12, max_size=12), st.floats(1, 10), DTYPE)
def test_the_budget_grows_with_pytorchs_own_error(
    values: list[float], errors: list[float], factor: float, dtype: torch.dtype
) -> None:
    truth, error = doubles(values).to(dtype).double(), doubles(errors[: len(values)])
    small = compare.budget(truth, (truth + error).to(dtype)).allowed
    large = compare.budget(truth, (truth + factor * error).to(dtype)).allowed
    assert small <= large


@given(VECTORS, st.sampled_from([1, 2, 8, 64]), DTYPE)
def test_the_floor_of_the_budget_grows_with_the_scale_of_the_output(
    values: list[float], factor: int, dtype: torch.dtype
) -> None:
    truth = doubles(values).to(dtype).double()  # PyTorch hits it: what is left is the floor
    floor = compare.budget(truth, truth.to(dtype)).allowed
    assert compare.budget(factor * truth, (factor * truth).to(dtype)).allowed == factor * floor


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_where_pytorch_hits_the_truth_a_correct_kernel_may_still_round(dtype: torch.dtype) -> None:
    truth = doubles([1.0, 0.5, 0.25])
    allowed = float(compare.budget(truth, truth.to(dtype)).allowed)
    eps = torch.finfo(dtype).eps
    assert allowed == pytest.approx(compare.FLOOR_EPS[dtype] * eps) and allowed < 10 * eps


def test_infinite_elements_of_the_truth_make_no_budget_infinite() -> None:
    truth = doubles([math.inf, 1.0, math.nan, -math.inf])
    assert float(compare.budget(truth, truth.float()).allowed) < 1e-5


def test_where_pytorch_overflows_its_error_grants_nobody_anything() -> None:
    truth = doubles([1e5, 1.0])
    pytorch = truth.half()
    assert torch.isinf(pytorch[0])
    assert float(compare.budget(truth, pytorch).allowed) < 1e-2


def test_an_empty_output_is_right() -> None:
    nothing = doubles([])
    assert not compare.wrong_elements(nothing.float(), nothing, compare.budget(nothing, nothing.float())).any()


def test_the_magnitude_of_dots_widens_the_budget_in_fp32_element_by_element() -> None:
    truth, magnitude = doubles([1.0, 1.0]), doubles([1e6, 0.0])
    widened = compare.budget(truth, truth.float(), magnitude).allowed
    assert float(widened[0]) == pytest.approx(1e6 * torch.finfo(torch.float32).eps)
    assert widened[1] == compare.budget(truth, truth.float()).allowed


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_magnitude_of_dots_changes_nothing_in_half_precision(dtype: torch.dtype) -> None:
    truth = doubles([1.0, 1.0])
    assert torch.equal(
        compare.budget(truth, truth.to(dtype), doubles([1e6, 1e6])).allowed,
        compare.budget(truth, truth.to(dtype)).allowed,
    )


# NaN and infinities


@pytest.mark.parametrize(("expected", "actual"), list(itertools.permutations([1.0, *SPECIAL], 2)))
def test_nan_and_infinities_must_stand_where_the_truth_has_them(expected: float, actual: float) -> None:
    truth, result = doubles([0.0, expected]), doubles([0.0, actual])
    generous = compare.Budget(torch.tensor(1e300, dtype=torch.float64))
    assert compare.wrong_elements(result, truth, generous).tolist() == [False, True]


@given(WITH_SPECIALS, st.data())
def test_each_element_is_judged_by_itself(values: list[float], data: st.DataObject) -> None:
    truth = doubles(values)
    result = truth.clone()
    spoilt = data.draw(st.sets(st.integers(0, len(values) - 1)))
    for at in spoilt:
        result[at] = math.nan if math.isfinite(values[at]) else 0.0
    wrong = compare.wrong_elements(result, truth, compare.Budget(torch.tensor(1e-6, dtype=torch.float64)))
    assert set(torch.nonzero(wrong).flatten().tolist()) == spoilt


# What is told of it


@given(masks(), st.data())
def test_the_worst_element_is_shown_with_its_neighbours(wrong: torch.Tensor, data: st.DataObject) -> None:
    flat = torch.nonzero(wrong.flatten()).flatten().tolist()
    worst = data.draw(st.sampled_from(flat))
    truth = torch.zeros(wrong.shape, dtype=torch.float64)
    result = wrong.double()
    result.view(-1)[worst] = 7.0
    within = compare.Budget(torch.tensor(0.5, dtype=torch.float64))
    assert torch.equal(compare.wrong_elements(result, truth, within), wrong)
    mismatch = compare.describe(result, truth, wrong, within, "x (3,), fp32")
    assert mismatch.index == tuple(int(i) for i in torch.unravel_index(torch.tensor(worst), wrong.shape))
    assert (mismatch.expected, mismatch.actual, mismatch.max_abs_error, mismatch.allowed) == ("0", "7", "7", "0.5")
    assert (mismatch.wrong, mismatch.total, mismatch.shape) == (len(flat), wrong.numel(), tuple(wrong.shape))
    shown = {tuple(map(int, index.split(", "))): flag for index, _, _, flag in mismatch.neighbours}
    assert mismatch.index in shown
    assert all(flag == bool(wrong[index]) for index, flag in shown.items())
    assert len(shown) == min(compare.SHOWN_NEIGHBOURS, wrong.shape[-1])


@pytest.mark.parametrize("bad", SPECIAL)
def test_a_nan_or_an_infinity_is_worse_than_any_number(bad: float) -> None:
    truth = doubles([0.0, 0.0, 0.0])
    result = doubles([5.0, bad, 9.0])
    within = compare.Budget(torch.tensor(1.0, dtype=torch.float64))
    mismatch = compare.describe(result, truth, compare.wrong_elements(result, truth, within), within, "x (3,), fp32")
    assert mismatch.index == (1,)
    assert mismatch.wrong == 3


def test_a_mismatch_of_a_single_number_can_be_told() -> None:
    truth, result = torch.tensor(1.0, dtype=torch.float64), torch.tensor(2.0)
    within = compare.budget(truth, truth.float())
    mismatch = compare.describe(result, truth, compare.wrong_elements(result, truth, within), within, "x (), fp32")
    assert (mismatch.index, mismatch.expected, mismatch.actual, mismatch.region) == ((), "1", "2", "the only element")


def told_axis(wrong: torch.Tensor, axis: int) -> set[int]:
    """The indices along an axis that hold a wrong element, by counting."""
    return {index[axis] for index in itertools.product(*map(range, wrong.shape)) if bool(wrong[index])}


@given(masks())
def test_the_region_names_first_and_last_of_every_axis_and_counts_the_holes(wrong: torch.Tensor) -> None:
    told = compare.region(wrong)
    if wrong.all():
        assert told == ("the only element" if wrong.numel() == 1 else f"all {wrong.numel()} elements")
        return
    parts = [part for part in told.split(", ") if not part.endswith(" the diagonal")]
    axes = [axis for axis in range(wrong.ndim) if wrong.ndim <= 2 or wrong.shape[axis] > 1]
    assert len(parts) == len(axes)
    for axis, part in zip(axes, parts, strict=True):
        hit = told_axis(wrong, axis)
        numbers = [int(number) for number in re.findall(r"\d+", re.sub(r"^index \d+:", "", part))]
        if len(hit) == wrong.shape[axis]:
            assert "all" in part and not numbers
        elif len(hit) == 1:
            assert numbers == [*hit]
        else:
            holes = len(hit) != max(hit) - min(hit) + 1
            assert numbers == [min(hit), max(hit), *([len(hit)] if holes else [])]
        if wrong.ndim != 3:
            name = {1: ("element",), 2: ("row", "column"), 4: ("batch", "head", "row", "column")}[wrong.ndim][axis]
            assert part.removeprefix("all ").startswith(name)


@given(masks())
def test_one_side_of_the_diagonal_is_told_where_all_wrong_elements_keep_to_it(wrong: torch.Tensor) -> None:
    is_square = wrong.ndim > 1 and wrong.shape[-1] == wrong.shape[-2]
    sides = {(column > row) - (column < row) for *_, row, column in torch.nonzero(wrong).tolist()} if is_square else {}
    told = re.findall(r"all (\w+) the diagonal$", compare.region(wrong))
    places = {tuple(index[-2:]) for index in torch.nonzero(wrong).tolist()}
    if len(sides) == 1 and len(places) > 1 and not wrong.all():
        assert told == [("on", "above", "below")[sides.pop()]]
    else:
        assert told == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (torch.arange(1025) == 1024, "element 1024"),
        (torch.arange(1025) >= 1000, "elements 1000 to 1024"),
        (torch.arange(1025) % 512 == 1, "elements 1 to 513 (2 of them)"),
        (torch.ones(1025, dtype=torch.bool), "all 1,025 elements"),
        (torch.ones(4, 1, dtype=torch.bool).expand(4, 9) & (torch.arange(9) >= 7), "all rows, columns 7 to 8"),
        (
            torch.ones(2, 1, 1, dtype=torch.bool) & (torch.arange(9).reshape(3, 3) == 4),
            "index 0: all, index 1: 1, index 2: 1",
        ),
        (
            torch.ones(2, 3, 4, 1, dtype=torch.bool) & (torch.arange(5) == 4) & (torch.arange(2) > 0).view(2, 1, 1, 1),
            "batch 1, all heads, all rows, column 4",
        ),
        (torch.arange(40).view(2, 1, 4, 5) % 5 > 1, "all batches, all rows, columns 2 to 4"),
        (torch.ones(5, 5).triu(1) > 0, "rows 0 to 3, columns 1 to 4, all above the diagonal"),
        (torch.eye(5).expand(1, 2, 5, 5) > 0, "all heads, all rows, all columns, all on the diagonal"),
    ],
)
def test_a_region_reads_like_a_sentence(wrong: torch.Tensor, told: str) -> None:
    assert compare.region(wrong) == told


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.1, "0.1"), (1 / 3, "0.3333333"), (1e-20, "1e-20"), (65504.0, "65504"), (math.nan, "nan"), (-math.inf, "-inf")],
)
def test_a_number_is_shown_short_and_with_seven_digits(value: float, shown: str) -> None:
    assert compare.number(value) == shown
