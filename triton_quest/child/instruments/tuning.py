"""Sees what `@triton.autotune` times and chooses: which configs, and with which one a kernel is launched.

Replaces `Autotuner._bench` and `Autotuner.run` while `tuning(...)` is active, and puts them back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from triton.runtime.autotuner import Autotuner

from .launches import Launch, Observer


@dataclass
class TuningLog(Observer):
    """The configs that were timed, in their order, and for each launch (by its identity) the autotuner that made it."""

    timed: list[tuple[Any, Any]] = field(default_factory=list)  # tuner, config
    made: dict[int, tuple[Any, Any]] = field(default_factory=dict)  # id of a launch: tuner, config
    running: list[Any] = field(default_factory=list)
    timing: list[Any] = field(default_factory=list)  # the config that is being timed, if any

    def begin(self, launch: Launch) -> None:
        if self.running:
            tuner = self.running[-1]
            self.made[id(launch)] = tuner, self.timing[-1] if self.timing else tuner.best_config


@contextmanager
def tuning(log: TuningLog) -> Iterator[None]:
    """Tell `log` of every config that is timed inside the block, and of every autotuner that runs."""
    bench, run = Autotuner._bench, Autotuner.run

    def noted_bench(tuner: Any, *args: Any, config: Any, **meta: Any) -> Any:
        log.timed.append((tuner, config))
        log.timing.append(config)
        try:
            return bench(tuner, *args, config=config, **meta)
        finally:
            log.timing.pop()

    def noted_run(tuner: Any, *args: Any, **kwargs: Any) -> Any:
        log.running.append(tuner)
        try:
            return run(tuner, *args, **kwargs)
        finally:
            log.running.pop()

    Autotuner._bench, Autotuner.run = noted_bench, noted_run
    try:
        yield
    finally:
        Autotuner._bench, Autotuner.run = bench, run
