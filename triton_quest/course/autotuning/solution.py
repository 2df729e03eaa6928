"""
# Level 9: Autotuning

Level 2's matrix product again, and this time nobody hands you the tile. You write down a list of tiles, say which of
them can't work, and let the GPU decide by trying: for each shape it meets, once.

## The idea

**One tile doesn't fit all.** A tile of 128 x 256 results has few bytes to fetch for each product, so it is the best
there is for a large matrix. A matrix with 16 rows would fill an eighth of it, and a product of 1024 x 1024 has only 32
such tiles for 132 multiprocessors. The other way round, a tile of 16 x 64 suits the 16 rows, and makes the large
product fetch its inputs many times. On top of the tile come two numbers that no formula gives: `num_warps`, how many
groups of 32 threads share a program, and `num_stages`, how many steps along K are fetched ahead. On one H200 the tiles
of the solution's list differ by more than a factor of two at 4096 x 4096 x 4096 (`quest benchmark 9` shows the
landscape).

**The tuner.** `@triton.autotune` above `@triton.jit` makes the launch try out a list of **configs**. A config is a set
of constexpr arguments with a number of warps and of stages:

    triton.Config({"BLOCK_M": 128, "BLOCK_N": 256, "BLOCK_K": 64},
                  num_warps=8, num_stages=3)

The first launch compiles the kernel for each config, runs each many times, keeps the fastest, and runs that one. Later
launches take it straight away. Eight configs cost a few seconds once, most of it for the compiler.

**The key.** The best config for one shape isn't the best for another, so the tuner keeps one for each key: the
values of the arguments that `key=[...]` names. When one of them has a value that it hasn't met, it tunes again. Name
all that decides, here M, N and K. The dtypes of the tensors belong to the key without being named. A name that the
kernel doesn't have is *ignored without a word*, and then every shape gets what was best for the first.

**Pruning.** Some configs can't run, or needn't be tried. The tuner calls the function `early_config_prune` with the
list and with the arguments of the launch; what the function returns is tried. It is the place for two thoughts:

- *Does it fit?* What is fetched ahead waits in **shared memory**, the fast memory that a program has for itself:
  `num_stages` times a tile of `a` and one of `b`. An A100 has 163 KiB for a program, an H100 227, a small GPU 99. A
  config that needs more is counted as infinitely slow, after it was compiled; if all do, the launch raises an error.
- *Does it make sense?* A tile that is much taller than the matrix computes rows that don't exist.

It must leave something, for every shape.

**The grid is a function.** How many programs there are depends on the tile, and the tile isn't known before the tuner
has chosen. So the grid is a function that gets the chosen constants in a dict:

    def grid(meta):
        tiles_m, tiles_n = triton.cdiv(M, meta["BLOCK_M"]), ...
        return (tiles_m * tiles_n,)

A grid computed from a fixed block is right for the configs with that block and wrong for all others: too few programs,
and parts of the result are never written.

**Tuning runs your kernel many times.** That doesn't matter here: each run writes the same numbers into `c`. A kernel
that *adds* into its output would add once for every trial. Such an output must be named in `reset_to_zero=["c_ptr"]`
(or `restore_value`), so that the tuner clears it before each run.

## The maths

**Shared memory.** A config needs at most `(BLOCK_M + BLOCK_N) * BLOCK_K` numbers for each of its `num_stages`.

**The order of the programs.** Level 2 gave you an order in which neighbouring programs share what they fetch. Now write
it. Programs start roughly by their number, and some 132 of them, one for each multiprocessor, run at a time and share
the L2 cache. Take 8192 x 8192 x 8192 in fp16 with tiles of 128 x 256, so 64 rows of 32 tiles. What must 64 neighbouring
programs fetch?

    row by row              2 rows of tiles x 32 columns
                            2 * 2.1 MB of a  +  32 * 4.2 MB of b  =  138 MB
    in groups, GROUP_M = 8  8 rows of tiles x 8 columns
                            8 * 2.1 MB of a  +   8 * 4.2 MB of b  =   50 MB

An H100's L2 holds 50 MB. From `pid` to the tile, with `tiles_m` and `tiles_n` tiles down and across:

    group    =  pid // (GROUP_M * tiles_n)
    place    =  pid %  (GROUP_M * tiles_n)        where in the group
    first_m  =  group * GROUP_M                   its first row of tiles
    rows     =  min(GROUP_M, tiles_m - first_m)   the last may have fewer
    pid_m    =  first_m + place % rows
    pid_n    =  place // rows

## A worked example

5 by 3 tiles and `GROUP_M = 2`, as in the picture below. Program 9: `group = 9 // 6 = 1`, `place = 3`, `first_m = 2`,
`rows = min(2, 5 - 2) = 2`, `pid_m = 2 + 3 % 2 = 3`, `pid_n = 3 // 2 = 1`. Program 13: `group = 2`, `place = 1`,
`first_m = 4`, `rows = min(2, 5 - 4) = 1`, `pid_m = 4 + 1 % 1 = 4`, `pid_n = 1`. With `GROUP_M` in the place of `rows`,
program 13 would be `pid_m = 4 + 1 % 2 = 5`: a row of tiles that doesn't exist, while tile (4, 1) would be computed by
nobody.

Shared memory of two configs, fp16 (2 bytes a number):

    tile           stages  (BLOCK_M + BLOCK_N) * BLOCK_K * 2 * stages
    128 x 256, 64    3     384 * 64 * 2 * 3 = 147,456   fits an A100 (166,912)
    128 x 256, 64    4     384 * 64 * 2 * 4 = 196,608   only an H100 (232,448)

In fp32 both need twice as much, which fits neither GPU. So pruning looks at the dtype, too. (That is the most that a config
may need: on an A100 Triton gets by with a tile of each less.)

## The picture

The number is `pid`:

    +--+--+--+
    | 0| 2| 4|   first group: down first, then to the right
    +--+--+--+
    | 1| 3| 5|
    +==+==+==+
    | 6| 8|10|   second group
    +--+--+--+
    | 7| 9|11|
    +==+==+==+
    |12|13|14|   the last group has one row: 5 isn't a multiple of 2
    +--+--+--+

## The algorithm

1. Write the list of configs: large tiles for large matrices, flat ones for few rows, a small one that fits anywhere.
2. Write what is pruned: what doesn't fit, what is much taller or wider than the matrix. Leave one at least.
3. Name the key.
4. In the kernel, compute the tile from `pid`, in groups.
5. Write the grid as a function of the chosen constants, and launch. The tuner passes the constants of the config; a
   launch that passes one of them, too, is an error ("conflicting meta-parameters").

The loop over K and the store are given, as you wrote them in level 2.

**In the interpreter.** Nothing can be timed there, and the tuner's choice would mean nothing. So the judge forces
*every* config in turn, on small and ragged shapes, and judges each like a kernel of its own: numbers, memory,
compiling, shared memory. On a GPU it lets the tuner choose, and holds what was taken against all others.

## Triton functions used

- `triton.Config(constants, num_warps=..., num_stages=...)`: one config.
- `@triton.autotune(configs=..., key=..., prune_configs_by={"early_config_prune": function})`: above `@triton.jit`.
- `function(configs, named_args, **kwargs)`: the pruning. `named_args` holds the arguments of the launch by the names of
  the kernel's parameters, such as `named_args["M"]`; a config's constants are in `config.kwargs`.
- `kernel[grid](...)` with a function for the grid: it is called with the dict of all constants.
- `triton.next_power_of_2(n)`, `triton.cdiv(x, y)`: the next power of two; division rounded up.
- `tl.minimum(x, y)`, `//` and `%`: on numbers that are never negative, as in Python.

## What it costs

Tuning is paid once per key and process: about a second for each config that must be compiled, less when it is in
Triton's cache, and some 0.1 s for timing it. A server that meets a new length with every request tunes all the time;
there one rounds the lengths in the key up to a few sizes. The product itself costs 2 * M * N * K operations. In fp16
each column of tiles fetches all of `a`, 2 * M * K bytes, each row of tiles all of `b`, 2 * K * N bytes, and `c` is
written once.

## Common mistakes

- `key` without K, or without M: what was best for the first shape serves all that differ in the unnamed one.
- A misspelt name in `key`: no error, and one config for everything.
- The grid from a fixed block, or from the first config's.
- Configs that differ in nothing but `GROUP_M`: a list, but one tile.
- A config that is wrong only in itself (groups of no row, say): right as long as the tuner doesn't take it.
- Pruning that leaves nothing for a tiny matrix: an error, in the call with that matrix alone.
- `num_warps=3`: a number of warps is a power of two.
- Groups that repeat or skip tiles where the rows of tiles aren't a multiple of `GROUP_M`.

## Sources

- P. Tillet, H. T. Kung, D. Cox: *Triton: An Intermediate Language and Compiler for Tiled Neural Network Computations*,
  2019.
- The Triton documentation: `triton.autotune`, and tutorial 03, *Matrix Multiplication*.

Behind the code: More on shared memory, the time that tuning takes, kernels that add, and persistent kernels.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write a line for each of them instead.

Your task: fill the five gaps in this file.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl


def config(block_m, block_n, block_k, num_warps, num_stages):
    """One config, in a line. Given."""
    constants = {"BLOCK_M": block_m, "BLOCK_N": block_n, "BLOCK_K": block_k, "GROUP_M": 8}
    return triton.Config(constants, num_warps=num_warps, num_stages=num_stages)


# TODO 1 (about 12 lines): `CONFIGS`, a list of at least six configs that differ in tiles and in warps or stages: for
#      large matrices, for few rows, and one that is small enough for fp32 on any GPU.
# [gap: CONFIGS]
CONFIGS = [
    config(128, 256, 64, 8, 4),  # a large matrix on an H100
    config(128, 256, 64, 8, 3),  # on an A100
    config(128, 128, 64, 4, 4),
    config(64, 128, 64, 4, 4),
    config(64, 64, 128, 4, 4),  # few rows and a long K
    config(64, 64, 32, 4, 3),  # fits anywhere, fp32 too
    config(32, 64, 64, 4, 4),
    config(16, 64, 256, 4, 4),  # very few rows
    config(16, 128, 64, 4, 4),
    config(16, 64, 32, 4, 4),
]
# [end]


def shared_memory() -> int:
    """How many bytes of shared memory a program may have on the GPU that is used. Given."""
    driver = triton.runtime.driver.active
    return int(driver.utils.get_device_properties(driver.get_current_device())["max_shared_mem"])


def prune(configs, named_args, **kwargs):
    """The configs that are worth trying for these arguments: never none."""
    M, N, number_bytes = named_args["M"], named_args["N"], named_args["a_ptr"].element_size()
    left = []
    for one in configs:
        block_m, block_n, block_k = (one.kwargs[name] for name in ("BLOCK_M", "BLOCK_N", "BLOCK_K"))

        # Given: exact products of fp32 are long programs, which take the compiler minutes where a tile is large.
        compiles_fast = number_bytes < 4 or (block_m * block_n <= 64 * 64 and block_k <= 64)

        # TODO 2 (2 lines): `fits`, whether the tiles of all stages fit into `shared_memory()`, in bytes; and `is_sensible`,
        #      whether the tile is no taller than the next power of two of M, or 16, and no wider than that of N, or 64.
        # [gap: fits, is_sensible]
        fits = (block_m + block_n) * block_k * number_bytes * one.num_stages <= shared_memory()
        is_sensible = block_m <= max(16, triton.next_power_of_2(M)) and block_n <= max(64, triton.next_power_of_2(N))
        # [end]
        if fits and is_sensible and compiles_fast:
            left.append(one)
    return left


# TODO 3 (1 line): `KEY`, a list of the names of the arguments for whose values the tuner must tune anew.
# [gap: KEY]
KEY = ["M", "N", "K"]
# [end]


@triton.autotune(configs=CONFIGS, key=KEY, prune_configs_by={"early_config_prune": prune})
@triton.jit
def matmul_kernel(
    a_ptr,  # pointer to a[0, 0]
    b_ptr,  # pointer to b[0, 0]
    c_ptr,  # pointer to c[0, 0]
    M,  # rows of a and c
    N,  # columns of b and c
    K,  # columns of a, rows of b
    stride_am,  # elements from one row of a to the next
    stride_ak,  # elements from one column of a to the next
    stride_bk,  # the same for b: rows ...
    stride_bn,  # ... and columns
    stride_cm,  # and for c: rows ...
    stride_cn,  # ... and columns
    BLOCK_M: tl.constexpr,  # rows of the tile of c
    BLOCK_N: tl.constexpr,  # columns of the tile of c
    BLOCK_K: tl.constexpr,  # how far along K one step goes
    GROUP_M: tl.constexpr,  # rows of tiles in one group
):
    pid = tl.program_id(axis=0)
    tiles_m = tl.cdiv(M, BLOCK_M)  # tiles from top to bottom of c
    tiles_n = tl.cdiv(N, BLOCK_N)  # tiles from left to right of c

    # TODO 4 (6 lines): `pid_m` and `pid_n`, the tile of program `pid`, in groups of GROUP_M rows of tiles.
    # [gap: pid_m, pid_n]
    group = pid // (GROUP_M * tiles_n)
    place = pid % (GROUP_M * tiles_n)
    first_m = group * GROUP_M
    rows = tl.minimum(tiles_m - first_m, GROUP_M)
    pid_m = first_m + place % rows
    pid_n = place // rows
    # [end]

    # Given, as in level 2: the loop over K, and the store.
    offs_m = pid_m.to(tl.int64) * BLOCK_M + tl.arange(0, BLOCK_M)  # (BLOCK_M,), int64 as in level 4
    offs_n = pid_n.to(tl.int64) * BLOCK_N + tl.arange(0, BLOCK_N)  # (BLOCK_N,)
    offs_k = tl.arange(0, BLOCK_K)  # (BLOCK_K,)
    a_ptrs = a_ptr + offs_m[:, None] * stride_am + offs_k[None, :] * stride_ak
    b_ptrs = b_ptr + offs_k[:, None] * stride_bk + offs_n[None, :] * stride_bn
    acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for k in range(0, K, BLOCK_K):
        a = tl.load(a_ptrs, mask=(offs_m[:, None] < M) & (offs_k[None, :] < K - k), other=0.0)
        b = tl.load(b_ptrs, mask=(offs_k[:, None] < K - k) & (offs_n[None, :] < N), other=0.0)
        acc = tl.dot(a, b, acc, input_precision="ieee")
        a_ptrs += BLOCK_K * stride_ak
        b_ptrs += BLOCK_K * stride_bk
    c_ptrs = c_ptr + offs_m[:, None] * stride_cm + offs_n[None, :] * stride_cn
    c_mask = (offs_m[:, None] < M) & (offs_n[None, :] < N)
    tl.store(c_ptrs, acc.to(c_ptr.dtype.element_ty), mask=c_mask)


def tuned_matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a @ b for two matrices of one dtype, with any strides, by the config that is fastest for this shape.

    a: (M, K), b: (K, N) -> (M, N), contiguous. Raises ValueError for anything else.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"tuned_matmul takes matrices (M, K) and (K, N), not {tuple(a.shape)} and {tuple(b.shape)}")
    if a.dtype != b.dtype or a.device != b.device:
        raise ValueError("tuned_matmul takes two matrices of one dtype on one device")
    if a.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"tuned_matmul takes float32, float16 or bfloat16, not {a.dtype}")

    M, K = a.shape
    K, N = b.shape
    c = torch.empty((M, N), dtype=a.dtype, device=a.device)

    # TODO 5 (about 3 lines): `grid`, a function of the dict of constants that the tuner has chosen: one program for
    #      each tile of c. Then the launch, without the constants of a config.
    # [gap: grid]
    def grid(meta):
        return (triton.cdiv(M, meta["BLOCK_M"]) * triton.cdiv(N, meta["BLOCK_N"]),)

    matmul_kernel[grid](a, b, c, M, N, K, *a.stride(), *b.stride(), *c.stride())
    # [end]
    return c


MORE = """
## More on shared memory

The count of the worked example is the most that a config may need. What the compiler really takes depends on the GPU:
on an A100 it gets by with a tile of each less, two stages of three; on an H100 tiles of 64 rows and more take all of
it. `compile 9` shows for each config and GPU what it comes to, with the registers.

That a config fits says nothing of how many programs fit beside each other. A multiprocessor of an H100 has 228 KiB for
all of its programs: with 147,456 bytes each there is one, with 36,864 there are six. Large tiles give up company, so
that nobody is there to work while they wait, and win by waiting less: more stages.

## More on the time that tuning takes

Each config is compiled once and then timed for about 0.1 s: some 25 ms to warm up, then as many runs as fit into 100 ms,
each after the L2 has been emptied; the median counts. `TRITON_PRINT_AUTOTUNING=1` in the environment makes Triton tell
what it took, and how long it was at it.

Three ways to pay less. Prune more. Round the lengths in the key, as in

    key=["M_ROUNDED", "N", "K"]      and in the launch
    M_ROUNDED=triton.next_power_of_2(M)

with one more parameter of the kernel, so that 1000 and 1024 rows share a choice. Or keep what was found: with
`cache_results=True` it lies on disk, beside the compiled kernels, and the next process tunes nothing.

In another direction goes `"perf_model"`, a second function in `prune_configs_by`: it gives an estimated time for each
config, and `"top_k"` says how many of the best are timed.

## More on kernels that add

In a matrix product with few tiles and a long K most multiprocessors have no tile. **Split-K** gives a tile to several
programs, each for a part of K, which add their sums by `tl.atomic_add`. Then the output must be zero before, and every
run of the tuner adds to what the run before has left: after a hundred of them the result is a hundred times too large,
in the first call alone. With `reset_to_zero=["c_ptr"]` the tuner clears it before each run. What is changed in place,
as in `x += y`, needs `restore_value=["x_ptr"]`: a copy is kept and put back.

A first call whose result differs from the second's is the sign of it.

## More on persistent kernels

Instead of a program for each tile, one for each multiprocessor can go through a list of tiles: `for tile in range(pid,
tiles, programs)`. It saves the start of a program, and the loads of the next tile may begin while the last one is
stored. The order of the tiles is as important as before: programs that run at the same time have neighbouring tiles.
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(tuned_matmul)
