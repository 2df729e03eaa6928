"""The ground truth: what each level computes, in PyTorch.

Each function carries its launcher's name and arguments and works in any floating dtype. The judge calls it twice: on
float64 copies of the inputs for the truth, and on the inputs themselves for the error that PyTorch's own operator makes.
Legend: `B` batch, `H` heads, `M`, `N`, `K` matrix sizes, or query and key length; `S` both of these, `D` head dim.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F


def vector_add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x: (n,), y: (n,) -> (n,)"""
    return x + y


def matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a: (M, K), b: (K, N) -> (M, N)"""
    return a @ b


def softmax(x: torch.Tensor) -> torch.Tensor:
    """x: (rows, cols) -> (rows, cols), each row positive with sum 1"""
    return torch.softmax(x, dim=-1)


def attention_scores(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    """q: (B, H, M, D), k: (B, H, N, D) -> (B, H, M, N), `q @ k^T * sm_scale`; None means `D ** -0.5`"""
    return q @ k.transpose(-1, -2) * _scale(q, sm_scale)


def causal_scores(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    """q, k: (B, H, S, D) -> (B, H, S, S), the scores, and -inf where the key comes after the query"""
    scores = attention_scores(q, k, sm_scale)
    return scores.masked_fill(_future(scores), -torch.inf)


def naive_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """q: (B, H, M, D), k, v: (B, H, N, D) -> (B, H, M, D), `softmax(scores) @ v`; causal needs M == N"""
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal, scale=_scale(q, sm_scale))


fused_attention = naive_attention
flash_attention = naive_attention


def attention_in_steps(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """The same, written out: scores, softmax, values, each an operator of its own."""
    scores = causal_scores(q, k, sm_scale) if causal else attention_scores(q, k, sm_scale)
    return torch.softmax(scores, dim=-1) @ v


STEP_BY_STEP = dict.fromkeys(("naive_attention", "fused_attention", "flash_attention"), attention_in_steps)


def _scale(q: torch.Tensor, sm_scale: float | None) -> float:
    return q.shape[-1] ** -0.5 if sm_scale is None else sm_scale


def _future(scores: torch.Tensor) -> torch.Tensor:
    """scores: (..., S, S) -> (S, S), True above the diagonal"""
    return torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)


# How large the terms of each dot are: `sqrt(K) * sum |a||b|`, what the fp32 budget of a level with dots is measured in.


def matmul_magnitude(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a: (M, K), b: (K, N) -> (M, N)"""
    magnitude: torch.Tensor = a.shape[1] ** 0.5 * (a.abs() @ b.abs())
    return magnitude


def scores_magnitude(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    """q: (B, H, M, D), k: (B, H, N, D) -> (B, H, M, N)"""
    root_of_d = float(q.shape[-1] ** 0.5)
    return root_of_d * attention_scores(q.abs(), k.abs(), abs(_scale(q, sm_scale)))


def attention_magnitude(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """q: (B, H, M, D), k, v: (B, H, N, D) -> (B, H, M, D)

    Two dots. An error e in a score makes its weight p wrong by p * e and all weights of the row by p times the mean of e,
    so the first dot's magnitude goes through the weights twice; the second dot adds `sqrt(N) * sum p |v|`.
    """
    scores, first = attention_scores(q, k, sm_scale), scores_magnitude(q, k, sm_scale)
    weights = torch.softmax(scores.masked_fill(_future(scores), -torch.inf) if causal else scores, dim=-1)
    spread = weights * (first + (weights * first).sum(dim=-1, keepdim=True))
    magnitude: torch.Tensor = (spread + k.shape[-2] ** 0.5 * weights) @ v.abs()
    return magnitude


MAGNITUDES: dict[str, Callable[..., torch.Tensor]] = {
    "matmul": matmul_magnitude,
    "attention_scores": scores_magnitude,
    "causal_scores": scores_magnitude,
    "naive_attention": attention_magnitude,
    "fused_attention": attention_magnitude,
    "flash_attention": attention_magnitude,
}
