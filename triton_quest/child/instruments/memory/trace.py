"""Keeps every access of every program: which elements of which argument, from which line, in which round of which loop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from triton_quest.records.show import Runs

from ..launches import Launch
from .arguments import WINDOW_BITS, Argument
from .findings import Operation, Site
from .frames import learner_frame, site
from .indices import Bools, Ints, element_offsets, unravel
from .loops import Loops, loops_around
from .programs import Programs

if TYPE_CHECKING:
    from .evidence import Access

MOST_RUNS = 200_000  # more couldn't be looked at: what comes after is left out
MOST_KEPT = 400_000  # elements of a tensor whose values are kept at the end of a launch


class Touch(NamedTuple):
    """One access, or the part of it that goes to one argument. Runs count elements, or lanes of the `block`, in order."""

    program: tuple[int, ...]
    operation: Operation
    argument: int  # its place in the launch, -1 where the pointer is into none
    site: Site
    loops: Loops
    block: tuple[int, ...]
    touched: Runs
    masked: Runs
    outside: Runs


class Left(NamedTuple):
    """What a launch left in one argument: the bytes of each element, in order; the elements that nothing had written by then."""

    data: bytes
    unwritten: Ints


@dataclass
class Walk:
    """One launch and what its programs touched. `is_cut`: not everything was kept. `left`: for each argument, None of a large one."""

    launch: Launch
    arguments: list[Argument]
    touches: list[Touch] = field(default_factory=list)
    is_cut: bool = False
    left: list[Left | None] = field(default_factory=list)


class Trace:
    """Told of each launch and of each access, before the access is checked."""

    def __init__(self, programs: Programs) -> None:
        self.walks: list[Walk] = []
        self._programs, self._runs_left = programs, MOST_RUNS

    def begin(self, launch: Launch, arguments: list[Argument]) -> None:
        """`arguments` is filled while the launch goes on."""
        self.walks.append(Walk(launch, arguments))

    def end(self) -> None:
        self.walks[-1].left = [_left(argument) for argument in self.walks[-1].arguments]

    def note(self, access: Access) -> None:
        walk = self.walks[-1]
        if self._runs_left <= 0:
            walk.is_cut = True
            return
        slots = access.addresses >> np.uint64(WINDOW_BITS)
        active = access.active()
        for slot in np.unique(slots[active]) if active.any() else np.unique(slots)[:1]:
            touch = self._touch(walk, access, int(slot), active & (slots == slot), ~active)
            self._runs_left -= 1 + len(touch.touched) + len(touch.masked)
            walk.touches.append(touch)

    def _touch(self, walk: Walk, access: Access, slot: int, lanes: Bools, masked: Bools) -> Touch:
        argument = walk.arguments[slot - 1] if 1 <= slot <= len(walk.arguments) else None
        outside = lanes if argument is None else lanes & argument.illegal(access.addresses, access.size)[0]
        inside = lanes & ~outside
        return Touch(
            self._programs.program(access.stamp),
            access.operation,
            slot - 1 if argument is not None else -1,
            site(learner_frame()),
            loops_around(walk.launch.kernel),
            access.addresses.shape,
            _runs(_places(argument, access, inside)) if argument is not None else (),
            _runs(np.flatnonzero(masked)),
            _runs(np.flatnonzero(outside)),
        )


def _left(argument: Argument) -> Left | None:
    if math.prod(argument.shape) > MOST_KEPT:
        return None
    offsets = np.ravel(element_offsets(argument.shape, argument.strides)) + argument.start // argument.item
    unwritten = argument.shadow.undefined(argument.shadow.cells(offsets, argument.item))
    data = argument.shadow.values(f"V{argument.item}")[offsets].tobytes()
    if unwritten is None:
        return Left(data, np.zeros(0, np.int64))
    return Left(data, np.flatnonzero(unwritten.reshape(len(offsets), -1).any(axis=1)))


def _places(argument: Argument, access: Access, lanes: Bools) -> Ints:
    """The elements that these lanes touch, in the order of the tensor's own shape, each once."""
    indices, _ = unravel(argument.elements(access.addresses[lanes]), argument.shape, argument.strides)
    places: Ints = np.zeros(indices.shape[1:], np.int64)
    for size, index in zip(argument.shape, indices, strict=False):
        places = places * size + index
    return np.unique(places)


def _runs(ascending: Ints) -> Runs:
    if not ascending.size:
        return ()
    breaks = np.flatnonzero(np.diff(ascending) != 1)
    firsts = ascending[np.concatenate(([0], breaks + 1))]
    lasts = ascending[np.concatenate((breaks, [ascending.size - 1]))]
    return tuple(zip(firsts.tolist(), lasts.tolist(), strict=True))
