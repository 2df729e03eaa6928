"""
# Level 13: Key and value gradients

The forward pass is level 12's. Now comes the way back: given `dout`, the gradient of `out`, find those of the keys and
the values. It is the heart of training, and it is made of four matrix products, the weights of level 12 made again, and
one number a row.

## The idea

**Four steps back.** As in level 11, `dx` says for each number of `x` how much the **loss** grows when that number grows
by a little. Row `m` of the forward pass did this:

    s[m, n]  = scale * q[m] . k[n]                 a score for each key
    p[m, n]  = exp(s[m, n] - lse[m])               its weight
    out[m]   = the sum over n of p[m, n] * v[n]

Walk it backwards, one line at a time.

1. *The values.* If `v[n]` grows by a little, `out[m]` grows by `p[m, n]` times that, in every row `m`. What all rows
   pass on adds up:  `dv[n] = the sum over m of p[m, n] * dout[m]`,  which is  `dv = p^T @ dout`.
2. *The weights.* If `p[m, n]` grows, `out[m]` grows along `v[n]`:  `dp[m, n] = dout[m] . v[n]`,  or
   `dp = dout @ v^T`.
3. *The scores.* That is level 11, row by row:  `ds = p * (dp - the sum over the row of p * dp)`.
4. *The keys.* If `k[n]` grows, `s[m, n]` grows along `q[m]`, times the scale:
   `dk[n] = scale * the sum over m of ds[m, n] * q[m]`,  or  `dk = scale * ds^T @ q`.

**The sum is known already.** Step 3 needs a sum over a whole row, but a program sees a part of it at a time. Put step 2
into it:

    sum over n of p[m, n] * dp[m, n]
      = sum over n of p[m, n] * (dout[m] . v[n])
      = dout[m] . (sum over n of p[m, n] * v[n])
      = dout[m] . out[m]

So it is a dot product of two rows that are there: **delta**, one number a row, like `lse`. A small kernel makes all of
them before the walk begins, and then every tile stands on its own:  `ds = p * (dp - delta)`.

**A program owns keys.** `dk` and `dv` are sums over *queries*. If a program owned queries, as in level 12, all of them
would add into the same rows of `dk`. So the loops change places: a program takes `BLOCK_N` keys with their values,
keeps them, and walks along the queries. Both sums grow in its registers, and it stores them once.

**Everything transposed.** `dv = p^T @ dout` wants p^T for its left factor: keys down, queries across. Turning a
finished product round would cost; computing it turned doesn't, since `(q @ k^T)^T = k @ q^T`. So:

    s_t  = k @ q^T          (BLOCK_N, D) @ (D, BLOCK_M) -> (BLOCK_N, BLOCK_M)
    dp_t = v @ dout^T       (BLOCK_N, D) @ (D, BLOCK_M) -> (BLOCK_N, BLOCK_M)
    dv  += p_t  @ dout      (BLOCK_N, BLOCK_M) @ (BLOCK_M, D) -> (BLOCK_N, D)
    dk  += ds_t @ q         (BLOCK_N, BLOCK_M) @ (BLOCK_M, D) -> (BLOCK_N, D)

`lse` and `delta` belong to queries, which are columns now: `lse2[None, :]`.

**Where the walk begins.** With `causal`, query `m` sees the keys up to `m`, so key `n` is seen by the queries `n`,
`n + 1`, ..., M - 1. The first key of the tile is `pid_n * BLOCK_N`; no query before it sees any of the tile. Round it
*down* to a whole number of steps, and begin there. In the first steps the diagonal needs its mask: 0 in `p_t` where the
query comes before the key. Later steps get the mask too, where it hides nothing (More on one loop).

**Rows that don't exist.** The last step hangs over the last query. There `q` and `dout` are loaded as 0, but
exp(0 - lse) needn't be. So `lse2`, which is `lse` to base 2, gets plus infinity in these rows: `2^(0 - inf) = 0`, and
the weight is gone. `delta` gets 0. Both are kept in memory that goes on to the end of the last tile, so that the loop
loads them without a mask. Keys behind the last one do no harm: each has a row of its own in `dk` and `dv`, and that
isn't stored.

## The maths

For each head, with `p = exp(scale * q @ k^T - lse)`, and 0 where `causal` hides the key:

    delta = the sum of each row of out * dout           (M,), fp32
    dv    = p^T @ dout                                  (N, D)
    dp    = dout @ v^T                                  (M, N)
    ds    = p * (dp - delta)                            (M, N)
    dk    = scale * ds^T @ q                            (N, D)

All sums are fp32; `p` and `ds` are rounded to the dtype of the inputs for the products alone.

## A worked example

Two queries, three keys, no mask. Of `v` and `dout` only the first number isn't 0. To base 2, the scores are

               key 0  key 1  key 2              q[0] = (1, 0)   k[0] = (1, 0)
    query 0      1      0      0                q[1] = (0, 1)   k[1] = (0, 0)
    query 1      0      0      1                                k[2] = (0, 1)

with `qk_scale = 1`, so the scale is ln(2) = 0.6931. The sum of each row is 2 + 1 + 1 = 4, so `lse2 = log2(4) = 2`:

    p        query 0    2^-1, 2^-2, 2^-2  =  0.5,  0.25, 0.25
             query 1    2^-2, 2^-2, 2^-1  =  0.25, 0.25, 0.5
    v                   8, 4, 0
    out                 0.5 * 8 + 0.25 * 4 = 5,   0.25 * 8 + 0.25 * 4 = 3
    dout                1, 2
    delta               5 * 1 = 5,   3 * 2 = 6

    dv       key 0      0.5  * 1 + 0.25 * 2  =  1
             key 1      0.25 * 1 + 0.25 * 2  =  0.75
             key 2      0.25 * 1 + 0.5  * 2  =  1.25
    dp       query 0    1 * (8, 4, 0)        =   8,  4,  0
             query 1    2 * (8, 4, 0)        =  16,  8,  0
    dp-delta query 0    8-5, 4-5, 0-5        =   3, -1, -5
             query 1    16-6, 8-6, 0-6       =  10,  2, -6
    ds       query 0    1.5, -0.25, -1.25         each row sums to 0
             query 1    2.5,  0.5,  -3

    dk       key 0      0.6931 * (1.5   * q[0] + 2.5 * q[1])  = ( 1.04,  1.73)
             key 1      0.6931 * (-0.25 * q[0] + 0.5 * q[1])  = (-0.17,  0.35)
             key 2      0.6931 * (-1.25 * q[0] - 3   * q[1])  = (-0.87, -2.08)

Try one by hand: make `v[0]` 9 instead of 8. `out` becomes 5.5 and 3.25, and the loss grows by 0.5 * 1 + 0.25 * 2 = 1:
that is `dv` of key 0.

## The picture

`causal`, S = 11, `BLOCK_M = 2` queries a step, `BLOCK_N = 4` keys a program. `m` are the steps of the programs:

                 program 0    program 1    program 2
        keys      0 .. 3       4 .. 7       8 .. 10
               +------------+------------+------------+
    query 0-1  |     m      |            |            |  begin = 0
          2-3  |     m      |            |            |
               +            +------------+            |
          4-5  |     m      |     m      |            |  begin = 4
          6-7  |     m      |     m      |            |
               +            +            +------------+
          8-9  |     m      |     m      |     m      |  begin = 8
         10    |     m      |     m      |     m      |  (no query 11)
               +------------+------------+------------+
                     |            |            |
                  dk, dv       dk, dv       dk, dv        stored once each

## The algorithm

The first kernel, a program for each tile of queries:

1. Load the rows of `out` and `dout` in fp32. `delta` is the sum of their product along the row.
2. Load `lse`, plus infinity where no row is, times log2(e). Store both (given).

The second kernel, a program for each tile of keys:

3. Load `k` and `v`, once. Start `dk` and `dv`.
4. Find `begin`.
5. For `start_m = begin, begin + BLOCK_M, ...` while `start_m < M`: load `q`, `dout`, `lse2` and `delta` of the step,
6. make `p_t` again, mask it, and add to `dv`,
7. make `dp_t` and `ds_t`, and add to `dk`.
8. Multiply `dk` by the scale, once, and store both.

The launcher: memory for `delta` and `lse2`, and both launches, one after the other.

Go gap by gap, and check after each: in those still open the judge puts lines of its own.

## Triton functions used

- `tl.trans(x)`: a tile with rows and columns exchanged.
- `tl.dot(a, b, acc, input_precision="ieee")`: both factors of one dtype; `x.to(q.dtype)` before it.
- `tl.sum(x, axis=1)`: of each row. fp16 numbers would be summed in fp16: `.to(tl.float32)` first.
- `tl.where(condition, x, 0.0)`: `x` where the condition holds.
- `float("inf")`: plus infinity; `tl.exp2(-float("inf"))` is 0.

## What it costs

Take B = 1, H = 16, S = 8192 and D = 64 in fp16, without `causal`:

    q, k, v, out, dout, dk, dv   7 * B * H * S * D numbers          117 MB
    delta and lse2               2 * B * H * S numbers of 4 bytes   1.0 MB
    arithmetic, four products    8 * B * H * S * S * D            550 GFLOP
      of these the scores again  2 * B * H * S * S * D            137 GFLOP
    queries, for 128 programs
      of 64 keys a head          128 * B * H * 2 * S * D numbers    4.3 GB

That is twice the forward pass. Level 14 adds `dq`, with three products of its own. As in level 8, the tiles that are
read again and again come out of the L2 mostly, and the kernel is compute-bound.

## Common mistakes

- `delta` left out: `p * dp`. It is right only where `out` and `dout` have nothing in common.
- `dp + delta`: the sum is taken away.
- `delta` of another row, `delta[:, None]`: queries are columns here. It fits square tiles alone.
- No scale in `dk`, or one in `dv`: `q` stands behind a scale in the score, `v` doesn't.
- `ds_t` for `p_t` in `dv`, or `p_t` for `ds_t` in `dk`.
- The row's maximum in the place of `lse`: a tile doesn't know it, and the weights wouldn't sum to 1.
- No causal mask on `p_t`: the weights were made again from the scores, hidden keys too.
- `begin` one tile late: the diagonal is left out. Rounded up, a part of it.
- 0 for plus infinity in `lse2`: harmless while `q` and `dout` are 0 in these rows. Minus infinity makes NaN.
- `dout` read with the strides of `q`: right until somebody calls `out.sum().backward()`, whose strides are all 0.
- `dk` and `dv` in fp16: long sums into few places lose their digits.
- `dk` and `dv` returned in the wrong order: both have one shape, and nothing complains.

## Sources

- T. Dao and four others: *FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness*, 2022: appendix
  B has the derivation.
- T. Dao: *FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning*, 2023.

Behind the code: More on one loop, on padded rows, on other orders, on digits, on testing a gradient.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write the lines that give each of them its value instead.

Your task: fill the nine gaps in this file, one to fifteen lines each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl

# (bytes of a number, D): (BLOCK_M, BLOCK_N, num_warps, num_stages). fp16 and bf16 take 2 bytes a number, fp32 takes 4.
TILES = {
    (2, 16): (64, 64, 4, 3),
    (2, 32): (64, 64, 4, 3),
    (2, 64): (64, 64, 4, 3),
    (2, 128): (64, 64, 4, 2),
    (4, 16): (32, 32, 4, 2),
    (4, 32): (32, 32, 4, 2),
    (4, 64): (32, 32, 8, 2),
    (4, 128): (32, 32, 8, 1),
}
HEAD_DIMS = (16, 32, 64, 128)  # what D may be
MOST_PROGRAMS = 65535  # along the second axis of a grid: a GPU takes no more there


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

    # TODO 1 (3 lines): `out` and `dout` (BLOCK_M, D) in fp32, with 0 in the rows that don't exist; `delta` (BLOCK_M,).
    #                                                                              2 * B * H * M * D numbers read in all
    # [gap: out, dout, delta]
    out = tl.load(out_ptrs, mask=offs_m[:, None] < M, other=0.0).to(tl.float32)
    dout = tl.load(dout_ptrs, mask=offs_m[:, None] < M, other=0.0).to(tl.float32)
    delta = tl.sum(out * dout, axis=1)
    # [end]

    # TODO 2 (2 lines): `lse2` (BLOCK_M,), lse to base 2, with plus infinity in the rows that don't exist.
    # [gap: lse2]
    lse = tl.load(lse_ptrs, mask=offs_m < M, other=float("inf"))
    lse2 = lse * 1.4426950408889634
    # [end]

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
    delta_ptr += pid_bh * rows
    lse2_ptr += pid_bh * rows

    first = pid_n * BLOCK_N  # the first key of this program
    in_tile = tl.arange(0, BLOCK_N)  # (BLOCK_N,): its keys, counted from there,
    offs_n = tl.program_id(axis=0) * BLOCK_N + in_tile  # (BLOCK_N,): and in the text
    offs_m = tl.arange(0, BLOCK_M)  # (BLOCK_M,): the queries of a step, counted from the step's first
    offs_d = tl.arange(0, D)  # (D,)
    k_ptrs = k_ptr + first * stride_kn + (in_tile[:, None] * stride_kn + offs_d[None, :] * stride_kd)  # (BLOCK_N, D)
    v_ptrs = v_ptr + first * stride_vn + (in_tile[:, None] * stride_vn + offs_d[None, :] * stride_vd)  # (BLOCK_N, D)
    q_offs = offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd  # (BLOCK_M, D), from a step's first query on
    dout_offs = offs_m[:, None] * stride_gm + offs_d[None, :] * stride_gd  # (BLOCK_M, D), likewise
    qk_scale = sm_scale * 1.4426950408889634

    # TODO 3 (4 lines): `k` and `v` (BLOCK_N, D), with 0 for keys that don't exist; `dk` and `dv`, before the first step.
    #                                                                              2 * B * H * N * D numbers read in all
    # [gap: k, v, dk, dv]
    k = tl.load(k_ptrs, mask=offs_n[:, None] < N, other=0.0)
    v = tl.load(v_ptrs, mask=offs_n[:, None] < N, other=0.0)
    dk = tl.zeros((BLOCK_N, D), dtype=tl.float32)
    dv = tl.zeros((BLOCK_N, D), dtype=tl.float32)
    # [end]

    # TODO 4 (1 line): `begin`, the first query of the first step: a whole number of steps. With CAUSAL and without.
    # [gap: begin]
    begin = pid_n * BLOCK_N // BLOCK_M * BLOCK_M if CAUSAL else 0
    # [end]

    for start_m in range(begin, M, BLOCK_M):
        # TODO 5 (5 lines): `queries` (BLOCK_M,), the numbers of this step's queries; `q` and `dout` (BLOCK_M, D), with 0
        #      in the rows that don't exist; `lse2` and `delta` (BLOCK_M,).
        #      2 * M * D numbers read for each tile of keys; half with CAUSAL
        # [gap: queries, q, dout, lse2, delta]
        queries = start_m + offs_m
        q = tl.load(q_ptr + start_m * stride_qm + q_offs, mask=queries[:, None] < M, other=0.0)
        dout = tl.load(dout_ptr + start_m * stride_gm + dout_offs, mask=queries[:, None] < M, other=0.0)
        lse2 = tl.load(lse2_ptr + queries)
        delta = tl.load(delta_ptr + queries)
        # [end]

        # TODO 6 (5 lines): `s_t`, the raw products, and `p_t`, the weights made again, both (BLOCK_N, BLOCK_M); with
        #      CAUSAL, 0 where the query doesn't see the key; then `dv` with this step's product added.
        #      4 * B * H * M * N * D operations for all tiles
        # [gap: p_t, dv]
        s_t = tl.dot(k, tl.trans(q), input_precision="ieee")
        p_t = tl.exp2(s_t * qk_scale - lse2[None, :])
        if CAUSAL:
            p_t = tl.where(queries[None, :] >= offs_n[:, None], p_t, 0.0)
        dv = tl.dot(p_t.to(dout.dtype), dout, dv, input_precision="ieee")
        # [end]

        # TODO 7 (3 lines): `dp_t` and `ds_t`, both (BLOCK_N, BLOCK_M); then `dk` with this step's product added.
        #      4 * B * H * M * N * D operations for all tiles
        # [gap: dp_t, ds_t, dk]
        dp_t = tl.dot(v, tl.trans(dout), input_precision="ieee")
        ds_t = p_t * (dp_t - delta[None, :])
        dk = tl.dot(ds_t.to(q.dtype), q, dk, input_precision="ieee")
        # [end]

    result = batch * stride_rb + head * stride_rh + first * stride_rn
    result += in_tile[:, None] * stride_rn + offs_d[None, :] * stride_rd  # (BLOCK_N, D): the places in dk and in dv

    # TODO 8 (3 lines): `dk` times the scale; then store dk and dv at `result`, in their dtype, with a mask.
    #                                                                           2 * B * H * N * D numbers written in all
    # [gap: dk]
    dk = dk * sm_scale
    tl.store(dk_ptr + result, dk.to(dk_ptr.dtype.element_ty), mask=offs_n[:, None] < N)
    tl.store(dv_ptr + result, dv.to(dv_ptr.dtype.element_ty), mask=offs_n[:, None] < N)
    # [end]


def attention_dk_dv(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    out: torch.Tensor,
    lse: torch.Tensor,
    dout: torch.Tensor,
    causal: bool = True,
    sm_scale: float | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of the keys and values, from what the forward pass kept and the gradient of its result.

    q, out, dout: (B, H, M, D), k, v: (B, H, N, D), lse: (B, H, M) in fp32, any strides -> dk, dv (B, H, N, D); causal=True
    needs M == N, sm_scale=None means D ** -0.5, and it must be positive. Raises ValueError for anything else.
    """
    if q.ndim != 4 or k.ndim != 4 or k.shape != v.shape or q.shape[:2] != k.shape[:2] or q.shape[3] != k.shape[3]:
        shapes = f"{tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}"
        raise ValueError(f"attention_dk_dv takes q (B, H, M, D), k and v (B, H, N, D), not {shapes}")
    if not (out.shape == dout.shape == q.shape and lse.shape == q.shape[:3]):
        shapes = f"{tuple(out.shape)}, {tuple(dout.shape)} and {tuple(lse.shape)}"
        raise ValueError(f"attention_dk_dv takes out and dout as large as q, and a number of lse a row, not {shapes}")
    if not (q.dtype == k.dtype == v.dtype == out.dtype == dout.dtype and lse.dtype == torch.float32):
        raise ValueError("attention_dk_dv takes q, k, v, out and dout of one dtype, and lse in float32")
    if len({x.device for x in (q, k, v, out, lse, dout)}) > 1:
        raise ValueError("attention_dk_dv takes tensors on one device")
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"attention_dk_dv takes float32, float16 or bfloat16, not {q.dtype}")
    B, H, M, D = q.shape
    N = k.shape[2]
    if D not in HEAD_DIMS or N < 1:
        raise ValueError(f"attention_dk_dv takes D = 16, 32, 64 or 128 and a key at least, not D = {D} and N = {N}")
    if causal and M != N:
        raise ValueError(f"with causal=True there must be as many queries as keys, not {M} and {N}")
    if B * H > MOST_PROGRAMS:
        raise ValueError(f"attention_dk_dv takes up to {MOST_PROGRAMS} heads in all batches together, not {B * H}")
    if sm_scale is None:
        sm_scale = D**-0.5
    if not sm_scale > 0:
        raise ValueError(f"attention_dk_dv takes a positive sm_scale, not {sm_scale}")

    dk = torch.empty((B, H, N, D), dtype=k.dtype, device=k.device)
    dv = torch.empty((B, H, N, D), dtype=v.dtype, device=v.device)
    BLOCK_M, BLOCK_N, num_warps, num_stages = TILES[q.dtype.itemsize, D]
    rows = triton.cdiv(M, BLOCK_M) * BLOCK_M

    # TODO 9 (about 15 lines): `delta` and `lse2` (B * H, rows), memory in fp32; then both launches, the rows first. Look
    #      at the order in which the kernels take their parameters; the strides of dk serve for dv as well.
    # [gap: delta, lse2]
    delta = torch.empty((B * H, rows), dtype=torch.float32, device=q.device)
    lse2 = torch.empty((B * H, rows), dtype=torch.float32, device=q.device)
    rows_kernel[(triton.cdiv(M, BLOCK_M), B * H)](
        out, dout, lse, delta, lse2,
        *out.stride(), *dout.stride(), *lse.stride(),
        H, M,
        D=D, BLOCK_M=BLOCK_M,
    )  # fmt: skip
    dk_dv_kernel[(triton.cdiv(N, BLOCK_N), B * H)](
        q, k, v, dout, delta, lse2, dk, dv,
        *q.stride(), *k.stride(), *v.stride(), *dout.stride(), *dk.stride(),
        H, M, N, rows, sm_scale,
        D=D, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, CAUSAL=causal,
        num_warps=num_warps, num_stages=num_stages,
    )  # fmt: skip
    # [end]
    return dk, dv


MORE = """
## More on one loop

Level 8 has two loops, so that tiles below the diagonal need no mask. Here there is one, with the mask in every step.
The comparison costs little beside four products. Two loops, the diagonal first, look faster, and were slower on the
H200 for which the tiles were chosen: the assembler then waits for each product to end before the next may begin.
Nothing warns of it, and no register is spilled. `compile --asm sass` shows it: a `WARPGROUP.DEPBAR` behind every
`HGMMA`.

A step of 64 keys and 64 queries keeps `dk`, `dv`, `s_t` and `dp_t` in registers, all in fp32. For D = 128 there are two
stages, so that two programs fit on a multiprocessor; for smaller D three.

## More on padded rows

`delta` and `lse2` have a row for each head, as long as the tiles of queries reach. That is at most BLOCK_M - 1 numbers
more, and saves two masks in every step.

With 0 in the place of plus infinity, the weights of rows that don't exist would be `2^0 = 1`. They would meet a row of
zeros in `dout`, and `ds` would be `1 * (0 - 0)`: nothing goes wrong. But it hangs on three zeros at once, and where
nothing was written at all, 0 times NaN is NaN. Level 14 walks along the keys, and there no zero comes to the rescue.

## More on other orders

A program may own queries instead, and add its part of `dk` and `dv` to memory with `tl.atomic_add`, into fp32. It saves
making the weights twice, once here and once for `dq`. But each addition goes to the L2, and the order in which programs
come changes the last digits from run to run. Adding without atomics is a race: two programs read the same number, and
one of the sums is lost.

Program 0 has the first keys, which the most queries see. So with `causal` the longest programs come first by
themselves, where level 8 had to turn the order round.

## More on digits

`p` lies between 0 and 1, and rounding it to fp16 is off by at most one part in 2048. `dp - delta` is a difference of
numbers that may be much larger than itself: with values around 5, both are around 5 times the sum of `dout`. If that is
320, fp16 has a number every 0.25 there. So `delta` has to be fp32.

`lse` is good for one thing more: `p = exp(s - lse)` has no overflow in it, since no score is larger than its `lse`.
Written as `exp(s) * exp(-lse)` it is `0 * inf` for scores below -88.

## More on testing a gradient

Move one number by a little, and see how the loss moves: `finite differences`, as in level 11. In fp32 the little must
not be too little, since the loss has 7 digits only. In float64, `torch.autograd.gradcheck` does it for every number of
a small case. The judge does neither: it lets PyTorch differentiate attention in float64, and compares every number.

Two gradients that are worth trying by hand: `dout` of all ones, expanded, as `out.sum().backward()` has it; and one with
a single 1 in it, which asks for the derivative of one number of `out`.
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(attention_dk_dv)
