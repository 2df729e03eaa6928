"""What level 3 is judged on. Tiny first; `d.block` is the largest block size of the learner's kernel."""

import torch

from triton_quest.course.call import Call
from triton_quest.course.case import Case, Draw, Race, too_large


def edge(d: Draw) -> int:
    """The learner's own block size, as the number of columns to be ragged around. Bounded: a row must stay one row."""
    return min(d.block, 1024)


def rising_and_falling(d: Draw, cols: int) -> torch.Tensor:
    """x: (3, cols). The maximum of row 0 is its last element, that of row 1 its first, that of row 2 anywhere."""
    x = d.normal(3, cols, scale=3.0)
    x[0] = x[0].sort().values
    x[1] = x[1].sort(descending=True).values
    return x


def far_apart(d: Draw, cols: int) -> torch.Tensor:
    """x: (5, cols). Each row around a level of its own."""
    levels = torch.tensor([[0.0], [400.0], [-400.0], [90.0], [-120.0]], dtype=d.dtype, device=d.device)
    return d.normal(5, cols) + levels


CASES = (
    Case("one element", "the smallest matrix there is: one row of one column", lambda d: (d.normal(1, 1),), quick=True),
    Case("3 rows of 5", "not a power of two: 3 of 8 lanes are masked off", lambda d: (d.normal(3, 5),), quick=True),
    Case("one whole block", "nothing hangs over the end: the mask is all True", lambda d: (d.normal(3, edge(d)),)),
    Case("one block and one column", "just beyond a power of two", lambda d: (d.normal(3, edge(d) + 1),)),
    Case(
        "rising and falling rows",
        "the maximum stands last, first, and anywhere, in rows of more than two blocks",
        lambda d: (rising_and_falling(d, 2 * edge(d) + 3),),
    ),
    Case("many rows", "every row must be taken by exactly one program", lambda d: (d.normal(37, 20),)),
    Case(
        "all-negative rows",
        "0 is larger than every score: a masked-off lane must not win the maximum",
        lambda d: (d.positive(4, 100, low=-9.0, high=-4.0),),
        quick=True,
    ),
    Case(
        "large scores",
        "exp overflows unless the maximum is subtracted",
        lambda d: (d.normal(4, 65, scale=100.0),),
        quick=True,
    ),
    Case(
        "far below zero",
        "every exp is 0 unless the maximum is subtracted, and nothing finite can stand for minus infinity",
        lambda d: (d.normal(4, 70, scale=300.0, offset=-30000.0),),
    ),
    Case("rows far apart", "each row needs its own maximum", lambda d: (far_apart(d, 24),)),
    Case(
        "every second column of a wider matrix",
        "neither stride is what the shape suggests",
        lambda d: (d.strided(d.normal(5, 33)),),
        quick=True,
    ),
    Case(
        "a transposed matrix",
        "neighbours in a row lie far apart in memory",
        lambda d: (d.transposed(d.normal(9, 12)),),
    ),
    Case(
        "some columns of a wider matrix",
        "the rows are further apart than they are long",
        lambda d: (d.normal(7, 32)[:, 5:25],),
    ),
    Case("long rows", "many terms in one sum", lambda d: (d.normal(2, 1000),)),
    Case(
        "too large for fp16",
        "values beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        lambda d: (d.normal(3, 20, offset=100000.0),),
        dtypes=("bf16",),
    ),
    Case(
        "as low as can be",
        "numbers far below -1e9: nothing but minus infinity is smaller than every element",
        lambda d: (d.normal(2, 5, scale=0.0, offset=-(2.0**100)),),
        dtypes=("fp32", "bf16"),
    ),
)

SHOWN = Case("seven rows of 40", "what `show` draws", lambda d: (d.normal(7, 40),))

LARGE = (too_large("2^24 rows", "the matrix has more than 2^31 elements", (2**24 + 1, 144)),)

RACES = tuple(
    Race(f"{rows} rows of {cols}", lambda d, r=rows, c=cols: (d.normal(r, c),), least_bytes=2 * 2 * rows * cols)
    for rows, cols in ((256, 256), (4096, 1024), (16384, 1024), (16384, 8192), (4096, 32768))
)

# What holds whatever the numbers: a property's docstring is the sentence that it asserts.

FP32_EPS = torch.finfo(torch.float32).eps


def rounding(d: Draw, exponent: float = 0.0) -> float:
    """How far two right answers may be apart, weights being at most 1.

    Each weight is rounded when it is stored; before that, exp, sum and quotient are off by some eps of fp32 each, and
    an exponent that is itself computed from large numbers by its size in eps.
    """
    return 4 * torch.finfo(d.dtype).eps + (16 + 2 * exponent) * FP32_EPS


def rows_sum_to_one(softmax: Call, d: Draw) -> bool:
    """Each row of the result sums to 1."""
    total = softmax(d.normal(4, 77, scale=3.0)).out.double().sum(dim=-1)
    return bool(((total - 1).abs() <= rounding(d)).all())


def shift_changes_nothing(softmax: Call, d: Draw) -> bool:
    """Adding the same number to all scores of a row changes nothing."""
    x = d.normal(3, 21, scale=3.0).round().clamp(-8, 8)  # whole numbers up to 136 are exact in every dtype
    up, plain, down = (softmax(x + shift).out.double() for shift in (128, 0, -128))
    return all(bool(((moved - plain).abs() <= rounding(d, exponent=136)).all()) for moved in (up, down))


def rows_stay_apart(softmax: Call, d: Draw) -> bool:
    """Changing one row changes no other row."""
    x = d.normal(5, 40)
    changed = x.clone()
    changed[2] = d.normal(40, scale=100.0)
    others = [0, 1, 3, 4]
    return torch.equal(softmax(x).out[others], softmax(changed).out[others])


def reversing_reverses(softmax: Call, d: Draw) -> bool:
    """Reversing the columns of x reverses the columns of the result."""
    x = d.normal(3, 45, scale=3.0)
    there, back = softmax(x).out.double(), softmax(x.flip(-1)).out.double().flip(-1)
    return bool(((there - back).abs() <= rounding(d)).all())


PROPERTIES = (rows_sum_to_one, shift_changes_nothing, rows_stay_apart, reversing_reverses)
