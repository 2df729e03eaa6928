"""The programs that the sections "Common mistakes" of levels 12 and 13 speak of; what tries them is test_common_mistakes.py."""

from __future__ import annotations

from collections.abc import Callable

import torch

from tests.course.trials import Inputs, Trial, attention
from triton_quest.course.case import Draw, normal_dout
from triton_quest.course.key_value_gradients.cases import given, of_a_sum, one_sided
from triton_quest.course.shared.attention_cases import qkv

# Level 12

LSE = "lse = (m_i + tl.log2(l_i)) * 0.6931471805599453"
LSE_MEMORY = "lse = torch.empty((B, H, M), dtype=torch.float32, device=q.device)"
LSE_STORE = "tl.store(lse_ptrs, lse, mask=offs_m < M)"
FIVE = attention(1, 1, 5, 5, 16)


def lse_is(expression: str) -> tuple[tuple[str, str], ...]:
    return ((LSE, f"lse = {expression}"),)


def without_queries(s: int) -> Inputs:
    """All scores are 0."""
    return lambda d: (torch.zeros_like(d.normal(1, 1, s, 16)), d.normal(1, 1, s, 16), d.normal(1, 1, s, 16))


OF_LSE = ((LSE_MEMORY, LSE_MEMORY.replace("torch.float32", "q.dtype")),)
IN_THE_TILE = (("lse_ptr + offs_m * stride_lm", "lse_ptr + tl.arange(0, BLOCK_M) * stride_lm"),)
WITHOUT_HEAD = (("lse_ptr += batch * stride_lb + head * stride_lh", "lse_ptr += batch * stride_lb"),)
UNDIVIDED = (("out = acc / l_i[:, None]", "out = acc"),)

# Level 13

DS = "ds_t = p_t * (dp_t - delta[None, :])"
DV = 'dv = tl.dot(p_t.to(dout.dtype), dout, dv, input_precision="ieee")'
DK = 'dk = tl.dot(ds_t.to(q.dtype), q, dk, input_precision="ieee")'
P = "p_t = tl.exp2(s_t * qk_scale - lse2[None, :])"
BEGIN = "begin = pid_n * BLOCK_N // BLOCK_M * BLOCK_M if CAUSAL else 0"
TILES = "BLOCK_M, BLOCK_N, num_warps, num_stages = TILES[q.dtype.itemsize, D]"
OTHER = 'other=float("inf")'
SEEN = "p_t = tl.where(queries[None, :] >= offs_n[:, None], p_t, 0.0)"
WALKED_STRIDES = "*q.stride(), *k.stride(), *v.stride(), *dout.stride(), *dk.stride(),"
DELTA_AS_COLUMN = ((DS, DS.replace("[None, :]", "[:, None]")),)
DV_FROM_DS = (
    (f"        {DV}\n", ""),
    (DS, f"{DS}\n        {DV.replace('p_t', 'ds_t')}"),
)
LARGEST = "tl.max(s_t, axis=0)[None, :] * qk_scale"
FP16_SUMS = tuple((line, f"{line}.to(tl.float16).to(tl.float32)") for line in (DV, DK))


def tiles(block_m: int, block_n: int) -> tuple[str, str]:
    return TILES, f"BLOCK_M, BLOCK_N, num_warps, num_stages = {block_m}, {block_n}, 4, 1"


def walk(
    m: int, n: int, causal: bool = True, dout: Callable[[Draw, torch.Tensor], torch.Tensor] = normal_dout
) -> Inputs:
    """One head of D 16, with what a right forward pass leaves."""
    return lambda d: given(d, qkv(d, 1, 1, m, n, 16), causal, None, dout)


def apart(d: Draw) -> tuple[torch.Tensor, ...]:
    """The values have nothing in the last numbers, and dout nothing in the first."""
    q, k, v = qkv(d, 1, 1, 5, 5, 16)
    v[..., 8:] = 0.0
    q, k, v, out, lse, dout = given(d, (q, k, v))
    dout[..., :8] = 0.0
    return q, k, v, out, lse, dout


TRIALS: dict[tuple[str, str], tuple[Trial, ...]] = {
    ("attention-for-training", "`tl.log2(l_i)` without `m_i`"): (
        Trial("scores of any size", lse_is("tl.log2(l_i) * 0.6931471805599453"), FIVE, "numbers", "`lse`"),
        Trial("all scores 0", lse_is("tl.log2(l_i) * 0.6931471805599453"), without_queries(5), "passes"),
    ),
    ("attention-for-training", "`m_i` alone"): (
        Trial("five keys", lse_is("m_i * 0.6931471805599453"), FIVE, "numbers", "`lse`"),
        Trial("one key", lse_is("m_i * 0.6931471805599453"), attention(1, 1, 1, 1, 16), "passes"),
    ),
    ("attention-for-training", "No factor ln(2)"): (
        Trial("base 2", lse_is("m_i + tl.log2(l_i)"), FIVE, "numbers", "`lse`"),
    ),
    ("attention-for-training", "`m_i + tl.log(l_i)`"): (
        Trial("two bases", lse_is("m_i + tl.log(l_i)"), FIVE, "numbers", "`lse`"),
        Trial("one key, score 0", lse_is("m_i + tl.log(l_i)"), without_queries(1), "passes"),
    ),
    ("attention-for-training", "`tl.log2(m_i + l_i)`"): (
        Trial("one logarithm", lse_is("tl.log2(m_i + l_i) * 0.6931471805599453"), FIVE, "numbers", "`lse`"),
    ),
    ("attention-for-training", "`qk_scale` without log2(e)"): (
        Trial(
            "powers of 2",
            (("qk_scale = sm_scale * 1.4426950408889634", "qk_scale = sm_scale"),),
            FIVE,
            "numbers",
            "so is `lse`",
        ),
    ),
    ("attention-for-training", "`lse` in the dtype of `q`"): (
        Trial("fp32", OF_LSE, FIVE, "passes"),
        Trial("fp16", OF_LSE, FIVE, "contract", dtype="fp16"),
    ),
    ("attention-for-training", "No mask on the store of `lse`"): (
        Trial("two heads", ((LSE_STORE, "tl.store(lse_ptrs, lse)"),), attention(1, 2, 5, 5, 16), "memory", "writes"),
    ),
    ("attention-for-training", "`tl.arange(0, BLOCK_M)` in `lse_ptrs`"): (
        Trial("one tile", IN_THE_TILE, FIVE, "passes"),
        Trial("two tiles", IN_THE_TILE, attention(1, 1, 70, 70, 16), "memory"),
    ),
    ("attention-for-training", "`lse_ptrs` without the head"): (
        Trial("two heads", WITHOUT_HEAD, attention(1, 2, 5, 5, 16), "memory"),
    ),
    ("attention-for-training", "`acc` stored as it is"): (Trial("out", UNDIVIDED, FIVE, "numbers", "`out` is wrong"),),
    ("key-value-gradients", "`delta` left out"): (
        Trial("five words", ((DS, "ds_t = p_t * dp_t"),), walk(5, 5), "numbers", "`dk`"),
        Trial("nothing in common", ((DS, "ds_t = p_t * dp_t"),), apart, "passes"),
    ),
    ("key-value-gradients", "`dp + delta`"): (
        Trial("five words", ((DS, DS.replace("-", "+")),), walk(5, 5), "numbers", "`dk`"),
    ),
    ("key-value-gradients", "`delta` of another row"): (
        Trial("square tiles", DELTA_AS_COLUMN, walk(5, 5), "numbers", "`dk`"),
        Trial("others", (*DELTA_AS_COLUMN, tiles(16, 32)), walk(5, 5), "compile", compiled=True),
    ),
    ("key-value-gradients", "No scale in `dk`"): (
        Trial("dk", (("    dk = dk * sm_scale\n", ""),), walk(5, 5), "numbers", "`dk` is wrong"),
        Trial(
            "dv",
            (("    dk = dk * sm_scale\n", "    dk = dk * sm_scale\n    dv = dv * sm_scale\n"),),
            walk(5, 5),
            "numbers",
            "`dv` is wrong",
        ),
    ),
    ("key-value-gradients", "`ds_t` for `p_t` in `dv`"): (
        Trial("dv", DV_FROM_DS, walk(5, 5), "numbers", "`dv` is wrong"),
        Trial("dk", ((DK, DK.replace("ds_t", "p_t")),), walk(5, 5), "numbers", "`dk` is wrong"),
    ),
    ("key-value-gradients", "The row's maximum in the place of `lse`"): (
        Trial("of the tile", ((P, P.replace("lse2[None, :]", LARGEST)),), walk(5, 5), "numbers"),
    ),
    ("key-value-gradients", "No causal mask on `p_t`"): (
        Trial("five words", ((SEEN, "pass"),), walk(5, 5), "numbers"),
    ),
    ("key-value-gradients", "`begin` one tile late"): (
        Trial(
            "behind the diagonal",
            ((BEGIN, "begin = (pid_n * BLOCK_N // BLOCK_M + 1) * BLOCK_M if CAUSAL else 0"),),
            walk(40, 40),
            "numbers",
        ),
        Trial(
            "rounded up",
            ((BEGIN, "begin = tl.cdiv(pid_n * BLOCK_N, BLOCK_M) * BLOCK_M if CAUSAL else 0"), tiles(32, 16)),
            walk(40, 40),
            "numbers",
        ),
    ),
    ("key-value-gradients", "0 for plus infinity in `lse2`"): (
        Trial("0", ((OTHER, "other=0.0"),), walk(5, 5), "passes"),
        Trial("minus infinity", ((OTHER, 'other=-float("inf")'),), walk(5, 7, False), "numbers", "nan", causal=False),
    ),
    ("key-value-gradients", "`dout` read with the strides of `q`"): (
        Trial("fresh", ((WALKED_STRIDES, WALKED_STRIDES.replace("*dout", "*q", 1)),), walk(5, 5), "passes"),
        Trial(
            "the gradient of a sum",
            ((WALKED_STRIDES, WALKED_STRIDES.replace("*dout", "*q", 1)),),
            walk(5, 5, dout=of_a_sum),
            "memory",
        ),
    ),
    ("key-value-gradients", "`dk` and `dv` in fp16"): (
        Trial("few queries", FP16_SUMS, walk(5, 9, False), "passes", dtype="fp16", causal=False),
        Trial("2500 queries", FP16_SUMS, walk(2500, 9, False, one_sided), "numbers", dtype="fp16", causal=False),
    ),
    ("key-value-gradients", "`dk` and `dv` returned in the wrong order"): (
        Trial("swapped", (("return dk, dv", "return dv, dk"),), walk(5, 5), "numbers", "so is `dv`"),
    ),
}
