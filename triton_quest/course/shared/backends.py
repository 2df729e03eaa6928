"""What levels 12 and 13 are raced against: PyTorch's own kernels, forward with their lse, and backward.

`scaled_dot_product_attention` keeps lse to itself, so the forward pass is asked of the operators below it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

Tensor = torch.Tensor
BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "math": SDPBackend.MATH,
}


def flash(q: Tensor, k: Tensor, v: Tensor, causal: bool = True, sm_scale: float | None = None) -> tuple[Tensor, Tensor]:
    """q: (B, H, M, D), k, v: (B, H, N, D) -> out (B, H, M, D), lse (B, H, M)"""
    found = torch.ops.aten._scaled_dot_product_flash_attention(q, k, v, 0.0, causal, False, scale=sm_scale)
    return found[0], found[1]


def cudnn(q: Tensor, k: Tensor, v: Tensor, causal: bool = True, sm_scale: float | None = None) -> tuple[Tensor, Tensor]:
    """q: (B, H, M, D), k, v: (B, H, N, D) -> out (B, H, M, D), lse (B, H, M)"""
    operator = torch.ops.aten._scaled_dot_product_cudnn_attention
    found = operator(q, k, v, None, True, 0.0, causal, False, scale=sm_scale)
    return found[0], found[1].reshape(q.shape[:3])


def efficient(
    q: Tensor, k: Tensor, v: Tensor, causal: bool = True, sm_scale: float | None = None
) -> tuple[Tensor, Tensor]:
    """q: (B, H, M, D), k, v: (B, H, N, D) -> out (B, H, M, D), lse (B, H, M), whose rows are padded in memory"""
    operator = torch.ops.aten._scaled_dot_product_efficient_attention
    found = operator(q, k, v, None, True, 0.0, causal, scale=sm_scale)
    return found[0], found[1][:, :, : q.shape[2]]


FORWARD: dict[str, Callable[[], Callable[..., Any]]] = {
    "flash": lambda: flash,
    "cudnn": lambda: cudnn,
    "efficient": lambda: efficient,
}


def backward_alone(backend: SDPBackend) -> Callable[..., tuple[Tensor, Tensor]]:
    """A callable with the arguments of level 13, which goes forward in its first call alone: what is timed is backward.

    The backends compute dq with dk and dv, and have no way to leave it out.
    """
    graphs: dict[int, tuple[Tensor, tuple[Tensor, ...]]] = {}

    def gradients(
        q: Tensor,
        k: Tensor,
        v: Tensor,
        out: Tensor,
        lse: Tensor,
        dout: Tensor,
        causal: bool = True,
        sm_scale: float | None = None,
    ) -> tuple[Tensor, Tensor]:
        if id(q) not in graphs:
            leaves = tuple(x.detach().requires_grad_() for x in (q, k, v))
            with torch.enable_grad(), sdpa_kernel(backend):
                answer = F.scaled_dot_product_attention(*leaves, is_causal=causal, scale=sm_scale)
            graphs[id(q)] = answer, leaves
        answer, leaves = graphs[id(q)]
        _, dk, dv = torch.autograd.grad(answer, leaves, dout, retain_graph=True)
        return dk, dv

    return gradients


BACKWARD: dict[str, Callable[[], Callable[..., Any]]] = {
    name: partial(backward_alone, backend) for name, backend in BACKENDS.items()
}
