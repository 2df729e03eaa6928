"""Unrolled by tl.static_range, a strategy chosen by a constexpr text, a tuple of pointers, annotations everywhere."""

from __future__ import annotations

import torch
import triton
import triton.language as tl


@triton.jit
def add_kernel(pointers, n, UNROLL: tl.constexpr, BLOCK_SIZE: tl.constexpr, ORDER: tl.constexpr) -> None:
    x_ptr, y_ptr, out_ptr = pointers
    first = tl.program_id(0) * BLOCK_SIZE * UNROLL
    for i in tl.static_range(UNROLL):
        offsets = first + i * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
        mask = offsets < n
        if ORDER == "xy":
            total = tl.load(x_ptr + offsets, mask=mask) + tl.load(y_ptr + offsets, mask=mask)
        else:
            total = tl.load(y_ptr + offsets, mask=mask) + tl.load(x_ptr + offsets, mask=mask)
        tl.store(out_ptr + offsets, total, mask=mask)


def vector_add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    out = torch.empty_like(x)
    add_kernel[(triton.cdiv(x.numel(), 4 * 64),)]((x, y, out), x.numel(), UNROLL=4, BLOCK_SIZE=64, ORDER="yx")
    return out
