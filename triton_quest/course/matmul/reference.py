"""Level 2 in PyTorch, and what it moves and computes."""

from __future__ import annotations

import torch

from triton_quest.course.shared.counts import HALF, Constants, Counts


def matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a: (M, K), b: (K, N) -> (M, N)"""
    return a @ b


def magnitude(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a: (M, K), b: (K, N) -> (M, N), `sqrt(K) * sum |a||b|`"""
    magnitude: torch.Tensor = a.shape[1] ** 0.5 * (a.abs() @ b.abs())
    return magnitude


def counts(n: int, c: Constants) -> Counts:
    """Each column of tiles reads all of a, each row of tiles all of b; the accumulator is inside of the dot."""
    reads = n * n * (n // c["BLOCK_N"]) + n * n * (n // c["BLOCK_M"])
    return {"loaded": reads * HALF, "stored": n * n * HALF, "dot_flops": 2 * n**3}
