"""Level 10 in PyTorch, and what it moves and computes: one group of one batch, causal, M == N."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from triton_quest.course.shared.attention import attention_scores, scale_of, scores_magnitude
from triton_quest.course.shared.counts import HALF, Constants, Counts


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


def of_every_head(q: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """q: (B, Hq, M, D), x: (B, Hkv, N, D) -> (B, Hq, N, D), each head of x once for each query head of its group"""
    return x.repeat_interleave(q.shape[1] // x.shape[1], dim=1)


def magnitude(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """-> (B, Hq, M, D), as `attention_magnitude` of course/shared/attention.py derives it, with the diagonal of this level."""
    k, v = of_every_head(q, k), of_every_head(q, v)
    scores, first = attention_scores(q, k, sm_scale), scores_magnitude(q, k, sm_scale)
    if causal:
        scores = scores.masked_fill(~last_keys(q.shape[2], k.shape[2], q.device), -torch.inf)
    weights = torch.softmax(scores, dim=-1)
    spread = weights * (first + (weights * first).sum(dim=-1, keepdim=True))
    size: torch.Tensor = (spread + float(k.shape[2]) ** 0.5 * weights) @ v.abs()
    return size


def counts(n: int, c: Constants) -> Counts:
    """A tile of rows reads the keys and values up to its last query, a block a step. n is a multiple of both blocks."""
    D, group, rows, columns = c["D"], c["GROUP"], c["BLOCK_M"], c["BLOCK_N"]
    tiles = group * n // rows
    steps = sum(((tile + 1) * rows - 1) // group // columns + 1 for tile in range(tiles))
    maximum = rows * (columns - 1) + rows + rows  # over the keys, scaled, against the old one
    exponents = 2 * rows * columns + rows  # scaled and shifted; the old maximum's difference
    sums = rows * D + rows * (columns - 1) + 2 * rows  # acc rescaled; the new terms; l_i rescaled and added to
    return {
        "loaded": (group * n * D + steps * 2 * columns * D) * HALF,
        "stored": group * n * D * HALF,
        "dot_flops": steps * 2 * (2 * rows * columns * D),
        "other_flops": steps * (maximum + exponents + sums)
        + tiles * (rows * D + 1),  # the quotients; the scale of exp2
        "exponentials": steps * (rows * columns + rows),
    }
