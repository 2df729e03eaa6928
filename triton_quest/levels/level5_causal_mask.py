"""
# Level 5: Causal mask

In level 4 every query meets every key. A model that writes a text must not look ahead, so your kernel hides from each
query the keys that come after it: without a mask in memory, and without the work that a mask would throw away.

## The idea

**No looking ahead.** A language model learns to guess at every position of a text what comes next. It may look at the
positions before, and at its own, but not at those after it, for there the answer stands. Attention that keeps to this
is **causal**. Queries and keys now belong to the same positions, so there are as many of both: `S`, the length of the
sequence. Key `n` is **visible** to query `m` if `n <= m`. All other keys are **hidden** from it.

**Hidden means minus infinity.** The softmax of level 3 makes a weight of each score: `exp(score)`, divided by the sum
of the row. A hidden key must have the weight 0, whatever the other scores are. A score of 0 won't do, since `exp(0)`
is 1. Nor will -1e4: where all visible scores of a row are smaller, the hidden ones win. Nothing is smaller than minus
infinity. And every query sees its own key, so the softmax finds a maximum in every row.

**A mask made on the fly.** In PyTorch one makes a matrix of True and False, S by S, and lets `masked_fill` read it. A
kernel needs none: `offs_m` holds the positions of its queries, `offs_n` those of its keys. A column compared with a row
gives the mask of the whole tile, by broadcasting, as in level 2. It lives in registers and never goes to memory.

**Three kinds of tiles.** The matrix of scores has a row for each query and a column for each key, so the hidden scores
fill the triangle above its diagonal. A tile lies

- **below** the diagonal, if every query in it sees every key in it,
- **on** the diagonal, if some pairs are visible and some are hidden,
- **above** the diagonal, if no query in it sees any key in it.

Above the diagonal, where nearly half of all tiles lie, there is nothing to load and nothing to multiply. They have to
be *stored*, though: `out` comes from `torch.empty`, and holds whatever was in that memory before.

One comparison finds these tiles. Of all queries in a tile the last one sees most, and of all keys the first one is seen
by most. If even the last query doesn't see the first key, nobody in this tile sees anything. `pid_m` and `pid_n` don't
answer this: they count in steps of `BLOCK_M` and `BLOCK_N`, which differ.

**A branch in a kernel.** `if condition:` takes one of two ways for the whole program, so the condition is a single True
or False. There is one rule that Python doesn't have: *a variable that is used after the `if` has the same dtype and the
same shape, whichever way was taken.* The compiler has to know both before any program runs. Here this variable is
`scores`. Before the `if` it is a tile of minus infinity, inside it gives way to the dot, scaled and masked: (BLOCK_M,
BLOCK_N) and fp32 both times. After the `if`, whichever it is, is stored.

**Scale first, then mask.** Infinity has an arithmetic of its own:

    -inf + 5 = -inf        -inf * 2  = -inf        -inf * 0       = NaN
                           -inf * -2 =  inf        -inf - (-inf)  = NaN

So the mask is the last thing that happens to a score, and it is a choice between two values, never a product.

## The maths

In each head of each batch:

    out[m, n] = sm_scale * (sum over d of q[m, d] * k[n, d])    if m >= n
    out[m, n] = -inf                                            if m < n

A tile lies above the diagonal if its largest `m` is smaller than its smallest `n`.

## A worked example

Take `S = 7` positions and tiles of `BLOCK_M = 4` queries by `BLOCK_N = 2` keys (`tl.dot` wants 16 or more, on paper
this will do). For each head, that is `ceil(7 / 4) * ceil(7 / 2) = 8` programs. Five of them:

    pid_m  pid_n    queries  keys      last query  first key  the tile lies
      0      1      0 .. 3   2 .. 3        3           2      on the diagonal
      0      2      0 .. 3   4 .. 5        3           4      above it
      1      0      4 .. 7   0 .. 1        7           0      below it
      1      1      4 .. 7   2 .. 3        7           2      below it
      1      3      4 .. 7   6 .. 7        7           6      on the diagonal

(Query 7 and key 7 don't exist; the masks of level 4 take care of them.) Tile (0, 1) is needed, although its `pid_n` is
larger than its `pid_m`. This is what its program does with these scaled scores:

    offs_m    offs_n =  2      3          visible            stored
      0               [ 0.5    1.5 ]    [ no   no  ]    [ -inf   -inf ]
      1               [ 3.0   -1.0 ]    [ no   no  ]    [ -inf   -inf ]
      2               [ 2.0    4.0 ]    [ yes  no  ]    [  2.0   -inf ]
      3               [-0.5    1.0 ]    [ yes  yes ]    [ -0.5    1.0 ]

## The picture

The scores of one head, for `S = 7`. Query `m` is a row, key `n` a column; `x` is a score, `.` is minus infinity:

                   n = 0   1   2   3   4   5   6
                   +-------+-------+-------+---+...+
             m = 0 | x   . | .   . | .   . | .     :
                 1 | x   x | .   . | .   . | .     :    pid_m = 0
                 2 | x   x | x   . | .   . | .     :
                 3 | x   x | x   x | .   . | .     :
                   +-------+-------+-------+---+...+
                 4 | x   x | x   x | x   . | .     :
                 5 | x   x | x   x | x   x | .     :    pid_m = 1
                 6 | x   x | x   x | x   x | x     :
                   :.......:.......:.......:.......:

           pid_n =     0       1       2       3

## The algorithm

1. Find the tile, the batch and the head (given, as in level 4).
2. Compute the position of the last query and of the first key of the tile.
3. Compare them: does any query of the tile see any key of it?
4. Begin with a tile of minus infinity.
5. If there is something to see:
   - load the tiles of q and k, multiply, and scale (given, too),
   - compare the positions of all queries with those of all keys: this is the mask,
   - put minus infinity in the place of every hidden score.
6. Store the tile (given). All three kinds come here.

The launcher `causal_scores` (given) allocates `out` and starts one program for each tile, head and batch. Check after
each gap: in those still open the judge puts lines of its own.

## Triton functions used

- `tl.full((rows, columns), value, dtype=tl.float32)`: a block that holds this value in all lanes. `-float("inf")` is
  minus infinity.
- `u[:, None] >= v[None, :]`: each of `u` compared with each of `v`, a block of True and False.
- `tl.where(condition, x, y)`: in each lane `x` where the condition is True, and `y` elsewhere. Both may be blocks or
  numbers.

## What it costs

One head for `S = 1024`, with the launcher's tiles of 128 queries by 64 keys, has 8 rows of 16 tiles. The row with
`pid_m = i` ends with query `128 * i + 127`: it needs its first `2 * (i + 1)` tiles, and the last two of these lie on
the diagonal:

    on the diagonal     8 rows of 2                    16 tiles
    below               0 + 2 + 4 + ... + 14           56 tiles
    above               128 - 16 - 56                  56 tiles

For D = 64 in fp16, a tile takes `(128 + 64) * 64 * 2` bytes of q and k, and `2 * 128 * 64 * 64` operations. Together:

                          all 128 tiles        the 72 not above
    arithmetic            134.2 MFLOP          75.5 MFLOP
    fetched from q and k    3.1 MB              1.8 MB
    written to out          2.1 MB              2.1 MB: all tiles are stored

The share of the tiles above grows with S: it is 44 % here, and 49 % for S = 8192.

## Common mistakes

- `>` instead of `>=`: hides the diagonal, and the first query sees nothing at all.
- `offs_m[:, None] <= offs_n[None, :]`: shows the future and hides the past.
- `tl.arange(0, BLOCK_M)` and `tl.arange(0, BLOCK_N)` in the comparison: places in the tile. Right for the first tile,
  wrong for others.
- `pid_m >= pid_n` to find the tiles with something to see: right for square tiles, and these aren't.
- The first query of the tile in that test instead of the last: leaves out tiles with visible pairs.
- `scores * visible`: hidden scores are 0. Nor may one add `hidden * -inf`: that is NaN where nothing is hidden.
- `scores` begun as the number minus infinity, in fp16, or only inside the `if`: the compiler refuses the kernel.
- `return` where nothing is visible: then nobody stores the tile.
- `out` filled with minus infinity by `torch.full`, and tiles above the diagonal not stored: in this level the judge
  wants every element from the kernel.

## Sources

- A. Vaswani and seven others: *Attention Is All You Need*, 2017. Section 3.2.3 masks the future with minus infinity.

Behind the code: More on minus infinity, what the memory sees, and skipping.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write a line for each of them instead.

Your task: fill the five gaps in this file, one or two lines each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl

HEAD_DIMS = (16, 32, 64, 128)  # what D may be
MOST_PROGRAMS = 65535  # along the third axis of a grid: a GPU takes no more there


@triton.jit
def causal_scores_kernel(
    q_ptr,  # pointer to q[0, 0, 0, 0]
    k_ptr,  # pointer to k[0, 0, 0, 0]
    out_ptr,  # pointer to out[0, 0, 0, 0]
    H,  # heads
    S,  # positions: there are as many queries as keys
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
    # Given, as in level 4: the tile of this program, its batch and its head, and their matrices.
    pid_m = tl.program_id(axis=0)
    pid_n = tl.program_id(axis=1)
    pid_bh = tl.program_id(axis=2)
    batch = pid_bh // H
    head = pid_bh % H
    q_ptr += batch.to(tl.int64) * stride_qb + head.to(tl.int64) * stride_qh
    k_ptr += batch.to(tl.int64) * stride_kb + head.to(tl.int64) * stride_kh
    out_ptr += batch.to(tl.int64) * stride_ob + head.to(tl.int64) * stride_oh

    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)  # (BLOCK_M,): the positions of this tile's queries
    offs_n = pid_n * BLOCK_N + tl.arange(0, BLOCK_N)  # (BLOCK_N,): the positions of its keys
    offs_d = tl.arange(0, D)  # (D,)

    # TODO 1 (2 lines): `last_query` and `first_key`, the last number in offs_m and the first one in offs_n.
    #      A block can't be indexed: compute both from pid_m and pid_n.
    last_query = first_key = ...

    # TODO 2 (1 line): `any_visible`, True unless this tile lies above the diagonal.
    any_visible = ...

    # TODO 3 (1 line): `scores`, what a tile above the diagonal stores. Mind the shape and the dtype.
    scores = ...

    if any_visible:
        # Given, as in level 4: the scores of this tile.               2 * B * H * S * S * D operations for all tiles
        q_ptrs = q_ptr + offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd  # (BLOCK_M, D)
        k_ptrs = k_ptr + offs_d[:, None] * stride_kd + offs_n[None, :] * stride_kn  # (D, BLOCK_N)
        q = tl.load(q_ptrs, mask=offs_m[:, None] < S, other=0.0)
        k = tl.load(k_ptrs, mask=offs_n[None, :] < S, other=0.0)
        scores = tl.dot(q, k, input_precision="ieee") * sm_scale  # (BLOCK_M, BLOCK_N), fp32

        # TODO 4 (1 line): `visible`, (BLOCK_M, BLOCK_N), True where the query of the row sees the key of the column.
        visible = ...

        # TODO 5 (1 line): `scores`, with minus infinity in the place of those that are hidden.
        scores = ...

    # Given: the store. Every tile comes here, those above the diagonal too.       B * H * S * S numbers written in all
    out_ptrs = out_ptr + offs_m[:, None].to(tl.int64) * stride_om + offs_n[None, :] * stride_on
    out_mask = (offs_m[:, None] < S) & (offs_n[None, :] < S)
    tl.store(out_ptrs, scores.to(out_ptr.dtype.element_ty), mask=out_mask)


def causal_scores(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    """q @ k^T * sm_scale for every head of every batch, with -inf where the key comes after the query; any strides.

    q, k: (B, H, S, D) -> (B, H, S, S), contiguous. sm_scale=None means D ** -0.5. Raises ValueError for anything else.
    """
    if q.ndim != 4 or q.shape != k.shape:
        raise ValueError(
            f"causal_scores takes q and k of shape (B, H, S, D), not {tuple(q.shape)} and {tuple(k.shape)}"
        )
    if q.dtype != k.dtype or q.device != k.device:
        raise ValueError("causal_scores takes q and k of one dtype on one device")
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"causal_scores takes float32, float16 or bfloat16, not {q.dtype}")
    B, H, S, D = q.shape
    if D not in HEAD_DIMS:
        raise ValueError(f"causal_scores takes a head dim D of 16, 32, 64 or 128, not {D}")
    if B * H > MOST_PROGRAMS:
        raise ValueError(f"causal_scores takes up to {MOST_PROGRAMS} heads in all batches together, not {B * H}")

    if sm_scale is None:
        sm_scale = D**-0.5
    out = torch.empty((B, H, S, S), dtype=q.dtype, device=q.device)
    BLOCK_M, BLOCK_N = 128, 64
    if D == 128 and q.dtype == torch.float32:  # so many numbers of 4 bytes fill the registers: a smaller tile
        BLOCK_M, BLOCK_N = 16, 64
    grid = (triton.cdiv(S, BLOCK_M), triton.cdiv(S, BLOCK_N), B * H)  # one program per tile, head and batch
    causal_scores_kernel[grid](
        q, k, out,
        H, S, sm_scale,
        *q.stride(), *k.stride(), *out.stride(),
        D=D, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, num_warps=8,
    )  # fmt: skip
    return out


MORE = """
## More on minus infinity

Take the softmax of a row with seven keys, of which three are visible and four are hidden. On the left, the visible
scores are 1, 0 and 2, on the right they are -20000 each. Below are the weights of these three, and what the four hidden
keys get together:

    hidden is    scores 1, 0, 2           hidden     scores -20000    hidden
    -inf         0.2447 0.0900 0.6652     0          1/3 1/3 1/3      0
    -1e4         0.2447 0.0900 0.6652     0          0   0   0        1
    0            0.1799 0.0662 0.4891     0.2648     0   0   0        1

With 0, more than a quarter of the attention goes to the future. With -1e4, which one meets often, all looks well, until
the scores are very negative: then the future gets everything.

## More on what the memory sees

This is the traffic of one head, in MB, for S = 1024 and D = 64 in fp16, if PyTorch does it in three steps. The mask
takes 1 byte for each score:

    operation                            read               written
    scores = q @ k^T                     0.26               2.10
    scores = scores * sm_scale           2.10               2.10
    scores.masked_fill(mask, -inf)       2.10 + 1.05        2.10
                                         --------------------------
    together                             5.51               6.29

    your kernel                          0.26               2.10

That is a fifth. What is left is nearly all the matrix of scores, S * S numbers for each head, and almost half of them
are minus infinity. It has to be written because somebody reads it again. From level 7 on, nobody does.

## More on skipping

T. Dao, *FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning*, 2023, leaves out the blocks
above the diagonal in section 3.1, and the mask in those below. So does the Triton documentation in tutorial 06, *Fused
Attention*, and so will you in level 8. Here the mask is computed below the diagonal as well: it costs a comparison, and
a second branch would not be simpler. So this is what a tile costs its program:

                               loads    dot    mask     store
           below               q, k     yes    True     scores
           on the diagonal     q, k     yes    mixed    scores and -inf
           above               -        -      -        -inf
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(causal_scores)
