"""What a launcher must give: tensors of the names, shapes, dtypes and devices that the level says. Anything else is told in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from triton_quest.child.judge.given import Given
from triton_quest.course.answer import Answer

BRIEFING = "The briefing says what the launcher returns."
HISTORY = (
    "Return what your autograd.Function's apply gives: what is detached, or made under no_grad, has lost its history."
)
NO_GRADIENT = (
    "backward returns a gradient for each argument of forward, in the same order; None only where none is needed."
)


@dataclass(frozen=True)
class Misfit:
    """What doesn't fit, and what to do about it."""

    says: str
    advice: str = BRIEFING


def misfit(
    given: Given, returned: Any, found: Mapping[str, torch.Tensor | None], expected: Answer, shown: str
) -> Misfit | None:
    """What is wrong with the kind of what was returned, and of the gradients; None if all fits. `shown`: for which inputs."""
    launcher, names = given.level.launcher, given.level.answers
    values = (returned,)
    if len(names) > 1:
        wanted = f"a tuple of {len(names)} tensors, ({', '.join(names)})"
        if not isinstance(returned, tuple):
            return Misfit(f"`{launcher}` returned {_kind(returned)} instead of {wanted}.")
        if len(returned) != len(names):
            return Misfit(f"`{launcher}` returned a tuple of {len(returned)} instead of {wanted}.")
        values = returned
    for name, value in zip(names, values, strict=True):
        as_name = f" as `{name}`" if len(given.judged) > 1 else ""
        says = _tensor_misfit(f"`{launcher}` returned", as_name, value, expected[name], shown)
        if says:
            return Misfit(says)
    if given.wanted and not values[0].requires_grad:
        says = f"`{launcher}` returned a tensor without a history (its grad_fn is None): torch.autograd can't differentiate it."
        return Misfit(says, HISTORY)
    for name in given.wanted:
        gradient = found.get(f"d{name}")
        says = _tensor_misfit("The backward pass gave", f" as `d{name}`", gradient, expected[f"d{name}"], shown)
        if says:
            return Misfit(says, NO_GRADIENT)
    return None


def _kind(value: Any) -> str:
    return "nothing (None)" if value is None else f"a {type(value).__name__}".replace("a Tensor", "a tensor")


def _tensor_misfit(gave: str, as_name: str, value: Any, expected: torch.Tensor, shown: str) -> str:
    if not isinstance(value, torch.Tensor):
        return f"{gave} {_kind(value)}{as_name} instead of a tensor."
    if value.layout is not torch.strided:
        return f"{gave} a tensor of layout {value.layout}{as_name}; it should be a dense (strided) one."
    if value.shape != expected.shape:
        return (
            f"{gave} a tensor of shape {tuple(value.shape)}{as_name}; for {shown} it should be {tuple(expected.shape)}."
        )
    if value.dtype != expected.dtype:
        return f"{gave} {value.dtype}{as_name}; for {shown} it should be {expected.dtype}."
    if value.device != expected.device:
        return f"{gave} a tensor on {value.device}{as_name}; its inputs are on {expected.device}."
    return ""
