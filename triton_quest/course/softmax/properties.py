"""What holds for every softmax, whatever the numbers. The docstrings are the sentences that are asserted."""

from collections.abc import Callable

import torch

from triton_quest.judge.case import Draw

Launcher = Callable[[torch.Tensor], torch.Tensor]
FP32_EPS = torch.finfo(torch.float32).eps


def rounding(d: Draw, exponent: float = 0.0) -> float:
    """How far two right answers may be apart, weights being at most 1.

    Each weight is rounded when it is stored; before that, exp, sum and quotient are off by some eps of fp32 each, and
    an exponent that is itself computed from large numbers by its size in eps.
    """
    return 4 * torch.finfo(d.dtype).eps + (16 + 2 * exponent) * FP32_EPS


def rows_sum_to_one(softmax: Launcher, d: Draw) -> bool:
    """Each row of the result sums to 1."""
    total = softmax(d.normal(4, 77, scale=3.0)).double().sum(dim=-1)
    return bool(((total - 1).abs() <= rounding(d)).all())


def shift_changes_nothing(softmax: Launcher, d: Draw) -> bool:
    """Adding the same number to all scores of a row changes nothing."""
    x = d.normal(3, 21, scale=3.0).round().clamp(-8, 8)  # whole numbers up to 136 are exact in every dtype
    up, plain, down = (softmax(x + shift).double() for shift in (128, 0, -128))
    return all(bool(((moved - plain).abs() <= rounding(d, exponent=136)).all()) for moved in (up, down))


def rows_stay_apart(softmax: Launcher, d: Draw) -> bool:
    """Changing one row changes no other row."""
    x = d.normal(5, 40)
    changed = x.clone()
    changed[2] = d.normal(40, scale=100.0)
    others = [0, 1, 3, 4]
    return torch.equal(softmax(x)[others], softmax(changed)[others])


def reversing_reverses(softmax: Launcher, d: Draw) -> bool:
    """Reversing the columns of x reverses the columns of the result."""
    x = d.normal(3, 45, scale=3.0)
    there, back = softmax(x).double(), softmax(x.flip(-1)).double().flip(-1)
    return bool(((there - back).abs() <= rounding(d)).all())


PROPERTIES = (rows_sum_to_one, shift_changes_nothing, rows_stay_apart, reversing_reverses)
