"""What is judged now, and what is judged next. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Event

from triton_quest.course.level import Level


class Desk:
    """One judgement at a time. The newest save comes first; what it interrupts is judged after it."""

    def __init__(self) -> None:
        self.running: Level | None = None
        self._cancelled = Event()
        self._waiting: list[Level] = []

    def put(self, levels: Iterable[Level]) -> None:
        """Files of these levels were saved: they come first, and what runs is to stop."""
        newest = list(dict.fromkeys(levels))
        interrupted = [] if self.running is None else [self.running]
        self._waiting = list(dict.fromkeys([*newest, *interrupted, *self._waiting]))
        self._cancelled.set()

    def take(self) -> tuple[Level, Event] | None:
        """What to judge now, and what will be set when it is to stop; None if that has to wait, or nothing does."""
        if self.running is not None or not self._waiting:
            return None
        self.running, self._cancelled = self._waiting.pop(0), Event()
        return self.running, self._cancelled

    def done(self) -> None:
        self.running = None

    def stop(self) -> bool:
        """Stop what runs, and forget what waits. False if there was nothing to stop."""
        self._waiting.clear()
        self._cancelled.set()
        return self.running is not None
