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


@refused("range_for_a_block", "write `tl.arange(0, N)`", x_ptr=floats, n=0, N=16)
@triton.jit
def adds_a_range(x_ptr, n, N: tl.constexpr):
    tl.store(x_ptr + (n + range(N)), 1.0)  # here


@refused("offsets_beside_the_pointer", "write `tl.load(x_ptr + lanes, mask=mask)`", x_ptr=floats, n=9, N=16)
@triton.jit
def gives_the_offsets_beside_the_pointer(x_ptr, n, N: tl.constexpr):
    lanes = tl.arange(0, N)
    mask = lanes < n
    x = tl.load(x_ptr, lanes, mask=mask)  # here
    tl.store(x_ptr + lanes, x, mask=mask)


@refused("passed_twice", "`tl.store` gets `mask` twice", x_ptr=floats, n=9, N=16)
@triton.jit
def gives_a_mask_twice(x_ptr, n, N: tl.constexpr):
    lanes = tl.arange(0, N)
    mask = lanes < n
    tl.store(x_ptr + lanes, 1.0, mask, mask=mask)  # here


@refused("never_loaded", "`x` (line", x_ptr=floats, N=16)
@triton.jit
def adds_to_addresses_that_it_never_loads(x_ptr, N: tl.constexpr):
    x = x_ptr + tl.arange(0, N)
    tl.store(x_ptr + tl.arange(0, N), x + 1.5)  # here


@refused("length_known_too_late", "write `tl.arange(0, BLOCK)`", x_ptr=floats, n=16, BLOCK=16)
@triton.jit
def takes_as_many_lanes_as_there_are_elements(x_ptr, n, BLOCK: tl.constexpr):
    tl.store(x_ptr + tl.arange(0, n), 1.0)  # here


@refused("reduction_of_one_block", "`tl.max(x, axis=0)`", x_ptr=floats, N=16)
@triton.jit
def asks_for_the_maximum_of_one_block(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr, tl.maximum(x))  # here


@refused("axis_of_the_grid", "there is no axis 3", x_ptr=floats)
@triton.jit
def asks_for_a_fourth_axis(x_ptr):
    tl.store(x_ptr + tl.program_id(3), 1.0)  # here


@refused("called_dtype", "write `n.to(tl.int64)`", x_ptr=floats, n=3)
@triton.jit
def calls_a_type(x_ptr, n):
    tl.store(x_ptr + tl.int64(n), 1.0)  # here


@refused("product_of_matrices", "is `tl.dot(x, y)`", x_ptr=halves, M=16, N=32)
@triton.jit
def multiplies_matrices_number_by_number(x_ptr, M: tl.constexpr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :])
    y = tl.load(x_ptr + tl.arange(0, N)[:, None] * M + tl.arange(0, M)[None, :])
    z = x * y  # here
    tl.store(x_ptr, tl.max(z))


@refused("shapes_of_an_access", "must have one shape", x_ptr=floats, M=16, N=32)
@triton.jit
def masks_a_tile_by_another_shape(x_ptr, M: tl.constexpr, N: tl.constexpr):
    tile = tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]
    x = tl.load(x_ptr + tile, mask=tl.arange(0, N)[:, None] < N)  # here
    tl.store(x_ptr + tile, x)


@refused("dot_shapes", "transposed already", x_ptr=halves, M=16, N=32)
@triton.jit
def turns_a_tile_back(x_ptr, M: tl.constexpr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :])
    y = tl.load(x_ptr + tl.arange(0, N)[:, None] * M + tl.arange(0, M)[None, :])
    z = tl.dot(x, tl.trans(y))  # here
    tl.store(x_ptr, tl.max(z))


@refused("unknown_name", "is it `offsets`?", x_ptr=floats, N=16)
@triton.jit
def misspells_a_name(x_ptr, N: tl.constexpr):
    offsets = tl.arange(0, N)
    tl.store(x_ptr + ofsets, offsets * 1.0)  # noqa: F821  # here


@refused("text_for_a_number", 'write `other=-float("inf")`', x_ptr=floats, n=5, N=16)
@triton.jit
def fills_with_a_text(x_ptr, n, N: tl.constexpr):
    lanes = tl.arange(0, N)
    x = tl.load(x_ptr + lanes, mask=lanes < n, other="-inf")  # here
    tl.store(x_ptr + lanes, x)


@refused("pointer_set_anew", "`out_ptr` is no pointer here any more", x_ptr=floats, out_ptr=floats, N=16)
@triton.jit
def gives_the_name_of_a_pointer_to_values(x_ptr, out_ptr, N: tl.constexpr):
    lanes = tl.arange(0, N)
    out_ptr = tl.load(x_ptr + lanes)
    tl.store(out_ptr, lanes)  # here


@refused("pointer_set_anew", "`out_ptr` is no pointer here any more", x_ptr=floats, out_ptr=floats, N=16)
@triton.jit
def asks_values_for_what_they_point_to(x_ptr, out_ptr, N: tl.constexpr):
    lanes = tl.arange(0, N)
    ptrs = out_ptr + lanes
    out_ptr = tl.load(x_ptr + lanes)
    tl.store(ptrs, out_ptr.to(out_ptr.dtype.element_ty))  # here


@refused("no_pointer_passed", "does the launch pass a tensor for it?", x_ptr=floats, out_ptr=2.5, N=16)
@triton.jit
def asks_a_number_for_what_it_points_to(x_ptr, out_ptr, N: tl.constexpr):
    lanes = tl.arange(0, N)
    tl.store(x_ptr + lanes, lanes.to(out_ptr.dtype.element_ty))  # here


@refused("hint_on_a_constant", "`stride` is 1 here", x_ptr=floats, stride=1, N=16)
@triton.jit
def promises_multiples_of_an_argument_that_is_1(x_ptr, stride, N: tl.constexpr):
    offsets = tl.arange(0, N) * tl.multiple_of(stride, 16)  # here
    tl.store(x_ptr + offsets, 1.0)


@refused("hint_on_a_constant", "`N` is known when the kernel is compiled", x_ptr=floats, N=16)
@triton.jit
def promises_multiples_of_a_constant(x_ptr, N: tl.constexpr):
    offsets = tl.arange(0, 16) + tl.multiple_of(N, 16)  # here
    tl.store(x_ptr + offsets, 1.0)
