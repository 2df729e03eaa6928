"""Few programs, each of which goes through many tiles: the tutorial on persistent matmul, with pointers."""

import triton
import triton.language as tl


@triton.jit
def _compute_pid(tile_id, num_pid_in_group, num_pid_m, GROUP_SIZE_M: tl.constexpr):
    group_id = tile_id // num_pid_in_group
    first_pid_m = group_id * GROUP_SIZE_M
    group_size_m = min(num_pid_m - first_pid_m, GROUP_SIZE_M)
    pid_m = first_pid_m + (tile_id % group_size_m)
    pid_n = (tile_id % num_pid_in_group) // group_size_m
    return pid_m, pid_n


@triton.jit
def matmul_kernel_persistent(
    a_ptr, b_ptr, c_ptr,
    M, N, K,
    strides_a, strides_b, strides_c,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
    GROUP_SIZE_M: tl.constexpr, NUM_PROGRAMS: tl.constexpr,
):  # fmt: skip
    num_pid_m = tl.cdiv(M, BLOCK_M)
    num_pid_n = tl.cdiv(N, BLOCK_N)
    k_tiles = tl.cdiv(K, BLOCK_K)
    num_tiles = num_pid_m * num_pid_n
    num_pid_in_group = GROUP_SIZE_M * num_pid_n
    lanes_k = tl.arange(0, BLOCK_K)

    for tile_id in tl.range(tl.program_id(0), num_tiles, NUM_PROGRAMS, flatten=True):
        pid_m, pid_n = _compute_pid(tile_id, num_pid_in_group, num_pid_m, GROUP_SIZE_M)
        offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)
        offs_n = pid_n * BLOCK_N + tl.arange(0, BLOCK_N)
        rows, cols = tl.where(offs_m < M, offs_m, 0), tl.where(offs_n < N, offs_n, 0)
        rows = tl.max_contiguous(tl.multiple_of(rows, BLOCK_M), BLOCK_M)
        cols = tl.max_contiguous(tl.multiple_of(cols, BLOCK_N), BLOCK_N)
        acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
        for ki in range(k_tiles):
            offs_k = ki * BLOCK_K + lanes_k
            a_ptrs = a_ptr + rows[:, None] * strides_a[0] + offs_k[None, :] * strides_a[1]
            b_ptrs = b_ptr + offs_k[:, None] * strides_b[0] + cols[None, :] * strides_b[1]
            a = tl.load(a_ptrs, mask=lanes_k[None, :] < K - ki * BLOCK_K, other=0.0)
            b = tl.load(b_ptrs, mask=lanes_k[:, None] < K - ki * BLOCK_K, other=0.0)
            acc = tl.dot(a, b, acc, input_precision="ieee")
        c_ptrs = c_ptr + offs_m[:, None] * strides_c[0] + offs_n[None, :] * strides_c[1]
        tl.store(c_ptrs, acc, mask=(offs_m[:, None] < M) & (offs_n[None, :] < N))


def matmul(a, b):
    (M, K), (_, N) = a.shape, b.shape
    c = a.new_empty(M, N)
    programs = min(6, triton.cdiv(M, 32) * triton.cdiv(N, 32))
    matmul_kernel_persistent[(programs,)](
        a, b, c, M, N, K, a.stride(), b.stride(), c.stride(),
        BLOCK_M=32, BLOCK_N=32, BLOCK_K=32, GROUP_SIZE_M=4, NUM_PROGRAMS=programs, num_stages=3, num_warps=8,
    )  # fmt: skip
    return c
