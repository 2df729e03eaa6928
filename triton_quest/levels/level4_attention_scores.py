"""
# Level 4: Attention scores

Compare every position of a text with every other one: that is the first half of attention, and it is a matrix
product, as in level 2. New is that one kernel does many of them, and that one of the two matrices has to be transposed.
You will do that without moving a single number.

## The idea

**Queries and keys.** A language model holds its text as a list of positions, a word or a part of one at each.
Attention lets a position fetch information from others, so it has to find out which ones are worth asking. For that,
each position has two vectors of `D` numbers: a **query**, what it is looking for, and a **key**, what it has to offer.
How well two of them fit is their **dot product**: multiply them number by number, and add everything up.
With M queries and N keys this gives a table of **scores**, one row per query and one column per key. M and N may
differ, so never take one for the other.

**Heads and batches.** A model compares in several ways at once, each with queries and keys of its own: one such way
is a **head**. And it works on several texts at once: the **batch**. So `q` has four axes, (B, H, M, D): which text,
which head, which query, which of its numbers. Likewise `k` is (B, H, N, D). That makes B * H matrix products, which know
nothing of each other.

**A grid of three axes.** A grid may have three axes, and we use them all: `pid_m` counts tiles downwards, `pid_n` to
the right, and `pid_bh` counts the matrices: first all heads of batch 0, then all those of batch 1, and so on. You get
from there to batch and head as from the number of a letter to its place on a page: with H letters to a line, letter
number `pid_bh` is in line `pid_bh // H`, at place `pid_bh % H`.

**Four strides.** With four axes an element is found by four strides:

    q[b, h, m, d]   lies at   q_ptr + b * stride_qb + h * stride_qh
                                    + m * stride_qm + d * stride_qd

Batch and head are the same for all that a program does. So it adds their part to the pointer once, and from there on
it sees an ordinary matrix. That part is computed in **int64**, whole numbers of 64 bits: one of 32 bits ends at
2^31 - 1, and there may be more scores than that. `q`, `k` and `out` each have strides of their own.

**K transposed.** A score is a row of `q` times a row of `k`. `tl.dot` multiplies rows by *columns*, so it wants the
keys side by side as columns: the transpose of `k`, written K^T, (D, N). A transpose is the same memory with the strides
the other way round. So build the grid of pointers so that `d` runs downwards, and each step down is `stride_kd`; and so
that the key runs to the right, and each step right is `stride_kn`. What `tl.load` fetches through such pointers *is* a
tile of K^T.

**No loop.** Here the sum runs over `d`, and D is 16, 32, 64 or 128: a tile of `q`, (BLOCK_M, D), and a tile of K^T,
(D, BLOCK_N), fit into the registers as they are. One `tl.dot` does it, and along D nothing hangs over.

**The scale.** Every dot product is multiplied by `sm_scale`, which is `1 / sqrt(D)` unless the caller wants another
one (`sm` is for softmax). A sum of D products grows with D, and the scores that softmax gets must not.

## The maths

    scores[b, h, m, n] = sm_scale * sum over d = 0, 1, ..., D - 1 of
                                        q[b, h, m, d] * k[b, h, n, d]

In PyTorch: `q @ k.transpose(-1, -2) * sm_scale`, with the shapes (B, H, M, D) @ (B, H, D, N) -> (B, H, M, N).

## A worked example

First the scores alone. Here are two queries and three keys with `D = 4`, so `sm_scale = 1 / sqrt(4) = 0.5`:

    query 2   [1, 0, 2, 1]        key 0   [2, 1, 0, 0]
    query 3   [0, 3, 1, 0]        key 1   [0, 2, 0, 1]
                                  key 2   [1, 0, 2, 1]

    scores     key 0     key 1     key 2
    query 2    2 * 0.5   1 * 0.5   6 * 0.5 = 3
    query 3    3 * 0.5   6 * 0.5   2 * 0.5 = 1

Query 2 fits key 2 best: they are the same vector.

Now the kernel. Let these be two of `M = 4` queries and all of `N = 3` keys, in the last of `H = 3` heads in the last
of `B = 2` batches. With tiles of 2 by 2 the grid is (2, 2, 6), and the program has `pid_m = 1`, `pid_n = 1` and
`pid_bh = 5`. The strides of `q` are (48, 16, 4, 1), those of `k` (36, 12, 4, 1), those of `out` (36, 12, 3, 1):

    batch    = 5 // 3 = 1
    head     = 5 %  3 = 2
    q_ptr    = 1 * 48 + 2 * 16 = 80
    k_ptr    = 1 * 36 + 2 * 12 = 60
    out_ptr  = 1 * 36 + 2 * 12 = 60

    offs_m   = 1 * 2 + [0, 1] = [2, 3]
    offs_n   = 1 * 2 + [0, 1] = [2, 3]        (key 3 doesn't exist)
    offs_d   = [0, 1, 2, 3]

    q_ptrs   = 80 + [[2], [3]] * 4           + [[0, 1, 2, 3]] * 1
             = [[88, 89, 90, 91],
                [92, 93, 94, 95]]
    k_ptrs   = 60 + [[0], [1], [2], [3]] * 1 + [[2, 3]] * 4     (drawn below)

    q        = [[1, 0, 2, 1],      k = [[1, 0],      tl.dot = [[6, 0],
                [0, 3, 1, 0]]           [0, 0],                [2, 0]]
                                        [2, 0],
                                        [1, 0]]

    scores   = [[6, 0], [2, 0]] * 0.5 = [[3, 0], [1, 0]]
    store    writes 3 to place 60 + 2 * 3 + 2 = 68
             and    1 to place 60 + 3 * 3 + 2 = 71, and nothing else

Without a mask along N, the 0 beside the 3 would go to place 69: scores[1, 2, 3, 0], another program's.

## The picture

K^T is nowhere in memory. `k` lies there with one key to a row, and the grid of pointers turns it round. Key 3 doesn't
exist, and place 72 is outside already.

    k in memory                          the tile: k_ptrs

              d = 0    1    2    3                n = 2    3
            +----+----+----+----+               +----+....+
    key 0   | 60 | 61 | 62 | 63 |       d = 0   | 68 | 72 :    down:
            +----+----+----+----+               +----+....+    stride_kd
    key 1   | 64 | 65 | 66 | 67 |           1   | 69 | 73 :
            +----+----+----+----+               +----+....+    right:
    key 2   | 68 | 69 | 70 | 71 |           2   | 70 | 74 :    stride_kn
            +----+----+----+----+               +----+....+
                                            3   | 71 | 75 :
                                                +----+....+
                                                      ^ masked off

## The algorithm

1. Ask which program this is, along all three axes of the grid: `pid_m`, `pid_n`, `pid_bh`.
2. From `pid_bh`, find batch and head.
3. Move the three pointers to this batch and this head.
4. Build the pointers to a tile of `q`, (BLOCK_M, D), and to a tile of K^T, (D, BLOCK_N).
5. Load both tiles. One comparison is enough for each mask: nothing hangs over along D.
6. Multiply the tiles, and multiply the result by `sm_scale`.
7. Store the tile of scores (given), with a mask that stops at the last query and at the last key.

The launcher `attention_scores` (given) allocates `out` and starts one program per tile, head and batch.

## Triton functions used

- `tl.program_id(axis=1)`, `tl.program_id(axis=2)`: the number of this program along other axes.
- `x.to(tl.int64)`: the same number with 64 bits. What is computed from it has 64 bits, too.
- `x_ptr += number`: moves a pointer. What comes later uses its new value.
- `tl.dot(q, k, input_precision="ieee")`: the product of two tiles of one dtype, in fp32. Without a third argument
  nothing is added to it. The option is level 2's.

## What it costs

With D multiplications and D additions a score, B = 2, H = 16, M = N = 2048 and D = 64 in fp16:

    q and k, read once     2 * B * H * 2048 * D numbers          16.8 MB
    scores, written        B * H * 2048 * 2048 numbers          268.4 MB
    arithmetic             2 * B * H * 2048 * 2048 * D           17.2 GFLOP

That is 60 operations per byte, where a GPU could do some hundred: this kernel is memory-bound. It waits for its own
output, 16 times as large as `q` and `k` together. With 8192 positions that is 4.3 GB. Levels 7 and 8 are about never
writing it.

## Common mistakes

- No scale, or one too many: the table looks right, and every number in it is wrong.
- `1 / D` instead of `1 / sqrt(D)`, or a factor computed from D where the caller gave `sm_scale`.
- `pid_bh` used as if it were the head: right as long as the batches follow each other without a gap, wrong for (B, M,
  H, D) with swapped axes.
- `//` and `%` the wrong way round: right where B equals H. Elsewhere there is no such batch, or no such head.
- The strides of `q` used for `k`: right while both have the same shape and lie in memory in the same way.
- `offs_n[:, None]` in the pointers to `k`: that is a tile of `k`, and not of its transpose.
- `q * sm_scale` before the dot: that turns an fp16 `q` into fp32, and `tl.dot` wants both tiles in one dtype.
- No int64: right for small tensors, and far outside of one with 2^31 elements, which the judge tries without making it.

## Sources

- A. Vaswani and seven others: *Attention Is All You Need*, 2017. Section 3.2.1 has the formula, and a footnote there the
  reason for the scale.

Behind the code: More on queries and keys, the scale, the grid, strides, tiles, and what grows.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write a line for each of them instead.

Your task: fill the seven gaps in this file, one to three lines each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl

HEAD_DIMS = (16, 32, 64, 128)  # what D may be
MOST_PROGRAMS = 65535  # along the third axis of a grid: a GPU takes no more there


@triton.jit
def scores_kernel(
    q_ptr,  # pointer to q[0, 0, 0, 0]
    k_ptr,  # pointer to k[0, 0, 0, 0]
    out_ptr,  # pointer to out[0, 0, 0, 0]
    H,  # heads
    M,  # queries
    N,  # keys
    sm_scale,  # what each dot product is multiplied by
    stride_qb,  # elements from one batch of q to the next,
    stride_qh,  # from one head to the next,
    stride_qm,  # from one query to the next,
    stride_qd,  # from one number of a query to the next
    stride_kb,  # the same for k: batch, ...
    stride_kh,  # ... head, ...
    stride_kn,  # ... key, ...
    stride_kd,  # ... number of a key
    stride_ob,  # and for out: batch, ...
    stride_oh,  # ... head, ...
    stride_om,  # ... query, ...
    stride_on,  # ... key
    D: tl.constexpr,  # numbers in a query or key, a power of two
    BLOCK_M: tl.constexpr,  # queries in a tile
    BLOCK_N: tl.constexpr,  # keys in a tile
):
    # TODO 1 (3 lines): `pid_m`, `pid_n` and `pid_bh`, the numbers of this program along axes 0, 1 and 2 of the grid.
    pid_m = pid_n = pid_bh = ...

    # TODO 2 (2 lines): `batch` and `head`, from pid_bh: first come all heads of batch 0, then all heads of batch 1.
    batch = head = ...

    # TODO 3 (3 lines): move q_ptr, k_ptr and out_ptr to the matrices of this batch and head. Mind int64.
    ...

    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)  # (BLOCK_M,): the queries of this tile
    offs_n = pid_n * BLOCK_N + tl.arange(0, BLOCK_N)  # (BLOCK_N,): the keys of this tile
    offs_d = tl.arange(0, D)  # (D,): the places in a query or key

    # TODO 4 (2 lines): `q_ptrs` (BLOCK_M, D), pointers to a tile of q, and `k_ptrs` (D, BLOCK_N), to a tile of K^T.
    q_ptrs = k_ptrs = ...

    # TODO 5 (2 lines): `q` and `k`, the two tiles, with 0 for queries and keys that don't exist.
    #      B * H * M * D numbers read for each column of tiles, B * H * N * D for each row of tiles
    q = k = ...

    # TODO 6 (1 line): `scores` (BLOCK_M, BLOCK_N), the product of the two tiles, in full precision, times the scale.
    #                                                                        2 * B * H * M * N * D operations in all
    scores = ...

    # TODO 7 (1 line): `out_mask` (BLOCK_M, BLOCK_N), True where both the query and the key exist.
    out_mask = ...
    # A single matrix of scores may have more than 2^31 elements: its rows are found in int64, too.
    out_ptrs = out_ptr + offs_m[:, None].to(tl.int64) * stride_om + offs_n[None, :] * stride_on
    tl.store(out_ptrs, scores.to(out_ptr.dtype.element_ty), mask=out_mask)  # B * H * M * N numbers written in all


def attention_scores(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    """q @ k^T * sm_scale for each head of each batch, with any strides. sm_scale=None means D ** -0.5.

    q: (B, H, M, D), k: (B, H, N, D) -> (B, H, M, N), contiguous. Raises ValueError for anything else, and unless D is
    16, 32, 64 or 128.
    """
    if q.ndim != 4 or k.ndim != 4 or q.shape[:2] != k.shape[:2] or q.shape[3] != k.shape[3]:
        raise ValueError(
            f"attention_scores takes (B, H, M, D) and (B, H, N, D), not {tuple(q.shape)} and {tuple(k.shape)}"
        )
    if q.dtype != k.dtype or q.device != k.device:
        raise ValueError("attention_scores takes q and k of one dtype on one device")
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"attention_scores takes float32, float16 or bfloat16, not {q.dtype}")
    B, H, M, D = q.shape
    N = k.shape[2]
    if D not in HEAD_DIMS:
        raise ValueError(f"attention_scores takes a head dim D of 16, 32, 64 or 128, not {D}")
    if B * H > MOST_PROGRAMS:
        raise ValueError(f"attention_scores takes up to {MOST_PROGRAMS} heads in all batches together, not {B * H}")

    if sm_scale is None:
        sm_scale = D**-0.5
    out = torch.empty((B, H, M, N), dtype=q.dtype, device=q.device)
    BLOCK_M, BLOCK_N, num_warps = 64, 64, 4
    if q.dtype == torch.float32:  # such a dot takes more registers: smaller tiles, and more threads for each
        BLOCK_M, BLOCK_N, num_warps = 32, 32, 8
    grid = (triton.cdiv(M, BLOCK_M), triton.cdiv(N, BLOCK_N), B * H)  # one program per tile, head and batch
    scores_kernel[grid](
        q, k, out,
        H, M, N, sm_scale,
        *q.stride(), *k.stride(), *out.stride(),
        D=D, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, num_warps=num_warps,
    )  # fmt: skip
    return out


MORE = """
## More on queries and keys

In "the cat sleeps", say, the query of "sleeps" may ask who does, and the key of "cat" may offer somebody who could. Each
position begins as one vector of numbers; query and key are made from it, and the model has learnt how. Their dot product
is large if both point in the same direction, about 0 if they have nothing to do with each other, and negative if they
point in opposite directions. Heads never mix, and texts never mix.

Level 6 takes it from here: softmax turns each row of scores into weights, and the weights say how much of each
position's information is fetched. Mostly M and N are equal, since each position has a query and a key. They differ when
a model writes: one new query looks at the keys of all that was written so far.

D. Bahdanau, K. Cho and Y. Bengio, *Neural Machine Translation by Jointly Learning to Align and Translate*, 2014, is where
attention began. M.-T. Luong, H. Pham and C. D. Manning, *Effective Approaches to Attention-based Neural Machine
Translation*, 2015, made scores of dot products.

## More on the scale

Why `1 / sqrt(D)`? Say the numbers in `q` and `k` are random and independent of each other, each with mean 0 and
variance 1. If the mean is 0, the **variance** is the mean of the squares, and its square root the typical size of a
number, which is 1 here. A product of two such numbers has mean 0 and variance 1 again. Now add up D of these
products. Their sizes don't add up, because positive and negative ones cancel each other in part. Their variances do:

                                  variance    typical size    for D = 64
    one product                   1           1               1
    the sum of D products         D           sqrt(D)         8
    the sum times 1 / sqrt(D)     1           1               1

Softmax looks at differences of scores, and it is an exponential: a score that is 8 larger gets exp(8) = 2981 times
the weight. Without the scale, one key would take nearly everything, whatever the text says, and the more so the
larger D is. With it, scores have size 1 for every D. Dividing by D would be too much: they would all be about 0, and
all keys would get the same.

## More on the grid

The grid of the worked example, seen from the result: six matrices in tiles, and each tile is one program. The one that
we looked at is ##:

    pid_bh          0        1        2        3        4        5
    batch           0        0        0        1        1        1
    head            0        1        2        0        1        2
                 +--+..+  +--+..+  +--+..+  +--+..+  +--+..+  +--+..+
    pid_m = 0    |  |  :  |  |  :  |  |  :  |  |  :  |  |  :  |  |  :
                 +--+..+  +--+..+  +--+..+  +--+..+  +--+..+  +--+..+
    pid_m = 1    |  |  :  |  |  :  |  |  :  |  |  :  |  |  :  |  |##:
                 +--+..+  +--+..+  +--+..+  +--+..+  +--+..+  +--+..+
    pid_n         0  1     0  1     0  1     0  1     0  1     0  1

## More on strides

Use all four strides: models make their queries in the order (B, M, H, D) and swap two axes afterwards, which copies
nothing and changes the strides alone. The asterisks in `*q.stride()`, in the launcher, pass the four strides of `q` as
four arguments.

If the `q` of the worked example were made as (B, M, H, D) and then had its axes 1 and 2 swapped, its strides would be
(48, 4, 12, 1), and only the places would change:

    q_ptr    = 1 * 48 + 2 * 4 = 56
    q_ptrs   = 56 + [[2], [3]] * 12 + [[0, 1, 2, 3]] * 1
             = [[80, 81, 82, 83],
                [92, 93, 94, 95]]

The int64 is needed sooner than one would think: the scores of 32 heads with 8192 queries and keys are 2^31 elements.

## More on tiles

What one program needs: some queries, some keys, all of D.

                                                 BLOCK_N keys
                                                  |      |
                                           +------+------+......+
                                K^T        |      |      |      :
                                           |      |  k   |      :   D
                                           |      |      |      :
                                           +------+------+......+
        q       +-----------+              +------+------+......+
                |           |              |      |      |      :
    BLOCK_M   --+-----------+              +------+------+......+
    queries     |     q     |              |      |scores|      :
              --+-----------+              +------+------+......+
                |           |              |      |      |      :
                +...........+    scores    +......+......+......+
                      D

In level 2 the sums were as long as the matrices, so the kernel walked along K in steps, with an accumulator. Here it
needs neither. `tl.dot` wants 16 or more in each direction, as in level 2; the worked example makes do with 2, on
paper.

## More on what grows

    fetched, tiles of      B * H * 32 * 32 programs
      64 by 64               * (64 + 64) * D numbers            536.9 MB

Programs that run together share queries and keys, so most of what they fetch comes out of the L2, as in level 2. At
the least, `q` and `k` come from memory once and the scores go there once, 285 MB, which makes the 60 operations per byte.

A text twice as long has twice the queries and keys, but four times the scores. The scale costs one multiplication more
for each of them.
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(attention_scores)
