"""Watches for lanes of one program that read what other lanes of it stored, with no `tl.debug_barrier()` in between.

The threads of a program aren't in step: a thread may load before another has stored. Only what a lane stored itself is
certain to be there. Two blocks have the same lanes where they have one shape, axes of length 1 left out: Triton deals out
equal shapes alike.
"""

from __future__ import annotations

import numpy as np
from triton.runtime import interpreter

from triton_quest.child.triton.patching import Edits

from .arguments import Argument
from .evidence import Access, Evidence
from .findings import Guard, Kind
from .indices import Ints
from .programs import Programs
from .shadow import Shadow

_GUARDS = (Guard.NONE, Guard.MASK, Guard.BLOCK_POINTER)


class LaneWatch:
    """Keeps what the running program stored since its last barrier. With one warp, the threads are in step."""

    def __init__(self, programs: Programs, evidence: Evidence) -> None:
        self.programs, self.evidence = programs, evidence
        self._stamp = 0
        self._stored: dict[int, list[tuple[Ints, int, Access]]] = {}  # by the id of the shadow: cells, their unit

    def barrier(self) -> None:
        """Every thread has arrived: what was stored so far is seen by all."""
        self._stored.clear()

    def wrote(self, access: Access, shadow: Shadow, cells: Ints) -> None:
        if access.stamp != self._stamp:
            self._stamp = access.stamp
            self._stored.clear()
        if access.guard in _GUARDS:
            self._stored.setdefault(id(shadow), []).append((cells, shadow.unit, access))

    def read(self, access: Access, argument: Argument, offsets: Ints, cells: Ints) -> None:
        shadow = argument.shadow
        stored = self._stored.get(id(shadow)) if access.stamp == self._stamp else None
        if not stored or access.guard not in _GUARDS or not (shadow.writer.take(cells) == access.stamp).any():
            return
        if self.programs.launch(access.stamp).options.get("num_warps") == 1:
            return
        writer = np.full(len(shadow.writer), -1, np.int64)  # the lane, counted over all stores
        for number, (theirs, unit, store) in enumerate(stored):
            if unit == shadow.unit:
                writer[theirs] = _spread(_lanes(store), theirs) + (number << 32)
        same = [_squeezed(store) == _squeezed(access) for *_, store in stored]
        found = writer.take(cells)
        mine = _spread(_lanes(access), cells)
        others = (found >= 0) & ~(np.array(same).take(np.maximum(found, 0) >> 32) & (found & 0xFFFFFFFF == mine))
        lanes = others if others.ndim == offsets.ndim else others.any(axis=-1)
        if lanes.any():
            self.evidence.note(Kind.OWN_STORE_READ, access, argument, offsets[lanes])


def _lanes(access: Access) -> Ints:
    """The number of each active lane in its block."""
    every = np.arange(access.addresses.size).reshape(access.addresses.shape)
    return every if access.lanes is None else every[access.lanes]


def _spread(lanes: Ints, cells: Ints) -> Ints:
    return lanes if lanes.ndim == cells.ndim else np.broadcast_to(lanes[..., None], cells.shape)


def _squeezed(access: Access) -> tuple[int, ...]:
    return tuple(size for size in access.addresses.shape if size != 1)


def clear_at_barriers(watch: LaneWatch, edits: Edits) -> None:
    builder = interpreter.InterpreterBuilder
    create_barrier = builder.create_barrier

    def barrier(self: object) -> object:
        watch.barrier()
        return create_barrier(self)

    edits.set(builder, "create_barrier", barrier)
