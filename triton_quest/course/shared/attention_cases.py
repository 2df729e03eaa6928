"""What the attention levels are judged on alike: inputs, sizes of races, and what holds whatever the numbers.

Legend: `b` batch, `h` heads, `m`, `n` query and key length, `s` both of these, `dim` head dim.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from triton_quest.course.call import Call, Property, allocation_grows_linearly
from triton_quest.course.case import Draw, Race

Inputs = tuple[torch.Tensor, ...]
FULL = {"causal": False}


def qkv(d: Draw, b: int, h: int, m: int, n: int, dim: int = 64, scale: float = 1.0) -> Inputs:
    """q: (b, h, m, dim), k and v: (b, h, n, dim), contiguous. The scores have about the standard deviation `scale`."""
    return d.normal(b, h, m, dim, scale=scale), d.normal(b, h, n, dim), d.normal(b, h, n, dim)


def words(d: Draw, s: int, dim: int = 64, scale: float = 1.0) -> Inputs:
    """One head with as many queries as keys."""
    return qkv(d, 1, 1, s, s, dim, scale)


def tile(d: Draw) -> int:
    """The size that queries and keys are ragged around: a larger one would take the interpreter too long."""
    return min(d.block, 128)


def rising_and_falling(d: Draw, m: int, n: int, dim: int = 64) -> Inputs:
    """The scores of even queries rise from -100 to 100 along the keys, those of odd queries fall from 100 to -100."""
    q, k, v = qkv(d, 1, 1, m, n, dim)
    q[..., 0] = 20.0
    q[..., 1::2, 0] = -20.0
    k[..., 0] = torch.linspace(-5.0, 5.0, n, dtype=d.dtype, device=d.device) * dim**0.5
    return q, k, v


def far_below_zero(d: Draw, m: int, n: int) -> Inputs:
    """All scores are below -20000, and those of one query a few apart."""
    q, k, v = qkv(d, 1, 1, m, n, 16)
    return q + 80.0, k * 0.03 - 80.0, v


def all_negative(d: Draw, m: int, n: int) -> Inputs:
    """All scores lie between -18 and -2."""
    q, k = d.positive(1, 1, m, 64, low=0.5, high=1.5), d.positive(1, 1, n, 64, low=-1.5, high=-0.5)
    return q, k, d.normal(1, 1, n, 64)


def sums_that_come_back(d: Draw, n: int) -> Inputs:
    """Two queries. The second half of the values takes away what the first half added."""
    q, k, v = qkv(d, 1, 1, 2, n, 16, scale=0.1)
    v += 5.0
    v[..., n // 2 :, :] -= 10.0
    return q, k, v


def as_in_a_model(x: torch.Tensor) -> torch.Tensor:
    """The same values, with the heads of one word next to each other in memory: (B, S, H, D), seen as (B, H, S, D)."""
    return x.transpose(1, 2).contiguous().transpose(1, 2)


def races(*lengths: int) -> tuple[Race, ...]:
    """16 heads of D 64, full and causal."""
    return tuple(
        Race(
            f"S {s}, D 64, {'causal' if causal else 'full'}",
            lambda d, s=s: qkv(d, 1, 16, s, s),
            least_bytes=2 * 16 * 4 * s * 64,
            length=s,
            flops=4 * 16 * s * s * 64 // (2 if causal else 1),
            keywords={"causal": causal},
        )
        for s in lengths
        for causal in (False, True)
    )


# What holds whatever the numbers: a property's docstring is the sentence that it asserts.


def rounding(d: Draw) -> float:
    """How far apart two right answers of a size of about 1 may be: each is rounded when stored, and a little before."""
    return 2 * torch.finfo(d.dtype).eps + 32 * torch.finfo(torch.float32).eps


def narrow_qkv(d: Draw, b: int, h: int, m: int, n: int) -> Inputs:
    """q: (b, h, m, 16), k and v: (b, h, n, 16)"""
    return qkv(d, b, h, m, n, 16)


def scores_may_be_as_low_as_they_like(attention: Call, d: Draw) -> bool:
    """Where all scores are equal, the result is the mean of the values that are seen, however low the scores are: no number,
    such as -1e9, can stand for minus infinity.
    """
    q, k, v = (torch.ones_like(x) for x in narrow_qkv(d, 1, 1, 3, 3))
    v *= torch.tensor([1.0, 2.0, 3.0], dtype=d.dtype, device=d.device)[:, None]
    low = 2.0**14 if d.dtype == torch.float16 else 2.0**50  # powers of two: every product and sum is exact
    full, causal = (attention(low * q, -2 * low * k, v, causal=causal).out.double()[0, 0] for causal in (False, True))
    seen = torch.tensor([1.0, 1.5, 2.0], dtype=torch.float64, device=d.device)[:, None]
    return all(bool(((out - mean).abs() <= 2 * rounding(d)).all()) for out, mean in ((full, 2.0), (causal, seen)))


def of_attention(keys: Callable[[Draw], int], cut: Callable[[Draw], tuple[int, int]]) -> tuple[Property, ...]:
    """The properties of every attention: `keys` are more than a block of them, `cut` a causal length and where its future begins."""

    def weights_sum_to_one(attention: Call, d: Draw) -> bool:
        """The weights of each query sum to 1: where all values are 1, the result is 1."""
        q, k, v = narrow_qkv(d, 1, 1, 3, keys(d))
        ones = attention(q, k, torch.ones_like(v), causal=False).out
        return bool(((ones.double() - 1).abs() <= rounding(d)).all())

    def the_future_changes_nothing(attention: Call, d: Draw) -> bool:
        """With causal, changing later keys and values changes no earlier row."""
        s, now = cut(d)
        q, k, v = narrow_qkv(d, 1, 1, s, s)
        before = attention(q, k, v).out
        k[:, :, now:] = 100.0
        v[:, :, now:] = -10000.0
        return torch.equal(attention(q, k, v).out[:, :, :now], before[:, :, :now])

    def the_order_of_the_keys_is_free(attention: Call, d: Draw) -> bool:
        """Without causal, keys and values may come in another order, the same for both, and the result stays."""
        q, k, v = narrow_qkv(d, 1, 1, 3, keys(d))
        there, back = (attention(q, *kv, causal=False).out.double() for kv in ((k, v), (k.flip(2), v.flip(2))))
        return bool(((there - back).abs() <= rounding(d)).all())

    def heads_stay_apart(attention: Call, d: Draw) -> bool:
        """Changing one head of one batch changes no other head."""
        q, k, v = narrow_qkv(d, 2, 3, 2, 3)
        before = attention(q, k, v, causal=False).out
        for x in (q, k, v):
            x[1, 0] = 3.0
        same = (attention(q, k, v, causal=False).out == before).flatten(2).all(dim=2)
        return bool(same[0].all()) and bool(same[1, 1:].all())

    return (
        weights_sum_to_one,
        scores_may_be_as_low_as_they_like,
        the_future_changes_nothing,
        the_order_of_the_keys_is_free,
        heads_stay_apart,
    )


def no_square_matrix(attention: Call, d: Draw) -> bool:
    """No matrix of S x S is allocated: four times the length takes at most four times the bytes."""
    return allocation_grows_linearly(attention, lambda s: narrow_qkv(d, 1, 1, s, s))
