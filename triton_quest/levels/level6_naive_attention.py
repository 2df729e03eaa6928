"""
# Level 6: Naive attention

Put together what you have: the scores of levels 4 and 5, the softmax of level 3, and one more matrix product. The
result is attention, all of it. It is called naive because of the matrix between its kernels, which is written, fetched,
written again and fetched again. You will build it, and count what it costs.

## The idea

**Values.** Level 4 gave each position of a text a query and a key. There is a third vector, the **value**: what a
position hands to those that look at it. The values are `v`, (B, H, N, D): one for each key. Softmax turns the scores of
a query into **weights**, which are positive and sum to 1, and the result for that query is the mean of all values,
weighted by them. Where one weight is 0.9, the result is mostly that key's value. A key that the causal mask of level 5
hides has the weight exp(-inf) = 0, and its value adds nothing.

**Three kernels.** `scores_kernel` computes the scores, `softmax_kernel` turns each row of them into weights,
`values_kernel` multiplies the weights by the values. Why not all in one? Softmax needs the whole row, and a program of
`scores_kernel` has a tile of it. The programs of one launch run in any order, and none can wait for another. Launches
do wait: a kernel finds in memory all that those before it have stored. So what one leaves for the next goes through the
memory, and that makes this attention naive.

**The matrix in between.** `scores`, (B, H, M, N), is neither an input nor the result. The launcher allocates it, in
**fp32** whatever the inputs are: `exp` makes large errors of small ones (More on fp32).

`softmax_kernel` works in place, it stores the weights where the scores were: a program loads its whole row before it
stores any of it, and no other program touches that row. And a row is a row, whichever head it belongs to. `scores` is
fresh from `torch.empty`, so its rows follow each other without gaps: `softmax_kernel` sees a single matrix of B * H * M
rows, each N numbers long, and has one program per row.

**Weights times values.** In each head this is a matrix product, (M, N) @ (N, D), with a loop as in level 2, this time
along N: each step goes `BLOCK_N` keys to the right in the weights and `BLOCK_N` keys down in `v`. A tile of `out` is as
wide as `out` itself, (BLOCK_M, D), and nothing hangs over along D. One thing is new: the weights are fp32, while `v`
may be fp16 or bf16, and `tl.dot` wants two tiles of one dtype. So convert the weights after the load, with
`weights.to(v.dtype)`: where no `exp` follows, rounding does little harm. The accumulator stays fp32.

**Launches.** From here on they are yours. This is how one is made:

    kernel[grid](tensors and numbers, CONSTANT=value, num_warps=8)

The **grid** is a tuple of one to three numbers: how many programs there are along axis 0, 1 and 2. It has to fit what
the kernel does with `tl.program_id`. The arguments come in the order of the kernel's parameters. A tensor arrives as a
pointer to its first element, and `*q.stride()` passes the four strides of `q`. What is `tl.constexpr` is passed by
name. `num_warps` is for the compiler: how many warps, of 32 threads each, share the work of a program. It changes the
speed, never the numbers.

## The maths

In each head of each batch:

    scores[m, n]  = sm_scale * (sum over d of  q[m, d] * k[n, d]),
                    but -inf if causal and n > m
    weights[m, n] = exp(scores[m, n]) / (sum over j of  exp(scores[m, j]))
    out[m, d]     = sum over n of  weights[m, n] * v[n, d]

With the causal mask M and N are equal; without it they may differ. Every query sees key 0, so no row is divided by 0.

## A worked example

Take one text, one head, `M = N = 3` and `D = 4`, so `sm_scale = 0.5`, with the causal mask:

    q = [[1, 0, 1, 2],    k = [[1, 0, 1, 0],    v = [[10,  0,  0, 1],
         [2, 2, 0, 0],         [0, 2, 0, 1],         [ 0, 10,  0, 1],
         [3, 1, 1, 0]]         [1, 1, 2, 0]]         [ 0,  0, 10, 1]]

`scores_kernel` makes dot products, multiplies them by 0.5, and hides later keys:

    q @ k^T = [[2, 2, 3],    scores = [[1, -inf, -inf],
               [2, 4, 4],              [1,   2,  -inf],
               [4, 2, 6]]              [2,   1,    3 ]]

`softmax_kernel` has one program for each row. In row 2 the largest score is 3:

    scores - 3  = [-1, -2, 0]
    numerator   = [0.3679, 0.1353, 1.0000]
    denominator = 1.5032

    weights = [[1.0000, 0,      0     ],
               [0.2689, 0.7311, 0     ],
               [0.2447, 0.0900, 0.6652]]

Then `values_kernel`, on paper with `BLOCK_M = 4` and `BLOCK_N = 2`. One program does it all, in two steps. Its row 2:

    start_n  N - start_n  tile of weights   tile of v
                                            acc after the step
       0         3        [0.2447, 0.0900]  [[10,  0,  0, 1], [0, 10,  0, 1]]
                                            [2.447, 0.900, 0,     0.3347]
       2         1        [0.6652, 0     ]  [[ 0,  0, 10, 1], [0,  0,  0, 0]]
                                            [2.447, 0.900, 6.652, 1.0000]

In the second step one key is left; the other lane counts as 0. The last number of each value is 1, and so is that of
each result, because the weights sum to 1:

    out = [[10.000, 0,     0,     1],
           [ 2.689, 7.311, 0,     1],
           [ 2.447, 0.900, 6.652, 1]]

## The picture

The matrix in between, cut in three ways. This is what one program has to do with:

        scores_kernel          softmax_kernel          values_kernel

        +-----+-----+..+       +--------------+        +-----+-----+..+
        |     |     |  :       +--------------+        |     |     |  :
        +-----+-----+..+       +--------------+        +-----+-----+..+
        |     |     |  :       +--------------+        | --> | --> |  :
        +.....+.....+..+       +--------------+        +.....+.....+..+

        a tile                 a row                   BLOCK_M rows,
                                                       tile by tile

## The algorithm

The kernel `values_kernel`, which stands first in the file:

1. Find the queries of this program, its batch and head, and move the pointers to their matrices (given).
2. Build the pointers to the first tile of the weights and to the first tile of `v`.
3. Start the accumulator with zeros.
4. For `start_n = 0, BLOCK_N, 2 * BLOCK_N, ...` while `start_n < N`:
   - load both tiles, with zeros where they hang over, the weights along M too: `N - start_n` keys are left from here,
   - convert the weights to the dtype of `v`, and add the product of the two tiles to the accumulator,
   - move all pointers to the next tile, `BLOCK_N` keys further.
5. Store the accumulator in `out` (given).

The other two kernels are given, you know them. The launcher `naive_attention`:

1. Allocate `out`, and choose the block sizes (given).
2. Allocate `scores`.
3. Launch the three kernels, with a program for each tile of scores, for each row, and for each `BLOCK_M` queries; the
   first and the last in each head of each batch.

Check after each gap: in those still open the judge puts lines of its own.

## Triton functions used

- `tl.dot(weights, v, acc, input_precision="ieee")`: as in level 2. It returns `acc` with the product added to it.
- `triton.cdiv(x, y)`, in the launcher: division rounded up, for the number of tiles.

## What it costs

Take one text, H = 16, S = 8192 queries and keys, D = 64, in fp16:

    q, k, v and out     4 * H * S * D numbers of 2 bytes           67 MB
    scores              H * S * S     numbers of 4 bytes          4.3 GB
      written, read, written, read                               17.2 GB
    arithmetic          4 * H * S * S * D + 5 * H * S * S      280.2 GFLOP

The matrix is 64 times as large as all that goes in and comes out, and moving it takes 256 times as many bytes. That
leaves 16 operations per byte. The matrix product of level 2 had 341, and was compute-bound. Here there are two, and
together they are **memory-bound**: one ends by writing, and the other begins by fetching, a matrix that nobody asked
for. If it never went to memory, there would be 4176 operations per byte.

## Common mistakes

- `scores` in the dtype of `q`: right in fp32, wrong in fp16 and bf16 where scores are large.
- `device=` forgotten: then `scores` lies in the memory of the CPU, unnoticed only where there is no GPU.
- A grid whose axes stand in another order than in the kernel: some programs have nothing to do, and some tiles no
  program.
- `softmax_kernel` launched for M rows: that is one head of B * H.
- M where N belongs: a row has as many scores as there are keys.
- `range(0, tl.cdiv(N, BLOCK_N))` for the loop: that counts tiles, and `start_n` is a key.
- The strides of `k` passed for `v`: right while both lie in memory in the same way.
- No `weights.to(v.dtype)`: works for fp32 inputs, and doesn't compile for fp16.
- `acc = tl.dot(weights, v)`: forgets all keys but those of the last step.
- `offs_n < N` in the loop: the pointers have moved on by `start_n`, so only `N - start_n` keys are left.

## Sources

- T. Dao and four others: *FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness*, 2022. What it
  calls standard attention is these three kernels.

Behind the code: More on fp32, who reads what, the strip of values, and what grows.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write a line for each of them instead.

Your task: fill the seven gaps in this file, one to seven lines each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl

HEAD_DIMS = (16, 32, 64, 128)  # what D may be
MAX_KEYS = 32768  # a longer row of scores doesn't fit into the registers of one program
MOST_PROGRAMS = 65535  # along the second and the third axis of a grid: a GPU takes no more there


@triton.jit
def values_kernel(
    weights_ptr,  # pointer to weights[0, 0, 0, 0]
    v_ptr,  # pointer to v[0, 0, 0, 0]
    out_ptr,  # pointer to out[0, 0, 0, 0]
    stride_wb,  # elements from one batch of the weights to the next,
    stride_wh,  # from one head to the next,
    stride_wm,  # from one query to the next,
    stride_wn,  # from one key to the next
    stride_vb,  # the same for v: batch, ...
    stride_vh,  # ... head, ...
    stride_vn,  # ... key, ...
    stride_vd,  # ... number of a value
    stride_ob,  # and for out: batch, ...
    stride_oh,  # ... head, ...
    stride_om,  # ... query, ...
    stride_od,  # ... number of a result
    H,  # heads
    M,  # queries
    N,  # keys
    D: tl.constexpr,  # numbers in a value
    BLOCK_M: tl.constexpr,  # queries in a tile
    BLOCK_N: tl.constexpr,  # keys in a tile
):
    # Given: the queries of this program, and the pointers to the matrices of its batch and head.
    pid_m = tl.program_id(axis=0)
    pid_bh = tl.program_id(axis=1)
    batch = (pid_bh // H).to(tl.int64)
    head = (pid_bh % H).to(tl.int64)
    weights_ptr += batch * stride_wb + head * stride_wh
    v_ptr += batch * stride_vb + head * stride_vh
    out_ptr += batch * stride_ob + head * stride_oh
    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)  # (BLOCK_M,): the queries of this tile
    rows = offs_m.to(tl.int64)  # the same in int64, for the rows of the weights
    offs_n = tl.arange(0, BLOCK_N)  # (BLOCK_N,): the keys of a step, counted from the step's first
    offs_d = tl.arange(0, D)  # (D,): the places in a value

    # TODO 1 (2 lines): `weights_ptrs` (BLOCK_M, BLOCK_N) and `v_ptrs` (BLOCK_N, D), pointers to the first tile of each.
    weights_ptrs = v_ptrs = ...

    # TODO 2 (1 line): `acc`, a tile of zeros (BLOCK_M, D). Mind the dtype.
    acc = ...

    # TODO 3 (6 lines): the loop over the keys, with `start_n` the first key of the step. Load the tiles `weights` and
    #      `v`, with 0 in the lanes that are masked off; add their product to `acc`; move both grids of pointers on.
    #      B * H * M * N weights read in all, N * D numbers of v for each program; 2 * B * H * M * N * D operations
    ...

    # Given: the store.
    out_ptrs = out_ptr + offs_m[:, None] * stride_om + offs_d[None, :] * stride_od
    tl.store(out_ptrs, acc.to(out_ptr.dtype.element_ty), mask=offs_m[:, None] < M)  # B * H * M * D numbers written


@triton.jit
def scores_kernel(
    q_ptr,  # pointer to q[0, 0, 0, 0]
    k_ptr,  # pointer to k[0, 0, 0, 0]
    out_ptr,  # pointer to scores[0, 0, 0, 0]
    stride_qb,  # elements from one batch of q to the next,
    stride_qh,  # from one head to the next,
    stride_qm,  # from one query to the next,
    stride_qd,  # from one number of a query to the next
    stride_kb,  # the same for k: batch, ...
    stride_kh,  # ... head, ...
    stride_kn,  # ... key, ...
    stride_kd,  # ... number of a key
    stride_ob,  # and for scores: batch, ...
    stride_oh,  # ... head, ...
    stride_om,  # ... query, ...
    stride_on,  # ... key
    H,  # heads
    M,  # queries
    N,  # keys
    sm_scale,  # what each dot product is multiplied by
    D: tl.constexpr,  # numbers in a query or key
    BLOCK_M: tl.constexpr,  # queries in a tile
    BLOCK_N: tl.constexpr,  # keys in a tile
    CAUSAL: tl.constexpr,  # True: no query sees a key that comes after it
):
    # Given, as in levels 4 and 5: one tile of scores, (BLOCK_M, BLOCK_N).
    pid_m = tl.program_id(axis=0)
    pid_n = tl.program_id(axis=1)
    pid_bh = tl.program_id(axis=2)
    batch = (pid_bh // H).to(tl.int64)  # int64, as in level 4: the places of a large tensor pass 2^31
    head = (pid_bh % H).to(tl.int64)
    q_ptr += batch * stride_qb + head * stride_qh
    k_ptr += batch * stride_kb + head * stride_kh
    out_ptr += batch * stride_ob + head * stride_oh
    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_n = pid_n * BLOCK_N + tl.arange(0, BLOCK_N)
    offs_d = tl.arange(0, D)

    scores = tl.full((BLOCK_M, BLOCK_N), -float("inf"), dtype=tl.float32)
    last_query = pid_m * BLOCK_M + BLOCK_M - 1
    first_key = pid_n * BLOCK_N
    if not CAUSAL or last_query >= first_key:  # a tile above the diagonal needs no dot
        q_ptrs = q_ptr + offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd
        k_ptrs = k_ptr + offs_d[:, None] * stride_kd + offs_n[None, :] * stride_kn
        q = tl.load(q_ptrs, mask=offs_m[:, None] < M, other=0.0)
        k = tl.load(k_ptrs, mask=offs_n[None, :] < N, other=0.0)
        scores = tl.dot(q, k, input_precision="ieee") * sm_scale  # 2 * B * H * M * N * D operations in all
        if CAUSAL:
            visible = offs_m[:, None] >= offs_n[None, :]
            scores = tl.where(visible, scores, -float("inf"))

    rows = offs_m.to(tl.int64)  # M * N passes 2^31 as well
    out_ptrs = out_ptr + rows[:, None] * stride_om + offs_n[None, :] * stride_on
    out_mask = (offs_m[:, None] < M) & (offs_n[None, :] < N)
    tl.store(out_ptrs, scores, mask=out_mask)  # B * H * M * N numbers written in all


@triton.jit
def softmax_kernel(
    x_ptr,  # pointer to the first row; the rows follow each other without gaps
    n_cols,  # how many numbers there are in a row
    BLOCK_SIZE: tl.constexpr,  # a power of two, n_cols or more: one program handles one whole row
):
    # Given, as in level 3: one row, which gives way to its softmax.
    row = tl.program_id(axis=0).to(tl.int64)
    cols = tl.arange(0, BLOCK_SIZE)
    mask = cols < n_cols
    x_ptrs = x_ptr + row * n_cols + cols
    x = tl.load(x_ptrs, mask=mask, other=-float("inf"))  # B * H * M * N numbers read in all
    row_max = tl.max(x, axis=0)
    numerator = tl.exp(x - row_max)
    denominator = tl.sum(numerator, axis=0)
    tl.store(x_ptrs, numerator / denominator, mask=mask)  # B * H * M * N numbers written in all


def naive_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """softmax(q @ k^T * sm_scale) @ v for each head of each batch, with any strides. sm_scale=None means D ** -0.5.

    q: (B, H, M, D), k, v: (B, H, N, D) -> (B, H, M, D), contiguous; causal=True needs M == N. Raises ValueError for
    anything else, and for more than MAX_KEYS keys.
    """
    if q.ndim != 4 or k.ndim != 4 or k.shape != v.shape or q.shape[:2] != k.shape[:2] or q.shape[3] != k.shape[3]:
        shapes = f"{tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}"
        raise ValueError(f"naive_attention takes q (B, H, M, D), k and v (B, H, N, D), not {shapes}")
    if not (q.dtype == k.dtype == v.dtype and q.device == k.device == v.device):
        raise ValueError("naive_attention takes q, k and v of one dtype on one device")
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"naive_attention takes float32, float16 or bfloat16, not {q.dtype}")
    B, H, M, D = q.shape
    N = k.shape[2]
    if D not in HEAD_DIMS:
        raise ValueError(f"naive_attention takes a head dim D of 16, 32, 64 or 128, not {D}")
    if causal and M != N:
        raise ValueError(f"with causal=True there must be as many queries as keys, not {M} and {N}")
    if not 1 <= N <= MAX_KEYS:
        raise ValueError(f"naive_attention takes 1 to {MAX_KEYS} keys, not {N}")
    if B * H > MOST_PROGRAMS:
        raise ValueError(f"naive_attention takes up to {MOST_PROGRAMS} heads in all batches together, not {B * H}")

    if sm_scale is None:
        sm_scale = D**-0.5
    out = torch.empty((B, H, M, D), dtype=q.dtype, device=q.device)
    BLOCK_M, BLOCK_N, num_warps = 64, 32, 8
    if q.dtype == torch.float32:  # in full precision a dot takes more registers: a smaller tile
        BLOCK_M, BLOCK_N = 32, 32
    BLOCK_SIZE = triton.next_power_of_2(N)  # for softmax_kernel, as in level 3: the whole row ...
    row_warps = min(max(BLOCK_SIZE // 1024, 4), 16)  # ... and the num_warps that go with it

    # TODO 4 (1 line): `scores`, the matrix in between, uninitialised. Mind its shape, its dtype and its device.
    scores = ...

    # TODO 5 (about 7 lines): the grid of `scores_kernel`, then its launch, with q, k and `scores`. Look at what it asks
    #      of tl.program_id, and at the order of its parameters.
    ...

    # TODO 6 (2 lines): the grid of `softmax_kernel`, then its launch. From here on, `scores` holds the weights.
    ...

    # TODO 7 (about 7 lines): the grid of `values_kernel`, then its launch, with the weights, v and out.
    ...
    return out


MORE = """
## More on fp32

Why is `scores` fp32, whatever the inputs are? Say a score is near 20. There, fp16 numbers are 1/64 apart, so storing
the score in fp16 may change it by 1/128, and `exp` makes of this a weight that is wrong by 0.8 %. In bf16 it is 1/16,
and more than 6 %. That is much: rounding a number of `out` to fp16 changes it by 0.05 % at most. A weight may be
rounded to the dtype of `v`: `v` itself is no more precise.

On the layout of `scores` we may rely, because we allocate it ourselves; how `q`, `k` and `v` lie in memory is up to the
caller.

## More on who reads what

     q (M, D)   k (N, D)                               v (N, D)
        |          |                                      |
        +----+-----+                                      |
             |                                            |
       scores_kernel         softmax_kernel         values_kernel --> out
             |                 ^        |                 ^          (M, D)
      writes |           reads |        | writes    reads |
             v                 |        v                 |
        +---------------------------------------------------+
        | scores (M, N), fp32               weights (M, N)  |
        +---------------------------------------------------+
                           the same memory

In bytes, for the sizes of "What it costs":

    kernel              reads of it    writes to it
    scores_kernel                -           4.3 GB
    softmax_kernel          4.3 GB           4.3 GB
    values_kernel           4.3 GB                -
                        ----------------------------
    together                8.6 GB           8.6 GB

`q`, `k` and `v` are fetched more than once, `q` and `k` for each tile of scores, `v` for each `BLOCK_M` queries. Most
of that comes out of the L2, as in level 2. And the arithmetic:

    scores              2 * H * S * S * D operations         137.4 GFLOP
    softmax             5 * H * S * S operations               5.4 GFLOP
    weights @ v         2 * H * S * S * D operations         137.4 GFLOP
                                                             -----------
    together                                                 280.2 GFLOP

With the causal mask nearly half of the matrix is -inf, later 0, and is written, fetched and multiplied all the same.

## More on the strip of values

What one program of `values_kernel` needs, with `W_j` the j-th tile of the weights along these rows and `V_j` the j-th
tile of `v`. It computes `W_0 @ V_0 + W_1 @ V_1 + ... + W_last @ V_last`:

                                                             v
                                                        +----------+
                                                        |   V_0    |  BLOCK_N
                                                        |          |  keys
                                                        +----------+
                                                        |   V_1    |
                                                        |          |
                                                        +----------+
                                                        :   V_2    :
            weights                                     +..........+
            +------+------+......+                      +----------+
            |      |      |      :                      |          |
          --+------+------+......+                    --+----------+
    BLOCK_M | W_0  | W_1  | W_2  :                      |   acc    |
    queries |      |      |      :                      |          |
          --+------+------+......+                    --+----------+
            |      |      |      :               out    |          |
            +......+......+......+                      +..........+
             BLOCK_N keys                                    D

## More on what grows

The matrix in between grows the fastest. Twice the text makes `q`, `k`, `v` and `out` twice as large, and `scores` four
times:

    S                        8192       16384       32768
    q, k, v and out         67 MB      134 MB      268 MB
    scores                 4.3 GB     17.2 GB     68.7 GB

The last one nearly fills a GPU with 80 GB. In levels 1 to 5 a launcher had one launch, and nothing to decide. This one
decides what lies in memory between the kernels, and that is nearly all of the cost. Getting the same numbers without
the matrix is what levels 7 and 8 are about, and M. N. Rabe and C. Staats, *Self-attention Does Not Need O(n^2) Memory*,
2021.
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(naive_attention)
