"""Launches: options, arguments, grids and resources, and the ways in which launchers are written."""

from collections.abc import Callable

import numpy as np
import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor

from .cases import Case, accepted, add, floats


@triton.jit
def fills(x_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x_ptr + offsets, 1.0, mask=offsets < n)


@triton.jit
def multiplies_tiles(x_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)[:, None] * BLOCK + tl.arange(0, BLOCK)[None, :]
    acc = tl.zeros((BLOCK, BLOCK), tl.float32)
    for k in range(0, n, BLOCK):
        acc = tl.dot(tl.load(x_ptr + offsets), tl.load(x_ptr + offsets + k), acc)
    tl.store(x_ptr + offsets, acc)


@triton.heuristics({"BLOCK": lambda args: triton.next_power_of_2(args["n"])})
@triton.jit
def fills_by_heuristics(x_ptr, n, BLOCK: tl.constexpr):
    tl.store(x_ptr + tl.arange(0, BLOCK), 1.0, mask=tl.arange(0, BLOCK) < n)


@triton.autotune([triton.Config({"BLOCK": 16}), triton.Config({"BLOCK": 32}, num_warps=8, num_stages=2)], key=["n"])
@triton.jit
def fills_by_autotuning(x_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x_ptr + offsets, 1.0, mask=offsets < n)


@triton.jit
def adds_one_through_a_descriptor(x_desc):
    x_desc.store([0, 0], x_desc.load([0, 0]) + 1)


def refused_launch(name: str, construct: str, fragment: str, launch: Callable[[], object]) -> None:
    add(Case(name, launch, construct, fragment, compiles=False, marked=False))


def accepted_launch(name: str, launch: Callable[[], object]) -> None:
    add(Case(name, launch))


refused_launch(
    "misspells_an_option", "unknown_option", "`num_warp` is neither", lambda: fills[(1,)](floats(), 9, 16, num_warp=4)
)
refused_launch("takes_three_warps", "num_warps", "power of two", lambda: fills[(1,)](floats(), 9, 16, num_warps=3))
refused_launch("takes_64_warps", "too_many_warps", "2048 threads", lambda: fills[(1,)](floats(), 9, 16, num_warps=64))
refused_launch("forgets_an_argument", "missing_argument", "leaves out `x_ptr`", lambda: fills[(1,)](n=9, BLOCK=16))
refused_launch("gives_too_much", "too_many_arguments", "takes 3 arguments", lambda: fills[(1,)](floats(), 9, 16, 4))
refused_launch(
    "gives_one_twice",
    "too_many_arguments",
    "passes `BLOCK` twice",
    lambda: fills[(1,)](floats(), 9, 16, BLOCK=16),
)
refused_launch("passes_an_array", "argument_type", "ndarray", lambda: fills[(1,)](np.zeros(16), 9, 16))
refused_launch("passes_a_numpy_integer", "argument_type", "`int(...)`", lambda: fills[(1,)](floats(), np.int64(9), 16))
refused_launch(
    "passes_complex_numbers",
    "tensor_dtype",
    "no complex64",
    lambda: fills[(1,)](torch.zeros(16, dtype=torch.complex64), 9, 16),
)
refused_launch("forgets_the_grid", "no_grid", "`fills` needs a grid", lambda: fills(floats(), 9, 16))
refused_launch(
    "has_too_many_rows", "grid_too_large", "70000 programs along axis 1", lambda: fills[1, 70000](floats(), 9, 16)
)
refused_launch(
    "has_half_a_program", "grid_of_floats", "axis 0 is a float", lambda: fills[(9 / 16 + 1,)](floats(), 9, 16)
)
refused_launch(
    "divides_in_the_launcher_by_a_kernels_function",
    "kernels_function_in_the_launcher",
    "write `triton.cdiv",
    lambda: (tl.cdiv(9, 16), fills[(1,)](floats(), 9, 16)),
)
refused_launch("has_a_fourth_axis", "grid_axes", "has 4 axes", lambda: fills[1, 1, 1, 1](floats(), 9, 16))
refused_launch("has_no_axis", "no_grid", "`fills` needs a grid", lambda: fills[()](floats(), 9, 16))
refused_launch("gives_a_number_as_grid", "no_grid", "is a tuple", lambda: fills[lambda meta: 1](floats(), 9, 16))
accepted_launch("takes_a_grid_in_a_list", lambda: fills[[1]](floats(), 9, 16))
refused_launch("needs_a_cluster", "num_ctas", "sm_90", lambda: fills[(1,)](floats(), 9, 16, num_ctas=2))
refused_launch(
    "needs_too_much_shared_memory",
    "shared_memory",
    "`multiplies_tiles` with these blocks needs",
    lambda: multiplies_tiles[(1,)](floats(), 1024, 256, num_stages=4),
)

accepted_launch("gives_options", lambda: fills[(1,)](floats(), 9, BLOCK=16, num_warps=8, num_stages=2))
accepted_launch(
    "computes_its_grid", lambda: fills[lambda meta: (triton.cdiv(99, meta["BLOCK"]),)](floats(), 99, BLOCK=16)
)
accepted_launch("launches_no_program", lambda: fills[(0,)](floats(), 9, 16))
accepted_launch("uses_heuristics", lambda: fills_by_heuristics[(1,)](floats(), 9))
accepted_launch(
    "uses_autotuning", lambda: fills_by_autotuning[lambda meta: (triton.cdiv(9, meta["BLOCK"]),)](floats(), 9)
)
accepted_launch("passes_a_slice", lambda: fills[(1,)](floats()[1:], 9, 16))
accepted_launch(
    "passes_a_descriptor",
    lambda: adds_one_through_a_descriptor[(1,)](TensorDescriptor.from_tensor(torch.ones(16, 16), [16, 16])),
)


@accepted(x_ptr=floats, scale=0.5, wide=2**40, flag=True, nothing=None, DTYPE=tl.float32, NAME="relu")
@triton.jit
def takes_arguments_of_every_kind(x_ptr, scale, wide, flag, nothing, DTYPE: tl.constexpr, NAME: tl.constexpr):
    if flag and nothing is None and NAME == "relu":
        tl.store(x_ptr, (wide * scale).to(DTYPE))
