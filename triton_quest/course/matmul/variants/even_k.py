"""A 2-D grid swizzled by tl.swizzle2d, evenness by heuristics, a while loop over K, products of transposed tiles."""

import torch
import triton
import triton.language as tl


@triton.heuristics({"EVEN_K": lambda args: args["K"] % args["BK"] == 0})
@triton.jit
def kernel(
    a_ptr, b_ptr, c_ptr, M, N, K, sam, sak, sbk, sbn, scm, scn,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, EVEN_K: tl.constexpr,
):  # fmt: skip
    m, n = tl.swizzle2d(tl.program_id(0), tl.program_id(1), tl.num_programs(0), tl.num_programs(1), 4)
    rows = m * BM + tl.arange(0, BM)
    cols = n * BN + tl.arange(0, BN)
    ks = tl.arange(0, BK)
    row_mask, col_mask = rows < M, cols < N
    acc = tl.full((BN, BM), 0.0, tl.float32)
    left = K
    while left > 0:
        at = a_ptr + ks[:, None] * sak + rows[None, :] * sam  # (BK, BM): a transposed by its strides
        bt = b_ptr + cols[:, None] * sbn + ks[None, :] * sbk  # (BN, BK)
        if EVEN_K:
            a = tl.load(at, mask=row_mask[None, :], other=0.0)
            b = tl.load(bt, mask=col_mask[:, None], other=0.0)
        else:
            a = tl.load(at, mask=row_mask[None, :] & (ks[:, None] < K), other=0.0)
            b = tl.load(bt, mask=col_mask[:, None] & (ks[None, :] < K), other=0.0)
        acc = tl.dot(b, a, acc=acc, input_precision="ieee", out_dtype=tl.float32)
        ks += BK
        left -= BK
    out = c_ptr + rows[:, None] * scm + cols[None, :] * scn
    tl.store(out, tl.trans(acc).to(c_ptr.type.element_ty), mask=row_mask[:, None] & col_mask[None, :])


def matmul(a, b):
    M, N, K = a.size(0), b.size(1), a.size(1)
    c = torch.empty(M, N, dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(M, 16), triton.cdiv(N, 64))
    kernel[grid](a, b, c, M, N, K, *a.stride(), *b.stride(), *c.stride(), BM=16, BN=64, BK=16)
    return c
