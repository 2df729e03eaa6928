"""Right kernels and launchers in the habits of the official tutorials, which must all pass."""

import torch
import triton
import triton.language as tl

from . import helpers

DEVICE = triton.runtime.driver.active.get_active_torch_device()
LOG2E = tl.constexpr(1.4426950408889634)


@triton.jit
def add_kernel(x_ptr, y_ptr, output_ptr, n_elements, BLOCK_SIZE: tl.constexpr):
    pid = tl.program_id(axis=0)
    offsets = pid * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
    mask = offsets < n_elements
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(output_ptr + offsets, x + y, mask=mask)


def add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    output = torch.empty_like(x)
    assert x.device.type == DEVICE.type
    n_elements = output.numel()
    grid = lambda meta: (triton.cdiv(n_elements, meta["BLOCK_SIZE"]),)  # noqa: E731
    add_kernel[grid](x, y, output, n_elements, BLOCK_SIZE=1024)
    return output


@triton.jit
def softmax_kernel(output_ptr, input_ptr, stride, n_rows, n_cols, BLOCK_SIZE: tl.constexpr, num_stages: tl.constexpr):
    row_start = tl.program_id(0)
    row_step = tl.num_programs(0)
    for row_idx in tl.range(row_start, n_rows, row_step, num_stages=num_stages):
        col_offsets = tl.arange(0, BLOCK_SIZE)
        mask = col_offsets < n_cols
        row = tl.load(input_ptr + row_idx * stride + col_offsets, mask=mask, other=-float("inf")).to(tl.float32)
        numerator = tl.exp2((row - tl.max(row, axis=0)) * LOG2E)
        softmax_output = numerator / numerator.sum(axis=0)
        tl.store(output_ptr + row_idx * stride + col_offsets, softmax_output, mask=mask)


def softmax(x: torch.Tensor) -> torch.Tensor:
    n_rows, n_cols = x.shape
    y = torch.empty_like(x)
    properties = triton.runtime.driver.active.utils.get_device_properties(DEVICE.index)
    programs = min(properties["multiprocessor_count"], n_rows)
    softmax_kernel[(programs, 1, 1)](y, x, x.stride(0), n_rows, n_cols, triton.next_power_of_2(n_cols), 4, num_warps=8)
    return y


def configs() -> list[triton.Config]:
    sizes = [(64, 64, 32), (32, 64, 32), (32, 32, 16)]
    return [
        triton.Config({"BLOCK_M": m, "BLOCK_N": n, "BLOCK_K": k, "GROUP_M": 8}, num_stages=stages, num_warps=4)
        for m, n, k in sizes
        for stages in (2, 3)
    ]


@triton.autotune(configs=configs(), key=["M", "N", "K"])
@triton.heuristics({"EVEN_K": lambda args: args["K"] % args["BLOCK_K"] == 0})
@triton.jit
def matmul_kernel(
    a_ptr, b_ptr, c_ptr, M, N, K, stride_am, stride_ak, stride_bk, stride_bn, stride_cm, stride_cn,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, GROUP_M: tl.constexpr,
    EVEN_K: tl.constexpr, ACTIVATION: tl.constexpr,
):  # fmt: skip
    pid = tl.program_id(axis=0)
    num_pid_m, num_pid_n = tl.cdiv(M, BLOCK_M), tl.cdiv(N, BLOCK_N)
    group_id = pid // (GROUP_M * num_pid_n)
    group_size_m = min(num_pid_m - group_id * GROUP_M, GROUP_M)
    pid_m = group_id * GROUP_M + ((pid % (GROUP_M * num_pid_n)) % group_size_m)
    pid_n = (pid % (GROUP_M * num_pid_n)) // group_size_m
    tl.assume(pid_m >= 0)
    offs_am = (pid_m * BLOCK_M + tl.arange(0, BLOCK_M)) % M
    offs_bn = (pid_n * BLOCK_N + tl.arange(0, BLOCK_N)) % N
    offs_k = tl.arange(0, BLOCK_K)
    a_ptrs = a_ptr + (offs_am[:, None] * stride_am + offs_k[None, :] * stride_ak)
    b_ptrs = b_ptr + (offs_k[:, None] * stride_bk + offs_bn[None, :] * stride_bn)
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for k in range(tl.cdiv(K, BLOCK_K)):
        if EVEN_K:
            a, b = tl.load(a_ptrs), tl.load(b_ptrs)
        else:
            a = tl.load(a_ptrs, mask=offs_k[None, :] < K - k * BLOCK_K, other=0.0)
            b = tl.load(b_ptrs, mask=offs_k[:, None] < K - k * BLOCK_K, other=0.0)
        accumulator = tl.dot(a, b, accumulator)
        a_ptrs += BLOCK_K * stride_ak
        b_ptrs += BLOCK_K * stride_bk
    if ACTIVATION == "gelu":
        accumulator = helpers.gelu(accumulator)
    c = accumulator.to(c_ptr.dtype.element_ty)
    offs_cm = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_cn = pid_n * BLOCK_N + tl.arange(0, BLOCK_N)
    c_mask = (offs_cm[:, None] < M) & (offs_cn[None, :] < N)
    tl.store(c_ptr + stride_cm * offs_cm[:, None] + stride_cn * offs_cn[None, :], c, mask=c_mask)


def matmul(a: torch.Tensor, b: torch.Tensor, activation: str = "") -> torch.Tensor:
    (M, K), (_, N) = a.shape, b.shape
    c = torch.empty((M, N), device=a.device, dtype=a.dtype)
    grid = lambda META: (triton.cdiv(M, META["BLOCK_M"]) * triton.cdiv(N, META["BLOCK_N"]),)  # noqa: E731
    matmul_kernel[grid](a, b, c, M, N, K, *a.stride(), *b.stride(), *c.stride(), ACTIVATION=activation)
    return c


@triton.jit
def attend(acc, l_i, m_i, q, K, V, lo, hi, scale, offs_m, stride, BLOCK_N: tl.constexpr, CAUSAL: tl.constexpr):
    offs_d = tl.arange(0, q.shape[1])
    for start_n in range(lo, hi, BLOCK_N):
        start_n = tl.multiple_of(start_n, BLOCK_N)
        offs_n = start_n + tl.arange(0, BLOCK_N)
        inside = offs_n[:, None] < hi
        k = tl.load(K + offs_n[:, None] * stride + offs_d[None, :], mask=inside, other=0.0)
        v = tl.load(V + offs_n[:, None] * stride + offs_d[None, :], mask=inside, other=0.0)
        qk = tl.dot(q, k.T) * scale * 1.44269504
        keep = offs_n[None, :] < hi
        if CAUSAL:
            keep &= offs_m[:, None] >= offs_n[None, :]
        qk = tl.where(keep, qk, float("-inf"))
        m_ij = tl.maximum(m_i, tl.max(qk, 1))
        p = tl.math.exp2(qk - m_ij[:, None])
        alpha = tl.math.exp2(m_i - m_ij)
        l_i = l_i * alpha + tl.sum(p, 1)
        acc = tl.dot(p.to(v.dtype), v, acc * alpha[:, None])
        m_i = m_ij
    return acc, l_i, m_i


@triton.jit
def attention_kernel(
    Q, K, V, Out, scale, stride_h, stride_s, S,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, D: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    start_m, head = tl.program_id(0), tl.program_id(1)
    base = head.to(tl.int64) * stride_h
    offs_m, offs_d = start_m * BLOCK_M + tl.arange(0, BLOCK_M), tl.arange(0, D)
    rows = offs_m[:, None] * stride_s + offs_d[None, :]
    q = tl.load(Q + base + rows, mask=offs_m[:, None] < S, other=0.0)
    m_i = tl.zeros([BLOCK_M], dtype=tl.float32) - float("inf")
    l_i = tl.zeros([BLOCK_M], dtype=tl.float32)
    acc = tl.zeros([BLOCK_M, D], dtype=tl.float32)
    hi = tl.minimum((start_m + 1) * BLOCK_M, S) if CAUSAL else S
    acc, l_i, m_i = attend(acc, l_i, m_i, q, K + base, V + base, 0, hi, scale, offs_m, stride_s, BLOCK_N, CAUSAL)
    acc = acc / l_i[:, None]
    tl.store(Out + base + rows, acc.to(Out.type.element_ty), mask=offs_m[:, None] < S)


class Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v, causal):  # (B, H, S, D)
        batches, heads, S, D = q.shape
        out = torch.empty_like(q)
        grid = (triton.cdiv(S, 32), batches * heads, 1)
        attention_kernel[grid](
            q, k, v, out, D**-0.5, q.stride(1), q.stride(2), S,
            BLOCK_M=32, BLOCK_N=32, D=D, CAUSAL=causal, num_warps=4, num_stages=3,
        )  # fmt: skip
        return out


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True) -> torch.Tensor:
    return Attention.apply(q, k, v, causal)


def made_in_a_function(x: torch.Tensor, scale: float) -> torch.Tensor:
    """A kernel that no module holds, reached through a dict."""

    @triton.jit
    def scale_kernel(x_ptr, out_ptr, n, factor: tl.constexpr, BLOCK: tl.constexpr):
        offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + offsets, mask=offsets < n)
        tl.store(out_ptr + offsets, helpers.gelu(x) * factor, mask=offsets < n)

    kernels = {"scale": scale_kernel}
    out = torch.empty_like(x)
    kernels["scale"][(triton.cdiv(x.numel(), 64),)](x, out, x.numel(), scale, BLOCK=64)
    return out
