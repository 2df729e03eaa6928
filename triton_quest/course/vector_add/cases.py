"""What level 1 is judged on. Tiny first; `d.block` is the largest block size that the learner's kernel was launched with."""

import torch

from triton_quest.course.call import Call
from triton_quest.course.case import Case, Draw, Race, too_large


def pair(d: Draw, n: int, scale: float = 1.0) -> tuple:
    """x, y: (n,), contiguous"""
    return d.normal(n, scale=scale), d.normal(n, scale=scale)


def many(block: int) -> int:
    """More than 100,000 elements, and more than 64 blocks; of small blocks fewer: the interpreter runs one program after the other."""
    return min(max(100_000, 65 * block), 500 * block) + 3


CASES = (
    Case(
        "one element",
        "the smallest vector there is: all lanes but one are masked off",
        lambda d: pair(d, 1),
        quick=True,
    ),
    Case("17 elements", "shorter than most blocks, and odd", lambda d: pair(d, 17), quick=True),
    Case("one whole block", "nothing hangs over the end: the mask is all True", lambda d: pair(d, d.block)),
    Case(
        "one block and one element",
        "the second program has a single element",
        lambda d: pair(d, d.block + 1),
        quick=True,
    ),
    Case(
        "one element less than two blocks",
        "the last lane of the last program is masked off",
        lambda d: pair(d, 2 * d.block - 1),
    ),
    Case(
        "several blocks and a rest",
        "every program must find its own block",
        lambda d: pair(d, 4 * d.block + 3),
        quick=True,
    ),
    Case("large values", "sums far from zero", lambda d: pair(d, 1000, scale=100.0)),
    Case(
        "many blocks and a rest",
        "100,000 elements, or 500 blocks where those are small: a grid must not be capped",
        lambda d: pair(d, many(d.block)),
        dtypes=("fp32",),
    ),
    Case(
        "too large for fp16",
        "results beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        lambda d: (d.normal(17, offset=50000.0), d.normal(17, offset=40000.0)),
        dtypes=("bf16",),
    ),
)

SHOWN = Case("two blocks and a rest", "what `show` draws", lambda d: pair(d, 2 * d.block + d.block // 4 + 1))

LARGE = (too_large("2^31 elements", "a vector has more than 2^31 elements", (2**31 + 1000,), (2**31 + 1000,)),)

RACES = tuple(
    Race(f"n = 2^{power}", lambda d, n=2**power: pair(d, n), least_bytes=3 * 4 * 2**power, dtype="fp32")
    for power in (12, 16, 20, 24, 28)
)

# What holds whatever the numbers: a property's docstring is the sentence that it asserts.


def zeros_change_nothing(vector_add: Call, d: Draw) -> bool:
    """Adding a vector of zeros gives x back, bit for bit."""
    x = d.normal(2 * d.block + 1)
    return torch.equal(vector_add(x, torch.zeros_like(x)).out, x)


def order_does_not_matter(vector_add: Call, d: Draw) -> bool:
    """x + y equals y + x, bit for bit."""
    x, y = d.normal(d.block + 5), d.normal(d.block + 5)
    return torch.equal(vector_add(x, y).out, vector_add(y, x).out)


def opposites_cancel(vector_add: Call, d: Draw) -> bool:
    """x + (-x) is 0 everywhere."""
    x = d.normal(d.block + 7, scale=10.0)
    return not vector_add(x, -x).out.any()


def elements_stay_apart(vector_add: Call, d: Draw) -> bool:
    """Changing one element of x changes that element of the result, and no other."""
    x, y = d.normal(2 * d.block + 3), d.normal(2 * d.block + 3)
    changed = x.clone()
    changed[d.block + 1] += 100.0
    difference = vector_add(x, y).out != vector_add(changed, y).out
    return difference.nonzero().flatten().tolist() == [d.block + 1]


PROPERTIES = (zeros_change_nothing, order_does_not_matter, opposites_cancel, elements_stay_apart)
