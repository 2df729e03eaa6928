"""Helper functions under @triton.jit: with defaults, with several results, one not inlined; a constant for the module."""

import triton
import triton.language as tl

BLOCK = tl.constexpr(256)


@triton.jit
def block_of(pid, n, SIZE: tl.constexpr):
    offsets = pid * SIZE + tl.arange(0, SIZE)
    return offsets, offsets < n


@triton.jit
def load(pointer, offsets, mask, other: tl.constexpr = 0.0):
    return tl.load(pointer + offsets, mask=mask, other=other)


@triton.jit
def added(x, y):
    """The sum."""
    return x + y


@triton.jit(noinline=True)
def is_behind(index, n):
    return index >= n


@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n):
    if is_behind(tl.program_id(0) * BLOCK, n):
        return
    offsets, mask = block_of(tl.program_id(0), n, BLOCK)
    x, y = load(x_ptr, offsets, mask), load(y_ptr, offsets, mask, other=1.0)
    tl.store(out_ptr + offsets, added(x, y), mask=mask)


def blocks(n):
    return triton.cdiv(n, BLOCK.value) + 1


def vector_add(x, y):
    out = x.new_empty(x.size())
    add_kernel[(blocks(len(x)),)](x, y, out, len(x))
    return out
