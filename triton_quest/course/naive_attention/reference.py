"""Level 6 in PyTorch, and what it moves and computes: one head of one batch, causal."""

from __future__ import annotations

from triton_quest.course.shared.attention import attention, attention_in_steps, attention_magnitude
from triton_quest.course.shared.counts import HALF, SINGLE, Constants, Counts, causal_scores, softmax_of_a_row

naive_attention = attention
magnitude = attention_magnitude
step_by_step = attention_in_steps  # what PyTorch is raced as, operator by operator


def counts(n: int, c: Constants) -> Counts:
    """Level 5's scores in fp32; a softmax that reads and writes them in place; each tile of queries reads all weights and v."""
    D, scores = c["D"], causal_scores(n, c, SINGLE)
    matrix, tiles = n * n * SINGLE, n // c["BLOCK_M"]
    return {
        "loaded": scores["loaded"] + matrix + matrix + tiles * n * D * HALF,
        "stored": matrix + matrix + n * D * HALF,
        "dot_flops": scores["dot_flops"] + 2 * n * n * D,
        "other_flops": scores["other_flops"] + n * softmax_of_a_row(n),
        "exponentials": n * n,
        "scratch": matrix,
    }
