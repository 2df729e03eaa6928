"""What level 7 is judged on. Tiny first; `d.block` is the largest block size of the learner's kernel.

One query a program is slow in the interpreter. So lengths around the learner's block are those of the keys, with few
queries; only the long causal case has as many queries, in one dtype.
"""

from collections.abc import Callable

import torch

from triton_quest.child.judge import properties
from triton_quest.course.case import Case, Draw, Race

FULL = {"causal": False}
ONCE = ("fp32",)  # where the numbers play no part


def edge(d: Draw) -> int:
    """The block size that the keys are ragged around: a larger one would take the interpreter too long."""
    return min(d.block, 512)


def qkv(d: Draw, b: int, h: int, m: int, n: int, dim: int, scale: float = 1.0) -> tuple[torch.Tensor, ...]:
    """q: (b, h, m, dim), k and v: (b, h, n, dim), contiguous. The scores have about the standard deviation `scale`."""
    return d.normal(b, h, m, dim, scale=scale), d.normal(b, h, n, dim), d.normal(b, h, n, dim)


def one_head(d: Draw, m: int, n: int, dim: int = 64, scale: float = 1.0) -> tuple[torch.Tensor, ...]:
    return qkv(d, 1, 1, m, n, dim, scale)


def rising_and_falling(d: Draw, m: int, n: int, dim: int) -> tuple[torch.Tensor, ...]:
    """The scores of even queries rise from -100 to 100 along the keys, those of odd queries fall from 100 to -100."""
    q, k, v = qkv(d, 1, 1, m, n, dim)
    q[..., 0] = 20.0
    q[..., 1::2, 0] = -20.0
    k[..., 0] = torch.linspace(-5.0, 5.0, n, dtype=d.dtype, device=d.device) * dim**0.5
    return q, k, v


def long_causal(d: Draw) -> tuple[torch.Tensor, ...]:
    """More than two blocks of keys for the last queries; of blocks above 256, which take the interpreter long, one."""
    s = min(2 * d.block, 512) + 3
    return rising_and_falling(d, s, s, 32)


def far_below_zero(d: Draw) -> tuple[torch.Tensor, ...]:
    """All scores are below -20000, and those of one query a few apart."""
    q, k, v = qkv(d, 1, 1, 2, 3, 16)
    return q + 80.0, k * 0.03 - 80.0, v


def all_negative(d: Draw) -> tuple[torch.Tensor, ...]:
    """All scores are negative."""
    q, k = d.positive(1, 1, 3, 64, low=0.5, high=1.5), d.positive(1, 1, 20, 64, low=-1.5, high=-0.5)
    return q, k, d.normal(1, 1, 20, 64)


def values_around_five(d: Draw) -> tuple[torch.Tensor, ...]:
    q, k, v = qkv(d, 1, 1, 6, 6, 64)
    return q, k, v + 5.0


def sums_that_come_back(d: Draw) -> tuple[torch.Tensor, ...]:
    """The second half of the values takes away what the first half added."""
    n = 4 * edge(d) + 1
    q, k, v = qkv(d, 1, 1, 2, n, 16, scale=0.1)
    v += 5.0
    v[..., n // 2 :, :] -= 10.0
    return q, k, v


def as_in_a_model(x: torch.Tensor) -> torch.Tensor:
    """The same values, with the heads of one word next to each other in memory: (B, S, H, D), seen as (B, H, S, D)."""
    return x.transpose(1, 2).contiguous().transpose(1, 2)


def model_layout(d: Draw) -> tuple[torch.Tensor, ...]:
    return tuple(as_in_a_model(x) for x in qkv(d, 2, 2, 2, 2, 16))


def every_second(d: Draw) -> tuple[torch.Tensor, ...]:
    return tuple(d.strided(x) for x in qkv(d, 1, 2, 3, 7, 64))


def three_layouts(d: Draw) -> tuple[torch.Tensor, ...]:
    q, k, v = qkv(d, 2, 2, 2, 2, 16)
    return q, as_in_a_model(k), d.transposed(v)


CASES = (
    Case(
        "one query, one key",
        "the smallest attention there is: its only weight is 1",
        lambda d: qkv(d, 1, 1, 1, 1, 16),
        quick=True,
    ),
    Case(
        "five words",
        "each query looks at itself and at what came before, and the first one only at itself",
        lambda d: qkv(d, 1, 1, 5, 5, 16),
        quick=True,
    ),
    Case(
        "two batches of three heads",
        "each head of each batch has queries, keys and values of its own",
        lambda d: qkv(d, 2, 3, 2, 5, 16),
        FULL,
        quick=True,
    ),
    Case("more queries than keys", "M and N are different lengths", lambda d: one_head(d, 5, 3, 32), FULL, ONCE),
    Case("one key less than a block", "a lane is masked off", lambda d: one_head(d, 2, edge(d) - 1), FULL, ONCE),
    Case(
        "one whole block",
        "nothing hangs over the end: the mask is all True",
        lambda d: one_head(d, 2, edge(d)),
        FULL,
        ONCE,
    ),
    Case(
        "one key more than a block",
        "the second block has a single key",
        lambda d: one_head(d, 2, edge(d) + 1),
        FULL,
        quick=True,
    ),
    Case(
        "two blocks and a rest",
        "what the first block left is rescaled twice",
        lambda d: qkv(d, 1, 2, 3, 2 * edge(d) + 3, 64),
        FULL,
    ),
    Case(
        "rising and falling scores",
        "the largest score comes last in one row and first in the next, far from all others",
        lambda d: rising_and_falling(d, 4, 2 * edge(d) + 3, 64),
        FULL,
    ),
    Case(
        "a scale of its own",
        "the scale that is passed counts, whatever D is",
        lambda d: qkv(d, 1, 1, 4, 4, 64),
        {"sm_scale": 0.3},
        ONCE,
    ),
    Case(
        "large scores",
        "the weights of one row differ by many powers of ten",
        lambda d: one_head(d, 3, 70, scale=3.0),
        FULL,
    ),
    Case(
        "far below zero",
        "no finite number may stand for minus infinity",
        far_below_zero,
        FULL,
        ONCE,
    ),
    Case("all scores negative", "a lane without a key must not count as a score of 0", all_negative, FULL, ONCE),
    Case("values around 5", "weights that don't sum to 1 move every element", values_around_five),
    Case("laid out as in a model", "the rows of one head lie a whole row of heads apart", model_layout, dtypes=ONCE),
    Case("every second element", "no stride is what the shape suggests", every_second, FULL, ONCE),
    Case("three layouts", "q, k and v each lie in memory in another way", three_layouts, dtypes=ONCE),
    Case(
        "causal, two blocks and a rest",
        "every query has a row of its own length, from one key to more than two blocks",
        long_causal,
        dtypes=ONCE,
    ),
    Case(
        "sums that come back",
        "partial sums are large and results small: every rounding on the way shows",
        sums_that_come_back,
        FULL,
        dtypes=("fp16", "bf16"),
    ),
    Case(
        "D = 128",
        "the longest queries, keys and values",
        lambda d: one_head(d, 2, edge(d) + 5, 128),
        FULL,
        dtypes=("fp16",),
    ),
)

SHOWN = Case(
    "two heads, two blocks and a rest",
    "what `show` draws",
    lambda d: qkv(d, 1, 2, 2 * edge(d) + 19, 2 * edge(d) + 19, 16),
)

RACES = tuple(
    Race(
        f"S {s}, D 64, {'causal' if causal else 'full'}",
        lambda d, s=s: qkv(d, 1, 16, s, s, 64),
        least_bytes=2 * 16 * 4 * s * 64,
        length=s,
        flops=4 * 16 * s * s * 64 // (2 if causal else 1),
        keywords={"causal": causal},
    )
    for s in (256, 1024, 4096)
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


def keys(d: Draw) -> int:
    """More than one block of them."""
    return min(d.block, 512) + 5


def weights_sum_to_one(attention: Launcher, d: Draw) -> bool:
    """The weights of each query sum to 1: where all values are 1, the result is 1."""
    q, k, v = narrow_qkv(d, 1, 1, 3, keys(d))
    ones = attention(q, k, torch.ones_like(v), causal=False)
    return bool(((ones.double() - 1).abs() <= rounding(d)).all())


def the_future_changes_nothing(attention: Launcher, d: Draw) -> bool:
    """With causal, changing later keys and values changes no earlier row."""
    q, k, v = narrow_qkv(d, 1, 1, 12, 12)
    before = attention(q, k, v).clone()
    k[:, :, 6:] = 100.0
    v[:, :, 6:] = -10000.0
    return torch.equal(attention(q, k, v)[:, :, :6], before[:, :, :6])


def the_order_of_the_keys_is_free(attention: Launcher, d: Draw) -> bool:
    """Without causal, keys and values may come in another order, the same for both, and the result stays."""
    q, k, v = narrow_qkv(d, 1, 1, 3, keys(d))
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
