"""Pointers, masks, atomics and `tl.dot`."""

import torch
import triton
import triton.language as tl

from .cases import accepted, floats, halves, refused


@triton.jit
def square_offsets(M: tl.constexpr, N: tl.constexpr):
    return tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]


@refused("float_offset", "use `//` instead of `/`", x_ptr=floats, n=8, N=16)
@triton.jit
def offsets_by_a_true_quotient(x_ptr, n, N: tl.constexpr):
    tl.store(x_ptr + tl.arange(0, N) + n / 2, 1.0)  # here


@refused("pointer_arithmetic", "plus or minus an integer", x_ptr=floats)
@triton.jit
def adds_two_pointers(x_ptr):
    tl.store(x_ptr + x_ptr, 1.0)  # here


@refused("tensor_for_a_number", "`scale` is a pointer here", x_ptr=floats, scale=floats, N=16)
@triton.jit
def multiplies_by_a_tensor(x_ptr, scale, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), x * scale)  # here


@refused("block_at_one_address", "the mask is a block", x_ptr=floats, n=8, N=16)
@triton.jit
def masks_a_single_address_by_a_block(x_ptr, n, N: tl.constexpr):
    tl.store(x_ptr, 1.0, mask=tl.arange(0, N) < n)  # here


@refused("block_at_one_address", "the value is a block", x_ptr=floats, N=16)
@triton.jit
def stores_a_block_to_a_single_address(x_ptr, N: tl.constexpr):
    tl.store(x_ptr, tl.zeros((N,), tl.float32))  # here


@refused("other_without_mask", "pass the mask, too", x_ptr=floats, N=16)
@triton.jit
def gives_other_without_a_mask(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N), other=0.0)  # here
    tl.store(x_ptr + tl.arange(0, N), x)


@refused("mask_type", "write a comparison", x_ptr=floats, N=16)
@triton.jit
def masks_by_integers(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N), mask=tl.arange(0, N))  # here
    tl.store(x_ptr + tl.arange(0, N), x)


@refused("not_a_pointer", "`n` is none", x_ptr=floats, n=4)
@triton.jit
def loads_from_a_number(x_ptr, n):
    tl.store(x_ptr, tl.load(n))  # here


@refused("atomic_type", "doesn't work on int8", x_ptr=lambda: torch.ones(64, dtype=torch.int8))
@triton.jit
def adds_int8_atomically(x_ptr):
    tl.atomic_add(x_ptr, 1)  # here


@refused("dot_too_small", "at least 16 for this type", x_ptr=halves, K=8)
@triton.jit
def multiplies_fp16_with_an_inner_8(x_ptr, K: tl.constexpr):
    a = tl.load(x_ptr + square_offsets(16, K))
    b = tl.load(x_ptr + square_offsets(K, 16))
    tl.store(x_ptr + square_offsets(16, 16), tl.dot(a, b))  # here


@refused("dot_types", "gets fp16 and fp32", x_ptr=floats, N=16)
@triton.jit
def multiplies_fp16_with_fp32(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + square_offsets(N, N))
    tl.store(x_ptr + square_offsets(N, N), tl.dot(x.to(tl.float16), x))  # here


@refused("dot_types", "cast one, as in `x.to(y.dtype)`", x_ptr=floats, N=16)
@triton.jit
def multiplies_fp32_with_fp16(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + square_offsets(N, N))
    y = x.to(tl.float16)
    tl.store(x_ptr + square_offsets(N, N), tl.dot(x, y))  # here


@refused("dot_accumulator", "in the tile's size", x_ptr=floats, N=16, WIDE=32)
@triton.jit
def accumulates_in_another_shape(x_ptr, N: tl.constexpr, WIDE: tl.constexpr):
    x = tl.load(x_ptr + square_offsets(N, N))
    acc = tl.zeros((N, WIDE), tl.float32)
    tl.store(x_ptr + square_offsets(N, N), tl.dot(x, x, acc))  # here


@refused("dot_types", "doesn't take int32", x_ptr=lambda: torch.ones(4096, dtype=torch.int32), N=16)
@triton.jit
def multiplies_int32(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + square_offsets(N, N))
    tl.store(x_ptr + square_offsets(N, N), tl.dot(x, x))  # here


@refused("dot_shapes", "two blocks of two dimensions", x_ptr=floats, N=16)
@triton.jit
def multiplies_vectors(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr, tl.dot(x, x))  # here


@refused("dot_shapes", "Perhaps one needs `tl.trans`", x_ptr=floats)
@triton.jit
def multiplies_without_transposing(x_ptr):
    x = tl.load(x_ptr + square_offsets(16, 32))
    tl.store(x_ptr + square_offsets(16, 32), tl.dot(x, x))  # here


@refused(
    "dot_accumulator", "create it as `tl.zeros((rows, columns), dtype=tl.float32)`", before=(3, 8), x_ptr=halves, N=16
)
@triton.jit
def accumulates_a_dot_in_fp16(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + square_offsets(N, N))
    acc = tl.zeros((N, N), tl.float16)
    acc = tl.dot(x, x, acc)  # here
    tl.store(x_ptr + square_offsets(N, N), acc)


@refused("dot_precision", "must be one of", x_ptr=floats, N=16)
@triton.jit
def asks_for_an_unknown_precision(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + square_offsets(N, N))
    tl.store(x_ptr + square_offsets(N, N), tl.dot(x, x, input_precision="fp64"))  # here


@accepted(x_ptr=halves, N=16)
@triton.jit
def multiplies_in_every_usual_way(x_ptr, N: tl.constexpr):
    offsets = square_offsets(N, N)
    x = tl.load(x_ptr + offsets)
    acc = tl.zeros((N, N), tl.float32)
    acc += tl.dot(x, tl.trans(x))
    acc = tl.dot(x, x.T, acc)
    acc = tl.dot(acc.to(tl.float32), acc, input_precision="ieee")
    acc = tl.dot(acc, acc, allow_tf32=False)
    tl.store(x_ptr + offsets, acc)


@accepted(x_ptr=floats, n=4)
@triton.jit
def multiplies_a_single_row(x_ptr, n):
    row = tl.load(x_ptr + square_offsets(1, 16))
    square = tl.load(x_ptr + square_offsets(16, 16))
    tl.store(x_ptr + square_offsets(1, 16), tl.dot(row, square))


@accepted(x_ptr=floats, n=8, N=16)
@triton.jit
def loads_and_stores_in_every_usual_way(x_ptr, n, N: tl.constexpr):
    offsets = tl.max_contiguous(tl.multiple_of(tl.arange(0, N), N), N)
    x = tl.load(x_ptr + offsets, mask=offsets < n, other=float("-inf"), eviction_policy="evict_last")
    x_ptr += N
    tl.store(x_ptr + offsets, x, mask=~(offsets < 2) & (offsets < n))
    tl.store(x_ptr + offsets[None, :], x[None, :])
    tl.store(x_ptr, tl.sum(x, axis=0))
    tl.atomic_add(x_ptr + offsets, x, mask=offsets < n)


@refused("block_pointers", "use pointers with a mask", since=(3, 9), x_ptr=floats, N=16)
@triton.jit
def uses_a_block_pointer(x_ptr, N: tl.constexpr):
    pointer = tl.make_block_ptr(x_ptr, (N,), (1,), (0,), (N,), (0,))  # here
    tl.store(pointer, tl.load(pointer) + 1)


@accepted(x_ptr=floats, M=16, N=16)
@triton.jit
def uses_a_tensor_descriptor(x_ptr, M: tl.constexpr, N: tl.constexpr):
    rows = tl.make_tensor_descriptor(x_ptr, shape=[M, N], strides=[N, 1], block_shape=[M, N])
    rows.store([0, 0], rows.load([0, 0]) + 1)
