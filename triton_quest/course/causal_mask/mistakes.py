"""Level 5's known mistakes, as edits of the solution, and right kernels written differently.

`formula` gives what a mistake computes, where that doesn't depend on the tiles. Most of them do, because tiles above the
diagonal never see the mask.
"""

import torch

from triton_quest.course.mistake import Edit, Mistake, Variant
from triton_quest.course.shared import attention

# The lines of the solution that the edits below touch.
OUT_PARAMETER = "    out_ptr,  # pointer to out[0, 0, 0, 0]\n"
PID_M = "pid_m = tl.program_id(axis=0)"
PID_N = "pid_n = tl.program_id(axis=1)"
PID_BH = "pid_bh = tl.program_id(axis=2)"
BATCH = "batch = pid_bh // H"
HEAD = "head = pid_bh % H"
LAST_QUERY = "last_query = pid_m * BLOCK_M + BLOCK_M - 1"
FIRST_KEY = "first_key = pid_n * BLOCK_N"
ANY_VISIBLE = "any_visible = last_query >= first_key"
MINUS_INF = '-float("inf")'
FULL = f"scores = tl.full((BLOCK_M, BLOCK_N), {MINUS_INF}, dtype=tl.float32)"
IF = "    if any_visible:\n"
K_PTRS = "k_ptrs = k_ptr + offs_d[:, None] * stride_kd + offs_n[None, :] * stride_kn"
LOAD_Q = "q = tl.load(q_ptrs, mask=offs_m[:, None] < S, other=0.0)"
LOAD_K = "k = tl.load(k_ptrs, mask=offs_n[None, :] < S, other=0.0)"
DOT = 'scores = tl.dot(q, k, input_precision="ieee") * sm_scale'
UNSCALED = 'scores = tl.dot(q, k, input_precision="ieee")'
VISIBLE = "visible = offs_m[:, None] >= offs_n[None, :]"
WHERE = f"scores = tl.where(visible, scores, {MINUS_INF})"
OUT_MASK = "out_mask = (offs_m[:, None] < S) & (offs_n[None, :] < S)"
STORE = "    tl.store(out_ptrs, scores.to(out_ptr.dtype.element_ty), mask=out_mask)\n"
EMPTY = "out = torch.empty((B, H, S, S), dtype=q.dtype, device=q.device)"
FILLED = f"out = torch.full((B, H, S, S), {MINUS_INF}, dtype=q.dtype, device=q.device)"
BLOCKS = "BLOCK_M, BLOCK_N = 128, 64"
GRID = "grid = (triton.cdiv(S, BLOCK_M), triton.cdiv(S, BLOCK_N), B * H)"
ARGUMENTS = "        q, k, out,\n"
RETURN = "    return out\n"
ABOVE = (
    "        above = out_ptr + offs_m[:, None].to(tl.int64) * stride_om + offs_n[None, :] * stride_on\n"
    "        tl.store(above, scores.to(out_ptr.dtype.element_ty), mask=(offs_m[:, None] < S) & (offs_n[None, :] < S))\n"
)

EVERY_TILE = Edit(ANY_VISIBLE, "any_visible = True")
SMALLEST = "-3.4028234663852886e38"  # the smallest number of fp32

# Sentences of mistakes that come in several forms: with and without tiles left out, in one kind of tiles and in both.
ONE_TOO_MANY = (
    "Your mask shows each query one key of the future, the one right after its own: query m sees keys up to m."
)
REVERSED = "Your mask is the wrong way round: it hides the keys before the query and shows those after it."
ZERO_ON = (
    "Your hidden scores are 0 in the tiles on the diagonal, and a softmax gives a score of 0 some weight. "
    "Put minus infinity there, with tl.where."
)
MINUS_1E4 = "Your hidden scores are -1e4, and a score can be smaller than that. Nothing is smaller than minus infinity."
SMALLEST_FLOAT = (
    "Your hidden scores are the smallest number that fp32 has, and fp16 has no such number. "
    "Every dtype has minus infinity, and nothing is smaller."
)
SCALED_LAST = (
    "Your scores are masked first and scaled then: minus infinity times a negative scale is plus infinity. "
    "Scale first, then mask."
)


def hidden_as(value: str) -> tuple[Edit, ...]:
    """Another value than minus infinity, in the tiles above the diagonal and in those on it."""
    return (
        Edit(FULL, FULL.replace(MINUS_INF, value)),
        Edit(WHERE, WHERE.replace(MINUS_INF, value)),
    )


# What comes out, whatever the tiles. q, k: (B, H, S, D) -> (B, H, S, S)


def every_score(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return attention.attention_scores(q, k, sm_scale)


def hidden_above(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None, diagonal: int, value: float) -> torch.Tensor:
    """The scores, and `value` from the `diagonal`-th diagonal above the main one on."""
    scores = every_score(q, k, sm_scale)
    return scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(diagonal), value)


def diagonal_hidden(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return hidden_above(q, k, sm_scale, 0, -torch.inf)


def next_key_seen(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return hidden_above(q, k, sm_scale, 2, -torch.inf)


def past_hidden(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    scores = every_score(q, k, sm_scale)
    return scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).tril(-1), -torch.inf)


def hidden_as_zero(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return hidden_above(q, k, sm_scale, 1, 0.0)


def hidden_as_minus_1e4(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return hidden_above(q, k, sm_scale, 1, -1e4)


def hidden_as_smallest_float(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return hidden_above(q, k, sm_scale, 1, torch.finfo(torch.float32).min)


def not_scaled(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return attention.causal_scores(q, k, 1.0)


def scaled_by_default(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return attention.causal_scores(q, k, None)


def scaled_after_masking(q: torch.Tensor, k: torch.Tensor, sm_scale: float | None = None) -> torch.Tensor:
    return not_scaled(q, k) * (q.shape[-1] ** -0.5 if sm_scale is None else sm_scale)


MISTAKES = (
    # numbers: the comparison
    Mistake(
        "diagonal_excluded",
        (Edit(VISIBLE, VISIBLE.replace(">=", ">")),),
        "numbers",
        "Your mask hides the diagonal: a query sees its own key too. As it is, the first query sees nothing at all.",
        4,
        diagonal_hidden,
    ),
    Mistake(
        "one_key_of_the_future",
        (Edit(VISIBLE, "visible = offs_m[:, None] + 1 >= offs_n[None, :]"),),
        "numbers",
        ONE_TOO_MANY,
        4,
    ),
    Mistake(
        "one_key_of_the_future_in_every_tile",
        (Edit(VISIBLE, "visible = offs_m[:, None] + 1 >= offs_n[None, :]"), EVERY_TILE),
        "numbers",
        ONE_TOO_MANY,
        4,
        next_key_seen,
    ),
    Mistake("mask_reversed", (Edit(VISIBLE, VISIBLE.replace(">=", "<=")),), "numbers", REVERSED, 4),
    Mistake(
        "mask_reversed_in_every_tile",
        (Edit(VISIBLE, VISIBLE.replace(">=", "<=")), EVERY_TILE),
        "numbers",
        REVERSED,
        4,
        past_hidden,
    ),
    Mistake(
        "where_reversed",
        (Edit(WHERE, f"scores = tl.where(visible, {MINUS_INF}, scores)"),),
        "numbers",
        "Your tl.where hides what is visible: the value for True comes first, the value for False second.",
        5,
    ),
    Mistake(
        "mask_from_places_in_the_tile",
        (Edit(VISIBLE, "visible = tl.arange(0, BLOCK_M)[:, None] >= tl.arange(0, BLOCK_N)[None, :]"),),
        "numbers",
        "Your mask compares places inside the tile. Compare positions in the sequence: `offs_m` and `offs_n` count them.",
        4,
    ),
    Mistake(
        "keys_counted_in_the_tile",
        (Edit(VISIBLE, "visible = offs_m[:, None] >= tl.arange(0, BLOCK_N)[None, :]"),),
        "numbers",
        "Your mask counts the keys from the left edge of the tile. `offs_n` counts them from the beginning of the sequence.",
        4,
    ),
    Mistake(
        "queries_counted_in_the_tile",
        (Edit(VISIBLE, "visible = tl.arange(0, BLOCK_M)[:, None] >= offs_n[None, :]"),),
        "numbers",
        "Your mask counts the queries from the top of the tile. `offs_m` counts them from the beginning of the sequence.",
        4,
    ),
    # numbers: what the mask does
    Mistake(
        "mask_not_applied",
        (Edit(WHERE, "scores = scores"),),
        "numbers",
        "Your tiles on the diagonal show every score: the mask has no effect on them.",
        5,
    ),
    Mistake(
        "nothing_hidden",
        (Edit(WHERE, "scores = scores"), EVERY_TILE),
        "numbers",
        "Your output equals the scores of level 4: no key is hidden from any query.",
        5,
        every_score,
    ),
    Mistake("zero_in_tiles_on_the_diagonal", (Edit(WHERE, WHERE.replace(MINUS_INF, "0.0")),), "numbers", ZERO_ON, 5),
    Mistake(
        "mask_multiplied",
        (Edit(WHERE, "scores = scores * visible"),),
        "numbers",
        ZERO_ON,
        5,
        same_output_as=("zero_in_tiles_on_the_diagonal",),
    ),
    Mistake(
        "mask_times_minus_infinity",
        (Edit(WHERE, f"scores = scores + tl.where(visible, 0.0, 1.0) * {MINUS_INF}"),),
        "numbers",
        "Your visible scores are NaN: minus infinity is multiplied by 0 there. Choose with tl.where; don't multiply.",
        5,
    ),
    # numbers: something else than minus infinity
    Mistake(
        "zero_in_tiles_above",
        (Edit(FULL, "scores = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)"),),
        "numbers",
        "Your tiles above the diagonal hold 0, and a softmax gives a score of 0 some weight. Fill them with minus infinity.",
        3,
    ),
    Mistake(
        "zero_everywhere_above",
        hidden_as("0.0"),
        "numbers",
        "Your hidden scores are 0, and a softmax gives a score of 0 some weight. They must be minus infinity.",
        1,
        hidden_as_zero,
    ),
    Mistake("minus_1e4", hidden_as("-1e4"), "numbers", MINUS_1E4, 1, hidden_as_minus_1e4),
    Mistake("minus_1e4_in_tiles_on_the_diagonal", (hidden_as("-1e4")[1],), "numbers", MINUS_1E4, 1),
    Mistake("smallest_float", hidden_as(SMALLEST), "numbers", SMALLEST_FLOAT, 1, hidden_as_smallest_float),
    # numbers: which tiles are left out
    Mistake(
        "tile_numbers_compared",
        (Edit(ANY_VISIBLE, "any_visible = pid_m >= pid_n"),),
        "numbers",
        "Your test compares the numbers of the tiles, which count rows of BLOCK_M and columns of BLOCK_N: with tiles that are "
        "not square, some on the diagonal are left out. Compare positions.",
        2,
    ),
    Mistake(
        "first_query_tested",
        (Edit(LAST_QUERY, "last_query = pid_m * BLOCK_M"),),
        "numbers",
        "Your test asks about the first query of the tile. The last one sees most: if it sees the first key, there is work to do.",
        2,
    ),
    Mistake(
        "last_key_tested",
        (Edit(FIRST_KEY, "first_key = pid_n * BLOCK_N + BLOCK_N - 1"),),
        "numbers",
        "Your test asks about the last key of the tile. The first one is seen by most: if the last query sees it, there is work to do.",
        2,
    ),
    Mistake(
        "only_tiles_below",
        (Edit(ANY_VISIBLE, "any_visible = pid_m * BLOCK_M >= pid_n * BLOCK_N + BLOCK_N - 1"),),
        "numbers",
        "Your test lets only tiles through in which every query sees every key: those on the diagonal are left out.",
        2,
    ),
    Mistake(
        "tile_test_reversed",
        (Edit(ANY_VISIBLE, "any_visible = last_query <= first_key"),),
        "numbers",
        "Your test is the wrong way round: it leaves out the tiles that have something to show.",
        2,
    ),
    # numbers: the scale
    Mistake(
        "scale_missing",
        (Edit(DOT, UNSCALED),),
        "numbers",
        "Your scores are not multiplied by sm_scale.",
        None,
        not_scaled,
    ),
    Mistake(
        "scale_given_ignored",
        (Edit("    if sm_scale is None:\n        sm_scale", "    sm_scale"),),
        "numbers",
        "Your launcher always scales by D ** -0.5: that is what sm_scale=None means. A number that is given counts as it is.",
        None,
        scaled_by_default,
    ),
    Mistake(
        "scaled_after_the_mask",
        (Edit(DOT, UNSCALED), Edit(WHERE, f"{WHERE} * sm_scale")),
        "numbers",
        SCALED_LAST,
        5,
    ),
    Mistake(
        "scaled_at_the_end",
        (Edit(DOT, UNSCALED), Edit(STORE, STORE.replace("scores.to", "(scores * sm_scale).to"))),
        "numbers",
        SCALED_LAST,
        5,
        scaled_after_masking,
    ),
    # memory
    Mistake(
        "tiles_above_not_stored",
        (Edit(STORE, f"    if any_visible:\n    {STORE}"),),
        "memory",
        "Your tiles above the diagonal are never written: `out` holds whatever was in memory there. They need no dot, but a store.",
        3,
        finding="unwritten",
    ),
    Mistake(
        "early_return",
        (Edit(FULL, f"if not any_visible:\n        return\n    {FULL}"),),
        "memory",
        "Your programs above the diagonal return without a store: `out` holds whatever was in memory there.",
        3,
        finding="unwritten",
    ),
    Mistake(
        "mask_on_the_store",
        (Edit(OUT_MASK, f"{OUT_MASK} & (offs_m[:, None] >= offs_n[None, :])"),),
        "memory",
        "Your causal mask is in the store: what it hides is never written. Every element of `out` is stored, minus infinity too.",
        5,
        finding="unwritten",
    ),
    Mistake(
        "store_mask_missing",
        (Edit(STORE, STORE.replace(", mask=out_mask", "")),),
        "memory",
        "Your store has no mask: tiles that hang over an edge of `out` write into the next rows, or beyond its end.",
        None,
    ),
    Mistake(
        "key_mask_missing",
        (Edit(LOAD_K, "k = tl.load(k_ptrs)"),),
        "memory",
        "Your load of `k` has no mask: the last tiles reach beyond the last key.",
        None,
    ),
    Mistake(
        "batch_and_head_swapped",
        (Edit(BATCH, "batch = pid_bh % H"), Edit(HEAD, "head = pid_bh // H")),
        "memory",
        "Your batch and head are the wrong way round: pid_bh counts the heads of the first batch, then those of the next.",
        None,
    ),
    # compile
    Mistake(
        "scores_only_in_the_if",
        (Edit(FULL, "pass"),),
        "compile",
        "Your `scores` exists only where the `if` is taken: give it a value before.",
        3,
    ),
    Mistake(
        "scores_begin_as_a_number",
        (Edit(FULL, f"scores = {MINUS_INF}"),),
        "compile",
        "Your `scores` is a single number before the `if` and a tile in it. It needs one shape on both ways: begin with tl.full.",
        3,
    ),
    Mistake(
        "scores_begin_in_half",
        (Edit(FULL, FULL.replace("tl.float32", "tl.float16")),),
        "compile",
        "Your `scores` is fp16 before the `if` and fp32 in it. It needs one dtype on both ways: tl.float32.",
        3,
    ),
    Mistake(
        "scores_begin_as_a_row",
        (Edit(FULL, FULL.replace("(BLOCK_M, BLOCK_N)", "(BLOCK_N,)")),),
        "compile",
        "Your `scores` is a vector before the `if` and a tile in it. It needs one shape on both ways: (BLOCK_M, BLOCK_N).",
        3,
    ),
    Mistake(
        "test_on_the_whole_tile",
        (Edit(ANY_VISIBLE, "any_visible = offs_m[:, None] >= offs_n[None, :]"),),
        "compile",
        "Your `if` asks a whole tile of True and False. It takes one way for the whole program, so it needs one answer.",
        2,
    ),
    Mistake(
        "tile_test_in_the_where",
        (Edit(WHERE, f"if visible:\n            scores = scores\n        else:\n            scores = {MINUS_INF}"),),
        "compile",
        "Your `if` asks a whole tile of True and False. For a choice lane by lane there is tl.where.",
        5,
    ),
    Mistake(
        "element_of_a_block",
        (Edit(LAST_QUERY, "last_query = offs_m[-1]"), Edit(FIRST_KEY, "first_key = offs_n[0]")),
        "compile",
        "Your kernel takes a single element out of a block, which Triton has no way to do. Compute the number from pid_m and pid_n.",
        2,
    ),
    Mistake(
        "vectors_compared",
        (Edit(VISIBLE, "visible = offs_m >= offs_n"),),
        "compile",
        "Your mask compares two vectors number by number, and they differ in length. Stand one up and lay the other down.",
        4,
    ),
    Mistake(
        "mask_lying_down",
        (Edit(VISIBLE, "visible = offs_m[None, :] >= offs_n[:, None]"),),
        "compile",
        "Your mask has the queries along its columns: it is (BLOCK_N, BLOCK_M). Stand offs_m up and lay offs_n down.",
        4,
    ),
    # rules
    Mistake(
        "mask_tensor_made_in_torch",
        (
            Edit(EMPTY, f"{EMPTY}\n    seen = torch.tril(torch.ones((S, S), dtype=torch.int8, device=q.device))"),
            Edit(ARGUMENTS, "        q, k, out, seen,\n"),
            Edit(OUT_PARAMETER, f"{OUT_PARAMETER}    seen_ptr,\n"),
            Edit(
                VISIBLE,
                "inside = (offs_m[:, None] < S) & (offs_n[None, :] < S)\n        "
                "visible = tl.load(seen_ptr + offs_m[:, None] * S + offs_n[None, :], mask=inside, other=0) != 0",
            ),
        ),
        "rules",
        "Your launcher makes a mask of S x S elements in PyTorch. The kernel needs none: it has offs_m and offs_n.",
        4,
    ),
    Mistake(
        "masked_fill_in_torch",
        (
            Edit(WHERE, "scores = scores"),
            EVERY_TILE,
            Edit(
                RETURN,
                "    seen = torch.tril(torch.ones((S, S), dtype=torch.bool, device=q.device))\n"
                "    return out.masked_fill(~seen, -torch.inf)\n",
            ),
        ),
        "rules",
        "Your launcher hides the keys in PyTorch, which reads and writes the whole output once more: the kernel has each score at hand.",
        5,
    ),
    Mistake(
        "filled_in_torch",
        (Edit(EMPTY, FILLED), Edit(STORE, f"    if any_visible:\n    {STORE}")),
        "rules",
        "Your launcher fills `out` with minus infinity, and the kernel leaves the tiles above the diagonal as they are: store them.",
        3,
        finding="constant_left",
    ),
    Mistake(
        "filled_in_torch_and_masked_in_the_store",
        (Edit(EMPTY, FILLED), Edit(OUT_MASK, f"{OUT_MASK} & (offs_m[:, None] >= offs_n[None, :])")),
        "rules",
        "Your launcher fills `out` with minus infinity, and the mask of the store leaves it there: store every element.",
        5,
        finding="constant_left",
    ),
    Mistake(
        "computed_in_torch",
        (
            Edit(
                RETURN,
                "    scores = q @ k.transpose(-1, -2) * sm_scale\n"
                "    return scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), -torch.inf)\n",
            ),
        ),
        "rules",
        "Your launcher computes the scores in PyTorch: they have to come from the kernel.",
        1,
    ),
    Mistake(
        "scaled_in_torch",
        (Edit(EMPTY, f"q = q * sm_scale\n    {EMPTY}"), Edit(DOT, UNSCALED)),
        "rules",
        "Your launcher scales q in PyTorch: one more pass over it. The kernel scales where the numbers are already loaded.",
        None,
    ),
    # contract
    Mistake(
        "fp32_out",
        (Edit(EMPTY, EMPTY.replace("q.dtype", "torch.float32")),),
        "contract",
        "Your output is always fp32. Only `scores` is; `out` has the dtype of q and k.",
        None,
    ),
)

VARIANTS = (
    Variant(
        "blocks_16",
        (Edit(BLOCKS, "BLOCK_M, BLOCK_N = 16, 16"),),
        "the smallest tiles that tl.dot takes",
    ),
    Variant(
        "blocks_64",
        (Edit(BLOCKS, "BLOCK_M, BLOCK_N = 64, 64"),),
        "square tiles: the diagonal runs from corner to corner",
    ),
    Variant("blocks_128", (Edit(BLOCKS, "BLOCK_M, BLOCK_N = 128, 128"),), "large tiles"),
    Variant(
        "wide_tiles",
        (Edit(BLOCKS, "BLOCK_M, BLOCK_N = 32, 128"),),
        "more keys than queries in a tile: the diagonal leaves it through the bottom",
    ),
    Variant("tall_tiles", (Edit(BLOCKS, "BLOCK_M, BLOCK_N = 128, 16"),), "eight tiles side by side on the diagonal"),
    Variant("no_tile_left_out", (EVERY_TILE,), "the mask alone gives the answer; leaving tiles out saves work"),
    Variant(
        "tiles_counted",
        (Edit(ANY_VISIBLE, "any_visible = pid_n < tl.cdiv((pid_m + 1) * BLOCK_M, BLOCK_N)"),),
        "how many tiles of a row of tiles are needed",
    ),
    Variant(
        "largest_and_smallest",
        (
            Edit(LAST_QUERY, "last_query = tl.max(offs_m, axis=0)"),
            Edit(FIRST_KEY, "first_key = tl.min(offs_n, axis=0)"),
        ),
        "the corner of the tile found by reductions",
    ),
    Variant(
        "one_tile_too_many",
        (Edit(LAST_QUERY, "last_query = (pid_m + 1) * BLOCK_M"),),
        "a tile above the diagonal that is computed all the same is hidden by its mask",
    ),
    Variant(
        "else_branch",
        (Edit(FULL, "pass"), Edit(WHERE, f"{WHERE}\n    else:\n        {FULL}")),
        "minus infinity where the `if` is not taken, in an `else`",
    ),
    Variant(
        "return_after_a_store",
        (Edit(IF, f"    if not any_visible:\n{ABOVE}        return\n{IF}"),),
        "a program above the diagonal stores its tile and returns",
    ),
    Variant(
        "tiles_below_without_a_mask",
        (Edit(WHERE, f"if pid_m * BLOCK_M < pid_n * BLOCK_N + BLOCK_N - 1:\n            {WHERE}"),),
        "where every query sees every key, the mask would be True throughout",
    ),
    Variant(
        "hidden_asked_for",
        (
            Edit(VISIBLE, "hidden = offs_n[None, :] > offs_m[:, None]"),
            Edit(WHERE, f"scores = tl.where(hidden, {MINUS_INF}, scores)"),
        ),
        "the opposite question with the opposite choice",
    ),
    Variant(
        "mask_added",
        (Edit(WHERE, f"scores += tl.where(visible, 0.0, {MINUS_INF})"),),
        "adding 0 or minus infinity is safe, as the scores are finite",
    ),
    Variant(
        "q_scaled",
        (Edit(DOT, UNSCALED), Edit(LOAD_Q, f"{LOAD_Q}\n        q = (q * sm_scale).to(q.dtype)")),
        "the scale on D numbers of a query instead of on each of its scores",
    ),
    Variant(
        "k_transposed_after_the_load",
        (
            Edit(K_PTRS, "k_ptrs = k_ptr + offs_n[:, None] * stride_kn + offs_d[None, :] * stride_kd"),
            Edit(LOAD_K, "k = tl.trans(tl.load(k_ptrs, mask=offs_n[:, None] < S, other=0.0))"),
        ),
        "tl.trans instead of swapped strides",
    ),
    Variant(
        "heads_first",
        (
            Edit(GRID, "grid = (B * H, triton.cdiv(S, BLOCK_M), triton.cdiv(S, BLOCK_N))"),
            Edit(PID_M, "pid_m = tl.program_id(axis=1)"),
            Edit(PID_N, "pid_n = tl.program_id(axis=2)"),
            Edit(PID_BH, "pid_bh = tl.program_id(axis=0)"),
        ),
        "which axis of the grid counts what is free",
    ),
    Variant(
        "programs_reversed",
        (
            Edit(PID_M, "pid_m = tl.num_programs(axis=0) - 1 - tl.program_id(axis=0)"),
            Edit(PID_N, "pid_n = tl.num_programs(axis=1) - 1 - tl.program_id(axis=1)"),
        ),
        "which program takes which tile is free",
    ),
    Variant(
        "filled_and_overwritten",
        (Edit(EMPTY, FILLED),),
        "a fill that is overwritten as a whole is only wasted",
    ),
    Variant(
        "default_precision",
        (Edit(DOT, "scores = tl.dot(q, k) * sm_scale"),),
        "TF32 for fp32 inputs on a GPU, judged as leniently as fp16",
    ),
)
