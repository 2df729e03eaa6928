"""Wrong versions of level 7 and right ones written differently, each a named edit of the solution.

The formulas give what a mistake puts out, those of `by_blocks` with the learner's own BLOCK_N. Their exponentials are in
fp32: only there do they overflow, and vanish, as in the kernel.
"""

from collections.abc import Callable

import torch

from triton_quest.course.mistake import Edit, Mistake, Variant
from triton_quest.course.shared.attention import attention, attention_scores

Tensor = torch.Tensor

# The lines of the solution that the edits below touch.
PID_M = "    pid_m = tl.program_id(axis=0)  # the number of the query\n"
PID_BH = "    pid_bh = tl.program_id(axis=1)  # batch and head in one number\n"
BATCH = "    batch = (pid_bh // H).to(tl.int64)\n"
HEAD = "    head = (pid_bh % H).to(tl.int64)\n"
LOAD_Q = "    q = tl.load(q_ptr + batch * stride_qb + head * stride_qh + pid_m * stride_qm + offs_d * stride_qd)\n"
CAST_Q = "    q = q.to(tl.float32)  # (D,)  "
K_PTRS = "k_ptr + batch * stride_kb + head * stride_kh + offs_n[:, None] * stride_kn + offs_d[None, :] * stride_kd"
V_PTRS = "v_ptr + batch * stride_vb + head * stride_vh + offs_n[:, None] * stride_vn + offs_d[None, :] * stride_vd"
M_I = '    m_i = -float("inf")\n'
L_I = "    l_i = 0.0\n"
ACC = "    acc = tl.zeros((D,), dtype=tl.float32)\n"
END = "    end = pid_m + 1 if CAUSAL else N\n"
LOOP = "    for start_n in range(0, end, BLOCK_N):\n"
MASK = "        mask = offs_n < end - start_n  # True where the query looks at the key\n"
LOAD_K = "        k = tl.load(k_ptrs, mask=mask[:, None], other=0.0).to(tl.float32)  # (BLOCK_N, D)\n"
LOAD_V = "        v = tl.load(v_ptrs, mask=mask[:, None], other=0.0).to(tl.float32)  # (BLOCK_N, D)\n"
SCORES = "        scores = tl.sum(q[None, :] * k, axis=1) * sm_scale\n"
MASKED = '        scores = tl.where(mask, scores, -float("inf"))\n'
M_NEW = "        m_new = tl.maximum(m_i, tl.max(scores, axis=0))\n"
ALPHA = "        alpha = tl.exp(m_i - m_new)\n"
P = "        p = tl.exp(scores - m_new)\n"
ADD_L = "        l_i = l_i * alpha + tl.sum(p, axis=0)\n"
ADD_ACC = "        acc = acc * alpha + tl.sum(p[:, None] * v, axis=0)\n"
KEEP_M = "        m_i = m_new\n"
NEXT_K = "        k_ptrs += BLOCK_N * stride_kn\n"
NEXT_V = "        v_ptrs += BLOCK_N * stride_vn\n"
OUT = "    out = acc / l_i\n"
OUT_PTRS = "out_ptr + batch * stride_ob + head * stride_oh + pid_m * stride_om + offs_d * stride_od"
SCALE = "        sm_scale = D**-0.5\n"
ALLOCATION = "    out = torch.empty((B, H, M, D), dtype=q.dtype, device=q.device)\n"
BLOCK = "    BLOCK_N = 32\n"
GRID = "    grid = (M, B * H)\n"
TENSORS = "        q, k, v, out,\n"
STRIDES = "*q.stride(), *k.stride(), *v.stride(), *out.stride()"
LENGTHS = "        H, N, sm_scale,\n"
CONSTANTS = "        D=D, BLOCK_N=BLOCK_N, CAUSAL=causal,\n"
RETURN = "    return out\n"


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


def max_from_zero(q, k, v, causal=True, sm_scale=None):
    exp = exponentials(q, k, causal, sm_scale, lambda scores: scores.amax(dim=-1, keepdim=True).clamp(min=0.0))
    return (exp @ v.float() / exp.sum(dim=-1, keepdim=True)).double()


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


SCORE_OF_ZERO = (
    "Your masked-off lanes count: a key that isn't there has the score 0, and exp(0 - m_new) is in the sum. Put minus "
    "infinity into the scores, before the maximum and the exponentials."
)
ONLY_M_NEW = (
    "Your output is NaN everywhere: before the first block `m_i` is -inf, so what takes it away is exp(inf), and inf * 0 is "
    "NaN. Take only `m_new` away: `alpha` is exp(m_i - m_new), and `p` is exp(scores - m_new)."
)
NOT_RESCALED = (
    "Your old sums aren't rescaled: when a later block has a larger score, they still belong to the old maximum. Multiply "
    "both by `alpha`, and let `m_i` be the old maximum until `alpha` is computed."
)
ITSELF_EXCLUDED = (
    "Your queries don't look at the key of their own number, and the first one looks at none, which makes its row 0 / 0: "
    "query `pid_m` looks at keys 0 to `pid_m`, and these are `pid_m + 1` keys."
)

MISTAKES = (
    # -- the scale
    Mistake(
        "no_scale",
        (Edit(SCORES, SCORES.replace(" * sm_scale", "")),),
        "numbers",
        "Your output equals attention without the scale: multiply the scores by `sm_scale`.",
        3,
        no_scale,
    ),
    Mistake(
        "scale_twice",
        (Edit(SCORES, SCORES.replace("* sm_scale", "* sm_scale * sm_scale")),),
        "numbers",
        "Your output equals attention with the scale applied twice.",
        3,
        scale_twice,
    ),
    Mistake(
        "divided_by_d",
        (Edit(SCALE, "        sm_scale = 1 / D\n"),),
        "numbers",
        "Your output equals attention with the scale 1 / D: where none is passed, it is 1 / sqrt(D), which is D ** -0.5.",
        None,
        divided_by_d,
    ),
    Mistake(
        "own_scale_ignored",
        (Edit(LENGTHS, "        H, N, D**-0.5,\n"),),
        "numbers",
        "Your output equals attention with the scale D ** -0.5 although another one was passed: hand `sm_scale` to the "
        "kernel.",
        6,
        own_scale_ignored,
    ),
    # -- who looks at whom
    Mistake(
        "never_causal",
        (Edit(END, "    end = N\n"),),
        "numbers",
        "Your output equals attention without the causal mask although causal is True: then a query looks at no key "
        "that comes after it.",
        2,
        never_causal,
    ),
    Mistake(
        "always_causal",
        (Edit(END, "    end = tl.minimum(pid_m + 1, N)\n"),),
        "numbers",
        "Your output equals causal attention although causal is False: then a query looks at all N keys.",
        2,
        always_causal,
    ),
    Mistake(
        "always_causal_unbounded",
        (Edit(END, "    end = pid_m + 1\n"),),
        "memory",
        "Your loop always ends at the query's own number: without causal it has to end at N, and there may be more "
        "queries than keys.",
        2,
    ),
    Mistake(
        "itself_excluded",
        (Edit(END, "    end = pid_m if CAUSAL else N\n"),),
        "numbers",
        ITSELF_EXCLUDED,
        2,
        itself_excluded,
    ),
    Mistake(
        "itself_masked",
        (Edit(MASKED, MASKED.replace("mask,", "mask & ((start_n + offs_n < pid_m) | (not CAUSAL)),")),),
        "numbers",
        ITSELF_EXCLUDED,
        2,
        itself_excluded,
        same_output_as=("itself_excluded",),
    ),
    Mistake(
        "one_of_the_future",
        (Edit(END, "    end = tl.minimum(pid_m + 2, N) if CAUSAL else N\n"),),
        "numbers",
        "Your queries look at one key of the future: query `pid_m` looks at keys 0 to `pid_m`, which are `pid_m + 1` "
        "keys.",
        2,
        one_of_the_future,
    ),
    Mistake(
        "end_one_too_far",
        (Edit(END, "    end = pid_m + 2 if CAUSAL else N\n"),),
        "memory",
        "Your loop ends one key too late: the last query looks at a key that doesn't exist.",
        2,
    ),
    Mistake(
        "end_in_whole_blocks",
        (Edit(END, "    end = (pid_m // BLOCK_N + 1) * BLOCK_N if CAUSAL else N\n"),),
        "memory",
        "Your loop ends at the end of a block: the lanes behind the query's own key are keys of the future, or don't "
        "exist.",
        2,
    ),
    Mistake(
        "last_blocks_first",
        (
            Edit(LOOP, "    for step in range(0, N, BLOCK_N):\n"),
            Edit(MASK, f"        start_n = (N - 1) // BLOCK_N * BLOCK_N - step\n{MASK}"),
            Edit(LOAD_K, LOAD_K.replace("k_ptrs", "k_ptrs + start_n * stride_kn")),
            Edit(LOAD_V, LOAD_V.replace("v_ptrs", "v_ptrs + start_n * stride_vn")),
            Edit(NEXT_K, ""),
            Edit(NEXT_V, ""),
        ),
        "numbers",
        "Your queries begin with a block in which they look at no key: `m_new` stays -inf there, and -inf - (-inf) is "
        "NaN. Begin with the first block, and end behind the query's own key.",
        2,
        last_blocks_first,
    ),
    # -- lanes without a key
    Mistake(
        "scores_not_masked",
        (Edit(MASKED, ""),),
        "numbers",
        SCORE_OF_ZERO,
        3,
        by_blocks(right_update, masked=0.0),
    ),
    Mistake(
        "only_the_maximum_masked",
        (Edit(MASKED, ""), Edit(M_NEW, M_NEW.replace("scores,", 'tl.where(mask, scores, -float("inf")),'))),
        "numbers",
        SCORE_OF_ZERO,
        3,
        by_blocks(right_update, masked=0.0, masked_for_the_maximum=-torch.inf),
        same_output_as=("scores_not_masked",),
    ),
    Mistake(
        "minus_10000",
        (Edit(MASKED, MASKED.replace('-float("inf")', "-1e4")),),
        "numbers",
        "Your masked-off lanes hold a number that scores can be smaller than, and then they win the maximum. Only minus "
        "infinity is below every score.",
        3,
        by_blocks(right_update, masked=-1e4),
    ),
    Mistake(
        "no_mask_on_k",
        (Edit(LOAD_K, LOAD_K.replace(", mask=mask[:, None], other=0.0", "")),),
        "memory",
        "Your load of the keys has no mask: the last block hangs over the end of `k`.",
    ),
    Mistake(
        "no_mask_on_v",
        (Edit(LOAD_V, LOAD_V.replace(", mask=mask[:, None], other=0.0", "")),),
        "memory",
        "Your load of the values has no mask: the last block hangs over the end of `v`.",
    ),
    Mistake(
        "no_other_for_v",
        (Edit(LOAD_V, LOAD_V.replace(", other=0.0", "")),),
        "memory",
        "Your masked-off values may be anything, and 0 times anything isn't always 0: give the load `other=0.0`.",
    ),
    # -- the maximum
    Mistake(
        "no_max",
        (Edit(P, "        p = tl.exp(scores)\n"), Edit(ALPHA, "        alpha = 1.0\n")),
        "numbers",
        "Your output equals attention without a maximum subtracted: for large scores `exp` overflows, for very "
        "negative ones it is 0, and neither can be divided.",
        4,
        no_max,
    ),
    Mistake(
        "max_from_zero",
        (Edit(M_I, "    m_i = 0.0\n"),),
        "numbers",
        "Your maximum never falls below 0: far below it, all exponentials are 0, and 0 / 0 is NaN. Of no scores at all, "
        "the largest is minus infinity.",
        1,
        max_from_zero,
    ),
    Mistake(
        "max_of_the_block",
        (Edit(M_NEW, "        m_new = tl.max(scores, axis=0)\n"),),
        "numbers",
        "Your `m_new` is the maximum of the block alone: when a block lies far below the one before it, `alpha` "
        "overflows. The running maximum never falls.",
        4,
        by_blocks(right_update, new_maximum=lambda old, largest: largest),
    ),
    Mistake(
        "max_not_kept",
        (Edit(KEEP_M, ""),),
        "numbers",
        "Your output is that of the last block alone, which is what an `m_i` that stays -inf leads to: `alpha` is 0 in every "
        "block, and wipes out what came before. Keep the new maximum in `m_i`.",
        5,
        by_blocks(replaced, new_maximum=lambda old, largest: largest),
    ),
    Mistake(
        "max_kept_too_early",
        (Edit(KEEP_M, ""), Edit(M_NEW, M_NEW + KEEP_M)),
        "numbers",
        NOT_RESCALED,
        5,
        nothing_rescaled,
        same_output_as=("nothing_rescaled",),
    ),
    # -- rescaling
    Mistake(
        "nothing_rescaled",
        (
            Edit(ADD_L, ADD_L.replace("l_i * alpha", "l_i")),
            Edit(ADD_ACC, ADD_ACC.replace("acc * alpha", "acc")),
        ),
        "numbers",
        NOT_RESCALED,
        5,
        nothing_rescaled,
        same_output_as=("max_kept_too_early",),
    ),
    Mistake(
        "acc_not_rescaled",
        (Edit(ADD_ACC, ADD_ACC.replace("acc * alpha", "acc")),),
        "numbers",
        "Your `acc` isn't rescaled, and `l_i` is: when a later block has a larger score, `acc` still belongs to the old "
        "maximum.",
        5,
        by_blocks(lambda alpha, p, l_i, acc, add: (l_i * alpha + summed(p), acc + add(p))),
    ),
    Mistake(
        "l_i_not_rescaled",
        (Edit(ADD_L, ADD_L.replace("l_i * alpha", "l_i")),),
        "numbers",
        "Your `l_i` isn't rescaled, and `acc` is: when a later block has a larger score, `l_i` still belongs to the old "
        "maximum.",
        5,
        by_blocks(lambda alpha, p, l_i, acc, add: (l_i + summed(p), acc * alpha + add(p))),
    ),
    Mistake(
        "alpha_upside_down",
        (Edit(ALPHA, "        alpha = tl.exp(m_new - m_i)\n"),),
        "numbers",
        ONLY_M_NEW,
        4,
        nan_everywhere,
        same_output_as=("p_with_the_old_maximum",),
    ),
    Mistake(
        "p_with_the_old_maximum",
        (Edit(P, P.replace("m_new", "m_i")),),
        "numbers",
        ONLY_M_NEW,
        4,
        nan_everywhere,
        same_output_as=("alpha_upside_down",),
    ),
    Mistake(
        "new_terms_of_l_i_rescaled",
        (Edit(ADD_L, "        l_i = (l_i + tl.sum(p, axis=0)) * alpha\n"),),
        "numbers",
        "Your `alpha` multiplies the block's own terms of `l_i` as well: they were made with the new maximum already. Rescale "
        "what is old, then add.",
        5,
        by_blocks(lambda alpha, p, l_i, acc, add: ((l_i + summed(p)) * alpha, acc * alpha + add(p))),
    ),
    Mistake(
        "new_terms_of_acc_rescaled",
        (Edit(ADD_ACC, "        acc = (acc + tl.sum(p[:, None] * v, axis=0)) * alpha\n"),),
        "numbers",
        "Your `alpha` multiplies the block's own terms of `acc` as well: they were made with the new maximum already. Rescale "
        "what is old, then add.",
        5,
        by_blocks(lambda alpha, p, l_i, acc, add: (l_i * alpha + summed(p), (acc + add(p)) * alpha)),
    ),
    Mistake(
        "rescaled_after_adding",
        (
            Edit(ADD_L, "        l_i = (l_i + tl.sum(p, axis=0)) * alpha\n"),
            Edit(ADD_ACC, "        acc = (acc + tl.sum(p[:, None] * v, axis=0)) * alpha\n"),
        ),
        "numbers",
        "Your `alpha` multiplies the block's own terms as well: they were made with the new maximum already. Rescale "
        "what is old, then add.",
        5,
        by_blocks(lambda alpha, p, l_i, acc, add: ((l_i + summed(p)) * alpha, (acc + add(p)) * alpha)),
    ),
    Mistake(
        "rescaled_by_the_blocks_max",
        (Edit(ALPHA, "        alpha = tl.exp(m_i - tl.max(scores, axis=0))\n"),),
        "numbers",
        "Your `alpha` takes the maximum of the block for the new one: where the block is below the running maximum, "
        "nothing may change, and your sums grow.",
        4,
        by_blocks(right_update, factor=lambda old, new, largest: (old - largest).exp()),
    ),
    Mistake(
        "rescaled_by_the_sum",
        (
            Edit(
                ADD_L + ADD_ACC,
                "        l_new = l_i * alpha + tl.sum(p, axis=0)\n"
                "        acc = acc * alpha * (l_i / l_new) + tl.sum(p[:, None] * v, axis=0)\n"
                "        l_i = l_new\n",
            ),
        ),
        "numbers",
        "Your `acc` is rescaled by more than `alpha`: the sums l_i have no part in it until the very end.",
        5,
        by_blocks(updated_by_the_sum),
    ),
    Mistake(
        "last_block_only",
        (
            Edit(ADD_L, "        l_i = tl.sum(p, axis=0)\n"),
            Edit(ADD_ACC, "        acc = tl.sum(p[:, None] * v, axis=0)\n"),
        ),
        "numbers",
        "Your output is that of the last block alone: each block replaces the sums instead of adding to them.",
        5,
        by_blocks(replaced),
    ),
    Mistake(
        "sum_of_the_last_block",
        (Edit(ADD_L, "        l_i = tl.sum(p, axis=0)\n"),),
        "numbers",
        "Your `l_i` holds the sum of the last block only: the blocks before belong to it too, rescaled.",
        5,
        by_blocks(lambda alpha, p, l_i, acc, add: (summed(p), acc * alpha + add(p))),
    ),
    # -- the division
    Mistake(
        "not_divided",
        (Edit(OUT, "    out = acc\n"),),
        "numbers",
        "Your output isn't divided by `l_i`: the weights of a row don't sum to 1.",
        6,
        not_divided,
    ),
    Mistake(
        "divided_by_count",
        (Edit(OUT, "    out = acc / end\n"),),
        "numbers",
        "Your output is divided by the number of keys: divide by the sum of the exponentials, `l_i`.",
        6,
        divided_by_count,
    ),
    Mistake(
        "divided_in_each_block",
        (Edit(ADD_ACC, f"{ADD_ACC}        acc = acc / l_i\n"), Edit(OUT, "    out = acc\n")),
        "numbers",
        "Your `acc` is divided in each block, so what came first is divided again and again: divide once, after the "
        "loop.",
        6,
        by_blocks(divided_at_once, finish=lambda acc, l_i: acc),
    ),
    Mistake(
        "own_part_divided",
        (
            Edit(
                ADD_ACC,
                "        acc = acc * alpha + tl.sum(p[:, None] * v, axis=0) / tl.sum(p, axis=0)\n",
            ),
            Edit(OUT, "    out = acc\n"),
        ),
        "numbers",
        "Your blocks are divided by their own sums, each to weights that sum to 1: the divisor is the sum over all "
        "blocks.",
        6,
        by_blocks(lambda alpha, p, l_i, acc, add: (l_i, acc * alpha + add(p) / summed(p)), finish=lambda acc, l_i: acc),
    ),
    # -- the exponential, and precision
    Mistake(
        "exp2_for_exp",
        (Edit(ALPHA, ALPHA.replace("exp", "exp2")), Edit(P, P.replace("exp", "exp2"))),
        "numbers",
        "Your output equals attention with powers of 2 instead of powers of e: `tl.exp2` needs its argument multiplied "
        "by log2(e) = 1.4427.",
        4,
        exp2_for_exp,
    ),
    Mistake(
        "acc_in_the_dtype_of_out",
        (
            Edit(ACC, "    acc = tl.zeros((D,), dtype=out_ptr.dtype.element_ty)\n"),
            Edit(ADD_ACC, "        acc = (acc * alpha + tl.sum(p[:, None] * v, axis=0)).to(acc.dtype)\n"),
        ),
        "numbers",
        "Your `acc` is rounded to half precision in each block. Keep it in tl.float32, and let the store convert it "
        "once.",
        1,
    ),
    Mistake(
        "acc_in_fp16",
        (Edit(ADD_ACC, f"{ADD_ACC}        acc = acc.to(tl.float16).to(tl.float32)\n"),),
        "numbers",
        "Your `acc` is kept in fp16, which loses digits with every block. Keep it in tl.float32.",
        1,
        same_output_as=("acc_in_the_dtype_of_out",),
    ),
    Mistake(
        "scores_in_fp16",
        (Edit(MASKED, f"        scores = scores.to(tl.float16).to(tl.float32)\n{MASKED}"),),
        "numbers",
        "Your scores are rounded to fp16, which keeps three digits, and `exp` makes large errors of small ones. Keep "
        "them in fp32.",
        3,
    ),
    # -- places
    Mistake(
        "same_query_everywhere",
        (Edit(LOAD_Q, LOAD_Q.replace("pid_m * stride_qm + ", "")),),
        "numbers",
        "Your programs all compute with the first query: the pointers to `q` don't depend on `pid_m`.",
        None,
        first_query_everywhere,
    ),
    Mistake(
        "same_row_everywhere",
        (Edit(OUT_PTRS, OUT_PTRS.replace("pid_m * stride_om + ", "")),),
        "memory",
        "Your programs all write to the first row of `out`: its pointers don't depend on `pid_m`.",
    ),
    Mistake(
        "k_without_head",
        (Edit(K_PTRS, K_PTRS.replace("head * stride_kh + ", "")),),
        "numbers",
        "Your output equals attention with the keys of the first head for all heads: add `head * stride_kh`.",
        None,
        first_head_of_k,
    ),
    Mistake(
        "k_and_v_without_batch",
        (
            Edit(K_PTRS, K_PTRS.replace("batch * stride_kb + ", "")),
            Edit(V_PTRS, V_PTRS.replace("batch * stride_vb + ", "")),
        ),
        "numbers",
        "Your output equals attention with the keys and values of the first batch for all batches: `batch` has a stride "
        "in each.",
        None,
        first_batch_of_both,
    ),
    Mistake(
        "batch_and_head_mixed",
        (Edit(BATCH, BATCH.replace("//", "%")), Edit(HEAD, HEAD.replace("%", "//"))),
        "memory",
        "Your batch and head are the wrong way round: with H heads, the batch is `pid_bh // H` and the head `pid_bh % H`.",
    ),
    Mistake(
        "k_assumed_contiguous",
        (
            Edit(K_PTRS, "k_ptr + pid_bh * N * D + offs_n[:, None] * D + offs_d[None, :]"),
            Edit(NEXT_K, "        k_ptrs += BLOCK_N * D\n"),
        ),
        "memory",
        "Your pointers take `k` to be contiguous. Its keys are `stride_kn` apart, and their numbers `stride_kd`.",
    ),
    Mistake(
        "strides_of_k_for_v",
        (Edit(STRIDES, STRIDES.replace("*v", "*k")),),
        "numbers",
        "Your output is what comes out when `v` is read with the strides of `k`: `v` may lie in memory in another way.",
        6,
        v_in_the_layout_of_k,
    ),
    Mistake(
        "strides_of_k_and_v_swapped",
        (Edit(STRIDES, "*q.stride(), *v.stride(), *k.stride(), *out.stride()"),),
        "numbers",
        "Your output is what comes out when `k` is read with the strides of `v`, and `v` with those of `k`: pass them in "
        "the kernel's order.",
        6,
        strides_of_k_and_v_swapped,
    ),
    Mistake(
        "strides_of_q_for_out",
        (Edit(STRIDES, STRIDES.replace("*out", "*q")),),
        "memory",
        "Your store uses the strides of `q`, but `out` may lie in memory in another way: pass its own.",
        6,
    ),
    Mistake(
        "k_and_v_swapped",
        (Edit(TENSORS, "        q, v, k, out,\n"),),
        "numbers",
        "Your output equals attention with keys and values in each other's place: pass `k` before `v`.",
        6,
        k_and_v_swapped,
    ),
    # -- the launch
    Mistake(
        "grid_of_three_axes",
        (Edit(GRID, "    grid = (M, B, H)\n"),),
        "memory",
        "Your grid has three axes, and the kernel looks at two: batch and head are one number there, and axis 1 counts B * H.",
        6,
    ),
    Mistake(
        "grid_by_keys",
        (Edit(GRID, "    grid = (N, B * H)\n"),),
        "memory",
        "Your grid has a program for each key: it takes one for each query, and there are M.",
        6,
    ),
    Mistake(
        "grid_axes_swapped",
        (Edit(GRID, "    grid = (B * H, M)\n"),),
        "memory",
        "Your grid has the heads along axis 0 and the queries along axis 1, and the kernel takes it the other way round.",
        6,
    ),
    Mistake(
        "grid_of_tiles",
        (Edit(GRID, "    grid = (triton.cdiv(M, BLOCK_N), B * H)\n"),),
        "memory",
        "Your grid has one program for BLOCK_N queries, as for the tiles of level 4: here every query needs a program of "
        "its own.",
        6,
    ),
    Mistake(
        "grid_without_batches",
        (Edit(GRID, "    grid = (M, H)\n"),),
        "memory",
        "Your grid has programs for the heads of one batch only: there are B * H heads in all.",
        6,
    ),
    Mistake(
        "h_and_n_swapped",
        (Edit(LENGTHS, "        N, H, sm_scale,\n"),),
        "memory",
        "Your launch passes N where the kernel takes H, and H where it takes N.",
        6,
    ),
    # -- rules
    Mistake(
        "computed_by_torch",
        (
            Edit(
                RETURN,
                "    return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal, scale=sm_scale)\n",
            ),
        ),
        "rules",
        "Your launcher returns what PyTorch's own attention computes: the answer has to come from the kernel.",
        6,
    ),
    Mistake(
        "softmax_by_torch",
        (Edit(RETURN, "    return torch.softmax(q @ k.transpose(2, 3) * sm_scale, dim=-1) @ v\n"),),
        "rules",
        "Your launcher computes the weights with `torch.softmax`, which needs the S x S matrix: the kernel does without.",
        6,
    ),
    Mistake(
        "scaled_in_the_launcher",
        (Edit(GRID, f"    q = q * sm_scale\n{GRID}"), Edit(LENGTHS, "        H, N, 1.0,\n")),
        "rules",
        "Your launcher scales q in PyTorch, which writes a copy of it: multiply in the kernel.",
        3,
    ),
    Mistake(
        "cast_in_the_launcher",
        (Edit(GRID, f"    q, k, v = q.float(), k.float(), v.float()\n{GRID}"),),
        "rules",
        "Your launcher converts its inputs to fp32 in PyTorch, which writes copies of them: the kernel converts after "
        "the load.",
    ),
    # -- properties
    Mistake(
        "square_matrix",
        (
            Edit(
                PID_M, f"{PID_M}    row = (tl.program_id(axis=1).to(tl.int64) * tl.num_programs(axis=0) + pid_m) * N\n"
            ),
            Edit("    H,  # heads\n", "    scores_ptr,\n    H,  # heads\n"),
            Edit(MASKED, f"{MASKED}        tl.store(scores_ptr + row + start_n + offs_n, scores, mask=mask)\n"),
            Edit(GRID, f"    matrix = torch.empty((B, H, M, N), dtype=torch.float32, device=q.device)\n{GRID}"),
            Edit(LENGTHS, f"        matrix,\n{LENGTHS}"),
        ),
        "property",
        "Your launcher allocates a matrix of S x S: the scores of a block are needed only until the next block.",
        5,
    ),
    # -- contract
    Mistake(
        "out_always_fp32",
        (Edit(ALLOCATION, ALLOCATION.replace("q.dtype", "torch.float32")),),
        "contract",
        "Your output is fp32 whatever the inputs are: it has to have the dtype of q.",
    ),
    Mistake(
        "nothing_returned",
        (Edit(RETURN, ""),),
        "contract",
        "Your launcher returns nothing: it has to return out.",
    ),
    # -- what a GPU doesn't compile
    Mistake(
        "acc_starts_as_number",
        (Edit(ACC, "    acc = 0.0\n"),),
        "compile",
        "Your `acc` starts as a single number and becomes D numbers in the loop: start it with tl.zeros.",
        1,
    ),
    Mistake(
        "l_i_starts_as_int",
        (Edit(L_I, "    l_i = 0\n"),),
        "compile",
        "Your `l_i` starts as a whole number and becomes fp32 in the loop: start it as 0.0.",
        1,
    ),
    Mistake(
        "sum_over_the_wrong_axis",
        (Edit(SCORES, SCORES.replace("axis=1", "axis=0")),),
        "compile",
        "Your scores are summed down the columns, which gives D numbers instead of one for each key: sum with axis=1.",
        3,
    ),
    Mistake(
        "break_at_the_query",
        (
            Edit(END, "    end = N\n"),
            Edit(MASK, f"        if CAUSAL:\n            if start_n > pid_m:\n                break\n{MASK}"),
        ),
        "compile",
        "Your loop has a `break`, which doesn't exist in a kernel: let the range end where the query's keys end.",
        2,
    ),
)


def in_the_loop(*lines: str) -> str:
    return "".join(f"        {line}\n" for line in lines)


def blocks(size: int) -> Edit:
    return Edit(BLOCK, f"    BLOCK_N = {size}\n")


FIRST_BLOCK = (
    "    mask = offs_n < end\n",
    LOAD_K,
    LOAD_V,
    SCORES,
    MASKED,
    "    m_i = tl.max(scores, axis=0)\n",
    "    p = tl.exp(scores - m_i)\n",
    "    l_i = tl.sum(p, axis=0)\n",
    "    acc = tl.sum(p[:, None] * v, axis=0)\n",
    NEXT_K,
    NEXT_V,
)
LOG2_E = "1.4426950408889634"

VARIANTS = (
    Variant("blocks_16", (blocks(16),), "Blocks may be as small as one likes: more steps, the same answer."),
    Variant("blocks_64", (blocks(64),), "Which size is fastest is for the GPU to say."),
    Variant(
        "blocks_128",
        (blocks(128), Edit(CONSTANTS, CONSTANTS.rstrip("\n") + " num_warps=8,\n")),
        "Larger blocks, shared by more threads.",
    ),
    Variant(
        "blocks_256",
        (blocks(256), Edit(CONSTANTS, CONSTANTS.rstrip("\n") + " num_warps=8,\n")),
        "Blocks of 256 keys: then few rows have more than two of them.",
    ),
    Variant(
        "exp2_on_a_scaled_query",
        (
            Edit(CAST_Q, f"    q = q.to(tl.float32) * (sm_scale * {LOG2_E})  # (D,)  "),
            Edit(SCORES, SCORES.replace(" * sm_scale", "")),
            Edit(ALPHA, ALPHA.replace("exp", "exp2")),
            Edit(P, P.replace("exp", "exp2")),
        ),
        "The scale may be put into the query, and log2(e) with it: exp(s) is 2 to the power of s * log2(e).",
    ),
    Variant(
        "queries_backwards",
        (Edit(PID_M, "    pid_m = tl.num_programs(axis=0) - 1 - tl.program_id(axis=0)\n"),),
        "Which program takes which query is free. With causal, the longest rows begin.",
    ),
    Variant(
        "heads_first",
        (
            Edit(PID_M, "    pid_m = tl.program_id(axis=1)\n"),
            Edit(PID_BH, "    pid_bh = tl.program_id(axis=0)\n"),
            Edit(GRID, "    grid = (B * H, M)\n"),
        ),
        "The heads may be the first axis of the grid.",
    ),
    Variant(
        "grid_of_one_axis",
        (
            Edit(PID_M, "    pid = tl.program_id(axis=0)\n    pid_m = pid % M\n"),
            Edit(PID_BH, "    pid_bh = pid // M\n"),
            Edit("    N,  # keys\n", "    M,\n    N,\n"),
            Edit(LENGTHS, "        H, M, N, sm_scale,\n"),
            Edit(GRID, "    grid = (M * B * H,)\n"),
        ),
        "One number for all programs, taken apart in the kernel.",
    ),
    Variant(
        "while_loop",
        (
            Edit(LOOP, "    start_n = 0\n    while start_n < end:\n"),
            Edit(NEXT_K, f"        start_n += BLOCK_N\n{NEXT_K}"),
        ),
        "The loop may count by itself.",
    ),
    Variant(
        "exponentials_masked",
        (
            Edit(MASKED, ""),
            Edit(M_NEW, M_NEW.replace("scores,", 'tl.where(mask, scores, -float("inf")),')),
            Edit(P, "        p = tl.where(mask, tl.exp(scores - m_new), 0.0)\n"),
        ),
        "The mask may come in later: for the maximum, and for the exponentials.",
    ),
    Variant(
        "mask_added",
        (Edit(MASKED, '        scores += tl.where(mask, 0.0, -float("inf"))\n'),),
        "Adding minus infinity is as good as replacing by it.",
    ),
    Variant(
        "keys_beyond_masked_everywhere",
        (
            Edit(END, "    end = N\n"),
            Edit(MASKED, MASKED.replace("mask,", "mask & ((start_n + offs_n <= pid_m) | (not CAUSAL)),")),
        ),
        "All blocks are visited, and those of the future add nothing: the first block has a key for every query, so "
        "the maximum is a number from then on. Twice the work.",
    ),
    Variant(
        "first_block_peeled",
        (
            Edit(M_I, ""),
            Edit(L_I, ""),
            Edit(ACC, ""),
            Edit(END, END + "".join(line.replace("        ", "    ", 1) for line in FIRST_BLOCK)),
            Edit(LOOP, LOOP.replace("0,", "BLOCK_N,")),
        ),
        "The first block may come before the loop: then its own maximum starts the running one.",
    ),
    Variant(
        "l_i_starts_at_one",
        (Edit(L_I, "    l_i = 1.0\n"), Edit(OUT, "    out = acc * (1.0 / l_i)\n")),
        "Whatever `l_i` starts with, the first `alpha` is 0 and wipes it out: the official tutorial starts with 1.",
    ),
    Variant(
        "running_results_as_blocks_of_one",
        (
            Edit(M_I, '    m_i = tl.full((1,), -float("inf"), dtype=tl.float32)\n'),
            Edit(L_I, "    l_i = tl.zeros((1,), dtype=tl.float32)\n"),
        ),
        "A block of one element is broadcast like a number.",
    ),
    Variant(
        "rescaled_when_needed",
        (
            Edit(
                ALPHA,
                in_the_loop(
                    "if m_new > m_i:",
                    "    alpha = tl.exp(m_i - m_new)",
                    "    l_i *= alpha",
                    "    acc *= alpha",
                ),
            ),
            Edit(ADD_L, "        l_i += tl.sum(p, axis=0)\n"),
            Edit(ADD_ACC, "        acc += tl.sum(p[:, None] * v, axis=0)\n"),
        ),
        "Where the maximum stays, `alpha` is 1, and the multiplications may be left out.",
    ),
    Variant(
        "keys_transposed",
        (
            Edit(
                K_PTRS,
                K_PTRS.replace("offs_n[:, None]", "offs_n[None, :]").replace("offs_d[None, :]", "offs_d[:, None]"),
            ),
            Edit(LOAD_K, LOAD_K.replace("mask[:, None]", "mask[None, :]")),
            Edit(SCORES, "        scores = tl.sum(q[:, None] * k, axis=0) * sm_scale\n"),
        ),
        "The keys may be the columns of their block; then the query is a column too, and the sums run down.",
    ),
    Variant(
        "dot_of_one_row",
        (
            Edit(
                SCORES,
                '        scores = tl.sum(tl.dot(q[None, :], tl.trans(k), input_precision="ieee"), axis=0) * sm_scale\n',
            ),
        ),
        "`tl.dot` takes a tile of a single row as well; the sum over it makes a vector of it.",
    ),
    Variant(
        "pointers_made_anew",
        (
            Edit(LOAD_K, LOAD_K.replace("k_ptrs", "k_ptrs + start_n * stride_kn")),
            Edit(LOAD_V, LOAD_V.replace("v_ptrs", "v_ptrs + start_n * stride_vn")),
            Edit(NEXT_K, ""),
            Edit(NEXT_V, ""),
        ),
        "Pointers may be computed in each step instead of moved.",
    ),
    Variant(
        "copied_to_contiguous",
        (
            Edit(GRID, f"    k, v = k.contiguous(), v.contiguous()\n{GRID}"),
            Edit(ALLOCATION, "    out = torch.zeros((B, H, M, D), dtype=q.dtype, device=q.device)\n"),
        ),
        "Contiguous copies of keys and values: a pass over each, which grows with S and not with S x S.",
    ),
)
