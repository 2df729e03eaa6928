"""Guards the ground truth: each reference computes what its name says, in plain Python loops as much as in PyTorch."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from triton_quest.course.case import Draw
from triton_quest.course.matmul.reference import magnitude
from triton_quest.utils import baseline

EXACT = {"rtol": 1e-12, "atol": 1e-12}
LENGTHS = st.integers(1, 6)


def drawn(*shape: int, scale: float = 1.0) -> torch.Tensor:
    return Draw(str(shape), torch.float32).normal(*shape, scale=scale).double()


@given(LENGTHS)
def test_vector_add_adds_element_by_element(n: int) -> None:
    x, y = drawn(n), drawn(n, scale=10.0)
    looped = torch.tensor([float(x[i]) + float(y[i]) for i in range(n)], dtype=torch.float64)
    torch.testing.assert_close(baseline.vector_add(x, y), looped, **EXACT)


@given(LENGTHS, LENGTHS, LENGTHS)
def test_matmul_sums_over_the_inner_axis(m: int, k: int, n: int) -> None:
    a, b = drawn(m, k), drawn(k, n)
    looped = torch.zeros(m, n, dtype=torch.float64)
    for row in range(m):
        for column in range(n):
            looped[row, column] = sum(float(a[row, i]) * float(b[i, column]) for i in range(k))
    torch.testing.assert_close(baseline.matmul(a, b), looped, **EXACT)


@given(LENGTHS, LENGTHS, st.sampled_from([1.0, 30.0]))
def test_softmax_turns_each_row_into_probabilities(rows: int, columns: int, scale: float) -> None:
    x = drawn(rows, columns, scale=scale)
    looped = torch.zeros(rows, columns, dtype=torch.float64)
    for row in range(rows):
        powers = [math.exp(float(value)) for value in x[row]]
        looped[row] = torch.tensor([power / sum(powers) for power in powers], dtype=torch.float64)
    torch.testing.assert_close(baseline.softmax(x), looped, **EXACT)


@given(LENGTHS, LENGTHS, LENGTHS)
def test_the_magnitude_of_a_matmul_is_the_root_of_k_times_the_sum_of_the_absolute_terms(m: int, k: int, n: int) -> None:
    a, b = drawn(m, k), drawn(k, n)
    looped = torch.zeros(m, n, dtype=torch.float64)
    for row in range(m):
        for column in range(n):
            looped[row, column] = math.sqrt(k) * sum(abs(float(a[row, i]) * float(b[i, column])) for i in range(k))
    torch.testing.assert_close(magnitude(a, b), looped, **EXACT)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_a_reference_answers_in_the_dtype_that_it_is_asked_in(dtype: torch.dtype) -> None:
    x = drawn(4, 4).to(dtype)
    answers = baseline.vector_add(x[0], x[1]), baseline.matmul(x, x), baseline.softmax(x)
    assert {answer.dtype for answer in answers} == {dtype}


def test_references_take_strided_views() -> None:
    draw = Draw("any", torch.float64)
    x = drawn(4, 6)
    for view in (draw.strided(x), draw.transposed(x)):
        assert torch.equal(baseline.softmax(view), baseline.softmax(x))
        torch.testing.assert_close(baseline.matmul(view, x.T), x @ x.T, **EXACT)
