"""Names: what a kernel may read and call, and what is Python's own."""

import math

import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice

from .cases import accepted, floats, refused

THREE = 3.0
FOUR = tl.constexpr(4.0)


class Config:
    BLOCK = 16


def doubled_by_python(value):
    return value * 2


@triton.jit
def doubled(value):
    return value * 2


@refused("undecorated_helper", "add @triton.jit above its `def`", x_ptr=floats)
@triton.jit
def calls_a_plain_function(x_ptr):
    tl.store(x_ptr, doubled_by_python(1.0))  # here


@refused("torch_call", "`torch.zeros` is no function for kernels", x_ptr=floats)
@triton.jit
def calls_pytorch(x_ptr):
    zeros = torch.zeros(3)  # noqa: F841  # here
    tl.store(x_ptr, 1.0)


@refused("global_variable", "write `THREE = tl.constexpr(...)`", x_ptr=floats)
@triton.jit
def reads_a_global(x_ptr):
    tl.store(x_ptr, THREE)  # here


@refused("global_object", "pass `Config.BLOCK` as an argument", x_ptr=floats)
@triton.jit
def reads_a_class(x_ptr):
    tl.store(x_ptr + tl.arange(0, Config.BLOCK), 1.0)  # here


@refused("set_in_branch", "`value` is set in one branch only", x_ptr=floats, n=4)
@triton.jit
def uses_what_one_branch_sets(x_ptr, n):
    if n > 2:
        value = 1.0
    tl.store(x_ptr, value)  # here


@refused("set_in_loop", "`last` is set inside a loop", x_ptr=floats, n=4)
@triton.jit
def uses_what_a_loop_sets(x_ptr, n):
    for i in range(n):
        last = i * 1.0
    tl.store(x_ptr, last)  # here


@refused("unknown_name", "`valu` isn't defined", x_ptr=floats, n=4)
@triton.jit
def misspells_a_name_in_a_branch_not_taken(x_ptr, n):
    if n > 100:
        tl.store(x_ptr, valu)  # noqa: F821  # here


@refused("unknown_name", "write `tl.int64`", x_ptr=floats, n=4)
@triton.jit
def forgets_the_module_of_a_type(x_ptr, n):
    tl.store(x_ptr + tl.program_id(0).to(int64) * n, 1.0)  # noqa: F821  # here


@refused("unknown_name", 'write `float("inf")`', x_ptr=floats)
@triton.jit
def takes_infinity_for_a_name(x_ptr):
    tl.store(x_ptr, -inf)  # noqa: F821  # here


@refused("unknown_function", 'write `float("inf")`', x_ptr=floats)
@triton.jit
def looks_for_infinity_in_tl(x_ptr):
    tl.store(x_ptr, -tl.inf)  # here


@refused("reduces_one_block", "of two values write `tl.maximum(x, y)`", x_ptr=floats)
@triton.jit
def takes_the_max_of_two(x_ptr):
    tl.store(x_ptr, tl.max(tl.load(x_ptr), tl.load(x_ptr + 1)))  # here


@refused("unknown_function", "`tl` has no `lod`", x_ptr=floats, n=4)
@triton.jit
def misspells_a_function_in_a_branch_not_taken(x_ptr, n):
    if n > 100:
        tl.store(x_ptr, tl.lod(x_ptr))  # here


@refused("python_builtin", "write `tl.abs`", x_ptr=floats, N=16)
@triton.jit
def calls_pythons_abs(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), abs(x))  # here


@refused("python_builtin", "take it out again", x_ptr=floats, n=4)
@triton.jit
def stops_in_the_debugger(x_ptr, n):
    if n > 100:
        breakpoint()  # noqa: T100  # here
    tl.store(x_ptr, 1.0)


@refused("number_conversion", "write `tl.cast(x, tl.int32)`", x_ptr=floats)
@triton.jit
def converts_by_python(x_ptr):
    x = tl.load(x_ptr)
    tl.store(x_ptr + int(x), 1.0)  # here


@refused("len", "write `x.shape[0]`", x_ptr=floats, N=16)
@triton.jit
def takes_the_length_of_a_block(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr, len(x) * 1.0)  # here


@refused("math_module", "write `tl.sqrt`", x_ptr=floats, n=4)
@triton.jit
def takes_a_root_by_python(x_ptr, n):
    tl.store(x_ptr, math.sqrt(n))  # here


@refused("launcher_function", "in a kernel write `tl.cdiv`", x_ptr=floats, n=4)
@triton.jit
def divides_by_the_launchers_cdiv(x_ptr, n):
    tl.store(x_ptr + triton.cdiv(n, 3), 1.0)  # here


@refused("launcher_function", "only with numbers that are known", x_ptr=floats, n=4)
@triton.jit
def rounds_up_a_runtime_value(x_ptr, n):
    tl.store(x_ptr + triton.next_power_of_2(n), 1.0)  # here


@accepted(x_ptr=floats, N=16)
@triton.jit
def calls_libdevice(x_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(x_ptr + tl.arange(0, N), libdevice.tanh(x) + tl.extra.libdevice.erf(x))
