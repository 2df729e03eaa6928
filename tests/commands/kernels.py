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
CHOOSING = RIGHT.replace("SIZE=64", "SIZE=BLOCK").replace(
    "    n = out.numel()\n",
    "    n, BLOCK = out.numel(), 64\n"
    "    if x.is_cuda:\n"
    "        room = torch.cuda.get_device_properties(x.device).shared_memory_per_block_optin\n"
    "        BLOCK = 256 if room > 200_000 else 128\n",
)
HANGING = RIGHT.replace("    out = torch", "    while True:\n        pass\n    out = torch")
NOT_PYTHON = RIGHT.replace("def vector_add(x, y):", "def vector_add(x, y)")


def product(BLOCK_M: int, BLOCK_N: int, BLOCK_K: int, above: str = "") -> str:
    """A learner's file for level 2 with these blocks, for whole blocks only. `above` runs when it is imported."""
    return PRODUCT.replace("BLOCKS", f"{BLOCK_M}, {BLOCK_N}, {BLOCK_K}").replace(
        "@triton.jit", f"{above}\n\n@triton.jit"
    )


PRODUCT = """\
import torch
import triton
import triton.language as tl


@triton.jit
def product_kernel(a_ptr, b_ptr, c_ptr, N, K, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr):
    rows = tl.program_id(axis=0) * BLOCK_M + tl.arange(0, BLOCK_M)
    cols = tl.program_id(axis=1) * BLOCK_N + tl.arange(0, BLOCK_N)
    steps = tl.arange(0, BLOCK_K)
    acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for k in range(0, K, BLOCK_K):
        a = tl.load(a_ptr + rows[:, None] * K + (k + steps)[None, :])
        b = tl.load(b_ptr + (k + steps)[:, None] * N + cols[None, :])
        acc = tl.dot(a, b, acc, input_precision="ieee")
    tl.store(c_ptr + rows[:, None] * N + cols[None, :], acc.to(c_ptr.dtype.element_ty))


def matmul(a, b):
    BLOCK_M, BLOCK_N, BLOCK_K = BLOCKS
    M, K, N = *a.shape, b.shape[1]
    c = torch.empty((M, N), dtype=a.dtype)
    grid = (triton.cdiv(M, BLOCK_M), triton.cdiv(N, BLOCK_N))
    product_kernel[grid](a, b, c, N, K, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, BLOCK_K=BLOCK_K)
    return c
"""
