"""Which torch calls had a part in a tensor's contents: a graph over storages, in the order of time.

Each step lets every storage it reads flow into every storage it writes. It errs towards "had a part"; nothing is
ever taken back by overwriting.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .torchcalls import TorchCall

OUTSIDE = 0
"""Stands for Python's and NumPy's memory, in the place of a storage."""


@dataclass(frozen=True)
class FlowStep:
    """A torch call, a kernel launch, or contents that came from outside unseen."""

    inputs: frozenset[int]
    outputs: frozenset[int]
    call: TorchCall | None = None
    is_launch: bool = False


def flowing_into(steps: list[FlowStep], targets: Collection[int]) -> list[TorchCall]:
    """The calls whose result flows into the targets as they are after the last step, oldest first."""
    reached = set(targets)
    found: dict[int, TorchCall] = {}
    for step in reversed(steps):
        if step.outputs & reached:
            reached |= step.inputs
            if step.call is not None:
                found[id(step.call)] = step.call
    return list(found.values())[::-1]


def flowing_into_launches(steps: list[FlowStep]) -> Iterable[TorchCall]:
    """The calls whose result a later launch was given, oldest first, each once."""
    found: dict[int, TorchCall] = {}
    for index, step in enumerate(steps):
        if step.is_launch:
            found |= {id(call): call for call in flowing_into(steps[:index], step.inputs)}
    return found.values()
