"""Judges without the wait for torch: for each device a worker is pre-started that has everything loaded.

    standby = Standby(devices.choose(None))
    verdict = standby.judge(job, on_record, cancelled)      # blocks: call it in a thread
    standby.close()

A worker that has died, or that has loaded what has changed on disk since, is replaced, and the caller doesn't notice.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from triton_quest import environment
from triton_quest.parent import devices, runner
from triton_quest.parent.process import WorkerGone
from triton_quest.parent.runner import Cancelled, Ending, IsCancelled, Job, OnRecord
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v
from triton_quest.store.workspace import PACKAGE

__all__ = ("Cancelled", "Standby")

LOADED = ("torch", "triton", "numpy")  # besides this package
OURS_IN_LEVELS = ("__init__.py", "quest_setup.py")  # in a clone, the learner's files lie beside them
TRIES = 2

Stamp = frozenset[tuple[str, int, int, int]]


def drop(record: v.Record) -> None:
    """For callers that need no record before the verdict."""


def stamp() -> Stamp:
    """What a warm process loads, as it is on disk: another one when anything of it has changed."""
    files = [Path(spec.origin) for spec in map(environment.found_by_child, LOADED) if spec is not None and spec.origin]
    for folder, folders, names in os.walk(PACKAGE):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        kept = OURS_IN_LEVELS if Path(folder) == PACKAGE / "levels" else names
        files += [Path(folder, name) for name in names if name in kept and name.endswith(".py")]
    found = set()
    for file in files:
        try:
            status = file.stat()
        except OSError:  # removed at this moment
            continue
        found.add((str(file), status.st_ino, status.st_mtime_ns, status.st_size))
    return frozenset(found)


@dataclass(frozen=True)
class _Ready:
    process: Warm
    stamp: Stamp


class Standby:
    """Judges on `devices`, as devices.judge_on does. One judgement at a time: a second waits for the first."""

    def __init__(self, on: tuple[str, ...]) -> None:
        self._devices = on
        self._one_at_a_time, self._closed = threading.Lock(), threading.Event()
        self._ready = {device: self._fresh(device) for device in on}

    def judge(self, job: Job, on_record: OnRecord = drop, cancelled: threading.Event | None = None) -> v.Verdict:
        """Raises Cancelled as soon as `cancelled` is set, or this is closed; what ran by then has been ended.

        `on_record` gets the first records again if the warm worker died meanwhile and another began anew.
        """
        ask = self._asking(cancelled)
        with self._one_at_a_time:
            self._renew()
            return devices.in_turn(
                self._devices, job, lambda one: runner.verdict_of(one, self._run(one, on_record, ask))
            )

    def run(self, job: Job, on_record: OnRecord = drop, cancelled: threading.Event | None = None) -> Ending:
        """Do a job of any kind, as runner.run does it: in a warm worker, or cold where none is pre-started for its device."""
        ask = self._asking(cancelled)
        with self._one_at_a_time:
            self._renew()
            if job.device not in self._ready:
                return runner.run(job, on_record, is_cancelled=ask)
            return self._run(job, on_record, ask)

    def close(self) -> None:
        """End what is running, and leave no process behind."""
        self._closed.set()
        with self._one_at_a_time:
            for ready in self._ready.values():
                ready.process.close()

    def _asking(self, cancelled: threading.Event | None) -> IsCancelled:
        return lambda: self._closed.is_set() or (cancelled is not None and cancelled.is_set())

    def _run(self, job: Job, on_record: OnRecord, is_cancelled: IsCancelled) -> Ending:
        job = job.with_text()
        for _ in range(TRIES):
            if is_cancelled():
                raise Cancelled
            try:
                return self._run_warm(job, on_record, is_cancelled)
            except WorkerGone:
                continue
        return runner.run(job, on_record, is_cancelled=is_cancelled)  # cold

    def _run_warm(self, job: Job, on_record: OnRecord, is_cancelled: IsCancelled) -> Ending:
        """Do the job in the warm worker. Raises WorkerGone after another worker was started in its place."""
        process = self._ready[job.device].process
        try:
            process.wait(is_cancelled)
            if process.forks:
                return runner.run(job, on_record, process.start, is_cancelled)
        except WorkerGone:
            self._replace(job.device)
            raise
        self._ready[job.device] = self._fresh(job.device)  # for the next job
        try:
            return runner.run(job, on_record, process.start, is_cancelled)
        finally:
            process.close()

    def _renew(self) -> None:
        """Replace each process that has loaded what is different now."""
        if self._closed.is_set():
            raise Cancelled
        now = stamp()
        for device in [device for device, ready in self._ready.items() if ready.stamp != now]:
            self._replace(device)

    def _fresh(self, device: str) -> _Ready:
        before = stamp()  # so that what changes while it loads is noticed
        return _Ready(Warm(device), before)

    def _replace(self, device: str) -> None:
        self._ready[device].process.close()
        self._ready[device] = self._fresh(device)

    def __enter__(self) -> Standby:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
