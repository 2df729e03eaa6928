"""Level 12 in PyTorch, and what it moves and computes: one head of one batch, causal."""

from __future__ import annotations

import torch

from triton_quest.course.flash_attention import reference as level_8
from triton_quest.course.shared.attention import (
    attention,
    attention_in_steps,
    attention_magnitude,
    log_sum_exp,
    lse_magnitude,
)
from triton_quest.course.shared.counts import SINGLE, Constants, Counts


def attention_forward(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """q: (B, H, M, D), k, v: (B, H, N, D) -> out (B, H, M, D), lse (B, H, M), fp32, and float64 where q is"""
    return attention(q, k, v, causal, sm_scale), log_sum_exp(q, k, causal, sm_scale)


def step_by_step(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """What PyTorch is raced as, operator by operator."""
    return attention_in_steps(q, k, v, causal, sm_scale), log_sum_exp(q, k, causal, sm_scale)


def flash(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """What SDPA's FLASH backend computes for training: out and lse."""
    found = torch.ops.aten._scaled_dot_product_flash_attention(q, k, v, 0.0, causal, scale=sm_scale)
    return found[0], found[1]


def cudnn(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """What SDPA's CUDNN backend computes for training: out, and lse, which comes as (B, H, M, 1) or (B, H, M)."""
    found = torch.ops.aten._scaled_dot_product_cudnn_attention(q, k, v, None, True, 0.0, causal, scale=sm_scale)
    return found[0], found[1].reshape(q.shape[:-1])


RIVALS = {
    "flash": lambda _level: flash,
    "cudnn": lambda _level: cudnn,
}  # in the place of the backends that give no lse away


def magnitude(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> dict[str, torch.Tensor]:
    """q: (B, H, M, D), k, v: (B, H, N, D) -> the size of the terms that each answer sums up"""
    of_lse = lse_magnitude(q, k, causal, sm_scale)
    return {"out": attention_magnitude(q, k, v, causal, sm_scale), "lse": of_lse}


def counts(n: int, c: Constants) -> Counts:
    """Level 8's counts, and for each row a sum, a product and a number of fp32 that is stored. Logarithms aren't counted."""
    of_level_8 = level_8.counts(n, c)
    of_lse = {"stored": n * SINGLE, "other_flops": 2 * n}
    return {name: amount + of_lse.get(name, 0) for name, amount in of_level_8.items()}
