"""
# Level 7: Fused attention

In level 6, three kernels handed each other a matrix of S x S numbers. Here one kernel does all of it, one query at a
time, and the matrix never exists. The softmax no longer waits for the last key.

## The idea

**One query, the keys in blocks.** A program takes one query, a row of `q`, and computes the row of `out` that belongs
to it. It walks along the keys in blocks of `BLOCK_N`. Each step loads a block of keys and the values that go with it,
computes the scores of the query with these keys, and adds their share to the result. The scores live in registers, and
are forgotten when the next block comes.

**What stands in the way.** Softmax wants the largest score of the row before the first `exp`. Here it may be in a block
that the program hasn't seen yet. **Online softmax** doesn't wait for it: it takes the largest score *so far*, and
corrects its results when a larger one turns up.

**Three running results.** The program carries these from block to block, in fp32:

    m_i    one number    the largest score so far
    l_i    one number    the sum of exp(s - m_i) over the scores s so far
    acc    D numbers     the sum of exp(s - m_i) * v over the keys so far,
                         where s is the score of a key, and v its value

This is the **invariant**: it is true after every block, whatever the scores are. After the last one, "so far" means all
keys, and `acc / l_i` is the answer. Before, nobody knows the divisor, so `acc` is divided only once.

**Keeping it true.** A new block brings `BLOCK_N` new scores. The new maximum is the larger one of `m_i` and the largest
new score; call it `m_new`. The old sums are made of terms `exp(s - m_i)`, and should be made of terms `exp(s - m_new)`.
But the two differ by a factor that has no `s` in it:

    exp(s - m_new)  =  exp(s - m_i) * exp(m_i - m_new)
                                      ------ alpha ------

So one multiplication by `alpha` corrects all old terms at once, in `l_i` and in `acc`. This is called **rescaling**.
The new maximum is never the smaller one, so `alpha` is at most 1: old terms shrink when a larger score turns up, and
stay as they are (`exp(0) = 1`) when none does. The block's own terms are made with `m_new` from the start:
`p = exp(scores - m_new)`. They are added, `m_i` becomes `m_new`, and the invariant is true again.

**The first block.** Before it, nothing has been seen. The sums of nothing are 0, and the largest of no scores is minus
infinity: `m_i = -inf`, `l_i = 0`, `acc = 0`. Then the first block is like any other: its `m_new` is a number, so
`alpha = exp(-inf - m_new) = 0`.

**No block without a key.** A first block in which the query may look at no key would leave both `m_i` and `m_new` minus
infinity. Their difference is NaN, and NaN never leaves the sums again. The end of the loop prevents it. With `causal`,
query number `pid_m` looks at keys 0, 1, ..., `pid_m`; without, at all N. Call the number of these keys `end`. A block
that begins at `start_n < end` has a key for the query: its first. The blocks behind are not even loaded.

**One mask for both.** The query looks at the lanes with `offs_n < end - start_n`. This is the mask against the end of
the keys, or the causal mask, whichever `end` is. It stops the loads, and puts minus infinity into the scores.

**Scores without `tl.dot`.** `tl.dot` multiplies tiles, and a single query is none. So the products are written out. The
axis that is named is the one that disappears:

    q[None, :] * k, then tl.sum(..., axis=1)    along each row: BLOCK_N scores
    p[:, None] * v, then tl.sum(..., axis=0)    down each column: D numbers

## The maths

For query `i`, with sums over all keys `j` that it may look at:

    s_j       = sm_scale * (sum over d of q[i, d] * k[j, d])
    out[i, :] = sum of exp(s_j) * v[j, :]  /  sum of exp(s_j)

As in level 3, any number may be taken away from all scores, and the fraction stays the same. One step:

    m_new = the larger of m_i and the largest score of the block
    alpha = exp(m_i - m_new)
    p     = exp(s - m_new)         for the scores s of the block
    l_i   becomes   l_i * alpha + the sum of p
    acc   becomes   acc * alpha + the sum of p * v
    m_i   becomes   m_new

## A worked example

One query, five keys, `BLOCK_N = 2`, and `D = 1`: each value is one number.

    key            0      1   |   2      3   |   4
    score          1      2   |   4      3   |   2    masked off: -inf
    value         10     20   |  30     40   |  50    masked off: 0

All you need is exp(-1) = 0.3679 and exp(-2) = 0.1353:

    start     m_i   = -inf                              l_i = 0
                                                        acc = 0

    block 0   m_new = 2
              alpha = exp(-inf - 2)      = 0
              p     = [exp(1-2), exp(2-2)] = [0.3679, 1]
              l_i   = 0 + 0.3679 + 1                    = 1.3679
              acc   = 0 + 0.3679 * 10 + 1 * 20          = 23.68

    block 1   m_new = 4                  a larger one turns up
              alpha = exp(2 - 4)         = 0.1353
              p     = [exp(4-4), exp(3-4)] = [1, 0.3679]
              l_i   = 1.3679 * 0.1353 + 1 + 0.3679      = 1.5530
              acc   = 23.68 * 0.1353 + 1 * 30
                                     + 0.3679 * 40      = 47.92

    block 2   m_new = 4                  no larger one
              alpha = exp(4 - 4)         = 1
              p     = [exp(2-4), exp(-inf-4)] = [0.1353, 0]
              l_i   = 1.5530 + 0.1353 + 0               = 1.6883
              acc   = 47.92 + 0.1353 * 50 + 0           = 54.69

    end       out   = 54.69 / 1.6883                    = 32.39

After block 1 the invariant says 47.92 / 1.5530 = 30.86, the answer for the first four keys. Without `alpha` it would be
25.00: key 1, with score 2, would count as much as key 2, with score 4.

## The picture

Some programs of one head, with blocks of four keys (causal). `#` is a lane with a key that the query looks at, `.` a
lane that is masked off. Blocks that aren't drawn aren't loaded:

               block 0   block 1   block 2
    query 0     #...
    query 3     ####
    query 4     ####      #...
    query 9     ####      ####      ##..

## The algorithm

1. Find the query of this program, and load it in fp32 (given).
2. Start the three running results.
3. Compute `end`, the number of keys that the query looks at.
4. For `start_n = 0, BLOCK_N, 2 * BLOCK_N, ...` while `start_n < end`:
   - load a block of keys and one of values (given),
   - compute the scores, with minus infinity in the masked-off lanes,
   - find the new maximum, then `alpha` and `p`,
   - rescale both sums, add the block's terms, and keep the new maximum for the next block,
   - move the pointers on (given).
5. Divide, and store the row (given).

The launcher `fused_attention` starts one program per query of each head, and allocates `out` alone. Check after each
gap: in those still open the judge puts lines of its own.

## Triton functions used

- `tl.zeros((D,), dtype=tl.float32)`: a vector of zeros. A sum that is one number starts as `0.0`: `0` is a whole
  number, and what is carried from step to step keeps its type.
- `tl.max(x, axis=0)`: the largest element of a vector, as one number.
- `tl.maximum(x, y)`: the larger one of two numbers.
- `tl.exp(-float("inf"))` is 0.
- `a if CAUSAL else b`: `CAUSAL` is a `tl.constexpr`, so only one of both is compiled.
- `range(0, end, BLOCK_N)`: `end` may be known only when the kernel runs.

## What it costs

Take B = 1, H = 16, S = 8192, D = 64 in fp16, without `causal`:

    arithmetic          4 * B * H * S * S * D operations       275 GFLOP
    level 6             its matrix, moved four times              17.2 GB
    this kernel         B * H * S programs
                          * 2 * S * D numbers of k and v         275 GB

The matrix is gone. But every program fetches *all* keys and values of its head, 2.1 MB, for 128 bytes of `out`: one
operation per byte. A tile of queries is the remedy, as in level 2. That is level 8.

## Common mistakes

- `acc` or `l_i` not rescaled: right until a later block has a larger score.
- `exp(m_new - m_i)`: upside down. In the first block that is `exp(inf)`, and `inf * 0` is NaN.
- `m_i = m_new` too early: then `alpha` is `exp(0) = 1`, and nothing is rescaled.
- The maximum of the block alone for `m_new`: when the next block is far below, `alpha` overflows.
- No minus infinity in the masked-off lanes: a key that isn't there has the score 0, which counts in `l_i`.
- -10000 instead of minus infinity: scores can be smaller.
- Divided in each block: what comes first is divided again and again.
- The strides passed in another order than the kernel takes them: right while all tensors have the same strides.

## Sources

- M. Milakov, N. Gimelshein: *Online Normalizer Calculation for Softmax*, 2018.

Behind the code: More on the proof, sums along an axis, one program, types, and what is fetched.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write a line for each of them instead.

Your task: fill the nine gaps in this file, one to six lines each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl


@triton.jit
def fused_attention_kernel(
    q_ptr,  # pointers to the first elements of q (B, H, M, D),
    k_ptr,  # of k (B, H, N, D),
    v_ptr,  # of v (B, H, N, D),
    out_ptr,  # and of out (B, H, M, D)
    stride_qb,  # from one batch of q to the next, in elements,
    stride_qh,  # from one head to the next,
    stride_qm,  # from one query to the next,
    stride_qd,  # and from one of its D numbers to the next
    stride_kb,  # the same for k ...
    stride_kh,
    stride_kn,
    stride_kd,
    stride_vb,  # ... for v ...
    stride_vh,
    stride_vn,
    stride_vd,
    stride_ob,  # ... and for out
    stride_oh,
    stride_om,
    stride_od,
    H,  # heads
    N,  # keys
    sm_scale,  # what the scores are multiplied by
    D: tl.constexpr,  # numbers in a query, a key or a value: 16, 32, 64 or 128
    BLOCK_N: tl.constexpr,  # keys in one block
    CAUSAL: tl.constexpr,  # True: a query looks at no key that comes after it
):
    # Given: the query of this program, and pointers to the first block of keys and of values.
    pid_m = tl.program_id(axis=0)  # the number of the query
    pid_bh = tl.program_id(axis=1)  # batch and head in one number
    batch = (pid_bh // H).to(tl.int64)
    head = (pid_bh % H).to(tl.int64)
    offs_d = tl.arange(0, D)
    offs_n = tl.arange(0, BLOCK_N)  # the keys of a block, counted from the block's first
    q = tl.load(q_ptr + batch * stride_qb + head * stride_qh + pid_m * stride_qm + offs_d * stride_qd)
    q = q.to(tl.float32)  # (D,)                                                       B * H * M * D numbers read in all
    k_ptrs = k_ptr + batch * stride_kb + head * stride_kh + offs_n[:, None] * stride_kn + offs_d[None, :] * stride_kd
    v_ptrs = v_ptr + batch * stride_vb + head * stride_vh + offs_n[:, None] * stride_vn + offs_d[None, :] * stride_vd

    # TODO 1 (3 lines): `m_i`, `l_i` and `acc`, the running results before the first block: two numbers and a vector.
    m_i = l_i = acc = ...

    # TODO 2 (1 line): `end`, how many keys this query looks at, with CAUSAL and without.
    end = ...

    for start_n in range(0, end, BLOCK_N):
        mask = offs_n < end - start_n  # True where the query looks at the key
        k = tl.load(k_ptrs, mask=mask[:, None], other=0.0).to(tl.float32)  # (BLOCK_N, D)
        v = tl.load(v_ptrs, mask=mask[:, None], other=0.0).to(tl.float32)  # (BLOCK_N, D)
        #                                                                   B * H * M * 2 * N * D numbers read in all

        # TODO 3 (2 lines): `scores` (BLOCK_N,), of the query with each key, times the scale; then the same with -inf
        #      where the mask is False.
        scores = ...

        # TODO 4 (1 line): `m_new`, the largest score so far, this block's scores included.
        m_new = ...

        # TODO 5 (2 lines): `alpha`, which corrects the old sums, and `p` (BLOCK_N,), the exponentials of this block.
        alpha = p = ...

        # TODO 6 (3 lines): `l_i` and `acc` with this block in them, rescaled first; and `m_i` for the next block.
        l_i = acc = m_i = ...

        k_ptrs += BLOCK_N * stride_kn
        v_ptrs += BLOCK_N * stride_vn

    # TODO 7 (1 line): `out` (D,), this query's row of the result.
    out = ...
    out_ptrs = out_ptr + batch * stride_ob + head * stride_oh + pid_m * stride_om + offs_d * stride_od
    tl.store(out_ptrs, out.to(out_ptr.dtype.element_ty))  # B * H * M * D numbers written in all


def fused_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """softmax(q @ k^T * sm_scale) @ v, head by head, for tensors of one dtype with any strides.

    q: (B, H, M, D), k, v: (B, H, N, D) -> (B, H, M, D), contiguous; causal needs M == N, sm_scale=None means D ** -0.5.
    Raises ValueError for anything else.
    """
    if q.ndim != 4 or k.ndim != 4 or k.shape != v.shape or q.shape[:2] != k.shape[:2] or q.shape[3] != k.shape[3]:
        shapes = f"{tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}"
        raise ValueError(f"fused_attention takes q (B, H, M, D), k and v (B, H, N, D), not {shapes}")
    B, H, M, D = q.shape
    N = k.shape[2]
    if D not in (16, 32, 64, 128) or N < 1:
        raise ValueError(f"fused_attention takes D = 16, 32, 64 or 128 and a key at least, not D = {D} and N = {N}")
    if causal and M != N:
        raise ValueError(f"causal attention needs as many queries as keys, not M = {M} and N = {N}")
    if len({q.dtype, k.dtype, v.dtype}) > 1 or len({q.device, k.device, v.device}) > 1:
        raise ValueError("fused_attention takes three tensors of one dtype on one device")
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"fused_attention takes float32, float16 or bfloat16, not {q.dtype}")

    if sm_scale is None:
        sm_scale = D**-0.5
    out = torch.empty((B, H, M, D), dtype=q.dtype, device=q.device)
    BLOCK_N = 32

    # TODO 8 (1 line): `grid`: along axis 0 a program for each query, along axis 1 for each head of each batch.
    grid = ...

    # TODO 9 (6 lines): start the kernel. `*q.stride()` passes the four strides of q; then those of k, v and out; then
    #      the rest, in the order in which the kernel takes it.
    ...
    return out


MORE = """
## More on the proof

Why is the step right? Before it, `l_i` is the sum of `exp(s - m_i)` over the keys so far. Times `alpha`, each term is

    exp(s - m_i) * exp(m_i - m_new)  =  exp(s - m_i + m_i - m_new)
                                     =  exp(s - m_new)

So `l_i * alpha` is the sum of `exp(s - m_new)` over the keys so far, and with the sum of `p` the block's own keys are
in it too. For `acc`, put `* v` behind each term. It is exact: nothing is left out, and nothing is estimated. Check the
worked example as in level 3, with the maximum 4 from the start:

    exp      [0.0498, 0.1353, 1, 0.3679, 0.1353]        sum = 1.6883
    out      (0.498 + 2.706 + 30 + 14.716 + 6.765) / 1.6883 = 32.39

Without `alpha`, the first four keys come to (23.68 + 44.72) / (1.3679 + 1.3679) = 25.00.

In the end both sums carry the same factor `exp(-m_i)`, and the division takes it out. A result that is divided in each
step by the sum so far would have to be multiplied again in the next one.

M. N. Rabe and C. Staats, *Self-attention Does Not Need O(n^2) Memory*, 2021, do the same for attention, and so do T.
Dao, D. Y. Fu, S. Ermon, A. Rudra and C. Ré, *FlashAttention: Fast and Memory-Efficient Exact Attention with
IO-Awareness*, 2022.

## More on sums along an axis

For the query [1, 2], two keys [3, 0] and [2, 1], p = [0.5, 1] and the values [10, 20] and [30, 40]:

    [[1 * 3, 2 * 0],    along the rows    [3, 4]
     [1 * 2, 2 * 1]]

    [[0.5 * 10, 0.5 * 20],    down the columns    [35, 50]
     [  1 * 30,   1 * 40]]

## More on one program

What a program carries from block to block, with the numbers of the worked example:

               block 0           block 1           block 2
    m_i   -inf -------->  2      -------->  4      -------->  4
    l_i     0  rescale,  1.3679  rescale,  1.5530  rescale,  1.6883
    acc     0    add     23.68     add     47.92     add     54.69

The program of query 5, with blocks of four keys. It looks at six of them (causal), so `end = 6`:

        q               k                    v               out
    +--------+      +--------+           +--------+       +--------+
    |        |      | key 0  |           |value 0 |       |        |
    |        |      | ...    |  block 0  | ...    |       |        |
    |        |      | key 3  |           |value 3 |       |        |
    |        |      +--------+           +--------+       |        |
    |        |      | key 4  |           |value 4 |       |        |
    +--------+      | key 5  |  block 1  |value 5 |       +--------+
    | row 5  |      | masked |           | masked |       | row 5  |
    +--------+      | masked |           | masked |       +--------+
    |        |      +--------+           +--------+       |        |
    |        |      :        :   never   :        :       |        |
    +--------+      :........:  loaded   :........:       +--------+

## More on types

The query, the keys and the values are converted to fp32 once they are loaded, because sums of products in fp16 lose
digits. The offsets of batch and head are computed with 64 bits, as in level 4: all heads of all batches together may
have more than 2^31 elements, too many to be counted with 32.

## More on what is fetched

q, k, v and out are 4 * B * H * S * D numbers, 67 MB. With the matrix, the limit that it set is gone, too: at S = 65,536
it would take 275 GB, and this kernel would still allocate nothing but `out`, 134 MB. But the keys and values that it
reads are 16 times what level 6 moves for its matrix. The 8192 programs of a head fetch the same 2.1 MB, so most of it
comes out of the L2 and not out of the memory; but all of it has to come. With `causal`, the kernel reads and computes
half as much.

A program that takes 64 queries instead of one reads each block of keys for 64 rows of scores. The 275 GB become 4.3 GB,
and the products are matrix products again, work for `tl.dot`. The three running results stay, 64 of each.
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(fused_attention)
