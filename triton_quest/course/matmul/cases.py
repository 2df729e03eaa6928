"""What level 2 is judged on. Tiny first; `d.block` is the largest block size that the learner's kernel was
launched with.

All block sizes are powers of two, so a length that is ragged around the largest is ragged around each of them.
"""

import torch

from triton_quest.course.call import Call
from triton_quest.course.case import Case, Draw, Race, too_large


def tile(d: Draw) -> int:
    """The size that the cases are ragged around: a larger one would take the interpreter too long."""
    return min(d.block, 256)


def pair(d: Draw, m: int, k: int, n: int, scale: float = 1.0) -> tuple:
    """a: (m, k), b: (k, n), contiguous"""
    return d.normal(m, k, scale=scale), d.normal(k, n, scale=scale)


def long_sums(d: Draw) -> tuple:
    """a: (16, K), b: (K, 16), between 0.5 and 1, and K long enough for many additions whatever the blocks are"""
    k = max(600, 8 * tile(d) + 1)
    return d.positive(16, k, low=0.5), d.positive(k, 16, low=0.5)


def sums_that_come_back(d: Draw) -> tuple:
    """a: (16, K), b: (K, 16), where the second half of K takes away what the first half added"""
    a, b = long_sums(d)
    b[b.shape[0] // 2 :].neg_()
    return a, b


def a_transposed(d: Draw) -> tuple:
    """a: (block + 1, block + 3) with strides (1, block + 1)"""
    a, b = pair(d, tile(d) + 1, tile(d) + 3, 11)
    return d.transposed(a), b


def b_transposed(d: Draw) -> tuple:
    """b: (block + 3, block + 1) with strides (1, block + 3)"""
    a, b = pair(d, 7, tile(d) + 3, tile(d) + 1)
    return a, d.transposed(b)


def both_sliced(d: Draw) -> tuple:
    """a and b are every second column of wider matrices"""
    a, b = pair(d, tile(d) + 1, tile(d) + 5, tile(d) - 1)
    return d.strided(a), d.strided(b)


def too_large_for_fp16(d: Draw) -> tuple:
    """a: (5, 40), b: (40, 7). Some inputs and all results are larger than 65,504"""
    a, b = d.beyond_fp16(d.positive(5, 40, low=40.0, high=60.0), d.positive(7, 40, low=40.0, high=60.0))
    return a, b.T.contiguous()


CASES = (
    Case(
        "one element",
        "the smallest product there is: all lanes of each tile but one are masked off",
        lambda d: pair(d, 1, 1, 1),
        quick=True,
    ),
    Case("3x5 @ 5x7", "smaller than any tile, and three different lengths", lambda d: pair(d, 3, 5, 7), quick=True),
    Case(
        "one whole tile", "nothing hangs over an edge: all masks are True", lambda d: pair(d, tile(d), tile(d), tile(d))
    ),
    Case(
        "a rest along K",
        "the last step along K has a single column of a left",
        lambda d: pair(d, 3, 2 * tile(d) + 1, 5),
        quick=True,
    ),
    Case("a wide result", "one row of tiles and several columns", lambda d: pair(d, 5, 20, 2 * tile(d) + 1)),
    Case(
        "ragged everywhere",
        "tiles hang over all three edges",
        lambda d: pair(d, tile(d) + 1, tile(d) + 3, tile(d) + 5),
        quick=True,
    ),
    Case("a transposed", "the rows of a are one element apart: strides are not what the shape suggests", a_transposed),
    Case("b transposed", "the columns of b are a whole column apart", b_transposed),
    Case("both sliced", "every second column of wider matrices: no stride is 1", both_sliced, quick=True),
    Case(
        "many rows of tiles",
        "more than one group of programs, the last one with fewer rows",
        lambda d: pair(d, 9 * tile(d) + 1, 5, tile(d) + 1),
    ),
    Case("long sums", "hundreds of positive products: an accumulator in half precision drifts", long_sums),
    Case(
        "sums that come back",
        "partial sums are large and results small: every rounding on the way shows",
        sums_that_come_back,
        dtypes=("fp16", "bf16"),
    ),
    Case("large values", "results in the thousands", lambda d: pair(d, 9, 40, 13, scale=30.0)),
    Case(
        "too large for fp16",
        "inputs and results beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        too_large_for_fp16,
        dtypes=("fp32", "bf16"),
    ),
)

SHOWN = Case(
    "two tiles and a rest", "what `show` draws", lambda d: pair(d, tile(d) + 35, tile(d) + 17, 2 * tile(d) + 35)
)

LARGE = (
    too_large("2^25 rows", "a and c have more than 2^31 elements", (2**25 + 1, 80), (80, 80)),
    too_large("2^25 columns", "b and c have more than 2^31 elements", (80, 80), (80, 2**25 + 1)),
)

RACES = tuple(
    Race(
        f"{n} x {n} x {n}",
        lambda d, n=n: (d.normal(n, n), d.normal(n, n)),
        least_bytes=3 * 2 * n * n,
        flops=2 * n**3,
    )
    for n in (256, 1024, 2048, 4096, 8192)
)

# What must hold for a matrix product whatever the numbers; a property's docstring is the sentence that it asserts. All values are small
# whole numbers: then every sum is exact in each dtype and in any order, and results can be compared bit by bit.


def _whole(d: Draw, rows: int, columns: int) -> torch.Tensor:
    """(rows, columns), whole numbers from -2 to 2"""
    return d.normal(rows, columns).round().clamp(-2, 2)


def identity_changes_nothing(launcher: Call, d: Draw) -> bool:
    """A matrix times the identity is that matrix."""
    a = _whole(d, d.block + 1, 33)
    eye = torch.eye(33, dtype=d.dtype, device=d.device)
    return torch.equal(launcher(a, eye).out, a)


def transposing_swaps_the_factors(launcher: Call, d: Draw) -> bool:
    """The transpose of a @ b is b.T @ a.T, and transposing costs no copy."""
    a, b = _whole(d, d.block + 3, 40), _whole(d, 40, 21)
    return torch.equal(launcher(b.T, a.T).out, launcher(a, b).out.T)


def rows_are_independent(launcher: Call, d: Draw) -> bool:
    """Changing one row of a changes that row of the result and no other."""
    a, b = _whole(d, d.block + 2, 40), _whole(d, 40, 19)
    before = launcher(a, b).out
    changed = a.clone()
    changed[1] = changed[1] + 1
    after = launcher(changed, b).out
    others = [row for row in range(a.shape[0]) if row != 1]
    return torch.equal(before[others], after[others])


def parts_of_k_add_up(launcher: Call, d: Draw) -> bool:
    """Cutting K in two gives two products that add up to the whole one."""
    a, b = _whole(d, 21, 41), _whole(d, 41, d.block + 1)
    return torch.equal(launcher(a[:, :18], b[:18]).out + launcher(a[:, 18:], b[18:]).out, launcher(a, b).out)


PROPERTIES = (identity_changes_nothing, transposing_swaps_the_factors, rows_are_independent, parts_of_k_add_up)
