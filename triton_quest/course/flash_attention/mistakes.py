"""Wrong versions of level 8 and right ones written differently, each a named edit of the solution.

The formulas give what a mistake puts out, those of `by_tiles` with the learner's own BLOCK_M and BLOCK_N. Their exponentials
are in fp32: only there do they overflow, and vanish, as in the kernel.
"""

from collections.abc import Callable

import torch

from triton_quest.course.mistake import Edit, Mistake, Variant
from triton_quest.course.shared.attention import attention, attention_scores

Tensor = torch.Tensor
LOG2_E = 1.4426950408889634

# The lines of the solution that the edits below touch.
TILES = "BLOCK_M, BLOCK_N, num_warps, num_stages = TILES[q.dtype.itemsize, D]"
M_NEW = "    m_new = tl.maximum(m_i, tl.max(qk, axis=1) * qk_scale)\n"
P = "    p = tl.exp2(qk * qk_scale - m_new[:, None])\n"
ALPHA = "    alpha = tl.exp2(m_i - m_new)\n"
RESCALE = "    acc = acc * alpha[:, None]\n"
ADD = '    acc = tl.dot(p.to(v.dtype), v, acc, input_precision="ieee")\n'
ADD_L = "    l_i = l_i * alpha + tl.sum(p, axis=1)\n"
PID_M = "    pid_m = tl.program_id(axis=0).to(tl.int64)"
REVERSED = "        pid_m = tl.num_programs(axis=0) - 1 - pid_m  # the longest first\n"
PID_BH = "    pid_bh = tl.program_id(axis=1)\n"
BATCH = "    batch = (pid_bh // H).to(tl.int64)\n"
HEAD = "    head = (pid_bh % H).to(tl.int64)\n"
K_PTR = "    k_ptr += batch * stride_kb + head * stride_kh\n"
V_PTR = "    v_ptr += batch * stride_vb + head * stride_vh\n"
OFFS_M = "    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)"
Q_PTRS = "    q_ptrs = q_ptr + offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd"
K_OFFS = "    k_offs = offs_d[:, None] * stride_kd + offs_n[None, :] * stride_kn"
V_OFFS = "    v_offs = offs_n[:, None] * stride_vn + offs_d[None, :] * stride_vd"
LOAD_Q = "    q = tl.load(q_ptrs, mask=offs_m[:, None] < M, other=0.0)\n"
QK_SCALE = f"    qk_scale = sm_scale * {LOG2_E}\n"
M_I = '    m_i = tl.full((BLOCK_M,), -float("inf"), dtype=tl.float32)\n'
L_I = "    l_i = tl.zeros((BLOCK_M,), dtype=tl.float32)\n"
ACC = "    acc = tl.zeros((BLOCK_M, D), dtype=tl.float32)\n"
MASK_FROM = "    mask_from = (pid_m * BLOCK_M if CAUSAL else N) // BLOCK_N * BLOCK_N\n"
END = "    end = tl.minimum((pid_m + 1) * BLOCK_M, N) if CAUSAL else N\n"
FIRST_LOOP = "    for start_n in range(0, mask_from, BLOCK_N):\n"
SECOND_LOOP = "    for start_n in range(mask_from, end, BLOCK_N):\n"
PLAIN_K = "        k = tl.load(k_ptr + start_n * stride_kn + k_offs)\n"
PLAIN_V = "        v = tl.load(v_ptr + start_n * stride_vn + v_offs)\n"
KEYS = "        keys = start_n + offs_n\n"
LOAD_K = "        k = tl.load(k_ptr + start_n * stride_kn + k_offs, mask=keys[None, :] < N, other=0.0)\n"
LOAD_V = "        v = tl.load(v_ptr + start_n * stride_vn + v_offs, mask=keys[:, None] < N, other=0.0)\n"
QK = '        qk = tl.dot(q, k, input_precision="ieee")\n'  # in both loops
VISIBLE = "        visible = keys[None, :] <= offs_m[:, None] if CAUSAL else keys[None, :] < N\n"
MASKED = '        qk = tl.where(visible, qk, -float("inf"))\n'
STEP = "        m_i, l_i, acc = online_softmax_step(qk, v, m_i, l_i, acc, qk_scale)\n"  # in both loops
OUT = "    out = acc / l_i[:, None]\n"
STORE = "    tl.store(out_ptrs, out.to(out_ptr.dtype.element_ty), mask=offs_m[:, None] < M)\n"
SCALE = "        sm_scale = D**-0.5\n"
ALLOCATION = "    out = torch.empty((B, H, M, D), dtype=q.dtype, device=q.device)\n"
GRID = "    grid = (triton.cdiv(M, BLOCK_M), B * H)\n"
TENSORS = "        q, k, v, out,\n"
STRIDES = "*q.stride(), *k.stride(), *v.stride(), *out.stride()"
LENGTHS = "        H, M, N, sm_scale,\n"
CONSTANTS = "        D=D, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, CAUSAL=causal,\n"
RETURN = "    return out\n"


# What the mistakes compute, where it doesn't depend on the tiles. q: (B, H, M, D), k, v: (B, H, N, D) -> (B, H, M, D)


def scale_of(q: Tensor, sm_scale: float | None) -> float:
    return q.shape[-1] ** -0.5 if sm_scale is None else sm_scale


def scaled_by(factor: Callable[[float], float]) -> Callable[..., Tensor]:
    """A formula: attention with another scale, computed from the right one."""

    def formula(q, k, v, causal=True, sm_scale=None):
        return attention(q, k, v, causal, factor(scale_of(q, sm_scale)))

    return formula


def divided_by_d(q, k, v, causal=True, sm_scale=None):
    return attention(q, k, v, causal, 1 / q.shape[-1] if sm_scale is None else sm_scale)


def own_scale_ignored(q, k, v, causal=True, sm_scale=None):
    return attention(q, k, v, causal)


def never_causal(q, k, v, causal=True, sm_scale=None):
    return attention(q, k, v, False, sm_scale)


def always_causal_up_to_n(q, k, v, causal=True, sm_scale=None):
    sees = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool).tril()
    scores = attention_scores(q, k, sm_scale).masked_fill(~sees, -torch.inf)
    return torch.softmax(scores, dim=-1) @ v


def nan_everywhere(q, k, v, causal=True, sm_scale=None):
    return torch.full_like(q, torch.nan)


def first_head_of_k(q, k, v, causal=True, sm_scale=None):
    return attention(q, k[:, :1].expand(k.shape), v, causal, sm_scale)


def v_in_the_layout_of_k(q, k, v, causal=True, sm_scale=None):
    return attention(q, k, v.as_strided(v.shape, k.stride()), causal, sm_scale)


def k_and_v_swapped(q, k, v, causal=True, sm_scale=None):
    return attention(q, v, k, causal, sm_scale)


# The same, where it depends on the tiles: the kernel in PyTorch, with something in it done otherwise.

State = tuple[Tensor, Tensor, Tensor]  # m_i, l_i: (B, H, BLOCK_M, 1), acc: (B, H, BLOCK_M, D)


def step_with(
    new_maximum: Callable[[Tensor, Tensor, float], Tensor] = lambda m_i, qk, scale: m_i.maximum(largest(qk) * scale),
    alpha_of: Callable[[Tensor, Tensor], Tensor] = lambda m_i, m_new: (m_i - m_new).exp2(),
    acc_of: Callable[..., Tensor] = lambda acc, alpha, pv: acc * alpha + pv,
    l_of: Callable[..., Tensor] = lambda l_i, alpha, total: l_i * alpha + total,
    kept: Callable[[Tensor, Tensor], Tensor] = lambda m_i, m_new: m_new,
    divide: Callable[[Tensor, Tensor], Tensor] = lambda acc, l_i: acc,
) -> Callable[..., State]:
    """The step of online softmax: qk, v, m_i, l_i, acc, qk_scale -> the new m_i, l_i, acc."""

    def step(qk, v, m_i, l_i, acc, qk_scale):
        m_new = new_maximum(m_i, qk, qk_scale)
        p, alpha = (qk * qk_scale - m_new).exp2(), alpha_of(m_i, m_new)
        acc, l_i = acc_of(acc, alpha, p @ v), l_of(l_i, alpha, p.sum(dim=-1, keepdim=True))
        return kept(m_i, m_new), l_i, divide(acc, l_i)

    return step


def largest(qk: Tensor) -> Tensor:
    return qk.amax(dim=-1, keepdim=True)


def by_tiles(
    step: Callable[..., State] | None = None,
    first_m: float = -torch.inf,
    visible: Callable[[Tensor, Tensor, int, bool], Tensor] = lambda rows, keys, n, causal: (
        keys <= rows if causal else keys < n
    ),
    masked: float | None = -torch.inf,
    mask_from: Callable[[int, int, int, int, bool], int] = lambda row, bm, bn, n, causal: (
        (row if causal else n) // bn * bn
    ),
    end: Callable[[int, int, int, int, bool], int] = lambda row, bm, m, n, causal: min(row + bm, n) if causal else n,
    first_until: Callable[[int], int] = lambda mask_from: mask_from,
    second_from: Callable[[int], int] = lambda mask_from: mask_from,
    finish: Callable[[Tensor, Tensor], Tensor] = lambda acc, l_i: acc / l_i,
) -> Callable[..., Tensor]:
    """A formula. `row` is the first query of a tile, `visible` takes a column of queries and a row of keys.

    mask_from, end: as in the kernel; the first loop ends at `first_until`, the second begins at `second_from`. masked: what
    hidden scores become in the second loop, None for as they were. finish: acc, l_i -> out.
    """
    step = step or step_with()

    def formula(q, k, v, causal=True, sm_scale=None, *, BLOCK_M, BLOCK_N):
        m, n, scale = q.shape[2], k.shape[2], scale_of(q, sm_scale) * LOG2_E
        q, k, v = (padded(x.float(), block) for x, block in ((q, BLOCK_M), (k, BLOCK_N), (v, BLOCK_N)))
        tiles = []
        for row in range(0, m, BLOCK_M):
            rows = torch.arange(row, row + BLOCK_M)[:, None]
            tile = q[:, :, row : row + BLOCK_M]
            acc = torch.zeros_like(tile)
            state: State = torch.full_like(acc[..., :1], first_m), acc[..., :1].clone(), acc
            whole = mask_from(row, BLOCK_M, BLOCK_N, n, causal)
            last = end(row, BLOCK_M, m, n, causal)
            steps = [(start, False) for start in range(0, first_until(whole), BLOCK_N)]
            steps += [(start, masked is not None) for start in range(second_from(whole), last, BLOCK_N)]
            for start, masks in steps:
                here = slice(start, start + BLOCK_N)
                qk = tile @ k[:, :, here].transpose(-1, -2)
                if masks:
                    sees = visible(rows, torch.arange(start, start + BLOCK_N)[None, :], n, causal)
                    qk = qk.masked_fill(~sees, masked)
                state = step(qk, v[:, :, here], *state, scale)
            tiles.append(finish(state[2], state[1]))
        return torch.cat(tiles, dim=2)[:, :, :m].double()

    return formula


def padded(x: Tensor, block: int) -> Tensor:
    """x: (B, H, S, D), with rows of zeros up to a whole number of blocks"""
    return torch.nn.functional.pad(x, (0, 0, 0, -x.shape[2] % block))


def without_alpha(old: Tensor, alpha: Tensor, new: Tensor) -> Tensor:
    return old + new


def only_the_new(old: Tensor, alpha: Tensor, new: Tensor) -> Tensor:
    return new


def always_causal(q, k, v, causal=True, sm_scale=None, *, BLOCK_M, BLOCK_N):
    return by_tiles()(q, k, v, True, sm_scale, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N)


NEVER_CAUSAL = (
    "Your output equals attention without the causal mask, though `causal` is asked for: query `m` may see keys 0 to `m`, and "
    "none that comes later."
)
ONLY_M_NEW = (
    "Your output is NaN everywhere: before the first step `m_i` is -inf, so what takes it away is exp2(inf), and inf * 0 is NaN. "
    "Take only `m_new` away: `alpha` is exp2(m_i - m_new), and `p` is exp2(qk * qk_scale - m_new)."
)
TOO_FAR = (
    "Your first loop, which has no masks, takes a tile that hangs over the end of the keys: `mask_from` is rounded down to a "
    "whole number of key tiles."
)
ALWAYS_CAUSAL = "Your output has the causal mask although `causal=False` was passed: then every query sees every key."

MISTAKES = (
    # -- the scale
    Mistake(
        "no_scale",
        (Edit(QK_SCALE, f"    qk_scale = {LOG2_E}\n"),),
        "numbers",
        "Your output equals attention without the scale: `qk_scale` is `sm_scale` times log2(e).",
        2,
        scaled_by(lambda scale: 1.0),
    ),
    Mistake(
        "scale_twice",
        (Edit(QK, QK.rstrip("\n") + " * sm_scale\n", count=2),),
        "numbers",
        "Your output equals attention with the scale applied twice: `qk_scale` has it already, so `qk` stays raw.",
        2,
        scaled_by(lambda scale: scale * scale),
    ),
    Mistake(
        "qk_scale_twice",
        (Edit(QK, QK.rstrip("\n") + " * qk_scale\n", count=2),),
        "numbers",
        "Your output equals attention with `qk_scale` applied twice: the step multiplies by it already, so `qk` stays raw.",
        2,
        scaled_by(lambda scale: scale * scale * LOG2_E),
    ),
    Mistake(
        "ln_2_for_log2_e",
        (Edit(QK_SCALE, "    qk_scale = sm_scale * 0.6931471805599453\n"),),
        "numbers",
        "Your output is what ln(2) = 0.6931 in the place of log2(e) = 1.4427 leads to: one is 1 divided by the other.",
        2,
        scaled_by(lambda scale: scale / LOG2_E**2),
    ),
    Mistake(
        "divided_by_d",
        (Edit(SCALE, "        sm_scale = 1 / D\n"),),
        "numbers",
        "Your output equals attention with 1 / D for the scale: it is 1 / sqrt(D).",
        2,
        divided_by_d,
    ),
    Mistake(
        "own_scale_ignored",
        (Edit(QK_SCALE, f"    qk_scale = D**-0.5 * {LOG2_E}\n"),),
        "numbers",
        "Your output equals attention with 1 / sqrt(D) for the scale, where another one was passed: use `sm_scale`.",
        2,
        own_scale_ignored,
    ),
    Mistake(
        "log2_e_forgotten",
        (Edit(QK_SCALE, "    qk_scale = sm_scale\n"),),
        "numbers",
        "Your output equals attention with powers of 2 instead of powers of e: `tl.exp2` needs log2(e) = 1.4427 in `qk_scale`.",
        2,
        scaled_by(lambda scale: scale / LOG2_E),
    ),
    Mistake(
        "log2_e_with_exp",
        (Edit(P, P.replace("exp2", "exp")), Edit(ALPHA, ALPHA.replace("exp2", "exp"))),
        "numbers",
        "Your output equals attention with scores that are 1.4427 times too large: log2(e) belongs to `tl.exp2`, not to "
        "`tl.exp`.",
        2,
        scaled_by(lambda scale: scale * LOG2_E),
    ),
    Mistake(
        "alpha_by_exp",
        (Edit(ALPHA, ALPHA.replace("exp2", "exp")),),
        "numbers",
        "Your `alpha` is a power of e and your `p` are powers of 2: the maximum is in powers of 2, so both need `tl.exp2`.",
        4,
        by_tiles(step_with(alpha_of=lambda m_i, m_new: (m_i - m_new).exp())),
    ),
    Mistake(
        "maximum_not_scaled",
        (Edit(M_NEW, "    m_new = tl.maximum(m_i, tl.max(qk, axis=1))\n"),),
        "numbers",
        "Your maximum is that of the raw `qk`, and it is taken away from `qk * qk_scale`: far from the true maximum, all "
        "exponentials are 0 or overflow. Multiply it by `qk_scale` as well.",
        4,
        by_tiles(step_with(new_maximum=lambda m_i, qk, scale: m_i.maximum(largest(qk)))),
    ),
    Mistake(
        "maximum_scaled_again",
        (Edit(M_NEW, "    m_new = tl.maximum(m_i, tl.max(qk, axis=1)) * qk_scale\n"),),
        "numbers",
        "Your `m_new` multiplies the old maximum by `qk_scale` in every step, and it was scaled when it was new. Only the "
        "largest `qk` of the row is raw: multiply that, then compare.",
        4,
        by_tiles(step_with(new_maximum=lambda m_i, qk, scale: m_i.maximum(largest(qk)) * scale)),
    ),
    # -- which keys a query sees
    Mistake(
        "never_causal",
        (Edit(CONSTANTS, CONSTANTS.replace("CAUSAL=causal", "CAUSAL=False")),),
        "numbers",
        NEVER_CAUSAL,
        6,
        never_causal,
    ),
    Mistake(
        "future_tiles_unmasked",
        (Edit(END, "    end = N\n"), Edit(VISIBLE, "        visible = keys[None, :] < N\n")),
        "numbers",
        NEVER_CAUSAL,
        5,
        never_causal,
        same_output_as=("never_causal",),
    ),
    Mistake(
        "always_causal",
        (Edit(CONSTANTS, CONSTANTS.replace("CAUSAL=causal", "CAUSAL=True")),),
        "numbers",
        ALWAYS_CAUSAL,
        6,
        always_causal,
        same_output_as=("always_causal_up_to_n",),
    ),
    Mistake(
        "always_causal_up_to_n",
        (
            Edit(VISIBLE, "        visible = (keys[None, :] <= offs_m[:, None]) & (keys[None, :] < N)\n"),
            Edit(CONSTANTS, CONSTANTS.replace("CAUSAL=causal", "CAUSAL=True")),
        ),
        "numbers",
        ALWAYS_CAUSAL,
        6,
        always_causal_up_to_n,
        same_output_as=("always_causal",),
    ),
    Mistake(
        "itself_excluded",
        (Edit(VISIBLE, VISIBLE.replace("<= offs_m", "< offs_m")),),
        "numbers",
        "Your queries don't see the key of their own number, and the first one sees none, which makes its row NaN: the "
        "diagonal belongs to what is seen, so compare with `<=`.",
        5,
        by_tiles(visible=lambda rows, keys, n, causal: keys < rows if causal else keys < n),
    ),
    Mistake(
        "one_of_the_future",
        (Edit(VISIBLE, VISIBLE.replace("offs_m[:, None]", "offs_m[:, None] + 1")),),
        "numbers",
        "Your queries see one key of the future: query `m` may see keys 0 to `m`, and not `m + 1`.",
        5,
        by_tiles(visible=lambda rows, keys, n, causal: keys <= rows + 1 if causal else keys < n),
    ),
    Mistake(
        "past_hidden",
        (Edit(VISIBLE, VISIBLE.replace("<= offs_m", ">= offs_m")),),
        "numbers",
        "Your causal mask is the wrong way round: in the tiles on the diagonal, the queries see the future and not the past.",
        5,
        by_tiles(visible=lambda rows, keys, n, causal: keys >= rows if causal else keys < n),
    ),
    Mistake(
        "only_the_future_seen",
        (Edit(VISIBLE, VISIBLE.replace("<= offs_m", "> offs_m")),),
        "numbers",
        "Your `visible` is True where the key comes after the query: turn the comparison round.",
        5,
        by_tiles(visible=lambda rows, keys, n, causal: keys > rows if causal else keys < n),
    ),
    Mistake(
        "second_loop_always_causal",
        (Edit(VISIBLE, "        visible = keys[None, :] <= offs_m[:, None]\n"),),
        "numbers",
        "Your second loop hides what comes after the query even if `causal` is False: then it must hide only keys that don't "
        "exist.",
        5,
        by_tiles(visible=lambda rows, keys, n, causal: keys <= rows),
    ),
    Mistake(
        "keys_counted_in_the_tile",
        (Edit(VISIBLE, VISIBLE.replace("keys[None, :] <=", "offs_n[None, :] <=")),),
        "numbers",
        "Your causal mask counts the keys from the beginning of their tile, and what decides are places in the text: compare "
        "`start_n + offs_n` with `offs_m`.",
        5,
        by_tiles(visible=lambda rows, keys, n, causal: keys - keys[:, :1] <= rows if causal else keys < n),
    ),
    Mistake(
        "both_counted_in_the_tile",
        (
            Edit(
                VISIBLE,
                VISIBLE.replace("keys[None, :] <=", "offs_n[None, :] <=").replace("offs_m[", "tl.arange(0, BLOCK_M)["),
            ),
        ),
        "numbers",
        "Your causal mask compares places in the tile on both sides. That is right only where a tile of queries and a tile of "
        "keys begin at the same place: compare places in the text.",
        5,
        by_tiles(visible=lambda rows, keys, n, causal: keys - keys[:, :1] <= rows - rows[:1] if causal else keys < n),
    ),
    # -- masks
    Mistake(
        "not_masked",
        (Edit(MASKED, ""),),
        "numbers",
        "Your second loop doesn't mask `qk`: queries see what comes later in their tile, and keys that don't exist count as "
        "a score of 0. Put minus infinity there.",
        5,
        by_tiles(masked=None),
    ),
    Mistake(
        "missing_keys_count",
        (Edit(VISIBLE, VISIBLE.replace("keys[None, :] < N", "keys[None, :] >= 0")),),
        "numbers",
        "Your keys behind the last one count: they are loaded as 0, have a score of 0, and are in `l_i`. Without `causal`, "
        "the mask has to hide them.",
        5,
        by_tiles(visible=lambda rows, keys, n, causal: keys <= rows if causal else keys >= 0),
    ),
    Mistake(
        "zero_for_minus_infinity",
        (Edit(MASKED, MASKED.replace('-float("inf")', "0.0")),),
        "numbers",
        "Your hidden keys have the score 0 instead of minus infinity, and exp2(0 - m_new) is in the sum.",
        5,
        by_tiles(masked=0.0),
    ),
    Mistake(
        "minus_10000",
        (Edit(MASKED, MASKED.replace('-float("inf")', "-1e4")),),
        "numbers",
        "Your hidden keys hold a number that scores can be smaller than, and then they win the maximum. Only minus infinity "
        "is below every score.",
        5,
        by_tiles(masked=-1e4),
    ),
    Mistake(
        "no_mask_on_k",
        (Edit(LOAD_K, PLAIN_K),),
        "memory",
        "Your load of the keys in the second loop has no mask: its last tile hangs over the end of `k`.",
        5,
    ),
    Mistake(
        "no_mask_on_v",
        (Edit(LOAD_V, PLAIN_V),),
        "memory",
        "Your load of the values in the second loop has no mask: its last tile hangs over the end of `v`.",
        5,
    ),
    Mistake(
        "no_other_for_v",
        (Edit(LOAD_V, LOAD_V.replace(", other=0.0", "")),),
        "memory",
        "Your masked-off values may be anything, and 0 times anything isn't always 0: give the load `other=0.0`.",
        5,
    ),
    Mistake(
        "keys_without_start",
        (Edit(KEYS, "        keys = offs_n\n"),),
        "memory",
        "Your `keys` are counted from the beginning of the tile: add `start_n`, and the mask stops at the last key.",
        5,
    ),
    Mistake(
        "no_mask_on_q",
        (Edit(LOAD_Q, "    q = tl.load(q_ptrs)\n"),),
        "memory",
        "Your load of the queries has no mask: the last tile hangs over the end of `q`.",
        2,
    ),
    Mistake(
        "no_mask_on_the_store",
        (Edit(STORE, STORE.replace(", mask=offs_m[:, None] < M", "")),),
        "memory",
        "Your store has no mask: the last tile of queries hangs over the end of `out`.",
        6,
    ),
    Mistake(
        "not_stored",
        (Edit(STORE, ""),),
        "memory",
        "Your kernel has no store: `out` has to go to `out_ptrs`.",
        6,
    ),
    # -- the two loops
    Mistake(
        "diagonal_skipped",
        (Edit(SECOND_LOOP, SECOND_LOOP.replace("end", "mask_from")),),
        "numbers",
        "Your second loop does nothing: the tiles that need a mask are left out, and where there is no other, 0 / 0 is NaN. "
        "It goes from `mask_from` to `end`.",
        3,
        by_tiles(end=lambda row, bm, m, n, causal: 0),
    ),
    Mistake(
        "end_before_the_tile",
        (Edit(END, "    end = pid_m * BLOCK_M if CAUSAL else N\n"),),
        "numbers",
        "Your `end` is the first query of the tile, and the loops leave out the diagonal: the last query of the tile sees keys "
        "up to its own, which is number (pid_m + 1) * BLOCK_M - 1.",
        3,
        by_tiles(end=lambda row, bm, m, n, causal: row if causal else n),
    ),
    Mistake(
        "one_tile_too_far",
        (Edit(FIRST_LOOP, FIRST_LOOP.replace("mask_from", "mask_from + BLOCK_N")),),
        "memory",
        TOO_FAR,
        3,
    ),
    Mistake(
        "all_tiles_unmasked",
        (Edit(MASK_FROM, "    mask_from = tl.cdiv(N, BLOCK_N) * BLOCK_N\n"),),
        "memory",
        TOO_FAR,
        3,
    ),
    Mistake(
        "mask_from_not_rounded",
        (Edit(MASK_FROM, "    mask_from = pid_m * BLOCK_M if CAUSAL else N\n"),),
        "memory",
        TOO_FAR,
        3,
    ),
    Mistake(
        "mask_from_counts_tiles",
        (Edit(MASK_FROM, MASK_FROM.replace(" // BLOCK_N * BLOCK_N", " // BLOCK_N")),),
        "numbers",
        "Your `mask_from` is the number of a tile, and it must be that of a key: after `// BLOCK_N`, multiply by BLOCK_N.",
        3,
    ),
    Mistake(
        "end_of_the_first_query",
        (Edit(END, "    end = pid_m * BLOCK_M + 1 if CAUSAL else N\n"),),
        "numbers",
        "Your `end` counts the keys that the first query of the tile sees, as in level 7. The last one sees most: its number is "
        "(pid_m + 1) * BLOCK_M - 1.",
        3,
        by_tiles(end=lambda row, bm, m, n, causal: row + 1 if causal else n),
    ),
    Mistake(
        "diagonal_unmasked",
        (
            Edit(
                MASK_FROM + END,
                END + "    mask_from = end // BLOCK_N * BLOCK_N\n",
            ),
        ),
        "numbers",
        "Your first loop, which has no masks, takes the tiles on the diagonal too: it must end before the first key that comes "
        "after the first query of the tile.",
        3,
        by_tiles(
            mask_from=lambda row, bm, bn, n, causal: (min(row + bm, n) if causal else n) // bn * bn,
        ),
    ),
    Mistake(
        "second_loop_from_0",
        (Edit(SECOND_LOOP, SECOND_LOOP.replace("mask_from", "0")),),
        "numbers",
        "Your second loop begins at key 0, so the keys of the first loop count twice: it goes on from `mask_from`.",
        3,
        by_tiles(second_from=lambda mask_from: 0),
    ),
    Mistake(
        "first_loop_skipped",
        (Edit(FIRST_LOOP, FIRST_LOOP.replace("mask_from", "0")),),
        "numbers",
        "Your first loop leaves nothing behind, and the keys before `mask_from` don't count: it runs from 0 to `mask_from`, and "
        "keeps what the step returns in `m_i`, `l_i` and `acc`.",
        3,
        by_tiles(first_until=lambda mask_from: 0),
    ),
    # -- the maximum
    Mistake(
        "no_max",
        (Edit(M_NEW, "    m_new = tl.zeros_like(m_i)\n"),),
        "numbers",
        "Your output equals attention without a maximum subtracted: for large scores `exp2` overflows, for very negative ones it "
        "is 0, and neither can be divided.",
        4,
        by_tiles(step_with(new_maximum=lambda m_i, qk, scale: torch.zeros_like(m_i))),
    ),
    Mistake(
        "max_from_zero",
        (Edit(M_I, "    m_i = tl.zeros((BLOCK_M,), dtype=tl.float32)\n"),),
        "numbers",
        "Your maximum never falls below 0: far below it, all exponentials are 0, and 0 / 0 is NaN. Of no scores at all, the "
        "largest is minus infinity.",
        2,
        by_tiles(first_m=0.0),
    ),
    Mistake(
        "max_of_the_tile",
        (Edit(M_NEW, "    m_new = tl.max(qk, axis=1) * qk_scale\n"),),
        "numbers",
        "Your `m_new` is the maximum of the tile alone: when a tile lies far below the one before it, `alpha` overflows. The "
        "running maximum never falls.",
        4,
        by_tiles(step_with(new_maximum=lambda m_i, qk, scale: largest(qk) * scale)),
    ),
    Mistake(
        "max_of_the_whole_tile",
        (Edit(M_NEW, "    m_new = tl.maximum(m_i, tl.max(tl.max(qk, axis=1), axis=0) * qk_scale)\n"),),
        "numbers",
        "Your rows share one maximum, that of the whole tile: in a row far below it, all exponentials are 0. Each row needs its "
        "own.",
        4,
    ),
    Mistake(
        "max_not_kept",
        (Edit("    return m_new, l_i, acc\n", "    return m_i, l_i, acc\n"),),
        "numbers",
        "Your maximum isn't handed on from step to step, so every tile begins anew: with -inf for the old maximum, `alpha` is 0, and "
        "only the last tile is left.",
        4,
        by_tiles(step_with(kept=lambda m_i, m_new: m_i)),
    ),
    # -- rescaling
    Mistake(
        "nothing_rescaled",
        (Edit(RESCALE, ""), Edit(ADD_L, ADD_L.replace("l_i * alpha", "l_i"))),
        "numbers",
        "Your old sums aren't rescaled: when a later tile has a larger score, they still belong to the old maximum. Multiply "
        "both by `alpha`, computed from the old maximum and the new one.",
        4,
        by_tiles(step_with(acc_of=without_alpha, l_of=without_alpha)),
    ),
    Mistake(
        "acc_not_rescaled",
        (Edit(RESCALE, ""),),
        "numbers",
        "Your `acc` isn't rescaled, and `l_i` is: when a later tile has a larger score, `acc` still belongs to the old maximum.",
        4,
        by_tiles(step_with(acc_of=without_alpha)),
    ),
    Mistake(
        "l_i_not_rescaled",
        (Edit(ADD_L, ADD_L.replace("l_i * alpha", "l_i")),),
        "numbers",
        "Your `l_i` isn't rescaled, and `acc` is: when a later tile has a larger score, `l_i` still belongs to the old maximum.",
        4,
        by_tiles(step_with(l_of=without_alpha)),
    ),
    Mistake(
        "alpha_upside_down",
        (Edit(ALPHA, "    alpha = tl.exp2(m_new - m_i)\n"),),
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
        "rescaled_after_adding",
        (
            Edit(RESCALE, ""),
            Edit(ADD, f"{ADD}{RESCALE}"),
            Edit(ADD_L, "    l_i = (l_i + tl.sum(p, axis=1)) * alpha\n"),
        ),
        "numbers",
        "Your `alpha` multiplies the tile's own terms as well: they were made with the new maximum already. Rescale what is old, "
        "then add.",
        4,
    ),
    Mistake(
        "last_tile_only",
        (
            Edit(RESCALE, ""),
            Edit(ADD, ADD.replace("v, acc,", "v,")),
            Edit(ADD_L, "    l_i = tl.sum(p, axis=1)\n"),
        ),
        "numbers",
        "Your output is that of the last tile of keys alone: each tile replaces the sums instead of adding to them.",
        4,
    ),
    Mistake(
        "acc_of_the_last_tile",
        (Edit(RESCALE, ""), Edit(ADD, ADD.replace("v, acc,", "v,"))),
        "numbers",
        "Your `acc` holds the last tile only, and `l_i` all of them: `tl.dot` adds to what it is given as its third argument.",
        4,
        by_tiles(step_with(acc_of=only_the_new)),
    ),
    Mistake(
        "sum_of_the_last_tile",
        (Edit(ADD_L, "    l_i = tl.sum(p, axis=1)\n"),),
        "numbers",
        "Your `l_i` holds the sum of the last tile only: the tiles before belong to it too, rescaled.",
        4,
    ),
    # -- the division
    Mistake(
        "not_divided",
        (Edit(OUT, "    out = acc\n"),),
        "numbers",
        "Your output isn't divided by `l_i`: the weights of a row don't sum to 1.",
        6,
        by_tiles(finish=lambda acc, l_i: acc),
    ),
    Mistake(
        "divided_in_each_step",
        (Edit(ADD_L, f"{ADD_L}    acc = acc / l_i[:, None]\n"), Edit(OUT, "    out = acc\n")),
        "numbers",
        "Your `acc` is divided in each step, so what came first is divided again and again: divide once, after the loops.",
        6,
        by_tiles(step_with(divide=lambda acc, l_i: acc / l_i), finish=lambda acc, l_i: acc),
    ),
    # -- precision
    Mistake(
        "acc_in_the_dtype_of_out",
        (
            Edit(ACC, "    acc = tl.zeros((BLOCK_M, D), dtype=out_ptr.dtype.element_ty)\n"),
            Edit(RESCALE, ""),
            Edit(
                ADD,
                '    acc = (acc * alpha[:, None] + tl.dot(p.to(v.dtype), v, input_precision="ieee")).to(acc.dtype)\n',
            ),
        ),
        "numbers",
        "Your `acc` is rounded to half precision in each step, and the errors add up. Keep it in tl.float32, and convert it once, "
        "at the store.",
        2,
    ),
    Mistake(
        "acc_in_fp16",
        (Edit(ADD, f"{ADD}    acc = acc.to(tl.float16).to(tl.float32)\n"),),
        "numbers",
        "Your `acc` is kept in fp16, which loses digits with every step. Keep it in tl.float32.",
        2,
        same_output_as=("acc_in_the_dtype_of_out",),
    ),
    Mistake(
        "p_in_fp16",
        (Edit(ADD, ADD.replace("p.to(v.dtype), v", "p.to(tl.float16), v.to(tl.float16)")),),
        "numbers",
        "Your `p` and `v` are rounded to fp16 before they are multiplied, whatever the inputs are: convert `p` to the dtype that "
        "`v` has.",
        4,
    ),
    Mistake(
        "scores_in_fp16",
        (Edit(QK, QK.rstrip("\n") + ".to(tl.float16).to(tl.float32)\n", count=2),),
        "numbers",
        "Your `qk` are rounded to fp16, which keeps three digits, and `exp2` makes large errors of small ones. Keep them in fp32.",
        5,
    ),
    # -- places
    Mistake(
        "k_without_head",
        (Edit(K_PTR, K_PTR.replace(" + head * stride_kh", "")),),
        "numbers",
        "Your output equals attention with the keys of the first head for all heads: add `head * stride_kh`.",
        1,
        first_head_of_k,
    ),
    Mistake(
        "batch_and_head_mixed",
        (Edit(BATCH, BATCH.replace("//", "%")), Edit(HEAD, HEAD.replace("%", "//"))),
        "memory",
        "Your batch and head are the wrong way round: with H heads, the batch is `pid_bh // H` and the head `pid_bh % H`.",
        1,
    ),
    Mistake(
        "k_assumed_contiguous",
        (Edit(K_OFFS, "    k_offs = offs_d[:, None] + offs_n[None, :] * D"),),
        "memory",
        "Your `k_offs` take `k` to be contiguous. Its keys are `stride_kn` apart, and their numbers `stride_kd`.",
        5,
    ),
    Mistake(
        "always_the_first_tile",
        (
            Edit(PLAIN_K, "        k = tl.load(k_ptr + k_offs)\n"),
            Edit(PLAIN_V, "        v = tl.load(v_ptr + v_offs)\n"),
        ),
        "numbers",
        "Your first loop loads the first tile of keys and values in every step: the tile of the step is `start_n` keys further on.",
        5,
    ),
    Mistake(
        "never_moved_on",
        (
            Edit(PLAIN_K, "        k = tl.load(k_ptr + k_offs)\n"),
            Edit(PLAIN_V, "        v = tl.load(v_ptr + v_offs)\n"),
            Edit(LOAD_K, LOAD_K.replace("start_n * stride_kn + ", "")),
            Edit(LOAD_V, LOAD_V.replace("start_n * stride_vn + ", "")),
        ),
        "numbers",
        "Your loads take the first tile of keys and values in every step. The tile of the step begins `start_n` keys behind "
        "`k_ptr`, and `start_n` values behind `v_ptr`.",
        5,
    ),
    Mistake(
        "first_tile_on_the_diagonal",
        (
            Edit(LOAD_K, LOAD_K.replace("start_n * stride_kn + ", "")),
            Edit(LOAD_V, LOAD_V.replace("start_n * stride_vn + ", "")),
        ),
        "numbers",
        "Your second loop loads the first tile of keys and values in every step: the tile of the step is `start_n` keys further "
        "on.",
        5,
    ),
    Mistake(
        "moved_without_strides",
        (
            Edit(PLAIN_K, PLAIN_K.replace(" * stride_kn", "")),
            Edit(PLAIN_V, PLAIN_V.replace(" * stride_vn", "")),
            Edit(LOAD_K, LOAD_K.replace(" * stride_kn", "")),
            Edit(LOAD_V, LOAD_V.replace(" * stride_vn", "")),
        ),
        "numbers",
        "Your tiles move on by `start_n` elements. They are `start_n` keys further on, and keys are `stride_kn` apart, values "
        "`stride_vn`.",
        5,
    ),
    Mistake(
        "v_moved_by_the_stride_of_k",
        (
            Edit(PLAIN_V, PLAIN_V.replace("stride_vn", "stride_kn")),
            Edit(LOAD_V, LOAD_V.replace("stride_vn", "stride_kn")),
        ),
        "memory",
        "Your tiles of `v` move on by `stride_kn`: values are `stride_vn` apart.",
        5,
    ),
    Mistake(
        "moved_twice",
        (Edit(PLAIN_K, f"{PLAIN_K}        k_offs += BLOCK_N * stride_kn\n"),),
        "memory",
        "Your tiles of `k` move on twice: by `start_n`, and by `k_offs`, which stay the same in every step.",
        5,
    ),
    Mistake(
        "start_n_counted_as_a_tile",
        (
            Edit(PLAIN_K, PLAIN_K.replace("start_n *", "start_n * BLOCK_N *")),
            Edit(PLAIN_V, PLAIN_V.replace("start_n *", "start_n * BLOCK_N *")),
            Edit(LOAD_K, LOAD_K.replace("start_n *", "start_n * BLOCK_N *")),
            Edit(LOAD_V, LOAD_V.replace("start_n *", "start_n * BLOCK_N *")),
        ),
        "memory",
        "Your loads take `start_n` for the number of a tile. It is the number of a key already, and goes up in steps of BLOCK_N.",
        5,
    ),
    Mistake(
        "pointers_moved_by_start_n",
        (
            Edit(PLAIN_K, "        k_ptr += start_n * stride_kn\n        k = tl.load(k_ptr + k_offs)\n"),
            Edit(PLAIN_V, "        v_ptr += start_n * stride_vn\n        v = tl.load(v_ptr + v_offs)\n"),
            Edit(LOAD_K, "        k_ptr += start_n * stride_kn\n" + LOAD_K.replace("start_n * stride_kn + ", "")),
            Edit(LOAD_V, "        v_ptr += start_n * stride_vn\n" + LOAD_V.replace("start_n * stride_vn + ", "")),
        ),
        "memory",
        "Your `k_ptr` moves on by `start_n` keys in each step, and `start_n` counts from key 0: so much is to be added in the "
        "load alone, while `k_ptr` stays.",
        5,
    ),
    Mistake(
        "k_moved_without_stride",
        (Edit(PLAIN_K, PLAIN_K.replace(" * stride_kn", "")), Edit(LOAD_K, LOAD_K.replace(" * stride_kn", ""))),
        "numbers",
        "Your tiles of `k` move on by `start_n` elements. The tile of the step is `start_n` keys further on, and keys are "
        "`stride_kn` apart.",
        5,
    ),
    Mistake(
        "moved_by_whole_keys_of_d",
        (Edit(PLAIN_K, PLAIN_K.replace("stride_kn", "D")), Edit(LOAD_K, LOAD_K.replace("stride_kn", "D"))),
        "numbers",
        "Your tiles of `k` move on as if keys were D elements apart, which they needn't be: they are `stride_kn` apart.",
        5,
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
        (Edit(GRID, "    grid = (triton.cdiv(M, BLOCK_M), B, H)\n"),),
        "memory",
        "Your grid has three axes, and the kernel looks at two: batch and head are one number there, and axis 1 counts B * H.",
        6,
    ),
    Mistake(
        "grid_axes_swapped",
        (Edit(GRID, "    grid = (B * H, triton.cdiv(M, BLOCK_M))\n"),),
        "memory",
        "Your grid has the heads along axis 0 and the tiles of queries along axis 1, and the kernel takes it the other way round.",
        6,
    ),
    Mistake(
        "grid_by_block_n",
        (Edit(GRID, GRID.replace("BLOCK_M", "BLOCK_N")),),
        "memory",
        "Your grid has a program for every BLOCK_N queries: a tile of queries has BLOCK_M.",
        6,
    ),
    Mistake(
        "grid_rounded_down",
        (Edit(GRID, "    grid = (M // BLOCK_M, B * H)\n"),),
        "memory",
        "Your grid rounds down: a tile of queries that hangs over the end gets no program. triton.cdiv rounds up.",
        6,
    ),
    Mistake(
        "grid_without_batches",
        (Edit(GRID, GRID.replace("B * H", "H")),),
        "memory",
        "Your grid has programs for the heads of one batch only: there are B * H heads in all.",
        6,
    ),
    Mistake(
        "m_and_n_swapped",
        (Edit(LENGTHS, "        H, N, M, sm_scale,\n"),),
        "memory",
        "Your launch passes N where the kernel takes M, and M where it takes N.",
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
        (Edit(GRID, f"    q = q * sm_scale\n{GRID}"), Edit(LENGTHS, "        H, M, N, 1.0,\n")),
        "rules",
        "Your launcher scales q in PyTorch, which writes a copy of it: the scale is free in the kernel.",
        2,
    ),
    Mistake(
        "cast_in_the_launcher",
        (Edit(GRID, f"    q, k, v = q.float(), k.float(), v.float()\n{GRID}"),),
        "rules",
        "Your launcher converts its inputs to fp32 in PyTorch, which writes copies of them: `tl.dot` takes them as they are.",
        2,
    ),
    # -- properties
    Mistake(
        "square_matrix",
        (
            Edit("    H,  # heads\n", "    scores_ptr,\n    H,  # heads\n"),
            Edit(
                MASKED,
                f"{MASKED}        rows = (pid_bh.to(tl.int64) * M + offs_m[:, None]) * N\n"
                "        inside = (offs_m[:, None] < M) & (keys[None, :] < N)\n"
                "        tl.store(scores_ptr + rows + keys[None, :], qk, mask=inside)\n",
            ),
            Edit(GRID, f"    matrix = torch.empty((B, H, M, N), dtype=torch.float32, device=q.device)\n{GRID}"),
            Edit(LENGTHS, "        matrix, H, M, N, sm_scale,\n"),
        ),
        "property",
        "Your launcher allocates a matrix of S x S: the scores of a tile are needed only until the next one.",
        1,
        attention,
    ),
    # -- contract
    Mistake(
        "out_always_fp32",
        (Edit(ALLOCATION, ALLOCATION.replace("q.dtype", "torch.float32")),),
        "contract",
        "Your output is fp32 whatever the inputs are: it has to have the dtype of q.",
        6,
    ),
    Mistake(
        "nothing_returned",
        (Edit(RETURN, ""),),
        "contract",
        "Your launcher returns nothing: it has to return out.",
        6,
    ),
    # -- what a GPU doesn't compile
    Mistake(
        "max_over_the_wrong_axis",
        (Edit(M_NEW, M_NEW.replace("axis=1", "axis=0")),),
        "compile",
        "Your maximum runs down the columns, over the queries, which gives one number a key: a row is reduced with `axis=1`.",
        1,
    ),
    Mistake(
        "sum_over_the_wrong_axis",
        (Edit(ADD_L, ADD_L.replace("axis=1", "axis=0")),),
        "compile",
        "Your sum runs down the columns, over the queries, which gives one number a key: a row is reduced with `axis=1`.",
        1,
    ),
    Mistake(
        "results_start_as_numbers",
        (Edit(M_I, '    m_i = -float("inf")\n'), Edit(L_I, "    l_i = 0.0\n")),
        "compile",
        "Your `m_i` and `l_i` start as single numbers, as in level 7, and become vectors in the loop: here each query of the tile "
        "has its own, so start them with tl.full and tl.zeros.",
        2,
    ),
    Mistake(
        "p_not_converted",
        (Edit(ADD, ADD.replace("p.to(v.dtype)", "p")),),
        "compile",
        "Your `p` is fp32 and `v` may be fp16: `tl.dot` wants two tiles of one dtype, so convert `p` to that of `v`.",
        4,
    ),
    Mistake(
        "k_not_transposed",
        (Edit(QK, QK.replace("k,", "tl.trans(k),"), count=2),),
        "compile",
        "Your `k` is transposed twice: the offsets `k_offs` already fetch a tile of K^T, (D, BLOCK_N).",
        5,
    ),
    Mistake(
        "break_at_the_diagonal",
        (
            Edit(END, "    end = N\n"),
            Edit(
                KEYS,
                "        if CAUSAL:\n            if start_n >= (pid_m + 1) * BLOCK_M:\n                break\n" + KEYS,
            ),
        ),
        "compile",
        "Your loop has a `break`, which doesn't exist in a kernel: let the range end where the queries see nothing more.",
        3,
    ),
    Mistake(
        "global_in_the_kernel",
        (
            Edit("HEAD_DIMS = (16", f"LOG2_E = {LOG2_E}\nHEAD_DIMS = (16"),
            Edit(QK_SCALE, "    qk_scale = sm_scale * LOG2_E\n"),
        ),
        "compile",
        "Your kernel uses a variable of the module, which a compiled kernel can't see: write the number in the kernel.",
        2,
    ),
)


def tiles(block_m: int, block_n: int, warps: int = 4, stages: int = 1) -> Edit:
    return Edit(TILES, f"BLOCK_M, BLOCK_N, num_warps, num_stages = {block_m}, {block_n}, {warps}, {stages}")


INLINED = """\
        m_new = tl.maximum(m_i, tl.max(qk, axis=1) * qk_scale)
        p = tl.exp2(qk * qk_scale - m_new[:, None])
        alpha = tl.exp2(m_i - m_new)
        l_i = l_i * alpha + tl.sum(p, axis=1)
        acc = tl.dot(p.to(v.dtype), v, acc * alpha[:, None], input_precision="ieee")
        m_i = m_new
"""
NATURAL_K = "    k_offs = offs_n[:, None] * stride_kn + offs_d[None, :] * stride_kd"
DESCRIPTORS = """\
    k_desc = tl.make_tensor_descriptor(k_ptr, [N, D], [stride_kn, 1], [BLOCK_N, D])
    v_desc = tl.make_tensor_descriptor(v_ptr, [N, D], [stride_vn, 1], [BLOCK_N, D])
"""
ALLOCATOR = """\
    triton.set_allocator(lambda size, alignment, stream: torch.empty(size, dtype=torch.int8, device=q.device))
    k, v = k.contiguous(), v.contiguous()
"""

VARIANTS = (
    Variant("tiles_16_16", (tiles(16, 16),), "The smallest tiles that tl.dot takes: more steps, the same answer."),
    Variant("tiles_16_128", (tiles(16, 128),), "Few queries and many keys: one tile of keys holds several diagonals."),
    Variant("tiles_128_16", (tiles(128, 16, 8),), "Many queries and few keys: eight tiles lie on the diagonal."),
    Variant("tiles_128_128", (tiles(128, 128, 8),), "Large square tiles."),
    Variant(
        "heads_first",
        (
            Edit(PID_M, PID_M.replace("axis=0", "axis=1")),
            Edit(REVERSED, REVERSED.replace("axis=0", "axis=1")),
            Edit(PID_BH, "    pid_bh = tl.program_id(axis=0)\n"),
            Edit(GRID, "    grid = (B * H, triton.cdiv(M, BLOCK_M))\n"),
        ),
        "The heads may be the first axis of the grid.",
    ),
    Variant(
        "grid_of_one_axis",
        (
            Edit(PID_M, "    tiles = tl.cdiv(M, BLOCK_M)\n    pid_m = (tl.program_id(axis=0) % tiles).to(tl.int64)"),
            Edit(f"    if CAUSAL:\n{REVERSED}", ""),
            Edit(PID_BH, "    pid_bh = tl.program_id(axis=0) // tiles\n"),
            Edit(GRID, "    grid = (triton.cdiv(M, BLOCK_M) * B * H,)\n"),
        ),
        "One number for all programs, taken apart in the kernel; and the tiles of queries from the top down.",
    ),
    Variant(
        "masks_everywhere",
        (Edit(MASK_FROM, "    mask_from = 0\n"),),
        "All tiles in the second loop: a mask that hides nothing changes nothing.",
    ),
    Variant(
        "future_tiles_masked",
        (tiles(32, 32), Edit(MASK_FROM, "    mask_from = 0\n"), Edit(END, "    end = N\n")),
        "Tiles above the diagonal may be visited, as long as they are masked: every row has seen key 0 by then. Twice the work.",
    ),
    Variant(
        "lanes_without_other",
        (Edit(LOAD_Q, LOAD_Q.replace(", other=0.0", "")), Edit(LOAD_K, LOAD_K.replace(", other=0.0", ""))),
        "Queries that don't exist are not stored, and keys that don't exist are masked: whatever was loaded for them.",
    ),
    Variant(
        "acc_added",
        (Edit(ADD, '    acc += tl.dot(p.to(v.dtype), v, input_precision="ieee")\n'),),
        "acc + dot is what the third argument does.",
    ),
    Variant(
        "exp_instead_of_exp2",
        (
            Edit(QK_SCALE, "    qk_scale = sm_scale\n"),
            Edit(P, P.replace("exp2", "exp")),
            Edit(ALPHA, ALPHA.replace("exp2", "exp")),
        ),
        "Powers of e without log2(e): one multiplication more for each score.",
    ),
    Variant(
        "scores_scaled_first",
        (
            Edit(QK, QK.rstrip("\n") + " * qk_scale\n", count=2),
            Edit(M_NEW, M_NEW.replace(" * qk_scale", "")),
            Edit(P, P.replace(" * qk_scale", "")),
        ),
        "The scale may be applied to all scores at once: the same numbers, one multiplication more for each.",
    ),
    Variant(
        "scaled_query",
        (
            Edit(LOAD_Q, f"{LOAD_Q}    q = (q * (sm_scale * {LOG2_E})).to(q.dtype)\n"),
            Edit(QK_SCALE, ""),
            Edit(M_NEW, M_NEW.replace(" * qk_scale", "")),
            Edit(P, P.replace(" * qk_scale", "")),
            Edit(STEP, STEP.replace("acc, qk_scale", "acc, 1.0"), count=2),
        ),
        "The scale and log2(e) may be put into the query, once for each tile of queries, as older versions of the tutorial do.",
    ),
    Variant(
        "k_transposed_in_the_tile",
        (
            Edit(K_OFFS, NATURAL_K),
            Edit(LOAD_K, LOAD_K.replace("keys[None, :] < N", "keys[:, None] < N")),
            Edit(QK, QK.replace("k,", "tl.trans(k),"), count=2),
        ),
        "The keys may be loaded as they lie, and transposed by tl.trans.",
    ),
    Variant(
        "pointers_moved",
        (
            Edit(PLAIN_K, PLAIN_K.replace(" + start_n * stride_kn", "")),
            Edit(PLAIN_V, PLAIN_V.replace(" + start_n * stride_vn", "")),
            Edit(LOAD_K, LOAD_K.replace(" + start_n * stride_kn", "")),
            Edit(LOAD_V, LOAD_V.replace(" + start_n * stride_vn", "")),
            Edit(STEP, f"{STEP}        k_ptr += BLOCK_N * stride_kn\n        v_ptr += BLOCK_N * stride_vn\n", count=2),
        ),
        "The pointers may move on with each step, as in level 7: the second loop finds them where the first left them.",
    ),
    Variant(
        "tiles_of_pointers",
        (
            Edit(K_OFFS, K_OFFS.replace("k_offs =", "k_ptrs = k_ptr +")),
            Edit(V_OFFS, V_OFFS.replace("v_offs =", "v_ptrs = v_ptr +")),
            Edit(PLAIN_K, "        k = tl.load(k_ptrs + start_n * stride_kn)\n"),
            Edit(PLAIN_V, "        v = tl.load(v_ptrs + start_n * stride_vn)\n"),
            Edit(LOAD_K, LOAD_K.replace("k_ptr + start_n * stride_kn + k_offs", "k_ptrs + start_n * stride_kn")),
            Edit(LOAD_V, LOAD_V.replace("v_ptr + start_n * stride_vn + v_offs", "v_ptrs + start_n * stride_vn")),
        ),
        "Tiles of pointers, as in level 4, fetch the same numbers; they take twice the registers.",
    ),
    Variant(
        "without_a_function",
        (Edit(STEP, INLINED, count=2),),
        "The step may be written out in both loops, and in another order.",
    ),
    Variant(
        "default_precision",
        (
            Edit(QK, QK.replace(', input_precision="ieee"', ""), count=2),
            Edit(ADD, ADD.replace(', input_precision="ieee"', "")),
        ),
        "tl.dot without a precision: TF32 for fp32 inputs on a GPU, judged by the half-precision budget.",
    ),
    Variant(
        "descriptors",
        (
            Edit(PID_M, PID_M.replace(".to(tl.int64)", "")),
            Edit("    N: tl.int64,", "    N,"),
            Edit(LOAD_Q, LOAD_Q + DESCRIPTORS),
            Edit(PLAIN_K, "        k = k_desc.load([start_n, 0])\n"),
            Edit(PLAIN_V, "        v = v_desc.load([start_n, 0])\n"),
            Edit(LOAD_K, "        k = k_desc.load([start_n, 0])\n"),
            Edit(LOAD_V, "        v = v_desc.load([start_n, 0])\n"),
            Edit(QK, QK.replace("k,", "tl.trans(k),"), count=2),
            Edit(ALLOCATION, f"{ALLOCATOR}{ALLOCATION}"),
        ),
        "Tensor descriptors load whole tiles, with zeros beyond the end; they want the last stride to be 1.",
    ),
    Variant(
        "small_liberties",
        (
            Edit(END, "    end = (pid_m + 1) * BLOCK_M if CAUSAL else N\n"),
            Edit(L_I, "    l_i = tl.full((BLOCK_M,), 1.0, dtype=tl.float32)\n"),
            Edit(SECOND_LOOP, "    start_n = mask_from\n    while start_n < end:\n"),
            Edit(
                f"{VISIBLE}{MASKED}{STEP}",
                "        visible = (keys[None, :] < N) & ((keys[None, :] <= offs_m[:, None]) | (not CAUSAL))\n"
                f'        qk += tl.where(visible, 0.0, -float("inf"))\n{STEP}        start_n += BLOCK_N\n',
            ),
            Edit(OUT, "    out = acc * (1.0 / l_i)[:, None]\n"),
            Edit(STORE, STORE.replace("out.to(out_ptr.dtype.element_ty)", "out")),
            Edit(ALLOCATION, f"    q, k, v = q.contiguous(), k.contiguous(), v.contiguous()\n{ALLOCATION}"),
        ),
        "A loop beyond the last key (the masks hide what isn't there), `l_i` from 1 (the first `alpha` wipes it out), a loop that "
        "counts by itself, both masks at once, added, a reciprocal, a store that converts, and copies, which cost a pass each.",
    ),
)
