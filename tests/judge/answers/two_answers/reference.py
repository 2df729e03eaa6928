"""A toy: two named answers."""

import torch


def sum_and_difference(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """x, y: (n,) -> total, in fp32 at least, and difference, in the dtype of x: (n,) each"""
    wide = torch.promote_types(x.dtype, torch.float32)
    return x.to(wide) + y.to(wide), x - y
