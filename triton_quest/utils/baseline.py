"""The ground truth: what each level computes, in PyTorch.

Each function carries its launcher's name and arguments and works in any floating dtype. The judge calls it twice: on
float64 copies of the inputs for the truth, and on the inputs themselves for the error that PyTorch's own operator makes.
Legend: `M`, `N`, `K` matrix sizes.
"""

import torch


def vector_add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x: (n,), y: (n,) -> (n,)"""
    return x + y


def matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a: (M, K), b: (K, N) -> (M, N)"""
    return a @ b


def softmax(x: torch.Tensor) -> torch.Tensor:
    """x: (rows, cols) -> (rows, cols), each row positive with sum 1"""
    return torch.softmax(x, dim=-1)


# How large the terms of each dot are: `sqrt(K) * sum |a||b|`, what the fp32 budget of a level with dots is measured in.


def matmul_magnitude(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a: (M, K), b: (K, N) -> (M, N)"""
    magnitude: torch.Tensor = a.shape[1] ** 0.5 * (a.abs() @ b.abs())
    return magnitude


MAGNITUDES = {"matmul": matmul_magnitude}
