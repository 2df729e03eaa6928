"""Level 10 in PyTorch, and what it moves and computes: one group of one batch, causal, M == N."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from triton_quest.course.shared.attention import scale_of


def last_keys(m: int, n: int, device: torch.device) -> torch.Tensor:
    """(m, n), True where query i sees key j: j <= i + n - m, the diagonal that ends in the lower right corner."""
    return torch.ones(m, n, dtype=torch.bool, device=device).tril(n - m)


def grouped_query_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """q: (B, Hq, M, D), k, v: (B, Hkv, N, D) -> (B, Hq, M, D); with causal, query m sees keys 0 .. m + N - M.

    An explicit mask: torch's `is_causal` is aligned to the upper left corner.
    """
    mask = last_keys(q.shape[2], k.shape[2], q.device) if causal else None
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale_of(q, sm_scale), enable_gqa=True)
