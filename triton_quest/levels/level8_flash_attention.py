"""
# Level 8: Flash Attention

The final boss. Level 7 computes attention without the S x S matrix, but it reads all keys and values again for every
single query. Here a program takes a tile of queries, and the products are matrix products once more. That is Flash
Attention: nothing in it is new but how the pieces go together.

## The idea

**A tile of queries.** A program takes `BLOCK_M` queries of one head. It loads their tile of `q` once, and keeps it.
Then it walks along the keys in steps of `BLOCK_N`, as in level 7. Each step loads a tile of keys and the tile of values
that goes with it, and does two matrix products:

    qk   = q @ k     (BLOCK_M, D) @ (D, BLOCK_N) -> (BLOCK_M, BLOCK_N)
    acc += p @ v     (BLOCK_M, BLOCK_N) @ (BLOCK_N, D) -> (BLOCK_M, D)

`k` is a tile of K^T, as in level 4. `qk` are the raw dot products, not yet scaled. Between the two products stands the
step of online softmax.

**Online softmax, for many rows at once.** In level 7 three running results went from block to block: the largest score
so far, `m_i`; the sum of the exponentials so far, `l_i`; and the sum of the exponentials times the values, `acc`. Here
is one of each for every query of the tile: `m_i` and `l_i` are vectors, (BLOCK_M,), and `acc` is a tile, (BLOCK_M, D).
All that was done to a number is now done row by row:

    level 7                          level 8
    tl.max(scores, axis=0)           tl.max(qk, axis=1)      one per row
    tl.sum(p, axis=0)                tl.sum(p, axis=1)       one per row
    scores - m_new                   qk - m_new[:, None]     each row its own
    acc * alpha                      acc * alpha[:, None]    each row its own
    tl.sum(p[:, None] * v, axis=0)   tl.dot(p, v)            a matrix product

Any step may bring a row a new maximum, so `acc` is rescaled in every step; where the maximum has stayed, `alpha`
is 1. It is divided only once, at the end, when the sum over all keys is known.

**exp2, and the scale for nothing.** A GPU has an instruction for powers of 2, and none for powers of e: `tl.exp(x)`
multiplies by log2(e) = 1.4427 first, because `exp(x) = 2^(x * log2(e))`. The scores are multiplied too, by `sm_scale`.
Make one number of both, once, and leave `qk` as it comes out of the product:

    qk_scale = sm_scale * log2(e)              log2(e) = 1.4426950408889634
    p        = exp2(qk * qk_scale - m_new)

A product and a difference are one instruction for a GPU, a **fused multiply-add**. So the scale has become free. The
maximum has to speak the same language: it is the largest `qk` of the row so far, times `qk_scale`. (`qk_scale` is
positive, so the largest `qk` makes the largest score.) `p` is the same number as with `exp`, written differently.

**Two loops.** A mask costs: every score is compared and replaced. But most tiles need none. With `causal`, query number
`m` sees the keys 0, 1, ..., m. So the tiles of keys come in three kinds, as in level 5:

    before the first query of the tile    every query sees every key: no mask
    up to its last query                  on the diagonal: a mask
    behind it                             nobody sees a key: not even loaded

Without `causal`, only a last tile that hangs over the end of the keys needs a mask. So there are two loops, one after
the other. The first runs over the whole tiles before `mask_from`, without any mask. The second goes on from there to
`end`, with masks. For `causal`, `mask_from` is the first query of the tile, rounded *down* to a whole number of key
tiles; without, it is N, rounded down. And `end` is how many keys are seen by anybody in the tile: those up to its last
query, that one included, but never more than N.

The step of online softmax is the same in both loops. So it stands in a function of its own, `online_softmax_step`,
which both call. A function under `@triton.jit` may be called from a kernel; it becomes a part of it.

**Rows that see nothing in a tile.** Where several tiles lie on the diagonal, the upper queries see no key of the second
one: their `qk` is minus infinity throughout. Level 7 feared this case, because `-inf - (-inf)` is NaN. Here it is
harmless: every query has seen key 0 in the first tile, so `m_i` is a number in every row. It stays, `alpha` is 1 and
`p` is `2^(-inf) = 0`: nothing changes.

**Rows that don't exist.** The last tile of queries may hang over the end, so it is loaded and stored with a mask. In
between, the rows behind the last query compute along, with zeros. Keys behind the last one would count in `l_i`.
Without `causal`, the mask of the second loop hides them. With it, only queries that don't exist come late enough to see
them.

**One place and a tile of offsets.** `k_offs` and `v_offs` (given) are the offsets *within* a tile, the same in every
step. What changes is where the tile begins, `start_n` keys behind `k_ptr`: one number for the whole program. A load
takes the sum of all three.

## The maths

The result is that of level 7. One step, for a tile of keys; each row has its own number in `m_i`, `l_i` and `alpha`:

    m_new = the larger of m_i and (the largest of the row of qk) * qk_scale
    p     = 2^(qk * qk_scale - m_new)
    alpha = 2^(m_i - m_new)
    acc   becomes   acc * alpha + p @ v
    l_i   becomes   l_i * alpha + the sum of the row of p
    m_i   becomes   m_new

Before the first tile, `m_i = -inf`, `l_i = 0` and `acc = 0`. After the last one, `out = acc / l_i`.

## A worked example

Five queries and keys, `causal`, and tiles of 2 by 2 on paper. The program with `pid_m = 1` has queries 2 and 3.

    mask_from = 1 * 2 // 2 * 2          = 2      keys 0 and 1: no mask
    end       = min((1 + 1) * 2, 5)     = 4      keys 2 and 3: the diagonal

Say `D = 1`, so that each value is one number, and `qk_scale = 0.5`:

    key          0     1   |   2     3
    value        8    16   |  24    32

    qk of query 2    2     4   |   8     6    (it doesn't see key 3)
    qk of query 3    4     2   |   0     2

The first loop, with keys 0 and 1. There is one row for each query:

    the largest qk, times 0.5     [2, 2]
    m_new = max(-inf, that)       [2, 2]
    qk * 0.5 - m_new              [[-1,  0], [ 0, -1]]
    p     = 2^that                [[0.5, 1], [1, 0.5]]
    alpha = 2^(-inf - m_new)      [0, 0]
    acc   = 0 + p @ v             [0.5 * 8 + 1 * 16, 1 * 8 + 0.5 * 16]
                                                             = [20, 16]
    l_i   = 0 + sum of p                                     = [1.5, 1.5]

The second loop, with keys 2 and 3:

    qk, masked                    [[8, -inf], [0, 2]]
    the largest qk, times 0.5     [4, 1]
    m_new = max([2, 2], that)     [4, 2]
    qk * 0.5 - m_new              [[0, -inf], [-2, -1]]
    p     = 2^that                [[1, 0], [0.25, 0.5]]
    alpha = 2^([2, 2] - m_new)    [0.25, 1]
    acc   = [20, 16] * alpha      [5, 16]
            + p @ v               + [24, 0.25 * 24 + 0.5 * 32]
                                                             = [29, 38]
    l_i   = [1.5, 1.5] * alpha    [0.375, 1.5]
            + sum of p            + [1, 0.75]                = [1.375, 2.25]

    out   = acc / l_i                                        = [21.09, 16.89]

Only query 2 has met a larger score in the second tile, so only its `alpha` isn't 1. Without `alpha` it would come to
17.6, and query 3 would be right.

## The picture

Which tiles are worked on, for S = 11, `BLOCK_M = 4` and `BLOCK_N = 2`. `o` is a tile without a mask, `m` one with:

    causal                                     not causal

    keys   0  2  4  6  8  10                   0  2  4  6  8  10
          +--+--+--+--+--+--+                 +--+--+--+--+--+--+
    0-3   |m |m |           |  program 2      |o |o |o |o |o |m |  program 0
          +--+--+--+--+     |                 +--+--+--+--+--+--+
    4-7   |o |o |m |m |     |  program 1      |o |o |o |o |o |m |  program 1
          +--+--+--+--+--+--+                 +--+--+--+--+--+--+
    8-10  |o |o |o |o |m |m |  program 0      |o |o |o |o |o |m |  program 2
          +--+--+--+--+--+--+                 +--+--+--+--+--+--+

There is a key 10, but no key 11. With `causal`, program 0 takes the lowest tile: the longest first (given).

## The algorithm

1. Find the tile of queries of this program, and build the pointers and offsets (given).
2. Load the tile of `q`, with zeros in the rows that don't exist. Make one number of `sm_scale` and log2(e).
3. Start the running results: `m_i`, `l_i` and `acc`.
4. Compute `mask_from` and `end`.
5. For `start_n = 0, BLOCK_N, ...` while `start_n < mask_from`: load a tile of keys and a tile of values, both without a
   mask; multiply `q` and `k`; do the step.
6. For `start_n = mask_from, mask_from + BLOCK_N, ...` while `start_n < end`: load both tiles with a mask that stops at
   the last key; multiply `q` and `k`; put minus infinity where a query doesn't see a key; do the step.
7. Divide each row of `acc` by its `l_i`, and store the tile with a mask that stops at the last query.

The step, `online_softmax_step`, is the first gap: it takes `qk` and `v` and the three running results, and returns the
three new ones. In the launcher `flash_attention` the grid and the launch are yours: one program for each tile of
queries along axis 0, one for each head of each batch along axis 1.

Go gap by gap, and check after each: in those still open the judge puts lines of its own.

## Triton functions used

- `tl.dot(q, k, input_precision="ieee")`, `tl.dot(p, v, acc, input_precision="ieee")`: as in levels 2 and 4; the second
  returns `acc` with the product added to it. Both tiles must have one dtype.
- `p.to(v.dtype)`: `p` is fp32 before. It lies between 0 and 1, so it fits into fp16 as well.
- `tl.max(x, axis=1)`, `tl.sum(x, axis=1)`: the largest element of each row of a tile, and the sum of each row.
- `tl.maximum(x, y)`: the larger one of both, lane by lane. `tl.minimum(x, y)`: the smaller one.
- `tl.exp2(x)`: 2 to the power of x, in every lane. `tl.exp2(-float("inf"))` is 0.
- `tl.num_programs(axis=0)`: how many programs there are along axis 0.
- `a, b, c = f(x)`: a function under `@triton.jit` may return several blocks.
- `range(first, end, BLOCK_N)`: `first` and `end` may be known only when the kernel runs.
- `N: tl.int64`: this parameter has 64 bits, and what is computed with it too: `start_n`, which counts up to it.

## What it costs

Take B = 1, H = 16, S = 8192 and D = 64 in fp16, and tiles of 128 queries by 64 keys, without `causal`:

    q, k, v and out      4 * B * H * S * D numbers                 67 MB
    arithmetic           4 * B * H * S * S * D operations    274.9 GFLOP
    keys and values
      level 7            B * H * 8192 programs
                           * 2 * S * D numbers               274.9 GB
      here               B * H * 64 programs
                           * 2 * S * D numbers                 2.1 GB
    matrices             level 6: 4.3 GB     here: 0

Each tile of keys and values serves 128 queries instead of one. That is 128 operations per byte instead of 1, and most
of these bytes come out of the L2. So the kernel is **compute-bound**, like a large matrix product: what it needs from
memory is 67 MB, and 4096 operations go with each byte.

## Common mistakes

- `tl.exp2` without log2(e): powers of 2 instead of powers of e. The weights of a row still sum to 1, and all are wrong.
- The scale applied twice: once to `q` or `qk`, once in `qk_scale`. Or `m_i` without it, while `qk` is scaled: right
  until the scores are so large that every `p` is 0.
- `axis=0` in `tl.max` or `tl.sum`: down the columns, over the queries. It fits square tiles alone.
- `acc` or `l_i` not rescaled: right for texts that fit into one tile.
- `tl.arange(0, BLOCK_N)` in the mask, without `start_n`: places in the tile, not in the text.
- `mask_from` rounded up, or not rounded: the first loop then works on keys that not everybody sees, or that don't
  exist.
- No `start_n` in a load, or no stride with it: the first tile in every step, or one from a wrong place.
- The second loop from 0 on: the keys before `mask_from` count twice.
- `acc` in fp16: `tl.dot` refuses to add to it. Rounded by hand, each step rounds, and the errors add up.
- The strides of `k` used for `v`: right while both lie in memory in the same way.

## Sources

- T. Dao and four others: *FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness*, 2022.
- T. Dao: *FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning*, 2023.

Behind the code: More on rescaling, one program, offsets, tiles, the order of programs, counting, and what is faster.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write the lines that give each of them its value instead.

Your task: fill the eight gaps in this file, two to eight lines each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl

# (bytes of a number, D): (BLOCK_M, BLOCK_N, num_warps, num_stages). fp16 and bf16 take 2 bytes a number, fp32 takes 4.
# Chosen so that what a program works with fits into the registers and the shared memory of sm_80, sm_89 and sm_90.
TILES = {
    (2, 16): (128, 64, 8, 3),
    (2, 32): (128, 64, 8, 3),
    (2, 64): (128, 64, 8, 3),
    (2, 128): (64, 64, 4, 3),
    (4, 16): (64, 64, 8, 2),
    (4, 32): (64, 64, 8, 2),
    (4, 64): (64, 64, 16, 2),
    (4, 128): (64, 64, 16, 1),
}
HEAD_DIMS = (16, 32, 64, 128)  # what D may be
MOST_PROGRAMS = 65535  # along the second axis of a grid: a GPU takes no more there


@triton.jit
def online_softmax_step(qk, v, m_i, l_i, acc, qk_scale):
    """Takes one more tile of keys and values into the running results, and returns the new ones.

    qk: (BLOCK_M, BLOCK_N), v: (BLOCK_N, D), m_i and l_i: (BLOCK_M,), acc: (BLOCK_M, D)
    """
    # TODO 1 (6 lines): `m_new` (BLOCK_M,), the new maximum; `p` (BLOCK_M, BLOCK_N) and `alpha` (BLOCK_M,), by exp2;
    #      `acc`, rescaled, and then with the product of `p` and `v` added to it; `l_i`, rescaled, with the sums of `p`.
    #      2 * B * H * M * N * D operations for all tiles (p @ v)
    m_new = l_i = acc = ...
    return m_new, l_i, acc


@triton.jit
def flash_attention_kernel(
    q_ptr,  # pointer to q[0, 0, 0, 0]
    k_ptr,  # pointer to k[0, 0, 0, 0]
    v_ptr,  # pointer to v[0, 0, 0, 0]
    out_ptr,  # pointer to out[0, 0, 0, 0]
    stride_qb,  # elements from one batch of q to the next,
    stride_qh,  # from one head to the next,
    stride_qm,  # from one query to the next,
    stride_qd,  # from one number of a query to the next
    stride_kb,  # the same for k: batch, ...
    stride_kh,  # ... head, ...
    stride_kn,  # ... key, ...
    stride_kd,  # ... number of a key
    stride_vb,  # for v: batch, ...
    stride_vh,  # ... head, ...
    stride_vn,  # ... key, ...
    stride_vd,  # ... number of a value
    stride_ob,  # and for out: batch, ...
    stride_oh,  # ... head, ...
    stride_om,  # ... query, ...
    stride_od,  # ... number of a result
    H,  # heads
    M,  # queries
    N: tl.int64,  # keys
    sm_scale,  # what each dot product is multiplied by
    D: tl.constexpr,  # numbers in a query, key or value
    BLOCK_M: tl.constexpr,  # queries in a tile
    BLOCK_N: tl.constexpr,  # keys in a tile
    CAUSAL: tl.constexpr,  # True: no query sees a key that comes after it
):
    # Given: the tile of queries, the batch and the head of this program, the pointers and the offsets.
    pid_m = tl.program_id(axis=0).to(tl.int64)  # int64, as in level 4: the places of a large tensor pass 2^31
    if CAUSAL:
        pid_m = tl.num_programs(axis=0) - 1 - pid_m  # the longest first
    pid_bh = tl.program_id(axis=1)
    batch = (pid_bh // H).to(tl.int64)
    head = (pid_bh % H).to(tl.int64)
    q_ptr += batch * stride_qb + head * stride_qh
    k_ptr += batch * stride_kb + head * stride_kh
    v_ptr += batch * stride_vb + head * stride_vh
    out_ptr += batch * stride_ob + head * stride_oh

    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)  # (BLOCK_M,): the queries of this tile
    offs_n = tl.arange(0, BLOCK_N)  # (BLOCK_N,): the keys of a step, counted from the step's first
    offs_d = tl.arange(0, D)  # (D,)
    q_ptrs = q_ptr + offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd  # (BLOCK_M, D)
    k_offs = offs_d[:, None] * stride_kd + offs_n[None, :] * stride_kn  # (D, BLOCK_N): K^T, from a step's first key on
    v_offs = offs_n[:, None] * stride_vn + offs_d[None, :] * stride_vd  # (BLOCK_N, D): the values, likewise
    out_ptrs = out_ptr + offs_m[:, None] * stride_om + offs_d[None, :] * stride_od  # (BLOCK_M, D)

    # TODO 2 (2 lines): `q`, the tile of queries, with 0 in the rows that don't exist; and `qk_scale`, one number.
    #                                                                                  B * H * M * D numbers read in all
    q = qk_scale = ...

    # TODO 3 (3 lines): `m_i`, `l_i` and `acc` before the first step: two vectors and a tile, in fp32.
    m_i = l_i = acc = ...

    # TODO 4 (2 lines): `mask_from`, the first key of the first tile that needs a mask; and `end`, how many keys this
    #      tile of queries sees. Both with CAUSAL and without.
    mask_from = end = ...

    for start_n in range(0, mask_from, BLOCK_N):
        # TODO 5 (4 lines): a step without masks. `k` and `v`: tiles begin `start_n` keys behind `k_ptr` and `v_ptr`,
        #      `k_offs` and `v_offs` count from there. Then `qk`, the raw product, and the new `m_i`, `l_i` and `acc`.
        #      2 * N * D numbers read for each tile of queries; 2 * B * H * M * N * D operations for all tiles (q @ k)
        k = v = qk = m_i = l_i = acc = ...

    for start_n in range(mask_from, end, BLOCK_N):
        # TODO 6 (7 lines): a step with masks. `keys` (BLOCK_N,), the numbers of this step's keys; `k` and `v`, with 0
        #      for keys that don't exist; `qk`; `visible` (BLOCK_M, BLOCK_N), True where the query sees the key, with
        #      CAUSAL and without; `qk` with -inf elsewhere; and the new `m_i`, `l_i` and `acc`.
        keys = k = v = qk = visible = m_i = l_i = acc = ...

    # TODO 7 (2 lines): `out`, (BLOCK_M, D), the rows of the result; then store them in the dtype of out, with a mask.
    #                                                                               B * H * M * D numbers written in all
    out = ...


def flash_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """softmax(q @ k^T * sm_scale) @ v for each head of each batch, with any strides and without an (M, N) matrix.

    q: (B, H, M, D), k, v: (B, H, N, D) -> (B, H, M, D), contiguous; causal=True needs M == N, sm_scale=None means
    D ** -0.5, and it must be positive. Raises ValueError for anything else.
    """
    if q.ndim != 4 or k.ndim != 4 or k.shape != v.shape or q.shape[:2] != k.shape[:2] or q.shape[3] != k.shape[3]:
        shapes = f"{tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}"
        raise ValueError(f"flash_attention takes q (B, H, M, D), k and v (B, H, N, D), not {shapes}")
    if not (q.dtype == k.dtype == v.dtype and q.device == k.device == v.device):
        raise ValueError("flash_attention takes q, k and v of one dtype on one device")
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"flash_attention takes float32, float16 or bfloat16, not {q.dtype}")
    B, H, M, D = q.shape
    N = k.shape[2]
    if D not in HEAD_DIMS or N < 1:
        raise ValueError(f"flash_attention takes D = 16, 32, 64 or 128 and a key at least, not D = {D} and N = {N}")
    if causal and M != N:
        raise ValueError(f"with causal=True there must be as many queries as keys, not {M} and {N}")
    if B * H > MOST_PROGRAMS:
        raise ValueError(f"flash_attention takes up to {MOST_PROGRAMS} heads in all batches together, not {B * H}")
    if sm_scale is None:
        sm_scale = D**-0.5
    if not sm_scale > 0:  # the largest qk would not be the largest score
        raise ValueError(f"flash_attention takes a positive sm_scale, not {sm_scale}")

    out = torch.empty((B, H, M, D), dtype=q.dtype, device=q.device)
    BLOCK_M, BLOCK_N, num_warps, num_stages = TILES[q.dtype.itemsize, D]

    # TODO 8 (about 8 lines): `grid`, then the launch. Look at the order in which the kernel takes its parameters;
    #      `*q.stride()` passes four of them. BLOCK_M, BLOCK_N, num_warps and num_stages go along by name.
    grid = ...
    return out


MORE = """
## More on rescaling

`acc` is a sum of terms `exp(s - m_i) * v`. The terms that are already in it were made with the old maximum, and
multiplying by `alpha`, which is `exp(old maximum - new maximum)`, makes up for it. In each row this happens at another
time, and a program does the same to all rows, so it multiplies in every step. That costs `BLOCK_M * D` multiplications.
The two products of a step cost `4 * BLOCK_M * BLOCK_N * D` operations, which is 256 times as much for `BLOCK_N = 64`.

Why is it divided only once? The weights of a row must sum to 1, and their divisor is the sum over all keys. Who divides
earlier has to undo it in the next step, when the sum has grown. `acc` and `l_i` are always made with the same maximum,
so whatever it is, it cancels when one is divided by the other.

Without `alpha`, query 2 of the worked example would come to `(20 + 24) / (1.5 + 1) = 17.6`. Check both with all keys at
once:

    query 2    (2^1 * 8 + 2^2 * 16 + 2^4 * 24) / (2 + 4 + 16)
                                                = 464 / 22   = 21.09
    query 3    (2^2 * 8 + 2^1 * 16 + 2^0 * 24 + 2^1 * 32) / (4 + 2 + 1 + 2)
                                                = 152 / 9    = 16.89

M. Milakov and N. Gimelshein, *Online Normalizer Calculation for Softmax*, 2018, have the running maximum and sum.

## More on one program

The program of a tile of queries in the middle, with `causal`. The tile of `q` stays, the keys and values stream by:

         q              k                   v              out
    +---------+    +---------+         +---------+    +---------+
    |         |    |   k_0   | step 0  |   v_0   |    |         |
    +---------+    +---------+         +---------+    +---------+
    | BLOCK_M |    |   k_1   | step 1  |   v_1   |    | BLOCK_M |
    | queries |    +---------+         +---------+    | rows    |
    +---------+    |   k_2   | step 2  |   v_2   |    +---------+
    |         |    +---------+         +---------+    |         |
    |         |    :  never  :         :  never  :    |         |
    +---------+    :  loaded :         :  loaded :    +---------+

    q @ k_0             q @ k_1             q @ k_2, masked
       |                   |                   |
       v                   v                   v
     step -------------> step -------------> step -------------> acc / l_i
       ^  m_i, l_i, acc    ^  m_i, l_i, acc    ^  m_i, l_i, acc
       |                   |                   |
      v_0                 v_1                 v_2

## More on offsets

A pointer has 64 bits, so a tile of pointers takes twice the registers of a tile of 32-bit numbers, and registers are
what `acc` and `qk` live in. Hence one place and a tile of offsets. Written with tiles of pointers, which move on in
every step, the kernel takes nearly twice as many registers on an H100: `compile 8` counts them.

In a long text with many heads, `start_n * stride_kn` passes 2^31. That is why N, up to which `start_n` counts, has 64
bits.

## More on tiles

`BLOCK_M` and `BLOCK_N` decide what has to be kept in registers: for 128 queries, 64 keys and `D = 64`, `acc` and `qk`
are 32 KB each. A processor of the GPU has 256 KB of registers for all that runs on it, so there is a limit to what a
larger tile wins. `num_warps` is how many groups of 32 threads share the work of a program, and `num_stages` how many
steps ahead its tiles are loaded. fp32 in full precision takes more of everything. Try other numbers: powers of 2, and
at least 16 for the blocks. The answer must not depend on them.

## More on the order of programs

With `causal`, the lowest tile of queries sees the most keys and takes longest. Programs start roughly in the order of
their number. If the longest came last, a few of them would still be running when everything else is done. So program 0
takes the lowest tile, and so on upwards.

## More on counting

With `causal`, count tiles, as in level 5. Row of tiles number `i` ends with query `128 * i + 127`, so it takes
`2 * (i + 1)` tiles of keys, and the last two of them lie on the diagonal:

    all tiles               64 * 128                          8192
    worked on               2 + 4 + ... + 128                 4160    51 %
    of these with a mask    64 * 2                             128     3 %

The longer the text, the fewer tiles need a mask, and the closer the work comes to one half. Without `causal` there are
B * H * S * S exponentials, 1.1 billion.

FlashAttention-2 has a program per tile of queries, divides once, and masks on the diagonal alone; the first paper has
the tiles, and counts what memory is read. The Triton documentation has the same algorithm in tutorial 06, *Fused
Attention*.

## More on what is faster

Against cuDNN's own kernel on an H100, this one is about as fast for long texts with D = 64, and falls behind for D =
128: docs/speeds.md has the figures. More needs what no level has taught yet: `tl.make_tensor_descriptor` lets the GPU's
copy engine fetch whole tiles, without an offset for each element in the registers. It wants a last stride of 1, and
with it the same algorithm closes about half of the gap at D = 128 (docs/speeds.md, too).
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(flash_attention)
