"""What level 10 is judged on. Tiny first; `d.block` is the largest block size of the learner's kernel.

Legend: `b` batch, `hq` query heads, `hkv` key/value heads, `m`, `n` query and key length, `dim` head dim. The first case has more rows than
the smallest tile, so that it shows the tiles of long texts. Where only the bookkeeping is at stake, fp32 is enough.
"""

from __future__ import annotations

import torch

from triton_quest.course.call import Call, allocation_grows_linearly
from triton_quest.course.case import Case, Draw, Race, too_large
from triton_quest.course.shared.attention_cases import FULL, Inputs, as_in_a_model, of_attention, rounding, tile

FP32, HALF = ("fp32",), ("fp16", "bf16")


def qkv(d: Draw, b: int, hq: int, hkv: int, m: int, n: int, dim: int = 16, scale: float = 1.0) -> Inputs:
    """q: (b, hq, m, dim), k and v: (b, hkv, n, dim), contiguous. The scores have about the standard deviation `scale`."""
    return d.normal(b, hq, m, dim, scale=scale), d.normal(b, hkv, n, dim), d.normal(b, hkv, n, dim)


def rising_and_falling(d: Draw, m: int, n: int) -> Inputs:
    """Two heads a group. Along the keys the scores of even queries rise from -100 to 100, those of odd queries fall from 100 to -100."""
    q, k, v = qkv(d, 1, 2, 1, m, n, 64)
    q[..., 0] = 20.0
    q[..., 1::2, 0] = -20.0
    k[..., 0] = torch.linspace(-5.0, 5.0, n, dtype=d.dtype, device=d.device) * 8.0
    return q, k, v


def far_below_zero(d: Draw, m: int, n: int) -> Inputs:
    """All scores are below -20000, and those of one query a few apart."""
    q, k, v = qkv(d, 1, 4, 2, m, n)
    return q + 80.0, k * 0.03 - 80.0, v


def all_negative(d: Draw, m: int, n: int) -> Inputs:
    """All scores lie between -18 and -2."""
    q, k = d.positive(1, 2, m, 64, low=0.5, high=1.5), d.positive(1, 1, n, 64, low=-1.5, high=-0.5)
    return q, k, d.normal(1, 1, n, 64)


def sums_that_come_back(d: Draw, n: int) -> Inputs:
    """The second half of the values takes away what the first half added."""
    q, k, v = qkv(d, 1, 2, 1, 2, n, scale=0.1)
    v += 5.0
    v[..., n // 2 :, :] -= 10.0
    return q, k, v


def values_around_five(d: Draw) -> Inputs:
    q, k, v = qkv(d, 1, 2, 1, 9, tile(d) + 1, 64, scale=3.0)
    return q, k, v + 5.0


def model_layout(d: Draw) -> Inputs:
    q, k, v = qkv(d, 2, 6, 2, 5, 8)
    return as_in_a_model(q), as_in_a_model(k), as_in_a_model(v)


def with_room(d: Draw, n: int, room: int) -> torch.Tensor:
    """(2, 2, n, 16): the first n keys of a cache that has room for more, where large numbers lie."""
    cache = torch.full((2, 2, n + room, 16), 1000.0, dtype=d.dtype, device=d.device)
    cache[:, :, :n] = d.normal(2, 2, n, 16)
    return cache[:, :, :n]


def cache_with_room(d: Draw) -> Inputs:
    n = tile(d) + 5
    return d.normal(2, 4, 2, 16), with_room(d, n, 40), with_room(d, n, 40)


def every_second(d: Draw) -> Inputs:
    q, k, v = qkv(d, 1, 4, 2, 3, 7)
    return d.strided(q), d.strided(k), d.strided(v)


def three_layouts(d: Draw) -> Inputs:
    """Three tiles of keys, so that the strides move a tile on in both loops."""
    q, k, v = qkv(d, 1, 4, 2, 3, 2 * tile(d) + 3)
    return d.strided(q), as_in_a_model(k), d.transposed(v)


CASES = (
    Case(
        "one word, seventeen heads",
        "a single key, which all heads share: its only weight is 1",
        lambda d: qkv(d, 1, 17, 1, 1, 1),
    ),
    Case(
        "three of seven words",
        "two groups of two heads, and queries that are the last three of seven words",
        lambda d: qkv(d, 1, 4, 2, 3, 7),
        quick=True,
    ),
    Case(
        "groups of three",
        "a group that is no power of two, and another number than there are key/value heads",
        lambda d: qkv(d, 2, 6, 2, 5, 5),
        quick=True,
    ),
    Case(
        "a new word",
        "one query in each head, which sees all keys, in tiles of keys that need no mask and in one that does",
        lambda d: qkv(d, 2, 6, 2, 1, tile(d) + 5),
        quick=True,
    ),
    Case(
        "a new word at the end of a tile",
        "the keys end where a tile does: there is nothing left for the second loop",
        lambda d: qkv(d, 1, 4, 2, 1, tile(d)),
        dtypes=FP32,
    ),
    Case(
        "a head of keys for each query head",
        "groups of one: multi-head attention, with a late diagonal",
        lambda d: qkv(d, 1, 3, 3, 5, 9),
        dtypes=FP32,
    ),
    Case(
        "one head of keys for all",
        "a single group: multi-query attention",
        lambda d: qkv(d, 2, 5, 1, 4, 6),
        dtypes=FP32,
    ),
    Case(
        "two batches, every key seen",
        "without causal each query sees every key, before and after it",
        lambda d: qkv(d, 2, 4, 2, 3, 5),
        FULL,
        quick=True,
    ),
    Case(
        "as many queries as keys",
        "tiles before the diagonal and on it; the largest score comes last in one row and first in the next",
        lambda d: rising_and_falling(d, tile(d) + 3, tile(d) + 3),
    ),
    Case(
        "the last of many words",
        "a late diagonal that crosses a tile of keys in its middle, with tiles before it that need no mask",
        lambda d: rising_and_falling(d, tile(d) // 2 + 3, 2 * tile(d) + 11),
        quick=True,
    ),
    Case(
        "a tile of words more",
        "the diagonal is late by a whole tile of keys",
        lambda d: qkv(d, 1, 2, 1, 17, tile(d) + 17),
        dtypes=FP32,
    ),
    Case(
        "more queries than keys",
        "without causal the keys may end long before the queries do",
        lambda d: qkv(d, 1, 2, 1, tile(d) - 1, 5, 32),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "two tiles of keys and a rest",
        "what the first tile left is rescaled twice, up and down by many powers of ten",
        lambda d: rising_and_falling(d, 4, 2 * tile(d) + 3),
        FULL,
    ),
    Case(
        "a scale of its own",
        "the scale that is passed counts, whatever D is",
        lambda d: qkv(d, 1, 4, 2, 6, 9),
        {"sm_scale": 0.3},
        dtypes=FP32,
    ),
    Case(
        "large scores",
        "the weights of one row differ by many powers of ten",
        lambda d: qkv(d, 1, 2, 1, 3, 70, 64, scale=3.0),
    ),
    Case(
        "far below zero",
        "no finite number may stand for minus infinity where a key is missing",
        lambda d: far_below_zero(d, 3, 3),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "far below zero, causal",
        "no finite number may stand for minus infinity where a key lies in the future",
        lambda d: far_below_zero(d, 3, 5),
        dtypes=FP32,
    ),
    Case(
        "all scores negative",
        "a key that doesn't exist must not count as a score of 0",
        lambda d: all_negative(d, 3, tile(d) + 20),
        FULL,
    ),
    Case("values around 5", "weights that don't sum to 1 move every element", values_around_five),
    Case(
        "a cache with room",
        "k and v are the beginning of larger tensors: behind their last key lies memory that isn't theirs to count",
        cache_with_room,
        dtypes=FP32,
    ),
    Case("laid out as in a model", "the rows of one head lie a whole row of heads apart", model_layout, dtypes=FP32),
    Case("every second element", "no stride is what the shape suggests", every_second, FULL, dtypes=FP32),
    Case("three layouts", "q, k and v each lie in memory in another way", three_layouts, dtypes=FP32),
    Case(
        "sums that come back",
        "partial sums are large and results small: every rounding on the way shows",
        lambda d: sums_that_come_back(d, 4 * tile(d) + 1),
        FULL,
        dtypes=HALF,
    ),
    Case(
        "D = 128",
        "the longest queries, keys and values",
        lambda d: qkv(d, 1, 2, 1, 9, tile(d) + 5, 128),
        dtypes=("fp16",),
    ),
    Case(
        "too large for fp16",
        "results beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        lambda d: (*qkv(d, 1, 4, 2, 3, 5)[:2], d.normal(1, 2, 5, 16, scale=1000.0, offset=100000.0)),
        dtypes=("fp32", "bf16"),
    ),
)

SHOWN = Case(
    "two groups of two heads, two tiles and a rest",
    "what `show` draws",
    lambda d: qkv(d, 1, 4, 2, tile(d) + 17, 2 * tile(d) + 35),
)

MANY = (1, 65535, 257, 128)
LARGE = (
    too_large("65535 heads", "q, k and v have more than 2^31 elements", MANY, MANY, MANY),
    too_large(
        "65535 heads that share one",
        "q and out have more than 2^31 elements, all in one group",
        MANY,
        (1, 1, 257, 128),
        (1, 1, 257, 128),
    ),
    too_large(
        "8191 batches",
        "q, k and v have more than 2^31 elements",
        (8191, 32, 257, 128),
        (8191, 8, 257, 128),
        (8191, 8, 257, 128),
    ),
    Case(
        "512 batches, stored position by position",
        "from one query or key to the next it is 2^23 elements, since all batches and heads lie in between",
        lambda d: tuple(d.without_memory(513, 512, 127, 128).permute(1, 2, 0, 3) for _ in range(3)),
        {"causal": False},
    ),
)


def prefill(s: int, dim: int, causal: bool) -> Race:
    """16,384 words in all, 2048 numbers a word, four query heads a group."""
    b, hq = 16384 // s, 2048 // dim
    return Race(
        f"prefill S {s}, D {dim}, {'causal' if causal else 'full'}",
        lambda d: qkv(d, b, hq, hq // 4, s, s, dim),
        least_bytes=2 * 16384 * 2048 * 5 // 2,
        length=s,
        flops=4 * 16384 * 2048 * s // (2 if causal else 1),
        keywords={"causal": causal},
    )


def decode(b: int, n: int) -> Race:
    """A new word for 32 query heads of D 128 in 8 groups; bytes are the measure."""
    return Race(
        f"decode B {b}, N {n}, D 128",
        lambda d: qkv(d, b, 32, 8, 1, n, 128),
        least_bytes=2 * b * 128 * (2 * 8 * n + 2 * 32),
        length=n,
    )


RACES = (
    *(prefill(s, dim, causal) for s in (1024, 8192) for dim in (64, 128) for causal in (False, True)),
    *(decode(b, n) for b, n in ((1, 8192), (16, 8192), (64, 8192), (16, 32768))),
)

# What holds whatever the numbers: a property's docstring is the sentence that it asserts.


def a_group_is_as_many_heads(attention: Call, d: Draw) -> bool:
    """Sharing a head of keys and values gives what a copy of it for each query head gives."""
    q, k, v = qkv(d, 1, 6, 2, 3, 9)
    copies = (x.repeat_interleave(3, dim=1) for x in (k, v))
    shared, own = attention(q, k, v).out.double(), attention(q, *copies).out.double()
    return bool(((shared - own).abs() <= 4 * rounding(d)).all())


def word_by_word(attention: Call, d: Draw) -> bool:
    """The last queries alone, with all keys, give the rows that they have among all queries."""
    n = tile(d) + 5
    q, k, v = qkv(d, 1, 2, 1, n, n)
    whole = attention(q, k, v).out.double()
    late = (attention(q[:, :, n - m :], k, v).out.double() - whole[:, :, n - m :] for m in (1, 6))
    return all(bool((apart.abs() <= 4 * rounding(d)).all()) for apart in late)


def groups_stay_apart(attention: Call, d: Draw) -> bool:
    """Changing a head of keys and values changes the query heads of its group alone, and changing a query head no other."""
    q, k, v = qkv(d, 2, 6, 2, 2, 3)
    before = attention(q, k, v).out
    k[1, 1], v[1, 1] = 3.0, 3.0
    same = (attention(q, k, v).out == before).flatten(2).all(dim=2)
    if not (bool(same[0].all()) and bool(same[1, :3].all()) and not bool(same[1, 3:].any())):
        return False
    before = attention(q, k, v).out
    q[0, 2] = 3.0
    same = (attention(q, k, v).out == before).flatten(2).all(dim=2)
    return bool(same[1].all()) and bool(same[0, [0, 1, 3, 4, 5]].all())


def nothing_of_all_heads(attention: Call, d: Draw) -> bool:
    """k and v aren't copied for each query head: with four times the keys, the launcher allocates less than one such copy more."""
    heads, n = 16, 1024
    short, long = (attention.without_kernels(*qkv(d, 1, heads, 2, 1, keys)).allocated_bytes for keys in (n, 4 * n))
    return long - short < 3 * n * heads * 16 * d.dtype.itemsize


def no_square_matrix(attention: Call, d: Draw) -> bool:
    """No matrix of S x S is allocated: four times the length takes at most four times the bytes."""
    return allocation_grows_linearly(attention, lambda s: qkv(d, 1, 2, 1, s, s))


PROPERTIES = (
    *of_attention(lambda d: tile(d) + 5, lambda d: (tile(d) + 5, tile(d) - 4))[:3],
    a_group_is_as_many_heads,
    word_by_word,
    groups_stay_apart,
    nothing_of_all_heads,
    no_square_matrix,
)
