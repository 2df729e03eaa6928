"""Guards around tensors show, on a GPU where nobody sees single accesses, what was written outside and what never was."""

from __future__ import annotations

import pytest
import torch
import triton
import triton.language as tl
from hypothesis import given
from hypothesis import strategies as st

from triton_quest.child.instruments.guards import GUARD_BYTES, MARKS, Damage, Guards, unwritten

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


@triton.jit
def _fill(out_ptr, first, BLOCK: tl.constexpr):
    tl.store(out_ptr + first + tl.arange(0, BLOCK), tl.full((BLOCK,), 1.0, tl.float32))


def filled(n: int, first: int, dtype: torch.dtype) -> tuple[Guards, torch.Tensor]:
    """out: (n,), of which 8 elements from `first` on are written."""
    with Guards() as guards:
        out = torch.empty(n, dtype=dtype)
        _fill[(1,)](out, first, BLOCK=8)
    return guards, out


@every_dtype
def test_a_store_inside_the_tensor_damages_nothing(dtype: torch.dtype) -> None:
    guards, out = filled(8, 0, dtype)
    assert guards.damages() == [] and bool((out == 1).all())


@every_dtype
@pytest.mark.parametrize(("first", "before"), [(-3, True), (3, False)])
def test_a_store_outside_damages_the_guard_on_its_side(dtype: torch.dtype, first: int, before: bool) -> None:
    guards, _ = filled(512, first if before else 504 + first, dtype)
    (damage,) = guards.damages()
    assert damage == Damage("", (512,), before, 3 * dtype.itemsize)


@every_dtype
def test_a_store_right_behind_a_short_tensor_is_seen_though_memory_is_padded_there(dtype: torch.dtype) -> None:
    guards, _ = filled(5, 0, dtype)
    assert guards.damages() == [Damage("", (5,), False, 3 * dtype.itemsize)]


@every_dtype
def test_elements_that_nobody_wrote_are_told_from_those_that_were(dtype: torch.dtype) -> None:
    _, out = filled(12, 2, dtype)
    assert unwritten(out).tolist() == [True] * 2 + [False] * 8 + [True] * 2


@every_dtype
def test_a_computed_nan_is_not_taken_for_an_unwritten_element(dtype: torch.dtype) -> None:
    zero = torch.zeros(4, dtype=dtype)
    assert not unwritten(zero / zero).any() and not unwritten(zero + float("nan")).any()
    assert torch.isnan(torch.tensor([MARKS[dtype][1]], dtype=MARKS[dtype][0]).view(dtype)).all()


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(DTYPES), st.booleans())
def test_an_enclosed_tensor_is_the_same_tensor_between_guards(
    rows: int, columns: int, dtype: torch.dtype, transposed: bool
) -> None:
    wide = torch.randn(rows, 2 * columns + 1, generator=torch.Generator().manual_seed(rows)).to(dtype)
    tensor = wide[:, 1::2].T if transposed else wide[:, 1::2]
    guards = Guards()
    enclosed = guards.enclose(tensor, "x")
    assert torch.equal(enclosed, tensor) and enclosed.stride() == tensor.stride()
    assert enclosed.data_ptr() % 16 == (GUARD_BYTES + tensor.storage_offset() * dtype.itemsize) % 16
    assert guards.damages() == []
    enclosed.copy_(tensor)
    assert guards.damages() == []


def test_integers_are_guarded_too_and_never_called_unwritten() -> None:
    with Guards() as guards:
        out = torch.empty(8, dtype=torch.int64)
    assert guards.damages() == [] and not unwritten(out).any()
    assert int(out[0]) > 2**40, "as an index it is far outside of everything"
