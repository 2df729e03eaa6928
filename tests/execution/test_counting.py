"""Matrix products, exponentials and TF32 dots are counted, and nothing stays replaced."""

from __future__ import annotations

import pytest
import torch
import triton
import triton.language as tl
from triton.runtime.interpreter import InterpreterBuilder

from triton_quest.child.instruments.counting import counted


@triton.jit
def _kernel(x_ptr, out_ptr, PRECISION: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    a = tl.load(x_ptr + tl.arange(0, M)[:, None] * K + tl.arange(0, K)[None, :])  # (M, K)
    b = tl.load(x_ptr + tl.arange(0, K)[:, None] * N + tl.arange(0, N)[None, :])  # (K, N)
    c = tl.dot(a, b, input_precision=PRECISION)
    tl.store(out_ptr + tl.arange(0, M), tl.sum(tl.exp(c) + tl.exp2(c), axis=1))


@pytest.mark.parametrize(
    ("dtype", "precision", "tf32"),
    [(torch.float32, None, 2), (torch.float32, "ieee", 0), (torch.float16, None, 0)],
)
def test_counts_are_summed_over_programs(dtype: torch.dtype, precision: str | None, tf32: int) -> None:
    before = dict(vars(InterpreterBuilder))
    with counted() as counts:
        _kernel[(2,)](torch.zeros(1024, dtype=dtype), torch.empty(16), PRECISION=precision, M=16, N=32, K=8)
    assert (counts.dot_flops, counts.exponentials, counts.tf32_dots) == (2 * 2 * 16 * 32 * 8, 2 * 2 * 16 * 32, tf32)
    assert counts.tiles == {(16, 8, 32): 2}
    assert dict(vars(InterpreterBuilder)) == before
