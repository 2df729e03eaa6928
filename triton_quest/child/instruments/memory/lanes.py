"""Watches for lanes of one program that meet on an element with no `tl.debug_barrier()` in between: one of them stores it.

The threads of a program aren't in step: a thread may load before another has stored, or store before another has loaded. Only
what a lane did itself has happened for sure. Two blocks have the same lanes where they have one shape, axes of length 1 left
out: Triton deals out equal shapes alike. A block of one value belongs to every thread, but its atomic is one thread's. An atomic
whose result is used has waited for all threads; one whose result is dropped waits for none, as a store.

Threads that combine their lanes (a sum, a scan) have waited for each other on the way. Nothing promises that, so that a store is
not to be read back after it; a store over what was loaded before is let pass, since its value may be made of all that was loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from triton.runtime import interpreter

from triton_quest.child.triton.patching import Edits

from .arguments import Argument
from .evidence import Access, Evidence
from .findings import Guard, Kind
from .indices import Bools, Ints
from .programs import Programs
from .races import differ

_GUARDS = (Guard.NONE, Guard.MASK, Guard.BLOCK_POINTER)
_Past = dict[int, list[tuple[Ints, int, Access]]]
"""By the id of the shadow: the cells of an access, their unit, the access."""


class LaneWatch:
    """Keeps what the running program did since its last barrier. With one warp, the threads are in step."""

    def __init__(self, programs: Programs, evidence: Evidence) -> None:
        self.programs, self.evidence = programs, evidence
        self._stamp = 0
        self._stored: _Past = {}
        self._updated: _Past = {}  # by atomics whose result was dropped
        self._loaded: _Past = {}  # since the threads last combined their lanes
        self._overwritable: _Past = {}  # stored since then

    def barrier(self) -> None:
        """Every thread has arrived: what was stored so far is seen by all."""
        self._stored.clear()
        self._updated.clear()
        self.combined()

    def combined(self) -> None:
        """The threads have handed values to each other."""
        self._loaded.clear()
        self._overwritable.clear()

    def _begin(self, access: Access) -> bool:
        """Whether the access is one of those that are looked at; forgets another program's."""
        if access.stamp != self._stamp:
            self._stamp = access.stamp
            self.barrier()
        return access.guard in _GUARDS

    def wrote(self, access: Access, argument: Argument, offsets: Ints, cells: Ints, values: NDArray[Any]) -> None:
        """To be called before the values are in memory."""
        if not self._begin(access):
            return
        shadow = argument.shadow
        for past, kind in ((self._loaded, Kind.OWN_LOAD_OVERTAKEN), (self._overwritable, Kind.OWN_STORES_MEET)):
            others = self._others(past.get(id(shadow)), access, argument, offsets, cells)
            if others is None:
                continue
            before = shadow.values(values.dtype).take(offsets // access.size)
            others &= differ(before, values)
            if others.any():
                self.evidence.note(kind, access, argument, offsets[others])
        for past in (self._stored, self._overwritable):
            past.setdefault(id(shadow), []).append((cells, shadow.unit, access))

    def read(self, access: Access, argument: Argument, offsets: Ints, cells: Ints) -> None:
        if not self._begin(access):
            return
        self._look_for_own(access, argument, offsets, cells)
        shadow = argument.shadow
        self._loaded.setdefault(id(shadow), []).append((cells, shadow.unit, access))

    def updated(self, access: Access, argument: Argument, offsets: Ints, cells: Ints) -> None:
        """To be called of an atomic whose result is dropped."""
        self._begin(access)
        shadow = argument.shadow
        self._look_for_own(access, argument, offsets, cells, atomics_meet=True)
        self._updated.setdefault(id(shadow), []).append((cells, shadow.unit, access))

    def _look_for_own(
        self, access: Access, argument: Argument, offsets: Ints, cells: Ints, *, atomics_meet: bool = False
    ) -> None:
        """Notes an access that needs what other lanes of the program wrote."""
        shadow = argument.shadow
        pasts = [(self._stored, Kind.OWN_STORE_READ)]
        if not atomics_meet:
            pasts.append((self._updated, Kind.OWN_ATOMIC_READ))
        for past, kind in pasts:
            written = past.get(id(shadow))
            if written and (past is self._updated or (shadow.writer.take(cells) == access.stamp).any()):
                others = self._others(written, access, argument, offsets, cells)
                if others is not None:
                    self.evidence.note(kind, access, argument, offsets[others])

    def _others(
        self,
        past: Sequence[tuple[Ints, int, Access]] | None,
        access: Access,
        argument: Argument,
        offsets: Ints,
        cells: Ints,
    ) -> Bools | None:
        """Which elements of the access the last of the accesses `past` touched by another lane; None if no element."""
        if not past or self.programs.launch(access.stamp).options.get("num_warps") == 1:
            return None
        unit, count = argument.shadow.unit, len(argument.shadow.writer)
        low, high = (int(cells.min()), int(cells.max())) if cells.size else (0, -1)
        met = [one for one in past if one[1] == unit and one[0].size and one[0].min() <= high and one[0].max() >= low]
        if not met:
            return None
        last = np.full(count, -1, np.int64)  # the lane, counted over all of them
        for number, (theirs, _, other) in enumerate(met):
            last[theirs] = _spread(_lanes(other), theirs) + (number << 32)
        same = np.array([_has_lanes_of(access, other) for *_, other in met])
        found = last.take(cells)
        others = (found >= 0) & ~(
            same.take(np.maximum(found, 0) >> 32) & (found & 0xFFFFFFFF == _spread(_lanes(access), cells))
        )
        lanes: Bools = others if others.ndim == offsets.ndim else others.any(axis=-1)
        return lanes if lanes.any() else None


def _lanes(access: Access) -> Ints:
    """The number of each active lane in its block."""
    every = np.arange(access.addresses.size).reshape(access.addresses.shape)
    return every if access.lanes is None else every[access.lanes]


def _spread(lanes: Ints, cells: Ints) -> Ints:
    return lanes if lanes.ndim == cells.ndim else np.broadcast_to(lanes[..., None], cells.shape)


def _has_lanes_of(access: Access, other: Access) -> bool:
    shape = _squeezed(other)
    return shape == _squeezed(access) and not (other.guard is Guard.ATOMIC and not shape)


def _squeezed(access: Access) -> tuple[int, ...]:
    return tuple(size for size in access.addresses.shape if size != 1)


def clear_where_threads_meet(watch: LaneWatch, edits: Edits) -> None:
    """`tl.debug_barrier()`, and all that hands values from lane to lane."""

    def told(method: Callable[..., Any], tell: Callable[[], None]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            tell()
            return method(*args, **kwargs)

        return call

    builder = interpreter.InterpreterBuilder
    edits.set(builder, "create_barrier", told(builder.create_barrier, watch.barrier))
    for name in ("create_dot", "create_cat", "create_gather", "create_histogram"):
        if hasattr(builder, name):
            edits.set(builder, name, told(getattr(builder, name), watch.combined))
    both = interpreter.ReduceScanOpInterface
    edits.set(both, "apply", told(both.apply, watch.combined))
