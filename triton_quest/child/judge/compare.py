"""One result against the truth: how far off it may be, where it is worst, and which part of it is wrong.

The budget, written once. The error is measured against float64 and may be at most `TIMES_PYTORCH` times the error that PyTorch's own
operator makes on the same inputs in the same dtype, plus a floor of some eps of the output's scale, `FLOOR_EPS`: where PyTorch happens
to hit the truth, a correct kernel may still round. In half precision the one rounding at the end decides, and a quarter of an eps is
room enough. In fp32 each of a handful of steps rounds: right softmax kernels make up to 7 eps on a GPU where PyTorch makes less than
one, and no known mistake is as small as 300 eps. A level with dots adds, in fp32, its own bound `eps * sqrt(K) * sum |a||b|`
(Higham: Accuracy and Stability of Numerical Algorithms, 2002, the probabilistic form of the bound for inner products).
NaN and infinities must stand where the truth has them, with their sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from triton_quest.child.judge import picture
from triton_quest.records import verdict as v

TIMES_PYTORCH = 2.0
FLOOR_EPS = {torch.float32: 8.0, torch.float16: 0.25, torch.bfloat16: 0.25}
SHOWN_NEIGHBOURS = 5


@dataclass(frozen=True)
class Budget:
    """The largest error allowed, per element, in float64; broadcasts to the output's shape."""

    allowed: torch.Tensor


def budget(truth: torch.Tensor, pytorch: torch.Tensor, magnitude: torch.Tensor | None = None) -> Budget:
    """What a correct kernel may be off.

    truth: float64; pytorch: its own operator's result, in the dtype under test; magnitude: `sqrt(K) * sum |a||b|`, for dots.
    """
    finite = torch.isfinite(truth) & torch.isfinite(pytorch)
    zero = torch.zeros((), dtype=torch.float64)
    own_error = torch.where(finite, (pytorch.double() - truth).abs(), zero)
    scale = torch.where(finite, truth.abs(), zero)
    eps = torch.finfo(pytorch.dtype).eps
    allowed = TIMES_PYTORCH * _largest(own_error) + FLOOR_EPS[pytorch.dtype] * eps * _largest(scale)
    if magnitude is None or pytorch.dtype != torch.float32:
        return Budget(allowed)
    return Budget(torch.maximum(allowed, eps * magnitude))


def _largest(values: torch.Tensor) -> torch.Tensor:
    return values.max() if values.numel() else torch.zeros((), dtype=torch.float64)


def wrong_elements(result: torch.Tensor, truth: torch.Tensor, within: Budget) -> torch.Tensor:
    """True where the result is off by more than the budget, or isn't finite where the truth is, or the reverse."""
    actual = result.double()
    off = (actual - truth).abs() > within.allowed
    same_special = torch.where(torch.isnan(truth), torch.isnan(actual), actual == truth)
    both_finite = torch.isfinite(actual) & torch.isfinite(truth)
    return torch.where(both_finite, off, ~same_special)


def describe(
    result: torch.Tensor,
    truth: torch.Tensor,
    wrong: torch.Tensor,
    within: Budget,
    inputs: str,
    sides: picture.Sides = ((), ()),
) -> v.Mismatch:
    """The mismatch to show: the worst element, how many are wrong, and where they lie."""
    error = (result.double() - truth).abs()
    error = torch.where(wrong, torch.nan_to_num(error, nan=torch.inf, posinf=torch.inf), -1.0)
    # torch.unravel_index would import sympy first: half a second
    index = tuple(int(i) for i in np.unravel_index(int(error.argmax()), error.shape))
    finite_error = error[torch.isfinite(error) & (error >= 0)]
    allowed = within.allowed.expand(truth.shape)[index]
    return v.Mismatch(
        inputs=inputs,
        index=index,
        expected=number(truth[index]),
        actual=number(result[index]),
        wrong=int(wrong.sum()),
        total=wrong.numel(),
        region=region(wrong),
        max_abs_error=number(finite_error.max()) if finite_error.numel() else "nan",
        allowed=number(allowed),
        shape=tuple(result.shape),
        neighbours=_neighbours(result, truth, wrong, index),
        picture=picture.draw(wrong, index, sides),
    )


def _neighbours(
    result: torch.Tensor, truth: torch.Tensor, wrong: torch.Tensor, index: tuple[int, ...]
) -> tuple[tuple[str, str, str, bool], ...]:
    """A few elements around the worst one, along the last axis."""
    if not index:
        return ()
    length = result.shape[-1]
    first = max(0, min(index[-1] - SHOWN_NEIGHBOURS // 2, length - SHOWN_NEIGHBOURS))
    rows = []
    for last in range(first, min(first + SHOWN_NEIGHBOURS, length)):
        at = (*index[:-1], last)
        rows.append((", ".join(map(str, at)), number(truth[at]), number(result[at]), bool(wrong[at])))
    return tuple(rows)


def region(wrong: torch.Tensor) -> str:
    """Where the wrong elements lie, in words: "all 1025 elements", "element 1024", "rows 0 to 31, columns 64 to 95".

    Four axes are batch, head, row and column. Of square matrices it says whether all lie on one side of the diagonal.
    """
    if bool(wrong.all()):
        return f"all {wrong.numel():,} elements" if wrong.numel() > 1 else "the only element"
    known = {1: ("element",), 2: ("row", "column"), 4: ("batch", "head", "row", "column")}
    names = known.get(wrong.ndim) or tuple(f"index {axis}:" for axis in range(wrong.ndim))
    parts = []
    for axis, name in enumerate(names):
        if wrong.ndim > 2 and wrong.shape[axis] == 1:
            continue  # there is nothing to tell
        others = [other for other in range(wrong.ndim) if other != axis]
        hit = torch.nonzero(wrong.any(dim=others) if others else wrong).flatten()
        first, last = int(hit[0]), int(hit[-1])
        length = wrong.shape[axis]
        plural = name if name.endswith(":") else f"{name}es" if name.endswith("ch") else f"{name}s"
        if hit.numel() == length:
            parts.append(f"all {plural}" if not name.endswith(":") else f"{name} all")
        elif first == last:
            parts.append(f"{name} {first}")
        else:
            between = "" if hit.numel() == last - first + 1 else f" ({hit.numel()} of them)"
            parts.append(f"{plural} {first} to {last}{between}")
    return ", ".join([*parts, *_side(wrong)])


def _side(wrong: torch.Tensor) -> list[str]:
    """Which side of the diagonal all wrong places of square matrices keep to, where there are several."""
    if wrong.ndim < 2 or wrong.shape[-1] != wrong.shape[-2]:
        return []
    matrix = wrong.reshape(-1, *wrong.shape[-2:]).any(dim=0)
    if int(matrix.sum()) == 1:
        return []
    above, on, below = (bool(part.any()) for part in (matrix.triu(1), matrix.diagonal(), matrix.tril(-1)))
    sides = {(True, False, False): "above", (False, True, False): "on", (False, False, True): "below"}
    return [f"all {sides[above, on, below]} the diagonal"] if (above, on, below) in sides else []


def number(value: torch.Tensor | float) -> str:
    """Seven significant digits, short."""
    return f"{float(value):.7g}"
