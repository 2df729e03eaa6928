"""What is global in torch: the learner's code has its own while it runs, and the judge keeps its own for its maths.

Many files begin with `torch.set_default_device` or a default dtype, and a tensor of the judge's must not follow them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any

import torch

_put_device = torch.set_default_device


def _set_device(device: torch.device) -> None:
    """The CPU is what torch takes without a default device, which costs each call of torch some time."""
    _put_device(None if device.type == "cpu" else device)


_GETTERS: tuple[Callable[[], Any], ...] = (  # bound now: the learner's code may replace any of them
    torch.get_default_dtype,
    torch.get_default_device,
    torch.is_grad_enabled,
    torch.are_deterministic_algorithms_enabled,
    partial(torch.is_autocast_enabled, "cpu"),
)
_SETTERS: tuple[Callable[[Any], object], ...] = (
    torch.set_default_dtype,
    _set_device,
    torch.set_grad_enabled,
    torch.use_deterministic_algorithms,
    partial(torch.set_autocast_enabled, "cpu"),
)
_learners: list[Any] = []  # what the learner's code left set; empty until it has run


def _now() -> list[Any]:
    return [get() for get in _GETTERS]


def _put(wanted: list[Any]) -> None:
    for put, value, now in zip(_SETTERS, wanted, _now(), strict=True):
        if value != now:
            put(value)


@contextmanager
def of_the_learner() -> Iterator[None]:
    """Inside, what the learner's code has set holds; afterwards what held before does again."""
    before = _now()
    _put(_learners or before)
    try:
        yield
    finally:
        _learners[:] = _now()
        _put(before)


def adopt() -> None:
    """From now on what the learner's code has set holds for the whole process."""
    _put(_learners or _now())


def kept_apart(launcher: Callable[..., Any]) -> Callable[..., Any]:
    """The learner's launcher, which finds what the learner's code has set and leaves what the judge has."""

    @wraps(launcher)
    def call(*args: Any, **named: Any) -> Any:
        with of_the_learner():
            return launcher(*args, **named)

    return call
