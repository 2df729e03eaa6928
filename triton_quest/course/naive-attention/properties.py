"""What holds for attention whatever the numbers. The docstrings are the sentences that are asserted."""

from collections.abc import Callable

import torch

from triton_quest.judge.case import Draw

Launcher = Callable[..., torch.Tensor]
Inputs = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def inputs(d: Draw, b: int, h: int, m: int, n: int) -> Inputs:
    """q: (b, h, m, 16), k, v: (b, h, n, 16)"""
    return d.normal(b, h, m, 16, scale=2.0), d.normal(b, h, n, 16), d.normal(b, h, n, 16)


def close(left: torch.Tensor, right: torch.Tensor, d: Draw, largest: float) -> bool:
    """Whether two means of values up to `largest` differ by no more than rounding: of the weights, and of the result."""
    return bool(((left.double() - right.double()).abs() <= 4 * torch.finfo(d.dtype).eps * largest).all())


def values_of_one_give_one(attention: Launcher, d: Draw) -> bool:
    """Where all values are 1, the result is 1: the weights of each query sum to 1."""
    q, k, v = inputs(d, 1, 1, 5, 5)
    ones = torch.ones_like(v)
    return all(close(attention(q, k, ones, causal=causal), ones, d, 1.0) for causal in (True, False))


def the_future_changes_nothing(attention: Launcher, d: Draw) -> bool:
    """With causal=True, other keys and values from position 7 on change no result before position 7."""
    q, k, v = inputs(d, 1, 1, 12, 12)
    before = attention(q, k, v).clone()
    k[:, :, 7:], v[:, :, 7:] = 100.0, -1000.0
    return torch.equal(attention(q, k, v)[:, :, :7], before[:, :, :7])


def the_order_of_keys_is_free(attention: Launcher, d: Draw) -> bool:
    """Without the mask, keys and values in another order give the same result."""
    q, k, v = inputs(d, 1, 1, 4, d.block + 1)
    there, back = attention(q, k, v, causal=False), attention(q, k.flip(2), v.flip(2), causal=False)
    return close(there, back, d, float(v.abs().max()))


def heads_stay_apart(attention: Launcher, d: Draw) -> bool:
    """Changing one head of one batch changes the result of no other."""
    q, k, v = inputs(d, 2, 2, 3, 3)
    before = attention(q, k, v).clone()
    for x in (q, k, v):
        x[1, 0] = d.normal(3, 16, scale=3.0)
    changed = (attention(q, k, v) != before).flatten(2).any(dim=2)
    return changed.tolist() == [[False, False], [True, False]]


PROPERTIES = (values_of_one_give_one, the_future_changes_nothing, the_order_of_keys_is_free, heads_stay_apart)
