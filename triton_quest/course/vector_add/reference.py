"""Level 1 in PyTorch, and what it moves and computes."""

from __future__ import annotations

import torch

from triton_quest.course.shared.counts import SINGLE, Constants, Counts


def vector_add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x: (n,), y: (n,) -> (n,)"""
    return x + y


def counts(n: int, c: Constants) -> Counts:
    return {"loaded": 2 * n * SINGLE, "stored": n * SINGLE, "other_flops": n}
