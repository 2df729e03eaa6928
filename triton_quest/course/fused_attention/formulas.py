"""What the mistakes of this level's `mistakes.md` put out, by key.

Those of `by_blocks` with the learner's own BLOCK_N. Their exponentials are in
fp32: only there do they overflow, and vanish, as in the kernel.
"""

from collections.abc import Callable

import torch

from triton_quest.course.shared.attention import attention, attention_scores

Tensor = torch.Tensor


def scale_of(q: Tensor, sm_scale: float | None) -> float:
    return q.shape[-1] ** -0.5 if sm_scale is None else sm_scale


def looking_at(allowed: Tensor, q: Tensor, k: Tensor, v: Tensor, sm_scale: float | None):
    """Attention where query i looks at key j if allowed[i, j]."""
    scores = attention_scores(q, k, sm_scale).masked_fill(~allowed, -torch.inf)
    return torch.softmax(scores, dim=-1) @ v


def until(last: int, q: Tensor, k: Tensor) -> Tensor:
    """(M, N), True where the key's number is at most the query's number plus `last`."""
    return torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril(last)


def exponentials(q, k, causal, sm_scale, maximum) -> Tensor:
    """(B, H, M, N), in fp32: exp(score - maximum(scores)), 0 where the query doesn't look."""
    scores = attention_scores(q, k, sm_scale).float()
    if causal:
        scores = scores.masked_fill(~until(0, q, k), -torch.inf)
    return (scores - maximum(scores)).exp()


# What the mistakes compute. q: (B, H, M, D), k, v: (B, H, N, D) -> (B, H, M, D)


def no_scale(q, k, v, causal=True, sm_scale=None):
    return attention(q, k, v, causal, 1.0)


def scale_twice(q, k, v, causal=True, sm_scale=None):
    return attention(q, k, v, causal, scale_of(q, sm_scale) ** 2)


def divided_by_d(q, k, v, causal=True, sm_scale=None):
    return attention(q, k, v, causal, 1 / q.shape[-1] if sm_scale is None else sm_scale)


def own_scale_ignored(q, k, v, causal=True, sm_scale=None):
    return attention(q, k, v, causal)


def never_causal(q, k, v, causal=True, sm_scale=None):
    return attention(q, k, v, False, sm_scale)


def always_causal(q, k, v, causal=True, sm_scale=None):
    return looking_at(until(0, q, k), q, k, v, sm_scale)


def itself_excluded(q, k, v, causal=True, sm_scale=None):
    return looking_at(until(-1, q, k), q, k, v, sm_scale) if causal else attention(q, k, v, False, sm_scale)


def one_of_the_future(q, k, v, causal=True, sm_scale=None):
    return looking_at(until(1, q, k), q, k, v, sm_scale) if causal else attention(q, k, v, False, sm_scale)


def no_max(q, k, v, causal=True, sm_scale=None):
    exp = exponentials(q, k, causal, sm_scale, lambda scores: 0.0)
    return (exp @ v.float() / exp.sum(dim=-1, keepdim=True)).double()


def maximum_from(number):
    def formula(q, k, v, causal=True, sm_scale=None):
        exp = exponentials(q, k, causal, sm_scale, lambda scores: scores.amax(dim=-1, keepdim=True).clamp(min=number))
        return (exp @ v.float() / exp.sum(dim=-1, keepdim=True)).double()

    return formula


def not_divided(q, k, v, causal=True, sm_scale=None):
    exp = exponentials(q, k, causal, sm_scale, lambda scores: scores.amax(dim=-1, keepdim=True))
    return (exp @ v.float()).double()


def divided_by_count(q, k, v, causal=True, sm_scale=None):
    looked_at = until(0, q, k).sum(dim=-1, keepdim=True) if causal else k.shape[2]
    return not_divided(q, k, v, causal, sm_scale) / looked_at


def exp2_for_exp(q, k, v, causal=True, sm_scale=None):
    return attention(q, k, v, causal, scale_of(q, sm_scale) * 0.6931471805599453)


def nan_everywhere(q, k, v, causal=True, sm_scale=None):
    return torch.full_like(q, torch.nan)


def last_blocks_first(q, k, v, causal=True, sm_scale=None, *, BLOCK_N):
    out = attention(q, k, v, causal, sm_scale)
    if causal:
        out[:, :, : (k.shape[2] - 1) // BLOCK_N * BLOCK_N] = torch.nan  # these look at no key of the last block
    return out


def first_query_everywhere(q, k, v, causal=True, sm_scale=None):
    return attention(q[:, :, :1].expand(q.shape), k, v, causal, sm_scale)


def first_head_of_k(q, k, v, causal=True, sm_scale=None):
    return attention(q, k[:, :1].expand(k.shape), v, causal, sm_scale)


def first_batch_of_both(q, k, v, causal=True, sm_scale=None):
    return attention(q, k[:1].expand(k.shape), v[:1].expand(v.shape), causal, sm_scale)


def v_in_the_layout_of_k(q, k, v, causal=True, sm_scale=None):
    return attention(q, k, v.as_strided(v.shape, k.stride()), causal, sm_scale)


def strides_of_k_and_v_swapped(q, k, v, causal=True, sm_scale=None):
    return attention(q, k.as_strided(k.shape, v.stride()), v.as_strided(v.shape, k.stride()), causal, sm_scale)


def k_and_v_swapped(q, k, v, causal=True, sm_scale=None):
    return attention(q, v, k, causal, sm_scale)


# The same, where it depends on the blocks.

Add = Callable[[Tensor], Tensor]


def summed(p: Tensor) -> Tensor:
    return p.sum(dim=-1, keepdim=True)


def by_blocks(
    update: Callable[[Tensor, Tensor, Tensor, Tensor, Add], tuple[Tensor, Tensor]],
    new_maximum: Callable[[Tensor, Tensor], Tensor] = torch.maximum,
    factor: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda old, new, largest: (old - new).exp(),
    masked: float = -torch.inf,
    masked_for_the_maximum: float | None = None,
    finish: Callable[[Tensor, Tensor], Tensor] = lambda acc, l_i: acc / l_i,
) -> Callable[..., Tensor]:
    """A formula: online softmax with something in it done otherwise.

    update: alpha, p, l_i, acc, add -> the new l_i and acc; `add(p)` is the sum of p * v over the block.
    new_maximum: m_i, the block's largest score -> m_new. factor: m_i, m_new, the block's largest score -> alpha.
    masked: the score of a masked-off lane.
    """

    def formula(q, k, v, causal=True, sm_scale=None, *, BLOCK_N):
        looks = until(0 if causal else k.shape[2], q, k)
        scores = attention_scores(q, k, sm_scale).float()
        m_i = torch.full_like(q[..., :1], -torch.inf, dtype=torch.float32)
        l_i, acc = torch.zeros_like(m_i), torch.zeros_like(q, dtype=torch.float32)
        for start in range(0, k.shape[2], BLOCK_N):
            here = slice(start, start + BLOCK_N)
            missing = start + BLOCK_N - min(start + BLOCK_N, k.shape[2])
            seen = torch.nn.functional.pad(looks[:, here], (0, missing))
            s = torch.nn.functional.pad(scores[..., here], (0, missing)).masked_fill(~seen, masked)
            values = torch.nn.functional.pad(v[:, :, here].float(), (0, 0, 0, missing))
            compared = s if masked_for_the_maximum is None else s.masked_fill(~seen, masked_for_the_maximum)
            largest = compared.amax(dim=-1, keepdim=True)
            m_new = new_maximum(m_i, largest)
            alpha, p = factor(m_i, m_new, largest), (s - m_new).exp()
            new_l, new_acc = update(alpha, p, l_i, acc, lambda p, seen=seen, values=values: (p * seen) @ values)
            went_on = seen[:, :1]  # for the others, the loop has ended
            m_i, l_i, acc = (torch.where(went_on, *pair) for pair in ((m_new, m_i), (new_l, l_i), (new_acc, acc)))
        return finish(acc, l_i).double()

    return formula


def right_update(alpha, p, l_i, acc, add):
    return l_i * alpha + summed(p), acc * alpha + add(p)


def updated_by_the_sum(alpha, p, l_i, acc, add):
    new_l = l_i * alpha + summed(p)
    return new_l, acc * alpha * (l_i / new_l) + add(p)


def divided_at_once(alpha, p, l_i, acc, add):
    new_l = l_i * alpha + summed(p)
    return new_l, (acc * alpha + add(p)) / new_l


def replaced(alpha, p, l_i, acc, add):
    return summed(p), add(p)


nothing_rescaled = by_blocks(lambda alpha, p, l_i, acc, add: (l_i + summed(p), acc + add(p)))

FORMULAS = {
    "no_scale": no_scale,
    "scale_twice": scale_twice,
    "divided_by_d": divided_by_d,
    "own_scale_ignored": own_scale_ignored,
    "never_causal": never_causal,
    "always_causal": always_causal,
    "itself_excluded": itself_excluded,
    "itself_masked": itself_excluded,
    "one_of_the_future": one_of_the_future,
    "last_blocks_first": last_blocks_first,
    "scores_not_masked": by_blocks(right_update, masked=0.0),
    "only_the_maximum_masked": by_blocks(right_update, masked=0.0, masked_for_the_maximum=-torch.inf),
    "minus_10000": by_blocks(right_update, masked=-1e4),
    "minus_a_billion": by_blocks(right_update, masked=-1e9),
    "m_i_starts_at_a_number": maximum_from(-1e6),
    "no_max": no_max,
    "max_from_zero": maximum_from(0.0),
    "max_of_the_block": by_blocks(right_update, new_maximum=lambda old, largest: largest),
    "max_not_kept": by_blocks(replaced, new_maximum=lambda old, largest: largest),
    "max_kept_too_early": nothing_rescaled,
    "nothing_rescaled": nothing_rescaled,
    "acc_not_rescaled": by_blocks(lambda alpha, p, l_i, acc, add: (l_i * alpha + summed(p), acc + add(p))),
    "l_i_not_rescaled": by_blocks(lambda alpha, p, l_i, acc, add: (l_i + summed(p), acc * alpha + add(p))),
    "alpha_upside_down": nan_everywhere,
    "p_with_the_old_maximum": nan_everywhere,
    "new_terms_of_l_i_rescaled": by_blocks(
        lambda alpha, p, l_i, acc, add: ((l_i + summed(p)) * alpha, acc * alpha + add(p))
    ),
    "new_terms_of_acc_rescaled": by_blocks(
        lambda alpha, p, l_i, acc, add: (l_i * alpha + summed(p), (acc + add(p)) * alpha)
    ),
    "rescaled_after_adding": by_blocks(
        lambda alpha, p, l_i, acc, add: ((l_i + summed(p)) * alpha, (acc + add(p)) * alpha)
    ),
    "rescaled_by_the_blocks_max": by_blocks(right_update, factor=lambda old, new, largest: (old - largest).exp()),
    "rescaled_by_the_sum": by_blocks(updated_by_the_sum),
    "last_block_only": by_blocks(replaced),
    "sum_of_the_last_block": by_blocks(lambda alpha, p, l_i, acc, add: (summed(p), acc * alpha + add(p))),
    "not_divided": not_divided,
    "divided_by_count": divided_by_count,
    "divided_in_each_block": by_blocks(divided_at_once, finish=lambda acc, l_i: acc),
    "own_part_divided": by_blocks(
        lambda alpha, p, l_i, acc, add: (l_i, acc * alpha + add(p) / summed(p)), finish=lambda acc, l_i: acc
    ),
    "exp2_for_exp": exp2_for_exp,
    "same_query_everywhere": first_query_everywhere,
    "k_without_head": first_head_of_k,
    "k_and_v_without_batch": first_batch_of_both,
    "strides_of_k_for_v": v_in_the_layout_of_k,
    "strides_of_k_and_v_swapped": strides_of_k_and_v_swapped,
    "k_and_v_swapped": k_and_v_swapped,
}
