"""Launchers with one mistake that only a compiler sees."""

import torch
import triton
import triton.language as tl

from . import helpers


@triton.jit
def sum_kernel(x_ptr, out_ptr, n):
    tl.store(out_ptr, helpers.stops_early(x_ptr, n))


def sums_by_a_wrong_helper(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros(1)
    sum_kernel[(1,)](x, out, x.numel())
    return out


@triton.jit
def dot_kernel(x_ptr, out_ptr, BLOCK: tl.constexpr, STEP: tl.constexpr):
    rows, inner = tl.arange(0, BLOCK), tl.arange(0, STEP)
    acc = tl.zeros((BLOCK, BLOCK), tl.float32)
    for k in range(0, 4 * STEP, STEP):
        a = tl.load(x_ptr + rows[:, None] * STEP + (k + inner)[None, :])
        b = tl.load(x_ptr + (k + inner)[:, None] * BLOCK + rows[None, :])
        acc = tl.dot(a, b, acc)
    tl.store(out_ptr + rows[:, None] * BLOCK + rows[None, :], acc)


def tuned(*sizes: tuple[int, int]):
    """A launcher that may choose among (BLOCK, STEP)."""
    configs = [triton.Config({"BLOCK": block, "STEP": step}, num_stages=3) for block, step in sizes]
    kernel = triton.autotune(configs, key=[])(dot_kernel)

    def launch(x: torch.Tensor) -> torch.Tensor:
        out = torch.zeros(1)
        kernel[(1,)](x, out)
        return out

    return launch
