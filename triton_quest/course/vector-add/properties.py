"""What holds for every sum of vectors, whatever the numbers. The docstrings are the sentences that are asserted."""

from collections.abc import Callable

import torch

from triton_quest.judge.case import Draw

Launcher = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def zeros_change_nothing(vector_add: Launcher, d: Draw) -> bool:
    """Adding a vector of zeros gives x back, bit for bit."""
    x = d.normal(2 * d.block + 1)
    return torch.equal(vector_add(x, torch.zeros_like(x)), x)


def order_does_not_matter(vector_add: Launcher, d: Draw) -> bool:
    """x + y equals y + x, bit for bit."""
    x, y = d.normal(d.block + 5), d.normal(d.block + 5)
    return torch.equal(vector_add(x, y), vector_add(y, x))


def opposites_cancel(vector_add: Launcher, d: Draw) -> bool:
    """x + (-x) is 0 everywhere."""
    x = d.normal(d.block + 7, scale=10.0)
    return not vector_add(x, -x).any()


def elements_stay_apart(vector_add: Launcher, d: Draw) -> bool:
    """Changing one element of x changes that element of the result, and no other."""
    x, y = d.normal(2 * d.block + 3), d.normal(2 * d.block + 3)
    changed = x.clone()
    changed[d.block + 1] += 100.0
    difference = vector_add(x, y) != vector_add(changed, y)
    return difference.nonzero().flatten().tolist() == [d.block + 1]


PROPERTIES = (zeros_change_nothing, order_does_not_matter, opposites_cancel, elements_stay_apart)
