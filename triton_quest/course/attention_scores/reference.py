"""Level 4 in PyTorch, and what it moves and computes: one head of one batch."""

from __future__ import annotations

from triton_quest.course.shared.attention import attention_scores, scores_magnitude
from triton_quest.course.shared.counts import HALF, Constants, Counts

__all__ = ["attention_scores", "counts", "magnitude"]

magnitude = scores_magnitude


def counts(n: int, c: Constants) -> Counts:
    D = c["D"]
    reads = n * D * (n // c["BLOCK_N"]) + n * D * (n // c["BLOCK_M"])
    return {"loaded": reads * HALF, "stored": n * n * HALF, "dot_flops": 2 * n * n * D, "other_flops": n * n}
