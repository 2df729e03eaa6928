"""Level 8 in PyTorch, and what it moves and computes: one head of one batch, causal."""

from __future__ import annotations

from triton_quest.course.shared.attention import attention, attention_in_steps, attention_magnitude
from triton_quest.course.shared.counts import HALF, Constants, Counts, causal_steps

flash_attention = attention
magnitude = attention_magnitude
step_by_step = attention_in_steps  # what PyTorch is raced as, operator by operator


def counts(n: int, c: Constants) -> Counts:
    """A tile of queries reads the keys and values up to its last query, a block a step."""
    D, rows, columns = c["D"], c["BLOCK_M"], c["BLOCK_N"]
    tiles = n // rows
    steps = sum(causal_steps(tile, n, rows, columns) for tile in range(tiles))
    maximum = rows * (columns - 1) + rows + rows  # over the keys, scaled, against the old one
    exponents = 2 * rows * columns + rows  # scaled and shifted; the old maximum's difference
    sums = rows * D + rows * (columns - 1) + 2 * rows  # acc rescaled; the new terms; l_i rescaled and added to
    return {
        "loaded": (n * D + steps * 2 * columns * D) * HALF,
        "stored": n * D * HALF,
        "dot_flops": steps * 2 * (2 * rows * columns * D),
        "other_flops": steps * (maximum + exponents + sums)
        + tiles * (rows * D + 1),  # the quotients; the scale of exp2
        "exponentials": steps * (rows * columns + rows),
    }
