"""Threads of the learner's code are watched as the launcher is: torch's modes hold for a single thread.

A pool may be made when the file is imported and work in every call: each thread asks anew, at each call of torch, who watches.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

from torch.overrides import TorchFunctionMode

from .dispatch import FastDispatchMode


class Watching(Protocol):
    """What is told of the calls of torch: of those that compute, and of the Python functions."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any: ...

    def leaving_through(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any: ...


_watching: list[Watching] = []  # the innermost last


class _Computing(FastDispatchMode):
    """The watch over what a thread computes."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not _watching:
            return func(*args, **(kwargs or {}))
        return _watching[-1].__torch_dispatch__(func, types, args, kwargs)


class _Leaving(TorchFunctionMode):
    """The watch over what a thread takes out of torch."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not _watching:
            return func(*args, **(kwargs or {}))
        return _watching[-1].leaving_through(func, types, args, kwargs)


def begin(watching: Watching) -> None:
    """From now on every thread that was started after `watch_threads` tells `watching` of its calls of torch."""
    _watching.append(watching)


def end() -> None:
    """Whoever began last is told no more."""
    _watching.pop()


def watch_threads() -> None:
    """From now on each new thread can be watched. For a process that runs the learner's code and nothing after it."""
    start = threading.Thread.start
    if start.__module__ == __name__:
        return

    def start_watched(thread: threading.Thread) -> None:
        run = thread.run

        def run_watched() -> None:
            with _Computing(), _Leaving():
                run()

        thread.run = run_watched  # type: ignore[method-assign]
        start(thread)

    threading.Thread.start = start_watched  # type: ignore
