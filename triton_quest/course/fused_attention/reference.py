"""Level 7 in PyTorch, and what it moves and computes: one head of one batch, causal."""

from __future__ import annotations

from triton_quest.course.shared.attention import attention, attention_in_steps, attention_magnitude
from triton_quest.course.shared.counts import HALF, Constants, Counts

fused_attention = attention
magnitude = attention_magnitude
step_by_step = attention_in_steps  # what PyTorch is raced as, operator by operator


def counts(n: int, c: Constants) -> Counts:
    """The query in row r reads r + 1 keys and values, in whole blocks of lanes."""
    D, block = c["D"], c["BLOCK_N"]
    blocks = sum(-(-(row + 1) // block) for row in range(n))
    scores = block * D + block * (D - 1) + block  # products, sums, scale
    maximum = (block - 1) + 1
    differences = 1 + block  # under both exponentials
    denominator = 2 + (block - 1)
    values = 2 * D + block * D + (block - 1) * D  # rescaled and added; products, sums
    return {
        "loaded": (n * D + 2 * D * n * (n + 1) // 2) * HALF,
        "stored": n * D * HALF,
        "other_flops": blocks * (scores + maximum + differences + denominator + values) + n * D,  # and the quotients
        "exponentials": blocks * (block + 1),
    }
