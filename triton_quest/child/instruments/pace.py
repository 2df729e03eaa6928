"""Stops a launch of far too many programs: those that store only a few elements each, and together would take too long.

Counts programs as `InterpreterBuilder.set_grid_idx` begins them. Processor time, not the clock, decides, so that a busy machine stops
nothing; what a launch of larger tiles takes is the affair of the time limit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from triton.runtime import interpreter

from triton_quest.child.triton.patching import Edits

from .launches import Launch, Observer

FEW_ELEMENTS = 8  # that a program stores at once
LOOK_SECONDS, TOO_MANY_SECONDS = (
    2.0,
    10.0,
)  # of the processor: when to reckon, and what a launch would take that is stopped
LOOK_EVERY = 32  # programs
TILE = 1024  # elements, as in 32 x 32


class TooManyPrograms(BaseException):
    """Raised out of the launch. A BaseException: neither Triton nor the learner's own `except Exception` may catch it."""

    def __init__(self, launch: Launch, done: int) -> None:
        self.kernel, self.grid, self.done = launch.kernel, launch.grid, done
        self.programs = math.prod(launch.grid)
        self.elements = max(map(math.prod, launch.stores))  # of one store
        self.tiles = math.ceil(self.programs * self.elements / TILE)
        super().__init__(f"{done} of {self.programs} programs of {self.kernel}")


class Pace(Observer):
    """Watches the launches inside `with observed(pace), pace.watched():`. Raises TooManyPrograms."""

    def __init__(self) -> None:
        self._launch: Launch | None = None
        self._begun, self._since = 0, 0.0  # programs begun, and the processor's time when the launch was

    def begin(self, launch: Launch) -> None:
        self._launch, self._begun, self._since = launch, 0, time.process_time()

    def end(self, launch: Launch) -> None:
        self._launch = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        builder, edits = interpreter.InterpreterBuilder, Edits()
        set_grid_idx = builder.set_grid_idx

        def counted(self_: Any, *place: int) -> None:
            self._begun += 1
            if self._begun % LOOK_EVERY == 0 and self._launch is not None:
                self._look(self._launch, self._begun - 1)
            set_grid_idx(self_, *place)

        edits.set(builder, "set_grid_idx", counted)
        try:
            yield
        finally:
            edits.undo()

    def _look(self, launch: Launch, done: int) -> None:
        seconds = time.process_time() - self._since
        if seconds < LOOK_SECONDS or not launch.stores:
            return
        if (
            max(map(math.prod, launch.stores)) < FEW_ELEMENTS
            and seconds / done * math.prod(launch.grid) > TOO_MANY_SECONDS
        ):
            raise TooManyPrograms(launch, done)
