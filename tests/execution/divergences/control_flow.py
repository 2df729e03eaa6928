"""Loops, branches and functions: what Python can and a kernel can't."""

import triton
import triton.language as tl

from .cases import accepted, floats, refused


@refused("break", "bound the range instead", x_ptr=floats, n=10)
@triton.jit
def breaks_out_of_a_for_loop(x_ptr, n):
    for i in range(n):
        if i == 3:
            break  # here
        tl.store(x_ptr + i, 1.0)


@refused("break", "let the condition of the `while` end it", x_ptr=floats, n=10)
@triton.jit
def breaks_out_of_a_while_loop(x_ptr, n):
    i = 0
    while True:
        if i >= n:
            break  # here
        i += 1
    tl.store(x_ptr, i * 1.0)


@refused("continue", "under an `if`", x_ptr=floats, n=10)
@triton.jit
def skips_an_iteration(x_ptr, n):
    for i in range(n):
        if i == 3:
            continue  # here
        tl.store(x_ptr + i, 1.0)


@refused("return_in_loop", "return before the loop", x_ptr=floats, n=10)
@triton.jit
def returns_from_a_loop(x_ptr, n):
    for i in range(n):
        if i == 3:  # here
            return
        tl.store(x_ptr + i, 1.0)


@refused("kernel_returns", "store it through a pointer", x_ptr=floats, n=10)
@triton.jit
def returns_a_value(x_ptr, n):
    tl.store(x_ptr, 1.0)
    return n  # here


@refused("loop_over_values", "not over a list or tuple", x_ptr=floats)
@triton.jit
def loops_over_a_list(x_ptr):
    for i in [1, 2, 3]:  # here
        tl.store(x_ptr + i, 1.0)


@refused("loop_else", "can't have an `else`", x_ptr=floats, n=10)
@triton.jit
def has_a_loop_with_else(x_ptr, n):
    for i in range(n):  # here
        tl.store(x_ptr + i, 1.0)
    else:
        tl.store(x_ptr, 2.0)


@refused("loop_bounds", "here they are int32, fp32, int32", x_ptr=floats, n=10)
@triton.jit
def loops_to_a_float(x_ptr, n):
    for i in range(n / 2):  # here
        tl.store(x_ptr + i, 1.0)


@refused("static_range", "use `tl.range` if they vary", x_ptr=floats, n=10)
@triton.jit
def unrolls_to_a_runtime_bound(x_ptr, n):
    for i in tl.static_range(n):  # here
        tl.store(x_ptr + i, 1.0)


@refused("if_on_block", "choose by `tl.where`", x_ptr=floats, N=16)
@triton.jit
def branches_on_a_block(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    if x > 0:  # here
        tl.store(x_ptr + tl.arange(0, N), 1.0)


@refused("if_on_block", "one per element", x_ptr=floats, n=10, N=16)
@triton.jit
def chooses_by_a_block(x_ptr, n, N: tl.constexpr):
    offsets = tl.arange(0, N)
    value = 1.0 if offsets < n else 2.0  # here
    tl.store(x_ptr + offsets, value)


@refused("if_on_block", "one per element", x_ptr=floats, n=10, N=16)
@triton.jit
def loops_while_a_block_holds(x_ptr, n, N: tl.constexpr):
    offsets = tl.arange(0, N)
    while offsets < n:  # here
        offsets += 1
    tl.store(x_ptr + offsets, 1.0)


@triton.jit
def calls_itself(n):
    if n <= 1:
        return n
    return calls_itself(n - 1)  # here


@refused("recursion", "`calls_itself` calls itself", x_ptr=floats, n=4)
@triton.jit
def launches_a_recursion(x_ptr, n):
    tl.store(x_ptr, calls_itself(n) * 1.0)


@triton.jit
def returns_two_types(n):  # here
    if n > 2:
        return 1.0
    return n  # here


@refused("returns_differ", "`returns_two_types` returns fp32 in one place and int32", x_ptr=floats, n=4)
@triton.jit
def calls_what_returns_two_types(x_ptr, n):
    tl.store(x_ptr, returns_two_types(n))


@refused("static_assert", "use `tl.device_assert`", x_ptr=floats, n=4)
@triton.jit
def asserts_a_runtime_value_statically(x_ptr, n):
    tl.static_assert(n > 2)  # here
    tl.store(x_ptr, 1.0)


@refused("static_assert_fails", "`BLOCK >= 16` doesn't hold in this launch, where `BLOCK` is 8.", x_ptr=floats, BLOCK=8)
@triton.jit
def asserts_a_larger_block(x_ptr, BLOCK: tl.constexpr):
    tl.static_assert(BLOCK >= 16, "BLOCK is too small")  # here
    tl.store(x_ptr, 1.0)


@accepted(x_ptr=floats, n=10)
@triton.jit
def loops_while_a_scalar_holds(x_ptr, n):
    i = 0
    while i < n and i < 8:
        tl.store(x_ptr + i, 1.0)
        i += 1


@accepted(x_ptr=floats, n=1)
@triton.jit
def returns_early_at_the_top_level(x_ptr, n):
    if tl.program_id(0) >= n:
        return
    tl.store(x_ptr + tl.program_id(0), 1.0)


@accepted(x_ptr=floats, n=10)
@triton.jit
def uses_all_kinds_of_ranges(x_ptr, n):
    acc = 0.0
    for i in range(n):
        acc += tl.load(x_ptr + i)
    for i in tl.range(0, n, 2, num_stages=2):
        acc += tl.load(x_ptr + i)
    for i in tl.static_range(4):
        acc += tl.load(x_ptr + i)
    for i in range(n - 1, -1, -1):
        acc += tl.load(x_ptr + i)
    tl.store(x_ptr, acc)


@accepted(x_ptr=floats, n=10)
@triton.jit
def nests_loops_and_branches(x_ptr, n):
    acc = 0.0
    for i in range(n):
        for j in range(i):
            if j > 2:
                acc += tl.load(x_ptr + i * j)
            elif j == 1:
                acc -= 1.0
            else:
                acc += 2.0
    value = 1.0 if n > 3 else 2.0
    tl.store(x_ptr, acc + value)


@accepted(x_ptr=floats, flag_ptr=floats)
@triton.jit
def branches_on_a_loaded_scalar(x_ptr, flag_ptr):
    if tl.load(flag_ptr) > 0 and not tl.load(flag_ptr + 1) < 0:
        tl.store(x_ptr, 1.0)


@accepted(x_ptr=floats, n=10)
@triton.jit
def asserts_at_run_time(x_ptr, n):
    assert n > 2, "n is too small"
    tl.device_assert(n > 2, "n is too small")
    tl.store(x_ptr, 1.0)
