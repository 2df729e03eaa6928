"""dK and dV of causal attention in two forms: ptxas runs the products of one of them one by one."""

import triton
import triton.language as tl


@triton.jit
def _one_tile(start, q_ptr, do_ptr, lse_ptr, delta_ptr, k, v, dk, dv, offs_n, BM: tl.constexpr, D: tl.constexpr,
              MASKED: tl.constexpr):  # fmt: skip
    offs_m, offs_d = start + tl.arange(0, BM), tl.arange(0, D)
    q = tl.load(q_ptr + offs_m[:, None] * D + offs_d[None, :])
    do = tl.load(do_ptr + offs_m[:, None] * D + offs_d[None, :])
    pt = tl.exp2(tl.dot(k, tl.trans(q)) - tl.load(lse_ptr + offs_m)[None, :])
    if MASKED:
        pt = tl.where(offs_m[None, :] >= offs_n[:, None], pt, 0.0)
    dv = tl.dot(pt.to(tl.float16), do, dv)
    dst = pt * (tl.dot(v, tl.trans(do)) - tl.load(delta_ptr + offs_m)[None, :])
    return tl.dot(dst.to(tl.float16), q, dk), dv


@triton.jit
def dk_dv(q_ptr, k_ptr, v_ptr, do_ptr, dk_ptr, dv_ptr, lse_ptr, delta_ptr, S, BM: tl.constexpr, BN: tl.constexpr,
          D: tl.constexpr, LOOPS: tl.constexpr):  # fmt: skip
    offs_n, offs_d = tl.program_id(0) * BN + tl.arange(0, BN), tl.arange(0, D)
    tile = offs_n[:, None] * D + offs_d[None, :]
    k, v = tl.load(k_ptr + tile), tl.load(v_ptr + tile)
    dk, dv = tl.zeros((BN, D), tl.float32), tl.zeros((BN, D), tl.float32)
    first = tl.program_id(0) * BN
    if LOOPS == 2:  # the tiles on the diagonal come first, and the others need no mask
        for start in range(first, first + BN, BM):
            dk, dv = _one_tile(start, q_ptr, do_ptr, lse_ptr, delta_ptr, k, v, dk, dv, offs_n, BM, D, True)
        for start in range(first + BN, S, BM):
            dk, dv = _one_tile(start, q_ptr, do_ptr, lse_ptr, delta_ptr, k, v, dk, dv, offs_n, BM, D, False)
    else:
        for start in range(first, S, BM):
            dk, dv = _one_tile(start, q_ptr, do_ptr, lse_ptr, delta_ptr, k, v, dk, dv, offs_n, BM, D, True)
    tl.store(dk_ptr + tile, dk.to(tl.float16))
    tl.store(dv_ptr + tile, dv.to(tl.float16))
