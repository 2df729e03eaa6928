"""
# Level 10: Grouped-query attention

The attention of level 8 as today's language models use it: several query heads share one head of keys and values, and
the queries are only the *last* words of a text whose keys were kept from before. Two index computations more, and the
kernel answers a whole prompt as well as a single next word.

## The idea

**What attention costs when a model talks.** A model writes one word at a time. For each new word it needs the keys and
values of all words before, and it doesn't compute them again: they are kept, in the **KV cache**. So writing a word
means reading the whole cache once. For each word of the text that is, in fp16,

    2 (k and v) * layers * heads * D * 2 bytes

and a server holds such a cache for every user. In a model of 32 layers with 32 heads of D = 128 it comes to 524,288
bytes a word: 4 GiB for a text of 8192 words. That, not arithmetic, decides how many users fit and how fast words come.

**Heads that share.** So let `Hq` query heads have only `Hkv` heads of keys and values between them. `GROUP = Hq // Hkv`
neighbouring query heads read the same one:

    query head h reads key/value head   h // GROUP

That is **grouped-query attention**, GQA. The cache, and the bytes read for each word, shrink by the factor `GROUP`; the
arithmetic stays the same, since every query head still has scores of its own. Its two ends have names, too:

    GROUP = 1     every query head has its own    multi-head attention (MHA)
    GROUP = Hq    all query heads share one       multi-query attention (MQA)

Nothing is copied for that. `k.repeat_interleave(GROUP, dim=1)` would give every query head "its own" keys again, and
write and read all the bytes that the idea saves. The sharing is an *index*, in the kernel.

**Packing a group into a tile.** Give each query head its own program, as level 8 did, and the programs of a group read
the same keys, each for itself. With one new word there is even a single query in a tile: 15 of the 16 rows that
`tl.dot` wants are wasted. Better: put the queries of the whole group into *one* tile. The rows of the tile are then
counted through `GROUP` heads and `M` queries, and the heads run fastest:

    row                0  1  2  3  4  5  6  7  8 ...       GROUP = 4
    query  row // 4    0  0  0  0  1  1  1  1  2 ...
    head   row % 4     0  1  2  3  0  1  2  3  0 ...

Each tile of keys is loaded once and used for all heads of the group. Rows of one tile belong to neighbouring queries,
so the causal loop ends as early as it does in level 8. The softmax never notices: it has always treated each row alone.

**A diagonal at the end.** While the model reads your question, M queries meet M keys. When it answers, one query meets
N keys: all words so far. In general the M queries are the last M of N words, so query `m` is word number `m + N - M`,
and sees keys `0 .. m + N - M`. The diagonal ends in the *lower right* corner of the matrix: see the picture below. With
M = N it is level 8's.

(PyTorch's own `is_causal=True` puts the diagonal into the *upper left* corner: there, query 0 sees key 0 alone. The
judge computes with an explicit mask.)

## The maths

For query head h, with `g = h // GROUP`, in each batch:

    scores[m, n] = sum over d of q[h, m, d] * k[g, n, d]  *  sm_scale
                   where n <= m + N - M, and -inf elsewhere
    out[h, m]    = sum over n of softmax(scores[m])[n] * v[g, n]

## A worked example

`Hq = 4`, `Hkv = 2`, so `GROUP = 2`; `M = 3`, `N = 7`, `BLOCK_M = 4`, `BLOCK_N = 2` (on paper). There are 2 * 3 = 6 rows
for each key/value head, in 2 tiles. The program with `pid_m = 1` and `kv_head = 1`:

    rows       [4, 5, 6, 7]
    offs_m     rows // 2 = [2, 2, 3, 3]         query 3 doesn't exist
    heads      1 * 2 + rows % 2 = [2, 3, 2, 3]  they read key/value head 1

    first      4 // 2 = 2                       sees keys 0 .. 2 + 7 - 3 = 6
    mask_from  (2 + 7 - 3 + 1) // 2 * 2 = 6     three steps without masks
    last       min(7 // 2, M - 1) = 2           rows 6 and 7 have no query
    end        2 + 7 - 3 + 1 = 7                one step with masks, from 6 on

And with `pid_m = 0`: rows [0, 1, 2, 3], queries [0, 0, 1, 1]. The first query sees 5 keys, so `mask_from = 4`; the
last one sees 6, so `end = 6`. In the step from key 4 on, query 0 sees key 4 and query 1 keys 4 and 5.

## The picture

The three queries of the example, and what each of them sees of the seven keys, in every head:

                 keys 0 .. N - 1 = 6
               0  1  2  3  4  5  6
              +--+--+--+--+--+--+--+
    query 0   |##|##|##|##|##|  |  |    = word 4, sees keys 0 to 4
              +--+--+--+--+--+--+--+
    query 1   |##|##|##|##|##|##|  |    = word 5
              +--+--+--+--+--+--+--+
    query 2   |##|##|##|##|##|##|##|    = word 6, sees all 7
              +--+--+--+--+--+--+--+
                M = 3, N = 7

And a tile, with the heads of its group, over the keys that they share:

    tile 0, kv_head 1                   k[1], v[1]: loaded once for all rows
    row 0   query 0, head 2  |       +-------+-------+-------+-------+
    row 1   query 0, head 3  |  ---> | 0   1 | 2   3 | 4   5 | 6     |
    row 2   query 1, head 2  |       +-------+-------+-------+-------+
    row 3   query 1, head 3  |        no masks ------> masked   not
                                                                loaded

## The algorithm

1. Find the tile, the batch and the key/value head of this program (given), and number the tile's rows.
2. From each row, compute its query `offs_m` and its query head `heads`.
3. Load the tile of queries: each row from its own head and its own place.
4. From the first and the last query of the tile, compute how many keys all rows see, and where the loops end.
5. Walk the keys, as in level 8: without masks first, then with them (the first loop is given).
6. Divide, and store each row at its own place of `out`.

## Triton functions used

- `x // y`, `x % y`: of a block, lane by lane. Here no number is negative, so they mean what they mean in Python. `GROUP`
  is a `tl.constexpr`: the compiler knows it, and divides by a power of two with a shift.
- `tl.minimum(x, y)`: the smaller of two numbers. All else is level 8's.

## What it costs

The arithmetic is level 8's: 4 * B * Hq * M * N * D operations, half of that under the diagonal of a square. The bytes
are what changes. One new word (M = 1) for a batch of 16, Hq = 32, D = 128, N = 8192, in fp16:

                               read from k and v   arithmetic   per byte
    MHA, 32 key/value heads    2147 MB             2.1 GFLOP     1
    GQA, 8 key/value heads      537 MB             2.1 GFLOP     4
    MQA, 1 key/value head        67 MB             2.1 GFLOP    32

A GPU does hundreds of operations in the time of one byte, so all three are bound by memory, and the time is that of
reading the cache once. (`quest benchmark 10` shows how near your kernel comes to a plain copy.)

KV caches of known models, in fp16, for a text of 8192 words (D = 128 in all):

    model          layers  Hq  Hkv   one word   8192 words   if Hkv = Hq
    Llama 2 7B       32    32   32   512 KiB     4.0 GiB      4.0 GiB
    Llama 3 8B       32    32    8   128 KiB     1.0 GiB      4.0 GiB
    Llama 3 70B      80    64    8   320 KiB     2.5 GiB     20.0 GiB

## Common mistakes

- Key/value head `h % Hkv` for query head `h`, here `rows % GROUP * Hkv + kv_head`: the heads of a group are neighbours,
  so it is a division. Right where there is one key/value head, or one for each query head.
- Key/value head `h // Hkv`, here `kv_head * Hkv + rows % GROUP`: right only where `GROUP` and `Hkv` are equal.
- The group size upside down, `Hkv // Hq`: that is 0 where heads are shared, and 1 where they aren't.
- The diagonal in the upper left corner, `keys <= offs_m`: right while M = N. A new word would see the first key, or
  the first few tiles, instead of all that came before.
- `end = last + 1`, as if M = N: the loop stops too early, and the newest keys are never seen.
- `k` and `v` expanded first: it moves the bytes that sharing exists to save, and the judge refuses it.
- The strides of `k` for `v`: right until they lie in memory in different ways.

## Sources

- N. Shazeer: *Fast Transformer Decoding: One Write-Head is All You Need*, 2019. MQA, and why memory decides.
- J. Ainslie, J. Lee-Thorp, M. de Jong, Y. Zemlyanskiy, F. Lebron, S. Sanghai: *GQA: Training Generalized Multi-Query
  Transformer Models from Multi-Head Checkpoints*, 2023.
- T. Dao, D. Haziza, F. Massa, G. Sizov: *Flash-Decoding for long-context inference*, 2023. Splitting the keys.

Behind the code: More on decoding, one head a program, PyTorch's diagonal, and the cache.

A line that ends in `= ...` or is nothing but `...` is a gap. Where several names stand in it, as in `a = b = ...`,
write a line for each of them instead.

Your task: fill the six gaps in this file, one or two lines each.
"""

import quest_setup  # picks the GPU, or Triton's interpreter where there is none  # noqa: F401
import torch
import triton
import triton.language as tl

# (bytes of a number, D): (BLOCK_M, BLOCK_N, num_warps, num_stages), as in level 8.
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
FEW_ROWS = 16  # a new word for each head of a group: the smallest tile of queries, and more steps fetched ahead
FEW = {2: (FEW_ROWS, 64, 4, 4), 4: (FEW_ROWS, 64, 4, 2)}  # by the bytes of a number
HEAD_DIMS = (16, 32, 64, 128)  # what D may be
MOST_PROGRAMS = 65535  # along the second axis of a grid: a GPU takes no more there


@triton.jit
def online_softmax_step(qk, v, m_i, l_i, acc, qk_scale):
    # Given, as you wrote it in level 8: one more tile of keys and values.
    m_new = tl.maximum(m_i, tl.max(qk, axis=1) * qk_scale)
    p = tl.exp2(qk * qk_scale - m_new[:, None])
    alpha = tl.exp2(m_i - m_new)
    acc = acc * alpha[:, None]
    acc = tl.dot(p.to(v.dtype), v, acc, input_precision="ieee")
    l_i = l_i * alpha + tl.sum(p, axis=1)
    return m_new, l_i, acc


@triton.jit
def grouped_query_attention_kernel(
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
    Hkv,  # heads of keys and values
    M,  # queries
    N: tl.int64,  # keys
    sm_scale,  # what each dot product is multiplied by
    GROUP: tl.constexpr,  # query heads that share a key/value head
    D: tl.constexpr,  # numbers in a query, key or value
    BLOCK_M: tl.constexpr,  # rows in a tile: queries of all heads of a group
    BLOCK_N: tl.constexpr,  # keys in a tile
    CAUSAL: tl.constexpr,  # True: query m sees keys 0 to m + N - M
):
    # Given: the tile of rows, the batch and the key/value head of this program.
    pid_m = tl.program_id(axis=0).to(tl.int64)
    if CAUSAL:
        pid_m = tl.num_programs(axis=0) - 1 - pid_m  # the longest first
    pid_bh = tl.program_id(axis=1)
    batch = (pid_bh // Hkv).to(tl.int64)
    kv_head = (pid_bh % Hkv).to(tl.int64)
    q_ptr += batch * stride_qb  # the heads of q and out differ from row to row
    out_ptr += batch * stride_ob
    k_ptr += batch * stride_kb + kv_head * stride_kh
    v_ptr += batch * stride_vb + kv_head * stride_vh
    offs_n = tl.arange(0, BLOCK_N)  # (BLOCK_N,): the keys of a step, counted from the step's first
    offs_d = tl.arange(0, D)  # (D,)
    k_offs = offs_d[:, None] * stride_kd + offs_n[None, :] * stride_kn  # (D, BLOCK_N): K^T, from a step's first key on
    v_offs = offs_n[:, None] * stride_vn + offs_d[None, :] * stride_vd  # (BLOCK_N, D): the values, likewise
    rows = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)  # (BLOCK_M,): rows of the group, heads running fastest

    # TODO 1 (2 lines): `offs_m` and `heads`, both (BLOCK_M,): the query and the query head that each row is.
    offs_m = heads = ...

    # TODO 2 (2 lines): `q_ptrs` and `out_ptrs`, both (BLOCK_M, D): where each row lies in q and in out.
    q_ptrs = out_ptrs = ...
    q = tl.load(q_ptrs, mask=offs_m[:, None] < M, other=0.0)  # B * Hq * M * D numbers read in all
    qk_scale = sm_scale * 1.4426950408889634  # log2(e): exp2 does the work of exp
    m_i = tl.full((BLOCK_M,), -float("inf"), dtype=tl.float32)
    l_i = tl.zeros((BLOCK_M,), dtype=tl.float32)
    acc = tl.zeros((BLOCK_M, D), dtype=tl.float32)

    first = pid_m * BLOCK_M // GROUP  # the first query of the tile, ...
    last = tl.minimum((pid_m * BLOCK_M + BLOCK_M - 1) // GROUP, M - 1)  # ... and the last one that exists

    # TODO 3 (2 lines): `mask_from`, the first key of the first step that needs a mask; and `end`, how many keys the
    #      tile sees. Both with CAUSAL and without.
    mask_from = end = ...

    # Given, as in level 8: the steps without masks. 2 * N * D numbers read for each tile of rows.
    for start_n in range(0, mask_from, BLOCK_N):
        k = tl.load(k_ptr + start_n * stride_kn + k_offs)
        v = tl.load(v_ptr + start_n * stride_vn + v_offs)
        qk = tl.dot(q, k, input_precision="ieee")
        m_i, l_i, acc = online_softmax_step(qk, v, m_i, l_i, acc, qk_scale)

    for start_n in range(mask_from, end, BLOCK_N):
        keys = start_n + offs_n  # (BLOCK_N,)
        k = tl.load(k_ptr + start_n * stride_kn + k_offs, mask=keys[None, :] < N, other=0.0)
        v = tl.load(v_ptr + start_n * stride_vn + v_offs, mask=keys[:, None] < N, other=0.0)
        qk = tl.dot(q, k, input_precision="ieee")

        # TODO 4 (1 line): `visible`, (BLOCK_M, BLOCK_N), True where the row sees the key, with CAUSAL and without.
        visible = ...
        qk = tl.where(visible, qk, -float("inf"))
        m_i, l_i, acc = online_softmax_step(qk, v, m_i, l_i, acc, qk_scale)

    # TODO 5 (2 lines): `out`, (BLOCK_M, D), the rows of the result; then store them in the dtype of out, with a mask.
    #                                                                              B * Hq * M * D numbers written in all
    out = ...


def grouped_query_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True, sm_scale: float | None = None
) -> torch.Tensor:
    """softmax(q @ k^T * sm_scale) @ v, where neighbouring query heads share a head of k and v.

    q: (B, Hq, M, D), k, v: (B, Hkv, N, D), Hq a multiple of Hkv, any strides -> (B, Hq, M, D), contiguous. With
    causal=True query m sees keys 0 .. m + N - M, and M is at most N. sm_scale=None means D ** -0.5, and it must be
    positive. Raises ValueError for anything else.
    """
    if q.ndim != 4 or k.ndim != 4 or k.shape != v.shape or q.shape[0] != k.shape[0] or q.shape[3] != k.shape[3]:
        shapes = f"{tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}"
        raise ValueError(f"grouped_query_attention takes q (B, Hq, M, D), k and v (B, Hkv, N, D), not {shapes}")
    if not (q.dtype == k.dtype == v.dtype and q.device == k.device == v.device):
        raise ValueError("grouped_query_attention takes q, k and v of one dtype on one device")
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise ValueError(f"grouped_query_attention takes float32, float16 or bfloat16, not {q.dtype}")
    B, Hq, M, D = q.shape
    Hkv, N = k.shape[1], k.shape[2]
    if Hkv < 1 or Hq % Hkv:
        raise ValueError(f"the query heads must be a multiple of the key/value heads, not {Hq} and {Hkv}")
    if D not in HEAD_DIMS or N < 1:
        raise ValueError(f"grouped_query_attention takes D = 16, 32, 64 or 128 and a key, not D = {D} and N = {N}")
    if causal and M > N:
        raise ValueError(f"with causal=True the queries are the last of the keys: {M} queries don't fit {N} keys")
    if B * Hkv > MOST_PROGRAMS:
        raise ValueError(f"grouped_query_attention takes up to {MOST_PROGRAMS} heads in all batches, not {B * Hkv}")
    if sm_scale is None:
        sm_scale = D**-0.5
    if not sm_scale > 0:  # the largest qk would not be the largest score
        raise ValueError(f"grouped_query_attention takes a positive sm_scale, not {sm_scale}")

    out = torch.empty((B, Hq, M, D), dtype=q.dtype, device=q.device)

    # TODO 6 (2 lines): `GROUP`, how many query heads share a key/value head; and `n_rows`, the rows of such a group.
    GROUP = n_rows = ...
    few = n_rows <= FEW_ROWS
    BLOCK_M, BLOCK_N, num_warps, num_stages = FEW[q.element_size()] if few else TILES[q.element_size(), D]
    grid = (triton.cdiv(n_rows, BLOCK_M), B * Hkv)
    grouped_query_attention_kernel[grid](
        q, k, v, out,
        *q.stride(), *k.stride(), *v.stride(), *out.stride(),
        Hkv, M, N, sm_scale,
        GROUP=GROUP, D=D, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, CAUSAL=causal,
        num_warps=num_warps, num_stages=num_stages,
    )  # fmt: skip
    return out


MORE = """
## More on decoding

Writing a word at a time is called decoding. With few users it has few programs: 2 batches of 8 key/value heads give 16,
for a GPU with 132 multiprocessors. Then one splits the *keys* among programs and merges the parts afterwards, which
takes one more number a row (level 12 shows which). It pays as long as `B * Hkv` is below the number of multiprocessors.

Reading the prompt, before the first word, is called prefill. There M = N is in the thousands, the time is that of the
arithmetic, and sharing heads saves cache, but hardly any time.

## More on one head a program

Each query head could have a program of its own, as in level 8, with one line changed:

    kv_head = head // GROUP         # instead of counting rows through a group

That is right, and passes. For a long prompt it is as fast: its time is arithmetic, and the programs of a group, which
run side by side, find each other's keys in the L2 cache. For a new word it isn't. Each of those programs has a single
query, so each tile of keys goes through the tensor cores for one useful row of 16, and is fetched `GROUP` times, from
the L2 cache or from memory. With the group packed, four heads fill four rows of the same 16 at no extra cost.

Why do the heads run fastest in the packed rows, and not the queries? With `row // M` for the head, a tile could hold the
last queries of one head and the first of the next, so that its loop would run to the last key for all of them. With
`row // GROUP` for the query, a tile of 128 rows holds 32 neighbouring queries for a group of 4.

## More on PyTorch's diagonal

`scaled_dot_product_attention(..., is_causal=True)` puts the diagonal into the upper left corner: with M = 1, the new word
sees key 0 alone. For the lower right corner there is `torch.nn.attention.bias.causal_lower_right(M, N)`, or any mask that
one makes oneself. Both corners have a use, and both are called causal: when results differ for M < N alone, look at
this first. With `enable_gqa=True` the same function takes fewer heads of keys than of queries, in the order of this
level: query head `h` reads `h // (Hq // Hkv)`.

## More on the cache

A cache is allocated once, with room for the longest text: `(B, Hkv, 8192, D)`, say. After 1000 words, `k` is the view
`cache[:, :, :1000]`. Its heads lie 8192 keys apart, not 1000, and behind key 999 comes memory that exists and means
nothing: without a mask nothing would crash, and the answer would be wrong. So the judge hands over such views as well.
Servers go further, and cut the cache into pages that lie anywhere: what is left of a head is then a table of pages.
"""


if __name__ == "__main__":
    from triton_quest.utils.testing import quick_check

    quick_check(grouped_query_attention)
