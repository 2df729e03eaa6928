"""Stands in for Triton's `_interpreter` module: the loads, stores and atomics of a launch, checked before they happen.

Loads and stores go through NumPy, so that not even a fault in here could touch memory that isn't a tensor's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import WINDOW_BITS, Addresses, Argument
from .evidence import Access, Evidence, meant
from .findings import Finding, Guard, Kind, Operation
from .frames import learner_frame, position, result_is_dropped
from .indices import Bools, Ints
from .lanes import LaneWatch
from .poison import Poison
from .programs import Programs
from .races import RaceWatch
from .trace import Trace


class IllegalAccess(BaseException):
    """Ends a launch at its first access outside the tensors; `finding` says which.

    No `Exception`: neither Triton nor an `except Exception` in the learner's launcher may swallow it.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding


Part = tuple[Argument, Ints, "Bools | None"]
"""The lanes that go to one argument, with byte offsets in its storage; lanes None: all of them."""


class CheckedMemory:
    """`guard` and `poison.value` are what the learner's call, now running, says of masked-off lanes."""

    def __init__(
        self,
        native: Any,
        programs: Programs,
        evidence: Evidence,
        poison: Poison,
        races: RaceWatch | None,
        trace: Trace | None,
    ) -> None:
        self.native, self.programs, self.evidence, self.poison, self.races = native, programs, evidence, poison, races
        self.trace = trace
        self.lanes = LaneWatch(programs, evidence) if races is not None else None
        self.arguments: list[Argument] = []
        self.guard = Guard.MASK
        self.stored_into: dict[int, str] = {}  # names of tensors, by the identity of their shadows

    def __getattr__(self, name: str) -> Any:
        return getattr(self.native, name)

    def load(self, addresses: Addresses, mask: Any, other: Any, dtype: Any) -> NDArray[Any]:
        dtype = np.dtype(dtype)
        access = self._access(Operation.READ, addresses, self._lanes(mask, addresses), dtype.itemsize)
        parts = self._parts(access)
        if access.lanes is None and len(parts) == 1:
            return self._read(access, *parts[0][:2], dtype)
        values = np.array(other, dtype).reshape(addresses.shape)
        if self.poison.value is not None and access.lanes is not None:
            argument = parts[0][0] if parts else self._argument_at(addresses.item(0))
            self.poison.fill(values, access, argument)
        for argument, offsets, lanes in parts:
            values[lanes] = self._read(access._replace(lanes=lanes), argument, offsets, dtype)
        return values

    def store(self, addresses: Addresses, values: NDArray[Any], mask: Any) -> None:
        access = self._access(Operation.WRITE, addresses, self._lanes(mask, addresses), values.dtype.itemsize)
        values = values.reshape(addresses.shape)
        for argument, offsets, lanes in self._parts(access):
            self._write(access._replace(lanes=lanes), argument, offsets, values if lanes is None else values[lanes])
        if access.lanes is not None:
            self._note_refused(access)

    def atomic_rmw(self, operation: Any, addresses: Addresses, values: NDArray[Any], mask: Any, sem: Any) -> Any:
        lanes = self._lanes(np.broadcast_to(mask, addresses.shape), addresses)
        access = self._access(Operation.ATOMIC, addresses, lanes, values.dtype.itemsize)
        dropped = result_is_dropped(learner_frame())
        real = self._update(access, reads=operation != self.native.RMW_OP.XCHG, dropped=dropped)
        return self.native.atomic_rmw(operation, real, values, np.ascontiguousarray(access.active()), sem)

    def atomic_cas(self, addresses: Addresses, expected: NDArray[Any], values: NDArray[Any], sem: Any) -> Any:
        access = self._access(Operation.ATOMIC, addresses, None, values.dtype.itemsize)
        return self.native.atomic_cas(self._update(access, reads=True), expected, values, sem)

    def _lanes(self, mask: Any, addresses: Addresses) -> Bools | None:
        if self.guard is Guard.NONE:
            return None
        lanes: Bools = np.asarray(mask, bool)
        return None if lanes.all() else lanes.reshape(addresses.shape)

    def _access(self, operation: Operation, addresses: Addresses, lanes: Bools | None, size: int) -> Access:
        stamp = self.programs.current()
        if self.races is not None:
            self.races.settle(stamp)
        guard = Guard.ATOMIC if operation is Operation.ATOMIC else self.guard
        access = Access(operation, guard, addresses, lanes, size, stamp)
        if self.trace is not None:
            self.trace.note(access)
        return access

    def _argument_at(self, address: int) -> Argument | None:
        slot = address >> WINDOW_BITS
        return self.arguments[slot - 1] if 1 <= slot <= len(self.arguments) else None

    def _parts(self, access: Access) -> list[Part]:
        """The arguments that the active lanes point into; raises if any lane isn't legal."""
        active = access.addresses if access.lanes is None else access.addresses[access.lanes]
        if not active.size:
            return []
        argument = self._argument_at(active.item(0))
        offsets = argument.offsets(active, access.size) if argument is not None else None
        if argument is not None and offsets is not None:
            return [(argument, offsets, access.lanes)]
        slots = access.addresses >> np.uint64(WINDOW_BITS)
        used = np.unique(slots[access.active()])
        if used.size > 1:
            shares = (access._replace(lanes=access.active() & (slots == slot)) for slot in used)
            return [part for share in shares for part in self._parts(share)]
        finding = self.evidence.foreign(access) if argument is None else self.evidence.illegal(access, argument)
        self.evidence.findings.append(finding)
        raise IllegalAccess(finding)

    def _read(self, access: Access, argument: Argument, offsets: Ints, dtype: Any) -> NDArray[Any]:
        shadow, index = argument.shadow, offsets // access.size
        cells = shadow.cells(index, access.size)
        argument.note_loaded(offsets, access.size)
        self._check_defined(access, argument, offsets, cells)
        if self.races is not None and access.guard is not Guard.ATOMIC:
            self.races.read(access, argument, offsets, cells)
            if self.lanes is not None:
                self.lanes.read(access, argument, offsets, cells)
        return shadow.values(dtype).take(index)

    def _write(self, access: Access, argument: Argument, offsets: Ints, values: NDArray[Any]) -> None:
        shadow, index = argument.shadow, offsets // access.size
        cells = shadow.cells(index, access.size)
        argument.note_stored(offsets, access.size)
        if self.races is not None and access.guard is not Guard.ATOMIC:
            if self.lanes is not None:
                self.lanes.wrote(access, argument, offsets, cells, values)
            self.races.write(access, argument, offsets, cells, values)
        else:
            shadow.values(values.dtype)[index] = values
        self._define(argument, cells, access)

    def _update(self, access: Access, *, reads: bool, dropped: bool = False) -> Addresses:
        """The real addresses for the native atomic, whose result may be `dropped`."""
        if self.lanes is not None and not dropped:
            self.lanes.barrier()  # compiled, an atomic whose result is used waits for all threads
        real = np.zeros(access.addresses.shape, np.uint64)
        for argument, offsets, lanes in self._parts(access):
            shadow, index = argument.shadow, offsets // access.size
            cells = shadow.cells(index, access.size)
            argument.note_stored(offsets, access.size)
            if reads:
                argument.note_loaded(offsets, access.size)
                self._check_defined(access, argument, offsets, cells)
            if self.lanes is not None and dropped:
                self.lanes.updated(access._replace(lanes=lanes), argument, offsets, cells)
            self._define(argument, cells, access)
            real[... if lanes is None else lanes] = (offsets + shadow.address).view(np.uint64)
        return real

    def _check_defined(self, access: Access, argument: Argument, offsets: Ints, cells: Ints) -> None:
        undefined = argument.shadow.undefined(cells)
        if undefined is not None:
            lanes = undefined if undefined.ndim == offsets.ndim else undefined.any(axis=-1)
            self.evidence.note(Kind.UNINITIALISED_READ, access, argument, offsets[lanes])

    def _define(self, argument: Argument, cells: Ints, access: Access) -> None:
        argument.shadow.define(cells, access.stamp)
        self.stored_into.setdefault(id(argument.shadow), argument.tensor_name or argument.name)

    def _note_refused(self, access: Access) -> None:
        """The elements that a store's masked-off lanes would have written: told if nobody writes them."""
        assert access.lanes is not None
        argument = self._argument_at(access.addresses[~access.lanes].item(0))
        if argument is None or argument.shadow.refused is None:
            return
        at = position(learner_frame())
        if not access.lanes.any():
            argument.shadow.idle[access.stamp] = at
        offsets = argument.elements(access.addresses)
        lanes, is_sure = meant(offsets, access, argument)
        places = (access.addresses - argument.origin).view(np.int64)[lanes]
        cells = argument.shadow.cells(places // access.size, access.size)
        if is_sure:
            argument.shadow.refuse(cells, access.stamp, at)
        else:
            argument.shadow.refuse_perhaps(cells)
