"""Level 11 in PyTorch, and what it moves and computes."""

from __future__ import annotations

import torch

from triton_quest.course.shared.counts import HALF, Constants, Counts

ROWS = 16  # of the counted matrices: the size of "R" in SIZES


def softmax_backward(y: torch.Tensor, dy: torch.Tensor) -> torch.Tensor:
    """y, dy: (rows, cols) -> dx: (rows, cols), `y * (dy - sum(y * dy))` (Bridle, 1990)"""
    return y * (dy - (y * dy).sum(dim=-1, keepdim=True))


def accumulating_in_fp32(y: torch.Tensor, dy: torch.Tensor) -> torch.Tensor:
    """y, dy: (rows, cols) -> dx: (rows, cols), computed in fp32 and rounded once: PyTorch's own operator in half precision differs
    between devices."""
    return softmax_backward(y.float(), dy.float()).to(y.dtype)


def magnitude(y: torch.Tensor, dy: torch.Tensor) -> torch.Tensor:
    """y, dy: (rows, cols) -> (rows, cols), the size of the terms of dx: what is left of them may be far smaller.

    The sum of products has `sqrt(cols) * sum |y||dy|`; the difference and the product with y round terms of the size of |y||dy|.
    """
    terms = (y * dy).abs()
    size: torch.Tensor = float(y.shape[-1]) ** 0.5 * y.abs() * terms.sum(dim=-1, keepdim=True) + 2 * terms
    return size


def step_by_step(y: torch.Tensor, dy: torch.Tensor) -> torch.Tensor:
    """y, dy: (rows, cols) -> dx: (rows, cols), from the operator that PyTorch's own backward pass calls."""
    dx: torch.Tensor = torch._softmax_backward_data(dy, y, -1, y.dtype)
    return dx


def counts(n: int, c: Constants) -> Counts:
    """The products, their sum, the difference, the product with y: a row of n has n - 1 operations in its sum."""
    return {"loaded": 2 * ROWS * n * HALF, "stored": ROWS * n * HALF, "other_flops": ROWS * (n + (n - 1) + n + n)}
