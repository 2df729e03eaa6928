"""Tuned block sizes: several configurations, of which the first is as good as any where nothing can be measured."""

import torch
import triton
import triton.language as tl


def has_work(configs, named_args, **kwargs):
    return [config for config in configs if config.kwargs["BLOCK_SIZE"] <= 4096]


@triton.autotune(
    configs=[
        triton.Config({"BLOCK_SIZE": 256}, num_warps=4),
        triton.Config({"BLOCK_SIZE": 1024}, num_warps=8, num_stages=3),
        triton.Config({"BLOCK_SIZE": 8192}, num_warps=8),
    ],
    key=["n"],
    prune_configs_by={"early_config_prune": has_work},
    reset_to_zero=["out_ptr"],
)
@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK_SIZE: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
    mask = offsets < n
    tl.store(out_ptr + offsets, tl.load(x_ptr + offsets, mask) + tl.load(y_ptr + offsets, mask), mask)


def vector_add(x, y):
    out = torch.empty_like(x)
    add_kernel[lambda meta: (triton.cdiv(x.numel(), meta["BLOCK_SIZE"]),)](x, y, out, x.numel())
    return out
