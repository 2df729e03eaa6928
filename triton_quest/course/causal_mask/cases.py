"""What level 5 is judged on. Tiny first; `d.block` is the longest side of the learner's tiles.

The first case has D = 16, the smallest: no head dim is then taken for a side of a tile. All sides are powers of two, so a
length that is ragged around the longest is ragged around both.
"""

import torch

from triton_quest.course.call import Call
from triton_quest.course.case import Case, Draw, Race, too_large
from triton_quest.course.shared.attention_cases import tile


def pair(d: Draw, b: int, h: int, s: int, dim: int, scale: float = 1.0) -> tuple:
    """q, k: (B, H, S, D), contiguous"""
    return d.normal(b, h, s, dim, scale=scale), d.normal(b, h, s, dim, scale=scale)


def as_models_keep_them(d: Draw) -> tuple:
    """q, k: (2, 2, block + 5, 32), views of (B, S, H, D)"""
    q, k = pair(d, 2, tile(d) + 5, 2, 32)
    return q.transpose(1, 2), k.transpose(1, 2)


def each_in_its_own_way(d: Draw) -> tuple:
    """q, k: (1, 2, block + 3, 16). The numbers of a query lie 2 apart, those of a key block + 3"""
    q, k = pair(d, 1, 2, tile(d) + 3, 16)
    return d.strided(q), d.transposed(k)


def far_below_zero(d: Draw) -> tuple:
    """q, k: (1, 1, block + 2, 32); without a scale, every score lies between -18432 and -12800"""
    shape = (1, 1, tile(d) + 2, 32)
    return d.positive(*shape, low=-24.0, high=-20.0), d.positive(*shape, low=20.0, high=24.0)


CASES = (
    Case("one position", "a single query, which sees its own key", lambda d: pair(d, 1, 1, 1, 16), quick=True),
    Case(
        "five positions",
        "shorter than any tile: the diagonal runs through the only one",
        lambda d: pair(d, 1, 1, 5, 16),
        quick=True,
    ),
    Case("one whole tile", "nothing hangs over an edge", lambda d: pair(d, 1, 1, tile(d), 64)),
    Case(
        "one tile and one position",
        "a tile above the diagonal with a single column, and a last row that sees everything",
        lambda d: pair(d, 1, 1, tile(d) + 1, 64),
        quick=True,
    ),
    Case(
        "one position less than two tiles",
        "the last tiles hang over both edges by one",
        lambda d: pair(d, 1, 1, 2 * tile(d) - 1, 32),
        dtypes=("fp32", "bf16"),
    ),
    Case(
        "two tiles and a rest",
        "all three kinds of tiles: below the diagonal, on it and above it",
        lambda d: pair(d, 1, 1, 2 * tile(d) + 3, 64),
        quick=True,
    ),
    Case("2 batches of 3 heads", "every head of every batch has a diagonal", lambda d: pair(d, 2, 3, 19, 16)),
    Case(
        "as models keep them",
        "the heads of a position lie side by side: (B, S, H, D)",
        as_models_keep_them,
        dtypes=("fp32", "fp16"),
    ),
    Case(
        "each in its own way",
        "q and k lie in memory in different ways",
        each_in_its_own_way,
        dtypes=("fp32", "bf16"),
    ),
    Case("D = 128", "the longest queries and keys", lambda d: pair(d, 1, 1, 21, 128), dtypes=("fp32", "fp16")),
    Case("large scores", "scores of 9 and more, up and down", lambda d: pair(d, 1, 1, 33, 64, scale=3.0)),
    Case(
        "far below zero",
        "every score is below -10000: what is hidden must be smaller still",
        far_below_zero,
        keywords={"sm_scale": 1.0},
    ),
    Case(
        "a negative scale",
        "minus infinity times a negative number would be plus infinity",
        lambda d: pair(d, 1, 1, tile(d) + 7, 16),
        keywords={"sm_scale": -0.5},
    ),
    Case(
        "too large for fp16",
        "inputs and results beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        lambda d: d.beyond_fp16(
            d.positive(1, 1, 5, 64, low=40.0, high=60.0), d.positive(1, 1, 5, 64, low=40.0, high=60.0)
        ),
        keywords={"sm_scale": 1.0},
        dtypes=("fp32", "bf16"),
    ),
)

SHOWN = Case("two heads, two tiles and a rest", "what `show` draws", lambda d: pair(d, 1, 2, 2 * tile(d) + 35, 16))

LARGE = (
    too_large("1025 batches", "the scores have more than 2^31 elements", (1025, 8, 512, 16), (1025, 8, 512, 16)),
    too_large("8191 batches", "q and k have more than 2^31 elements", (8191, 8, 257, 128), (8191, 8, 257, 128)),
    too_large("65535 heads", "q and k have more than 2^31 elements", (1, 65535, 257, 128), (1, 65535, 257, 128)),
    too_large(
        "one large matrix",
        "the scores of a single head have more than 2^31 elements",
        (1, 1, 46400, 16),
        (1, 1, 46400, 16),
    ),
)

RACES = tuple(
    Race(
        f"S {s}, D 64",
        lambda d, s=s: pair(d, 1, 16, s, 64),
        least_bytes=2 * 16 * (2 * s * 64 + s * s),
        length=s,
        flops=2 * 16 * s * s * 64 // 2,
    )
    for s in (256, 1024, 4096, 8192)
)

# What must hold for causal scores whatever the numbers; a property's docstring is the sentence that it asserts. Most values are small
# whole numbers and D is 16, whose scale is 1/4: then every score is exact in each dtype and in any order, and can be compared bit by bit.

D = 16


def _length(d: Draw) -> int:
    """A few positions more than a tile has, so that some tile lies above the diagonal; bounded, as the cases are."""
    return min(d.block, 128) + 5


def _whole(d: Draw, s: int, b: int = 1, h: int = 1) -> torch.Tensor:
    """(B, H, S, D), whole numbers from -2 to 2"""
    return d.normal(b, h, s, D).round().clamp(-2, 2)


def each_row_sees_itself_and_what_came_before(launcher: Call, d: Draw) -> bool:
    """Row i has i + 1 finite scores, the first ones, and minus infinity after them."""
    s = _length(d)
    scores = launcher(d.normal(1, 1, s, D), d.normal(1, 1, s, D)).out[0, 0]
    seen = torch.ones(s, s, dtype=torch.bool, device=d.device).tril()
    return torch.equal(torch.isfinite(scores), seen) and torch.equal(scores == -torch.inf, ~seen)


def later_keys_change_nothing(launcher: Call, d: Draw) -> bool:
    """Changing a key, even to huge numbers, changes no row of an earlier query."""
    s = _length(d)
    q, k = _whole(d, s), _whole(d, s)
    changed = k.clone()
    changed[:, :, s // 2] = 1e4
    before, after = (launcher(q, keys).out[:, :, : s // 2] for keys in (k, changed))
    return torch.equal(before, after)


def a_shorter_sequence_is_the_beginning_of_a_longer_one(launcher: Call, d: Draw) -> bool:
    """Cutting the sequence short changes nothing in what is left of it."""
    s = _length(d)
    q, k = _whole(d, s), _whole(d, s)
    cut = s - 7
    return torch.equal(launcher(q[:, :, :cut], k[:, :, :cut]).out, launcher(q, k).out[:, :, :cut, :cut])


def heads_stay_apart(launcher: Call, d: Draw) -> bool:
    """Changing one head of one batch changes no other."""
    q, k = _whole(d, 9, b=2, h=2), _whole(d, 9, b=2, h=2)
    changed = k.clone()
    changed[1, 0] += 1
    before, after = (launcher(q, keys).out.flatten(0, 1)[[0, 1, 3]] for keys in (k, changed))
    return torch.equal(before, after)


def the_scale_is_a_factor(launcher: Call, d: Draw) -> bool:
    """Twice the scale gives twice the scores, and minus infinity stays what it is."""
    q, k = _whole(d, 20), _whole(d, 20)
    return torch.equal(launcher(q, k, 0.5).out, 2 * launcher(q, k, 0.25).out)


PROPERTIES = (
    each_row_sees_itself_and_what_came_before,
    later_keys_change_nothing,
    a_shorter_sequence_is_the_beginning_of_a_longer_one,
    heads_stay_apart,
    the_scale_is_a_factor,
)
