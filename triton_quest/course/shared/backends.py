"""What level 13 is raced against: the backward passes of PyTorch's own kernels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from triton_quest.course.level import Level

Tensor = torch.Tensor
BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "math": SDPBackend.MATH,
}


def backward_alone(backend: SDPBackend, _level: Level) -> Callable[..., tuple[Tensor, Tensor]]:
    """A rival with the arguments of level 13, which goes forward in its first call alone: what is timed is backward.

    The backends compute dq with dk and dv, and have no way to leave it out.
    """
    kept: list[Any] = []  # q, and what the forward pass on it left

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
        if not kept or kept[0] is not q:
            one, two, three = (x.detach().requires_grad_() for x in (q, k, v))
            with torch.enable_grad(), sdpa_kernel(backend):
                answer = F.scaled_dot_product_attention(one, two, three, is_causal=causal, scale=sm_scale)
            kept[:] = q, answer, (one, two, three)
        _, answer, leaves = kept
        _, dk, dv = torch.autograd.grad(answer, leaves, dout, retain_graph=True)
        return dk, dv

    return gradients


BACKWARD = {name: partial(backward_alone, backend) for name, backend in BACKENDS.items()}
