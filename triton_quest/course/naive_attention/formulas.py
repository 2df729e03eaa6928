"""What the mistakes of this level's `mistakes.md` put out, by key: where that doesn't depend on the tiles.

In float64, but for `no_max`: only in fp32 does it overflow as the kernel does.
"""

from collections.abc import Callable

import torch

Tensor = torch.Tensor


# Formulas


def own_or_given(own: float, given: float | None) -> float:
    return own if given is None else given


def hidden(scores: Tensor, value: float = -torch.inf, diagonal: int = 1) -> Tensor:
    """scores: (..., M, N), with `value` from this diagonal on upwards; 1 is the first above the main one"""
    return scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(diagonal), value)


def softmax(scores: Tensor, causal: bool) -> Tensor:
    return torch.softmax(scores, dim=-1)


def attention(
    scale: Callable[[float, float | None], float] = own_or_given,
    mask: Callable[[Tensor, bool], Tensor] = lambda scores, causal: hidden(scores) if causal else scores,
    weigh: Callable[[Tensor, bool], Tensor] = softmax,
    values: Callable[[Tensor], Tensor] = lambda v: v,
) -> Callable[..., Tensor]:
    """The formula of attention in which one part is another. `scale` gets 1 / sqrt(D) and the caller's."""

    def formula(q: Tensor, k: Tensor, v: Tensor, causal: bool = True, sm_scale: float | None = None) -> Tensor:
        scores = q @ k.transpose(-1, -2) * scale(q.shape[-1] ** -0.5, sm_scale)
        return weigh(mask(scores, causal), causal) @ values(v)

    return formula


def hidden_by(value: float = -torch.inf, diagonal: int = 1) -> Callable[..., Tensor]:
    return attention(mask=lambda scores, causal: hidden(scores, value, diagonal) if causal else scores)


def numerators(scores: Tensor, causal: bool) -> Tensor:
    return (scores - scores.amax(dim=-1, keepdim=True)).exp()


def without_max(scores: Tensor, causal: bool) -> Tensor:
    exp = scores.float().exp()
    return (exp / exp.sum(dim=-1, keepdim=True)).double()


def powers_of_two(scores: Tensor, causal: bool) -> Tensor:
    return torch.softmax(scores * 0.6931471805599453, dim=-1)  # log(2)


def softmax_of_first_rows(count: Callable[[int, int], int]) -> Callable[..., Tensor]:
    """Softmax of some rows, counted through all heads; `count` gets B * H and M."""

    def weigh(scores: Tensor, causal: bool) -> Tensor:
        rows = scores.reshape(-1, scores.shape[-1])
        done = count(scores.shape[0] * scores.shape[1], scores.shape[2])
        return torch.cat((torch.softmax(rows[:done], dim=-1), rows[done:])).reshape(scores.shape)

    return weigh


def zeros_behind(scores: Tensor, causal: bool) -> Tensor:
    """Softmax of rows that go on with zeros up to the next power of two."""
    columns = scores.shape[-1]
    padding = (1 << (columns - 1).bit_length()) - columns
    return torch.softmax(torch.nn.functional.pad(scores, (0, padding)), dim=-1)[..., :columns]


def hidden_afterwards(weights: Tensor, causal: bool) -> Tensor:
    weights = torch.softmax(weights, dim=-1)
    return weights.tril() if causal else weights


def scale_on_the_result(q: Tensor, k: Tensor, v: Tensor, causal: bool = True, sm_scale: float | None = None) -> Tensor:
    unscaled = attention(scale=lambda own, given: 1.0)
    return unscaled(q, k, v, causal) * own_or_given(q.shape[-1] ** -0.5, sm_scale)


FORMULAS = {
    "no_scale": attention(scale=lambda own, given: 1.0),
    "scale_twice": attention(scale=lambda own, given: own_or_given(own, given) ** 2),
    "scale_one_over_d": attention(scale=lambda own, given: own_or_given(own**2, given)),
    "scale_of_the_caller_ignored": attention(scale=lambda own, given: own),
    "scale_on_the_result": scale_on_the_result,
    "never_causal": attention(mask=lambda scores, causal: scores),
    "always_causal": attention(mask=lambda scores, causal: hidden(scores)),
    "diagonal_excluded": hidden_by(diagonal=0),
    "finite_for_minus_infinity": hidden_by(value=-1e4),
    "large_number_for_minus_infinity": hidden_by(value=-1e9),
    "zero_for_minus_infinity": hidden_by(value=0.0),
    "mask_after_the_softmax": attention(mask=lambda scores, causal: scores, weigh=hidden_afterwards),
    "no_max": attention(weigh=without_max),
    "not_divided": attention(weigh=numerators),
    "exp2_for_exp": attention(weigh=powers_of_two),
    "down_the_columns": attention(weigh=lambda scores, causal: torch.softmax(scores, dim=-2)),
    "other_zero": attention(weigh=zeros_behind),
    "softmax_forgotten": attention(weigh=lambda scores, causal: scores),
    "softmax_too_late": attention(weigh=lambda scores, causal: scores),
    "softmax_of_one_head": attention(weigh=softmax_of_first_rows(lambda heads, m: m)),
    "softmax_row_per_head": attention(weigh=softmax_of_first_rows(lambda heads, m: heads)),
    "v_of_the_first_head": attention(values=lambda v: v[:, :1].expand(v.shape)),
}
