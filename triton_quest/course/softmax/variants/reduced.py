"""Reductions with functions of one's own, two values at a time; a warps' number that is tuned; powers of two."""

import torch
import triton
import triton.language as tl

LOG2_E = tl.constexpr(1.4426950408889634)


@triton.jit
def larger(a, b):
    return tl.maximum(a, b)


@triton.jit
def joined(m_a, d_a, m_b, d_b):
    m = tl.maximum(m_a, m_b)
    return m, d_a * tl.exp2(m_a - m) + d_b * tl.exp2(m_b - m)


@triton.autotune(configs=[triton.Config({}, num_warps=warps) for warps in (1, 4, 8)], key=["n_cols", "BLOCK"])
@triton.jit
def softmax_kernel(x_ptr, out_ptr, sxr, sxc, sor, soc, n_cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    scores = tl.load(x_ptr + row * sxr + cols * sxc, mask=cols < n_cols, other=float("-inf")).to(tl.float32)
    scores = (scores - tl.reduce(scores, 0, larger)) * LOG2_E
    finite = tl.where(cols < n_cols, scores, -1000.0)
    m, d = tl.reduce((finite, tl.where(cols < n_cols, 1.0, 0.0)), 0, joined)
    tl.store(out_ptr + row * sor + cols * soc, tl.exp2(scores - m) / d, mask=cols < n_cols)


def softmax(x):
    out = torch.empty_like(x)
    rows, n_cols = x.shape
    softmax_kernel[(rows,)](x, out, *x.stride(), *out.stride(), n_cols, BLOCK=triton.next_power_of_2(n_cols))
    return out
