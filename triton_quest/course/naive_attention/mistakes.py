"""Level 6's known mistakes, as edits of the solution, and right versions written differently.

`formula` gives what the mistake computes, where that doesn't depend on the tiles: in float64, but for `no_max`, since
only in fp32 does it overflow as the kernel does.
"""

from collections.abc import Callable

import torch

from triton_quest.course.mistake import Edit, Mistake, Variant

# scores_kernel
MINUS_INFINITY = 'scores = tl.full((BLOCK_M, BLOCK_N), -float("inf"), dtype=tl.float32)'
ANY_VISIBLE = "if not CAUSAL or last_query >= first_key:"
LOAD_Q = "q = tl.load(q_ptrs, mask=offs_m[:, None] < M, other=0.0)"
K_PTRS = "k_ptrs = k_ptr + offs_d[:, None] * stride_kd + offs_n[None, :] * stride_kn"
LOAD_K = "k = tl.load(k_ptrs, mask=offs_n[None, :] < N, other=0.0)"
SCORES = 'scores = tl.dot(q, k, input_precision="ieee") * sm_scale'
UNSCALED = 'scores = tl.dot(q, k, input_precision="ieee")'
VISIBLE = "visible = offs_m[:, None] >= offs_n[None, :]"
HIDE = 'scores = tl.where(visible, scores, -float("inf"))'
STORE_SCORES = "    tl.store(out_ptrs, scores, mask=out_mask)"

# softmax_kernel
N_COLS = "    n_cols,  # how many numbers there are in a row\n"
ROW = "row = tl.program_id(axis=0).to(tl.int64)"
COLS = "    cols = tl.arange(0, BLOCK_SIZE)\n    mask = cols < n_cols\n"
X_PTRS = "x_ptrs = x_ptr + row * n_cols + cols"
LOAD_X = 'x = tl.load(x_ptrs, mask=mask, other=-float("inf"))'
ROW_MAX = "row_max = tl.max(x, axis=0)"
NUMERATOR = "numerator = tl.exp(x - row_max)"
DENOMINATOR = "denominator = tl.sum(numerator, axis=0)"
STORE_WEIGHTS = "tl.store(x_ptrs, numerator / denominator, mask=mask)"

# values_kernel
D_OF_VALUES = "    D: tl.constexpr,  # numbers in a value\n"
PIDS = "    pid_m = tl.program_id(axis=0)\n    pid_bh = tl.program_id(axis=1)\n"
BATCH = "    batch = (pid_bh // H).to(tl.int64)\n"
BATCH_AND_HEAD = BATCH + "    head = (pid_bh % H).to(tl.int64)\n"
V_HEAD = "v_ptr += batch * stride_vb + head * stride_vh"
WEIGHTS_PTRS = "weights_ptrs = weights_ptr + rows[:, None] * stride_wm + offs_n[None, :] * stride_wn"
V_PTRS = "v_ptrs = v_ptr + offs_n[:, None] * stride_vn + offs_d[None, :] * stride_vd"
ZEROS = "acc = tl.zeros((BLOCK_M, D), dtype=tl.float32)"
LOOP = "for start_n in range(0, N, BLOCK_N):"
WEIGHTS_MASK = "(offs_m[:, None] < M) & (offs_n[None, :] < N - start_n)"
LOAD_WEIGHTS = f"weights = tl.load(weights_ptrs, mask={WEIGHTS_MASK}, other=0.0)"
V_MASK = "offs_n[:, None] < N - start_n"
LOAD_V = f"v = tl.load(v_ptrs, mask={V_MASK}, other=0.0)"
DOT = 'acc = tl.dot(weights.to(v.dtype), v, acc, input_precision="ieee")'
PRODUCT = 'tl.dot(weights.to(v.dtype), v, input_precision="ieee")'
NEXT_WEIGHTS = "weights_ptrs += BLOCK_N * stride_wn"
NEXT_V = "v_ptrs += BLOCK_N * stride_vn"
STORE_OUT = "tl.store(out_ptrs, acc.to(out_ptr.dtype.element_ty), mask=offs_m[:, None] < M)"

# naive_attention
SCALE = "sm_scale = D**-0.5\n"
OUT = "    out = torch.empty((B, H, M, D), dtype=q.dtype, device=q.device)\n"
BLOCKS = "BLOCK_M, BLOCK_N, num_warps = 64, 32, 8"
FP32_BLOCKS = "BLOCK_M, BLOCK_N = 32, 32"
BLOCK_SIZE = "BLOCK_SIZE = triton.next_power_of_2(N)"
ALLOCATION = "scores = torch.empty((B, H, M, N), dtype=torch.float32, device=q.device)"
SCORES_GRID = "grid = (triton.cdiv(M, BLOCK_M), triton.cdiv(N, BLOCK_N), B * H)"
SCORES_LAUNCH = """\
    scores_kernel[grid](
        q, k, scores,
        *q.stride(), *k.stride(), *scores.stride(),
        H, M, N, sm_scale,
        D=D, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, CAUSAL=causal, num_warps=num_warps,
    )  # fmt: skip
"""
SOFTMAX_GRID = "grid = (B * H * M,)"
SOFTMAX_LAUNCH = "    softmax_kernel[grid](scores, N, BLOCK_SIZE=BLOCK_SIZE, num_warps=row_warps)\n"
VALUES_GRID = "grid = (triton.cdiv(M, BLOCK_M), B * H)"
VALUES_LAUNCH = """\
    values_kernel[grid](
        scores, v, out,
        *scores.stride(), *v.stride(), *out.stride(),
        H, M, N,
        D=D, BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, num_warps=num_warps,
    )  # fmt: skip
"""
RETURN = "    return out\n"

Tensor = torch.Tensor


def in_scores_launch(old: str, new: str) -> Edit:
    return Edit(SCORES_LAUNCH, SCORES_LAUNCH.replace(old, new))


def in_values_launch(old: str, new: str) -> Edit:
    return Edit(VALUES_LAUNCH, VALUES_LAUNCH.replace(old, new))


def tiles_of(block_m: int, block_n: int, fp32_m: int, fp32_n: int) -> tuple[Edit, ...]:
    """Other sizes, in half precision and in fp32."""
    return (
        Edit(BLOCKS, f"BLOCK_M, BLOCK_N, num_warps = {block_m}, {block_n}, 8"),
        Edit(FP32_BLOCKS, f"BLOCK_M, BLOCK_N = {fp32_m}, {fp32_n}"),
    )


CAUSAL_VALUES = (  # values_kernel knows of the mask
    Edit(D_OF_VALUES, D_OF_VALUES + "    CAUSAL: tl.constexpr,\n"),
    in_values_launch("BLOCK_N=BLOCK_N,", "BLOCK_N=BLOCK_N, CAUSAL=causal,"),
)


# Formulas


def own_or_given(own: float, given: float | None) -> float:
    return own if given is None else given


def hidden(scores: Tensor, value: float = -torch.inf, diagonal: int = 1) -> Tensor:
    """scores: (..., M, N), with `value` from this diagonal on upwards; 1 is the first above the main one"""
    return scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(diagonal), value)


def softmax(scores: Tensor, causal: bool) -> Tensor:
    return torch.softmax(scores, dim=-1)


def attention(
    scale: Callable[[float, float | None], float] = own_or_given,
    mask: Callable[[Tensor, bool], Tensor] = lambda scores, causal: hidden(scores) if causal else scores,
    weigh: Callable[[Tensor, bool], Tensor] = softmax,
    values: Callable[[Tensor], Tensor] = lambda v: v,
) -> Callable[..., Tensor]:
    """The formula of attention in which one part is another. `scale` gets 1 / sqrt(D) and the caller's."""

    def formula(q: Tensor, k: Tensor, v: Tensor, causal: bool = True, sm_scale: float | None = None) -> Tensor:
        scores = q @ k.transpose(-1, -2) * scale(q.shape[-1] ** -0.5, sm_scale)
        return weigh(mask(scores, causal), causal) @ values(v)

    return formula


def hidden_by(value: float = -torch.inf, diagonal: int = 1) -> Callable[..., Tensor]:
    return attention(mask=lambda scores, causal: hidden(scores, value, diagonal) if causal else scores)


def numerators(scores: Tensor, causal: bool) -> Tensor:
    return (scores - scores.amax(dim=-1, keepdim=True)).exp()


def without_max(scores: Tensor, causal: bool) -> Tensor:
    exp = scores.float().exp()
    return (exp / exp.sum(dim=-1, keepdim=True)).double()


def powers_of_two(scores: Tensor, causal: bool) -> Tensor:
    return torch.softmax(scores * 0.6931471805599453, dim=-1)  # log(2)


def softmax_of_first_rows(count: Callable[[int, int], int]) -> Callable[..., Tensor]:
    """Softmax of some rows, counted through all heads; `count` gets B * H and M."""

    def weigh(scores: Tensor, causal: bool) -> Tensor:
        rows = scores.reshape(-1, scores.shape[-1])
        done = count(scores.shape[0] * scores.shape[1], scores.shape[2])
        return torch.cat((torch.softmax(rows[:done], dim=-1), rows[done:])).reshape(scores.shape)

    return weigh


def zeros_behind(scores: Tensor, causal: bool) -> Tensor:
    """Softmax of rows that go on with zeros up to the next power of two."""
    columns = scores.shape[-1]
    padding = (1 << (columns - 1).bit_length()) - columns
    return torch.softmax(torch.nn.functional.pad(scores, (0, padding)), dim=-1)[..., :columns]


def hidden_afterwards(weights: Tensor, causal: bool) -> Tensor:
    weights = torch.softmax(weights, dim=-1)
    return weights.tril() if causal else weights


def scale_on_the_result(q: Tensor, k: Tensor, v: Tensor, causal: bool = True, sm_scale: float | None = None) -> Tensor:
    unscaled = attention(scale=lambda own, given: 1.0)
    return unscaled(q, k, v, causal) * own_or_given(q.shape[-1] ** -0.5, sm_scale)


MISTAKES = (
    # -- the scale
    Mistake(
        "no_scale",
        (Edit(SCORES, UNSCALED),),
        "numbers",
        "Your output equals attention without a scale: each score has to be multiplied by sm_scale.",
        3,
        attention(scale=lambda own, given: 1.0),
    ),
    Mistake(
        "scale_twice",
        (Edit(SCORES, f"{SCORES} * sm_scale"),),
        "numbers",
        "Your output equals attention with the scale applied twice: once is enough.",
        3,
        attention(scale=lambda own, given: own_or_given(own, given) ** 2),
    ),
    Mistake(
        "scale_one_over_d",
        (Edit(SCALE, "sm_scale = 1 / D\n"),),
        "numbers",
        "Your output equals attention with the scale 1 / D: it is 1 / sqrt(D).",
        3,
        attention(scale=lambda own, given: own_or_given(own**2, given)),
    ),
    Mistake(
        "scale_of_the_caller_ignored",
        (in_scores_launch("sm_scale", "D**-0.5"),),
        "numbers",
        "Your output equals attention with the scale 1 / sqrt(D), although the caller gave another one: pass `sm_scale`.",
        3,
        attention(scale=lambda own, given: own),
    ),
    Mistake(
        "scale_on_the_result",
        (
            Edit(SCORES, UNSCALED),
            Edit(D_OF_VALUES, "    sm_scale,\n" + D_OF_VALUES),
            in_values_launch("H, M, N,", "H, M, N, sm_scale,"),
            Edit(STORE_OUT, STORE_OUT.replace("acc.to", "(acc * sm_scale).to")),
        ),
        "numbers",
        "Your output equals attention with the scale on the result: it belongs to the scores, before the softmax.",
        3,
        scale_on_the_result,
    ),
    # -- the causal mask
    Mistake(
        "never_causal",
        (in_scores_launch("CAUSAL=causal", "CAUSAL=False"),),
        "numbers",
        "Your output equals attention without the causal mask, and the caller asked for it: pass `causal` on as CAUSAL.",
        3,
        attention(mask=lambda scores, causal: scores),
    ),
    Mistake(
        "always_causal",
        (in_scores_launch("CAUSAL=causal", "CAUSAL=True"),),
        "numbers",
        "Your output equals attention with the causal mask, and the caller didn't ask for it: pass `causal` on as CAUSAL.",
        3,
        attention(mask=lambda scores, causal: hidden(scores)),
    ),
    Mistake(
        "diagonal_excluded",
        (Edit(VISIBLE, VISIBLE.replace(">=", ">")),),
        "numbers",
        "Your mask hides each query's own key too. Query 0 then sees no key at all, and its row is NaN: the key with the "
        "query's own number is visible.",
        formula=hidden_by(diagonal=0),
    ),
    Mistake(
        "one_future_key",
        (Edit(VISIBLE, VISIBLE.replace(">=", "+ 1 >=")),),
        "numbers",
        "Your mask lets each query see one key too many, the one right after it: the last visible key has the query's "
        "own number.",
    ),
    Mistake(
        "mask_of_places_in_the_tile",
        (Edit(VISIBLE, "visible = tl.arange(0, BLOCK_M)[:, None] >= tl.arange(0, BLOCK_N)[None, :]"),),
        "numbers",
        "Your mask compares places within the tile, so every tile below the diagonal is masked like the first: compare "
        "offs_m with offs_n.",
    ),
    Mistake(
        "finite_for_minus_infinity",
        (
            Edit(MINUS_INFINITY, MINUS_INFINITY.replace('-float("inf")', "-1e4")),
            Edit(HIDE, HIDE.replace('-float("inf")', "-1e4")),
        ),
        "numbers",
        "Your hidden scores are a finite number, and scores can be smaller than that: only minus infinity has the weight "
        "0 whatever the other scores are.",
        formula=hidden_by(value=-1e4),
    ),
    Mistake(
        "zero_for_minus_infinity",
        (
            Edit(MINUS_INFINITY, MINUS_INFINITY.replace('-float("inf")', "0.0")),
            Edit(HIDE, HIDE.replace('-float("inf")', "0.0")),
        ),
        "numbers",
        "Your hidden scores are 0, and exp(0) is 1: a hidden key still gets a weight. Its score has to be minus infinity.",
        formula=hidden_by(value=0.0),
    ),
    Mistake(
        "mask_after_the_softmax",
        (
            in_scores_launch("CAUSAL=causal", "CAUSAL=False"),
            *CAUSAL_VALUES,
            Edit(
                LOAD_WEIGHTS,
                f"{LOAD_WEIGHTS}\n"
                "        if CAUSAL:\n"
                "            weights = tl.where(offs_m[:, None] >= start_n + offs_n[None, :], weights, 0.0)",
            ),
        ),
        "numbers",
        "Your output equals attention with the mask applied to the weights: what is left of them no longer sums to 1. "
        "Mask the scores, before the softmax.",
        formula=attention(mask=lambda scores, causal: scores, weigh=hidden_afterwards),
    ),
    Mistake(
        "upper_tiles_unwritten",
        (Edit(STORE_SCORES, f"    {ANY_VISIBLE}\n    {STORE_SCORES}"),),
        "memory",
        "Your tiles above the diagonal are never stored, and the softmax reads them: they have to hold minus infinity.",
    ),
    # -- the softmax
    Mistake(
        "no_max",
        (Edit(NUMERATOR, "numerator = tl.exp(x)"),),
        "numbers",
        "Your output equals attention without the maximum subtracted: for large scores `exp` overflows, and for very "
        "negative ones the sum is 0.",
        formula=attention(weigh=without_max),
    ),
    Mistake(
        "not_divided",
        (Edit(STORE_WEIGHTS, STORE_WEIGHTS.replace("numerator / denominator", "numerator")),),
        "numbers",
        "Your weights are not divided by their sum: those of each query have to sum to 1.",
        formula=attention(weigh=numerators),
    ),
    Mistake(
        "exp2_for_exp",
        (Edit(NUMERATOR, "numerator = tl.exp2(x - row_max)"),),
        "numbers",
        "Your output equals attention with powers of 2 instead of powers of e: `tl.exp2` needs its argument "
        "multiplied by log2(e) = 1.4427.",
        formula=attention(weigh=powers_of_two),
    ),
    Mistake(
        "down_the_columns",
        (
            Edit(N_COLS, N_COLS + "    n_rows,\n"),
            Edit(COLS, "    cols = tl.arange(0, BLOCK_SIZE)\n    mask = cols < n_rows\n"),
            Edit(X_PTRS, "x_ptrs = x_ptr + row // n_cols * n_cols * n_rows + row % n_cols + cols * n_cols"),
            Edit(BLOCK_SIZE, "BLOCK_SIZE = triton.next_power_of_2(M)"),
            Edit(SOFTMAX_GRID, "grid = (B * H * N,)"),
            Edit(SOFTMAX_LAUNCH, SOFTMAX_LAUNCH.replace("scores, N", "scores, N, M")),
        ),
        "numbers",
        "Your output equals attention with the softmax down the columns: the weights of each query have to sum to 1, "
        "not those of each key.",
        formula=attention(weigh=lambda scores, causal: torch.softmax(scores, dim=-2)),
    ),
    Mistake(
        "other_zero",
        (Edit(LOAD_X, "x = tl.load(x_ptrs, mask=mask, other=0.0)"),),
        "numbers",
        "Your softmax computes as if each row went on with zeros up to the block size: the masked-off lanes need "
        "minus infinity.",
        formula=attention(weigh=zeros_behind),
    ),
    Mistake(
        "other_missing",
        (Edit(LOAD_X, "x = tl.load(x_ptrs, mask=mask)"),),
        "memory",
        "Your softmax loads without `other=`: the masked-off lanes may hold anything, and the maximum and the sum look "
        "at them.",
    ),
    Mistake(
        "softmax_forgotten",
        (Edit(SOFTMAX_LAUNCH, ""),),
        "numbers",
        "Your output equals scores @ v: the softmax has to run between the other two kernels.",
        1,
        attention(weigh=lambda scores, causal: scores),
        same_output_as=("softmax_too_late",),
    ),
    Mistake(
        "softmax_too_late",
        (
            Edit(SOFTMAX_LAUNCH, ""),
            Edit(RETURN, SOFTMAX_LAUNCH.replace("[grid]", "[(B * H * M,)]") + RETURN),
        ),
        "numbers",
        "Your output equals scores @ v: the softmax has to run between the other two kernels.",
        1,
        attention(weigh=lambda scores, causal: scores),
        same_output_as=("softmax_forgotten",),
    ),
    Mistake(
        "softmax_of_one_head",
        (Edit(SOFTMAX_GRID, "grid = (M,)"),),
        "numbers",
        "Your softmax stops after the first M rows, and the later rows are still scores: each of the B * H heads has M "
        "rows of its own.",
        2,
        attention(weigh=softmax_of_first_rows(lambda heads, m: m)),
    ),
    Mistake(
        "softmax_row_per_head",
        (Edit(SOFTMAX_GRID, "grid = (B * H,)"),),
        "numbers",
        "Your softmax stops after the first B * H rows, and the later rows are still scores: each of the B * H heads has "
        "M rows.",
        2,
        attention(weigh=softmax_of_first_rows(lambda heads, m: heads)),
    ),
    Mistake(
        "softmax_row_per_tile",
        (Edit(SOFTMAX_GRID, "grid = (triton.cdiv(M, BLOCK_M), B * H)"),),
        "memory",
        "Your softmax is launched for a program per tile, and it takes a row a program, along axis 0 only: the later "
        "rows are still scores.",
        2,
    ),
    Mistake(
        "softmax_of_every_element",
        (Edit(SOFTMAX_GRID, "grid = (B * H * M * N,)"),),
        "memory",
        "Your softmax has a program per score: one program handles a whole row, and there are B * H * M rows.",
        2,
    ),
    Mistake(
        "rows_of_m_scores",
        (Edit(SOFTMAX_LAUNCH, SOFTMAX_LAUNCH.replace("scores, N", "scores, M")),),
        "memory",
        "Your softmax takes the rows to be M numbers long: a row has a score for each of the N keys.",
        3,
    ),
    # -- the matrix in between
    Mistake(
        "scores_in_fp16",
        (Edit(ALLOCATION, ALLOCATION.replace("torch.float32", "torch.float16")),),
        "numbers",
        "Your scores are kept in fp16 between the kernels: a score near 20 is off by up to 1/128 there, and `exp` "
        "magnifies that. Allocate them as torch.float32.",
        1,
    ),
    Mistake(
        "scores_in_input_dtype",
        (Edit(ALLOCATION, ALLOCATION.replace("torch.float32", "q.dtype")),),
        "numbers",
        "Your scores are kept in the dtype of the inputs between the kernels, which has too few digits for what `exp` "
        "makes of them. Allocate them as torch.float32.",
        1,
    ),
    Mistake(
        "scores_in_the_shape_of_q",
        (Edit(ALLOCATION, ALLOCATION.replace("M, N", "M, D")),),
        caught_by="memory",
        says="Your `scores` have D numbers for each query, and there is one score for each key: the shape is (B, H, M, N).",
        hint=1,
    ),
    Mistake(
        "scores_shape_swapped",
        (Edit(ALLOCATION, ALLOCATION.replace("M, N", "N, M")),),
        "memory",
        "Your scores have a row for each key: it is a row for each query, and a column for each key.",
        1,
    ),
    # -- heads and strides
    Mistake(
        "v_of_the_first_head",
        (Edit(V_HEAD, "v_ptr += batch * stride_vb"),),
        "numbers",
        "Your output uses the values of head 0 for all heads: v_ptr has to move to the head, too.",
        formula=attention(values=lambda v: v[:, :1].expand(v.shape)),
    ),
    Mistake(
        "batch_and_head_swapped",
        (Edit(BATCH_AND_HEAD, "    batch = (pid_bh % H).to(tl.int64)\n    head = (pid_bh // H).to(tl.int64)\n"),),
        "memory",
        "Your batch and head are the wrong way round: head is pid_bh % H, and batch is pid_bh // H.",
    ),
    Mistake(
        "batches_for_heads",
        (in_values_launch("H, M, N,", "B, M, N,"),),
        "memory",
        "Your launch passes B where `values_kernel` takes H: batch and head come out wrong as soon as the two differ.",
        3,
    ),
    Mistake(
        "strides_of_k_for_v",
        (in_values_launch("*v.stride()", "*k.stride()"),),
        "memory",
        "Your launch passes the strides of k with v: the two may lie in memory in different ways.",
        3,
    ),
    Mistake(
        "strides_of_q_and_k_swapped",
        (in_scores_launch("*q.stride(), *k.stride()", "*k.stride(), *q.stride()"),),
        "memory",
        "Your launch passes the strides of k with q, and those of q with k: the order is that of the kernel's parameters.",
        3,
    ),
    Mistake(
        "v_assumed_contiguous",
        (
            Edit(V_PTRS, "v_ptrs = v_ptr + offs_n[:, None] * D + offs_d[None, :]"),
            Edit(NEXT_V, "v_ptrs += BLOCK_N * D"),
        ),
        "memory",
        "Your values are read as if `v` were contiguous, keys D apart and numbers 1 apart. Its strides are stride_vn and "
        "stride_vd.",
        4,
    ),
    Mistake(
        "v_inner_stride_assumed",
        (Edit(V_PTRS, V_PTRS.replace(" * stride_vd", "")),),
        "memory",
        "Your pointers to `v` step from one number of a value to the next by 1 element: they are stride_vd apart.",
        4,
    ),
    Mistake(
        "v_strides_swapped",
        (Edit(V_PTRS, "v_ptrs = v_ptr + offs_n[:, None] * stride_vd + offs_d[None, :] * stride_vn"),),
        "memory",
        "Your pointers use the two strides of `v` the wrong way round: keys are stride_vn apart, the numbers of a value "
        "stride_vd.",
        4,
    ),
    Mistake(
        "weights_transposed",
        (Edit(WEIGHTS_PTRS, "weights_ptrs = weights_ptr + rows[:, None] * stride_wn + offs_n[None, :] * stride_wm"),),
        "memory",
        "Your pointers use the two strides of the weights the wrong way round: queries are stride_wm apart, keys "
        "stride_wn.",
        4,
    ),
    # -- the loop over the keys
    Mistake(
        "accumulator_overwritten",
        (Edit(DOT, f"acc = {PRODUCT}"),),
        "numbers",
        "Your result holds the keys of the last step only. `acc` is set to zero once, before the loop, and each step adds "
        "to it.",
        5,
    ),
    Mistake(
        "first_step_only",
        (Edit(LOOP, "for start_n in range(0, BLOCK_N, BLOCK_N):"),),
        "numbers",
        "Your result holds the first BLOCK_N keys and no more: the loop ends too early, or its later steps are masked off.",
        5,
        same_output_as=("loop_over_queries",),
    ),
    Mistake(
        "loop_over_queries",
        (Edit(LOOP, "for start_n in range(0, M, BLOCK_N):"),),
        "numbers",
        "Your loop goes on for as long as there are queries: it walks along the keys, and there are N of them.",
        5,
        same_output_as=("first_step_only",),
    ),
    Mistake(
        "loop_counts_tiles",
        (Edit(LOOP, "for start_n in range(0, tl.cdiv(N, BLOCK_N)):"),),
        caught_by="memory",
        says="Your loop counts tiles, and `start_n` is to be the first key of the step: it goes up to N in steps of BLOCK_N.",
        hint=5,
    ),
    Mistake(
        "loop_counts_whole_tiles",
        (Edit(LOOP, "for start_n in range(0, N // BLOCK_N):"),),
        caught_by="numbers",
        says="Your loop counts whole tiles only, and the rest behind the last one is left out. `start_n` is to be the first "
        "key of the step: it goes up to N in steps of BLOCK_N.",
        hint=5,
    ),
    Mistake(
        "pointers_not_moved",
        (Edit(NEXT_WEIGHTS, "pass"), Edit(NEXT_V, "pass")),
        "numbers",
        "Your pointers stay where they are: every step loads the first tiles of the weights and of `v` again.",
        5,
    ),
    Mistake(
        "weights_not_moved",
        (Edit(NEXT_WEIGHTS, "pass"),),
        "numbers",
        "Your `weights_ptrs` don't move: every step multiplies the first tile of the weights.",
        5,
    ),
    Mistake(
        "v_not_moved",
        (Edit(NEXT_V, "pass"),),
        "numbers",
        "Your `v_ptrs` don't move: every step multiplies by the first tile of `v`.",
        5,
    ),
    Mistake(
        "v_moved_without_stride",
        (Edit(NEXT_V, "v_ptrs += BLOCK_N"),),
        "numbers",
        "Your `v_ptrs` move by BLOCK_N elements a step. The next tile is BLOCK_N keys away, and keys are stride_vn apart.",
        5,
    ),
    Mistake(
        "weights_moved_downwards",
        (Edit(NEXT_WEIGHTS, "weights_ptrs += BLOCK_N * stride_wm"),),
        "memory",
        "Your `weights_ptrs` move down by BLOCK_N queries. In the weights the keys run to the right, stride_wn apart.",
        5,
    ),
    Mistake(
        "fp16_accumulator",
        (Edit(ZEROS, ZEROS.replace("tl.float32", "tl.float16")), Edit(DOT, f"acc += {PRODUCT}.to(tl.float16)")),
        "numbers",
        "Your accumulator is rounded to fp16 in each step. Keep `acc` in tl.float32 and convert it once, at the store.",
        5,
    ),
    Mistake(
        "accumulator_in_input_dtype",
        (
            Edit(ZEROS, ZEROS.replace("tl.float32", "out_ptr.dtype.element_ty")),
            Edit(DOT, f"acc += {PRODUCT}.to(acc.dtype)"),
        ),
        "numbers",
        "Your accumulator is rounded to half precision in each step, and in a long sum the errors add up. Keep `acc` in "
        "tl.float32 and convert it once, at the store.",
        5,
    ),
    Mistake(
        "half_weights_and_values",
        (Edit(DOT, 'acc = tl.dot(weights.to(tl.float16), v.to(tl.float16), acc, input_precision="ieee")'),),
        "numbers",
        "Your weights and values are rounded to fp16 before they are multiplied, whatever dtype `v` has: convert the "
        "weights to the dtype of `v`, and leave `v` as it is.",
        5,
    ),
    # -- masks
    Mistake(
        "no_key_mask_on_weights",
        (Edit(LOAD_WEIGHTS, LOAD_WEIGHTS.replace(WEIGHTS_MASK, "offs_m[:, None] < M")),),
        "memory",
        "Your load of the weights has no mask that stops at key N: in the last step it goes on into the next row.",
        4,
    ),
    Mistake(
        "no_key_mask_on_v",
        (Edit(LOAD_V, "v = tl.load(v_ptrs)"),),
        "memory",
        "Your load of `v` has no mask that stops at key N: in the last step it reads what lies behind the last value.",
        4,
    ),
    Mistake(
        "no_query_mask",
        (Edit(LOAD_WEIGHTS, LOAD_WEIGHTS.replace(WEIGHTS_MASK, "offs_n[None, :] < N - start_n")),),
        "memory",
        "Your load of the weights has no mask that stops at query M: the last tile hangs over the end.",
        4,
    ),
    Mistake(
        "key_mask_ignores_step",
        (
            Edit(LOAD_WEIGHTS, LOAD_WEIGHTS.replace("N - start_n", "N")),
            Edit(LOAD_V, LOAD_V.replace("N - start_n", "N")),
        ),
        "memory",
        "Your masks let keys beyond the last through in the last step. The pointers have moved on by start_n by then: "
        "compare offs_n with N - start_n.",
        4,
    ),
    Mistake(
        "no_other",
        (Edit(LOAD_WEIGHTS, LOAD_WEIGHTS.replace(", other=0.0", "")), Edit(LOAD_V, LOAD_V.replace(", other=0.0", ""))),
        "memory",
        "Your loads say nothing about the lanes that are masked off, and those along the keys take part in the sum: give "
        "them `other=0.0`.",
        4,
    ),
    Mistake(
        "no_query_mask_on_store",
        (Edit(STORE_OUT, STORE_OUT.replace(", mask=offs_m[:, None] < M", "")),),
        "memory",
        "Your store has no mask that stops at query M: the last tile writes beyond the end of its head.",
    ),
    # -- the launches
    Mistake(
        "scores_not_launched",
        (Edit(SCORES_LAUNCH, ""),),
        "memory",
        "Your launcher never starts `scores_kernel`: the softmax reads what nobody wrote.",
        1,
    ),
    Mistake(
        "values_not_launched",
        (Edit(VALUES_LAUNCH, ""),),
        "memory",
        "Your launcher never starts `values_kernel`: nobody writes out.",
        1,
    ),
    Mistake(
        "scores_grid_without_heads",
        (Edit(SCORES_GRID, SCORES_GRID.replace("B * H", "1")),),
        "memory",
        "Your grid of `scores_kernel` has programs for one head only: axis 2 counts the heads of all batches, B * H.",
        2,
    ),
    Mistake(
        "scores_grid_swapped",
        (Edit(SCORES_GRID, "grid = (triton.cdiv(N, BLOCK_N), triton.cdiv(M, BLOCK_M), B * H)"),),
        "memory",
        "Your grid of `scores_kernel` counts the keys along axis 0 and the queries along axis 1: the kernel has it the "
        "other way round.",
        2,
    ),
    Mistake(
        "scores_grid_rounded_down",
        (Edit(SCORES_GRID, "grid = (M // BLOCK_M, N // BLOCK_N, B * H)"),),
        "memory",
        "Your grid of `scores_kernel` rounds down: the tiles that hang over an edge get no program. triton.cdiv rounds up.",
        2,
    ),
    Mistake(
        "values_grid_of_scores",
        (Edit(VALUES_GRID, SCORES_GRID),),
        "memory",
        "Your grid of `values_kernel` is that of `scores_kernel`: there is no tile number along the keys here, and axis 1 "
        "counts the heads.",
        2,
    ),
    Mistake(
        "values_grid_swapped",
        (Edit(VALUES_GRID, "grid = (B * H, triton.cdiv(M, BLOCK_M))"),),
        "memory",
        "Your grid of `values_kernel` has its axes the wrong way round: the kernel takes the tile from axis 0, and the "
        "head from axis 1.",
        2,
    ),
    Mistake(
        "values_grid_without_heads",
        (Edit(VALUES_GRID, "grid = (triton.cdiv(M, BLOCK_M),)"),),
        "memory",
        "Your grid of `values_kernel` has programs for one head only: axis 1 counts the heads of all batches, B * H.",
        2,
    ),
    Mistake(
        "strides_of_q_for_out",
        (Edit(VALUES_LAUNCH, VALUES_LAUNCH.replace("*out.stride()", "*q.stride()")),),
        "memory",
        "Your launch passes the strides of q with out: out is fresh from torch.empty, and q may lie in memory in another way.",
        3,
    ),
    Mistake(
        "queries_and_keys_swapped",
        (in_scores_launch("H, M, N,", "H, N, M,"),),
        "memory",
        "Your launch passes N where `scores_kernel` takes M, and M where it takes N: the order is that of the kernel's "
        "parameters.",
        3,
    ),
    # -- rules
    Mistake(
        "sdpa_called",
        (
            Edit(
                RETURN,
                "    return torch.nn.functional.scaled_dot_product_attention(\n"
                "        q, k, v, is_causal=causal, scale=sm_scale\n"
                "    )\n",
            ),
        ),
        "rules",
        "Your launcher calls PyTorch's own attention: the answer has to come from the kernels.",
    ),
    Mistake(
        "torch_softmax_between",
        (Edit(SOFTMAX_LAUNCH, "    scores = torch.softmax(scores, dim=-1)\n"),),
        "rules",
        "Your launcher calls `torch.softmax` between the kernels: launch `softmax_kernel` there.",
        1,
    ),
    Mistake(
        "matmul_in_the_launcher",
        (Edit(VALUES_LAUNCH, "    out = scores.to(v.dtype) @ v\n"),),
        "rules",
        "Your launcher multiplies weights and values in PyTorch: that is what `values_kernel` is for.",
        1,
    ),
    Mistake(
        "mask_in_the_launcher",
        (
            in_scores_launch("CAUSAL=causal", "CAUSAL=False"),
            Edit(
                SOFTMAX_LAUNCH,
                "    if causal:\n"
                '        scores.masked_fill_(torch.ones(M, N, dtype=torch.bool).triu(1), -float("inf"))\n'
                + SOFTMAX_LAUNCH,
            ),
        ),
        "rules",
        "Your launcher masks the scores in PyTorch, one more pass over the largest matrix: `scores_kernel` masks them with "
        "CAUSAL.",
        3,
    ),
    Mistake(
        "cast_in_the_launcher",
        (Edit(OUT, OUT + "    v = v.float()\n"),),
        "rules",
        "Your launcher converts v to fp32 in PyTorch: the kernel converts what it has loaded.",
        5,
    ),
    Mistake(
        "result_cast_in_the_launcher",
        (Edit(OUT, OUT.replace("q.dtype", "torch.float32")), Edit(RETURN, "    return out.to(q.dtype)\n")),
        "rules",
        "Your launcher converts the result in PyTorch: allocate `out` in the dtype of the inputs, and the store converts.",
    ),
    # -- contract
    Mistake(
        "fp32_out",
        (Edit(OUT, OUT.replace("q.dtype", "torch.float32")),),
        "contract",
        "Your result is fp32 whatever the inputs are. Only the scores are fp32; `out` has the dtype of q.",
    ),
    Mistake(
        "out_like_v",
        (Edit(OUT, "    out = torch.empty_like(v)\n"),),
        "contract",
        "Your result has a row for each key: it has one for each query, like q.",
    ),
    Mistake(
        "weights_returned",
        (Edit(RETURN, "    return scores\n"),),
        "contract",
        "Your launcher returns the weights: it has to return out.",
    ),
    Mistake(
        "nothing_returned",
        (Edit(RETURN, ""),),
        "contract",
        "Your launcher returns nothing: it has to return out.",
    ),
    # -- what only the interpreter accepts
    Mistake(
        "weights_not_converted",
        (Edit(DOT, DOT.replace("weights.to(v.dtype)", "weights")),),
        "compile",
        "Your `tl.dot` gets fp32 weights and half-precision values: both tiles need one dtype, weights.to(v.dtype).",
        5,
    ),
    Mistake(
        "accumulator_changes_dtype",
        (Edit(ZEROS, ZEROS.replace("tl.float32", "tl.float16")), Edit(DOT, f"acc += {PRODUCT}")),
        "compile",
        "Your `acc` starts as fp16 and becomes fp32 in the loop. A variable keeps one dtype through a loop: create it as "
        "tl.float32.",
        5,
    ),
    Mistake(
        "accumulator_starts_as_number",
        (Edit(ZEROS, "acc = 0.0"), Edit(DOT, f"acc += {PRODUCT}")),
        "compile",
        "Your `acc` starts as a single number and becomes a tile in the loop. A variable keeps one shape through a loop: "
        "begin with tl.zeros.",
        5,
    ),
    Mistake(
        "and_between_masks",
        (Edit(LOAD_WEIGHTS, LOAD_WEIGHTS.replace(" & ", " and ")),),
        "compile",
        "Your mask joins two blocks with `and`, which asks a whole block for a single True or False. Write `&`, with "
        "brackets around each comparison.",
        4,
    ),
    Mistake(
        "block_of_the_row_itself",
        (Edit(BLOCK_SIZE, "BLOCK_SIZE = N"),),
        "compile",
        "Your block is as long as the row: a block has a power of two of lanes, and the mask switches off the rest.",
    ),
)

STEP_ANEW = (
    "here = start_n + offs_n",
    WEIGHTS_PTRS.replace("offs_n", "here"),
    V_PTRS.replace("offs_n", "here"),
)

VARIANTS = (
    Variant("tiles_of_16", tiles_of(16, 16, 16, 16), "The smallest tiles that tl.dot takes are as right as any."),
    Variant("tiles_of_128", tiles_of(128, 128, 128, 64), "Large tiles, of two sizes in fp32."),
    Variant("flat_tiles", tiles_of(128, 16, 64, 16), "Many queries and few keys in a tile."),
    Variant(
        "launches_in_a_function",
        (
            Edit(
                "def naive_attention(",
                "def softmax_in_place(x, columns, block, warps):\n"
                "    softmax_kernel[(x.numel() // columns,)](x, columns, BLOCK_SIZE=block, num_warps=warps)\n"
                "    return x\n\n\n"
                "def naive_attention(",
            ),
            Edit(SOFTMAX_LAUNCH, "    weights = softmax_in_place(scores, N, BLOCK_SIZE, row_warps)\n"),
            in_values_launch("scores", "weights"),
        ),
        "A launch may stand in a function of its own.",
    ),
    Variant(
        "weights_in_input_dtype",
        (
            Edit(N_COLS, "    out_ptr,\n" + N_COLS),
            Edit(STORE_WEIGHTS, STORE_WEIGHTS.replace("x_ptrs", "out_ptr + row * n_cols + cols")),
            Edit(
                SOFTMAX_LAUNCH,
                "    weights = torch.empty_like(scores, dtype=q.dtype)\n"
                + SOFTMAX_LAUNCH.replace("scores,", "scores, weights,"),
            ),
            in_values_launch("scores", "weights"),
        ),
        "Not in place. The weights, unlike the scores, may be rounded before the store: tl.dot rounds them all the same.",
    ),
    Variant(
        "exp2_with_the_scale_in_it",
        (
            Edit(SCORES, UNSCALED),
            Edit(N_COLS, N_COLS + "    sm_scale,\n"),
            Edit(ROW_MAX, f"x = x * (sm_scale * 1.4426950408889634)\n    {ROW_MAX}"),
            Edit(NUMERATOR, "numerator = tl.exp2(x - row_max)"),
            Edit(SOFTMAX_LAUNCH, SOFTMAX_LAUNCH.replace("scores, N,", "scores, N, sm_scale,")),
        ),
        "The scale may wait until the softmax, and exp(z) is 2 to the power of z * log2(e).",
    ),
    Variant(
        "scale_on_q",
        (Edit(LOAD_Q, f"{LOAD_Q}\n        q = (q * sm_scale).to(k_ptr.dtype.element_ty)"), Edit(SCORES, UNSCALED)),
        "The scale may go to the queries instead of the scores.",
    ),
    Variant(
        "softmax_by_blocks",
        (
            Edit(COLS, "    cols = tl.arange(0, BLOCK_SIZE)\n"),
            Edit(X_PTRS, 'row_max = -float("inf")\n    denominator = 0.0'),
            Edit(
                f"    {LOAD_X}",
                "    for start in range(0, n_cols, BLOCK_SIZE):\n"
                "        x_ptrs = x_ptr + row * n_cols + start + cols\n"
                '        x = tl.load(x_ptrs, mask=cols < n_cols - start, other=-float("inf"))\n'
                "        new_max = tl.maximum(row_max, tl.max(x, axis=0))\n"
                "        denominator = denominator * tl.exp(row_max - new_max) + tl.sum(tl.exp(x - new_max), axis=0)\n"
                "        row_max = new_max\n"
                "    for start in range(0, n_cols, BLOCK_SIZE):\n"
                "        x_ptrs = x_ptr + row * n_cols + start + cols\n"
                '        x = tl.load(x_ptrs, mask=cols < n_cols - start, other=-float("inf"))\n'
                "        tl.store(x_ptrs, tl.exp(x - row_max) / denominator, mask=cols < n_cols - start)",
            ),
            Edit(f"    {ROW_MAX}\n", ""),
            Edit(f"    {NUMERATOR}\n", ""),
            Edit(f"    {DENOMINATOR}\n", ""),
            Edit(f"    {STORE_WEIGHTS}", "   "),
            Edit(BLOCK_SIZE, "BLOCK_SIZE = 64"),
        ),
        "The row in blocks, for rows of any length: one more pass over the matrix.",
    ),
    Variant(
        "heads_first_tiles_backwards",
        (
            Edit(
                PIDS,
                "    pid_m = tl.num_programs(axis=1) - 1 - tl.program_id(axis=1)\n    pid_bh = tl.program_id(axis=0)\n",
            ),
            Edit(VALUES_GRID, "grid = (B * H, triton.cdiv(M, BLOCK_M))"),
        ),
        "The axes of a grid may stand in any order, as long as kernel and launch agree, and so may the tiles.",
    ),
    Variant(
        "stops_at_the_diagonal",
        (
            *CAUSAL_VALUES,
            Edit(
                LOOP,
                f"end = tl.minimum((pid_m + 1) * BLOCK_M, N) if CAUSAL else N\n    {LOOP.replace('N, B', 'end, B')}",
            ),
        ),
        "Above the diagonal all weights are 0: the loop may end there.",
    ),
    Variant(
        "k_transposed_in_registers",
        (
            Edit(K_PTRS, "k_ptrs = k_ptr + offs_n[:, None] * stride_kn + offs_d[None, :] * stride_kd"),
            Edit(LOAD_K, LOAD_K.replace("offs_n[None, :]", "offs_n[:, None]")),
            Edit(SCORES, SCORES.replace("q, k,", "q, tl.trans(k),")),
        ),
        "A tile of k as it lies in memory, transposed after the load.",
    ),
    Variant(
        "values_in_fp32",
        (Edit(DOT, 'acc = tl.dot(weights, v.to(tl.float32), acc, input_precision="ieee")'),),
        "The other way to one dtype: more digits than needed, and no tensor cores.",
    ),
    Variant(
        "default_precision",
        (
            Edit(DOT, DOT.replace(', input_precision="ieee"', "")),
            Edit(SCORES, SCORES.replace(', input_precision="ieee"', "")),
        ),
        "tl.dot without a precision: TF32 for fp32 inputs on a GPU, judged by the half-precision budget.",
    ),
    Variant(
        "pointers_made_anew",
        (
            Edit(LOAD_WEIGHTS, "\n        ".join((*STEP_ANEW, LOAD_WEIGHTS))),
            Edit(DOT, f"acc += {PRODUCT}"),
            Edit(NEXT_WEIGHTS, "pass"),
            Edit(NEXT_V, "pass"),
        ),
        "Pointers may be computed in each step instead of moved, and acc + dot is what the third argument does.",
    ),
)
