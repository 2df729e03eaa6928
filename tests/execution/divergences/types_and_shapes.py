"""Types and shapes that don't go together, or change on the way."""

import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice

from .cases import accepted, floats, halves, integers, refused


@refused("starts_as_integer", "create it as fp32, as in `acc = 0.0`", x_ptr=floats, n=4)
@triton.jit
def accumulates_from_integer_zero(x_ptr, n):
    acc = 0
    for i in range(n):  # here
        acc = acc + tl.load(x_ptr + i)
    tl.store(x_ptr, acc)


@refused("loop_changes_type", "create it as fp32", x_ptr=floats, n=4, N=16)
@triton.jit
def accumulates_fp32_into_fp16(x_ptr, n, N: tl.constexpr):
    acc = tl.zeros((N,), tl.float16)
    for i in range(n):  # here
        acc = acc + tl.load(x_ptr + i * N + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), acc)


@refused("loop_changes_shape", "`acc` starts as a single fp32", x_ptr=floats, n=4, N=16)
@triton.jit
def accumulates_a_block_into_a_scalar(x_ptr, n, N: tl.constexpr):
    acc = 0.0
    for i in range(n):  # here
        acc = acc + tl.load(x_ptr + i * N + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), acc)


@refused("loop_changes_shape", "becomes a block of 16 pointers", x_ptr=floats, n=4, N=16)
@triton.jit
def moves_a_scalar_pointer_by_a_block(x_ptr, n, N: tl.constexpr):
    pointers = x_ptr
    for _ in range(n):  # here
        pointers += tl.arange(0, N)
    tl.store(pointers, 1.0)


@refused("branch_changes_type", "`value` is int32 before the `if`", x_ptr=floats, n=4)
@triton.jit
def changes_type_in_a_branch(x_ptr, n):
    value = 1
    if n > 2:  # here
        value = 1.5
    tl.store(x_ptr, value)


@refused("branch_changes_shape", "give it the same shape in both", x_ptr=floats, n=4, N=16)
@triton.jit
def changes_shape_in_a_branch(x_ptr, n, N: tl.constexpr):
    value = 1.0
    if n > 2:  # here
        value = tl.zeros((N,), tl.float32)
    tl.store(x_ptr + tl.arange(0, N), value)


@refused("branches_differ", "a single fp32 in one branch and a block of 16 fp32", x_ptr=floats, n=4, N=16)
@triton.jit
def has_branches_of_different_shape(x_ptr, n, N: tl.constexpr):
    if n > 2:  # noqa: SIM108  # here
        value = 1.0
    else:
        value = tl.zeros((N,), tl.float32)
    tl.store(x_ptr + tl.arange(0, N), value)


@refused("branches_differ", "is fp32 or int32", x_ptr=floats, n=4)
@triton.jit
def chooses_between_types(x_ptr, n):
    value = 1.0 if n > 2 else n  # here
    tl.store(x_ptr, value)


@refused("constexpr_changed", "`BLOCK` is a compile-time constant", x_ptr=floats, n=4)
@triton.jit
def declares_a_constant_twice(x_ptr, n):
    BLOCK: tl.constexpr = 16
    for _ in range(n):
        BLOCK: tl.constexpr = 32  # here
    tl.store(x_ptr + tl.arange(0, BLOCK), 1.0)


@refused("constexpr_changed", "copy it to a variable of another name", x_ptr=floats, n=4, STEP=16)
@triton.jit
def changes_a_constant_in_a_loop(x_ptr, n, STEP: tl.constexpr):
    for i in range(n):  # here
        STEP = STEP + i
    tl.store(x_ptr + STEP, 1.0)


@refused("forgotten_constexpr", "declare it as `BLOCK: tl.constexpr`", x_ptr=floats, BLOCK=16)
@triton.jit
def forgets_constexpr(x_ptr, BLOCK):
    tl.store(x_ptr + tl.arange(0, BLOCK), 1.0)  # here


@refused("runtime_size", "needs the annotation too", x_ptr=floats, BLOCK=16)
@triton.jit
def computes_a_size_at_run_time(x_ptr, BLOCK: tl.constexpr):
    half = BLOCK // 2
    tl.store(x_ptr + tl.arange(0, half), 1.0)  # here


@refused("power_of_two", "must be a power of two", x_ptr=floats, N=100)
@triton.jit
def takes_a_range_of_100(x_ptr, N: tl.constexpr):
    tl.store(x_ptr + tl.arange(0, N), 1.0)  # here


@refused("power_of_two", "`tl.zeros((3,), tl.float32)`", x_ptr=floats)
@triton.jit
def makes_three_zeros(x_ptr):
    zeros = tl.zeros((3,), tl.float32)  # noqa: F841  # here
    tl.store(x_ptr, 1.0)


@refused("arange_bounds", "an end above its start", x_ptr=floats)
@triton.jit
def takes_an_empty_range(x_ptr):
    tl.store(x_ptr + tl.arange(16, 0), 1.0)  # here


@refused("arange_bounds", "can't start below 0", x_ptr=floats)
@triton.jit
def takes_a_range_from_below_zero(x_ptr):
    tl.store(x_ptr + 8 + tl.arange(-8, 8), 1.0)  # here


@refused("block_too_large", "A block of 4194304 elements", x_ptr=floats)
@triton.jit
def makes_a_block_of_four_million(x_ptr):
    rows = tl.arange(0, 2048)
    offsets = rows[:, None] * 2048 + rows[None, :]  # here
    tl.store(x_ptr + offsets * 0, 1.0)


@refused("shape_tuple", "write `tl.zeros((16,), dtype=tl.float32)`", x_ptr=floats)
@triton.jit
def gives_a_shape_as_a_number(x_ptr):
    zeros = tl.zeros(16, tl.float32)  # here
    tl.store(x_ptr + tl.arange(0, 16), zeros)


@refused("shapes_differ", "16 and 32 along axis 0", x_ptr=floats, M=16, N=32)
@triton.jit
def adds_blocks_of_different_length(x_ptr, M: tl.constexpr, N: tl.constexpr):
    offsets = tl.arange(0, M) + tl.arange(0, N)  # here
    tl.store(x_ptr + offsets, 1.0)


@refused("axis", "no axis 1", x_ptr=floats, N=16)
@triton.jit
def sums_over_an_axis_that_is_not_there(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr, tl.sum(x, axis=1))  # here


@refused("no_such_method", "write `tl.where(mask, value, x)`", x_ptr=floats, N=16)
@triton.jit
def fills_as_torch_does(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), x.masked_fill(x > 0, 1.0))  # here


@refused("block_at_other_addresses", "a block of 1 × 16, and its pointers are a block of 16", x_ptr=floats, N=16)
@triton.jit
def stores_a_row_at_a_vector(x_ptr, N: tl.constexpr):
    tl.store(x_ptr + tl.arange(0, N), tl.zeros((1, N), tl.float32))  # here


@refused("float_offset", "There is no `/` in what it is made of", x_ptr=floats, scale=0.5, N=16)
@triton.jit
def moves_by_a_scale(x_ptr, scale, N: tl.constexpr):
    tl.store(x_ptr + tl.arange(0, N) * scale, 1.0)  # here


@refused("needs_fp32", "write `tl.exp(x.to(tl.float32))`", x_ptr=halves, N=16)
@triton.jit
def takes_exp_of_fp16(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), tl.exp(x))  # here


@refused("floor_of_float", "need integers", x_ptr=floats, N=16)
@triton.jit
def floors_a_float_quotient(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), x // 3)  # here


@refused("float_for_a_whole_number", "does the launch pass a float", x_ptr=floats, heads=0.25, N=16)
@triton.jit
def divides_its_number_by_a_float(x_ptr, heads, N: tl.constexpr):
    pid = tl.program_id(axis=0)
    batch = pid // heads  # here
    tl.store(x_ptr + tl.arange(0, N), batch)


@refused("bits_of_float", "compare first", x_ptr=floats, N=16)
@triton.jit
def joins_a_mask_with_floats(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), x, mask=(x > 0) & x)  # here


@refused("constant_has_no_method", "`tl.full((), n, tl.int32)` makes a value", x_ptr=floats, n=1)
@triton.jit
def asks_for_the_type_of_an_argument_that_is_one(x_ptr, n):
    tl.store(x_ptr, tl.full((), 2, n.dtype))  # here


@refused("libdevice_dtype", "`x.to(tl.float32)`", x_ptr=halves, N=16)
@triton.jit
def takes_an_exponential_of_halves_from_libdevice(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), libdevice.exp(x))  # here


@accepted(x_ptr=halves, n=1, N=16)
@triton.jit
def casts_as_the_advice_says(x_ptr, n, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(
        x_ptr + tl.cast(n, tl.int64) + tl.arange(0, N),
        libdevice.exp(x.to(tl.float32)) + n * 1.0 + tl.full((), n, tl.int32),
    )


@refused("constant_has_no_to", "write `tl.cast(n, tl.float32)`", x_ptr=floats, n=1)
@triton.jit
def casts_an_argument_that_is_one(x_ptr, n):
    tl.store(x_ptr, n.to(tl.float32))  # here


@refused("tritons_dtype", "write `tl.float32`, not `torch.float32`", x_ptr=floats)
@triton.jit
def names_a_type_of_pytorch(x_ptr):
    zeros = tl.zeros((16,), torch.float32)  # here
    tl.store(x_ptr + tl.arange(0, 16), zeros)


@refused("type_of_architecture", "sm_80 has no fp8e4nv", x_ptr=lambda: torch.ones(64).to(torch.float8_e4m3fn))
@triton.jit
def loads_fp8_on_ampere(x_ptr):  # here
    tl.store(x_ptr + 32, tl.load(x_ptr))


@refused("forgotten_import", "Add the `import`", x_ptr=floats)
@triton.jit
def uses_a_module_that_is_not_imported(x_ptr):
    tl.store(x_ptr, math.pi)  # noqa: F821  # here


@accepted(x_ptr=floats, n=1)
@triton.jit
def follows_the_advice_on_an_argument_that_is_one(x_ptr, n):
    tl.store(x_ptr, n * 1.0)
    tl.store(x_ptr + 1, tl.full((), n, tl.int32).to(tl.float32))


@accepted(x_ptr=floats, y_ptr=integers, N=16)
@triton.jit
def converts_between_types(x_ptr, y_ptr, N: tl.constexpr):
    offsets = tl.arange(0, N)
    x = tl.load(x_ptr + offsets)
    y = x.to(tl.float16).to(tl.float32) + tl.load(y_ptr + offsets)
    tl.store(x_ptr + offsets, y.to(x_ptr.dtype.element_ty))
    tl.store(y_ptr + offsets, x.to(tl.int32, bitcast=True))
