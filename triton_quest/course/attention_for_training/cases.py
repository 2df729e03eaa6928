"""What level 12 is judged on. Tiny first; `d.block` is the largest block size of the learner's kernel.

The step and the loops are given, and level 8 has judged them: here it is the two results, their dtypes, places and
last rows that are at stake, and scores so large or small that `lse` shows what its maximum is for.
"""

import torch

from triton_quest.course.call import Call
from triton_quest.course.case import Case, Draw, Race, too_large
from triton_quest.course.shared.attention import scale_of
from triton_quest.course.shared.attention_cases import (
    FULL,
    all_negative,
    as_in_a_model,
    far_below_zero,
    narrow_qkv,
    no_square_matrix,
    of_attention,
    qkv,
    rising_and_falling,
    rounding,
    sums_that_come_back,
    tile,
    words,
)

FP32, HALF = ("fp32",), ("fp16", "bf16")


def three_layouts(d: Draw) -> tuple[torch.Tensor, ...]:
    """Two batches of three heads, and no two of q, k and v alike in memory."""
    q, k, v = qkv(d, 2, 3, 3, 7, 16)
    return d.strided(q), as_in_a_model(k), d.transposed(v)


CASES = (
    Case(
        "one query, one key",
        "its only weight is 1, so `lse` is the score itself",
        lambda d: words(d, 1, 16),
        quick=True,
    ),
    Case(
        "five words",
        "the first row sees one key and the last row five; the tiles hang over everywhere",
        lambda d: words(d, 5, 16),
        quick=True,
    ),
    Case(
        "two batches of three heads",
        "each head of each batch has rows of its own, in out and in lse",
        lambda d: qkv(d, 2, 3, 3, 5, 16),
        FULL,
        quick=True,
    ),
    Case(
        "causal, two tiles and a rest",
        "the maximum of one row is about 100 and that of the next rises from -100: exp of either can't be summed",
        lambda d: rising_and_falling(d, 2 * tile(d) + 3, 2 * tile(d) + 3),
        quick=True,
    ),
    Case(
        "two tiles of keys and a rest",
        "maximum and sum have gone through several steps before they become `lse`",
        lambda d: rising_and_falling(d, 4, 2 * tile(d) + 3),
        FULL,
    ),
    Case(
        "one more than a tile of queries",
        "the last tile has a single row, and `lse` ends with it",
        lambda d: qkv(d, 1, 2, tile(d) + 1, 5, 32),
        FULL,
        dtypes=FP32,
        quick=True,
    ),
    Case(
        "two whole tiles",
        "nothing hangs over, and every row sees every key",
        lambda d: qkv(d, 1, 1, tile(d), 2 * tile(d)),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "a scale of its own",
        "`lse` is that of the scaled scores, whatever D is",
        lambda d: words(d, 6),
        {"sm_scale": 0.3},
        dtypes=FP32,
    ),
    Case(
        "far below zero",
        "the sum of exp of the scores is 0 in fp32, and its logarithm is about -25,000 all the same",
        lambda d: far_below_zero(d, 3, 3),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "all scores negative",
        "a key that doesn't exist must not count as a score of 0",
        lambda d: all_negative(d, 3, tile(d) + 20),
        FULL,
    ),
    Case("three layouts", "q, k and v each lie in memory in another way", three_layouts, FULL, dtypes=FP32),
    Case(
        "sums that come back",
        "partial sums are large and results small: every rounding on the way shows",
        lambda d: sums_that_come_back(d, 4 * tile(d) + 1),
        FULL,
        dtypes=HALF,
    ),
    Case(
        "large scores",
        "`lse` is of the size of the scores, and half precision would keep three digits of it",
        lambda d: words(d, 70, scale=3.0),
        dtypes=HALF,
    ),
    Case("D = 128", "the longest queries, keys and values", lambda d: words(d, tile(d) + 5, 128), dtypes=("fp16",)),
)

SHOWN = Case(
    "two heads, two tiles and a rest",
    "what `show` draws",
    lambda d: qkv(d, 1, 2, 2 * tile(d) + 35, 2 * tile(d) + 35, 16),
)

LARGE = (
    too_large("8191 batches", "q, k and v have more than 2^31 elements", *((8191, 8, 257, 128),) * 3),
    too_large("65535 heads", "q, k and v have more than 2^31 elements", *((1, 65535, 257, 128),) * 3),
    Case(
        "512 batches, stored position by position",
        "from one query or key to the next it is 2^23 elements, since all batches and heads lie in between",
        lambda d: tuple(d.without_memory(513, 512, 127, 128).permute(1, 2, 0, 3) for _ in range(3)),
        FULL,
    ),
)

RACES = tuple(
    Race(
        f"S {s}, D {dim}, {'causal' if causal else 'full'}",
        lambda d, s=s, dim=dim: qkv(d, 16384 // s, 2048 // dim, s, s, dim),
        least_bytes=2 * 4 * 16384 * 2048 + 4 * 16384 * (2048 // dim),
        length=s,
        flops=4 * 16384 * 2048 * s // (2 if causal else 1),
        keywords={"causal": causal},
    )
    for s in (1024, 8192)
    for dim in (64, 128)
    for causal in (False, True)
)


def two_halves_make_the_whole(forward: Call, d: Draw) -> bool:
    """Attention over two halves of the keys, merged by their lse, is that over all keys, where a query sees one half only, too."""
    s, half = tile(d) + 5, tile(d) // 2 + 1
    q, k, v = narrow_qkv(d, 1, 2, s, s)
    whole = forward(q, k, v)
    early = forward(q[:, :, :half], k[:, :, :half], v[:, :, :half])
    seen = forward(q[:, :, half:], k[:, :, :half], v[:, :, :half], causal=False)
    late = forward(q[:, :, half:], k[:, :, half:], v[:, :, half:])
    nothing = torch.full_like(early["lse"], -torch.inf)  # the first queries see no key of the second half
    first_lse, second_lse = torch.cat([early["lse"], seen["lse"]], 2), torch.cat([nothing, late["lse"]], 2)
    first = torch.cat([early["out"], seen["out"]], 2).double()
    second = torch.cat([torch.zeros_like(early["out"]), late["out"]], 2).double()
    lse = torch.logaddexp(first_lse.double(), second_lse.double())
    out = _weight(first_lse, lse) * first + _weight(second_lse, lse) * second
    near = bool(((out - whole["out"].double()).abs() <= 4 * rounding(d)).all())
    return near and bool(((lse - whole["lse"].double()).abs() <= 64 * torch.finfo(torch.float32).eps).all())


def _weight(lse_of_a_half: torch.Tensor, lse: torch.Tensor) -> torch.Tensor:
    """(B, H, M), (B, H, M) -> (B, H, M, 1): how much of the sum of all exponentials a half has"""
    return (lse_of_a_half.double() - lse).exp()[..., None]


def lse_gives_all_weights_back(forward: Call, d: Draw) -> bool:
    """The weights that are made again from lse, exp(score - lse), sum to 1 in every row."""
    q, k, v = narrow_qkv(d, 1, 2, 3, tile(d) + 5)
    lse = forward(q, k, v, causal=False)["lse"]
    scores = q.double() @ k.double().transpose(-1, -2) * scale_of(q, None)
    sums = (scores - lse.double()[..., None]).exp().sum(dim=-1)
    return bool(((sums - 1).abs() <= 64 * torch.finfo(torch.float32).eps).all())


def values_change_no_lse(forward: Call, d: Draw) -> bool:
    """Other values give the same lse: it is made of queries and keys alone."""
    q, k, v = narrow_qkv(d, 1, 2, 3, tile(d) + 5)
    before = forward(q, k, v, causal=False)["lse"]
    return torch.equal(forward(q, k, v * -3.0 + 1.0, causal=False)["lse"], before)


PROPERTIES = (
    *of_attention(lambda d: tile(d) + 5, lambda d: (tile(d) + 5, tile(d) - 4)),
    two_halves_make_the_whole,
    lse_gives_all_weights_back,
    values_change_no_lse,
    no_square_matrix,
)
