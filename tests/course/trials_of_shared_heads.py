"""The programs that the sections "Common mistakes" of levels 10 and 11 speak of; what tries them is test_common_mistakes.py."""

from __future__ import annotations

from typing import Any

from tests.course.trials import Inputs, Trial
from triton_quest.course.case import Draw

# Level 10


def grouped(hq: int, hkv: int, m: int, n: int) -> Inputs:
    return lambda d: (d.normal(1, hq, m, 16), d.normal(1, hkv, n, 16), d.normal(1, hkv, n, 16))


def v_transposed(d: Draw) -> tuple[Any, ...]:
    q, k, v = grouped(4, 2, 3, 7)(d)
    return q, k, d.transposed(v)


HEADS = "heads = kv_head * GROUP + rows % GROUP"
MODULO = ((HEADS, "heads = rows % GROUP * Hkv + kv_head"),)
BY_HKV = ((HEADS, "heads = kv_head * Hkv + rows % GROUP"),)
SIZE = "    GROUP = Hq // Hkv\n"
UPSIDE_DOWN = ((SIZE, "    GROUP = Hkv // Hq\n"),)
UPPER_LEFT = (
    ("keys[None, :] <= offs_m[:, None] + (N - M) if CAUSAL", "keys[None, :] <= offs_m[:, None] if CAUSAL"),
    ("mask_from = (first + N - M + 1 if CAUSAL else N)", "mask_from = (first + 1 if CAUSAL else N)"),
)
TOO_EARLY = (("end = last + N - M + 1 if CAUSAL else N", "end = last + 1 if CAUSAL else N"),)
EXPANDED = ((SIZE, "    k, v = (x.repeat_interleave(Hq // Hkv, dim=1) for x in (k, v))\n    GROUP, Hkv = 1, Hq\n"),)
K_FOR_V = (("*q.stride(), *k.stride(), *v.stride(),", "*q.stride(), *k.stride(), *k.stride(),"),)

# Level 11


def gradients(r: int, c: int, offset: float = 0.0) -> Inputs:
    return lambda d: (d.positive(r, c, low=0.5 / c, high=1.5 / c), d.normal(r, c, offset=offset))


def of_a_sum(r: int, c: int) -> Inputs:
    """dy as `y.sum()` hands it over: a single number."""
    return lambda d: (d.positive(r, c, low=0.5 / c, high=1.5 / c), d.normal(1, 1).expand(r, c))


DX = "dx = y * (dy - s)"
S = "s = tl.sum(y * dy, axis=0)"
CONVERSIONS = (("    y = y.to(tl.float32)\n", ""), ("    dy = dy.to(tl.float32)\n", ""))
AGAIN = (
    (S, "y = tl.exp(y)\n    y = tl.where(mask, y, 0.0)\n    y = y / tl.sum(y, axis=0)\n    s = tl.sum(y * dy, axis=0)"),
)
STRIDES_OF_Y = (
    ("dy_ptr + row * stride_dy_row + cols * stride_dy_col", "dy_ptr + row * stride_y_row + cols * stride_y_col"),
)
INTO_DY = (("dx = torch.empty(y.shape, dtype=y.dtype, device=y.device)", "dx = dy"),)

TRIALS: dict[tuple[str, str], tuple[Trial, ...]] = {
    ("grouped-query-attention", "Key/value head `h % Hkv`"): (
        Trial("two groups of two", MODULO, grouped(4, 2, 3, 7), "numbers"),
        Trial("one key/value head", MODULO, grouped(4, 1, 3, 7), "passes"),
        Trial("one for each query head", MODULO, grouped(3, 3, 3, 7), "passes"),
    ),
    ("grouped-query-attention", "Key/value head `h // Hkv`"): (
        Trial("two groups of two", BY_HKV, grouped(4, 2, 3, 7), "passes"),
        Trial("two groups of three", BY_HKV, grouped(6, 2, 3, 7), "memory"),
    ),
    ("grouped-query-attention", "The group size upside down"): (
        Trial("shared", UPSIDE_DOWN, grouped(4, 2, 3, 7), "memory", "No program writes any element of out"),
        Trial("not shared", UPSIDE_DOWN, grouped(3, 3, 3, 7), "passes"),
    ),
    ("grouped-query-attention", "The diagonal in the upper left corner"): (
        Trial("as many queries as keys", UPPER_LEFT, grouped(4, 2, 7, 7), "passes"),
        Trial("a new word", UPPER_LEFT, grouped(4, 2, 1, 7), "numbers"),
        Trial("a new word after many", UPPER_LEFT, grouped(4, 2, 1, 200), "numbers"),
    ),
    ("grouped-query-attention", "`end = last + 1`"): (
        Trial("as many queries as keys", TOO_EARLY, grouped(4, 2, 7, 7), "passes"),
        Trial("a new word after many", TOO_EARLY, grouped(4, 2, 1, 200), "numbers"),
    ),
    ("grouped-query-attention", "`k` and `v` expanded first"): (
        Trial("the answer is right", EXPANDED, grouped(4, 2, 3, 7), "passes"),
        Trial("and refused", EXPANDED, grouped(4, 2, 3, 7), "property", "k and v aren't copied", properties=True),
    ),
    ("grouped-query-attention", "The strides of `k` for `v`"): (
        Trial("one layout", K_FOR_V, grouped(4, 2, 3, 7), "passes"),
        Trial("two layouts", K_FOR_V, v_transposed, "numbers"),
    ),
    ("softmax-backward", "The sum left out"): (
        Trial("y * dy", ((DX, "dx = y * dy"),), gradients(3, 5), "numbers", "all 15 elements"),
    ),
    ("softmax-backward", "The sum of `dy` alone"): (
        Trial("of dy", ((S, "s = tl.sum(dy, axis=0)"),), gradients(3, 5), "numbers"),
        Trial("of y", ((S, "s = tl.sum(y, axis=0)"),), gradients(3, 5), "numbers"),
    ),
    ("softmax-backward", "`dx = dy * y * (1 - y)`"): (
        Trial("the diagonal", ((DX, "dx = dy * y * (1 - y)"),), gradients(3, 5), "numbers"),
    ),
    ("softmax-backward", "Softmax taken again"): (Trial("softmax of y", AGAIN, gradients(3, 5), "numbers"),),
    ("softmax-backward", "`dy` found by the strides of `y`"): (
        Trial("before a sum", STRIDES_OF_Y, gradients(3, 5), "passes"),
        Trial("after a sum", STRIDES_OF_Y, of_a_sum(3, 5), "memory", "reads"),
    ),
    ("softmax-backward", "No conversion to fp32"): (
        Trial("of fp32", CONVERSIONS, gradients(3, 5), "passes", compiled=True),
        Trial("of fp16", CONVERSIONS, gradients(3, 5), "numbers", dtype="fp16", compiled=True),
        Trial(
            "gradients around 50", CONVERSIONS, gradients(3, 300, offset=50.0), "numbers", dtype="fp16", compiled=True
        ),
    ),
    ("softmax-backward", "`dx` stored into `dy`"): (
        Trial("in its place", INTO_DY, gradients(3, 5), "rules", "writes into its input"),
        Trial("of a sum", INTO_DY, of_a_sum(3, 5), "memory"),
    ),
}
