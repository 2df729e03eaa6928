"""The programs that the sections "Common mistakes" of levels 5 to 8 speak of; what tries them is test_common_mistakes.py."""

from __future__ import annotations

from tests.course.trials import Trial, attention, far_below, queries_and_keys, scores_that, swapped_keys

# Level 5

VISIBLE = "visible = offs_m[:, None] >= offs_n[None, :]"
HIDE = 'scores = tl.where(visible, scores, -float("inf"))'
ALL_HIDDEN = 'scores = tl.full((BLOCK_M, BLOCK_N), -float("inf"), dtype=tl.float32)'
IN_THE_TILE = ((VISIBLE, "visible = tl.arange(0, BLOCK_M)[:, None] >= tl.arange(0, BLOCK_N)[None, :]"),)
ANY_VISIBLE = "any_visible = last_query >= first_key"
BY_TILES = ((ANY_VISIBLE, "any_visible = pid_m >= pid_n"),)
SQUARE = (*BY_TILES, ("BLOCK_M, BLOCK_N = 128, 64", "BLOCK_M, BLOCK_N = 64, 64"))
FIRST_QUERY = (("last_query = pid_m * BLOCK_M + BLOCK_M - 1", "last_query = pid_m * BLOCK_M"),)
EARLY = ((ANY_VISIBLE, f"{ANY_VISIBLE}\n    if not any_visible:\n        return"),)
FILLED = (
    (
        "out = torch.empty((B, H, S, S), dtype=q.dtype, device=q.device)",
        'out = torch.full((B, H, S, S), -float("inf"), dtype=q.dtype, device=q.device)',
    ),
)

# Level 6

IN_BETWEEN = "scores = torch.empty((B, H, M, N), dtype=torch.float32, device=q.device)"
SCORES_OF_Q = ((IN_BETWEEN, "scores = torch.empty((B, H, M, N), dtype=q.dtype, device=q.device)"),)
NO_DEVICE = ((IN_BETWEEN, "scores = torch.empty((B, H, M, N), dtype=torch.float32)"),)
AXES_SWAPPED = (
    (
        "grid = (triton.cdiv(M, BLOCK_M), triton.cdiv(N, BLOCK_N), B * H)",
        "grid = (triton.cdiv(N, BLOCK_N), triton.cdiv(M, BLOCK_M), B * H)",
    ),
)
ONE_HEAD = (("grid = (B * H * M,)", "grid = (M,)"),)
ROWS_OF_M = (("softmax_kernel[grid](scores, N,", "softmax_kernel[grid](scores, M,"),)
KEYS = "for start_n in range(0, N, BLOCK_N):"
COUNTED_TILES = ((KEYS, "for start_n in range(0, tl.cdiv(N, BLOCK_N)):"),)
K_FOR_V = (("*scores.stride(), *v.stride(), *out.stride(),", "*scores.stride(), *k.stride(), *out.stride(),"),)
WEIGHTED = 'acc = tl.dot(weights.to(v.dtype), v, acc, input_precision="ieee")'
UNCONVERTED = ((WEIGHTED, 'acc = tl.dot(weights, v, acc, input_precision="ieee")'),)
LAST_KEYS = ((WEIGHTED, 'acc = tl.dot(weights.to(v.dtype), v, input_precision="ieee")'),)
BEYOND_N = (
    ("(offs_m[:, None] < M) & (offs_n[None, :] < N - start_n)", "(offs_m[:, None] < M) & (offs_n[None, :] < N)"),
    ("offs_n[:, None] < N - start_n", "offs_n[:, None] < N"),
)

# Level 7

ACC_ALONE = (("l_i = l_i * alpha + tl.sum(p, axis=0)", "l_i = l_i + tl.sum(p, axis=0)"),)
L_I_ALONE = (("acc = acc * alpha + tl.sum(", "acc = acc + tl.sum("),)
UPSIDE_DOWN = (("alpha = tl.exp(m_i - m_new)", "alpha = tl.exp(m_new - m_i)"),)
NEW_MAXIMUM = "m_new = tl.maximum(m_i, tl.max(scores, axis=0))"
TOO_EARLY = ((NEW_MAXIMUM, f"{NEW_MAXIMUM}\n        m_i = m_new"),)
OF_THE_BLOCK = ((NEW_MAXIMUM, "m_new = tl.max(scores, axis=0)"),)
MASKED = 'scores = tl.where(mask, scores, -float("inf"))'
IN_EACH_BLOCK = (
    ("        m_i = m_new\n", "        m_i = m_new\n        acc = acc / l_i\n"),
    ("out = acc / l_i", "out = acc"),
)
V_BEFORE_K = (
    ("*q.stride(), *k.stride(), *v.stride(), *out.stride(),", "*q.stride(), *v.stride(), *k.stride(), *out.stride(),"),
)

# Level 8

POWERS_OF_2 = (("qk_scale = sm_scale * 1.4426950408889634", "qk_scale = sm_scale"),)
STEP_MAXIMUM = "m_new = tl.maximum(m_i, tl.max(qk, axis=1) * qk_scale)"
TWICE = (("p = tl.exp2(qk * qk_scale - m_new[:, None])", "p = tl.exp2(qk * qk_scale * qk_scale - m_new[:, None])"),)
RAW_MAXIMUM = ((STEP_MAXIMUM, "m_new = tl.maximum(m_i, tl.max(qk, axis=1))"),)
MAXIMUM_DOWN = ((STEP_MAXIMUM, "m_new = tl.maximum(m_i, tl.max(qk, axis=0) * qk_scale)"),)
SUM_DOWN = (("l_i = l_i * alpha + tl.sum(p, axis=1)", "l_i = l_i * alpha + tl.sum(p, axis=0)"),)
OLD_ACC = (("    acc = acc * alpha[:, None]\n", ""),)
OLD_L_I = (("l_i = l_i * alpha + tl.sum(p, axis=1)", "l_i = l_i + tl.sum(p, axis=1)"),)
KEYS_IN_THE_TILE = (("visible = keys[None, :] <= offs_m[:, None]", "visible = offs_n[None, :] <= offs_m[:, None]"),)
MASK_FROM = "mask_from = (pid_m * BLOCK_M if CAUSAL else N) // BLOCK_N * BLOCK_N"
ROUNDED_UP = ((MASK_FROM, "mask_from = tl.cdiv(pid_m * BLOCK_M + 1 if CAUSAL else N, BLOCK_N) * BLOCK_N"),)
NOT_ROUNDED = ((MASK_FROM, "mask_from = pid_m * BLOCK_M if CAUSAL else N"),)
FIRST_LOADS = "k = tl.load(k_ptr + start_n * stride_kn + k_offs)"
SAME_TILE = ((FIRST_LOADS, "k = tl.load(k_ptr + k_offs)"),)
NO_STRIDE = ((FIRST_LOADS, "k = tl.load(k_ptr + start_n + k_offs)"),)
FROM_0 = (("for start_n in range(mask_from, end, BLOCK_N):", "for start_n in range(0, end, BLOCK_N):"),)
ACC_OF_QUERIES = "acc = tl.zeros((BLOCK_M, D), dtype=tl.float32)"
FLASH_REFUSED = ((ACC_OF_QUERIES, "acc = tl.zeros((BLOCK_M, D), dtype=tl.float16)"),)
ADD_VALUES = 'acc = tl.dot(p.to(v.dtype), v, acc, input_precision="ieee")'
FLASH_BY_HAND = ((ADD_VALUES, f"{ADD_VALUES}\n    acc = acc.to(tl.float16).to(tl.float32)"),)
STRIDES_OF_K = (
    ("*q.stride(), *k.stride(), *v.stride(), *out.stride(),", "*q.stride(), *k.stride(), *k.stride(), *out.stride(),"),
)

TRIALS: dict[tuple[str, str], tuple[Trial, ...]] = {
    ("causal-mask", "`>` instead of `>=`"): (
        Trial("seven positions", ((VISIBLE, VISIBLE.replace(">=", ">")),), queries_and_keys(1, 1, 7, 7, 16), "numbers"),
        Trial("one", ((VISIBLE, VISIBLE.replace(">=", ">")),), queries_and_keys(1, 1, 1, 1, 16), "numbers", "-inf"),
    ),
    ("causal-mask", "`offs_m[:, None] <= offs_n[None, :]`"): (
        Trial("reversed", ((VISIBLE, VISIBLE.replace(">=", "<=")),), queries_and_keys(1, 1, 7, 7, 16), "numbers"),
    ),
    ("causal-mask", "`tl.arange(0, BLOCK_M)` and `tl.arange(0, BLOCK_N)` in the comparison"): (
        Trial("the first tile", IN_THE_TILE, queries_and_keys(1, 1, 64, 64, 16), "passes"),
        Trial("another one", IN_THE_TILE, queries_and_keys(1, 1, 70, 70, 16), "numbers"),
    ),
    ("causal-mask", "`pid_m >= pid_n`"): (
        Trial("square tiles", SQUARE, queries_and_keys(1, 1, 100, 100, 16), "passes"),
        Trial("the launcher's tiles", BY_TILES, queries_and_keys(1, 1, 100, 100, 16), "numbers"),
    ),
    ("causal-mask", "The first query of the tile"): (
        Trial("two tiles of keys", FIRST_QUERY, queries_and_keys(1, 1, 100, 100, 16), "numbers"),
    ),
    ("causal-mask", "`scores * visible`"): (
        Trial("a product", ((HIDE, "scores = scores * visible"),), queries_and_keys(1, 1, 7, 7, 16), "numbers"),
        Trial(
            "minus infinity added",
            ((HIDE, 'scores = scores + tl.where(visible, 0.0, 1.0) * -float("inf")'),),
            queries_and_keys(1, 1, 7, 7, 16),
            "numbers",
            "nan",
        ),
    ),
    ("causal-mask", "`scores` begun as the number minus infinity"): tuple(
        Trial(what, ((ALL_HIDDEN, begun),), queries_and_keys(1, 1, 7, 7, 16), "compile", compiled=True)
        for what, begun in (
            ("a number", 'scores = -float("inf")'),
            ("fp16", ALL_HIDDEN.replace("float32", "float16")),
            ("only inside", "pass"),
        )
    ),
    ("causal-mask", "`return` where nothing is visible"): (
        Trial("a tile above", EARLY, queries_and_keys(1, 1, 200, 200, 16), "memory", "never written"),
    ),
    ("causal-mask", "`out` filled with minus infinity by `torch.full`"): (
        Trial("all stored", FILLED, queries_and_keys(1, 1, 200, 200, 16), "passes"),
        Trial("not all stored", (*FILLED, *EARLY), queries_and_keys(1, 1, 200, 200, 16), "rules"),
    ),
    ("naive-attention", "`scores` in the dtype of `q`"): (
        Trial("fp32", SCORES_OF_Q, attention(1, 1, 40, 40, 16, scale=8.0), "passes"),
        Trial("fp16, large", SCORES_OF_Q, attention(1, 1, 40, 40, 16, scale=8.0), "numbers", dtype="fp16"),
        Trial("bf16, large", SCORES_OF_Q, attention(1, 1, 40, 40, 16, scale=8.0), "numbers", dtype="bf16"),
    ),
    ("naive-attention", "`device=` forgotten"): (Trial("no GPU", NO_DEVICE, attention(1, 1, 5, 5, 16), "passes"),),
    ("naive-attention", "A grid whose axes"): (
        Trial("more tiles below than beside", AXES_SWAPPED, attention(1, 1, 100, 20, 16), "memory", causal=False),
    ),
    ("naive-attention", "`softmax_kernel` launched for M rows"): (
        Trial("one head", ONE_HEAD, attention(1, 1, 5, 5, 16), "passes"),
        Trial("two heads", ONE_HEAD, attention(1, 2, 5, 5, 16), "numbers"),
    ),
    ("naive-attention", "M where N belongs"): (
        Trial("as many queries", ROWS_OF_M, attention(1, 1, 5, 5, 16), "passes"),
        Trial("fewer queries", ROWS_OF_M, attention(1, 1, 5, 7, 16), "numbers", causal=False),
    ),
    ("naive-attention", "`range(0, tl.cdiv(N, BLOCK_N))`"): (
        Trial("two tiles", COUNTED_TILES, attention(1, 1, 40, 40, 16), "memory"),
    ),
    ("naive-attention", "The strides of `k` passed for `v`"): (
        Trial("alike", K_FOR_V, attention(1, 2, 5, 5, 16), "passes"),
        Trial("not alike", K_FOR_V, swapped_keys(1, 2, 5, 16), "numbers"),
    ),
    ("naive-attention", "No `weights.to(v.dtype)`"): (
        Trial("fp32", UNCONVERTED, attention(1, 1, 5, 5, 16), "passes", compiled=True),
        Trial("fp16", UNCONVERTED, attention(1, 1, 5, 5, 16), "compile", dtype="fp16", compiled=True),
    ),
    ("naive-attention", "`acc = tl.dot(weights, v)`"): (
        Trial("one step", LAST_KEYS, attention(1, 1, 32, 32, 16), "passes"),
        Trial("two steps", LAST_KEYS, attention(1, 1, 40, 40, 16), "numbers"),
    ),
    ("naive-attention", "`offs_n < N` in the loop"): (
        Trial("beyond N", BEYOND_N, attention(1, 1, 40, 40, 16), "memory"),
    ),
    ("fused-attention", "`acc` or `l_i` not rescaled"): tuple(
        Trial(f"{what}, {how}", edits, inputs, ends)
        for what, edits in (("only acc", ACC_ALONE), ("only l_i", L_I_ALONE))
        for how, inputs, ends in (
            ("one block", scores_that(True, 32, 16, 1.0), "passes"),
            ("falling", scores_that(False, 40, 16, 1.0), "passes"),
            ("rising", scores_that(True, 40, 16, 1.0), "numbers"),
        )
    ),
    ("fused-attention", "`exp(m_new - m_i)`"): (
        Trial("the first block", UPSIDE_DOWN, attention(1, 1, 5, 5, 16), "numbers", "nan"),
    ),
    ("fused-attention", "`m_i = m_new` too early"): (
        Trial("one block", TOO_EARLY, scores_that(True, 32, 16, 1.0), "passes"),
        Trial("rising", TOO_EARLY, scores_that(True, 40, 16, 1.0), "numbers"),
    ),
    ("fused-attention", "The maximum of the block alone"): (
        Trial("near", OF_THE_BLOCK, attention(1, 1, 40, 40, 16), "passes"),
        Trial("far below", OF_THE_BLOCK, scores_that(False, 40, 16, 40.0), "numbers", "nan"),
    ),
    ("fused-attention", "No minus infinity in the masked-off lanes"): (
        Trial("27 lanes too many", ((MASKED, "scores = scores"),), attention(1, 1, 5, 5, 16), "numbers"),
    ),
    ("fused-attention", "-10000 instead of minus infinity"): (
        Trial(
            "ordinary scores",
            ((MASKED, MASKED.replace('float("inf")', "10000.0")),),
            attention(1, 1, 5, 5, 16),
            "passes",
        ),
        Trial("far below", ((MASKED, MASKED.replace('float("inf")', "10000.0")),), far_below(5, 16), "numbers"),
    ),
    ("fused-attention", "Divided in each block"): (
        Trial("one block", IN_EACH_BLOCK, attention(1, 1, 32, 32, 16), "passes"),
        Trial("two blocks", IN_EACH_BLOCK, attention(1, 1, 40, 40, 16), "numbers"),
    ),
    ("fused-attention", "The strides passed in another order"): (
        Trial("alike", V_BEFORE_K, attention(1, 2, 5, 5, 16), "passes"),
        Trial("not alike", V_BEFORE_K, swapped_keys(1, 2, 5, 16), "numbers"),
    ),
    ("flash-attention", "`tl.exp2` without log2(e)"): (
        Trial("powers of 2", POWERS_OF_2, attention(1, 1, 7, 7, 16), "numbers"),
        Trial(
            "values of 1",
            POWERS_OF_2,
            lambda d: (d.normal(1, 1, 7, 16), d.normal(1, 1, 7, 16), d.normal(1, 1, 7, 16).fill_(1.0)),
            "passes",
        ),
    ),
    ("flash-attention", "The scale applied twice"): (
        Trial("twice", TWICE, attention(1, 1, 7, 7, 16), "numbers"),
        Trial("a raw maximum", RAW_MAXIMUM, attention(1, 1, 7, 7, 16), "passes"),
        Trial("a raw maximum, large scores", RAW_MAXIMUM, attention(1, 1, 7, 7, 16, scale=100.0), "numbers", "nan"),
    ),
    ("flash-attention", "`axis=0` in `tl.max` or `tl.sum`"): (
        Trial(
            "the maximum, 128 by 64",
            MAXIMUM_DOWN,
            attention(1, 1, 7, 7, 16),
            "numbers",
            "incompatible dimensions",
            dtype="fp16",
        ),
        Trial(
            "the sum, 128 by 64",
            SUM_DOWN,
            attention(1, 1, 7, 7, 16),
            "numbers",
            "incompatible dimensions",
            dtype="fp16",
        ),
        Trial("the sum, 64 by 64", SUM_DOWN, attention(1, 1, 7, 7, 16), "numbers"),
    ),
    ("flash-attention", "`acc` or `l_i` not rescaled"): tuple(
        Trial(f"{what}, {how}", edits, inputs, ends)
        for what, edits in (("acc", OLD_ACC), ("l_i", OLD_L_I))
        for how, inputs, ends in (
            ("one tile", scores_that(True, 64, 16, 1.0), "passes"),
            ("two tiles", scores_that(True, 70, 16, 1.0), "numbers"),
        )
    ),
    ("flash-attention", "`tl.arange(0, BLOCK_N)` in the mask"): (
        Trial("one tile", KEYS_IN_THE_TILE, attention(1, 1, 64, 64, 16), "passes"),
        Trial("two tiles", KEYS_IN_THE_TILE, attention(1, 1, 70, 70, 16), "numbers"),
    ),
    ("flash-attention", "`mask_from` rounded up, or not rounded"): (
        Trial("rounded up", ROUNDED_UP, attention(1, 1, 128, 128, 16), "numbers"),
        Trial("rounded up, no such keys", ROUNDED_UP, attention(1, 1, 70, 70, 16), "memory", causal=False),
        Trial("not rounded, no such keys", NOT_ROUNDED, attention(1, 1, 70, 70, 16), "memory", causal=False),
    ),
    ("flash-attention", "No `start_n` in a load, or no stride with it"): (
        Trial("always the first", SAME_TILE, attention(1, 1, 150, 150, 16), "numbers"),
        Trial("a wrong place", NO_STRIDE, attention(1, 1, 150, 150, 16), "numbers"),
    ),
    ("flash-attention", "The second loop from 0 on"): (
        Trial("no first loop", FROM_0, attention(1, 1, 64, 64, 16), "passes"),
        Trial("keys counted twice", FROM_0, attention(1, 1, 70, 70, 16), "numbers"),
    ),
    ("flash-attention", "`acc` in fp16"): (
        Trial("refused", FLASH_REFUSED, attention(1, 1, 7, 7, 16), "compile", dtype="fp16", compiled=True),
        Trial(
            "by hand",
            FLASH_BY_HAND,
            lambda d: (d.normal(1, 1, 9, 16), d.normal(1, 1, 2500, 16), d.positive(1, 1, 2500, 16, low=0.5)),
            "numbers",
            dtype="fp16",
            causal=False,
        ),
    ),
    ("flash-attention", "The strides of `k` used for `v`"): (
        Trial("alike", STRIDES_OF_K, attention(1, 2, 5, 5, 16), "passes"),
        Trial("not alike", STRIDES_OF_K, swapped_keys(1, 2, 5, 16), "numbers"),
    ),
}
