"""Level 14 in PyTorch, and what it moves and computes, forward and backward: one head of one batch, causal."""

from __future__ import annotations

from typing import Any

import torch

from triton_quest.course.attention_for_training import reference as level_12
from triton_quest.course.shared.attention import attention, attention_in_steps, attention_magnitude, log_sum_exp
from triton_quest.course.shared.counts import HALF, SINGLE, Constants, Counts, causal_steps
from triton_quest.course.shared.gradients import gradient_magnitudes, gradients_in_fp32

Tensor = torch.Tensor
DK_DV_TILE = 64  # queries and keys of a tile in the kernel of dk and dv, where the other tiles are those of the launch
LONGEST_TILE = 128  # queries: what delta and lse2 are padded to

step_by_step = attention_in_steps  # what PyTorch is raced as, operator by operator


def trainable_attention(q: Tensor, k: Tensor, v: Tensor, causal: bool = True, sm_scale: float | None = None) -> Tensor:
    """q: (B, H, M, D), k, v: (B, H, N, D) -> out (B, H, M, D), which autograd differentiates"""
    return attention(q, k, v, causal, sm_scale)


class _InFp32(torch.autograd.Function):
    """PyTorch's own forward pass; gradients that round the operands of their dots to the dtype of q, and sum in fp32."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, causal: bool, sm_scale: float | None) -> Tensor:
        out = attention(q, k, v, causal, sm_scale)
        ctx.save_for_backward(q, k, v, out)
        ctx.causal, ctx.sm_scale = causal, sm_scale
        return out

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, out = ctx.saved_tensors
        lse = log_sum_exp(q.float(), k.float(), ctx.causal, ctx.sm_scale)
        return *gradients_in_fp32(q, k, v, out, lse, dout, ctx.causal, ctx.sm_scale), None, None


def accumulating_in_fp32(q: Tensor, k: Tensor, v: Tensor, causal: bool = True, sm_scale: float | None = None) -> Tensor:
    """What sets the budget: SDPA's own backward pass in fp16 on the CPU is far too coarse where one query sees many keys."""
    out: Tensor = _InFp32.apply(q, k, v, causal, sm_scale)  # type: ignore[no-untyped-call]
    return out


def magnitude(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    causal: bool = True,
    sm_scale: float | None = None,
    dout: Tensor | None = None,
) -> dict[str, Tensor]:
    """The size of the terms of out, and where a gradient is handed over, of dq, dk and dv."""
    of_out = {"out": attention_magnitude(q, k, v, causal, sm_scale)}
    if dout is None:
        return of_out
    out, lse = attention(q, k, v, causal, sm_scale), log_sum_exp(q, k, causal, sm_scale)
    return of_out | gradient_magnitudes(q, k, v, out, lse, dout, causal, sm_scale)


def counts(n: int, c: Constants) -> Counts:
    """Level 12's forward pass, a pass over the rows, and the two kernels of the gradients."""
    forward = level_12.counts(n, c)
    backward = _of_the_rows(n, c["D"]), _of_the_keys(n, c["D"]), _of_the_queries(n, c)
    total = {name: sum(one.get(name, 0) for one in (forward, *backward)) for name in forward}
    padded = -(-n // LONGEST_TILE) * LONGEST_TILE
    return total | {"scratch": n * SINGLE + 2 * padded * SINGLE}  # lse; delta and lse2


def _of_the_rows(n: int, D: int) -> Counts:
    """delta, and lse to base 2: rows beyond the last are computed along, and stored."""
    padded = -(-n // LONGEST_TILE) * LONGEST_TILE
    return {
        "loaded": 2 * n * D * HALF + n * SINGLE,
        "stored": 2 * padded * SINGLE,
        "other_flops": padded * (D + (D - 1) + 1),
    }


def _of_the_keys(n: int, D: int) -> Counts:
    """dk and dv: for each tile of keys a step for each tile of queries from the diagonal on."""
    tile = DK_DV_TILE
    tiles = n // tile
    steps = tiles * (tiles + 1) // 2
    return {
        "loaded": 2 * n * D * HALF + steps * tile * (2 * D * HALF + 2 * SINGLE),
        "stored": 2 * n * D * HALF,
        "dot_flops": steps * 4 * (2 * tile * tile * D),
        "other_flops": steps * 4 * tile * tile + tiles * (tile * D + 1),
        "exponentials": steps * tile * tile,
    }


def _of_the_queries(n: int, c: Constants) -> Counts:
    """dq: for each tile of queries a step for each tile of keys up to the diagonal."""
    D, rows, columns = c["D"], c["BLOCK_M"], c["BLOCK_N"]
    tiles = n // rows
    steps = sum(causal_steps(tile, n, rows, columns) for tile in range(tiles))
    return {
        "loaded": tiles * rows * (2 * D * HALF + 2 * SINGLE) + steps * 2 * columns * D * HALF,
        "stored": n * D * HALF,
        "dot_flops": steps * 3 * (2 * rows * columns * D),
        "other_flops": steps * 4 * rows * columns + tiles * (rows * D + 1),
        "exponentials": steps * rows * columns,
    }
