"""What level 13 is judged on. Tiny first; `d.block` is the largest block size of the learner's kernels.

`out` and `lse` are drawn with the rest: as a right forward pass leaves them, so that no earlier level is judged again.
"""

from collections.abc import Callable

import torch

from triton_quest.course.call import Call, allocation_grows_linearly
from triton_quest.course.case import Case, Draw, Race, normal_dout
from triton_quest.course.shared.attention_cases import (
    FULL,
    Inputs,
    as_in_a_model,
    qkv,
    rising_and_falling,
    rounding,
    tile,
)
from triton_quest.course.shared.gradients import handed_over

ALL, FP32, HALF = ("fp32", "fp16", "bf16"), ("fp32",), ("fp16", "bf16")


def given(
    d: Draw,
    qkv: Inputs,
    causal: bool = True,
    sm_scale: float | None = None,
    dout: Callable[[Draw, torch.Tensor], torch.Tensor] = normal_dout,
) -> Inputs:
    """The launcher's arguments: q, k, v, out, lse, dout."""
    q, k, v = qkv
    out, lse = handed_over(q, k, v, causal, sm_scale)
    return q, k, v, out, lse, dout(d, out)


def case(
    name: str,
    purpose: str,
    make: Callable[[Draw], Inputs],
    dtypes: tuple[str, ...] = ALL,
    causal: bool = True,
    sm_scale: float | None = None,
    quick: bool = False,
    dout: Callable[[Draw, torch.Tensor], torch.Tensor] = normal_dout,
    lay: Callable[[Draw, Inputs], Inputs] = lambda d, inputs: inputs,
) -> Case:
    """`make` draws q, k and v; `lay` puts all six into memory as the case wants them."""
    keywords: dict[str, bool | float] = {} if causal else {"causal": False}
    if sm_scale is not None:
        keywords["sm_scale"] = sm_scale

    def inputs(d: Draw) -> Inputs:
        return lay(d, given(d, make(d), causal, sm_scale, dout))

    return Case(name, purpose, inputs, keywords, dtypes, quick)


def words(s: int, dim: int = 64) -> Callable[[Draw], Inputs]:
    """One head with as many queries as keys."""
    return lambda d: qkv(d, 1, 1, s, s, dim)


def below_minus_88(d: Draw) -> Inputs:
    """All scores lie around -150, where exp is 0 in fp32, and exp of the opposite infinite."""
    q, k, v = qkv(d, 1, 1, 5, 7, 16)
    return q + 6.0, k * 0.2 - 6.0, v


def values_around_five(d: Draw) -> Inputs:
    q, k, v = qkv(d, 1, 1, tile(d) + 1, tile(d) + 1)
    return q, k, v + 5.0


def rising_values(d: Draw) -> Inputs:
    """9 queries on 2500 keys, whose values rise from -1 to 1."""
    q, k, v = qkv(d, 1, 1, 9, 2500, 16)
    v += torch.linspace(-1.0, 1.0, 2500, dtype=d.dtype, device=d.device)[:, None]
    return q, k, v


def one_sided(d: Draw, out: torch.Tensor) -> torch.Tensor:
    """A gradient whose numbers are around 1: their sums are long, and delta is large."""
    return d.normal(*out.shape, scale=0.3, offset=1.0, dtype=out.dtype)


def huge(d: Draw, out: torch.Tensor) -> torch.Tensor:
    return d.normal(*out.shape, scale=1e3, offset=1e5, dtype=out.dtype)


def of_a_sum(d: Draw, out: torch.Tensor) -> torch.Tensor:
    """What `out.sum().backward()` hands over: a single number, seen everywhere, and all strides are 0."""
    return torch.ones((), dtype=out.dtype, device=out.device).expand(out.shape)


def row_by_row(d: Draw, out: torch.Tensor) -> torch.Tensor:
    """The same D numbers for every row: strides of 0 and 1."""
    return d.normal(out.shape[-1], dtype=out.dtype).expand(out.shape)


def every_layout(d: Draw, inputs: Inputs) -> Inputs:
    """No two alike: gaps, heads side by side, transposed; lse with the heads of one row side by side."""
    q, k, v, out, lse, dout = inputs
    apart = lse.transpose(1, 2).contiguous().transpose(1, 2)
    return d.strided(q), as_in_a_model(k), d.transposed(v), as_in_a_model(out), apart, d.strided(dout)


def gaps_in_lse(d: Draw, inputs: Inputs) -> Inputs:
    q, k, v, out, lse, dout = inputs
    return as_in_a_model(q), d.strided(k), as_in_a_model(v), d.transposed(out), d.strided(lse), d.transposed(dout)


CASES = (
    case(
        "one query, two keys",
        "the smallest walk there is: one row adds to two keys, and its ds sum to 0",
        lambda d: qkv(d, 1, 1, 1, 2, 16),
        causal=False,
        quick=True,
    ),
    case(
        "five words",
        "the last key is seen by one query, and the first by five; the tiles hang over everywhere",
        words(5, 16),
        quick=True,
    ),
    case(
        "two batches of three heads",
        "each head of each batch has keys, queries and rows of its own",
        lambda d: qkv(d, 2, 3, 3, 5, 16),
        causal=False,
        quick=True,
    ),
    case(
        "causal, two tiles and a rest",
        "the walk begins at the diagonal, and ends with a tile that hangs over",
        lambda d: qkv(d, 1, 1, 2 * tile(d) + 3, 2 * tile(d) + 3, 32),
        quick=True,
    ),
    case(
        "two tiles of queries and a rest",
        "few keys, and every query adds to each of them",
        lambda d: qkv(d, 1, 1, 2 * tile(d) + 3, 5, 32),
        causal=False,
    ),
    case(
        "one more than a tile of keys",
        "the last program has a single key",
        lambda d: qkv(d, 1, 2, 5, tile(d) + 1, 32),
        FP32,
        causal=False,
    ),
    case(
        "two whole tiles",
        "nothing hangs over, and the diagonal goes from corner to corner",
        lambda d: qkv(d, 1, 1, 2 * tile(d), 2 * tile(d), 16),
        FP32,
    ),
    case("a scale of its own", "the scale that is passed counts, whatever D is", words(6), FP32, sm_scale=0.3),
    case(
        "rising and falling",
        "weights of one row differ by many powers of ten, and lse is between -100 and 100",
        lambda d: rising_and_falling(d, 6, tile(d) + 3),
        causal=False,
    ),
    case(
        "all scores below -88",
        "exp of a score is 0 and exp of -lse infinite: only their difference has a finite exponential",
        below_minus_88,
        ("fp32", "fp16"),
        causal=False,
    ),
    case(
        "values around 5",
        "delta is large, and what is left of dp without it is small: delta needs all digits of fp32",
        values_around_five,
        dout=one_sided,
    ),
    case(
        "2500 queries on 9 keys",
        "long sums into few places: half precision would lose them",
        lambda d: qkv(d, 1, 1, 2500, 9, 16),
        HALF,
        causal=False,
        dout=one_sided,
    ),
    case(
        "9 queries on 2500 keys",
        "many programs, each with few rows to walk, and values that rise from key to key",
        rising_values,
        ("fp16",),
        causal=False,
    ),
    case(
        "the gradient of a sum",
        "`out.sum().backward()` hands over one number, seen everywhere: all strides of dout are 0",
        lambda d: qkv(d, 1, 2, 7, 7, 16),
        FP32,
        dout=of_a_sum,
        quick=True,
    ),
    case(
        "one row for all",
        "dout is the same for every query: strides of 0 and 1",
        lambda d: qkv(d, 1, 2, 7, 9, 16),
        FP32,
        causal=False,
        dout=row_by_row,
    ),
    case(
        "laid out in every way",
        "q, k, v, out, lse and dout each lie in memory in another way",
        lambda d: qkv(d, 2, 3, 5, 7, 16),
        FP32,
        causal=False,
        lay=every_layout,
    ),
    case(
        "three tiles, with gaps",
        "the strides move a tile on, and lse has gaps in memory",
        lambda d: qkv(d, 1, 2, 2 * tile(d) + 3, 2 * tile(d) + 3, 16),
        FP32,
        lay=gaps_in_lse,
    ),
    case("D = 128", "the longest queries, keys and values", lambda d: qkv(d, 1, 1, 70, 70, 128), ("fp16",)),
    case(
        "too large for fp16",
        "gradients beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        words(5, 16),
        ("fp32", "bf16"),
        dout=huge,
    ),
)

SHOWN = case(
    "two heads, two tiles and a rest",
    "what `show` draws",
    lambda d: qkv(d, 1, 2, 2 * tile(d) + 35, 2 * tile(d) + 35, 16),
)


def _without_memory(d: Draw, b: int, h: int, s: int, dim: int) -> Inputs:
    """The six arguments with a shape and strides and nothing else."""
    rows = [d.without_memory(b, h, s, dim) for _ in range(5)]
    lse = torch.empty(b, h, s, dtype=torch.float32, device="meta")
    return *rows[:4], lse, rows[4]


def _position_by_position(d: Draw) -> Inputs:
    rows = [d.without_memory(513, 512, 127, 128).permute(1, 2, 0, 3) for _ in range(5)]
    lse = torch.empty(512, 127, 513, dtype=torch.float32, device="meta")
    return *rows[:4], lse, rows[4]


LARGE = (
    Case("8191 batches", "q, k and v have more than 2^31 elements", lambda d: _without_memory(d, 8191, 8, 257, 128)),
    Case("65535 heads", "q, k and v have more than 2^31 elements", lambda d: _without_memory(d, 1, 65535, 257, 128)),
    Case(
        "512 batches, stored position by position",
        "from one query or key to the next it is 2^23 elements, since all batches and heads lie in between",
        _position_by_position,
        FULL,
    ),
)


def typical(d: Draw, sizes: dict[str, int]) -> Inputs:
    """What `compile` and `traffic` call the launcher with."""
    return given(d, qkv(d, sizes["B"], sizes["H"], sizes["S"], sizes["S"], sizes["D"]))


RACES = tuple(
    Race(
        f"S {s}, D {dim}, {'causal' if causal else 'full'}",
        lambda d, s=s, dim=dim, causal=causal: given(d, qkv(d, 16384 // s, 2048 // dim, s, s, dim), causal),
        least_bytes=2 * 7 * 16384 * 2048 + 4 * 16384 * (2048 // dim),
        length=s,
        flops=8 * 16384 * 2048 * s // (2 if causal else 1),
        keywords={"causal": causal},
    )
    for s in (1024, 8192)
    for dim in (64, 128)
    for causal in (False, True)
)


def near(d: Draw, one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two right answers differ by no more than rounding, measured by the largest of their numbers."""
    there, back = one.double(), other.double()
    return bool(((there - back).abs() <= 2 * rounding(d) * back.abs().max()).all())


def some_keys_of_the_whole(gradients: Call, d: Draw) -> bool:
    """Some of the keys alone, with lse and out of all of them, get the gradients that they have in the whole."""
    q, k, v = qkv(d, 1, 1, 5, tile(d) + 5, 16)
    out, lse = handed_over(q, k, v, causal=False)
    dout = normal_dout(d, out)
    whole = gradients(q, k, v, out, lse, dout, causal=False)
    some = gradients(q, k[:, :, 2:9], v[:, :, 2:9], out, lse, dout, causal=False)
    return all(near(d, some[name], whole[name][:, :, 2:9]) for name in ("dk", "dv"))


def earlier_queries_leave_later_keys_alone(gradients: Call, d: Draw) -> bool:
    """With causal, other gradients of earlier rows change nothing at later keys, which these rows don't see."""
    s, now = tile(d) + 5, tile(d) - 4
    q, k, v, out, lse, dout = given(d, qkv(d, 1, 1, s, s, 16))
    before = gradients(q, k, v, out, lse, dout)
    changed = dout.clone()
    changed[:, :, :now] = 100.0
    after = gradients(q, k, v, out, lse, changed)
    return all(near(d, after[name][:, :, now:], before[name][:, :, now:]) for name in ("dk", "dv"))


def twice_the_gradient(gradients: Call, d: Draw) -> bool:
    """Twice the dout makes twice the dk and twice the dv."""
    q, k, v, out, lse, dout = given(d, qkv(d, 1, 1, 5, 7, 16), causal=False)
    once = gradients(q, k, v, out, lse, dout, causal=False)
    twice = gradients(q, k, v, out, lse, 2 * dout, causal=False)
    return all(near(d, twice[name], 2 * once[name]) for name in ("dk", "dv"))


def heads_stay_apart(gradients: Call, d: Draw) -> bool:
    """Changing one head of one batch changes no other head."""
    arguments = given(d, qkv(d, 2, 3, 2, 3, 16), causal=False)
    before = gradients(*arguments, causal=False)
    for x in (*arguments[:3], arguments[5]):
        x[1, 0] = 3.0
    after = gradients(*arguments, causal=False)
    same = [(after[name] == before[name]).flatten(2).all(dim=2) for name in ("dk", "dv")]
    return all(bool(one[0].all()) and bool(one[1, 1:].all()) for one in same)


def no_square_matrix(gradients: Call, d: Draw) -> bool:
    """No matrix of S x S is allocated: four times the length takes at most four times the bytes."""
    return allocation_grows_linearly(gradients, lambda s: given(d, qkv(d, 1, 1, s, s, 16)))


PROPERTIES = (
    some_keys_of_the_whole,
    earlier_queries_leave_later_keys_alone,
    twice_the_gradient,
    heads_stay_apart,
    no_square_matrix,
)
