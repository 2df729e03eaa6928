"""What level 6 is judged on. Tiny first; `d.block` is the largest block size that the learner's kernels were launched
with. The first case has D = 16, so that it shows the sizes of the tiles.

One program of softmax_kernel is one row: in the interpreter rows are what costs time, so most cases have few queries.
"""

import torch

from triton_quest.course.case import Case, Draw, too_large
from triton_quest.course.shared.attention_cases import FULL, Inputs, of_attention, qkv, races, tile


def square(d: Draw, b: int, h: int, s: int, dim: int = 64) -> Inputs:
    """q, k, v: (b, h, s, dim)"""
    return qkv(d, b, h, s, s, dim)


def sloping(d: Draw, b: int, h: int, m: int, n: int) -> Inputs:
    """q: (b, h, m, 64), k, v: (b, h, n, 64). Scores rise along the keys in the first head, and fall in the last."""
    q, k, v = qkv(d, b, h, m, n)
    slope = torch.linspace(-2.0, 2.0, n, device=k.device)[:, None].to(k.dtype)
    k[:, 0] += slope
    if h > 1:
        k[:, -1] -= slope
    return q + 0.5, k, v


def layouts(d: Draw) -> Inputs:
    """q, k, v: (2, 2, 5, 64): q as models have it, k every second number of wider vectors, v transposed"""
    q = d.normal(2, 5, 2, 64).transpose(1, 2)
    return q, d.strided(d.normal(2, 2, 5, 64)), d.transposed(d.normal(2, 2, 5, 64))


def packed(d: Draw) -> Inputs:
    """q, k, v: (2, 2, 6, 32), parts of one tensor (B, S, 3, H, D), with v as every second number of its vectors"""
    q, k, v = d.normal(2, 6, 3, 2, 64).permute(2, 0, 3, 1, 4)
    return q[..., :32], k[..., :32], v[..., ::2]


def large_scores(d: Draw) -> Inputs:
    """q: (1, 1, 9, 64), k, v: (1, 1, 33, 64). Scores up to 25 and in the last two rows up to 150."""
    q, k, v = qkv(d, 1, 1, 9, 33)
    q *= 8
    q[:, :, -2:] *= 6
    return q, k, v


def all_negative(d: Draw) -> Inputs:
    """q: (1, 1, 5, 16), k, v: (1, 1, 11, 16). Scores between -16 and -4."""
    q, k = d.positive(1, 1, 5, 16, low=1.0, high=2.0), d.positive(1, 1, 11, 16, low=-2.0, high=-1.0)
    return q, k, d.normal(1, 1, 11, 16)


def far_below_zero(d: Draw) -> Inputs:
    """q, k, v: (1, 1, 6, 16). Scores near -14400."""
    q, k = d.normal(1, 1, 6, 16, scale=0.02, offset=60.0), d.normal(1, 1, 6, 16, scale=0.05, offset=-60.0)
    return q, k, d.normal(1, 1, 6, 16)


def values_around_five(d: Draw) -> Inputs:
    """q: (1, 1, 5, 64), k, v: (1, 1, block + 1, 64)"""
    q, k, v = qkv(d, 1, 1, 5, tile(d) + 1)
    return q, k, v + 5


def long_sums(d: Draw) -> Inputs:
    """q: (1, 1, 2, 16), k, v: (1, 1, 650 or more, 16). Weights nearly equal, values between 0.5 and 1."""
    n = max(650, 5 * tile(d) + 1)
    return d.normal(1, 1, 2, 16, scale=0.1), d.normal(1, 1, n, 16), d.positive(1, 1, n, 16, low=0.5)


CASES = (
    Case(
        "one query, one key",
        "the smallest attention there is: the only weight is 1, so out is v",
        lambda d: square(d, 1, 1, 1, 16),
        quick=True,
    ),
    Case(
        "2 batches of 3 heads",
        "six matrices of 3 by 3, and the number of heads is not the number of batches",
        lambda d: square(d, 2, 3, 3, 16),
        dtypes=("fp32", "bf16"),
        quick=True,
    ),
    Case(
        "5 queries, 7 keys",
        "no mask, and as many queries as keys is not the rule",
        lambda d: qkv(d, 1, 1, 5, 7, 16),
        FULL,
        ("fp32", "fp16"),
        quick=True,
    ),
    Case(
        "one key more than a block",
        "the last step of the loop has a single key; all values are around 5, so a lost weight shows",
        values_around_five,
        FULL,
    ),
    Case(
        "two blocks of keys and a rest",
        "three steps of the loop; scores rise along the keys in one head and fall in the other",
        lambda d: sloping(d, 1, 2, 3, 2 * tile(d) + 3),
        FULL,
    ),
    Case(
        "one query more, one key less",
        "a last tile of a single query, and the only step of the loop has one lane that is masked off",
        lambda d: qkv(d, 1, 1, tile(d) + 1, tile(d) - 1, 32),
        FULL,
        ("fp32",),
    ),
    Case(
        "one more than a tile, causal",
        "a tile above the diagonal, and a last tile of a single query",
        lambda d: square(d, 1, 1, tile(d) + 1),
        quick=True,
    ),
    Case(
        "two tiles and a rest, causal",
        "tiles below, on and above the diagonal",
        lambda d: sloping(d, 1, 1, 2 * tile(d) + 3, 2 * tile(d) + 3),
        dtypes=("fp32",),
    ),
    Case(
        "three layouts in memory",
        "heads side by side in q, gaps in k, v transposed: no stride of one fits another",
        layouts,
        dtypes=("fp32", "fp16"),
        quick=True,
    ),
    Case(
        "parts of one tensor",
        "q, k and v are cut from one tensor: their heads and positions are further apart than they are long",
        packed,
        FULL,
        ("fp32",),
    ),
    Case("large scores", "exp overflows without the maximum, and fp16 keeps too few digits", large_scores, FULL),
    Case(
        "all scores negative",
        "0 is larger than every score: no masked-off lane may be 0",
        all_negative,
        FULL,
        ("fp32", "fp16"),
    ),
    Case(
        "scores far below zero",
        "nothing finite can stand for minus infinity",
        far_below_zero,
        dtypes=("fp32",),
    ),
    Case(
        "a scale of the caller's",
        "`sm_scale` is an argument: 1 / sqrt(D) is only what it is when nobody says otherwise",
        lambda d: qkv(d, 1, 2, 4, 6, 16),
        {"causal": False, "sm_scale": 0.5},
        ("fp32", "bf16"),
    ),
    Case("D = 128", "the largest head dim", lambda d: square(d, 1, 1, 6, 128), dtypes=("fp16",)),
    Case(
        "long sums",
        "hundreds of small positive terms: an accumulator in half precision drifts",
        long_sums,
        FULL,
        ("fp16", "bf16"),
    ),
    Case(
        "too large for fp16",
        "inputs and results beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        lambda d: (*d.beyond_fp16(*square(d, 1, 1, 5, 16)[:2]), d.normal(1, 1, 5, 16, scale=1000.0, offset=100000.0)),
        dtypes=("fp32", "bf16"),
    ),
)

SHOWN = Case("two heads, two tiles and a rest", "what `show` draws", lambda d: square(d, 1, 2, 2 * tile(d) + 19, 16))

LARGE = (
    too_large(
        "1025 batches",
        "the scores have more than 2^31 elements",
        (1025, 8, 512, 16),
        (1025, 8, 512, 16),
        (1025, 8, 512, 16),
    ),
    too_large(
        "8191 batches",
        "q, k and v have more than 2^31 elements",
        (8191, 8, 257, 128),
        (8191, 8, 257, 128),
        (8191, 8, 257, 128),
    ),
    too_large(
        "65535 heads",
        "q, k and v have more than 2^31 elements",
        (1, 65535, 257, 128),
        (1, 65535, 257, 128),
        (1, 65535, 257, 128),
    ),
    too_large(
        "one large matrix",
        "the scores of a single head have more than 2^31 elements",
        (1, 1, 65600, 16),
        (1, 1, 32768, 16),
        (1, 1, 32768, 16),
        keywords=FULL,
    ),
)

RACES = races(256, 1024, 4096, 8192)

PROPERTIES = of_attention(lambda d: tile(d) + 1, lambda d: (12, 7))
