"""A program for each multiprocessor, which goes through many tiles; their order is that of groups, as ever."""

import torch
import triton
import triton.language as tl

PROGRAMS = 132


def shared_memory():
    driver = triton.runtime.driver.active
    return driver.utils.get_device_properties(driver.get_current_device())["max_shared_mem"]


def keep(configs, args, **kwargs):
    def fits(c):
        bm, bn, bk = c.kwargs["BM"], c.kwargs["BN"], c.kwargs["BK"]
        return (bm + bn) * bk * args["A"].element_size() * c.num_stages <= shared_memory()

    return [c for c in configs if fits(c)]


def tile(bm, bn, bk, warps, stages):
    return triton.Config({"BM": bm, "BN": bn, "BK": bk, "GROUP": 8}, num_warps=warps, num_stages=stages)


@triton.autotune(
    [
        tile(64, 64, 32, 4, 3),
        tile(128, 128, 64, 8, 3),
        tile(128, 64, 32, 4, 4),
        tile(64, 128, 32, 4, 4),
        tile(32, 32, 32, 4, 2),
        tile(16, 64, 64, 4, 3),
    ],
    key=["M", "N", "K"],
    prune_configs_by={"early_config_prune": keep},
)
@triton.jit
def product(
    A, B, C, M, N, K, strides_a, strides_b, PROGRAMS: tl.constexpr,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr,
):  # fmt: skip
    tiles_m, tiles_n = tl.cdiv(M, BM), tl.cdiv(N, BN)
    for number in tl.range(tl.program_id(0), tiles_m * tiles_n, PROGRAMS):
        group = number // (GROUP * tiles_n)
        rows = min(tiles_m - group * GROUP, GROUP)
        place = number % (GROUP * tiles_n)
        m = (group * GROUP + place % rows).to(tl.int64) * BM + tl.arange(0, BM)
        n = (place // rows).to(tl.int64) * BN + tl.arange(0, BN)
        acc = tl.zeros((BM, BN), tl.float32)
        for start in range(0, K, BK):
            k = start + tl.arange(0, BK)
            a = tl.load(
                A + m[:, None] * strides_a[0] + k[None, :] * strides_a[1], (m[:, None] < M) & (k[None, :] < K), 0
            )
            b = tl.load(
                B + k[:, None] * strides_b[0] + n[None, :] * strides_b[1], (k[:, None] < K) & (n[None, :] < N), 0
            )
            acc = tl.dot(a, b, acc, input_precision="ieee")
        tl.store(C + m[:, None] * N + n[None, :], acc, (m[:, None] < M) & (n[None, :] < N))


def tuned_matmul(a, b):
    (M, K), (_, N) = a.shape, b.shape
    c = torch.empty((M, N), dtype=a.dtype, device=a.device)
    product[lambda meta: (min(PROGRAMS, triton.cdiv(M, meta["BM"]) * triton.cdiv(N, meta["BN"])),)](
        a, b, c, M, N, K, a.stride(), b.stride(), PROGRAMS
    )
    return c
