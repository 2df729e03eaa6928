"""Turns what an access did wrong into a finding: where, which elements, which lanes, by which names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from types import FrameType
from typing import NamedTuple

import numpy as np

from .arguments import Addresses, Argument
from .findings import Finding, Guard, Kind, Limit, Operation, Site
from .frames import learner_frame, name_of_index, name_of_size, position, site
from .indices import Bools, Ints, Tile, box, members, tile, unravel
from .programs import Programs

_NULL_PAGE = 4096


class Access(NamedTuple):
    """One load, store or atomic of the program `stamp`. `lanes` is the mask; None: every lane is active."""

    operation: Operation
    guard: Guard
    addresses: Addresses
    lanes: Bools | None
    size: int
    stamp: int

    def active(self) -> Bools:
        return np.ones(self.addresses.shape, bool) if self.lanes is None else self.lanes


class Evidence:
    """Collects the findings; those that don't end the launch once for each kind, argument and line."""

    def __init__(self, programs: Programs) -> None:
        self.programs = programs
        self.findings: list[Finding] = []
        self._known: set[tuple[Kind, str, tuple[str, int]]] = set()

    def blank(self, kind: Kind, access: Access, argument: Argument | None, at: Site) -> Finding:
        active = access.addresses.size if access.lanes is None else int(access.lanes.sum())
        finding = Finding(
            kind,
            self.programs.launch(access.stamp).kernel,
            self.programs.program(access.stamp),
            at,
            operation=access.operation,
            guard=access.guard,
            active=active,
            access_bytes=access.size,
        )
        if argument is None:
            return finding
        return replace(
            finding, argument=argument.name, tensor=argument.tensor_name, shape=argument.shape, strides=argument.strides
        )

    def news(self, kind: Kind, argument: Argument) -> Site | None:
        """The learner's line, unless this kind is already known of this argument there."""
        frame = learner_frame()
        return site(frame) if self.is_news(kind, argument, position(frame)) else None

    def is_news(self, kind: Kind, argument: Argument, at: tuple[str, int]) -> bool:
        key = (kind, argument.name, at)
        known = key in self._known
        self._known.add(key)
        return not known

    def note(self, kind: Kind, access: Access, argument: Argument, offsets: Ints, *, other: int = 0) -> None:
        """Lanes that touch elements at these byte `offsets`, which they should leave alone; `other` is a stamp."""
        at = self.news(kind, argument)
        if at is not None:
            self.add(kind, access, argument, at, offsets, other=other)

    def add(self, kind: Kind, access: Access, argument: Argument, at: Site, offsets: Ints, *, other: int = 0) -> None:
        indices = members(argument.element_of(offsets), argument.shape, argument.strides)
        program = self.programs.program(other) if other > self.programs.base else None
        before, refused = argument.shadow.written_before(self.programs.base), argument.shadow.refused
        cells = argument.shadow.cells(offsets // access.size, access.size)
        self.findings.append(
            replace(
                self.blank(kind, access, argument, at),
                bad=offsets.size,
                elements=box(indices),
                other_program=program,
                written_elsewhere=self.programs.grid(before) if before else None,
                masked_there=bool(before and refused is not None and (refused.take(cells) > 0).all()),
            )
        )

    def foreign(self, access: Access) -> Finding:
        """Lanes that point into no argument's window."""
        active = access.active()
        address = int(access.addresses[active].item(0))
        kind = Kind.NULL_POINTER if address < _NULL_PAGE else Kind.FOREIGN_POINTER
        found = self.blank(kind, access, None, site(learner_frame()))
        return replace(found, bad=int(active.sum()), offset=address)

    def illegal(self, access: Access, argument: Argument) -> Finding:
        """Lanes in an argument's window that miss its elements."""
        frame, active = learner_frame(), access.active()
        outside, misaligned = argument.illegal(access.addresses, access.size)
        bad = outside & active
        if not bad.any():
            return self._misaligned(access, argument, misaligned & active, site(frame))
        elements = argument.elements(access.addresses)
        block = tile(elements, active & ~outside, argument.shape, argument.strides)
        if block is not None:
            wrong, offset = block.indices[:, bad], int(elements[bad].min())
        else:
            wrong, rest = unravel(elements[bad], argument.shape, argument.strides)
            offset = int(elements[bad].item(int(np.argmax(rest != 0))))
        touched = box(block.indices[:, active]) if block is not None else None
        reads = access.operation is Operation.READ
        found = self.blank(
            Kind.OUT_OF_BOUNDS_READ if reads else Kind.OUT_OF_BOUNDS_WRITE, access, argument, site(frame)
        )
        return replace(
            found,
            bad=int(bad.sum()),
            elements=box(wrong),
            offset=offset,
            touched=touched if touched is not None and touched.full else None,
            between=bool(((elements >= 0) & (elements < argument.extent))[bad].all()),
            ignores_strides=_ignores_strides(elements[bad], argument),
            limits=tuple(_limits(wrong, block, elements, argument, frame)),
        )

    def _misaligned(self, access: Access, argument: Argument, bad: Bools, at: Site) -> Finding:
        offset = int((access.addresses - argument.origin).view(np.int64)[bad].item(0)) - argument.start
        wrong, _ = unravel(np.asarray([offset // argument.item]), argument.shape, argument.strides)
        return replace(
            self.blank(Kind.MISALIGNED, access, argument, at), bad=int(bad.sum()), elements=box(wrong), offset=offset
        )


def meant(offsets: Ints, access: Access, argument: Argument) -> tuple[Bools, bool]:
    """Which of a store's masked-off lanes were meant for an element of the tensor, and whether that is sure.

    In a flat tensor a lane's offset is its index. In others a lane behind the end of a row has the offset of the next row's
    first element: only a tile with an active lane, all of which are where they should be, tells which element was meant.
    """
    outside, misaligned = argument.illegal(access.addresses, access.size)
    active = access.active()
    legal = ~active & ~outside & ~misaligned
    if len(argument.shape) <= 1 and offsets.ndim <= 1:
        return legal, True
    block = tile(offsets, active, argument.shape, argument.strides) if active.any() else None
    if block is None:
        return legal, False
    sizes = np.array(argument.shape).reshape(-1, *(1,) * offsets.ndim)
    inside = np.logical_and.reduce((block.indices >= 0) & (block.indices < sizes), axis=0)
    return legal & inside, bool(inside[active].all())


def _ignores_strides(bad: Ints, argument: Argument) -> bool:
    """The offsets would be right if the tensor were contiguous; it isn't, or none of them would be bad."""
    return bool(((bad >= 0) & (bad < math.prod(argument.shape))).all())


def _limits(
    wrong: Ints, block: Tile | None, elements: Ints, argument: Argument, frame: FrameType | None
) -> Iterator[Limit]:
    """The dimensions that lanes leave; empty where the block's intent can't be told."""
    if block is None and argument.strides != (1,):
        return
    for dimension, size in enumerate(argument.shape):
        below, above = bool((wrong[dimension] < 0).any()), bool((wrong[dimension] >= size).any())
        if not (below or above):
            continue
        if block is not None and dimension not in block.axes:
            yield Limit(dimension, size, below, above, at=int(wrong[dimension].item(0)))
            continue
        index, axis = elements, None
        if block is not None and block.indices.ndim > 2:
            axis = block.axes[dimension]
            index = np.moveaxis(block.indices[dimension], axis, -1).reshape(-1, elements.shape[axis])[0]
        elif block is not None:
            index = block.indices[dimension]
        yield Limit(
            dimension,
            size,
            below,
            above,
            name_of_index(index, axis, frame),
            name_of_size(size, frame) if above else None,
        )
