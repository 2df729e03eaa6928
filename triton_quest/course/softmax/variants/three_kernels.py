"""Columns split among programs: partial maxima and sums, then their combination, then the quotient."""

import torch
import triton
import triton.language as tl


@triton.jit
def partial_kernel(x_ptr, max_ptr, sum_ptr, stride_r, stride_c, n_cols, parts, BLOCK: tl.constexpr):
    row, part = tl.program_id(0), tl.program_id(1)
    cols = part * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * stride_r + cols * stride_c, mask=cols < n_cols, other=float("-inf")).to(tl.float32)
    largest = tl.max(x, axis=0)
    tl.store(max_ptr + row * parts + part, largest)
    tl.store(sum_ptr + row * parts + part, tl.sum(tl.exp(x - largest), axis=0))


@triton.jit
def combine_kernel(max_ptr, sum_ptr, parts, PARTS: tl.constexpr):
    row = tl.program_id(0)
    lanes = tl.arange(0, PARTS)
    maxima = tl.load(max_ptr + row * parts + lanes, mask=lanes < parts, other=float("-inf"))
    sums = tl.load(sum_ptr + row * parts + lanes, mask=lanes < parts, other=0.0)
    largest = tl.max(maxima, axis=0)
    total = tl.sum(sums * tl.exp(maxima - largest), axis=0)
    tl.debug_barrier()
    tl.store(max_ptr + row * parts, largest)
    tl.store(sum_ptr + row * parts, total)


@triton.jit
def divide_kernel(x_ptr, max_ptr, sum_ptr, out_ptr, sxr, sxc, sor, soc, n_cols, parts, BLOCK: tl.constexpr):
    row, part = tl.program_id(0), tl.program_id(1)
    cols = part * BLOCK + tl.arange(0, BLOCK)
    largest, total = tl.load(max_ptr + row * parts), tl.load(sum_ptr + row * parts)
    x = tl.load(x_ptr + row * sxr + cols * sxc, mask=cols < n_cols).to(tl.float32)
    tl.store(out_ptr + row * sor + cols * soc, tl.exp(x - largest) / total, mask=cols < n_cols)


def softmax(x):
    rows, n_cols = x.shape
    block = 128
    parts = triton.cdiv(n_cols, block)
    maxima, sums = (torch.empty(rows, parts, dtype=torch.float32, device=x.device) for _ in range(2))
    out = torch.empty_like(x)
    partial_kernel[rows, parts](x, maxima, sums, *x.stride(), n_cols, parts, BLOCK=block)
    combine_kernel[rows,](maxima, sums, parts, PARTS=triton.next_power_of_2(parts))
    divide_kernel[rows, parts](x, maxima, sums, out, *x.stride(), *out.stride(), n_cols, parts, BLOCK=block)
    return out
