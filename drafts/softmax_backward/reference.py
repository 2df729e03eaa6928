"""Level 11 in PyTorch, and what it moves and computes."""

from __future__ import annotations

import torch

from triton_quest.course.shared.counts import HALF, Constants, Counts

ROWS = 16  # of the counted matrices: the size of "R" in SIZES


def softmax_backward(y: torch.Tensor, dy: torch.Tensor) -> torch.Tensor:
    """y, dy: (rows, cols) -> dx: (rows, cols), `y * (dy - sum(y * dy))` (Bridle, 1990)"""
    return y * (dy - (y * dy).sum(dim=-1, keepdim=True))


def counts(n: int, c: Constants) -> Counts:
    """The products, their sum, the difference, the product with y: a row of n has n - 1 operations in its sum."""
    return {"loaded": 2 * ROWS * n * HALF, "stored": ROWS * n * HALF, "other_flops": ROWS * (n + (n - 1) + n + n)}
