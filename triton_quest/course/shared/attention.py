"""Attention in PyTorch, whole and in its pieces, with the size of the terms of its dots.

Legend: `B` batch, `H` heads, `M`, `N` query and key length, `S` both of these, `D` head dim. Any floating dtype.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F


def scale_of(q: torch.Tensor, sm_scale: float | None) -> float:
    """`sm_scale`, where None means `D ** -0.5`."""
    return q.shape[-1] ** -0.5 if sm_scale is None else sm_scale


def future(scores: torch.Tensor) -> torch.Tensor:
    """scores: (..., S, S) -> (S, S), True above the diagonal"""
    return torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)


def attention_scores(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    """q: (B, H, M, D), k: (B, H, N, D) -> (B, H, M, N), `q @ k^T * sm_scale`"""
    return q @ k.transpose(-1, -2) * scale_of(q, sm_scale)


def causal_scores(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    """q, k: (B, H, S, D) -> (B, H, S, S), the scores, and -inf where the key comes after the query"""
    scores = attention_scores(q, k, sm_scale)
    return scores.masked_fill(future(scores), -torch.inf)


def attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """q: (B, H, M, D), k, v: (B, H, N, D) -> (B, H, M, D), `softmax(scores) @ v`; causal needs M == N"""
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal, scale=scale_of(q, sm_scale))


def attention_in_steps(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """`attention` with an operator each for scores, softmax and values: what the S x S matrix costs in PyTorch."""
    scores = causal_scores(q, k, sm_scale) if causal else attention_scores(q, k, sm_scale)
    return torch.softmax(scores, dim=-1) @ v


def scores_magnitude(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    """q: (B, H, M, D), k: (B, H, N, D) -> (B, H, M, N), `sqrt(D) * sum |q||k| * |sm_scale|`"""
    root_of_d = float(q.shape[-1] ** 0.5)
    return root_of_d * attention_scores(q.abs(), k.abs(), abs(scale_of(q, sm_scale)))


def attention_magnitude(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """q: (B, H, M, D), k, v: (B, H, N, D) -> (B, H, M, D)

    Two dots. An error e in a score makes its weight p wrong by p * e and all weights of the row by p times the mean of e,
    so the first dot's magnitude goes through the weights twice; the second dot adds `sqrt(N) * sum p |v|`.
    """
    scores, first = attention_scores(q, k, sm_scale), scores_magnitude(q, k, sm_scale)
    weights = torch.softmax(scores.masked_fill(future(scores), -torch.inf) if causal else scores, dim=-1)
    spread = weights * (first + (weights * first).sum(dim=-1, keepdim=True))
    magnitude: torch.Tensor = (spread + k.shape[-2] ** 0.5 * weights) @ v.abs()
    return magnitude


def log_sum_exp(q: torch.Tensor, k: torch.Tensor, causal: bool = True, sm_scale: float | None = None) -> torch.Tensor:
    """q: (B, H, M, D), k: (B, H, N, D) -> (B, H, M), the natural logarithm of the sum of exp(scores); fp32, float64 of float64"""
    wide = torch.promote_types(q.dtype, torch.float32)
    scores = (causal_scores if causal else attention_scores)(q.to(wide), k.to(wide), sm_scale)
    return torch.logsumexp(scores, dim=-1)


def lse_magnitude(q: torch.Tensor, k: torch.Tensor, causal: bool = True, sm_scale: float | None = None) -> torch.Tensor:
    """q: (B, H, M, D), k: (B, H, N, D) -> (B, H, M): the errors of the scores, each as heavy as its weight, and of their sum"""
    scores = (causal_scores if causal else attention_scores)(q, k, sm_scale)
    weights = torch.softmax(scores, dim=-1)
    magnitude: torch.Tensor = (weights * scores_magnitude(q, k, sm_scale)).sum(dim=-1) + k.shape[-2] ** 0.5
    return magnitude
