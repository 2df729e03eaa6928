"""
# Level 2: Matrix multiplication

Multiply two matrices, `a @ b` in PyTorch. In level 1 each number was fetched once and used once. Here every number is
needed many times, and a good kernel fetches it only a few times. You will go in three steps: one tile, then the loop,
then the masks. After each, the judge says whether it is right.

## The idea

**Tiles.** `a` has M rows and K columns, written (M, K). `b` is (K, N), and the product `c` is (M, N). For the element
`c[m, n]`, row `m` of `a` and column `n` of `b` are multiplied number by number, and everything is added up. One
program per element would work, but each would fetch a whole row and a whole column for a single result. So a
program computes a whole **tile** of `c`: `BLOCK_M` rows by `BLOCK_N` columns. Now each number of `a` that it fetches
serves `BLOCK_N` results, and each number of `b` serves `BLOCK_M`. Which tile is its own is said by two numbers, which
are given: `pid_m` counts the tiles downwards, `pid_n` to the right.

**Strides.** Memory knows no rows and columns, it is one long line of elements. Two numbers, the **strides**, say how a
matrix lies in it: from `a[m, k]` to `a[m + 1, k]` it is `stride_am` elements, from `a[m, k]` to `a[m, k + 1]` it is
`stride_ak`. So

    a[m, k]   lies at   a_ptr + m * stride_am + k * stride_ak

A matrix (M, K) fresh from `torch.empty` has the strides (K, 1). Its transpose is the same memory with the strides the
other way round; in `a[:, ::2]` (every second column) the second stride is 2. So never assume (K, 1).

**Grids of pointers.** A tile needs a grid of pointers. `offs_m[:, None]` stands
the vector `offs_m` up as a column, shape (BLOCK_M, 1); `offs_k[None, :]` lays `offs_k` down as a row, shape (1,
BLOCK_K). Column plus row gives every sum of one of these with one of those, a grid of shape (BLOCK_M, BLOCK_K). This
is called **broadcasting**. The first tile of `a` is the formula above with vectors in it.

**The loop over K.** Whole rows and columns are too long to hold at once, so the program walks along K in steps of
`BLOCK_K`. Each step loads one tile of `a`, (BLOCK_M, BLOCK_K), and one tile of `b`, (BLOCK_K, BLOCK_N), multiplies
them with `tl.dot`, and adds the product to the **accumulator** `acc`, (BLOCK_M, BLOCK_N). It starts as zeros; after
the last step it is the tile of `c`. It is kept in fp32 even if the inputs are fp16, because every addition rounds: in
fp16, 2048 + 1 is 2048.

**Masks.** Tiles hang over the edges: below the last row, and right of the last column. A mask of a tile is two
comparisons, a column and a row, joined by `&`; broadcasting makes the grid. Along M and N a masked-off lane is merely
unused. Along K it takes part in the sum, so it must count as zero: `other=0.0` says which value the lanes have that
were not read.

## The maths

    c[m, n] = sum over k = 0, 1, ..., K - 1 of  a[m, k] * b[k, n]

The same, a tile at a time. With `A_j` the j-th tile of `a` along these rows, `B_j` the j-th tile of `b` down these
columns, it has `ceil(K / BLOCK_K)` terms:

    C_tile = A_0 @ B_0 + A_1 @ B_1 + ... + A_last @ B_last

## A worked example

Take `M, N, K = 3, 4, 5` and block sizes of 2 (`tl.dot` wants 16 or more in each direction; on paper 2 will do). `c`
has `2 * 2 = 4` tiles. `a` has the strides (5, 1) and `b` the strides (4, 1). We look at the program with `pid_m = 1`
and `pid_n = 0`, and call the places by their distance from `a_ptr` and `b_ptr`:

    offs_m   = 1 * 2 + [0, 1] = [2, 3]        (row 3 doesn't exist)
    offs_n   = 0 * 2 + [0, 1] = [0, 1]
    offs_k   = [0, 1]
    a_ptrs   = [[2], [3]] * 5 + [[0, 1]] * 1
             = [[10], [15]]   + [[0, 1]]      = [[10, 11], [15, 16]]
    b_ptrs   = [[0], [1]] * 4 + [[0, 1]] * 1
             = [[ 0], [ 4]]   + [[0, 1]]      = [[ 0,  1], [ 4,  5]]

Say row 2 of `a` is [1, 2, 3, 4, 5], and columns 0 and 1 of `b` are [1, 1, 1, 1, 1] and [0, 1, 2, 3, 4]:

    k  K - k  a_ptrs                tile of a          tile of b
    0    5    [[10, 11], [15, 16]]  [[1, 2], [0, 0]]   [[1, 0], [1, 1]]
    2    3    [[12, 13], [17, 18]]  [[3, 4], [0, 0]]   [[1, 2], [1, 3]]
    4    1    [[14, 15], [19, 20]]  [[5, 0], [0, 0]]   [[1, 4], [0, 0]]

    acc: [[3, 2], [0, 0]], then [[10, 20], [0, 0]], then [[15, 40], [0, 0]]

The lower row is masked off throughout, as row 3 is not below `M = 3`. In the last step only one column of `a` and one
row of `b` are left (`K - k = 1`), so the other is masked off and counts as 0. Then the program stores c[2, 0] = 15
and c[2, 1] = 40. Check: 1 + 2 + 3 + 4 + 5 = 15.

## The picture

                                               the columns of this tile
                                                        |      |
                                      b          +------+------+------+
                                                 |      | B_0  |      |
                                                 +------+------+------+
                                                 |      | B_1  |      |
                                                 +------+------+------+
                                                 :      : B_2  :      :
                                                 +......+......+......+
    a           +------+------+......+           +------+------+------+
                |      |      |      :           |      |      |      |
    the rows  --+------+------+......+           +------+------+------+
    of this     | A_0  | A_1  | A_2  :           |      | acc  |      |
    tile      --+------+------+......+           +------+------+------+
                |      |      |      :           |      |      |      |
                +------+------+......+    c      +------+------+------+

    acc = A_0 @ B_0 + A_1 @ B_1 + A_2 @ B_2

`A_2` and `B_2` hang over the end of K.

## The algorithm

The launcher `matmul` (given) allocates `c` and starts one program per tile. Each knows `pid_m` and `pid_n` (given).

*Step 1, one tile: TODO 1 to 3.*

1. Compute the rows `offs_m` and the columns `offs_n` of the tile, as in level 1, one axis each.
2. Build the pointers to the first tile of `a` and the first tile of `b`.
3. Start the accumulator with zeros.

After TODO 3 check: `check 2`. In the open gaps the judge puts lines of its own, so what it says is about yours.

*Step 2, the loop: TODO 5 to 7.* Leave TODO 4 open, `a_mask` and `b_mask` are the judge's for now. For
`k = 0, BLOCK_K, 2 * BLOCK_K, ...` while `k < K`:

4. Load both tiles, with zeros where the mask is False.
5. Add their product to the accumulator.
6. Move all pointers to the next tile, `BLOCK_K` columns further in `a`, `BLOCK_K` rows further in `b`: adding a
   number to a grid of pointers moves them all. After TODO 7 check.

*Step 3, the masks: TODO 4 and 8.*

7. In the loop, compute both masks: `K - k` columns of `a` (and rows of `b`) are left from here.
8. Behind it, build the pointers and the mask for the tile of `c`, where the accumulator is stored (given).

## Triton functions used

- `tl.program_id`, `tl.arange`, `tl.load`, `tl.store`: as in level 1. Pointers, masks and values may be 2-D now.
- `(p) & (q)`: True where both are, lane by lane. The brackets are needed, because `&` binds tighter than `<`. `and`
  won't do: it asks a whole block for a single True or False.
- `tl.load(pointers, mask=mask, other=0.0)`: lanes where the mask is False get the value 0. Without `other` they are
  undefined.
- `tl.zeros((rows, columns), dtype=tl.float32)`: a block of zeros.
- `tl.dot(a, b, acc, input_precision="ieee")`: the matrix product of two tiles, added to `acc`. It returns the sum and
  leaves `acc` itself alone. The option has fp32 numbers multiplied as they are (More on TF32).
- `acc.to(dtype)`: the same values in another dtype. `c_ptr.dtype.element_ty` is the dtype that `c_ptr` points to.
- `tl.cdiv(x, y)`, `tl.minimum(x, y)`: division rounded up; the smaller of the two.

## What it costs

Each of the M * N results takes K multiplications and K additions. Take M = N = K = 1024 in fp16 (2 bytes a number):

    arithmetic    2 * M * N * K                            2.1 GFLOP
    fetched       M * N / 64^2 tiles * K * (64 + 64)        67 MB
    at the least  M * K + K * N read, M * N written        6.3 MB

That is 32 operations per byte fetched, and 341 at the least possible: a large matrix product is **compute-bound**, its
speed is the speed of the arithmetic, if the fetching is done well.

## Common mistakes

- Strides assumed instead of used: right for fresh matrices, wrong for transposed ones and for slices.
- `stride_bn` where `stride_bk` belongs: walking down in `b` means rows, and rows are `stride_bk` apart.
- `offs_k < K` in the loop: the pointers have moved on by `k`, so only `K - k` are left.
- `acc = tl.dot(a, b)`: forgets all steps but the last.
- `acc += tl.dot(a, b, acc)`: adds what is there twice.
- `acc` in fp16: `tl.dot` refuses to add to it. Added by hand, `acc += tl.dot(a, b).to(tl.float16)`, fp16 inputs come
  out right for short sums, and visibly wrong from K = 512 or so.
- A mask along one axis only: the store then overwrites the beginning of the next row, or somebody else's data.

## Sources

- The Triton documentation, tutorial 03, *Matrix Multiplication*: the grouped order.

Behind the code: More on strides, the order of the programs, TF32, and the size of tiles.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write a line for each of them instead.

Your task: fill the eight gaps in this file, one or two lines each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl


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
    # Given: the tile of this program, in groups of GROUP_M rows of tiles (see "More on the order of the programs").
    pid = tl.program_id(axis=0)
    tiles_m = tl.cdiv(M, BLOCK_M)  # tiles from top to bottom of c
    tiles_n = tl.cdiv(N, BLOCK_N)  # tiles from left to right of c
    group = pid // (GROUP_M * tiles_n)  # the group that this program is in ...
    place = pid % (GROUP_M * tiles_n)  # ... and its place there
    first_m = group * GROUP_M  # the first row of tiles of the group
    rows = tl.minimum(tiles_m - first_m, GROUP_M)  # the last group may have fewer than GROUP_M
    pid_m = first_m + place % rows  # down first,
    pid_n = place // rows  # then to the right

    # Step 1, one tile: TODO 1 to 3.
    # TODO 1 (2 lines): `offs_m` and `offs_n`, the rows and the columns of c that this program computes.
    offs_m = offs_n = ...
    offs_k = tl.arange(0, BLOCK_K)  # (BLOCK_K,): a step's columns of a and rows of b, counted from the step's first

    # TODO 2 (2 lines): `a_ptrs` (BLOCK_M, BLOCK_K) and `b_ptrs` (BLOCK_K, BLOCK_N), pointers to the first tile of each.
    a_ptrs = b_ptrs = ...

    # TODO 3 (1 line): `acc`, a tile of zeros (BLOCK_M, BLOCK_N). Mind the dtype.
    acc = ...

    for k in range(0, K, BLOCK_K):
        # TODO 4 (2 lines): `a_mask` and `b_mask`, True where the tile lies inside the matrix: two comparisons each.
        #      Step 3, the masks: leave this open until the loop is right.
        a_mask = b_mask = ...

        # Step 2, the loop: TODO 5 to 7.
        # TODO 5 (2 lines): `a` and `b`, this step's tiles, with 0 in the lanes that are masked off.
        #      M * K numbers read for each column of tiles, K * N numbers for each row of tiles
        a = b = ...

        # TODO 6 (1 line): add the product of the two tiles to `acc`, with the inputs in full precision.
        #                                                                            2 * M * N * K operations in all
        acc = ...

        # TODO 7 (2 lines): move `a_ptrs` and `b_ptrs` to the next tile along K.
        ...

    # Step 3, the masks: TODO 4 and 8.
    # TODO 8 (2 lines): `c_ptrs` and `c_mask`, both (BLOCK_M, BLOCK_N), for this program's tile of c.
    c_ptrs = c_mask = ...
    tl.store(c_ptrs, acc.to(c_ptr.dtype.element_ty), mask=c_mask)  # M * N numbers written in all


def matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a @ b for two matrices of one dtype, with any strides.

    a: (M, K), b: (K, N) -> (M, N), contiguous. Raises ValueError for anything else.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"matmul takes matrices (M, K) and (K, N), not {tuple(a.shape)} and {tuple(b.shape)}")
    if a.dtype != b.dtype or a.device != b.device:
        raise ValueError("matmul takes two matrices of one dtype on one device")
    if a.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"matmul takes float32, float16 or bfloat16, not {a.dtype}")

    M, K = a.shape
    K, N = b.shape
    c = torch.empty((M, N), dtype=a.dtype, device=a.device)
    BLOCK_M, BLOCK_N, BLOCK_K, GROUP_M = 64, 64, 32, 8
    num_warps, num_stages = 4, 3  # groups of 32 threads that share a tile; steps along K that are fetched ahead
    if a.is_cuda and a.element_size() == 2:  # fp16, bf16: tiles as large as the fast memory of this GPU's cores allows
        room = torch.cuda.get_device_properties(a.device).shared_memory_per_block_optin  # bytes
        large, medium = (128, 256, 64, 8, 4), (128, 128, 32, 4, 4)
        BLOCK_M, BLOCK_N, BLOCK_K, num_warps, num_stages = large if room >= 200_000 else medium
    grid = (triton.cdiv(M, BLOCK_M) * triton.cdiv(N, BLOCK_N),)  # one program per tile of c
    matmul_kernel[grid](
        a, b, c,
        M, N, K,
        a.stride(0), a.stride(1),
        b.stride(0), b.stride(1),
        c.stride(0), c.stride(1),
        BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, BLOCK_K=BLOCK_K, GROUP_M=GROUP_M, num_warps=num_warps, num_stages=num_stages,
    )  # fmt: skip
    return c


MORE = """
## More on strides

A transpose and a slice are made without a copy: the same memory, and two other numbers. If the `a` of the worked example
were a transposed view with the strides (1, 3), only the places would change. Its first tile would be at

    a_ptrs   = [[2], [3]] * 1 + [[0, 1]] * 3
             = [[2], [3]]     + [[0, 3]]      = [[2, 5], [3, 6]]

## More on the order of the programs

Neighbouring programs need the same data: those in one row of tiles need the same rows of `a`, those in one column the
same columns of `b`. All programs share one cache, the **L2**, so what one has fetched the next may find there, if it
comes soon. Programs start roughly in the order of their number `pid`, so we choose which tile number `pid` stands for.
Going row by row, a row of tiles needs *all* of `b` before the next row starts. Going down `GROUP_M` tiles before moving
one to the right, the programs that run together form a compact patch, and share more. The first lines of the kernel do
that.

The order of the programs, for a `c` of 4 by 4 tiles. The number is `pid`:

       row by row             in groups, GROUP_M = 2

    +--+--+--+--+                +--+--+--+--+
    | 0| 1| 2| 3|                | 0| 2| 4| 6|   first group: two rows
    +--+--+--+--+                +--+--+--+--+   of tiles, down, then
    | 4| 5| 6| 7|                | 1| 3| 5| 7|   to the right
    +--+--+--+--+                +==+==+==+==+
    | 8| 9|10|11|                | 8|10|12|14|   second group
    +--+--+--+--+                +--+--+--+--+
    |12|13|14|15|                | 9|11|13|15|
    +--+--+--+--+                +--+--+--+--+

Programs 0 to 3 need 1 row of tiles of `a` and 4 columns of `b` on the left, together 5; on the right it's 2 and 2,
together 4. The gain grows: with 16 by 16 tiles and `GROUP_M = 4`, the first 16 programs need 17 row by row, and 8 in
groups.

## More on TF32

On its fast units, the tensor cores, a GPU rounds the fp32 inputs of a `tl.dot` to **TF32**, with 10 bits after the
binary point instead of 23, unless you write `tl.dot(a, b, acc, input_precision="ieee")`. For fp16 and bf16 the option
changes nothing. Write it, and fp32 is fp32. Leave it out, and your fp32 results are judged as leniently as fp16.

## More on the size of tiles

One program per element would fetch M * N * 2 * K numbers, which for M = N = K = 1024 in fp16 is 4.3 GB, half an operation
per byte. Tiles of 64 by 64 divide that by 64. Of the 67 MB that are left, most come out of the L2, the more the better
the order of the programs is.

Larger tiles fetch less, until the accumulator no longer fits into the **registers**, the small and fastest memory that a
program computes in. 128 threads hold a tile of 64 by 64 fp32 numbers in 32 registers each. One of 256 by 256 would take
512 of each, where a thread has 255 at most. What doesn't fit is put into slow memory and fetched back when it is needed,
which is called a **spill**. `compile 2` counts both.

K. Goto and R. A. van de Geijn, *Anatomy of High-Performance Matrix Multiplication*, 2008, tell at length why tiles.
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(matmul)
