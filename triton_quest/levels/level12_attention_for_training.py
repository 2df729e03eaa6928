"""
# Level 12: Attention for training

A model that learns runs attention twice: forward, and then backward, for the gradients. The backward pass needs all the
weights again, and the forward pass has kept none of them. This level adds one number a row to level 8's kernel, and
from that number every weight can be made again.

## The idea

**What backward needs.** The gradient of softmax in level 11, `dx = y * (dy - sum(y * dy))`, needs `y`, the weights. In
attention these are `p`, an S x S matrix for each head: the one that level 8 was written to avoid.

**Made again instead of kept.** The scores are one product, `q @ k^T`, and backward has `q` and `k` anyway. From the
scores of a row its weights follow, if one knows the largest score `m` and the sum `l`:

    p = exp(s - m) / l

In level 8 each row ends with both, in `m_i` and `l_i`, and then they are lost.

**One number is enough.** A division is a subtraction in the exponent, since `l = exp(ln(l))`:

    p = exp(s - m) / exp(ln(l)) = exp(s - (m + ln(l)))

So only `m + ln(l)` is ever needed. It is called **lse**, the *logarithm of the sum of the exponentials*, because that
is what it is:

    m + ln(l) = ln(exp(m) * sum of exp(s - m)) = ln(sum of exp(s))

It has no trace of the tiles, nor of their order. Whoever has it makes each weight of the row again by one subtraction
and one exponential: no maximum, no sum, no division, and in any order. Level 13 does.

Why not `ln(sum of exp(s))` as it is written? For a score of 100 the exponential is infinite in fp32, and for scores
around -200 the sum is 0. With the maximum taken out, nothing overflows, and `l` is at least 1.

**Base 2 inside, base e outside.** The kernel computes with powers of 2: `qk_scale` holds log2(e), so `m_i` is the
largest score times log2(e), and `l_i` is a sum of powers of 2. The **logarithm** that fits is that of base 2:

    m_i + log2(l_i)                 the logarithm of the sum, in base 2
    (m_i + log2(l_i)) * ln(2)       the same in base e

    ln(2) = 0.6931471805599453

`lse` is handed over in base e, as PyTorch does: who reads it needn't know what this kernel does inside. The step and the
two loops are those of level 8, and given.

## The maths

For each row, with the scores `s = qk * sm_scale` of the keys that the query sees:

    out = (sum of exp(s) * v) / (sum of exp(s))     (B, H, M, D), as q
    lse = ln(sum of exp(s))                         (B, H, M), fp32

After the last step of the loops, with `qk_scale = sm_scale * log2(e)`:

    m_i = the largest of qk * qk_scale
    l_i = the sum of 2^(qk * qk_scale - m_i)
    acc = the sum of 2^(qk * qk_scale - m_i) * v

    out = acc / l_i
    lse = (m_i + log2(l_i)) * ln(2)

## A worked example

Queries 2 and 3 of level 8's example, after the loops. There was `qk_scale = 0.5`, and values 8, 16, 24 and 32.

    query                       2                   3
    qk * 0.5              1, 2, 4  (one hidden)     2, 1, 0, 1
    m_i                   4                         2
    l_i                   1.375                     2.25
    acc                   29                        38

    out = acc / l_i       21.09                     16.89
    log2(l_i)             0.4594                    1.1699
    m_i + log2(l_i)       4.4594                    3.1699
    lse, times 0.6931     3.0910                    2.1972

Check it with all keys at once: `2 + 4 + 16 = 22`, and ln(22) = 3.0910; `4 + 2 + 1 + 2 = 9`, and ln(9) = 2.1972.

Now the way back, for query 2, from its scores and `lse` in base 2:

    p       2^(1 - 4.4594), 2^(2 - 4.4594), 2^(4 - 4.4594)
            = 0.0909, 0.1818, 0.7273                their sum: 1
    p @ v   0.0909 * 8 + 0.1818 * 16 + 0.7273 * 24     = 21.09


## The picture

One program, and what it leaves behind:

       q             k and v, tile by tile             out          lse
    +---------+    +-----+-----+-----+-----+       +---------+     +---+
    | BLOCK_M |    |     |     |     |     |  -->  | BLOCK_M |     | : |
    | queries |    |     |     |     |     |       |  x  D   |     | : |
    +---------+    +-----+-----+-----+-----+       +---------+     +---+
                    m_i, l_i and acc go along       acc / l_i      m_i, l_i

And a training step:

    forward     q, k, v                 --->  out, lse
    kept        q, k, v, out, lse
    backward    q, k, v, out, lse, dout --->  dq, dk, dv

                q @ k^T = s,   exp(s - lse) = p    made again, tile by tile

## The algorithm

1. The tile of queries, the pointers and offsets of `q`, `k`, `v` and `out` (given).
2. `lse_ptrs`: where the numbers of this tile's rows lie in `lse`.
3. `qk_scale`: the scale and the base in one number.
4. The running results, the bounds, and the two loops with their steps (given).
5. `out`: each row of `acc` divided by its `l_i`, stored with a mask.
6. `lse`: one number for each row, stored with a mask.
7. In the launcher: memory for `out` and `lse`, the grid, and the launch.

Go gap by gap, and check after each: in those still open the judge puts lines of its own.

## Triton functions used

- `tl.log2(x)`: the logarithm to base 2 of every lane. A GPU has an instruction for it, as for `tl.exp2`.
- `tl.log(x)`: the natural logarithm, which is `tl.log2(x)` times ln(2).
- `ptr + offs_m * stride`: a vector of pointers, one for each row; `tl.store` takes it with a vector of numbers.
- `torch.empty(shape, dtype=torch.float32, device=q.device)`: memory of a dtype of its own.

## What it costs

Take B = 1, H = 16, S = 8192 and D = 64 in fp16:

    q, k, v and out           4 * B * H * S * D numbers                67 MB
    lse                       B * H * S numbers of 4 bytes           0.52 MB
    the weights instead       B * H * S * S numbers of 2 bytes        2.1 GB
    arithmetic                4 * B * H * S * S * D operations  274.9 GFLOP
    of it for lse             B * H * S logarithms, 2 operations
                              with each                         0.0004 GFLOP

Less than one byte in a hundred: forward costs what level 8 costs. Backward pays, since it computes the scores a second
time: 137 GFLOP, instead of 2.1 GB written and read again.

## Common mistakes

- `tl.log2(l_i)` without `m_i`: that is `lse` minus the largest score. Right only where the largest score is 0.
- `m_i` alone: the logarithm of the largest term, not of the sum. Right for a row that sees a single key.
- No factor ln(2): the logarithm to base 2, 1.4427 times as large everywhere.
- `m_i + tl.log(l_i)`: `m_i` is in base 2, `tl.log` in base e. Right for a row that sees a single key whose score is 0.
- `tl.log2(m_i + l_i)`: the maximum stands outside the logarithm, for it is one itself.
- `qk_scale` without log2(e): powers of 2 for powers of e, in both results.
- `lse` in the dtype of `q`: right in fp32, refused in fp16, where it would keep three digits.
- No mask on the store of `lse`: the last tile writes behind the last row, into the row of another head.
- `tl.arange(0, BLOCK_M)` in `lse_ptrs`: places in the tile, so that all tiles write to the first one's rows.
- `lse_ptrs` without the head: all heads write to one place.
- `acc` stored as it is: the weights don't sum to 1, and `lse` is right all the same.

## Sources

- T. Dao and four others: *FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness*, 2022.
- T. Dao: *FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning*, 2023.

Behind the code: More on merging two halves, on rows that see nothing, on what else could be kept.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write the lines that give each of them its value instead.

Your task: fill the six gaps in this file, one to ten lines each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl

# (bytes of a number, D): (BLOCK_M, BLOCK_N, num_warps, num_stages), as in level 8
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
    """Takes one more tile of keys and values into the running results, and returns the new ones: as in level 8.

    qk: (BLOCK_M, BLOCK_N), v: (BLOCK_N, D), m_i and l_i: (BLOCK_M,), acc: (BLOCK_M, D)
    """
    m_new = tl.maximum(m_i, tl.max(qk, axis=1) * qk_scale)
    p = tl.exp2(qk * qk_scale - m_new[:, None])
    alpha = tl.exp2(m_i - m_new)
    acc = acc * alpha[:, None]
    acc = tl.dot(p.to(v.dtype), v, acc, input_precision="ieee")
    l_i = l_i * alpha + tl.sum(p, axis=1)
    return m_new, l_i, acc


@triton.jit
def attention_forward_kernel(
    q_ptr,  # pointer to q[0, 0, 0, 0]
    k_ptr,
    v_ptr,
    out_ptr,
    lse_ptr,  # pointer to lse[0, 0, 0]
    stride_qb,  # elements from one batch of q to the next,
    stride_qh,  # from one head to the next,
    stride_qm,  # from one query to the next,
    stride_qd,  # from one number of a query to the next
    stride_kb,  # the same for k
    stride_kh,
    stride_kn,
    stride_kd,
    stride_vb,  # for v
    stride_vh,
    stride_vn,
    stride_vd,
    stride_ob,  # for out
    stride_oh,
    stride_om,
    stride_od,
    stride_lb,  # and for lse: batch,
    stride_lh,  # head,
    stride_lm,  # query
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
    pid_m = tl.program_id(axis=0).to(tl.int64)  # int64
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

    # TODO 1 (2 lines): `lse_ptrs` (BLOCK_M,), where the numbers of this tile's rows lie in lse. Move `lse_ptr` to this
    #      batch and this head first, as was done with the others.
    lse_ptrs = ...

    # TODO 2 (1 line): `qk_scale`, one number: with it `tl.exp2` of a raw product is `exp` of a score.
    qk_scale = ...

    # Given: the tile of queries, the running results, the bounds, and the two loops of level 8.
    q = tl.load(q_ptrs, mask=offs_m[:, None] < M, other=0.0)
    m_i = tl.full((BLOCK_M,), -float("inf"), dtype=tl.float32)
    l_i = tl.zeros((BLOCK_M,), dtype=tl.float32)
    acc = tl.zeros((BLOCK_M, D), dtype=tl.float32)
    mask_from = (pid_m * BLOCK_M if CAUSAL else N) // BLOCK_N * BLOCK_N
    end = tl.minimum((pid_m + 1) * BLOCK_M, N) if CAUSAL else N

    for start_n in range(0, mask_from, BLOCK_N):  # tiles of which every query sees every key
        k = tl.load(k_ptr + start_n * stride_kn + k_offs)
        v = tl.load(v_ptr + start_n * stride_vn + v_offs)
        qk = tl.dot(q, k, input_precision="ieee")
        m_i, l_i, acc = online_softmax_step(qk, v, m_i, l_i, acc, qk_scale)

    for start_n in range(mask_from, end, BLOCK_N):  # tiles on the diagonal, or over the end of the keys
        keys = start_n + offs_n
        k = tl.load(k_ptr + start_n * stride_kn + k_offs, mask=keys[None, :] < N, other=0.0)
        v = tl.load(v_ptr + start_n * stride_vn + v_offs, mask=keys[:, None] < N, other=0.0)
        qk = tl.dot(q, k, input_precision="ieee")
        visible = keys[None, :] <= offs_m[:, None] if CAUSAL else keys[None, :] < N
        qk = tl.where(visible, qk, -float("inf"))
        m_i, l_i, acc = online_softmax_step(qk, v, m_i, l_i, acc, qk_scale)

    # TODO 3 (2 lines): `out` (BLOCK_M, D), the rows of the result; then store them in the dtype of out, with a mask.
    out = ...

    # TODO 4 (2 lines): `lse` (BLOCK_M,), from `m_i` and `l_i`, to base e; then store it with a mask.
    #                                                                             B * H * M numbers of 4 bytes written
    lse = ...


def attention_forward(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Level 8's attention, and for each row the natural logarithm of the sum of exp(scaled scores), in fp32.

    q: (B, H, M, D), k, v: (B, H, N, D), any strides -> out (B, H, M, D), lse (B, H, M); causal=True needs M == N,
    sm_scale=None means D ** -0.5, and it must be positive. Raises ValueError for anything else.
    """
    if q.ndim != 4 or k.ndim != 4 or k.shape != v.shape or q.shape[:2] != k.shape[:2] or q.shape[3] != k.shape[3]:
        shapes = f"{tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}"
        raise ValueError(f"attention_forward takes q (B, H, M, D), k and v (B, H, N, D), not {shapes}")
    if not (q.dtype == k.dtype == v.dtype and q.device == k.device == v.device):
        raise ValueError("attention_forward takes q, k and v of one dtype on one device")
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"attention_forward takes float32, float16 or bfloat16, not {q.dtype}")
    B, H, M, D = q.shape
    N = k.shape[2]
    if D not in HEAD_DIMS or N < 1:
        raise ValueError(f"attention_forward takes D = 16, 32, 64 or 128 and a key at least, not D = {D} and N = {N}")
    if causal and M != N:
        raise ValueError(f"with causal=True there must be as many queries as keys, not {M} and {N}")
    if B * H > MOST_PROGRAMS:
        raise ValueError(f"attention_forward takes up to {MOST_PROGRAMS} heads in all batches together, not {B * H}")
    if sm_scale is None:
        sm_scale = D**-0.5
    if not sm_scale > 0:  # the largest qk would not be the largest score
        raise ValueError(f"attention_forward takes a positive sm_scale, not {sm_scale}")

    # TODO 5 (2 lines): `out` (B, H, M, D) and `lse` (B, H, M), memory for both results, each in its own dtype.
    out = lse = ...
    BLOCK_M, BLOCK_N, num_warps, num_stages = TILES[q.dtype.itemsize, D]

    # TODO 6 (about 8 lines): `grid`, then the launch, in the order in which the kernel takes its parameters: five
    #      tensors, four strides for each of the first four and three for `lse`, and the rest as in level 8.
    grid = ...
    return out, lse


MORE = """
## More on merging two halves

`lse` is good for more than backward. Cut the keys into two parts, and compute attention over each part alone. Each part
has weights that sum to 1 among its own keys, so adding the results would be wrong. But `lse` says how much each part
weighs in the whole:

    lse = ln(exp(lse_a) + exp(lse_b))
    out = exp(lse_a - lse) * out_a + exp(lse_b - lse) * out_b

Query 2 of the worked example, with keys 0 and 1 in one part and key 2 in the other:

    part a      2^1 + 2^2 = 6      out_a = (2 * 8 + 4 * 16) / 6  = 13.33
    part b      2^4 = 16           out_b = 24
    whole       22                 6/22 * 13.33 + 16/22 * 24     = 21.09

That is one step of online softmax between parts instead of tiles. The parts may lie on different GPUs (ring attention),
or in different programs of one GPU, when there is one query and a long text behind it (split-KV decoding). The judge
tries it with your kernel: two halves must make the whole.

## More on rows that see nothing

What is the attention of a query over no keys at all? The sum of nothing is 0, and its logarithm is minus infinity. With
that, merging just works: `exp(-inf - lse)` is 0, so a part in which the query sees nothing adds nothing. In this level
no row is without a key: there is one at least, and with `causal` every query sees its own. In the merged halves there
are such rows: with `causal`, the first half of the queries sees nothing of the second half of the keys.

Then `out` would be `0 / 0`. Libraries don't agree on what stands there: most write 0, cuDNN the mean of the values.

## More on what else could be kept

- Nothing: backward would run the whole online softmax again, just to find `m` and `l`.
- `m` and `l`: the first FlashAttention paper. Two numbers a row, and a division for each weight.
- The weights in fp16: B * H * S * S numbers. For S = 8192 that is 128 times as much as `q` with D = 64.
- The weights of some layers, and the others made again: *checkpointing*, which trades memory for time by the layer.

What rounding does: `lse` is rounded once, to 24 bits. If it is 10, it is off by at most 5e-7, and every weight of the
row by that fraction. In fp16 it would be off by up to 0.004: four weights in a thousand, all in the same direction.
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(attention_forward)
