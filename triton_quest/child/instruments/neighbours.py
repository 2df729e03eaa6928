"""What programs next to each other read: do those that run at the same time share what they fetch?

The launcher is called with tensors that have no memory. Of each launch that dots and is large enough, a window of neighbouring programs
runs in the interpreter, each as far as the first tiles that it loads, and one as far as its first store. Every load gives zeros.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from triton.runtime import interpreter

from triton_quest.child.triton.patching import Edits

from .launches import unseen
from .memory.arguments import WINDOW_BITS
from .single import Program, single_programs

WINDOW = 64  # programs next to each other
ALONE = 2048  # accesses after which a program that is followed to its first store is given up


@dataclass(frozen=True)
class Neighbours:
    """`first` to `last`: programs in the order in which they start. `read`: the bytes of the tiles that they load first, each counted
    once; `needed`: those of as many tiles in a compact patch."""

    kernel: str
    first: int
    last: int
    read: int
    needed: int

    @property
    def times(self) -> float:
        return self.read / self.needed


class _Enough(BaseException):
    """Ends a program. No `Exception`: nobody may swallow it."""


@dataclass
class _Memory:
    """In the place of Triton's `_interpreter` module: no memory behind any address."""

    native: Any
    items: list[int] = field(default_factory=list)  # bytes an element, of each tensor
    loaded: dict[int, tuple[int, int, int]] = field(
        default_factory=dict
    )  # slot: what identifies the tile, and its bytes
    stored: int = 0  # elements of the first store
    follows: bool = False  # to the first store
    accesses: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.native, name)

    def admit(self, name: str, tensor: Any) -> int:
        self.items.append(tensor.element_size())
        return (len(self.items) << WINDOW_BITS) + (1 << WINDOW_BITS - 1)

    def load(self, addresses: Any, mask: Any, other: Any, dtype: Any) -> Any:
        lanes = np.broadcast_to(np.asarray(mask, bool), addresses.shape)
        self.accesses += 1
        touched = addresses[lanes]
        if addresses.ndim == 2 and touched.size:
            slot = int(touched.flat[0] >> np.uint64(WINDOW_BITS))
            if not self.follows and slot in self.loaded:
                raise _Enough
            self.loaded.setdefault(slot, (int(touched.min()), int(touched.max()), touched.size))
            if not self.follows and len(self.loaded) == 2:
                raise _Enough
        if self.accesses > ALONE:
            raise _Enough
        return np.where(lanes, np.zeros((), dtype), np.asarray(other, dtype).reshape(addresses.shape)).astype(dtype)

    def store(self, addresses: Any, values: Any, mask: Any) -> None:
        self.stored = int(np.broadcast_to(np.asarray(mask, bool), addresses.shape).sum())
        raise _Enough

    def atomic_rmw(self, operation: Any, addresses: Any, values: Any, mask: Any, sem: Any) -> Any:
        self.store(addresses, values, mask)

    def atomic_cas(self, addresses: Any, expected: Any, values: Any, sem: Any) -> Any:
        self.store(addresses, values, True)


def neighbours(call: Callable[[], object], elements: int) -> list[Neighbours]:
    """Of each launch of `call`, whose answer has so many `elements`: where each program computes one tile, and loads two tensors.

    A persistent kernel, whose programs go through many tiles each, is left out, as is what the launcher itself raises.
    """
    found: list[Neighbours] = []
    with _counting(found, elements), unseen(), contextlib.suppress(Exception):
        call()
    return found


@contextmanager
def _counting(found: list[Neighbours], elements: int) -> Iterator[None]:
    edits, native = Edits(), interpreter._interpreter

    def run(function: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> None:
        if warmup:
            return
        memory = _Memory(native)
        edits_of_this = Edits()
        edits_of_this.set(interpreter, "_interpreter", memory)
        try:
            with single_programs(memory.admit, function, args, kwargs, grid) as (sizes, run_program):
                told = _window(function.fn.__name__, memory, sizes, run_program, elements)
                found.extend([told] if told else [])
        finally:
            edits_of_this.undo()

    edits.set(interpreter.InterpretedFunction, "run", run)
    try:
        yield
    finally:
        edits.undo()


def _window(
    kernel: str, memory: _Memory, sizes: Program, run: Callable[[Program], None], elements: int
) -> Neighbours | None:
    programs = math.prod(sizes)
    if programs < 2 * WINDOW:
        return None
    first = programs // 2 - programs // 16 + WINDOW // 4 - 5  # on no boundary of a group
    memory.follows = True
    with contextlib.suppress(_Enough):
        run(_place(first, sizes))
    if memory.stored * programs < elements or len(memory.loaded) != 2:
        return None
    memory.follows = False
    tiles: dict[int, dict[tuple[int, int, int], int]] = {}
    for number in range(first, first + WINDOW):
        memory.loaded, memory.accesses = {}, 0
        with contextlib.suppress(_Enough):
            run(_place(number, sizes))
        for slot, tile in memory.loaded.items():
            tiles.setdefault(slot, {})[tile] = tile[2] * memory.items[slot - 1]
    read = sum(sum(held.values()) for held in tiles.values())
    one, other = (max(held.values()) for held in tiles.values())
    needed = min(rows * one + math.ceil(WINDOW / rows) * other for rows in range(1, WINDOW + 1))
    return Neighbours(kernel, first, first + WINDOW - 1, read, needed)


def _place(number: int, sizes: Program) -> Program:
    """The program that starts as this one: axis 0 is the fastest."""
    x, y, _ = sizes
    return number % x, number // x % y, number // (x * y)
