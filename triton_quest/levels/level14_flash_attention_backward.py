"""
# Level 14: Flash Attention backward

The boss of Act II, and the end of it. Level 12 keeps what training needs, level 13 has the gradients of the keys and
values. What is missing is the gradient of the queries, and somebody who calls all of these kernels at the right time:
PyTorch's autograd. At the end of this level, `trainable_attention(q, k, v)` can stand in any model, and be trained.

## The idea

**dQ, with the tiles of level 8.** A score `s[m, j]` is a product of query `m` and key `j`. So the gradient of a query
is a sum over the *keys* that it sees, each with the weight `ds[m, j]`; level 13 had a sum over queries, since it was
about keys. That is the walk of level 8: a program takes a tile of `BLOCK_M` queries, keeps it, and goes along the keys
in steps of `BLOCK_N`. The tile's own numbers, `q`, `dout`, `lse` and `delta`, are loaded once; `k` and `v` stream by.
Each step makes its weights again from `lse`, as level 13 does:

    qk = q @ k^T              p  = 2^(qk * qk_scale - lse2)
    dp = dout @ v^T           ds = p * (dp - delta)
    dq += ds @ k

No running maximum, nothing to rescale, no division at the end: `lse2`, which is `lse` to base 2, knows all of that
already. As in level 8 there are two loops, one without masks and one with them, and the longest programs come first.

**Why three kernels and not one.** A kernel could walk the keys' way of level 13 and make dQ on the way: it has `ds` at
hand. But then many programs add to the same rows of dq, one for each tile of keys. A load, an addition and a store by
two programs at once is a race: one of the additions may be lost. It takes `tl.atomic_add`, a dq in fp32 that begins as
zeros, and a cast at the end; and sums that are added in another order every time. Computing `qk` and `dp` once more, in
a kernel that owns its queries, is faster on a GPU, and gives the same bits every time. So: a kernel for `delta`, one
for dk and dv, one for dq.

**What autograd wants.** Autograd can't look into a kernel: to PyTorch, `out` is memory that somebody has filled,
without a history. A `torch.autograd.Function` gives it one. It is a class with two static methods:

    forward(ctx, q, k, v, causal, sm_scale)   computes out, and keeps things
    backward(ctx, dout)                       a gradient for each argument

Autograd calls `backward` when the way back through the network arrives here, with `dout`, the gradient of `out`.
Between the two lies `ctx`, the context of one call:

- `ctx.save_for_backward(q, k, v, out, lse)` keeps tensors. They come back as `ctx.saved_tensors`, in that order.
  Autograd frees them when it is done, and complains if somebody has written into them meanwhile.
- What isn't a tensor is kept as an attribute: `ctx.causal = causal`.
- `ctx.needs_input_grad` has True or False for each argument of forward: whether its gradient is wanted. Where it isn't,
  the work can be left out, and None is returned.
- `backward` returns exactly one value for each argument of forward, in *their* order. `causal` and `sm_scale` are no
  tensors, so theirs is None.

Never keep anything in a global variable, nor on the class: a network calls the function many times before the first
`backward` comes, and that one belongs to the *last* call. Each call has a `ctx` of its own.

**`dout` is somebody else's.** It may have strides of 0 (after `out.sum()`), gaps, or the layout of a model. And it may
be handed to others as well: read it by its own strides, and never write into it.

## The maths

With scores `s = q @ k^T * sm_scale`, weights `p = softmax(s)` and `out = p @ v`, levels 11 and 13 found

    ds = p * (dp - delta)   dp = dout @ v^T   delta = row sums of out * dout

Move one number of a query, `q[m, d]`, by a little. Every score of that row moves, `s[m, j]` by `k[j, d] * sm_scale`
times as much. The chain rule adds up what each of them does to the loss:

    dq[m, d] = sum over j of  ds[m, j] * k[j, d]  *  sm_scale
    dq       = ds @ k * sm_scale

The scale is the same for all terms: multiply once, at the end. It isn't in `ds`, as in level 13.

## A worked example

One query, two keys, `D = 1`, `sm_scale = 0.5`, and tiles of one key. The scores are 0 and ln(3), so the weights are 1/4
and 3/4, and `lse2 = log2(1 + 3) = 2`.

    q     1                   key          0         1
    dout  1                   k            0         2.1972
    lse2  2                   v            8         0
                              qk           0         2.1972

    qk_scale = 0.5 * 1.4427   = 0.72135
    out      = 8/4 + 0        = 2
    delta    = out * dout     = 2

    step                      key 0                  key 1
    qk * qk_scale - lse2      -2                     -0.41504
    p  = 2^that               0.25                   0.75
    dp = dout * v             8                      0
    ds = p * (dp - delta)     0.25 * 6 = 1.5         0.75 * -2 = -1.5
    dq                        1.5 * 0 = 0           0 - 1.5 * 2.1972 = -3.2958

    dq * sm_scale                                    -1.6479

Try it: with `q = 1.001` the second score is 1.001 * ln(3), the weight of key 0 is 1 / (1 + 3^1.001) = 0.249794, and
`out` is 1.998352. It moved by -0.001648 for a step of 0.001.

## The picture

Who owns what, for four tiles and causal. A row of tiles is a program of the dq kernel, a column one of the dk/dv
kernel:

             keys   0   1   2   3
    queries       +---+---+---+---+
          0       | m |   |   |   |  ->  dq of tile 0
                  +---+---+---+---+
          1       | o | m |   |   |  ->  dq of tile 1
                  +---+---+---+---+
          2       | o | o | m |   |  ->  dq of tile 2      o  no mask
                  +---+---+---+---+                        m  with a mask
          3       | o | o | o | m |  ->  dq of tile 3
                  +---+---+---+---+
                    |   |   |   |
                    v   v   v   v
                   dk and dv of tiles 0 to 3

And the calls, from the forward pass to the backward pass:

    forward     q, k, v ---------------------> out, lse
                   |                              |
                   +---------- ctx keeps ---------+
                                   |
    backward    dout, out, lse -> rows_kernel  -> delta, lse2
                q, k, v, dout, delta, lse2 -> dk_dv_kernel -> dk, dv
                                           -> dq_kernel    -> dq

## The algorithm

The kernel of dq:

1. Find this program's tile of queries, the batch and the head, the pointers, the offsets, and the bounds of both loops
   (given, as in level 8).
2. Load `q` and `dout`, with zeros in the rows that don't exist, and `lse2` and `delta`. These two are padded to whole
   tiles by `rows_kernel`, plus infinity and 0, so they need no mask. `dq` begins with zeros.
3. The first loop, without masks: load `k` and `v`, multiply, do the step.
4. The second loop, with masks: the same, and minus infinity where a query doesn't see a key.
5. Multiply by the scale, and store.

The step, `dq_step`, is the first gap: it takes the raw products `qk` and returns the new `dq`. Then the Function: what
`forward` keeps, what `backward` takes out again, the two launches, the values that are returned. And one line in the
launcher.

Go gap by gap, and check after each. When all is right, run the file: a small attention layer learns a task before your
eyes, with your kernels.

## Triton functions used

- `tl.dot(dout, tl.trans(v), input_precision="ieee")`: as in level 13; `tl.trans` turns a tile round.
- `ds.to(k.dtype)`: `ds` is fp32 before, and `tl.dot` wants both in one dtype.
- `tl.exp2`, `tl.where`, `tl.load`, `tl.store`: as in level 8.
- `FlashAttention.apply(q, k, v, causal, sm_scale)`: calls `forward`, with a new `ctx`, and gives the result its
  history. Arguments stand by place, not by name.

## What it costs

Take B = 1, H = 16, S = 8192 and D = 64 in fp16, without `causal`. A product of this size is 2 * B * H * S * S * D =
137.4 GFLOP:

    forward        2 products    q @ k, p @ v                     274.9 GFLOP
    dk and dv      4 products    k @ q, v @ dout, and two sums    549.8 GFLOP
    dq             3 products    q @ k, dout @ v, ds @ k          412.3 GFLOP

    kept between forward and backward
      q, k, v, out      4 * B * H * S * D numbers                    67 MB
      lse               B * H * S numbers of 4 bytes                0.5 MB
    what PyTorch's operators, one by one, would keep
      p                 B * H * S * S numbers                       2.1 GB

One fused kernel needs 5 products in the backward pass; two kernels need 7. They are worth it where the additions of the
fused one cost more than two products.

## Common mistakes

- The scale left out of dq, or multiplied twice: by `ds` in each step and by `dq` at the end.
- `delta` left out: the gradient of a softmax whose sum is taken for a constant, as in level 11.
- Causal in the forward pass and not in the backward pass: the weights of the future are made again, from an `lse` that
  doesn't know them.
- The gradients returned in another order: autograd doesn't know their names.
- One None too few: backward returns as many values as forward has arguments.
- `torch.empty` where a kernel adds to what is there.
- Keeping `q` or `out` in a global variable: right for one call, and wrong for two.
- `dout` read by the strides of `out`.
- `out.detach()`, or a forward pass without `apply`: what is returned has no history, and nothing goes back from it.

## Sources

- T. Dao: *FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning*, 2023.
- T. Dao and four others: *FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness*, 2022. Appendix
  B has the backward pass.
- The PyTorch documentation, *Extending PyTorch*.

Behind the code: More on atomics, kept tensors, second derivatives, tests of gradients, and what is faster.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write the lines that give each of them its value instead.

Your task: fill the eleven gaps in this file, one to seven lines each, and two of about ten.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl

# (bytes of a number, D): (BLOCK_M, BLOCK_N, num_warps, num_stages). fp16 and bf16 take 2 bytes a number, fp32 takes 4.
TILES = {  # of the forward pass, as in levels 8 and 12
    (2, 16): (128, 64, 8, 3),
    (2, 32): (128, 64, 8, 3),
    (2, 64): (128, 64, 8, 3),
    (2, 128): (64, 64, 4, 3),
    (4, 16): (64, 64, 8, 2),
    (4, 32): (64, 64, 8, 2),
    (4, 64): (64, 64, 16, 2),
    (4, 128): (64, 64, 16, 1),
}
DK_DV_TILES = {  # as in level 13
    (2, 16): (64, 64, 4, 3),
    (2, 32): (64, 64, 4, 3),
    (2, 64): (64, 64, 4, 3),
    (2, 128): (64, 64, 4, 2),
    (4, 16): (32, 32, 4, 2),
    (4, 32): (32, 32, 4, 2),
    (4, 64): (32, 32, 8, 2),
    (4, 128): (32, 32, 8, 1),
}
DQ_TILES = {
    (2, 16): (128, 64, 8, 3),
    (2, 32): (128, 64, 8, 3),
    (2, 64): (128, 64, 8, 3),
    (2, 128): (128, 64, 8, 3),
    (4, 16): (64, 64, 8, 2),
    (4, 32): (64, 64, 8, 2),
    (4, 64): (64, 64, 8, 2),
    (4, 128): (32, 32, 8, 1),
}
LONGEST_TILE = 128  # queries: `delta` and `lse2` are padded to a multiple of it, whatever the tiles are
HEAD_DIMS = (16, 32, 64, 128)  # what D may be
MOST_PROGRAMS = 65535  # along the second axis of a grid: a GPU takes no more there


# Given: levels 8 and 12, the forward pass.


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

    lse_ptr += batch * stride_lb + head * stride_lh
    lse_ptrs = lse_ptr + offs_m * stride_lm

    qk_scale = sm_scale * 1.4426950408889634

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

    out = acc / l_i[:, None]
    tl.store(out_ptrs, out.to(out_ptr.dtype.element_ty), mask=offs_m[:, None] < M)

    lse = (m_i + tl.log2(l_i)) * 0.6931471805599453
    tl.store(lse_ptrs, lse, mask=offs_m < M)


# Given: level 13, delta and the gradients of keys and values.


@triton.jit
def rows_kernel(
    out_ptr,  # pointer to out[0, 0, 0, 0]
    dout_ptr,
    lse_ptr,  # pointer to lse[0, 0, 0]
    delta_ptr,  # pointer to delta[0, 0]: a row for each head, padded to whole tiles of queries
    lse2_ptr,  # the same for lse2
    stride_ob,  # elements from one batch of out to the next,
    stride_oh,  # from one head to the next,
    stride_om,  # from one query to the next,
    stride_od,  # from one number of a query to the next
    stride_gb,  # the same for dout
    stride_gh,
    stride_gm,
    stride_gd,
    stride_lb,  # and for lse: batch,
    stride_lh,  # head,
    stride_lm,  # query
    H,  # heads
    M,  # queries
    D: tl.constexpr,  # numbers in a query, key or value
    BLOCK_M: tl.constexpr,  # queries in a tile
):
    # Given: the tile of queries of this program, its places in out, dout and lse, and in delta and lse2.
    pid_m = tl.program_id(axis=0).to(tl.int64)
    pid_bh = tl.program_id(axis=1).to(tl.int64)
    batch = pid_bh // H
    head = pid_bh % H
    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)  # (BLOCK_M,): the queries of this tile
    offs_d = tl.arange(0, D)  # (D,)
    out_ptr += batch * stride_ob + head * stride_oh
    dout_ptr += batch * stride_gb + head * stride_gh
    out_ptrs = out_ptr + offs_m[:, None] * stride_om + offs_d[None, :] * stride_od  # (BLOCK_M, D)
    dout_ptrs = dout_ptr + offs_m[:, None] * stride_gm + offs_d[None, :] * stride_gd  # (BLOCK_M, D)
    lse_ptrs = lse_ptr + batch * stride_lb + head * stride_lh + offs_m * stride_lm  # (BLOCK_M,)
    places = pid_bh * tl.num_programs(axis=0) * BLOCK_M + offs_m  # (BLOCK_M,), in delta and in lse2

    out = tl.load(out_ptrs, mask=offs_m[:, None] < M, other=0.0).to(tl.float32)
    dout = tl.load(dout_ptrs, mask=offs_m[:, None] < M, other=0.0).to(tl.float32)
    delta = tl.sum(out * dout, axis=1)

    lse = tl.load(lse_ptrs, mask=offs_m < M, other=float("inf"))
    lse2 = lse * 1.4426950408889634

    tl.store(delta_ptr + places, delta)  # no masks: both reach to the end of the last tile
    tl.store(lse2_ptr + places, lse2)


@triton.jit
def dk_dv_kernel(
    q_ptr,  # pointer to q[0, 0, 0, 0]
    k_ptr,
    v_ptr,
    dout_ptr,
    delta_ptr,  # pointer to delta[0, 0]
    lse2_ptr,
    dk_ptr,
    dv_ptr,
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
    stride_gb,  # for dout
    stride_gh,
    stride_gm,
    stride_gd,
    stride_rb,  # and for dk and dv, which lie in memory alike
    stride_rh,
    stride_rn,
    stride_rd,
    H,  # heads
    M: tl.int64,  # queries
    N,  # keys
    rows,  # queries, rounded up to whole tiles: how long a row of delta and lse2 is
    sm_scale,  # what each dot product is multiplied by
    D: tl.constexpr,  # numbers in a query, key or value
    BLOCK_M: tl.constexpr,  # queries in a step
    BLOCK_N: tl.constexpr,  # keys of a program
    CAUSAL: tl.constexpr,  # True: no query sees a key that comes after it
):
    # Given: the keys of this program, its batch and head, the pointers and the offsets.
    pid_n = tl.program_id(axis=0).to(tl.int64)
    pid_bh = tl.program_id(axis=1).to(tl.int64)
    batch = pid_bh // H
    head = pid_bh % H
    q_ptr += batch * stride_qb + head * stride_qh
    k_ptr += batch * stride_kb + head * stride_kh
    v_ptr += batch * stride_vb + head * stride_vh
    dout_ptr += batch * stride_gb + head * stride_gh
    result = batch * stride_rb + head * stride_rh
    delta_ptr += pid_bh * rows
    lse2_ptr += pid_bh * rows

    offs_n = pid_n * BLOCK_N + tl.arange(0, BLOCK_N)  # (BLOCK_N,): the keys of this program
    offs_m = tl.arange(0, BLOCK_M)  # (BLOCK_M,): the queries of a step, counted from the step's first
    offs_d = tl.arange(0, D)  # (D,)
    k_ptrs = k_ptr + offs_n[:, None] * stride_kn + offs_d[None, :] * stride_kd  # (BLOCK_N, D)
    v_ptrs = v_ptr + offs_n[:, None] * stride_vn + offs_d[None, :] * stride_vd  # (BLOCK_N, D)
    result += offs_n[:, None] * stride_rn + offs_d[None, :] * stride_rd  # (BLOCK_N, D): the places in dk and dv
    q_offs = offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd  # (BLOCK_M, D), from a step's first query on
    dout_offs = offs_m[:, None] * stride_gm + offs_d[None, :] * stride_gd  # (BLOCK_M, D), likewise
    qk_scale = sm_scale * 1.4426950408889634

    k = tl.load(k_ptrs, mask=offs_n[:, None] < N, other=0.0)
    v = tl.load(v_ptrs, mask=offs_n[:, None] < N, other=0.0)
    dk = tl.zeros((BLOCK_N, D), dtype=tl.float32)
    dv = tl.zeros((BLOCK_N, D), dtype=tl.float32)

    begin = pid_n * BLOCK_N // BLOCK_M * BLOCK_M if CAUSAL else 0

    for start_m in range(begin, M, BLOCK_M):
        queries = start_m + offs_m
        q = tl.load(q_ptr + start_m * stride_qm + q_offs, mask=queries[:, None] < M, other=0.0)
        dout = tl.load(dout_ptr + start_m * stride_gm + dout_offs, mask=queries[:, None] < M, other=0.0)
        lse2 = tl.load(lse2_ptr + queries)
        delta = tl.load(delta_ptr + queries)

        s_t = tl.dot(k, tl.trans(q), input_precision="ieee")
        p_t = tl.exp2(s_t * qk_scale - lse2[None, :])
        if CAUSAL:
            p_t = tl.where(queries[None, :] >= offs_n[:, None], p_t, 0.0)
        dv = tl.dot(p_t.to(dout.dtype), dout, dv, input_precision="ieee")

        dp_t = tl.dot(v, tl.trans(dout), input_precision="ieee")
        ds_t = p_t * (dp_t - delta[None, :])
        dk = tl.dot(ds_t.to(q.dtype), q, dk, input_precision="ieee")

    dk = dk * sm_scale
    tl.store(dk_ptr + result, dk.to(dk_ptr.dtype.element_ty), mask=offs_n[:, None] < N)
    tl.store(dv_ptr + result, dv.to(dv_ptr.dtype.element_ty), mask=offs_n[:, None] < N)


# And the gradient of the queries: from here on it is yours.


@triton.jit
def dq_step(qk, dout, k, v, lse2, delta, dq, qk_scale):
    """Takes one more tile of keys and values into `dq`, and returns the new one.

    qk: (BLOCK_M, BLOCK_N), raw products, -inf where a query doesn't see the key; dout, dq: (BLOCK_M, D),
    k, v: (BLOCK_N, D), lse2, delta: (BLOCK_M,)
    """
    # TODO 1 (4 lines): `p`, `dp` and `ds`, all (BLOCK_M, BLOCK_N), as in level 13, with queries along the rows; then
    #      `dq` with the product of `ds` and `k` added, not yet scaled.
    #      4 * B * H * M * N * D operations for all tiles (dout @ v^T, ds @ k)
    p = dp = ds = dq = ...
    return dq  # noqa: RET504


@triton.jit
def dq_kernel(
    q_ptr,  # pointer to q[0, 0, 0, 0]
    k_ptr,
    v_ptr,
    dout_ptr,
    delta_ptr,  # pointer to delta[0, 0]
    lse2_ptr,
    dq_ptr,
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
    stride_gb,  # for dout
    stride_gh,
    stride_gm,
    stride_gd,
    stride_rb,  # and for dq
    stride_rh,
    stride_rm,
    stride_rd,
    H,  # heads
    M,  # queries
    N: tl.int64,  # keys
    rows,  # how long a row of delta and lse2 is: queries, rounded up to whole tiles
    sm_scale,  # what each dot product is multiplied by
    D: tl.constexpr,  # numbers in a query, key or value
    BLOCK_M: tl.constexpr,  # queries of a program
    BLOCK_N: tl.constexpr,  # keys in a step
    CAUSAL: tl.constexpr,  # True: no query sees a key that comes after it
):
    # Given: the queries of this program, its batch and head, the pointers, the offsets, and the bounds of the loops.
    pid_m = tl.program_id(axis=0).to(tl.int64)
    if CAUSAL:
        pid_m = tl.num_programs(axis=0) - 1 - pid_m  # the longest first
    pid_bh = tl.program_id(axis=1).to(tl.int64)
    batch = pid_bh // H
    head = pid_bh % H
    q_ptr += batch * stride_qb + head * stride_qh
    k_ptr += batch * stride_kb + head * stride_kh
    v_ptr += batch * stride_vb + head * stride_vh
    dout_ptr += batch * stride_gb + head * stride_gh
    dq_ptr += batch * stride_rb + head * stride_rh

    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)  # (BLOCK_M,): the queries of this tile
    offs_n = tl.arange(0, BLOCK_N)  # (BLOCK_N,): the keys of a step, counted from the step's first
    offs_d = tl.arange(0, D)  # (D,)
    q_ptrs = q_ptr + offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd  # (BLOCK_M, D)
    dout_ptrs = dout_ptr + offs_m[:, None] * stride_gm + offs_d[None, :] * stride_gd  # (BLOCK_M, D)
    lse2_ptrs = lse2_ptr + pid_bh * rows + offs_m  # (BLOCK_M,)
    delta_ptrs = delta_ptr + pid_bh * rows + offs_m  # (BLOCK_M,)
    k_offs = offs_n[:, None] * stride_kn + offs_d[None, :] * stride_kd  # (BLOCK_N, D), from a step's first key on
    v_offs = offs_n[:, None] * stride_vn + offs_d[None, :] * stride_vd  # (BLOCK_N, D), likewise
    dq_ptrs = dq_ptr + offs_m[:, None] * stride_rm + offs_d[None, :] * stride_rd  # (BLOCK_M, D)
    qk_scale = sm_scale * 1.4426950408889634
    mask_from = (pid_m * BLOCK_M if CAUSAL else N) // BLOCK_N * BLOCK_N
    end = tl.minimum((pid_m + 1) * BLOCK_M, N) if CAUSAL else N

    # TODO 2 (5 lines): `q` and `dout` (BLOCK_M, D), with 0 in the rows that don't exist; `lse2` and `delta` (BLOCK_M,);
    #      `dq` (BLOCK_M, D), before the first step.                               2 * B * H * M * D numbers read in all
    q = dout = lse2 = delta = dq = ...

    for start_n in range(0, mask_from, BLOCK_N):
        # TODO 3 (4 lines): a step without masks: `k` and `v` (BLOCK_N, D); `qk`, the raw products; the new `dq`.
        #                                                         2 * N * D numbers read for each tile of queries
        k = v = qk = dq = ...

    for start_n in range(mask_from, end, BLOCK_N):
        # TODO 4 (7 lines): a step with masks: `keys` (BLOCK_N,), the numbers of this step's keys; `k` and `v`, with 0 for
        #      keys that don't exist; `qk`; `visible` (BLOCK_M, BLOCK_N), with CAUSAL and without; -inf elsewhere; `dq`.
        keys = k = v = qk = visible = dq = ...

    # TODO 5 (2 lines): `dq` times the scale; then store it in the dtype of dq, with a mask.
    #                                                                               B * H * M * D numbers written in all
    dq = ...


class FlashAttention(torch.autograd.Function):
    """Attention as autograd sees it: `forward` computes, and keeps what `backward` needs."""

    @staticmethod
    def forward(ctx, q, k, v, causal, sm_scale):
        """q: (B, H, M, D), k, v: (B, H, N, D), causal: bool, sm_scale: float -> out (B, H, M, D)"""
        B, H, M, D = q.shape
        N = k.shape[2]
        out = torch.empty((B, H, M, D), dtype=q.dtype, device=q.device)
        lse = torch.empty((B, H, M), dtype=torch.float32, device=q.device)
        BLOCK_M, BLOCK_N, num_warps, num_stages = TILES[q.dtype.itemsize, D]
        attention_forward_kernel[(triton.cdiv(M, BLOCK_M), B * H)](
            q, k, v, out, lse,
            *q.stride(), *k.stride(), *v.stride(), *out.stride(), *lse.stride(),
            H, M, N, sm_scale,
            D=D, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, CAUSAL=causal,
            num_warps=num_warps, num_stages=num_stages,
        )  # fmt: skip

        # TODO 6 (3 lines): keep in `ctx` what backward needs: five tensors, and two things that aren't tensors.
        ...
        return out

    @staticmethod
    def backward(ctx, dout):
        """dout: (B, H, M, D), any strides -> dq, dk, dv, None, None; None also for a gradient that isn't needed"""
        if torch.is_grad_enabled():
            raise RuntimeError("trainable_attention has no second derivatives: leave out create_graph=True")

        # TODO 7 (3 lines): what forward has kept: `q`, `k`, `v`, `out` and `lse`; `causal`; and `sm_scale`.
        q = k = v = out = lse = causal = sm_scale = ...

        # Given, as in level 13: delta and lse2, padded to whole tiles, whatever the tiles are.
        B, H, M, D = q.shape
        N = k.shape[2]
        rows = triton.cdiv(M, LONGEST_TILE) * LONGEST_TILE
        delta = torch.empty((B * H, rows), dtype=torch.float32, device=q.device)
        lse2 = torch.empty((B * H, rows), dtype=torch.float32, device=q.device)
        rows_kernel[(rows // 64, B * H)](
            out, dout, lse, delta, lse2,
            *out.stride(), *dout.stride(), *lse.stride(),
            H, M,
            D=D, BLOCK_M=64,
        )  # fmt: skip
        dq = dk = dv = None

        # TODO 8 (about 11 lines): if the gradient of k or of v is needed, `dk` and `dv` (B, H, N, D), memory for them, and
        #      the launch of level 13, with the tiles of DK_DV_TILES. The strides of dk serve for dv as well.
        dk = dv = ...

        # TODO 9 (about 10 lines): if the gradient of q is needed, `dq` (B, H, M, D), memory for it, and the launch, with
        #      the tiles of DQ_TILES, and programs as in the forward pass.
        dq = ...

        # TODO 10 (1 line): return a value for each argument of forward, in their order.
        ...


def trainable_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """softmax(q @ k^T * sm_scale) @ v for each head of each batch, which torch.autograd can differentiate.

    q: (B, H, M, D), k, v: (B, H, N, D), any strides -> (B, H, M, D); causal=True needs M == N, sm_scale=None means
    D ** -0.5, and it must be positive. Raises ValueError for anything else.
    """
    if q.ndim != 4 or k.ndim != 4 or k.shape != v.shape or q.shape[:2] != k.shape[:2] or q.shape[3] != k.shape[3]:
        shapes = f"{tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}"
        raise ValueError(f"trainable_attention takes q (B, H, M, D), k and v (B, H, N, D), not {shapes}")
    if not (q.dtype == k.dtype == v.dtype and q.device == k.device == v.device):
        raise ValueError("trainable_attention takes q, k and v of one dtype on one device")
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"trainable_attention takes float32, float16 or bfloat16, not {q.dtype}")
    B, H, M, D = q.shape
    N = k.shape[2]
    if D not in HEAD_DIMS or N < 1:
        raise ValueError(f"trainable_attention takes D = 16, 32, 64 or 128 and a key at least, not D = {D} and N = {N}")
    if causal and M != N:
        raise ValueError(f"with causal=True there must be as many queries as keys, not {M} and {N}")
    if B * H > MOST_PROGRAMS:
        raise ValueError(f"trainable_attention takes up to {MOST_PROGRAMS} heads in all batches together, not {B * H}")
    if sm_scale is None:
        sm_scale = D**-0.5
    if not sm_scale > 0:  # the largest qk would not be the largest score
        raise ValueError(f"trainable_attention takes a positive sm_scale, not {sm_scale}")

    # TODO 11 (1 line): return what FlashAttention gives, its arguments in the order in which forward takes them.
    ...


MORE = """
## More on atomics

A fused backward kernel owns a tile of keys, walks the queries, and adds its part of dq with `tl.atomic_add`: an
addition that no other program can come between. What it takes:

- a dq in fp32: additions of fp16 round each time, and a row gets one for each tile of keys;
- `torch.zeros`, since what is added to must begin at 0. `torch.empty` holds whatever was there before;
- a last cast to the dtype of q, `dq.to(q.dtype)`, which the judge allows here: a kernel has made what is cast.

The order in which programs add is another one in each run, and (a + b) + c isn't a + (b + c) in fp32: two runs differ
in their last digits. That is within what any right answer may be off, but it makes bugs hard to find, and a training
run can't be repeated to the bit.

## More on kept tensors

What a forward pass keeps stays in memory until the backward pass has used it, for all layers of a network at once. An
attribute, `ctx.q = q`, would keep a tensor as well. But then nobody notices when `q` is overwritten before the backward
pass, and with `out`, which refers to its own history, a circle arises that Python frees late. `save_for_backward` looks
after both.

After the backward pass the tensors are freed. Who wants to go backward twice through one graph says so:
`out.backward(dout, retain_graph=True)`. With what is kept in `ctx` that simply works.

## More on second derivatives

`backward` computes outside of torch, so its results have no history of their own, and can't be differentiated again.
Autograd can't know that: with `create_graph=True` it would take the gradients for constants, and the second derivative
would lack terms without a word. With `create_graph=True` gradients are enabled while backward runs, which is what
`torch.is_grad_enabled()` asks.

## More on tests of gradients

`torch.autograd.gradcheck` compares with finite differences, element by element, in float64. Kernels for fp16 and fp32
are compared with autograd in float64 instead: that is what the judge does. It also takes one step in a random direction
`u`, and looks whether the loss moves by what the gradients promise:

    (L(q + h u) - L(q - h u)) / (2 h)   against   the sum of dq * u

That asks the forward pass that *you* wrote. A backward pass can be right for another forward pass, and then this test
fails.

## More on what is faster

Of the backward pass's 7 products each keeps the tensor cores busy, so what a faster kernel can win is mostly in how
tiles come in: descriptors, made by the host, let the copy engine fetch them. docs/speeds.md has the figures.
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(trainable_attention, trains=True)
