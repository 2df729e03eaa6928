"""
# Level 8: Flash Attention

The briefing is being written; the kernel below works.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl

# What a program works on: BLOCK_M queries, BLOCK_N keys a step, num_warps warps, num_stages steps loaded ahead.
# More would not fit into the registers of a GPU; fp32 (4 bytes) takes twice the room of fp16 and bf16 (2 bytes).
TILES = {
    (2, 16): (128, 64, 8, 3),
    (2, 32): (128, 64, 8, 3),
    (2, 64): (128, 64, 8, 3),
    (2, 128): (128, 64, 8, 3),
    (4, 16): (64, 64, 8, 2),
    (4, 32): (64, 64, 8, 2),
    (4, 64): (64, 64, 16, 2),
    (4, 128): (64, 64, 16, 1),
}


@triton.jit
def attend(qk, v, m_i, l_i, acc, qk_scale):
    """Take one more tile of keys and values in: the step of online softmax, for BLOCK_M queries at once.

    qk: (BLOCK_M, BLOCK_N), v: (BLOCK_N, D), m_i, l_i: (BLOCK_M,), acc: (BLOCK_M, D) -> the new m_i, l_i, acc
    """
    m_new = tl.maximum(m_i, tl.max(qk, axis=1) * qk_scale)
    p = tl.exp2(qk * qk_scale - m_new[:, None])
    alpha = tl.exp2(m_i - m_new)
    acc = acc * alpha[:, None]
    acc = tl.dot(p.to(v.dtype), v, acc, input_precision="ieee")
    l_i = l_i * alpha + tl.sum(p, axis=1)
    return m_new, l_i, acc


@triton.jit
def flash_attention_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    out_ptr,
    stride_qb,
    stride_qh,
    stride_qm: tl.int64,
    stride_qd,
    stride_kb,
    stride_kh,
    stride_kn: tl.int64,
    stride_kd,
    stride_vb,
    stride_vh,
    stride_vn: tl.int64,
    stride_vd,
    stride_ob,
    stride_oh,
    stride_om: tl.int64,
    stride_od,
    H,
    M,
    N,
    sm_scale,
    D: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    CAUSAL: tl.constexpr,
):
    pid_m = tl.program_id(axis=0)
    if CAUSAL:
        pid_m = tl.num_programs(axis=0) - 1 - pid_m  # the lowest tile has most to do: it starts first
    pid_bh = tl.program_id(axis=1)
    batch = (pid_bh // H).to(tl.int64)
    head = (pid_bh % H).to(tl.int64)
    q_ptr += batch * stride_qb + head * stride_qh
    k_ptr += batch * stride_kb + head * stride_kh
    v_ptr += batch * stride_vb + head * stride_vh
    out_ptr += batch * stride_ob + head * stride_oh

    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_n = tl.arange(0, BLOCK_N)
    offs_d = tl.arange(0, D)
    q_ptrs = q_ptr + offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd  # (BLOCK_M, D)
    k_ptrs = k_ptr + offs_d[:, None] * stride_kd + offs_n[None, :] * stride_kn  # (D, BLOCK_N): K transposed
    v_ptrs = v_ptr + offs_n[:, None] * stride_vn + offs_d[None, :] * stride_vd  # (BLOCK_N, D)

    q = tl.load(q_ptrs, mask=offs_m[:, None] < M, other=0.0)
    m_i = tl.full((BLOCK_M,), -float("inf"), dtype=tl.float32)
    l_i = tl.zeros((BLOCK_M,), dtype=tl.float32)
    acc = tl.zeros((BLOCK_M, D), dtype=tl.float32)
    qk_scale = sm_scale * 1.4426950408889634  # log2(e)

    if CAUSAL:
        whole = pid_m * BLOCK_M // BLOCK_N * BLOCK_N
        end = tl.minimum((pid_m + 1) * BLOCK_M, N)
    else:
        whole = N // BLOCK_N * BLOCK_N
        end = N

    for start in range(0, whole, BLOCK_N):
        k = tl.load(k_ptrs + start * stride_kn)
        v = tl.load(v_ptrs + start * stride_vn)
        qk = tl.dot(q, k, input_precision="ieee")
        m_i, l_i, acc = attend(qk, v, m_i, l_i, acc, qk_scale)

    for start in range(whole, end, BLOCK_N):
        keys = start + offs_n  # (BLOCK_N,)
        k = tl.load(k_ptrs + start * stride_kn, mask=keys[None, :] < N, other=0.0)
        v = tl.load(v_ptrs + start * stride_vn, mask=keys[:, None] < N, other=0.0)
        qk = tl.dot(q, k, input_precision="ieee")
        if CAUSAL:
            visible = keys[None, :] <= offs_m[:, None]
        else:
            visible = keys[None, :] < N
        qk = tl.where(visible, qk, -float("inf"))
        m_i, l_i, acc = attend(qk, v, m_i, l_i, acc, qk_scale)

    out = acc / l_i[:, None]
    out_ptrs = out_ptr + offs_m[:, None] * stride_om + offs_d[None, :] * stride_od
    tl.store(out_ptrs, out.to(out_ptr.dtype.element_ty), mask=offs_m[:, None] < M)


def flash_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """softmax(q @ k^T * sm_scale) @ v for every head of every batch, with any strides and no (M, N) matrix.

    q: (B, H, M, D), k, v: (B, H, N, D) -> (B, H, M, D), contiguous. causal=True needs M == N.
    """
    if q.ndim != 4 or k.ndim != 4 or k.shape != v.shape or q.shape[:2] != k.shape[:2] or q.shape[3] != k.shape[3]:
        raise ValueError(
            f"flash_attention takes q (B, H, M, D), k and v (B, H, N, D), not {tuple(q.shape)}, {tuple(k.shape)} and "
            f"{tuple(v.shape)}"
        )
    if len({q.dtype, k.dtype, v.dtype}) > 1 or len({q.device, k.device, v.device}) > 1:
        raise ValueError("flash_attention takes q, k and v of one dtype on one device")
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"flash_attention takes float32, float16 or bfloat16, not {q.dtype}")
    B, H, M, D = q.shape
    N = k.shape[2]
    if D not in (16, 32, 64, 128):
        raise ValueError(f"flash_attention takes a head dim of 16, 32, 64 or 128, not {D}")
    if causal and M != N:
        raise ValueError(f"causal attention takes as many queries as keys, not {M} and {N}")
    sm_scale = D**-0.5 if sm_scale is None else sm_scale
    if not sm_scale > 0:
        raise ValueError(f"flash_attention takes a positive sm_scale, not {sm_scale}")
    out = torch.empty((B, H, M, D), dtype=q.dtype, device=q.device)
    BLOCK_M, BLOCK_N, num_warps, num_stages = TILES[q.element_size(), D]
    grid = (triton.cdiv(M, BLOCK_M), B * H)
    flash_attention_kernel[grid](
        q, k, v, out,
        *q.stride(), *k.stride(), *v.stride(), *out.stride(),
        H, M, N, sm_scale,
        D=D, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, CAUSAL=causal,
        num_warps=num_warps, num_stages=num_stages,
    )  # fmt: skip
    return out


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(flash_attention)
