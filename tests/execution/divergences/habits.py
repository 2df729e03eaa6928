"""What PyTorch, NumPy and Python write one way and Triton another."""

import triton
import triton.language as tl

from .cases import floats, halves, refused


@refused("shape_tuple", "write `tl.zeros((M, N), dtype=tl.float32)`", x_ptr=floats, M=16, N=16)
@triton.jit
def gives_a_shape_as_two_numbers(x_ptr, M: tl.constexpr, N: tl.constexpr):
    zeros = tl.zeros(M, N)  # here
    tl.store(x_ptr + tl.arange(0, M)[:, None] + tl.arange(0, N)[None, :], zeros)


@refused("shape_tuple", "write `tl.full((M, N), 1.0, dtype=tl.float16)`", x_ptr=halves, M=16, N=16)
@triton.jit
def gives_a_shape_as_two_numbers_and_a_dtype(x_ptr, M: tl.constexpr, N: tl.constexpr):
    ones = tl.full(M, N, 1.0, dtype=tl.float16)  # here
    tl.store(x_ptr + tl.arange(0, M)[:, None] + tl.arange(0, N)[None, :], ones)


@refused("integer_division", "write `(tl.program_id(0) + n) // 2`", x_ptr=floats, n=4)
@triton.jit
def divides_and_converts_by_python(x_ptr, n):
    tl.store(x_ptr + int((tl.program_id(0) + n) / 2), 1.0)  # here


@refused("arange_from_a_runtime_start", "`n * BLOCK + tl.arange(0, BLOCK)`", x_ptr=floats, n=4, BLOCK=16)
@triton.jit
def counts_from_a_runtime_start(x_ptr, n, BLOCK: tl.constexpr):
    tl.store(x_ptr + tl.arange(n * BLOCK, (n + 1) * BLOCK), 1.0)  # here


@refused("length_of_a_pointer", "write `n`, which the launch passes", x_ptr=floats, n=4, BLOCK=16)
@triton.jit
def takes_the_length_of_a_pointer(x_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    mask = offsets < len(x_ptr)  # here
    tl.store(x_ptr + offsets, n * 1.0, mask=mask)


@refused("length_of_a_pointer", "let the launch pass it", x_ptr=floats, n=4, m=5, BLOCK=16)
@triton.jit
def takes_the_length_of_a_pointer_beside_two_numbers(x_ptr, n, m, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    mask = offsets < len(x_ptr)  # here
    tl.store(x_ptr + offsets, n * m * 1.0, mask=mask)


@refused("scaled_operand", "`tl.dot(x, x) * scale`", x_ptr=halves, scale=0.5, N=16)
@triton.jit
def scales_an_operand_of_a_dot(x_ptr, scale, N: tl.constexpr):
    offsets = tl.arange(0, N)[:, None] * N + tl.arange(0, N)[None, :]
    x = tl.load(x_ptr + offsets)
    scaled = x * scale
    tl.store(x_ptr + offsets, tl.dot(scaled, x))  # here


@refused("dot_types", "write `tl.dot((x + x.to(tl.float32)).to(x.dtype), x)`", x_ptr=halves, N=16)
@triton.jit
def adds_fp32_to_an_operand_of_a_dot(x_ptr, N: tl.constexpr):
    offsets = tl.arange(0, N)[:, None] * N + tl.arange(0, N)[None, :]
    x = tl.load(x_ptr + offsets)
    tl.store(x_ptr + offsets, tl.dot(x + x.to(tl.float32), x))  # here


@refused("method_of_a_mask", "write `tl.max((x > 0).to(tl.int32)) > 0`", x_ptr=floats, N=16)
@triton.jit
def asks_whether_any(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    any_positive = (x > 0).any()  # here
    tl.store(x_ptr, any_positive * 1.0)


@refused("other_name_of_an_argument", "write `tl.max(x, axis=0, keep_dims=True)`", x_ptr=floats, N=16)
@triton.jit
def names_an_axis_as_torch_does(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, 1), tl.max(x, dim=0, keepdim=True))  # here
