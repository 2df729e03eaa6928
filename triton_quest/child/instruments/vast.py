"""Runs single programs of a launch over tensors that are too large to allocate: do their offsets fit into 32 bits?

The launcher is called with tensors on torch's `meta` device, which have a shape and strides and no memory. Of each launch the
programs at the far end run in the interpreter, every load gives zeros, every store is dropped. Where whole numbers of 32 bits
wrap around and an access then leaves its tensor, a GPU would read or write there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from triton.language.semantic import TritonSemantic
from triton.runtime import interpreter

from triton_quest.child.triton.patching import Edits
from triton_quest.child.triton.scalars import WideCounter

from .launches import unseen
from .memory.arguments import WINDOW_BITS
from .memory.findings import Site
from .memory.frames import learner_frame, site
from .memory.indices import extent
from .single import single_programs

_MOST_ACCESSES = (
    40,
    8,
)  # of the two programs of a launch: who loops over a whole large tensor isn't followed to the end
_WRAPPING = (np.add, np.subtract, np.multiply)


@dataclass(frozen=True)
class Overflow:
    """`site`: where the number wrapped around. `before`: how many elements before the tensor's first the access was, 0 if behind."""

    kernel: str
    argument: str
    shape: tuple[int, ...]
    program: tuple[int, ...]
    site: Site
    before: int


class _Enough(BaseException):
    """Ends a launch: something was found, or nothing more is to be learnt from it. No `Exception`: nobody may swallow it."""


@dataclass(frozen=True)
class _Window:
    name: str
    shape: tuple[int, ...]
    address: int
    elements: int
    item: int


class _Memory:
    """In the place of Triton's `_interpreter` module: no memory behind any address."""

    def __init__(self, native: Any) -> None:
        self._native = native
        self.windows: list[_Window] = []
        self.wrapped: list[Site] = []
        self.accesses_left = 0
        self.kernel = ""
        self.found: list[Overflow] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)

    def load(self, addresses: Any, mask: Any, other: Any, dtype: Any) -> Any:
        lanes = np.broadcast_to(np.asarray(mask, bool), addresses.shape)
        self._look(addresses[lanes])
        return np.where(lanes, np.zeros((), dtype), np.asarray(other, dtype).reshape(addresses.shape)).astype(dtype)

    def store(self, addresses: Any, values: Any, mask: Any) -> None:
        self._look(addresses[np.broadcast_to(np.asarray(mask, bool), addresses.shape)])

    def atomic_rmw(self, operation: Any, addresses: Any, values: Any, mask: Any, sem: Any) -> Any:
        self._look(addresses[np.broadcast_to(np.asarray(mask, bool), addresses.shape)])
        return np.zeros_like(values)

    def atomic_cas(self, addresses: Any, expected: Any, values: Any, sem: Any) -> Any:
        self._look(addresses)
        return np.zeros_like(values)

    def admit(self, name: str, tensor: Any) -> int:
        address = (len(self.windows) + 1 << WINDOW_BITS) + (1 << WINDOW_BITS - 1)
        shape = tuple(map(int, tensor.shape))
        self.windows.append(_Window(name, shape, address, extent(shape, tensor.stride()), tensor.element_size()))
        return address

    def _look(self, addresses: Any) -> None:
        self.accesses_left -= 1
        if self.accesses_left < 0:
            raise _Enough
        for slot in np.unique(addresses >> np.uint64(WINDOW_BITS)):
            if not 1 <= slot <= len(self.windows):
                raise _Enough
            window = self.windows[int(slot) - 1]
            theirs = addresses[addresses >> np.uint64(WINDOW_BITS) == slot]
            offsets = (theirs.astype(np.int64) - window.address) // window.item
            if not ((offsets >= 0) & (offsets < window.elements)).all():
                self._leaves(window, max(0, -int(offsets.min())))

    def _leaves(self, window: _Window, before: int) -> None:
        if self.wrapped:
            program = tuple(map(int, interpreter.interpreter_builder.grid_idx))
            self.found.append(Overflow(self.kernel, window.name, window.shape, program, self.wrapped[0], before))
        raise _Enough


def overflows(call: Callable[[], object]) -> list[Overflow]:
    """What the launches of `call`, which calls a launcher with `meta` tensors, come to; what it raises itself is nobody's fault."""
    memory = _Memory(interpreter._interpreter)
    with (
        _vast(memory),
        unseen(),
        contextlib.suppress(Exception),
    ):  # a launcher that looks into its tensors can't be tried so
        call()
    return memory.found


@contextmanager
def _vast(memory: _Memory) -> Iterator[None]:
    edits = Edits()
    binary, check_types = interpreter.InterpreterBuilder.binary_op, TritonSemantic.binary_op_type_checking_impl

    def binary_op(self: Any, lhs: Any, rhs: Any, op: Any) -> Any:
        result = binary(self, lhs, rhs, op)
        if op in _WRAPPING and result.data.dtype == np.int32 and _wraps(op, lhs.data, rhs.data, result.data):
            memory.wrapped.append(site(learner_frame()))
        return result

    def with_wide_scalars(self: Any, lhs: Any, rhs: Any, *rest: Any, **options: Any) -> Any:
        """A counter of 64 bits is no number that fits into any dtype: what is made of it has 64 bits."""
        lhs, rhs = (side._scalar() if isinstance(side, WideCounter) else side for side in (lhs, rhs))
        return check_types(self, lhs, rhs, *rest, **options)

    def run(function: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> None:
        if not warmup and not memory.found:
            _run_corners(memory, function, args, kwargs, grid)

    edits.set(interpreter.InterpreterBuilder, "binary_op", binary_op)
    edits.set(TritonSemantic, "binary_op_type_checking_impl", with_wide_scalars)
    edits.set(interpreter, "_interpreter", memory)
    edits.set(interpreter.InterpretedFunction, "run", run)
    try:
        yield
    finally:
        edits.undo()


def _wraps(op: Any, left: Any, right: Any, result: Any) -> bool:
    return bool((op(left.astype(np.int64), right.astype(np.int64)) != result).any())


def _run_corners(memory: _Memory, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], grid: Any) -> None:
    """The last program of the grid, and the first of those that are last on all other axes."""
    memory.kernel, memory.windows = function.fn.__name__, []
    with single_programs(memory.admit, function, args, kwargs, grid) as (sizes, run):
        last = tuple(size - 1 for size in sizes)
        for program, accesses in zip(dict.fromkeys((last, (0, *last[1:]))), _MOST_ACCESSES, strict=False):
            if memory.found:
                break
            memory.wrapped.clear()
            memory.accesses_left = accesses
            with contextlib.suppress(_Enough):
                run(program)
