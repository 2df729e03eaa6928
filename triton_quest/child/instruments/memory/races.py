"""Watches for programs of one launch that meet on an element: a GPU runs them at once, the interpreter one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import Argument
from .evidence import Access, Evidence
from .findings import Kind, Site
from .frames import learner_frame, site
from .indices import Bools, Ints
from .programs import Programs

_ROUNDING = 16  # eps of the largest value
_UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


@dataclass(frozen=True)
class Contested:
    """Elements that a program stored over another's value: judged when it ends, by what it leaves there."""

    access: Access
    argument: Argument
    at: Site
    offsets: Ints
    before: NDArray[Any]
    owners: NDArray[np.int32]


class RaceWatch:
    def __init__(self, programs: Programs, evidence: Evidence) -> None:
        self.programs, self.evidence = programs, evidence
        self.contested: list[Contested] = []

    def read(self, access: Access, argument: Argument, offsets: Ints, cells: Ints) -> None:
        writers = argument.shadow.note_read(cells, access.stamp, self.programs.base)
        if writers is not None:
            self._meet(access, argument, offsets, writers)

    def write(self, access: Access, argument: Argument, offsets: Ints, cells: Ints, values: NDArray[Any]) -> None:
        """Make the store, and see what it meets."""
        shadow, index = argument.shadow, offsets // access.size
        memory, bits = shadow.values(_bits(values.dtype)), values.view(_bits(values.dtype))
        before = memory.take(index)
        self._note(access, argument, offsets, cells, before.view(values.dtype), before != bits)
        memory[index] = bits
        stayed = memory.take(index)
        if (stayed != bits).any():
            lost = differ(stayed.view(values.dtype), values)
            if lost.any():  # a lane that doesn't find its own value afterwards
                self.evidence.note(Kind.LANE_RACE, access, argument, offsets[lost])

    def _note(
        self, access: Access, argument: Argument, offsets: Ints, cells: Ints, before: NDArray[Any], changed: Bools
    ) -> None:
        shadow = argument.shadow
        if cells.ndim > changed.ndim:
            changed = np.broadcast_to(changed[..., None], cells.shape)
        undefined = shadow.undefined(cells)
        if undefined is not None:  # what happened to be there is no value that anyone could have read
            changed = changed | undefined
        writers, readers = shadow.note_write(cells, changed, access.stamp, self.programs.base)
        if readers is not None:
            self._meet(access, argument, offsets, readers)
        if writers is not None:
            owners = _per_lane(writers, offsets)
            theirs = owners > 0
            self.contested.append(
                Contested(access, argument, site(learner_frame()), offsets[theirs], before[theirs], owners[theirs])
            )

    def settle(self, stamp: int) -> None:
        """To be called before `stamp`'s next access: what the program before it contested is now final."""
        if not self.contested or self.contested[0].access.stamp == stamp:
            return
        for claim in self.contested:
            left = claim.argument.shadow.values(claim.before.dtype).take(claim.offsets // claim.access.size)
            lost = differ(left, claim.before) & ~_rounded_otherwise(left, claim.before)
            kind = Kind.WRITE_RACE if lost.any() else Kind.EQUAL_VALUES_WRITTEN_TWICE
            chosen = lost if lost.any() else np.ones_like(lost)
            if self.evidence.is_news(kind, claim.argument, (claim.at.file, claim.at.line)):
                self.evidence.add(
                    kind,
                    claim.access,
                    claim.argument,
                    claim.at,
                    claim.offsets[chosen],
                    other=int(claim.owners[chosen].item(0)),
                )
        self.contested.clear()

    def _meet(self, access: Access, argument: Argument, offsets: Ints, others: NDArray[np.int32]) -> None:
        met = _per_lane(others, offsets)
        self.evidence.note(Kind.READ_WRITE_RACE, access, argument, offsets[met > 0], other=int(met[met > 0].item(0)))


def differ(left: NDArray[Any], right: NDArray[Any]) -> Bools:
    """Unequal, taking any NaN as equal to any other."""
    unequal: Bools = (left != right) & ((left == left) | (right == right))
    return unequal


def _rounded_otherwise(left: NDArray[Any], right: NDArray[Any]) -> Bools:
    """Apart by no more than a product of tiles may be that the processor adds up in another order."""
    if left.dtype.kind != "f":
        return np.zeros(left.shape, bool)
    with np.errstate(invalid="ignore"):
        largest = np.abs(left[np.isfinite(left)]).max(initial=0.0)
        close: Bools = np.abs(left - right) <= _ROUNDING * np.finfo(left.dtype).eps * largest
    return close


def _bits(dtype: np.dtype[Any]) -> Any:
    return _UNSIGNED[dtype.itemsize]


def _per_lane(stamps: NDArray[np.int32], offsets: Ints) -> NDArray[np.int32]:
    """One stamp for each lane, where its element is several cells."""
    most: NDArray[np.int32] = stamps if stamps.ndim == offsets.ndim else stamps.max(axis=-1)
    return most
