"""Level 4's known mistakes, as edits of the solution, and right kernels written differently.

`formula` gives what the mistake computes, where that doesn't depend on the tiles. Everything here
is data: the judge decides.
"""

from collections.abc import Callable

import torch

from triton_quest.course.mistake import Edit, Mistake, Variant

PIDS = "    pid_m = tl.program_id(axis=0)\n    pid_n = tl.program_id(axis=1)\n    pid_bh = tl.program_id(axis=2)\n"
BATCH = "batch = pid_bh // H"
HEAD = "head = pid_bh % H"
TO_Q = "q_ptr += batch.to(tl.int64) * stride_qb + head.to(tl.int64) * stride_qh"
TO_K = "k_ptr += batch.to(tl.int64) * stride_kb + head.to(tl.int64) * stride_kh"
TO_OUT = "out_ptr += batch.to(tl.int64) * stride_ob + head.to(tl.int64) * stride_oh"
OFFS_M = "offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)"
OFFS_N = "offs_n = pid_n * BLOCK_N + tl.arange(0, BLOCK_N)"
OFFS_D = "offs_d = tl.arange(0, D)"
Q_PTRS = "q_ptrs = q_ptr + offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd"
K_PTRS = "k_ptrs = k_ptr + offs_d[:, None] * stride_kd + offs_n[None, :] * stride_kn"
K_PTRS_AS_ROWS = "k_ptrs = k_ptr + offs_n[:, None] * stride_kn + offs_d[None, :] * stride_kd"
LOAD_Q = "q = tl.load(q_ptrs, mask=offs_m[:, None] < M, other=0.0)"
LOAD_K = "k = tl.load(k_ptrs, mask=offs_n[None, :] < N, other=0.0)"
LOAD_K_AS_ROWS = "k = tl.load(k_ptrs, mask=offs_n[:, None] < N, other=0.0)"
DOT = 'tl.dot(q, k, input_precision="ieee")'
SCORES = f"scores = {DOT} * sm_scale"
OUT_MASK = "out_mask = (offs_m[:, None] < M) & (offs_n[None, :] < N)"
OUT_PTRS = "out_ptrs = out_ptr + offs_m[:, None].to(tl.int64) * stride_om + offs_n[None, :] * stride_on"
STORE = "tl.store(out_ptrs, scores.to(out_ptr.dtype.element_ty), mask=out_mask)"
DEFAULT = "sm_scale = D**-0.5"
ALLOCATION = "out = torch.empty((B, H, M, N), dtype=q.dtype, device=q.device)"
BLOCKS = "BLOCK_M, BLOCK_N, num_warps = 64, 64, 4"
FP32_BLOCKS = "BLOCK_M, BLOCK_N, num_warps = 32, 32, 8"
GRID = "grid = (triton.cdiv(M, BLOCK_M), triton.cdiv(N, BLOCK_N), B * H)"
LAUNCH_SIZES = "H, M, N, sm_scale,"
STRIDES = "*q.stride(), *k.stride(), *out.stride(),"
RETURN = "    return out\n"

HALF_DOTS = (
    "Your dot products are rounded to the dtype of the inputs before the scale: in fp16, what exceeds 65504 becomes inf. "
    "Keep them in fp32, as `tl.dot` gives them, until the store."
)


def blocks(m: int, n: int, warps: int = 4) -> tuple[Edit, ...]:
    """Tiles of m by n in each dtype."""
    tiles = f"BLOCK_M, BLOCK_N, num_warps = {m}, {n}, {warps}"
    return Edit(BLOCKS, tiles), Edit(FP32_BLOCKS, tiles)


Formula = Callable[..., torch.Tensor]


def scaled(by: Callable[[int, float | None, float], float]) -> Formula:
    """The scores with another scale: by(D, the caller's sm_scale or None, the right scale)."""

    def formula(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
        dim = q.shape[-1]
        right = dim**-0.5 if sm_scale is None else sm_scale
        return q @ k.transpose(-1, -2) * by(dim, sm_scale, right)

    return formula


def as_it_is(x: torch.Tensor) -> torch.Tensor:
    return x


def first_batch(x: torch.Tensor) -> torch.Tensor:
    """x: (B, H, S, D), batch 0 in the place of every batch"""
    return x[:1].expand(x.shape)


def first_head(x: torch.Tensor) -> torch.Tensor:
    """x: (B, H, S, D), head 0 in the place of every head"""
    return x[:, :1].expand(x.shape)


def first_matrix(x: torch.Tensor) -> torch.Tensor:
    """x: (B, H, S, D), head 0 of batch 0 everywhere"""
    return x[:1, :1].expand(x.shape)


def by_head_stride(x: torch.Tensor) -> torch.Tensor:
    """x: (B, H, S, D) read as if all B * H matrices were one head stride apart"""
    matrices = (x.shape[0] * x.shape[1], *x.shape[2:])
    return x.as_strided(matrices, x.stride()[1:]).reshape(x.shape)


def in_fp16(x: torch.Tensor) -> torch.Tensor:
    return x.half().double()


def read(q_as: Callable[[torch.Tensor], torch.Tensor], k_as: Callable[[torch.Tensor], torch.Tensor]) -> Formula:
    """The scores of other queries and keys."""

    def formula(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
        return scaled(lambda dim, given, right: right)(q_as(q), k_as(k), sm_scale)

    return formula


MISTAKES = (
    # numbers: the scale
    Mistake(
        "no_scale",
        (Edit(SCORES, f"scores = {DOT}"),),
        caught_by="numbers",
        says="Your scores are the bare dot products: multiply them by sm_scale.",
        hint=5,
        formula=scaled(lambda dim, given, right: 1.0),
    ),
    Mistake(
        "scaled_twice",
        (Edit(LOAD_Q, f"{LOAD_Q}\n    q = (q * sm_scale).to(q.dtype)"),),
        caught_by="numbers",
        says="Your scores are scaled twice: the queries or the dot products are multiplied by sm_scale, not both.",
        hint=5,
        formula=scaled(lambda dim, given, right: right**2),
    ),
    Mistake(
        "scaled_and_divided",
        (Edit(SCORES, f"{SCORES} / (D**0.5)"),),
        caught_by="numbers",
        says="Your scores are scaled twice: sm_scale is 1 / sqrt(D) already, so don't divide by sqrt(D) as well.",
        hint=5,
        formula=scaled(lambda dim, given, right: right * dim**-0.5),
    ),
    Mistake(
        "divided_by_d",
        (Edit(SCORES, f"scores = {DOT} / D"),),
        caught_by="numbers",
        says="Your dot products are divided by D. Dots of D terms have size sqrt(D), and sm_scale is what takes care of it.",
        hint=5,
        formula=scaled(lambda dim, given, right: 1 / dim),
    ),
    Mistake(
        "one_over_d",
        (Edit(DEFAULT, "sm_scale = 1 / D"),),
        caught_by="numbers",
        says="Your default scale is 1 / D. Dots of D terms have size sqrt(D), so it has to be 1 / sqrt(D).",
        hint=5,
        formula=scaled(lambda dim, given, right: 1 / dim if given is None else given),
    ),
    Mistake(
        "divided_by_scale",
        (Edit(SCORES, f"scores = {DOT} / sm_scale"),),
        caught_by="numbers",
        says="Your dot products are divided by sm_scale. It is 1 / sqrt(D) already, so multiply by it.",
        hint=5,
        formula=scaled(lambda dim, given, right: 1 / right),
    ),
    Mistake(
        "times_root_d",
        (Edit(SCORES, f"scores = {DOT} * (D**0.5)"),),
        caught_by="numbers",
        says="Your dot products are multiplied by sqrt(D), which makes large scores larger still: multiply by sm_scale.",
        hint=5,
        formula=scaled(lambda dim, given, right: dim**0.5),
    ),
    Mistake(
        "scale_ignored",
        (Edit(SCORES, f"scores = {DOT} * (D**-0.5)"),),
        caught_by="numbers",
        says="Your scores are always scaled by 1 / sqrt(D). The caller may want another scale: use the argument sm_scale.",
        hint=5,
        formula=scaled(lambda dim, given, right: dim**-0.5),
    ),
    # numbers: which matrix
    Mistake(
        "pid_as_head",
        (
            Edit(TO_Q, "q_ptr += pid_bh.to(tl.int64) * stride_qh"),
            Edit(TO_K, "k_ptr += pid_bh.to(tl.int64) * stride_kh"),
            Edit(TO_OUT, "out_ptr += pid_bh.to(tl.int64) * stride_oh"),
        ),
        caught_by="numbers",
        says="Your kernel takes pid_bh for the head: that is right only while one batch begins where the last head of the "
        "one before ends. Split pid_bh into batch and head, each with a stride of its own.",
        hint=2,
        formula=read(by_head_stride, by_head_stride),
    ),
    Mistake(
        "pid_as_head_of_q",
        (Edit(TO_Q, "q_ptr += pid_bh.to(tl.int64) * stride_qh"),),
        caught_by="numbers",
        says="Your pointer to q takes pid_bh for the head: that is right only while one batch begins where the last head "
        "of the one before ends. Batch and head have a stride each.",
        hint=2,
        formula=read(by_head_stride, as_it_is),
    ),
    Mistake(
        "pid_as_head_of_k",
        (Edit(TO_K, "k_ptr += pid_bh.to(tl.int64) * stride_kh"),),
        caught_by="numbers",
        says="Your pointer to k takes pid_bh for the head: that is right only while one batch begins where the last head "
        "of the one before ends. Batch and head have a stride each.",
        hint=2,
        formula=read(as_it_is, by_head_stride),
    ),
    Mistake(
        "batch_of_q_forgotten",
        (Edit(TO_Q, "q_ptr += head.to(tl.int64) * stride_qh"),),
        caught_by="numbers",
        says="Your scores use the queries of batch 0 in every batch: q_ptr has to move by batch * stride_qb as well.",
        hint=3,
        formula=read(first_batch, as_it_is),
    ),
    Mistake(
        "batch_of_k_forgotten",
        (Edit(TO_K, "k_ptr += head.to(tl.int64) * stride_kh"),),
        caught_by="numbers",
        says="Your scores use the keys of batch 0 in every batch: k_ptr has to move by batch * stride_kb as well.",
        hint=3,
        formula=read(as_it_is, first_batch),
    ),
    Mistake(
        "batch_forgotten",
        (
            Edit(TO_Q, "q_ptr += head.to(tl.int64) * stride_qh"),
            Edit(TO_K, "k_ptr += head.to(tl.int64) * stride_kh"),
        ),
        caught_by="numbers",
        says="Your scores are those of batch 0 in every batch: q_ptr and k_ptr have to move by the batch as well.",
        hint=3,
        formula=read(first_batch, first_batch),
    ),
    Mistake(
        "head_of_q_forgotten",
        (Edit(TO_Q, "q_ptr += batch.to(tl.int64) * stride_qb"),),
        caught_by="numbers",
        says="Your scores use the queries of head 0 in every head: q_ptr has to move by head * stride_qh as well.",
        hint=3,
        formula=read(first_head, as_it_is),
    ),
    Mistake(
        "head_of_k_forgotten",
        (Edit(TO_K, "k_ptr += batch.to(tl.int64) * stride_kb"),),
        caught_by="numbers",
        says="Your scores use the keys of head 0 in every head: k_ptr has to move by head * stride_kh as well.",
        hint=3,
        formula=read(as_it_is, first_head),
    ),
    Mistake(
        "head_forgotten",
        (
            Edit(TO_Q, "q_ptr += batch.to(tl.int64) * stride_qb"),
            Edit(TO_K, "k_ptr += batch.to(tl.int64) * stride_kb"),
        ),
        caught_by="numbers",
        says="Your scores are those of head 0 in every head: q_ptr and k_ptr have to move by the head as well.",
        hint=3,
        formula=read(first_head, first_head),
    ),
    Mistake(
        "q_not_moved",
        (Edit(TO_Q, "pass"),),
        caught_by="numbers",
        says="Your scores use the queries of the very first head everywhere: q_ptr has to move to this batch and head.",
        hint=3,
        formula=read(first_matrix, as_it_is),
    ),
    Mistake(
        "k_not_moved",
        (Edit(TO_K, "pass"),),
        caught_by="numbers",
        says="Your scores use the keys of the very first head everywhere: k_ptr has to move to this batch and head.",
        hint=3,
        formula=read(as_it_is, first_matrix),
    ),
    Mistake(
        "inputs_not_moved",
        (Edit(TO_Q, "pass"), Edit(TO_K, "pass")),
        caught_by="numbers",
        says="Your scores are those of the very first head everywhere: q_ptr and k_ptr have to move to this batch and head.",
        hint=3,
        formula=read(first_matrix, first_matrix),
    ),
    # numbers: precision
    Mistake(
        "scores_in_fp16",
        (Edit(SCORES, f"scores = {DOT}.to(tl.float16) * sm_scale"),),
        caught_by="numbers",
        says="Your dot products are rounded to fp16 before the scale: digits are lost, and what exceeds 65504 becomes inf. "
        "Keep them in fp32 until the store.",
        hint=5,
    ),
    Mistake(
        "scores_in_input_dtype",
        (Edit(SCORES, f"scores = {DOT}.to(q.dtype) * sm_scale"),),
        caught_by="numbers",
        says=HALF_DOTS,
        hint=5,
    ),
    Mistake(
        "dot_returns_fp16",
        (Edit(SCORES, SCORES.replace(")", ", out_dtype=tl.float16)")),),
        caught_by="numbers",
        says=HALF_DOTS,
        hint=5,
        same_output_as=("scores_in_input_dtype",),
    ),
    Mistake(
        "inputs_in_fp16",
        (Edit(SCORES, SCORES.replace("q, k", "q.to(tl.float16), k.to(tl.float16)")),),
        caught_by="numbers",
        says="Your queries and keys are rounded to fp16 before they are multiplied: give `tl.dot` the tiles as they are.",
        hint=5,
        formula=read(in_fp16, in_fp16),
    ),
    # memory: which matrix
    Mistake(
        "batch_and_head_swapped",
        (Edit(BATCH, "batch = pid_bh % H"), Edit(HEAD, "head = pid_bh // H")),
        caught_by="memory",
        says="Your batch and head are the wrong way round: the heads of one batch follow each other, so pid_bh // H is "
        "the batch and pid_bh % H the head.",
        hint=2,
        finding="elsewhere",
    ),
    Mistake(
        "heads_counted_as_batches",
        (Edit(LAUNCH_SIZES, "B, M, N, sm_scale,"),),
        caught_by="memory",
        says="Your kernel is given the number of batches where it expects the number of heads.",
        hint=2,
        finding="elsewhere",
    ),
    Mistake(
        "batch_and_head_strides_swapped",
        (
            Edit(TO_Q, "q_ptr += batch.to(tl.int64) * stride_qh + head.to(tl.int64) * stride_qb"),
            Edit(TO_K, "k_ptr += batch.to(tl.int64) * stride_kh + head.to(tl.int64) * stride_kb"),
        ),
        caught_by="memory",
        says="Your pointers move by the strides the wrong way round: batches are stride_qb apart, heads stride_qh.",
        hint=3,
        finding="elsewhere",
    ),
    Mistake(
        "pid_as_batch_and_head",
        (Edit(BATCH, "batch = pid_bh"), Edit(HEAD, "head = pid_bh")),
        caught_by="memory",
        says="Your batch and head are both pid_bh, which counts all matrices: split it with // and %.",
        hint=2,
        finding="elsewhere",
    ),
    Mistake(
        "out_not_moved",
        (Edit(TO_OUT, "pass"),),
        caught_by="memory",
        says="Your programs all write to the first matrix of scores: out_ptr has to move to this batch and head.",
        hint=3,
        finding="write_race",
    ),
    Mistake(
        "batch_of_out_forgotten",
        (Edit(TO_OUT, "out_ptr += head.to(tl.int64) * stride_oh"),),
        caught_by="memory",
        says="Your programs of all batches write to batch 0: out_ptr has to move by batch * stride_ob as well.",
        hint=3,
        finding="write_race",
    ),
    Mistake(
        "head_of_out_forgotten",
        (Edit(TO_OUT, "out_ptr += batch.to(tl.int64) * stride_ob"),),
        caught_by="memory",
        says="Your programs of all heads write to head 0: out_ptr has to move by head * stride_oh as well.",
        hint=3,
        finding="write_race",
    ),
    # memory: the grid
    Mistake(
        "tile_numbers_swapped",
        (Edit(PIDS, PIDS.replace("pid_m", "pid").replace("pid_n", "pid_m").replace("pid =", "pid_n =")),),
        caught_by="memory",
        says="Your tile numbers are the wrong way round: axis 0 of the grid counts tiles of queries, axis 1 tiles of keys.",
        hint=1,
        finding="unwritten",
    ),
    Mistake(
        "matrix_number_on_axis_0",
        (
            Edit(
                PIDS,
                PIDS.replace("axis=0", "axis=3")
                .replace("axis=1", "axis=0")
                .replace("axis=2", "axis=1")
                .replace("axis=3", "axis=2"),
            ),
        ),
        caught_by="memory",
        says="Your program numbers come from the wrong axes: axis 0 counts tiles of queries, axis 1 tiles of keys, axis 2 "
        "the heads of all batches.",
        hint=1,
        finding="unwritten",
    ),
    Mistake(
        "grid_without_batches",
        (Edit(GRID, GRID.replace("B * H", "H")),),
        caught_by="memory",
        says="Your grid has programs for one batch only: its third axis is B * H long.",
        hint=1,
        finding="unwritten",
    ),
    Mistake(
        "grid_rounded_down",
        (Edit(GRID, "grid = (max(M // BLOCK_M, 1), max(N // BLOCK_N, 1), B * H)"),),
        caught_by="memory",
        says="Your grid rounds down: the tiles that hang over an edge get no program. triton.cdiv rounds up.",
        hint=1,
        finding="unwritten",
    ),
    Mistake(
        "grid_by_queries_twice",
        (Edit(GRID, GRID.replace("cdiv(N, BLOCK_N)", "cdiv(M, BLOCK_N)")),),
        caught_by="memory",
        says="Your grid counts queries along axis 1, too: there may be more keys than queries, or fewer.",
        hint=1,
        finding="unwritten",
    ),
    Mistake(
        "offsets_without_block",
        (Edit(OFFS_M, OFFS_M.replace(" * BLOCK_M", "")), Edit(OFFS_N, OFFS_N.replace(" * BLOCK_N", ""))),
        caught_by="memory",
        says="Your tiles overlap: tile number pid_m begins at query pid_m * BLOCK_M, and tile number pid_n at key "
        "pid_n * BLOCK_N.",
        hint=1,
        finding="unwritten",
    ),
    # memory: strides
    Mistake(
        "k_strides_swapped",
        (Edit(K_PTRS, "k_ptrs = k_ptr + offs_d[:, None] * stride_kn + offs_n[None, :] * stride_kd"),),
        caught_by="memory",
        says="Your pointers to k use its two strides the wrong way round: that reads k itself, and the dot needs its "
        "transpose. The numbers of a key are stride_kd apart, keys stride_kn.",
        hint=4,
    ),
    Mistake(
        "q_strides_swapped",
        (Edit(Q_PTRS, "q_ptrs = q_ptr + offs_m[:, None] * stride_qd + offs_d[None, :] * stride_qm"),),
        caught_by="memory",
        says="Your pointers to q use its two strides the wrong way round: queries are stride_qm apart, the numbers of a "
        "query stride_qd.",
        hint=4,
    ),
    Mistake(
        "q_assumed_contiguous",
        (
            Edit(TO_Q, "q_ptr += pid_bh.to(tl.int64) * M * D"),
            Edit(Q_PTRS, "q_ptrs = q_ptr + offs_m[:, None] * D + offs_d[None, :]"),
        ),
        caught_by="memory",
        says="Your kernel reads q as if it were contiguous: use its four strides.",
        hint=4,
    ),
    Mistake(
        "k_assumed_contiguous",
        (
            Edit(TO_K, "k_ptr += pid_bh.to(tl.int64) * N * D"),
            Edit(K_PTRS, "k_ptrs = k_ptr + offs_d[:, None] + offs_n[None, :] * D"),
        ),
        caught_by="memory",
        says="Your kernel reads k as if it were contiguous: use its four strides.",
        hint=4,
    ),
    Mistake(
        "rows_of_q_assumed_contiguous",
        (Edit(Q_PTRS, "q_ptrs = q_ptr + offs_m[:, None] * D + offs_d[None, :]"),),
        caught_by="memory",
        says="Your pointers to q take queries to be D elements apart and their numbers to be neighbours: use stride_qm and "
        "stride_qd.",
        hint=4,
    ),
    Mistake(
        "last_stride_of_q_assumed",
        (Edit(Q_PTRS, "q_ptrs = q_ptr + offs_m[:, None] * stride_qm + offs_d[None, :]"),),
        caught_by="memory",
        says="Your pointers to q take the numbers of a query to be neighbours in memory: they are stride_qd apart.",
        hint=4,
    ),
    Mistake(
        "last_stride_of_k_assumed",
        (Edit(K_PTRS, "k_ptrs = k_ptr + offs_d[:, None] + offs_n[None, :] * stride_kn"),),
        caught_by="memory",
        says="Your pointers to k take the numbers of a key to be neighbours in memory: they are stride_kd apart.",
        hint=4,
    ),
    Mistake(
        "strides_of_q_for_k",
        (Edit(STRIDES, STRIDES.replace("*k.stride()", "*q.stride()")),),
        caught_by="memory",
        says="Your kernel uses the strides of q for k: they differ in shape and in layout.",
        hint=4,
    ),
    Mistake(
        "strides_of_q_in_k_ptrs",
        (Edit(K_PTRS, "k_ptrs = k_ptr + offs_d[:, None] * stride_qd + offs_n[None, :] * stride_qm"),),
        caught_by="memory",
        says="Your pointers to k use the strides of q: keys are stride_kn apart, and their numbers stride_kd.",
        hint=4,
    ),
    Mistake(
        "batch_and_head_of_k_by_strides_of_q",
        (Edit(TO_K, "k_ptr += batch.to(tl.int64) * stride_qb + head.to(tl.int64) * stride_qh"),),
        caught_by="memory",
        says="Your k_ptr moves by the strides of q: batches of k are stride_kb apart, heads stride_kh.",
        hint=3,
    ),
    Mistake(
        "strides_of_q_for_out",
        (
            Edit(TO_OUT, "out_ptr += batch.to(tl.int64) * stride_qb + head.to(tl.int64) * stride_qh"),
            Edit(OUT_PTRS, "out_ptrs = out_ptr + offs_m[:, None] * stride_qm + offs_n[None, :] * stride_qd"),
        ),
        caught_by="memory",
        says="Your store uses the strides of q, and writes to out: a matrix of scores has another shape.",
        hint=3,
    ),
    Mistake(
        "scores_transposed",
        (Edit(OUT_PTRS, "out_ptrs = out_ptr + offs_m[:, None] * stride_on + offs_n[None, :] * stride_om"),),
        caught_by="memory",
        says="Your store writes the transpose of the scores: queries are stride_om apart, keys stride_on.",
        hint=5,
    ),
    # memory: masks
    Mistake(
        "no_query_mask",
        (Edit(LOAD_Q, "q = tl.load(q_ptrs)"),),
        caught_by="memory",
        says="Your load of q has no mask: the lowest tile hangs over the last query.",
        hint=4,
    ),
    Mistake(
        "no_key_mask",
        (Edit(LOAD_K, "k = tl.load(k_ptrs)"),),
        caught_by="memory",
        says="Your load of k has no mask: the rightmost tile hangs over the last key.",
        hint=4,
    ),
    Mistake(
        "query_mask_one_too_far",
        (Edit(LOAD_Q, LOAD_Q.replace("< M", "<= M")),),
        caught_by="memory",
        says="Your mask of q uses `<=` and lets query M in: the last one is M - 1.",
        hint=4,
    ),
    Mistake(
        "key_mask_one_too_far",
        (Edit(LOAD_K, LOAD_K.replace("< N", "<= N")),),
        caught_by="memory",
        says="Your mask of k uses `<=` and lets key N in: the last one is N - 1.",
        hint=4,
    ),
    Mistake(
        "key_mask_with_queries",
        (Edit(LOAD_K, LOAD_K.replace("< N", "< M")),),
        caught_by="memory",
        says="Your mask of k stops at M, the number of queries: there are N keys.",
        hint=4,
    ),
    Mistake(
        "key_mask_with_d",
        (Edit(LOAD_K, LOAD_K.replace("offs_n[None, :] < N", "offs_d[:, None] < D")),),
        caught_by="memory",
        says="Your mask of k looks at D, where nothing hangs over: it has to stop at the last key.",
        hint=4,
    ),
    Mistake(
        "no_query_mask_on_store",
        (Edit(OUT_MASK, "out_mask = offs_n[None, :] < N"),),
        caught_by="memory",
        says="Your store has no mask that stops at query M: the lowest tiles write into the next head, or beyond the end.",
        hint=5,
    ),
    Mistake(
        "no_key_mask_on_store",
        (Edit(OUT_MASK, "out_mask = offs_m[:, None] < M"),),
        caught_by="memory",
        says="Your store has no mask that stops at key N: what hangs over on the right lands in the rows of later queries.",
        hint=5,
    ),
    Mistake(
        "no_mask_on_store",
        (Edit(STORE, STORE.replace(", mask=out_mask", "")),),
        caught_by="memory",
        says="Your store has no mask: tiles that hang over an edge write where the scores of others are.",
        hint=5,
    ),
    # compile
    Mistake(
        "k_not_transposed",
        (Edit(K_PTRS, K_PTRS_AS_ROWS), Edit(LOAD_K, LOAD_K_AS_ROWS)),
        caught_by="compile",
        says="Your tile of k is (BLOCK_N, D), one key to a row. `tl.dot` needs it transposed: (D, BLOCK_N).",
        hint=4,
    ),
    Mistake(
        "transposed_twice",
        (Edit(SCORES, SCORES.replace("(q, k,", "(q, tl.trans(k),")),),
        caught_by="compile",
        says="Your tile of k is transposed twice: the pointers turn it already.",
        hint=5,
    ),
    Mistake(
        "key_mask_stands_up",
        (Edit(LOAD_K, LOAD_K_AS_ROWS),),
        caught_by="compile",
        says="Your mask of k stands up, and the keys of the tile run to the right: lay it down with [None, :].",
        hint=4,
    ),
    Mistake(
        "q_scaled_in_fp32",
        (Edit(LOAD_Q, f"{LOAD_Q} * sm_scale"), Edit(SCORES, f"scores = {DOT}")),
        caught_by="compile",
        says="Your scaled q is fp32 while k is fp16: `tl.dot` wants one dtype. Scale the scores instead, which are fp32.",
        hint=5,
    ),
    Mistake(
        "and_between_masks",
        (Edit(OUT_MASK, OUT_MASK.replace(" & ", " and ")),),
        caught_by="compile",
        says="Your mask joins two blocks with `and`, which asks a whole block for a single True or False. "
        "Write `&`, with brackets around each comparison.",
        hint=5,
    ),
    Mistake(
        "d_not_constexpr",
        (Edit("    D: tl.constexpr,", "    D,"),),
        caught_by="compile",
        says="Your D is a number of the run: tl.arange needs one that the compiler knows, D: tl.constexpr.",
        hint=4,
    ),
    # rules
    Mistake(
        "computed_in_torch",
        (Edit(RETURN, "    return q @ k.transpose(-1, -2) * sm_scale\n"),),
        caught_by="rules",
        says="Your launcher computes the scores in PyTorch: they have to come from the kernel.",
        hint=1,
    ),
    Mistake(
        "scaled_in_torch",
        (Edit(SCORES, f"scores = {DOT}"), Edit(RETURN, "    return out * sm_scale\n")),
        caught_by="rules",
        says="Your launcher scales the scores in PyTorch, which reads and writes all of them once more: the kernel has "
        "them at hand.",
        hint=5,
    ),
    Mistake(
        "q_scaled_in_torch",
        (Edit(SCORES, f"scores = {DOT}"), Edit(ALLOCATION, f"q = q * sm_scale\n    {ALLOCATION}")),
        caught_by="rules",
        says="Your launcher scales the queries in PyTorch: the kernel has the scores at hand.",
        hint=5,
    ),
    Mistake(
        "k_transposed_by_copying",
        (
            Edit(ALLOCATION, f"k = k.transpose(-1, -2).contiguous()\n    {ALLOCATION}"),
            Edit(STRIDES, STRIDES.replace("*k.stride()", "*k.transpose(-1, -2).stride()")),
        ),
        caught_by="rules",
        says="Your launcher copies k to transpose it. In this level strides are the lesson: let the pointers turn it.",
        hint=4,
    ),
    Mistake(
        "copied_to_contiguous",
        (Edit(ALLOCATION, f"q, k = q.contiguous(), k.contiguous()\n    {ALLOCATION}"),),
        caught_by="rules",
        says="Your launcher copies its inputs with `.contiguous()`. In this level strides are the lesson: let the kernel "
        "read them where they lie.",
        hint=4,
    ),
    Mistake(
        "reshaped_to_three_axes",
        (
            Edit(ALLOCATION, f"q, k = q.reshape(B * H, 1, M, D), k.reshape(B * H, 1, N, D)\n    {ALLOCATION}"),
            Edit(LAUNCH_SIZES, "1, M, N, sm_scale,"),
            Edit(STRIDES, STRIDES.replace("*out.stride()", "out.stride(1), 0, out.stride(2), out.stride(3)")),
        ),
        caught_by="rules",
        says="Your launcher makes one axis of batch and head with `reshape`, which copies what isn't laid out that way.",
        hint=2,
    ),
    Mistake(
        "result_cast_in_launcher",
        (
            Edit(ALLOCATION, ALLOCATION.replace("q.dtype", "torch.float32")),
            Edit(RETURN, "    return out.to(q.dtype)\n"),
        ),
        caught_by="rules",
        says="Your launcher converts the scores in PyTorch, which reads and writes all of them once more: allocate out in "
        "the dtype of the inputs, and the store converts.",
        hint=5,
    ),
    # contract
    Mistake(
        "result_always_fp32",
        (Edit(ALLOCATION, ALLOCATION.replace("q.dtype", "torch.float32")),),
        caught_by="contract",
        says="Your scores are fp32 whatever the inputs are: out has the dtype of q and k.",
        hint=5,
    ),
    Mistake(
        "result_of_keys_by_queries",
        (
            Edit(ALLOCATION, ALLOCATION.replace("M, N", "N, M")),
            Edit(STRIDES, STRIDES.replace("*out.stride()", "*out.transpose(-1, -2).stride()")),
        ),
        caught_by="contract",
        says="Your result is (B, H, N, M): a row of the scores belongs to a query, a column to a key.",
        hint=1,
    ),
)

VARIANTS = (
    Variant("blocks_16", blocks(16, 16), "the smallest tiles that tl.dot takes are as right as any"),
    Variant("blocks_64", blocks(64, 64, 8), "one size of tiles for all dtypes"),
    Variant(
        "blocks_128",
        (*blocks(128, 128, 8), Edit(SCORES, "scores = tl.dot(q, k) * sm_scale")),
        "large tiles, with the dot in its default precision",
    ),
    Variant("wide_tiles", blocks(16, 128), "tiles needn't be square"),
    Variant("tall_tiles", blocks(128, 32), "nor lie on their side"),
    Variant(
        "programs_backwards",
        (
            Edit(PIDS, PIDS + "    pid_m = tl.num_programs(axis=0) - 1 - pid_m\n"),
            Edit(BATCH, "pid_bh = tl.num_programs(axis=2) - 1 - pid_bh\n    batch = pid_bh // H"),
        ),
        "which program takes which tile is free",
    ),
    Variant(
        "heads_first",
        (
            Edit(
                PIDS,
                PIDS.replace("axis=2", "axis=3")
                .replace("axis=1", "axis=2")
                .replace("axis=0", "axis=1")
                .replace("axis=3", "axis=0"),
            ),
            Edit(GRID, "grid = (B * H, triton.cdiv(M, BLOCK_M), triton.cdiv(N, BLOCK_N))"),
        ),
        "the axes of the grid may have any order, if launcher and kernel agree",
    ),
    Variant(
        "batches_follow_each_other",
        (
            Edit(BATCH, "batch = pid_bh % (tl.num_programs(axis=2) // H)"),
            Edit(HEAD, "head = pid_bh // (tl.num_programs(axis=2) // H)"),
        ),
        "all batches of head 0 first is as good an order as all heads of batch 0",
    ),
    Variant(
        "one_axis",
        (
            Edit(
                PIDS,
                """    pid = tl.program_id(axis=0)
    tiles_m = tl.cdiv(M, BLOCK_M)
    tiles_n = tl.cdiv(N, BLOCK_N)
    pid_m = pid % tiles_m
    pid_n = pid // tiles_m % tiles_n
    pid_bh = pid // (tiles_m * tiles_n)
""",
            ),
            Edit(GRID, "grid = (triton.cdiv(M, BLOCK_M) * triton.cdiv(N, BLOCK_N) * B * H,)"),
        ),
        "a grid of one axis, taken apart by the kernel",
    ),
    Variant(
        "head_and_batch_on_axes",
        (
            Edit(
                PIDS,
                """    pid = tl.program_id(axis=0)
    tiles_m = tl.cdiv(M, BLOCK_M)
    pid_m = pid % tiles_m
    pid_n = pid // tiles_m
""",
            ),
            Edit(BATCH, "batch = tl.program_id(axis=2)"),
            Edit(HEAD, "head = tl.program_id(axis=1)"),
            Edit(GRID, "grid = (triton.cdiv(M, BLOCK_M) * triton.cdiv(N, BLOCK_N), H, B)"),
        ),
        "batch and head with an axis each, and the tiles counted on the first",
    ),
    Variant(
        "transposed_by_trans",
        (
            Edit(K_PTRS, K_PTRS_AS_ROWS),
            Edit(LOAD_K, LOAD_K_AS_ROWS),
            Edit(SCORES, SCORES.replace("(q, k,", "(q, tl.trans(k),")),
        ),
        "the tile of k loaded as it lies, and turned afterwards",
    ),
    Variant(
        "transposed_by_t",
        (
            Edit(K_PTRS, K_PTRS_AS_ROWS),
            Edit(LOAD_K, LOAD_K_AS_ROWS),
            Edit(SCORES, SCORES.replace("(q, k,", "(q, k.T,")),
        ),
        "the same with .T",
    ),
    Variant(
        "transposed_view",
        (
            Edit(ALLOCATION, f"k = k.transpose(-1, -2)\n    {ALLOCATION}"),
            Edit(STRIDES, STRIDES.replace("*k.stride()", "k.stride(0), k.stride(1), k.stride(3), k.stride(2)")),
        ),
        "a transposed view in the launcher copies nothing",
    ),
    Variant(
        "transposed_result",
        (
            Edit(K_PTRS, K_PTRS_AS_ROWS),
            Edit(LOAD_K, LOAD_K_AS_ROWS),
            Edit(SCORES, 'scores = tl.trans(tl.dot(k, tl.trans(q), input_precision="ieee")) * sm_scale'),
        ),
        "(k @ q^T)^T is q @ k^T",
    ),
    Variant(
        "q_scaled",
        (Edit(LOAD_Q, f"{LOAD_Q}\n    q = (q * sm_scale).to(k_ptr.dtype.element_ty)"), Edit(SCORES, f"scores = {DOT}")),
        "the queries are scaled instead of the scores, which takes fewer multiplications",
    ),
    Variant(
        "default_precision",
        (Edit(SCORES, "scores = tl.dot(q, k) * sm_scale"),),
        "tl.dot without a precision: TF32 for fp32 inputs on a GPU, judged by the half-precision budget",
    ),
    Variant(
        "three_tf32_dots",
        (Edit(SCORES, 'scores = tl.dot(q, k, input_precision="tf32x3") * sm_scale'),),
        "three TF32 dots make up for what one loses",
    ),
    Variant(
        "accumulated",
        (
            Edit(
                SCORES,
                "acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)\n"
                '    acc = tl.dot(q, k, acc, input_precision="ieee")\n'
                "    scores = acc * sm_scale",
            ),
        ),
        "with an accumulator, as in level 2",
    ),
    Variant(
        "in_steps_along_d",
        (
            Edit(OFFS_D, "offs_d = tl.arange(0, 16)"),
            Edit(LOAD_Q, "scores = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)"),
            Edit(LOAD_K, "for d in range(0, D, 16):"),
            Edit(
                SCORES,
                "    q = tl.load(q_ptrs + d * stride_qd, mask=offs_m[:, None] < M, other=0.0)\n"
                "        k = tl.load(k_ptrs + d * stride_kd, mask=offs_n[None, :] < N, other=0.0)\n"
                '        scores = tl.dot(q, k, scores, input_precision="ieee")\n'
                "    scores = scores * sm_scale",
            ),
        ),
        "a loop along D isn't needed, and does no harm",
    ),
    Variant(
        "without_other",
        (Edit(LOAD_Q, LOAD_Q.replace(", other=0.0", "")), Edit(LOAD_K, LOAD_K.replace(", other=0.0", ""))),
        "a query that doesn't exist gives a row of scores that doesn't exist, and the store leaves it out",
    ),
    Variant(
        "wrapped_around",
        (
            Edit(Q_PTRS, Q_PTRS.replace("offs_m[:, None]", "(offs_m % M)[:, None]")),
            Edit(K_PTRS, K_PTRS.replace("offs_n[None, :]", "(offs_n % N)[None, :]")),
            Edit(LOAD_Q, "q = tl.load(q_ptrs)"),
            Edit(LOAD_K, "k = tl.load(k_ptrs)"),
        ),
        "indices that hang over wrap around to real queries and keys, and the store's mask drops them",
    ),
    Variant(
        "masked_along_d_too",
        (
            Edit(LOAD_Q, LOAD_Q.replace("offs_m[:, None] < M", "(offs_m[:, None] < M) & (offs_d[None, :] < D)")),
            Edit(LOAD_K, LOAD_K.replace("offs_n[None, :] < N", "(offs_d[:, None] < D) & (offs_n[None, :] < N)")),
        ),
        "a comparison that is always True",
    ),
    Variant(
        "strides_of_out_known",
        (
            Edit(TO_OUT, "out_ptr += pid_bh.to(tl.int64) * M * N"),
            Edit(OUT_PTRS, "out_ptrs = out_ptr + offs_m[:, None].to(tl.int64) * N + offs_n[None, :]"),
        ),
        "out is fresh from torch.empty: its strides are known, unlike those of q and k",
    ),
    Variant(
        "all_in_one_expression",
        (
            Edit(TO_Q, "pass"),
            Edit(
                Q_PTRS,
                Q_PTRS.replace("q_ptr +", "q_ptr + batch.to(tl.int64) * stride_qb + head.to(tl.int64) * stride_qh +"),
            ),
        ),
        "the pointer itself needn't move",
    ),
    Variant(
        "implicit_cast",
        (Edit(STORE, STORE.replace(".to(out_ptr.dtype.element_ty)", "")),),
        "tl.store converts to the dtype that the pointer points to",
    ),
    Variant(
        "without_dot",
        (
            *blocks(16, 16),
            Edit(
                SCORES,
                "products = q.to(tl.float32)[:, :, None] * k.to(tl.float32)[None, :, :]\n"
                "    scores = tl.sum(products, axis=1) * sm_scale",
            ),
        ),
        "the product written out as a sum over a third axis",
    ),
)
