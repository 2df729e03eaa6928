"""Learner's files for level 1, written by hand: its contract is fixed, the words of its course are not."""

LAUNCHER = """

def vector_add(x, y):
    out = torch.empty_like(x)
    n = out.numel()
    add_kernel[(triton.cdiv(n, 64),)](x, y, out, n, BLOCK_SIZE=64)
    return out


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(vector_add)
"""

KERNEL = '''\
"""Level 1, by a learner."""

import quest_setup  # noqa: F401
import torch
import triton
import triton.language as tl


@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK_SIZE: tl.constexpr):
    pid = tl.program_id(axis=0)
    offsets = pid * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, x + y, mask=mask)
'''

RIGHT = KERNEL + LAUNCHER
WRONG = RIGHT.replace("x + y, mask", "x - y, mask")  # in every element, of every case
UNFINISHED = RIGHT.replace("mask = offsets < n", "mask = ...").replace(
    "y = tl.load(y_ptr + offsets, mask=mask)", "y = ..."
)
PRINTING = RIGHT.replace("    mask =", '    print("this is program", pid)\n    mask =')
HANGING = RIGHT.replace("    out = torch", "    while True:\n        pass\n    out = torch")
NOT_PYTHON = RIGHT.replace("def vector_add(x, y):", "def vector_add(x, y)")
