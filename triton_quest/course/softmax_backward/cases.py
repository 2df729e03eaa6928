"""What level 11 is judged on. Tiny first; `d.block` is the largest block size of the learner's kernel."""

from __future__ import annotations

import torch

from triton_quest.course.call import Call
from triton_quest.course.case import Case, Draw, Race, too_large

Inputs = tuple[torch.Tensor, ...]


def edge(d: Draw) -> int:
    """The learner's own block size, as the number of columns to be ragged around. Bounded: a row must stay one row."""
    return min(d.block, 1024)


def weights(d: Draw, rows: int, cols: int, scale: float = 1.0) -> torch.Tensor:
    """y: (rows, cols), the softmax of scores with the standard deviation `scale`, rounded to the dtype; contiguous."""
    return torch.softmax(d.normal(rows, cols, scale=scale, dtype=torch.float32), dim=-1).to(d.dtype)


def both(d: Draw, rows: int, cols: int, scale: float = 1.0, offset: float = 0.0) -> Inputs:
    """y, dy: (rows, cols), contiguous; dy has the mean `offset`."""
    return weights(d, rows, cols, scale), d.normal(rows, cols, offset=offset)


def typical(d: Draw, sizes: dict[str, int]) -> Inputs:
    """What `compile` and `traffic` call the launcher with."""
    return both(d, sizes["R"], sizes["C"])


def far_apart(d: Draw, cols: int) -> Inputs:
    """y, dy: (5, cols). The gradients of each row lie around a level of its own."""
    levels = torch.tensor([[0.0], [20.0], [-20.0], [3.0], [-7.0]], dtype=d.dtype, device=d.device)
    return weights(d, 5, cols), d.normal(5, cols) + levels


def one_that_has_it_all(d: Draw) -> Inputs:
    """Scores of hundreds: in most rows one weight is 1 and the others are 0 or nearly so."""
    return both(d, 6, 37, scale=100.0)


CASES = (
    Case("one element", "the smallest matrix there is: its only weight is 1, and can't move", lambda d: both(d, 1, 1)),
    Case("3 rows of 5", "not a power of two: 3 of 8 lanes are masked off", lambda d: both(d, 3, 5), quick=True),
    Case("one whole block", "nothing hangs over the end: the mask is all True", lambda d: both(d, 3, edge(d))),
    Case(
        "one block and one column",
        "just beyond a power of two, in rows of more than one block",
        lambda d: both(d, 3, edge(d) + 1),
        quick=True,
    ),
    Case("many rows", "every row must be taken by exactly one program", lambda d: both(d, 37, 20)),
    Case(
        "dy as y.sum() hands it over",
        "a single number in memory, seen as a matrix: both strides of dy are 0",
        lambda d: (weights(d, 4, 13), d.normal(1, 1, offset=1.0).expand(4, 13)),
        quick=True,
    ),
    Case(
        "dy as y.sum(dim=0) hands it over",
        "all rows of dy are one row in memory: its strides are 0 and 1",
        lambda d: (weights(d, 5, 21), d.normal(1, 21).expand(5, 21)),
        quick=True,
    ),
    Case(
        "dy as y.sum(dim=1) hands it over",
        "each row of dy is a single number in memory: its strides are 1 and 0",
        lambda d: (weights(d, 5, 22), d.normal(5, 1).expand(5, 22)),
    ),
    Case(
        "y and dy sliced",
        "every second column of wider matrices: no stride is what the shape suggests",
        lambda d: tuple(map(d.strided, both(d, 5, 33))),
        quick=True,
    ),
    Case(
        "y transposed",
        "neighbours in a row of y lie far apart in memory, and those of dy side by side",
        lambda d: (d.transposed(weights(d, 9, 12)), d.normal(9, 12)),
    ),
    Case(
        "dy transposed",
        "neighbours in a row of dy lie far apart in memory, and those of y side by side",
        lambda d: (weights(d, 9, 12), d.transposed(d.normal(9, 12))),
    ),
    Case(
        "some columns of wider matrices",
        "the rows are further apart than they are long, those of dy further than those of y",
        lambda d: (weights(d, 7, 32)[:, 5:25], d.normal(7, 50)[:, 10:30]),
    ),
    Case("rows far apart", "the weighted mean of each row is another one", lambda d: far_apart(d, 24)),
    Case("one weight has it all", "weights of 0 and of 1 stay where they are", one_that_has_it_all),
    Case(
        "gradients around 50",
        "the weighted mean is large and the differences from it are small: it needs all the digits of fp32",
        lambda d: both(d, 3, 300, offset=50.0),
    ),
    Case("long rows", "many terms in one sum", lambda d: both(d, 2, 1000)),
    Case(
        "too large for fp16",
        "gradients beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        lambda d: both(d, 3, 20, offset=100000.0),
        dtypes=("fp32", "bf16"),
    ),
)

SHOWN = Case("seven rows of 40", "what `show` draws", lambda d: both(d, 7, 40))

ROWS = 2**24 + 1
LARGE = (
    too_large("2^24 rows", "the matrices have more than 2^31 elements", (ROWS, 144), (ROWS, 144)),
    Case(
        "2^24 rows, and one number for dy",
        "y and dx have more than 2^31 elements, and dy has one",
        lambda d: (d.without_memory(ROWS, 144), d.without_memory(1, 1).expand(ROWS, 144)),
    ),
)

RACES = tuple(
    Race(
        f"{rows} rows of {cols}",
        lambda d, r=rows, c=cols: both(d, r, c),
        least_bytes=2 * 3 * rows * cols,
    )
    for rows, cols in ((256, 256), (4096, 1024), (16384, 1024), (16384, 8192), (4096, 32768))
)

# What holds whatever the numbers: a property's docstring is the sentence that it asserts.

FP32_EPS = torch.finfo(torch.float32).eps


def rounding(d: Draw, y: torch.Tensor, dy: torch.Tensor) -> torch.Tensor:
    """(rows, 1), float64: how far two right answers in these rows may be apart, and how far the sum of one may be from 0.

    The weights are rounded, so that they sum to 1 only up to some eps of their dtype; so are the results.
    """
    terms = (y.double() * dy.double()).abs().sum(dim=-1, keepdim=True)
    return (4 * torch.finfo(d.dtype).eps + 64 * FP32_EPS) * terms


def rows_sum_to_zero(backward: Call, d: Draw) -> bool:
    """Each row of the result sums to 0."""
    y, dy = both(d, 4, 77)
    total = backward(y, dy).out.double().sum(dim=-1, keepdim=True)
    return bool((total.abs() <= rounding(d, y, dy)).all())


def shift_changes_nothing(backward: Call, d: Draw) -> bool:
    """Adding the same number to all gradients of a row of dy changes nothing."""
    y, dy = weights(d, 3, 21), d.normal(3, 21, scale=3.0).round().clamp(-8, 8)  # up to 72, exact in every dtype
    plain = backward(y, dy).out.double()
    moved = dy + 64
    return bool(((backward(y, moved).out.double() - plain).abs() <= rounding(d, y, moved)).all())


def rows_stay_apart(backward: Call, d: Draw) -> bool:
    """Changing one row of y and dy changes no other row."""
    y, dy = both(d, 5, 40)
    before = backward(y, dy).out
    y[2], dy[2] = 1.0, 100.0
    others = [0, 1, 3, 4]
    return torch.equal(backward(y, dy).out[others], before[others])


def reversing_reverses(backward: Call, d: Draw) -> bool:
    """Reversing the columns of y and dy reverses the columns of the result."""
    y, dy = both(d, 3, 45)
    there, back = backward(y, dy).out.double(), backward(y.flip(-1), dy.flip(-1)).out.double().flip(-1)
    return bool(((there - back).abs() <= rounding(d, y, dy)).all())


def all_of_the_weight(backward: Call, d: Draw) -> bool:
    """Where one weight of a row is 1 and the others are 0, the whole row of the result is 0."""
    y = torch.zeros(3, 29, dtype=d.dtype, device=d.device)
    y[0, 0] = y[1, 11] = y[2, 28] = 1.0
    return not bool(backward(y, d.normal(3, 29)).out.any())


PROPERTIES = (rows_sum_to_zero, shift_changes_nothing, rows_stay_apart, reversing_reverses, all_of_the_weight)
