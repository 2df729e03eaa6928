"""What level 7 is judged on. Tiny first; `d.block` is the largest block size of the learner's kernel.

One query a program is slow in the interpreter. So lengths around the learner's block are those of the keys, with few
queries; only the long causal case has as many queries, in one dtype.
"""

import torch

from triton_quest.course.case import Case, Draw, too_large
from triton_quest.course.shared.attention_cases import (
    FULL,
    all_negative,
    as_in_a_model,
    far_below_zero,
    no_square_matrix,
    of_attention,
    qkv,
    races,
    rising_and_falling,
    sums_that_come_back,
)

ONCE = ("fp32",)  # where the numbers play no part


def edge(d: Draw) -> int:
    """The block size that the keys are ragged around: a larger one would take the interpreter too long."""
    return min(d.block, 512)


def one_head(d: Draw, m: int, n: int, dim: int = 64, scale: float = 1.0) -> tuple[torch.Tensor, ...]:
    return qkv(d, 1, 1, m, n, dim, scale)


def long_causal(d: Draw) -> tuple[torch.Tensor, ...]:
    """More than two blocks of keys for the last queries; of blocks above 256, which take the interpreter long, one."""
    s = min(2 * d.block, 512) + 3
    return rising_and_falling(d, s, s, 32)


def values_around_five(d: Draw) -> tuple[torch.Tensor, ...]:
    q, k, v = qkv(d, 1, 1, 6, 6, 64)
    return q, k, v + 5.0


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
        lambda d: far_below_zero(d, 2, 3),
        FULL,
        ONCE,
    ),
    Case(
        "all scores negative",
        "a lane without a key must not count as a score of 0",
        lambda d: all_negative(d, 3, 20),
        FULL,
        ONCE,
    ),
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
        lambda d: sums_that_come_back(d, 4 * edge(d) + 1),
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
    Case(
        "too large for fp16",
        "inputs and results beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        lambda d: (*d.beyond_fp16(*one_head(d, 5, 5, 16)[:2]), d.normal(1, 1, 5, 16, scale=1000.0, offset=100000.0)),
        dtypes=("fp32", "bf16"),
    ),
)

SHOWN = Case(
    "two heads, two blocks and a rest",
    "what `show` draws",
    lambda d: qkv(d, 1, 2, 2 * edge(d) + 19, 2 * edge(d) + 19, 16),
)

LARGE = (
    too_large(
        "8191 batches",
        "q, k and v have more than 2^31 elements",
        (8191, 8, 257, 128),
        (8191, 8, 257, 128),
        (8191, 8, 257, 128),
    ),
    too_large(
        "65535 heads",
        "q, k and v have more than 2^31 elements",
        (1, 65535, 257, 128),
        (1, 65535, 257, 128),
        (1, 65535, 257, 128),
    ),
)

RACES = races(256, 1024, 4096)

PROPERTIES = (*of_attention(lambda d: edge(d) + 5, lambda d: (12, 6)), no_square_matrix)
