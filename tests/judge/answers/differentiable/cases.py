"""What the toy is judged on: gradients of x and w, of either alone, and of a sum, which hands over a `dout` of strides 0."""

import torch

from triton_quest.course.call import Call
from triton_quest.course.case import Case, Draw, Race


def pair(d: Draw, m: int, n: int) -> tuple[torch.Tensor, ...]:
    return d.normal(m, n), d.normal(m, n)


def of_a_sum(d: Draw, out: torch.Tensor) -> torch.Tensor:
    return torch.ones((), dtype=out.dtype).expand(out.shape)


CASES = (
    Case("one element", "the smallest", lambda d: pair(d, 1, 1), quick=True),
    Case("ragged", "every program finds its own block", lambda d: pair(d, 3, d.block + 3), quick=True),
    Case("of a sum", "the gradient that is handed over has strides of 0", lambda d: pair(d, 2, 9), dout=of_a_sum),
    Case("of w alone", "x is no parameter", lambda d: pair(d, 2, 5), requires_grad=("w",)),
    Case("forward alone", "nothing asks for a gradient", lambda d: pair(d, 2, 5), requires_grad=()),
    Case("every second", "x and w are views", lambda d: tuple(d.strided(one) for one in pair(d, 2, 7))),
)
SHOWN = Case("a few", "what `show` draws", lambda d: pair(d, 2, d.block + 3))
RACES = (Race("64 x 64", lambda d: pair(d, 64, 64), least_bytes=4 * 4 * 4096, dtype="fp32"),)


def twice_the_gradient_twice_the_result(call: Call, d: Draw) -> bool:
    """Twice the gradient handed over gives twice the gradients."""
    x, w = pair(d, 2, 7)
    dout = torch.ones_like(x)
    once, twice = call(x, w, dout=dout), call(x, w, dout=2 * dout)
    return all(torch.equal(2 * once[name], twice[name]) for name in ("dx", "dw"))


PROPERTIES = (twice_the_gradient_twice_the_result,)
