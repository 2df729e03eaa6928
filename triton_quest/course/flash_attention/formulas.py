"""What the mistakes of this level's `mistakes.md` put out, by key.

Those of `by_tiles` with the learner's own BLOCK_M and BLOCK_N. Their exponentials
are in fp32: only there do they overflow, and vanish, as in the kernel.
"""

from collections.abc import Callable

import torch

from triton_quest.course.mistake import Edit
from triton_quest.course.shared.attention import attention, attention_scores

Tensor = torch.Tensor


LOG2_E = 1.4426950408889634


# The lines of the solution that the edits below touch.
TILES = "BLOCK_M, BLOCK_N, num_warps, num_stages = TILES[q.dtype.itemsize, D]"


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


def tiles_in_fp16(q, k, v, causal=True, sm_scale=None):
    return attention(q.half().double(), k.half().double(), v, causal, sm_scale)


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


def p_divided_by_l(qk, v, m_i, l_i, acc, qk_scale):
    """A step, in which `p` is divided by the `l_i` of that step."""
    m_new = m_i.maximum(largest(qk) * qk_scale)
    p, alpha = (qk * qk_scale - m_new).exp2(), (m_i - m_new).exp2()
    l_i = l_i * alpha + p.sum(dim=-1, keepdim=True)
    return m_new, l_i, acc * alpha + (p / l_i) @ v


def p_of_the_raw_qk(qk, v, m_i, l_i, acc, qk_scale):
    """A step, in which `p` is made of `qk` as it comes out of the product, and the maximum is scaled."""
    m_new = m_i.maximum(largest(qk) * qk_scale)
    p, alpha = (qk - m_new).exp2(), (m_i - m_new).exp2()
    return m_new, l_i * alpha + p.sum(dim=-1, keepdim=True), acc * alpha + p @ v


def p_by_exp(qk, v, m_i, l_i, acc, qk_scale):
    """A step, in which `p` alone is a power of e."""
    m_new = m_i.maximum(largest(qk) * qk_scale)
    p, alpha = (qk * qk_scale - m_new).exp(), (m_i - m_new).exp2()
    return m_new, l_i * alpha + p.sum(dim=-1, keepdim=True), acc * alpha + p @ v


def alpha_by_exp2(qk, v, m_i, l_i, acc, qk_scale):
    """A step, in which `alpha` alone is a power of 2, with scores that aren't multiplied by log2(e)."""
    return p_by_exp(qk, v, m_i, l_i, acc, qk_scale / LOG2_E)


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
    backwards: bool = False,
    k_tile: Callable[..., Tensor] | None = None,
    v_tile: Callable[..., Tensor] | None = None,
) -> Callable[..., Tensor]:
    """A formula. `row` is the first query of a tile, `visible` takes a column of queries and a row of keys.

    mask_from, end: as in the kernel; the first loop ends at `first_until`, the second begins at `second_from`. masked: what
    hidden scores become in the second loop, None for as they were. finish: acc, l_i -> out. backwards: the last tile of
    keys first. k_tile, v_tile: x, the first key, how many there are, whether this is the second loop -> the tile that is
    loaded.
    """
    k_tile, v_tile = k_tile or tile_of, v_tile or tile_of
    step = step or step_with()

    def formula(q, k, v, causal=True, sm_scale=None, *, BLOCK_M, BLOCK_N):
        m, n, scale = q.shape[2], k.shape[2], scale_of(q, sm_scale) * LOG2_E
        q = padded(q.float(), BLOCK_M)
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
            for start, masks in reversed(steps) if backwards else steps:
                count = min(BLOCK_N, n - start)
                loaded_k, loaded_v = (
                    padded(load(x, start, count, masks).float(), BLOCK_N) for load, x in ((k_tile, k), (v_tile, v))
                )
                qk = tile @ loaded_k.transpose(-1, -2)
                if masks:
                    sees = visible(rows, torch.arange(start, start + BLOCK_N)[None, :], n, causal)
                    qk = qk.masked_fill(~sees, masked)
                state = step(qk, loaded_v, *state, scale)
            tiles.append(finish(state[2], state[1]))
        return torch.cat(tiles, dim=2)[:, :, :m].double()

    return formula


def tile_of(x: Tensor, start: int, count: int, in_the_second_loop: bool) -> Tensor:
    return x[:, :, start : start + count]


def moved_by(elements: int, loops: tuple[bool, ...] = (False, True)) -> Callable[..., Tensor]:
    """In these loops the tile lies `elements` for each key behind the first one, whatever the stride is."""

    def load(x: Tensor, start: int, count: int, in_the_second_loop: bool) -> Tensor:
        if in_the_second_loop not in loops:
            return tile_of(x, start, count, in_the_second_loop)
        shape = (*x.shape[:2], count, x.shape[3])
        return x.as_strided(shape, x.stride(), x.storage_offset() + start * elements)

    return load


FIRST_LOOP, SECOND_LOOP = (False,), (True,)


def padded(x: Tensor, block: int) -> Tensor:
    """x: (B, H, S, D), with rows of zeros up to a whole number of blocks"""
    return torch.nn.functional.pad(x, (0, 0, 0, -x.shape[2] % block))


def from_0(row: int, block_m: int, block_n: int, n: int, causal: bool) -> int:
    """`mask_from` where there is one loop, which masks all of its tiles."""
    return 0


def without_alpha(old: Tensor, alpha: Tensor, new: Tensor) -> Tensor:
    return old + new


def only_the_new(old: Tensor, alpha: Tensor, new: Tensor) -> Tensor:
    return new


def always_causal(q, k, v, causal=True, sm_scale=None, *, BLOCK_M, BLOCK_N):
    return by_tiles()(q, k, v, True, sm_scale, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N)


def tiles(block_m: int, block_n: int, warps: int = 4, stages: int = 1) -> Edit:
    return Edit(TILES, f"BLOCK_M, BLOCK_N, num_warps, num_stages = {block_m}, {block_n}, {warps}, {stages}")


FORMULAS = {
    "no_scale": scaled_by(lambda scale: 1.0),
    "scale_twice": scaled_by(lambda scale: scale * scale),
    "qk_scale_twice": scaled_by(lambda scale: scale * scale * LOG2_E),
    "ln_2_for_log2_e": scaled_by(lambda scale: scale / LOG2_E**2),
    "divided_by_d": divided_by_d,
    "own_scale_ignored": own_scale_ignored,
    "log2_e_forgotten": scaled_by(lambda scale: scale / LOG2_E),
    "log2_e_with_exp": scaled_by(lambda scale: scale * LOG2_E),
    "alpha_by_exp": by_tiles(step_with(alpha_of=lambda m_i, m_new: (m_i - m_new).exp())),
    "p_by_exp": by_tiles(p_by_exp),
    "alpha_by_exp2": by_tiles(alpha_by_exp2),
    "maximum_not_scaled": by_tiles(step_with(new_maximum=lambda m_i, qk, scale: m_i.maximum(largest(qk)))),
    "maximum_scaled_again": by_tiles(step_with(new_maximum=lambda m_i, qk, scale: m_i.maximum(largest(qk)) * scale)),
    "p_of_the_raw_qk": by_tiles(p_of_the_raw_qk),
    "never_causal": never_causal,
    "future_tiles_unmasked": never_causal,
    "always_causal": always_causal,
    "always_causal_up_to_n": always_causal_up_to_n,
    "itself_excluded": by_tiles(visible=lambda rows, keys, n, causal: keys < rows if causal else keys < n),
    "one_of_the_future": by_tiles(visible=lambda rows, keys, n, causal: keys <= rows + 1 if causal else keys < n),
    "past_hidden": by_tiles(visible=lambda rows, keys, n, causal: keys >= rows if causal else keys < n),
    "only_the_future_seen": by_tiles(visible=lambda rows, keys, n, causal: keys > rows if causal else keys < n),
    "second_loop_always_causal": by_tiles(visible=lambda rows, keys, n, causal: keys <= rows),
    "second_loop_never_causal": by_tiles(visible=lambda rows, keys, n, causal: keys < n),
    "keys_counted_in_the_tile": by_tiles(
        visible=lambda rows, keys, n, causal: keys - keys[:, :1] <= rows if causal else keys < n
    ),
    "both_counted_in_the_tile": by_tiles(
        visible=lambda rows, keys, n, causal: keys - keys[:, :1] <= rows - rows[:1] if causal else keys < n
    ),
    "past_hidden_in_one_loop": by_tiles(
        visible=lambda rows, keys, n, causal: keys >= rows if causal else keys < n, mask_from=from_0
    ),
    "only_the_future_in_one_loop": by_tiles(
        visible=lambda rows, keys, n, causal: keys > rows if causal else keys < n, mask_from=from_0
    ),
    "both_counted_in_the_tile_in_one_loop": by_tiles(
        visible=lambda rows, keys, n, causal: keys - keys[:, :1] <= rows - rows[:1] if causal else keys < n,
        mask_from=from_0,
    ),
    "tile_start_added_twice": by_tiles(
        visible=lambda rows, keys, n, causal: keys + keys[:, :1] <= rows if causal else keys < n
    ),
    "tile_start_added_twice_in_one_loop": by_tiles(
        visible=lambda rows, keys, n, causal: keys + keys[:, :1] <= rows if causal else keys < n, mask_from=from_0
    ),
    "not_masked": by_tiles(masked=None),
    "nothing_masked": by_tiles(masked=None, end=lambda row, bm, m, n, causal: n),
    "missing_keys_count": by_tiles(visible=lambda rows, keys, n, causal: keys <= rows if causal else keys >= 0),
    "zero_for_minus_infinity": by_tiles(masked=0.0),
    "minus_10000": by_tiles(masked=-1e4),
    "minus_a_billion": by_tiles(masked=-1e9),
    "m_i_starts_at_a_number": by_tiles(first_m=-1e6),
    "tiles_in_fp16": tiles_in_fp16,
    "diagonal_skipped": by_tiles(end=lambda row, bm, m, n, causal: 0),
    "end_before_the_tile": by_tiles(end=lambda row, bm, m, n, causal: row if causal else n),
    "end_of_the_first_query": by_tiles(end=lambda row, bm, m, n, causal: row + 1 if causal else n),
    "end_without_causal": by_tiles(end=lambda row, bm, m, n, causal: min(row + bm, n)),
    "end_without_causal_in_one_loop": by_tiles(end=lambda row, bm, m, n, causal: min(row + bm, n), mask_from=from_0),
    "last_tile_first": by_tiles(mask_from=from_0, backwards=True),
    "diagonal_unmasked": by_tiles(
        mask_from=lambda row, bm, bn, n, causal: (min(row + bm, n) if causal else n) // bn * bn,
    ),
    "second_loop_from_0": by_tiles(second_from=lambda mask_from: 0),
    "first_loop_skipped": by_tiles(first_until=lambda mask_from: 0),
    "step_of_the_first_loop_not_kept": by_tiles(first_until=lambda mask_from: 0),
    "no_max": by_tiles(step_with(new_maximum=lambda m_i, qk, scale: torch.zeros_like(m_i))),
    "max_from_zero": by_tiles(first_m=0.0),
    "max_of_the_tile": by_tiles(step_with(new_maximum=lambda m_i, qk, scale: largest(qk) * scale)),
    "max_not_kept": by_tiles(step_with(kept=lambda m_i, m_new: m_i)),
    "nothing_rescaled": by_tiles(step_with(acc_of=without_alpha, l_of=without_alpha)),
    "acc_not_rescaled": by_tiles(step_with(acc_of=without_alpha)),
    "l_i_not_rescaled": by_tiles(step_with(l_of=without_alpha)),
    "alpha_upside_down": nan_everywhere,
    "p_with_the_old_maximum": nan_everywhere,
    "acc_of_the_last_tile": by_tiles(step_with(acc_of=only_the_new)),
    "accumulator_added_twice": by_tiles(step_with(acc_of=lambda acc, alpha, pv: 2 * acc * alpha + pv)),
    "not_divided": by_tiles(finish=lambda acc, l_i: acc),
    "divided_in_each_step": by_tiles(step_with(divide=lambda acc, l_i: acc / l_i), finish=lambda acc, l_i: acc),
    "p_divided_in_each_step": by_tiles(p_divided_by_l, finish=lambda acc, l_i: acc),
    "p_divided_and_acc": by_tiles(p_divided_by_l),
    "always_the_first_tile": by_tiles(k_tile=moved_by(0, FIRST_LOOP), v_tile=moved_by(0, FIRST_LOOP)),
    "never_moved_on": by_tiles(k_tile=moved_by(0), v_tile=moved_by(0)),
    "first_tile_on_the_diagonal": by_tiles(k_tile=moved_by(0, SECOND_LOOP), v_tile=moved_by(0, SECOND_LOOP)),
    "k_of_the_first_loop_never_moves": by_tiles(k_tile=moved_by(0, FIRST_LOOP)),
    "v_of_the_first_loop_never_moves": by_tiles(v_tile=moved_by(0, FIRST_LOOP)),
    "k_of_the_second_loop_never_moves": by_tiles(k_tile=moved_by(0, SECOND_LOOP)),
    "v_of_the_second_loop_never_moves": by_tiles(v_tile=moved_by(0, SECOND_LOOP)),
    "moved_without_strides": by_tiles(k_tile=moved_by(1), v_tile=moved_by(1)),
    "first_loop_without_strides": by_tiles(k_tile=moved_by(1, FIRST_LOOP), v_tile=moved_by(1, FIRST_LOOP)),
    "second_loop_without_strides": by_tiles(k_tile=moved_by(1, SECOND_LOOP), v_tile=moved_by(1, SECOND_LOOP)),
    "k_moved_without_stride": by_tiles(k_tile=moved_by(1)),
    "k_of_the_first_loop_without_stride": by_tiles(k_tile=moved_by(1, FIRST_LOOP)),
    "k_of_the_second_loop_without_stride": by_tiles(k_tile=moved_by(1, SECOND_LOOP)),
    "v_moved_without_stride": by_tiles(v_tile=moved_by(1)),
    "v_of_the_first_loop_without_stride": by_tiles(v_tile=moved_by(1, FIRST_LOOP)),
    "v_of_the_second_loop_without_stride": by_tiles(v_tile=moved_by(1, SECOND_LOOP)),
    "k_without_head": first_head_of_k,
    "strides_of_k_for_v": v_in_the_layout_of_k,
    "k_and_v_swapped": k_and_v_swapped,
    "square_matrix": attention,
}
