"""Threads that the launcher starts are watched as the launcher is: torch's modes hold for a single thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any


@contextmanager
def inherit(mode: AbstractContextManager[Any]) -> Iterator[None]:
    """Every thread that is started inside runs with `mode` active."""
    start = threading.Thread.start

    def start_watched(thread: threading.Thread) -> None:
        run = thread.run

        def run_watched() -> None:
            with mode:
                run()

        thread.run = run_watched  # type: ignore[method-assign]
        start(thread)

    threading.Thread.start = start_watched  # type: ignore
    try:
        yield
    finally:
        threading.Thread.start = start  # type: ignore[method-assign]
