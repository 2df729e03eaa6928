"""What holds for attention whatever the numbers. The docstrings are the sentences that are asserted."""

from collections.abc import Callable

import torch

from triton_quest.judge import properties
from triton_quest.judge.case import Draw

Launcher = Callable[..., torch.Tensor]


def rounding(d: Draw) -> float:
    """How far apart two right answers of a size of about 1 may be: each is rounded when stored, and a little before."""
    return 2 * torch.finfo(d.dtype).eps + 32 * torch.finfo(torch.float32).eps


def qkv(d: Draw, b: int, h: int, m: int, n: int) -> tuple[torch.Tensor, ...]:
    """q: (b, h, m, 16), k and v: (b, h, n, 16)"""
    return d.normal(b, h, m, 16), d.normal(b, h, n, 16), d.normal(b, h, n, 16)


def more_than_a_tile(d: Draw) -> int:
    return min(d.block, 128) + 5


def weights_sum_to_one(attention: Launcher, d: Draw) -> bool:
    """The weights of each query sum to 1: where all values are 1, the result is 1."""
    q, k, v = qkv(d, 1, 1, 3, more_than_a_tile(d))
    ones = attention(q, k, torch.ones_like(v), causal=False)
    return bool(((ones.double() - 1).abs() <= rounding(d)).all())


def the_future_changes_nothing(attention: Launcher, d: Draw) -> bool:
    """With causal, changing later keys and values changes no earlier row."""
    s = more_than_a_tile(d)
    q, k, v = qkv(d, 1, 1, s, s)
    now = s - 9
    before = attention(q, k, v).clone()
    k[:, :, now:] = 100.0
    v[:, :, now:] = -10000.0
    return torch.equal(attention(q, k, v)[:, :, :now], before[:, :, :now])


def the_order_of_the_keys_is_free(attention: Launcher, d: Draw) -> bool:
    """Without causal, keys and values may come in another order, the same for both, and the result stays."""
    q, k, v = qkv(d, 1, 1, 3, more_than_a_tile(d))
    there, back = attention(q, k, v, causal=False), attention(q, k.flip(2), v.flip(2), causal=False)
    return bool(((there.double() - back.double()).abs() <= rounding(d)).all())


def heads_stay_apart(attention: Launcher, d: Draw) -> bool:
    """Changing one head of one batch changes no other head."""
    q, k, v = qkv(d, 2, 3, 2, 3)
    before = attention(q, k, v, causal=False).clone()
    for x in (q, k, v):
        x[1, 0] = 3.0
    same = (attention(q, k, v, causal=False) == before).flatten(2).all(dim=2)
    return bool(same[0].all()) and bool(same[1, 1:].all())


def no_square_matrix(attention: Launcher, d: Draw) -> bool:
    """No matrix of S x S is allocated: four times the length takes at most four times the bytes."""
    return properties.allocation_grows_linearly(attention, lambda s: qkv(d, 1, 1, s, s))


PROPERTIES = (
    weights_sum_to_one,
    the_future_changes_nothing,
    the_order_of_the_keys_is_free,
    heads_stay_apart,
    no_square_matrix,
)
