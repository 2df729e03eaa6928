"""What level 8 is judged on. Tiny first; `d.block` is the largest block size of the learner's kernel.

All block sizes are powers of two, so a length that is ragged around the largest is ragged around BLOCK_M and around BLOCK_N.
Where only the bookkeeping of tiles and strides is at stake, fp32 is enough: the other dtypes run the same lines.
"""

from collections.abc import Callable

import torch

from triton_quest.child.judge import properties
from triton_quest.course.case import Case, Draw, Race

FULL = {"causal": False}
FP32, HALF = ("fp32",), ("fp16", "bf16")


def tile(d: Draw) -> int:
    """The size that queries and keys are ragged around: a larger one would take the interpreter too long."""
    return min(d.block, 128)


def qkv(d: Draw, b: int, h: int, m: int, n: int, dim: int = 64, scale: float = 1.0) -> tuple[torch.Tensor, ...]:
    """q: (b, h, m, dim), k and v: (b, h, n, dim), contiguous. The scores have about the standard deviation `scale`."""
    return d.normal(b, h, m, dim, scale=scale), d.normal(b, h, n, dim), d.normal(b, h, n, dim)


def words(d: Draw, s: int, dim: int = 64, scale: float = 1.0) -> tuple[torch.Tensor, ...]:
    """One head with as many queries as keys."""
    return qkv(d, 1, 1, s, s, dim, scale)


def rising_and_falling(d: Draw, m: int, n: int) -> tuple[torch.Tensor, ...]:
    """The scores of even queries rise from -100 to 100 along the keys, those of odd queries fall from 100 to -100."""
    q, k, v = qkv(d, 1, 1, m, n)
    q[..., 0] = 20.0
    q[..., 1::2, 0] = -20.0
    k[..., 0] = torch.linspace(-40.0, 40.0, n, dtype=d.dtype, device=d.device)
    return q, k, v


def far_below_zero(d: Draw, s: int) -> tuple[torch.Tensor, ...]:
    """All scores are below -20000, and those of one query a few apart."""
    q, k, v = words(d, s, 16)
    return q + 80.0, k * 0.03 - 80.0, v


def all_negative(d: Draw, m: int, n: int) -> tuple[torch.Tensor, ...]:
    """All scores lie between -16 and -1."""
    q, k = d.positive(1, 1, m, 64, low=0.5, high=1.5), d.positive(1, 1, n, 64, low=-1.5, high=-0.5)
    return q, k, d.normal(1, 1, n, 64)


def values_around_five(d: Draw) -> tuple[torch.Tensor, ...]:
    q, k, v = words(d, tile(d) + 1, scale=3.0)
    return q, k, v + 5.0


def sums_that_come_back(d: Draw) -> tuple[torch.Tensor, ...]:
    """The second half of the values takes away what the first half added."""
    n = 4 * tile(d) + 1
    q, k, v = qkv(d, 1, 1, 2, n, 16, scale=0.1)
    v += 5.0
    v[..., n // 2 :, :] -= 10.0
    return q, k, v


def as_in_a_model(x: torch.Tensor) -> torch.Tensor:
    """The same values, with the heads of one word next to each other in memory: (B, S, H, D), seen as (B, H, S, D)."""
    return x.transpose(1, 2).contiguous().transpose(1, 2)


def model_layout(d: Draw) -> tuple[torch.Tensor, ...]:
    q, k, v = qkv(d, 2, 3, 5, 5, 16)
    return as_in_a_model(q), as_in_a_model(k), as_in_a_model(v)


def every_second(d: Draw) -> tuple[torch.Tensor, ...]:
    q, k, v = qkv(d, 1, 2, 3, 7)
    return d.strided(q), d.strided(k), d.strided(v)


def three_layouts(d: Draw) -> tuple[torch.Tensor, ...]:
    """Two tiles of keys, so that the strides count for the second one too."""
    q, k, v = qkv(d, 1, 2, 3, tile(d) + 3, 16)
    return d.strided(q), as_in_a_model(k), d.transposed(v)


CASES = (
    Case(
        "one query, one key",
        "the smallest attention there is: its only weight is 1",
        lambda d: words(d, 1, 16),
        quick=True,
    ),
    Case(
        "five words",
        "each query looks at itself and at what came before; the tiles hang over everywhere",
        lambda d: words(d, 5, 16),
        quick=True,
    ),
    Case(
        "two batches of three heads",
        "each head of each batch has queries, keys and values of its own",
        lambda d: qkv(d, 2, 3, 3, 5, 16),
        FULL,
        quick=True,
    ),
    Case(
        "causal, one whole tile",
        "nothing hangs over, and the diagonal goes from corner to corner",
        lambda d: words(d, tile(d)),
        dtypes=FP32,
    ),
    Case(
        "causal, two tiles and a rest",
        "tiles before the diagonal and on it; the largest score comes last in one row and first in the next",
        lambda d: rising_and_falling(d, 2 * tile(d) + 3, 2 * tile(d) + 3),
        quick=True,
    ),
    Case(
        "one more than a tile",
        "the last tiles have a single query and a single key",
        lambda d: words(d, tile(d) + 1, 32),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "more queries than keys",
        "the keys end long before the queries do",
        lambda d: qkv(d, 1, 1, tile(d) - 1, 5),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "two whole tiles of keys",
        "no tile needs a mask: there is nothing left for the second loop",
        lambda d: qkv(d, 1, 1, 3, 2 * tile(d)),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "two tiles of keys and a rest",
        "what the first tile left is rescaled twice, up and down by many powers of ten",
        lambda d: rising_and_falling(d, 4, 2 * tile(d) + 3),
        FULL,
        quick=True,
    ),
    Case(
        "a scale of its own",
        "the scale that is passed counts, whatever D is",
        lambda d: words(d, 6),
        {"sm_scale": 0.3},
        dtypes=FP32,
    ),
    Case(
        "large scores",
        "the weights of one row differ by many powers of ten",
        lambda d: qkv(d, 1, 1, 3, 70, scale=3.0),
        FULL,
    ),
    Case(
        "far below zero",
        "no finite number may stand for minus infinity where a key is missing",
        lambda d: far_below_zero(d, 3),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "far below zero, causal",
        "no finite number may stand for minus infinity where a key lies in the future",
        lambda d: far_below_zero(d, 5),
        dtypes=FP32,
    ),
    Case(
        "all scores negative",
        "a key that doesn't exist must not count as a score of 0",
        lambda d: all_negative(d, 3, tile(d) + 20),
        FULL,
    ),
    Case("values around 5", "weights that don't sum to 1 move every element", values_around_five),
    Case("laid out as in a model", "the rows of one head lie a whole row of heads apart", model_layout, dtypes=FP32),
    Case("every second element", "no stride is what the shape suggests", every_second, FULL, dtypes=FP32),
    Case("three layouts", "q, k and v each lie in memory in another way", three_layouts, FULL, dtypes=FP32),
    Case(
        "sums that come back",
        "partial sums are large and results small: every rounding on the way shows",
        sums_that_come_back,
        FULL,
        dtypes=HALF,
    ),
    Case(
        "D = 128",
        "the longest queries, keys and values",
        lambda d: words(d, tile(d) + 5, 128),
        dtypes=("fp16",),
    ),
)

SHOWN = Case(
    "two heads, two tiles and a rest",
    "what `show` draws",
    lambda d: qkv(d, 1, 2, 2 * tile(d) + 35, 2 * tile(d) + 35, 16),
)

RACES = tuple(
    Race(
        f"S {s}, D {dim}, {'causal' if causal else 'full'}",
        lambda d, s=s, dim=dim: qkv(d, 16384 // s, 2048 // dim, s, s, dim),
        least_bytes=2 * 4 * 16384 * 2048,
        length=s,
        flops=4 * 16384 * 2048 * s // (2 if causal else 1),
        keywords={"causal": causal},
        leave_out=() if s < 16384 else ("eager", "math"),  # their S x S matrices would not fit
    )
    for s in (1024, 8192, 16384)
    for dim in (64, 128)
    for causal in (False, True)
)

# What holds whatever the numbers: a property's docstring is the sentence that it asserts.

Launcher = Callable[..., torch.Tensor]


def rounding(d: Draw) -> float:
    """How far apart two right answers of a size of about 1 may be: each is rounded when stored, and a little before."""
    return 2 * torch.finfo(d.dtype).eps + 32 * torch.finfo(torch.float32).eps


def narrow_qkv(d: Draw, b: int, h: int, m: int, n: int) -> tuple[torch.Tensor, ...]:
    """q: (b, h, m, 16), k and v: (b, h, n, 16)"""
    return d.normal(b, h, m, 16), d.normal(b, h, n, 16), d.normal(b, h, n, 16)


def more_than_a_tile(d: Draw) -> int:
    return min(d.block, 128) + 5


def weights_sum_to_one(attention: Launcher, d: Draw) -> bool:
    """The weights of each query sum to 1: where all values are 1, the result is 1."""
    q, k, v = narrow_qkv(d, 1, 1, 3, more_than_a_tile(d))
    ones = attention(q, k, torch.ones_like(v), causal=False)
    return bool(((ones.double() - 1).abs() <= rounding(d)).all())


def the_future_changes_nothing(attention: Launcher, d: Draw) -> bool:
    """With causal, changing later keys and values changes no earlier row."""
    s = more_than_a_tile(d)
    q, k, v = narrow_qkv(d, 1, 1, s, s)
    now = s - 9
    before = attention(q, k, v).clone()
    k[:, :, now:] = 100.0
    v[:, :, now:] = -10000.0
    return torch.equal(attention(q, k, v)[:, :, :now], before[:, :, :now])


def the_order_of_the_keys_is_free(attention: Launcher, d: Draw) -> bool:
    """Without causal, keys and values may come in another order, the same for both, and the result stays."""
    q, k, v = narrow_qkv(d, 1, 1, 3, more_than_a_tile(d))
    there, back = attention(q, k, v, causal=False), attention(q, k.flip(2), v.flip(2), causal=False)
    return bool(((there.double() - back.double()).abs() <= rounding(d)).all())


def heads_stay_apart(attention: Launcher, d: Draw) -> bool:
    """Changing one head of one batch changes no other head."""
    q, k, v = narrow_qkv(d, 2, 3, 2, 3)
    before = attention(q, k, v, causal=False).clone()
    for x in (q, k, v):
        x[1, 0] = 3.0
    same = (attention(q, k, v, causal=False) == before).flatten(2).all(dim=2)
    return bool(same[0].all()) and bool(same[1, 1:].all())


def no_square_matrix(attention: Launcher, d: Draw) -> bool:
    """No matrix of S x S is allocated: four times the length takes at most four times the bytes."""
    return properties.allocation_grows_linearly(attention, lambda s: narrow_qkv(d, 1, 1, s, s))


PROPERTIES = (
    weights_sum_to_one,
    the_future_changes_nothing,
    the_order_of_the_keys_is_free,
    heads_stay_apart,
    no_square_matrix,
)
