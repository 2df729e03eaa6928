"""As many programs as the GPU has multiprocessors, each of which goes through many blocks."""

import torch
import triton
import triton.language as tl
from triton.runtime import driver

DEVICE = triton.runtime.driver.active.get_active_torch_device()
PROPERTIES = driver.active.utils.get_device_properties(DEVICE.index)
NUM_SM = PROPERTIES["multiprocessor_count"]
TARGET = triton.runtime.driver.active.get_current_target()


def is_cuda():
    return TARGET.backend == "cuda"


@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK_SIZE: tl.constexpr, num_stages: tl.constexpr):
    start = tl.program_id(0)
    for block in tl.range(start, tl.cdiv(n, BLOCK_SIZE), tl.num_programs(0), num_stages=num_stages):
        offsets = block * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
        mask = offsets < n
        x = tl.load(x_ptr + offsets, mask=mask)
        y = tl.load(y_ptr + offsets, mask=mask)
        tl.store(out_ptr + offsets, x + y, mask=mask)


def vector_add(x, y):
    out = torch.empty_like(x)
    n = out.numel()
    stages = 4 if PROPERTIES["max_shared_mem"] > 200_000 and is_cuda() else 2
    grid = (min(NUM_SM, triton.cdiv(n, 128)), 1, 1)
    add_kernel[grid](x, y, out, n, BLOCK_SIZE=128, num_stages=stages)
    return out
