"""What level 14 is judged on: the answer, and through autograd the gradients. Tiny first; `d.block` is the largest block size.

The forward pass and the gradients of keys and values are given, and levels 12 and 13 have judged them: here it is dq, and
what autograd asks of a Function, that is at stake.
"""

from __future__ import annotations

from typing import Any

import torch

from triton_quest.course.call import Call
from triton_quest.course.case import Case, Draw, Race, normal_dout
from triton_quest.course.shared.attention_cases import (
    FULL,
    Inputs,
    as_in_a_model,
    narrow_qkv,
    of_attention,
    qkv,
    rising_and_falling,
    rounding,
    tile,
    words,
)

Tensor = torch.Tensor
FP32 = ("fp32",)


def below_minus_88(d: Draw) -> Inputs:
    """All scores lie around -150, where exp is 0 in fp32, and exp of the opposite infinite."""
    q, k, v = qkv(d, 1, 1, 5, 7, 16)
    return q + 6.0, k * 0.2 - 6.0, v


def values_around_five(d: Draw) -> Inputs:
    q, k, v = words(d, tile(d) + 1, 32)
    return q, k, v + 5.0


def rising_values(d: Draw) -> Inputs:
    """9 queries on 1500 keys, whose values rise from -1 to 1."""
    q, k, v = qkv(d, 1, 1, 9, 1500, 16)
    v += torch.linspace(-1.0, 1.0, 1500, dtype=d.dtype, device=d.device)[:, None]
    return q, k, v


def three_layouts(d: Draw) -> Inputs:
    """Three tiles of keys, so that the strides move a tile on in both loops."""
    q, k, v = qkv(d, 1, 2, 3, 2 * tile(d) + 3, 16)
    return d.strided(q), as_in_a_model(k), d.transposed(v)


def one_sided(d: Draw, out: Tensor) -> Tensor:
    """A gradient whose numbers are around 1: their sums are long, and delta is large."""
    return d.normal(*out.shape, scale=0.3, offset=1.0, dtype=out.dtype)


def huge(d: Draw, out: Tensor) -> Tensor:
    return d.normal(*out.shape, scale=1e3, offset=1e5, dtype=out.dtype)


def of_a_sum(d: Draw, out: Tensor) -> Tensor:
    """What `out.sum().backward()` hands over: a single number, seen everywhere, and all strides are 0."""
    return torch.ones((), dtype=out.dtype, device=out.device).expand(out.shape)


def row_by_row(d: Draw, out: Tensor) -> Tensor:
    """The same D numbers for every row: strides of 0 and 1."""
    return d.normal(out.shape[-1], dtype=out.dtype).expand(out.shape)


def as_of_a_model(d: Draw, out: Tensor) -> Tensor:
    return as_in_a_model(normal_dout(d, out))


def sliced(d: Draw, out: Tensor) -> Tensor:
    return d.strided(normal_dout(d, out))


CASES = (
    Case(
        "one query, one key",
        "its weight is 1 whatever the score is: dv is dout, and dq and dk are 0",
        lambda d: words(d, 1, 16),
        dtypes=FP32,  # where dq is nothing but rounding, PyTorch's own error in half precision is no measure
        quick=True,
    ),
    Case(
        "five words",
        "the first query sees one key and the last one five; the tiles hang over everywhere",
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
        "causal, two tiles and a rest",
        "tiles before the diagonal and on it, in the backward pass as in the forward pass",
        lambda d: words(d, 2 * tile(d) + 3, 32),
        quick=True,
    ),
    Case(
        "two tiles of keys and a rest",
        "few queries, and every key adds to each of them",
        lambda d: qkv(d, 1, 1, 5, 2 * tile(d) + 3, 32),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "one more than a tile",
        "the last program has a single query, and the rows behind it don't exist",
        lambda d: qkv(d, 1, 1, tile(d) + 1, 9, 16),
        FULL,
        dtypes=FP32,
    ),
    Case(
        "a scale of its own",
        "the scale that is passed counts, in out and in the gradients",
        lambda d: words(d, 6),
        {"sm_scale": 0.3},
        dtypes=FP32,
    ),
    Case(
        "rising and falling",
        "weights of one row differ by many powers of ten, and lse is between -100 and 100",
        lambda d: rising_and_falling(d, 6, tile(d) + 3, 16),
        FULL,
        dtypes=("fp32", "fp16"),
    ),
    Case(
        "all scores below -88",
        "exp of a score is 0 and exp of -lse infinite: only their difference has a finite exponential",
        below_minus_88,
        FULL,
        dtypes=("fp32", "fp16"),
    ),
    Case(
        "values around 5",
        "delta is large, and what is left of dp without it is small: delta needs all digits of fp32",
        values_around_five,
        dtypes=("fp32", "fp16"),
        dout=one_sided,
    ),
    Case(
        "9 queries on 1500 keys",
        "long sums into few rows of dq: half precision would lose them",
        rising_values,
        FULL,
        dtypes=("fp16",),
        dout=one_sided,
    ),
    Case(
        "gradient of q alone",
        "keys and values need no gradient",
        lambda d: qkv(d, 1, 1, 5, 7, 16),
        FULL,
        dtypes=FP32,
        requires_grad=("q",),
    ),
    Case(
        "gradient of v alone",
        "queries and keys need no gradient",
        lambda d: words(d, 7, 16),
        dtypes=FP32,
        requires_grad=("v",),
    ),
    Case(
        "gradients of q and k",
        "the values need no gradient",
        lambda d: words(d, 6, 16),
        dtypes=FP32,
        requires_grad=("q", "k"),
    ),
    Case(
        "forward alone",
        "nobody asks for a gradient",
        lambda d: words(d, 5, 16),
        dtypes=FP32,
        requires_grad=(),
    ),
    Case(
        "the gradient of a sum",
        "`out.sum().backward()` hands over one number, seen everywhere: all strides of dout are 0",
        lambda d: qkv(d, 1, 2, 7, 7, 16),
        dtypes=FP32,
        dout=of_a_sum,
        quick=True,
    ),
    Case(
        "one row for all",
        "dout is the same for every query: strides of 0 and 1",
        lambda d: qkv(d, 1, 2, 7, 9, 16),
        FULL,
        dtypes=FP32,
        dout=row_by_row,
    ),
    Case(
        "laid out as in a model",
        "the rows of one head lie a whole row of heads apart, those of dout, too",
        lambda d: tuple(map(as_in_a_model, qkv(d, 2, 3, 5, 5, 16))),
        dtypes=FP32,
        dout=as_of_a_model,
    ),
    Case(
        "three layouts",
        "q, k, v and dout each lie in memory in another way",
        three_layouts,
        FULL,
        dtypes=FP32,
        dout=sliced,
    ),
    Case("D = 128", "the longest queries, keys and values", lambda d: words(d, 40, 128), dtypes=("fp16",)),
    Case(
        "too large for fp16",
        "gradients beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        lambda d: words(d, 5, 16),
        dtypes=("fp32", "bf16"),
        dout=huge,
    ),
)

SHOWN = Case(
    "two heads, two tiles and a rest",
    "what `show` draws",
    lambda d: qkv(d, 1, 2, 2 * tile(d) + 35, 2 * tile(d) + 35, 16),
)


LARGE = (
    Case(
        "512 batches, stored position by position",
        "from one query or key to the next it is 2^23 elements, since all batches and heads lie in between",
        lambda d: tuple(d.without_memory(513, 512, 127, 128).permute(1, 2, 0, 3) for _ in range(3)),
        FULL,
        dout=lambda d, out: d.without_memory(513, 512, 127, 128).permute(1, 2, 0, 3),
    ),
)

RACES = tuple(
    Race(
        f"S {s}, D {dim}, {'causal' if causal else 'full'}",
        lambda d, s=s, dim=dim: qkv(d, 16384 // s, 2048 // dim, s, s, dim),
        least_bytes=2 * 8 * 16384 * 2048,
        length=s,
        flops=14 * 16384 * 2048 * s // (2 if causal else 1),
        keywords={"causal": causal},
        leave_out=() if s < 8192 else ("eager", "math"),
    )
    for s in (1024, 8192)
    for dim in (64, 128)
    for causal in (False, True)
)

# What holds whatever the numbers: a property's docstring is the sentence that it asserts.


def near(d: Draw, one: Tensor, other: Tensor) -> bool:
    """Whether two right answers differ by no more than rounding, measured by the largest of their numbers."""
    there, back = one.double(), other.double()
    return bool(((there - back).abs() <= 2 * rounding(d) * back.abs().max()).all())


def all_near(d: Draw, some: tuple[Tensor, ...], others: tuple[Tensor, ...]) -> bool:
    return all(near(d, one, other) for one, other in zip(some, others, strict=True))


def leaves(*tensors: Tensor) -> Inputs:
    """The same numbers in memory of their own, which require a gradient."""
    return tuple(x.clone().requires_grad_() for x in tensors)


def from_the_graph(out: Tensor, inputs: Inputs, dout: Tensor, keep: bool = False) -> tuple[Tensor, ...]:
    return torch.autograd.grad(out, inputs, dout, retain_graph=keep)


def twice_through_one_graph(attention: Call, d: Draw) -> bool:
    """Going backward twice through one graph, with retain_graph, gives the same gradients twice."""
    inputs = leaves(*narrow_qkv(d, 1, 2, 5, 5))
    out = attention.launcher(*inputs)
    dout = normal_dout(d, out)
    first = tuple(x.clone() for x in from_the_graph(out, inputs, dout, keep=True))
    return all_near(d, from_the_graph(out, inputs, dout), first)


def two_calls_at_once(attention: Call, d: Draw) -> bool:
    """Two calls of one shape, both forward before either goes backward, one of them causal, get the gradients that each gets alone."""
    inputs = [leaves(*narrow_qkv(d, 1, 2, 6, 6)) for _ in range(2)]
    how: list[dict[str, Any]] = [{"causal": True}, {"causal": False, "sm_scale": 0.4}]
    outs = [attention.launcher(*one, **keywords) for one, keywords in zip(inputs, how, strict=True)]
    dout = normal_dout(d, outs[0])
    together = [from_the_graph(out, one, dout) for out, one in zip(outs, inputs, strict=True)]
    alone = [
        tuple(attention(*(x.detach() for x in one), dout=dout, **keywords)[name] for name in ("dq", "dk", "dv"))
        for one, keywords in zip(inputs, how, strict=True)
    ]
    return all(all_near(d, *both) for both in zip(together, alone, strict=True))


def one_tensor_for_all(attention: Call, d: Draw) -> bool:
    """Where q, k and v are one tensor, its gradient is the sum of the three that separate tensors get."""
    (x,) = leaves(d.normal(1, 2, 5, 16))
    out = attention.launcher(x, x, x)
    dout = normal_dout(d, out)
    (whole,) = from_the_graph(out, (x,), dout)
    apart = attention(*leaves(x.detach(), x.detach(), x.detach()), dout=dout)
    parts = [apart[name].double() for name in ("dq", "dk", "dv")]
    largest = max(float(part.abs().max()) for part in parts)
    return bool(((whole.double() - sum(parts)).abs() <= 4 * rounding(d) * largest).all())


def gradients_foretell_the_forward_pass(attention: Call, d: Draw) -> bool:
    """A small step in any direction changes your own forward pass by what your gradients say."""
    if d.dtype != torch.float32:
        return True  # a step that is small would drown in rounding
    inputs = narrow_qkv(d, 1, 1, 6, 6)
    dout = d.normal(1, 1, 6, 16)
    found = attention(*inputs, dout=dout)
    for place, name in enumerate(("dq", "dk", "dv")):
        way = d.normal(*inputs[place].shape)
        promised = float((found[name].double() * way).sum())
        up, down = (_moved(attention, inputs, place, step * way, dout) for step in (STEP, -STEP))
        scale = float((found[name].double() * way).abs().sum())
        if abs((up - down) / (2 * STEP) - promised) > 0.01 * scale:
            return False
    return True


STEP = 0.01  # fp32's rounding moves the difference by about 1e-4, the curve of the function by as much


def _moved(attention: Call, inputs: Inputs, place: int, by: Tensor, dout: Tensor) -> float:
    """The loss, the sum of dout * out, with one input moved."""
    moved = [x + by if at == place else x for at, x in enumerate(inputs)]
    return float((attention(*moved).out.double() * dout).sum())


def the_past_alone_moves_a_query(attention: Call, d: Draw) -> bool:
    """With causal, other keys and values of the future change no earlier row of dq."""
    s, now = tile(d) + 5, tile(d) - 4
    q, k, v = narrow_qkv(d, 1, 1, s, s)
    dout = d.normal(1, 1, s, 16)
    before = attention(q, k, v, dout=dout)["dq"]
    k[:, :, now:], v[:, :, now:] = 5.0, -100.0
    return torch.equal(attention(q, k, v, dout=dout)["dq"][:, :, :now], before[:, :, :now])


def heads_gradients_stay_apart(attention: Call, d: Draw) -> bool:
    """Changing one head of one batch changes the gradients of no other head."""
    inputs, dout = narrow_qkv(d, 2, 3, 2, 3), d.normal(2, 3, 2, 16)
    before = attention(*inputs, dout=dout, causal=False)
    for x in (*inputs, dout):
        x[1, 0] = 3.0
    after = attention(*inputs, dout=dout, causal=False)
    same = [(after[name] == before[name]).flatten(2).all(dim=2) for name in ("dq", "dk", "dv")]
    return all(bool(one[0].all()) and bool(one[1, 1:].all()) for one in same)


def no_square_matrix_either_way(attention: Call, d: Draw) -> bool:
    """No matrix of S x S is allocated, forward or backward: four times the length takes at most four times the bytes."""
    short, long = (
        attention.without_kernels(*narrow_qkv(d, 1, 1, s, s), dout=d.normal(1, 1, s, 16)).allocated_bytes
        for s in (256, 1024)
    )
    return long <= 4 * short


PROPERTIES = (
    of_attention(lambda d: tile(d) + 5, lambda d: (tile(d) + 5, tile(d) - 4))[1],
    twice_through_one_graph,
    two_calls_at_once,
    one_tensor_for_all,
    gradients_foretell_the_forward_pass,
    the_past_alone_moves_a_query,
    heads_gradients_stay_apart,
    no_square_matrix_either_way,
)
