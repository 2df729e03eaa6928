"""Runs the learner's code in a child process and says what became of it: a verdict, or what the child measured.

The parent's half. The child reports on a pipe of its own; what the learner's code prints goes elsewhere and is cut when
it floods. Nothing here imports torch or triton, and nothing that the child does can reach this process.
"""

from __future__ import annotations

import json
import os
import select
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from triton_quest.course.level import Level
from triton_quest.errors import UnusableFile
from triton_quest.machine import host
from triton_quest.parent import endings
from triton_quest.parent.output import KEPT_BYTES, Output
from triton_quest.parent.process import LOOK_SECONDS, ONCE, START_SECONDS, Forked, Worker, WorkerGone
from triton_quest.records import verdict as v
from triton_quest.store import files, given

R = TypeVar("R")

GRACE_SECONDS = 5.0  # on top of the child's own limit, for a hang that holds the interpreter lock
DRAINS = 16  # of 64 KiB: what a pipe can hold at the most
MEMORY_GIB = 4
NO_GAP_CHANGES = frozenset({v.Outcome.ERROR, v.Outcome.NOT_STARTED})  # whatever gaps are open
GPU_JOBS = frozenset({"judge_on_gpu", "race", "profile"})  # kinds of work that need one


class Cancelled(Exception):
    """The job was no longer wanted, and was ended."""


@dataclass(frozen=True)
class Job:
    """What the child is asked to do with a learner's file."""

    level: Level
    file: Path
    seconds: float = 30.0  # for any one step of the learner's code
    kind: str = "judge"  # or another of the worker's JOB_MODULES
    asked: Mapping[str, Any] = field(default_factory=dict)  # what that kind of work takes besides
    text: str | None = None  # what is judged, as the history keeps it; None: what stands in the file as the job begins

    @property
    def device(self) -> str:
        return "gpu" if self.kind in GPU_JOBS else "interpreter"

    def with_text(self) -> Job:
        """The job with its text read; without one where there is none that can be judged: the child says why."""
        if self.text is not None:
            return self
        try:
            return replace(self, text=files.settled_text(self.file, "") if self.file.is_file() else None)
        except UnusableFile:
            return self

    @property
    def is_outdated(self) -> bool:
        """Whether the file holds another text by now than the one that was judged."""
        return (
            self.text is not None and not files.is_stream(self.file) and given.content(self.file) != self.text.encode()
        )

    def as_json(self) -> str:
        gib = None if self.device == "gpu" else MEMORY_GIB  # CUDA takes all the address space that it wants
        return json.dumps({**vars(self), "level": self.level.as_row(), "file": str(self.file), "memory_gib": gib})


@dataclass(frozen=True)
class Ending:
    """What became of one child: how it ended, and all that it reported and printed until then."""

    outcome: v.Outcome
    seconds: float
    records: tuple[v.Record, ...] = ()
    output: str = ""  # what the learner's code printed
    detail: str = ""  # for the log: how the child ended
    file_changed: bool = False  # since the text was read that was judged

    def all(self, kind: type[R]) -> tuple[R, ...]:
        """The records of one kind, in the order in which they came."""
        return tuple(record for record in self.records if isinstance(record, kind))

    @property
    def failure(self) -> v.Check | None:
        return next((check for check in self.all(v.Check) if check.state is v.State.FAILED), None)


@dataclass
class _Watch:
    """The state of one child while it runs."""

    unread: bytearray = field(default_factory=bytearray)
    output: Output = field(default_factory=Output)
    records: list[v.Record] = field(default_factory=list)
    finished: v.Finished | None = None
    stage: v.StageStarted | None = None
    deadline: float = 0.0
    timed_out: bool = False
    cancelled: bool = False
    broken: str = ""
    outlived_channel: bool = False  # the child lived on after its channel was closed
    is_lost: bool = False  # the process that had forked the child was ended
    left: tuple[str, ...] = ()  # the command lines of what the child left running
    crash: str = ""  # the child's stack, if it died of a signal
    code: int = 1  # the child's exit code, negative for a signal


Start = Callable[[Job, int, int, int], Forked]  # job, and the fds of the reports, the crash file and the output
OnRecord = Callable[[v.Record], None]
IsCancelled = Callable[[], bool]


def start_cold(job: Job, report_fd: int, crash_fd: int, output_fd: int) -> Forked:
    """A fresh Python for one job. Raises WorkerGone."""
    worker = Worker(job.device, ONCE, output_fd)
    try:
        return worker.start(job.as_json(), report_fd, crash_fd, output_fd)
    except BaseException:
        worker.close()
        raise


def judge(
    job: Job,
    on_record: OnRecord = lambda record: None,
    start: Start = start_cold,
    is_cancelled: IsCancelled = lambda: False,
) -> v.Verdict:
    """Judge `job.file` in a child process. `on_record` gets each record as it arrives. Raises Cancelled."""
    return verdict_of(job, run(job, on_record, start, is_cancelled))


def verdict_of(job: Job, ended: Ending) -> v.Verdict:
    checks = ended.all(v.Check)
    gaps = next((record.gaps for record in reversed(ended.all(v.Gaps))), ())
    is_open = any(gap.state is v.GapStanding.OPEN for gap in gaps)  # then nothing unlocks, however the child ended
    return v.Verdict(
        level=job.level.number,
        slug=job.level.slug,
        outcome=v.Outcome.GAPS if is_open and ended.outcome not in NO_GAP_CHANGES else ended.outcome,
        device=job.device,
        seconds=ended.seconds,
        checks=checks,
        gaps=gaps,
        output=ended.output,
        detail=ended.detail,
        file_changed=ended.file_changed,
        not_verified_here=tuple(check.name for check in checks if check.state is v.State.NOT_VERIFIED_HERE),
    )


def run(
    job: Job,
    on_record: OnRecord = lambda record: None,
    start: Start = start_cold,
    is_cancelled: IsCancelled = lambda: False,
) -> Ending:
    """Do the job in a child process, to its end or until its time is up. Raises Cancelled, and WorkerGone of a warm worker."""
    job, started = job.with_text(), time.monotonic()
    watch = _Watch(deadline=started + START_SECONDS)
    with host.anonymous_file() as crash:
        report_read, report_write = os.pipe()
        output_read, output_write = os.pipe()
        try:
            try:
                child = start(job, report_write, crash.fileno(), output_write)
            finally:
                os.close(report_write)
                os.close(output_write)
            _follow_to_its_end(child, report_read, output_read, watch, on_record, is_cancelled)
        except WorkerGone:
            if start is not start_cold:
                raise
            watch.is_lost = True
            for data in _arrived(report_read):  # the end may be heard of before what was reported ahead of it is read
                _take(data, watch, on_record)
            _drain(output_read, watch)
        finally:
            os.close(report_read)
            os.close(output_read)
        crash.seek(0)
        watch.crash = crash.read(KEPT_BYTES).decode(errors="replace")
    if watch.cancelled:
        raise Cancelled
    ending = _conclude(job, watch, time.monotonic() - started)
    return replace(ending, file_changed=job.is_outdated)


def _follow_to_its_end(
    child: Forked, records_fd: int, output_fd: int, watch: _Watch, on_record: OnRecord, is_cancelled: IsCancelled
) -> None:
    """Raises WorkerGone; whatever is raised, the child has been ended."""
    try:
        _follow(child, records_fd, output_fd, watch, on_record, is_cancelled)
    finally:
        try:
            watch.code, watch.outlived_channel = _end(child, 0.0 if watch.cancelled else 0.2)
            watch.left = child.left
        finally:
            child.close()


def _follow(
    child: Forked, records_fd: int, output_fd: int, watch: _Watch, on_record: OnRecord, is_cancelled: IsCancelled
) -> None:
    """Read both pipes until the child is done, out of time, gone, or no longer wanted."""
    with selectors.DefaultSelector() as selector:
        selector.register(records_fd, selectors.EVENT_READ)
        selector.register(output_fd, selectors.EVENT_READ)
        while records_fd in selector.get_map():
            if is_cancelled():
                watch.cancelled = True
                return
            left = watch.deadline - time.monotonic()
            gone = child.poll() is not None
            ready = selector.select(timeout=0.0 if gone else max(0.0, min(left, LOOK_SECONDS)))
            if left <= 0 and all(key.fd == output_fd for key, _ in ready):  # we may have been suspended meanwhile
                watch.timed_out = True
                return
            if not ready and gone:
                break  # though a process that it left behind holds the pipe open
            for key, _ in ready:
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fd)
                elif key.fd == output_fd:
                    watch.output.add(data)
                else:
                    _take(data, watch, on_record)
            if watch.finished or watch.broken:
                break
    _drain(output_fd, watch)


def _drain(output_fd: int, watch: _Watch) -> None:
    """What was printed before the end may still be on its way."""
    for data in _arrived(output_fd):
        watch.output.add(data)


def _arrived(fd: int) -> Iterator[bytes]:
    """What a pipe holds, without waiting for more."""
    for _ in range(DRAINS):  # a process left behind may go on writing for ever
        data = os.read(fd, 65536) if select.select([fd], [], [], 0)[0] else b""
        if not data:
            return
        yield data


def _take(data: bytes, watch: _Watch, on_record: OnRecord) -> None:
    watch.unread += data
    while b"\n" in watch.unread and not watch.broken and not watch.finished:
        line, _, rest = watch.unread.partition(b"\n")
        watch.unread = bytearray(rest)
        try:
            record = v.decode(bytes(line))
        except ValueError as trouble:
            watch.broken = str(trouble)
            return
        watch.records.append(record)
        if isinstance(record, v.StageStarted):
            watch.stage = record
            limit = START_SECONDS if record.seconds is None else record.seconds + GRACE_SECONDS
            watch.deadline = time.monotonic() + limit
        elif isinstance(record, v.Finished):
            watch.finished = record
        on_record(record)


def _end(child: Forked, patience: float) -> tuple[int, bool]:
    """End the child and everything that it started; its exit code, and whether it had to be ended."""
    alive = False
    try:
        child.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        alive = True
    finally:
        child.kill()
    return child.wait(), alive


def _conclude(job: Job, watch: _Watch, seconds: float) -> Ending:
    output = watch.output.text()
    if watch.finished is not None and not watch.is_lost:
        remarks = (endings.left_running(watch.left),) if watch.left and job.kind == "judge" else ()
        return Ending(watch.finished.outcome, seconds, (*watch.records, *remarks), output, watch.finished.detail)
    last = endings.Last(watch.stage, job.kind, job.file, output, watch.crash, job.text or "")
    if watch.stage is None:
        check = endings.never_began(last, watch.code)
    elif watch.is_lost:
        check = endings.ended_its_parent(last)
    elif watch.timed_out:
        check = v.out_of_time(watch.stage)
    elif watch.broken:
        check = endings.wrote_to_the_channel(last)
    elif watch.code == v.CHANNEL_CLOSED or watch.outlived_channel:
        check = endings.closed_the_channel(last)
    else:
        check = endings.killed(last, -watch.code) if watch.code < 0 else endings.left(last, watch.code)
    return Ending(check.outcome or v.Outcome.ERROR, seconds, (*watch.records, check), output, check.says)
