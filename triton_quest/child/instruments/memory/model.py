"""The memory model as the judge uses it: `with MemoryModel().active(): out = launcher(*args)`.

Replaces `_interpreter` and `_implicit_cvt` of Triton's interpreter and `TritonSemantic`'s loads and stores while it is
active, and puts them back. Telling the learner is left to the judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from triton.language.semantic import TritonSemantic
from triton.runtime import interpreter

from triton_quest.child.triton.patching import Edits

from ..launches import Launch, Observer, observed
from .accesses import CheckedMemory
from .arguments import Argument, bare, tensors_of
from .evidence import Evidence
from .findings import Box, Finding, Guard, Traffic
from .frames import names_of_tensors
from .indices import Ints, box, element_offsets
from .lanes import clear_where_threads_meet
from .poison import Poison
from .programs import Programs
from .races import RaceWatch
from .shadow import Shadow, Stamps
from .trace import Trace
from .unwritten import explain_unwritten

_GUARDED = {
    "descriptor_load": Guard.DESCRIPTOR,
    "descriptor_store": Guard.DESCRIPTOR,
    "descriptor_gather": Guard.DESCRIPTOR,
    "descriptor_scatter": Guard.DESCRIPTOR,
    "atomic_load": Guard.ATOMIC,
    "atomic_store": Guard.ATOMIC,
    "atomic_poll": Guard.ATOMIC,
}


class MemoryModel(Observer):
    """Checks all launches made inside `active()`; what it knows of the tensors lasts from one launch to the next.

    `poison`: fill masked-off floating lanes of loads without `other` with NaN, or with `poison_only` those of that site
    alone. `cooperative`: programs of a launch may meet on an element. `footprints`: keep in `traffic` how many bytes a launch
    touches at all, too. `traced`: keep every access in `trace`. An access outside the tensors raises
    `IllegalAccess`; everything found is in `findings`.
    """

    def __init__(
        self,
        *,
        poison: bool = True,
        poison_only: Finding | None = None,
        cooperative: bool = False,
        footprints: bool = False,
        traced: bool = False,
    ) -> None:
        self.traffic: list[Traffic] = []
        self._footprints = footprints
        self._programs = Programs()
        self.trace = Trace(self._programs) if traced else None
        self._evidence = Evidence(self._programs)
        self._poison = Poison(self._evidence, enabled=poison, only=poison_only)
        self._races = None if cooperative else RaceWatch(self._programs, self._evidence)
        self._memory = CheckedMemory(
            interpreter._interpreter, self._programs, self._evidence, self._poison, self._races, self.trace
        )
        self._shadows: dict[int, Shadow] = {}
        self._names: Iterator[tuple[str, Any]] = iter(())
        self._tensor_names: dict[int, str] = {}
        self._passed: dict[tuple[Any, ...], Argument] = {}

    @property
    def findings(self) -> list[Finding]:
        return self._evidence.findings

    @property
    def fatal(self) -> Finding | None:
        return next((finding for finding in self.findings if finding.is_fatal), None)

    @property
    def poison_sites(self) -> list[Finding]:
        """The loads whose masked-off lanes were filled with NaN: accused only if it reaches the answer."""
        return self._poison.sites

    def mark_uninitialised(self, tensor: torch.Tensor) -> None:
        """Nothing has written the elements of this tensor so far."""
        shadow = self._shadow(tensor)
        shadow.undefine(_cells(tensor, shadow))

    def mark_initialised(self, tensor: torch.Tensor) -> None:
        """Something else than a kernel wrote all elements of this tensor."""
        shadow = self._shadow(tensor)
        shadow.define(_cells(tensor, shadow), 0)

    def mark_filled(self, tensor: torch.Tensor) -> None:
        """Torch put a constant into all elements of this tensor; `filled_only` will tell where it stayed."""
        shadow = self._shadow(tensor)
        shadow.fill(_cells(tensor, shadow))

    def filled_only(self, tensor: torch.Tensor) -> Box | None:
        """The elements of a returned tensor that were filled, and that nothing was written to since; None if none."""
        shadow = self._shadow(tensor)
        cells = _cells(tensor, shadow)
        if shadow.filled is None or not cells.size:
            return None
        filled = shadow.filled.take(cells)
        theirs = np.atleast_1d(filled if filled.ndim == tensor.dim() else filled.any(axis=-1))
        return box(np.argwhere(theirs).T) if theirs.any() else None

    def not_stored(self, tensor: torch.Tensor) -> torch.Tensor:
        """True for the elements of a returned tensor that no program stored."""
        shadow = self._shadow(tensor)
        writers = shadow.writer.take(_cells(tensor, shadow))
        return torch.from_numpy((writers if writers.ndim == tensor.dim() else writers.max(axis=-1)) == 0)

    def name_of(self, tensor: torch.Tensor) -> str | None:
        """What the launcher called this very tensor when it passed it to a kernel."""
        argument = self._passed.get(_view_of(tensor))
        return argument.tensor_name if argument is not None else None

    def tile(self, tensor: torch.Tensor) -> tuple[int, int] | None:
        """Rows and columns that one program wrote, in the upper left corner of a returned tensor's first matrix."""
        shadow = self._shadow(tensor)
        cells = _cells(tensor, shadow)
        writers = shadow.writer.take(cells)
        if writers.ndim > tensor.dim():
            writers = writers[..., 0]
        matrix = np.atleast_2d(writers[(0,) * (tensor.dim() - 2)])
        return (_run(matrix[:, 0]), _run(matrix[0])) if matrix.any() else None

    def unwritten(self, tensor: torch.Tensor, name: str | None = None) -> Finding | None:
        """The elements of a returned tensor that nothing wrote, out of those that were marked as uninitialised.

        `name` is what the learner calls it; else the launcher's name for it, if it was passed to a kernel as it is.
        """
        shadow = self._shadow(tensor)
        argument = self._passed.get(_view_of(tensor))
        stored_into = self._memory.stored_into
        others = None if id(shadow) in stored_into else tuple(dict.fromkeys(stored_into.values()))
        cells = _cells(tensor, shadow)
        return explain_unwritten(tensor, name, argument, shadow, cells, self._programs, others)

    @contextmanager
    def active(self) -> Iterator[None]:
        native, convert = interpreter._interpreter, interpreter._implicit_cvt
        told = self._told()
        originals = {name: getattr(TritonSemantic, name) for name in told}
        self._memory.native = native
        edits = Edits()
        if self._memory.lanes is not None:
            clear_where_threads_meet(self._memory.lanes, edits)
        interpreter._interpreter, interpreter._implicit_cvt = self._memory, self._converting(convert)
        for name, method in told.items():
            setattr(TritonSemantic, name, method)
        try:
            with observed(self):
                yield
        finally:
            edits.undo()
            interpreter._interpreter, interpreter._implicit_cvt = native, convert
            for name, method in originals.items():
                setattr(TritonSemantic, name, method)

    def begin(self, launch: Launch) -> None:
        self._programs.begin(launch)
        self._memory.arguments = []
        if self.trace is not None:
            self.trace.begin(launch, self._memory.arguments)
        self._tensor_names = names_of_tensors()
        self._names = (
            pair
            for name, value in launch.arguments.items()
            if name not in launch.constexprs
            for pair in tensors_of(name, value)
        )

    def end(self, launch: Launch) -> None:
        if self._races is not None:
            self._races.settle(0)
        for argument in self._memory.arguments:
            argument.shadow.forget_reads()
        if self.trace is not None:
            self.trace.end()
        self._programs.end()
        number = self._programs.count
        self.traffic += [argument.traffic(launch.kernel, number) for argument in self._memory.arguments]

    def _converting(self, convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Gives each tensor argument a window instead of its address."""

        def implicit_cvt(value: Any) -> Any:
            converted = convert(value)
            if hasattr(value, "data_ptr") and not isinstance(value, int):
                converted.handle.data = np.array([self._admit(bare(value)).address], np.uint64)
            return converted

        return implicit_cvt

    def _admit(self, tensor: Any) -> Argument:
        arguments = self._memory.arguments
        name, passed = next(self._names, ("?", None))
        tensor_name, shadow = self._tensor_names.get(id(passed)), self._shadow(tensor)
        argument = Argument(len(arguments) + 1, name, tensor_name, tensor, shadow, self._footprints)
        self._passed[_view_of(tensor)] = argument
        arguments.append(argument)
        return argument

    def _shadow(self, tensor: Any) -> Shadow:
        storage = tensor.untyped_storage()
        shadow = self._shadows.get(storage._cdata)
        if shadow is None or not shadow.is_current():
            shadow = self._shadows[storage._cdata] = Shadow(storage, tensor.element_size())
        return shadow

    def _told(self) -> dict[str, Callable[..., Any]]:
        """Methods that tell how a call treats masked-off lanes: below, the interpreter makes up masks and zeros."""
        memory, poison = self._memory, self._poison
        load, store = TritonSemantic.load, TritonSemantic.store

        def told_load(semantic: Any, ptr: Any, mask: Any, other: Any, *rest: Any, **options: Any) -> Any:
            memory.guard = _guard_of(ptr, mask)
            poison.value = poison.value_for(ptr) if memory.guard is Guard.MASK and other is None else None
            try:
                return load(semantic, ptr, mask, other, *rest, **options)
            finally:
                memory.guard, poison.value = Guard.MASK, None

        def told_store(semantic: Any, ptr: Any, val: Any, mask: Any, *rest: Any, **options: Any) -> Any:
            memory.guard = _guard_of(ptr, mask)
            try:
                return store(semantic, ptr, val, mask, *rest, **options)
            finally:
                memory.guard = Guard.MASK

        def told_other(method: Callable[..., Any], guard: Guard) -> Callable[..., Any]:
            def call(*args: Any, **options: Any) -> Any:
                memory.guard = guard
                try:
                    return method(*args, **options)
                finally:
                    memory.guard = Guard.MASK

            return call

        others = {
            name: told_other(getattr(TritonSemantic, name), guard)
            for name, guard in _GUARDED.items()
            if hasattr(TritonSemantic, name)
        }
        return {"load": told_load, "store": told_store, **others}


def _guard_of(pointer: Any, mask: Any) -> Guard:
    kind = getattr(pointer, "type", None)  # a learner may pass anything: Triton says what is wrong with it
    if kind is not None and kind.is_ptr() and kind.element_ty.is_block():
        return Guard.BLOCK_POINTER
    return Guard.NONE if mask is None else Guard.MASK


def _cells(tensor: torch.Tensor, shadow: Shadow) -> Ints:
    offsets = element_offsets(tuple(tensor.shape), tensor.stride()) + int(tensor.storage_offset())
    return shadow.cells(offsets, tensor.element_size())


def _run(stamps: Stamps) -> int:
    """How many stamps at the beginning are alike."""
    others = np.flatnonzero(stamps != stamps[0])
    return int(others[0]) if others.size else len(stamps)


def _view_of(tensor: Any) -> tuple[Any, ...]:
    return tensor.untyped_storage()._cdata, tensor.storage_offset(), tuple(tensor.shape), tensor.stride()
