"""What level 8 is judged on. Tiny first; `d.block` is the largest block size of the learner's kernel.

All block sizes are powers of two, so a length that is ragged around the largest is ragged around BLOCK_M and around BLOCK_N.
Where only the bookkeeping of tiles and strides is at stake, fp32 is enough: the other dtypes run the same lines.
"""

import torch

from triton_quest.course.case import Case, Draw, Race, too_large
from triton_quest.course.shared.attention_cases import (
    FULL,
    all_negative,
    as_in_a_model,
    far_below_zero,
    no_square_matrix,
    of_attention,
    qkv,
    rising_and_falling,
    sums_that_come_back,
    tile,
    words,
)

FP32, HALF = ("fp32",), ("fp16", "bf16")


def values_around_five(d: Draw) -> tuple[torch.Tensor, ...]:
    q, k, v = words(d, tile(d) + 1, scale=3.0)
    return q, k, v + 5.0


def model_layout(d: Draw) -> tuple[torch.Tensor, ...]:
    q, k, v = qkv(d, 2, 3, 5, 5, 16)
    return as_in_a_model(q), as_in_a_model(k), as_in_a_model(v)


def every_second(d: Draw) -> tuple[torch.Tensor, ...]:
    q, k, v = qkv(d, 1, 2, 3, 7)
    return d.strided(q), d.strided(k), d.strided(v)


def three_layouts(d: Draw) -> tuple[torch.Tensor, ...]:
    """Three tiles of keys, so that the strides move a tile on in both loops."""
    q, k, v = qkv(d, 1, 2, 3, 2 * tile(d) + 3, 16)
    return d.strided(q), as_in_a_model(k), d.transposed(v)


CASES = (
    Case(
        "one query, one key",
        "the smallest attention there is: its only weight is 1",
        lambda d: words(d, 1, 16),
        quick=True,
    ),
    Case(
        "five words",
        "each query looks at itself and at what came before; the tiles hang over everywhere",
        lambda d: words(d, 5, 16),
        quick=True,
    ),
    Case(
        "two batches of three heads",
        "each head of each batch has queries, keys and values of its own",
        lambda d: qkv(d, 2, 3, 3, 5, 16),
        FULL,
        quick=True,
    ),
    Case(
        "causal, one whole tile",
        "nothing hangs over, and the diagonal goes from corner to corner",
        lambda d: words(d, tile(d)),
        dtypes=FP32,
    ),
    Case(
        "causal, two tiles and a rest",
        "tiles before the diagonal and on it; the largest score comes last in one row and first in the next",
        lambda d: rising_and_falling(d, 2 * tile(d) + 3, 2 * tile(d) + 3),
        quick=True,
    ),
    Case(
        "one more than a tile",
        "the last tiles have a single query and a single key",
        lambda d: words(d, tile(d) + 1, 32),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "more queries than keys",
        "the keys end long before the queries do",
        lambda d: qkv(d, 1, 1, tile(d) - 1, 5),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "two whole tiles of keys",
        "no tile needs a mask: there is nothing left for the second loop",
        lambda d: qkv(d, 1, 1, 3, 2 * tile(d)),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "two tiles of keys and a rest",
        "what the first tile left is rescaled twice, up and down by many powers of ten",
        lambda d: rising_and_falling(d, 4, 2 * tile(d) + 3),
        FULL,
        quick=True,
    ),
    Case(
        "a scale of its own",
        "the scale that is passed counts, whatever D is",
        lambda d: words(d, 6),
        {"sm_scale": 0.3},
        dtypes=FP32,
    ),
    Case(
        "large scores",
        "the weights of one row differ by many powers of ten",
        lambda d: qkv(d, 1, 1, 3, 70, scale=3.0),
        FULL,
    ),
    Case(
        "far below zero",
        "no finite number may stand for minus infinity where a key is missing",
        lambda d: far_below_zero(d, 3, 3),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "far below zero, causal",
        "no finite number may stand for minus infinity where a key lies in the future",
        lambda d: far_below_zero(d, 5, 5),
        dtypes=FP32,
    ),
    Case(
        "all scores negative",
        "a key that doesn't exist must not count as a score of 0",
        lambda d: all_negative(d, 3, tile(d) + 20),
        FULL,
    ),
    Case("values around 5", "weights that don't sum to 1 move every element", values_around_five),
    Case("laid out as in a model", "the rows of one head lie a whole row of heads apart", model_layout, dtypes=FP32),
    Case("every second element", "no stride is what the shape suggests", every_second, FULL, dtypes=FP32),
    Case("three layouts", "q, k and v each lie in memory in another way", three_layouts, FULL, dtypes=FP32),
    Case(
        "sums that come back",
        "partial sums are large and results small: every rounding on the way shows",
        lambda d: sums_that_come_back(d, 4 * tile(d) + 1),
        FULL,
        dtypes=HALF,
    ),
    Case(
        "D = 128",
        "the longest queries, keys and values",
        lambda d: words(d, tile(d) + 5, 128),
        dtypes=("fp16",),
    ),
    Case(
        "too large for fp16",
        "inputs and results beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        lambda d: (*d.beyond_fp16(*words(d, 5, 16)[:2]), d.normal(1, 1, 5, 16, scale=1000.0, offset=100000.0)),
        dtypes=("fp32", "bf16"),
    ),
)

SHOWN = Case(
    "two heads, two tiles and a rest",
    "what `show` draws",
    lambda d: qkv(d, 1, 2, 2 * tile(d) + 35, 2 * tile(d) + 35, 16),
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
    Case(
        "512 batches, stored position by position",
        "from one query or key to the next it is 2^23 elements, since all batches and heads lie in between",
        lambda d: tuple(d.without_memory(513, 512, 127, 128).permute(1, 2, 0, 3) for _ in range(3)),
        {"causal": False},
    ),
)

RACES = tuple(
    Race(
        f"S {s}, D {dim}, {'causal' if causal else 'full'}",
        lambda d, s=s, dim=dim: qkv(d, 16384 // s, 2048 // dim, s, s, dim),
        least_bytes=2 * 4 * 16384 * 2048,
        length=s,
        flops=4 * 16384 * 2048 * s // (2 if causal else 1),
        keywords={"causal": causal},
        leave_out=() if s < 16384 else ("eager", "math"),  # their S x S matrices would not fit
    )
    for s in (1024, 8192, 16384)
    for dim in (64, 128)
    for causal in (False, True)
)

PROPERTIES = (*of_attention(lambda d: tile(d) + 5, lambda d: (tile(d) + 5, tile(d) - 4)), no_square_matrix)
