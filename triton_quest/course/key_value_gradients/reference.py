"""Level 13 in PyTorch, and what it moves and computes: one head of one batch, causal."""

from __future__ import annotations

import torch

from triton_quest.course.shared.backends import BACKWARD
from triton_quest.course.shared.counts import HALF, SINGLE, Constants, Counts
from triton_quest.course.shared.gradients import attention_gradients, gradient_magnitudes, gradients_in_fp32

Tensor = torch.Tensor

RIVALS = BACKWARD  # in the place of the backends' forward passes


def attention_dk_dv(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    dout: Tensor,
    causal: bool = True,
    sm_scale: float | None = None,
) -> tuple[Tensor, Tensor]:
    """q, out, dout: (B, H, M, D), k, v: (B, H, N, D), lse: (B, H, M) -> dk, dv (B, H, N, D), by autograd"""
    return attention_gradients(q, k, v, dout, causal, sm_scale)[1:]


def accumulating_in_fp32(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    dout: Tensor,
    causal: bool = True,
    sm_scale: float | None = None,
) -> tuple[Tensor, Tensor]:
    """dk and dv of a kernel that rounds the operands of its dots and sums in fp32: what sets the budget."""
    return gradients_in_fp32(q, k, v, out, lse, dout, causal, sm_scale)[1:]


def magnitude(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    dout: Tensor,
    causal: bool = True,
    sm_scale: float | None = None,
) -> dict[str, Tensor]:
    """The size of the terms of dk and of dv."""
    of_all = gradient_magnitudes(q, k, v, out, lse, dout, causal, sm_scale)
    return {name: of_all[name] for name in ("dk", "dv")}


def counts(n: int, c: Constants) -> Counts:
    """A pass over the rows, and for each tile of keys a step for each tile of queries from the diagonal on."""
    D, rows, columns = c["D"], c["BLOCK_M"], c["BLOCK_N"]
    tiles = n // columns
    steps = sum((n - tile * columns // rows * rows) // rows for tile in range(tiles))
    of_the_rows = n * D + n * (D - 1) + n  # delta: the products and their sums; lse to base 2
    of_a_step = 4 * rows * columns  # scaled, lse taken away; delta taken away, times p
    return {
        "loaded": 2 * n * D * HALF + n * SINGLE + 2 * n * D * HALF + steps * rows * (2 * D * HALF + 2 * SINGLE),
        "stored": 2 * n * SINGLE + 2 * n * D * HALF,
        "dot_flops": steps * 4 * (2 * rows * columns * D),
        "other_flops": of_the_rows + steps * of_a_step + tiles * (columns * D + 1),  # dk times the scale; that of exp2
        "exponentials": steps * rows * columns,
        "scratch": 2 * n * SINGLE,
    }
