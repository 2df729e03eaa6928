"""What the mistakes of this level's `mistakes.md` put out, in float64, by key."""

import torch

from triton_quest.course.shared import attention

# What comes out, whatever the tiles. q, k: (B, H, S, D) -> (B, H, S, S)


def every_score(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return attention.attention_scores(q, k, sm_scale)


def hidden_above(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None, diagonal: int, value: float) -> torch.Tensor:
    """The scores, and `value` from the `diagonal`-th diagonal above the main one on."""
    scores = every_score(q, k, sm_scale)
    return scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(diagonal), value)


def diagonal_hidden(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return hidden_above(q, k, sm_scale, 0, -torch.inf)


def next_key_seen(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return hidden_above(q, k, sm_scale, 2, -torch.inf)


def past_hidden(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    scores = every_score(q, k, sm_scale)
    return scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).tril(-1), -torch.inf)


def hidden_as_zero(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return hidden_above(q, k, sm_scale, 1, 0.0)


def hidden_as_minus_1e4(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return hidden_above(q, k, sm_scale, 1, -1e4)


def hidden_as_smallest_float(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return hidden_above(q, k, sm_scale, 1, torch.finfo(torch.float32).min)


def not_scaled(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return attention.causal_scores(q, k, 1.0)


def scaled_by_default(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return attention.causal_scores(q, k, None)


def scaled_after_masking(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return not_scaled(q, k) * (q.shape[-1] ** -0.5 if sm_scale is None else sm_scale)


FORMULAS = {
    "diagonal_excluded": diagonal_hidden,
    "one_key_of_the_future_in_every_tile": next_key_seen,
    "mask_reversed_in_every_tile": past_hidden,
    "nothing_hidden": every_score,
    "zero_everywhere_above": hidden_as_zero,
    "minus_1e4": hidden_as_minus_1e4,
    "smallest_float": hidden_as_smallest_float,
    "scale_missing": not_scaled,
    "scale_given_ignored": scaled_by_default,
    "scaled_at_the_end": scaled_after_masking,
}
