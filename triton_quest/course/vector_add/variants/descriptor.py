"""Tensor descriptors made in the kernel: they mask off by themselves what hangs over the end."""

import torch
import triton
import triton.language as tl


def allocate(size: int, alignment: int, stream):
    return torch.empty(size, device="cpu", dtype=torch.int8)


triton.set_allocator(allocate)


@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK_SIZE: tl.constexpr):
    start = tl.program_id(0) * BLOCK_SIZE
    x_desc = tl.make_tensor_descriptor(x_ptr, shape=[n], strides=[1], block_shape=[BLOCK_SIZE])
    y_desc = tl.make_tensor_descriptor(y_ptr, shape=[n], strides=[1], block_shape=[BLOCK_SIZE])
    out_desc = tl.make_tensor_descriptor(out_ptr, shape=[n], strides=[1], block_shape=[BLOCK_SIZE])
    out_desc.store([start], x_desc.load([start]) + y_desc.load([start]))


def vector_add(x, y):
    out = torch.empty_like(x)
    n = out.numel()
    add_kernel[(triton.cdiv(n, 128),)](x, y, out, n, BLOCK_SIZE=128)
    return out
