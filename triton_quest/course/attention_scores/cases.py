"""What level 4 is judged on. Tiny first; `d.block` is the largest block size that the learner's kernel was launched with.

The first case has D = 16, the smallest: a kernel runs over D in one block, and a larger D would hide the tiles' own sizes.
"""

import torch

from triton_quest.course.call import Call
from triton_quest.course.case import Case, Draw, Race, too_large
from triton_quest.course.shared.attention_cases import tile


def pair(d: Draw, b: int, h: int, m: int, n: int, dim: int = 64, scale: float = 1.0) -> tuple:
    """q: (b, h, m, dim), k: (b, h, n, dim), contiguous"""
    return d.normal(b, h, m, dim, scale=scale), d.normal(b, h, n, dim)


def heads_after_positions(x: torch.Tensor) -> torch.Tensor:
    """x: (B, H, S, D). The same values, made as (B, S, H, D) and then transposed: the layout that models have."""
    return x.transpose(1, 2).contiguous().transpose(1, 2)


def as_models_store_them(d: Draw) -> tuple:
    """q: (2, 3, 6, 64), k: (2, 3, 10, 64), both with the heads of a position side by side in memory"""
    q, k = pair(d, 2, 3, 6, 10)
    return heads_after_positions(q), heads_after_positions(k)


def keys_transposed(d: Draw) -> tuple:
    """k: (1, 2, block + 1, 64) with strides (..., 1, block + 1)"""
    q, k = pair(d, 1, 2, 9, tile(d) + 1)
    return q, d.transposed(k)


def queries_strided(d: Draw) -> tuple:
    """q is every second number of wider vectors; k is as models have it"""
    q, k = pair(d, 2, 2, 5, 6)
    return d.strided(q), heads_after_positions(k)


def keys_strided(d: Draw) -> tuple:
    """k is every second number of wider vectors; q is transposed"""
    q, k = pair(d, 1, 2, 6, 5)
    return d.transposed(q), d.strided(k)


def all_negative(d: Draw) -> tuple:
    """Positive queries and negative keys"""
    return d.positive(1, 2, 4, 64, low=0.5), d.positive(1, 2, 6, 64, low=-1.0, high=-0.5)


def beyond_fp16(d: Draw) -> tuple:
    """Dot products of some 80,000 before the scale, and of some 60,000 in the first two rows: fp16 ends at 65,504"""
    q, k = d.positive(1, 1, 5, 64, low=30.0, high=40.0), d.positive(1, 1, 9, 64, low=30.0, high=40.0)
    q[:, :, :2] *= 0.75
    k[:, :, ::2] *= -1
    return q, k


CASES = (
    Case(
        "one query, one key",
        "the smallest table of scores there is: all lanes of the tile but one are masked off",
        lambda d: pair(d, 1, 1, 1, 1, dim=16),
        quick=True,
    ),
    Case(
        "5 queries, 7 keys",
        "smaller than any tile, and as many queries as keys is not the rule",
        lambda d: pair(d, 1, 1, 5, 7, dim=16),
        quick=True,
    ),
    Case("one whole tile", "nothing hangs over an edge: all masks are True", lambda d: pair(d, 1, 1, tile(d), tile(d))),
    Case(
        "batches and heads",
        "six matrices, and the number of heads is not the number of batches",
        lambda d: pair(d, 2, 3, 7, 9),
        quick=True,
    ),
    Case(
        "one less, one more",
        "the last tiles hang over by all but one query, or have a single key",
        lambda d: pair(d, 1, 2, tile(d) - 1, tile(d) + 1),
    ),
    Case("many queries", "several tiles downwards and a rest", lambda d: pair(d, 1, 1, 2 * tile(d) + 3, 5)),
    Case("many keys", "several tiles to the right and a rest", lambda d: pair(d, 2, 1, 3, 2 * tile(d) + 3)),
    Case(
        "as models store them",
        "heads lie side by side in memory: from one head to the next it is D elements, from one query to the next H * D",
        as_models_store_them,
        quick=True,
    ),
    Case("keys transposed", "the numbers of a key lie far apart, and neighbouring keys side by side", keys_transposed),
    Case(
        "queries with gaps",
        "every second number of wider vectors, and keys in another layout: no stride of q fits k",
        queries_strided,
    ),
    Case(
        "keys with gaps",
        "the keys are every second number of wider vectors, and the queries are transposed",
        keys_strided,
    ),
    Case("large queries", "scores up to 10 and more", lambda d: pair(d, 1, 1, 9, tile(d) + 1, scale=3.0)),
    Case("all scores negative", "queries and keys point in opposite directions", all_negative),
    Case(
        "a scale of the caller's",
        "`sm_scale` is an argument: 1 / sqrt(D) is only what it is when nobody says otherwise",
        lambda d: pair(d, 1, 2, 5, 9),
        keywords={"sm_scale": 0.5},
        quick=True,
    ),
    Case("D = 32", "a scale that is no power of two", lambda d: pair(d, 2, 1, 5, 9, dim=32), dtypes=("fp16",)),
    Case("D = 128", "the largest head dim", lambda d: pair(d, 1, 2, 9, tile(d) + 1, dim=128), dtypes=("fp32",)),
    Case(
        "beyond fp16",
        "dot products of 80,000 are too large for fp16, but scores of 10,000 are not",
        beyond_fp16,
        dtypes=("fp16",),
    ),
    Case(
        "too large for fp16",
        "inputs and results beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        lambda d: d.beyond_fp16(
            d.positive(1, 1, 5, 64, low=40.0, high=60.0), d.positive(1, 1, 7, 64, low=40.0, high=60.0)
        ),
        keywords={"sm_scale": 1.0},
        dtypes=("fp32", "bf16"),
    ),
)

SHOWN = Case(
    "two heads, two tiles and a rest", "what `show` draws", lambda d: pair(d, 1, 2, tile(d) + 19, 2 * tile(d) + 19, 16)
)

LARGE = (
    too_large(
        "8191 batches, 257 queries",
        "q and the scores have more than 2^31 elements",
        (8191, 8, 257, 128),
        (8191, 8, 128, 128),
    ),
    too_large(
        "8191 batches, 257 keys",
        "k and the scores have more than 2^31 elements",
        (8191, 8, 128, 128),
        (8191, 8, 257, 128),
    ),
    too_large(
        "65535 heads", "q and the scores have more than 2^31 elements", (1, 65535, 257, 128), (1, 65535, 128, 128)
    ),
    too_large(
        "one large matrix",
        "the scores of a single head have more than 2^31 elements",
        (1, 1, 65537, 16),
        (1, 1, 32800, 16),
    ),
)

RACES = tuple(
    Race(
        f"S {s}, D 64",
        lambda d, s=s: (d.normal(1, 16, s, 64), d.normal(1, 16, s, 64)),
        least_bytes=2 * 16 * (2 * s * 64 + s * s),
        length=s,
        flops=2 * 16 * s * s * 64,
    )
    for s in (256, 1024, 4096, 8192)
)

# What must hold for attention scores whatever the numbers; a property's docstring is the sentence that it asserts. The values are
# small whole numbers and the scales powers of two: then every score is exact in each dtype, and results can be compared bit by bit.


def _whole(d: Draw, *shape: int) -> torch.Tensor:
    """Whole numbers from -2 to 2"""
    return d.normal(*shape).round().clamp(-2, 2)


def heads_stay_apart(attention_scores: Call, d: Draw) -> bool:
    """Changing one head of one batch changes the scores of no other."""
    q, k = _whole(d, 2, 3, 5, 16), _whole(d, 2, 3, 6, 16)
    changed_q, changed_k = q.clone(), k.clone()
    changed_q[1, 1] += 1
    changed_k[1, 1] += 1
    others = torch.ones(2, 3, dtype=torch.bool)
    others[1, 1] = False
    return torch.equal(attention_scores(q, k).out[others], attention_scores(changed_q, changed_k).out[others])


def swapping_transposes(attention_scores: Call, d: Draw) -> bool:
    """Swapping queries and keys transposes the scores."""
    q, k = _whole(d, 1, 2, 19, 64), _whole(d, 1, 2, 7, 64)
    return torch.equal(attention_scores(q, k).out, attention_scores(k, q).out.transpose(-1, -2))


def reordering_keys_reorders_columns(attention_scores: Call, d: Draw) -> bool:
    """Putting the keys in reverse order puts the columns of the scores in reverse order."""
    q, k = _whole(d, 1, 1, 5, 16), _whole(d, 1, 1, 21, 16)
    return torch.equal(attention_scores(q, k.flip(2)).out, attention_scores(q, k).out.flip(3))


def unit_keys_give_the_queries(attention_scores: Call, d: Draw) -> bool:
    """If key number d is 1 at place d and 0 elsewhere, and the scale is 1, the scores are the queries."""
    q = _whole(d, 1, 2, 9, 32)
    keys = torch.eye(32, dtype=d.dtype, device=d.device).expand(1, 2, 32, 32)
    return torch.equal(attention_scores(q, keys, sm_scale=1.0).out, q)


PROPERTIES = (
    heads_stay_apart,
    swapping_transposes,
    reordering_keys_reorders_columns,
    unit_keys_give_the_queries,
)
