"""Sees every kernel launch that the interpreter makes: which kernel, over which grid, with which arguments.

Replaces `GridExecutor.__call__` and four methods of `InterpreterBuilder` (`set_grid_dim`, `create_make_range`, `create_dot` and
`create_masked_store`, through which every store goes) while `observed(...)` is active, and puts them back. What an observer does with a
launch (check its memory, count, ignore torch calls inside it) is its own affair.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from triton.runtime import interpreter

from triton_quest.child.instruments.prints import told_by_program

# the interpreter has one program id for all; a GPU's stream, too, runs launches in turn
_one_at_a_time = threading.RLock()


class _OfThisThread(threading.local):
    depth = 0  # of launches, and of what instruments do


_inside = _OfThisThread()


@dataclass
class Launch:
    """One launch, filled in as it happens. `arguments` are the learner's own objects, by parameter name."""

    kernel: str
    arguments: dict[str, Any]
    constexprs: dict[str, Any]
    options: dict[str, Any]
    grid: tuple[int, int, int] = (0, 0, 0)
    replaced_by_noop: bool = False
    ranges: dict[int, None] = field(
        default_factory=dict
    )  # the lengths of every tl.arange, in the order of their first use
    dots: dict[tuple[int, int, int], None] = field(default_factory=dict)  # (m, n, k) of every (m, k) @ (k, n), likewise
    stores: dict[tuple[int, ...], None] = field(default_factory=dict)  # the shapes of what is stored, likewise

    @property
    def blocks(self) -> dict[str, int]:
        """The constexpr integers of two and more: the tile sizes the learner chose, and constants like them."""
        return {
            name: value
            for name, value in self.constexprs.items()
            if isinstance(value, int) and not isinstance(value, bool) and value >= 2
        }


class Observer:
    """Told of each launch before and after it runs. `end` is called too when the kernel raised."""

    def begin(self, launch: Launch) -> None: ...

    def end(self, launch: Launch) -> None: ...


@dataclass
class LaunchLog(Observer):
    """Keeps the launches in the order in which they were made."""

    launches: list[Launch] = field(default_factory=list)

    def begin(self, launch: Launch) -> None:
        self.launches.append(launch)


def inside_launch() -> bool:
    """True while this thread runs a kernel: what torch does then is the interpreter's doing, not the learner's."""
    return _inside.depth > 0


@contextmanager
def unseen() -> Iterator[None]:
    """Inside, what torch does is an instrument's doing, not the learner's."""
    _inside.depth += 1
    try:
        yield
    finally:
        _inside.depth -= 1


def _describe(executor: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Launch:
    known = {name: value for name, value in kwargs.items() if name in executor.arg_names}
    options = {name: value for name, value in kwargs.items() if name not in executor.arg_names}
    try:
        bound = inspect.getcallargs(executor.fn, *args, **known)
    except TypeError:  # a wrong call: Triton's own error, raised a moment later, says it better
        bound = known
    constexprs = {name: bound[name] for name in executor.constexprs if name in bound}
    return Launch(executor.fn.__name__, bound, constexprs, options)


@contextmanager
def observed(*observers: Observer, noop: bool = False) -> Iterator[None]:
    """Tell `observers` of every launch inside the block; with `noop`, no program of any launch runs."""
    executor_class, builder_class = interpreter.GridExecutor, interpreter.InterpreterBuilder
    call, set_grid_dim = executor_class.__call__, builder_class.set_grid_dim
    make_range, dot = builder_class.create_make_range, builder_class.create_dot
    store = builder_class.create_masked_store
    current: list[Launch] = []

    def noted_grid_dim(builder: Any, nx: int, ny: int, nz: int) -> None:
        if current:
            current[-1].grid = (int(nx), int(ny), int(nz))
        set_grid_dim(builder, nx, ny, nz)

    def noted_range(builder: Any, *args: Any) -> Any:  # the last two are where it starts and stops
        if current:
            current[-1].ranges[int(args[-1]) - int(args[-2])] = None
        return make_range(builder, *args)

    def noted_dot(builder: Any, a: Any, b: Any, *args: Any) -> Any:
        if current:
            (m, k), n = a.data.shape[-2:], b.data.shape[-1]
            current[-1].dots[m, n, k] = None
        return dot(builder, a, b, *args)

    def noted_store(builder: Any, pointers: Any, *args: Any) -> Any:
        if current:
            current[-1].stores[pointers.data.shape] = None
        return store(builder, pointers, *args)

    def noted_call(executor: Any, *args: Any, **kwargs: Any) -> None:
        with _one_at_a_time:
            call_and_note(executor, args, kwargs)

    def call_and_note(executor: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        launch = _describe(executor, args, kwargs)
        launch.replaced_by_noop = noop
        for observer in observers:
            observer.begin(launch)
        current.append(launch)
        _inside.depth += 1
        try:
            if not noop:
                with told_by_program(executor.fn.__globals__, lambda: launch.grid):
                    call(executor, *args, **kwargs)
        finally:
            _inside.depth -= 1
            current.pop()
            for observer in observers:
                observer.end(launch)

    executor_class.__call__, builder_class.set_grid_dim = noted_call, noted_grid_dim
    builder_class.create_make_range, builder_class.create_dot = noted_range, noted_dot
    builder_class.create_masked_store = noted_store
    try:
        yield
    finally:
        executor_class.__call__, builder_class.set_grid_dim = call, set_grid_dim
        builder_class.create_make_range, builder_class.create_dot = make_range, dot
        builder_class.create_masked_store = store
