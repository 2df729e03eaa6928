"""Level 3 in PyTorch, and what it moves and computes."""

from __future__ import annotations

import torch

from triton_quest.course.shared.counts import SINGLE, Constants, Counts, softmax_of_a_row

ROWS = 16  # of the counted matrix: the size of "R" in SIZES


def softmax(x: torch.Tensor) -> torch.Tensor:
    """x: (rows, cols) -> (rows, cols), each row positive with sum 1"""
    return torch.softmax(x, dim=-1)


def counts(n: int, c: Constants) -> Counts:
    return {
        "loaded": ROWS * n * SINGLE,
        "stored": ROWS * n * SINGLE,
        "other_flops": ROWS * softmax_of_a_row(n),
        "exponentials": ROWS * n,
    }
