"""Runs the learner's code in a child process and turns what becomes of it into a verdict. The parent's half.

The child reports on a pipe of its own; what the learner's code prints goes elsewhere and is cut when it floods.
Nothing here imports torch or triton, and nothing that the child does can reach this process.
"""

from __future__ import annotations

import contextlib
import json
import linecache
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from triton_quest import verdict as v
from triton_quest.levels import Level

WORKER = Path(__file__).resolve().parent / "worker.py"
START_SECONDS = 120.0  # a cold disk takes its time to import torch
GRACE_SECONDS = 5.0  # on top of the child's own limit, for a hang that holds the interpreter lock
DRAINS = 16  # of 64 KiB: what a pipe can hold at the most
KEPT_BYTES = 8_000  # of a flood, at its beginning and again at its end
MEMORY_GIB = 4
CONTROL = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[^\[]|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)  # what could confuse the terminal


@dataclass(frozen=True)
class Job:
    """What the child is asked to do."""

    level: Level
    file: Path
    seconds: float = 30.0  # for any one step of the learner's code

    def as_json(self) -> str:
        row = self.level.as_row()
        return json.dumps({"level": row, "file": str(self.file), "seconds": self.seconds, "memory_gib": MEMORY_GIB})


@dataclass
class Output:
    """What the learner's code printed: its beginning and its end, and how much lies between."""

    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    dropped: int = 0

    def add(self, data: bytes) -> None:
        room = KEPT_BYTES - len(self.head)
        self.head += data[:room]
        self.tail += data[room:] if room < len(data) else b""
        if len(self.tail) > KEPT_BYTES:
            self.dropped += len(self.tail) - KEPT_BYTES
            del self.tail[: len(self.tail) - KEPT_BYTES]

    def text(self) -> str:
        cut = f"\n... {self.dropped:,} bytes more ...\n".encode() if self.dropped else b""
        return CONTROL.sub("", bytes(self.head + cut + self.tail).decode(errors="replace"))


@dataclass
class _Watch:
    """The state of one child while it runs."""

    records: bytearray = field(default_factory=bytearray)
    output: Output = field(default_factory=Output)
    checks: list[v.Check] = field(default_factory=list)
    finished: v.Finished | None = None
    stage: str = "start"
    deadline: float = 0.0
    timed_out: bool = False
    broken: str = ""
    deaf: bool = False  # the child lived on after its channel was closed
    crash: str = ""  # the child's stack, if it died of a signal


class Child(Protocol):
    """A process that judges: started cold, or forked off a warm one."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...


Start = Callable[[Job, int, int, int], Child]  # job, and the fds of the reports, the crash file and the output


def start_cold(job: Job, report_fd: int, crash_fd: int, output_fd: int) -> Child:
    """A fresh Python for one judgement."""
    return subprocess.Popen(
        [sys.executable, str(WORKER), job.as_json(), str(report_fd), str(crash_fd)],
        stdin=subprocess.DEVNULL,
        stdout=output_fd,
        stderr=output_fd,
        pass_fds=(report_fd, crash_fd),
        start_new_session=True,
        env=child_environ(),
    )


def child_environ() -> dict[str, str]:
    return {
        **os.environ,
        "TRITON_INTERPRET": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",  # no __pycache__ beside the learner's files
        "OMP_NUM_THREADS": "1",
    }


def judge(
    job: Job, on_record: Callable[[v.Record], None] = lambda record: None, start: Start = start_cold
) -> v.Verdict:
    """Judge `job.file` in a child process. `on_record` is told of each record as it arrives."""
    started = time.monotonic()
    watch = _Watch(deadline=started + START_SECONDS)
    with open(os.memfd_create("crash"), "w+b") as crash:  # in memory: the disk may be full
        report_read, report_write = os.pipe()
        output_read, output_write = os.pipe()
        try:
            try:
                child = start(job, report_write, crash.fileno(), output_write)
            finally:
                os.close(report_write)
                os.close(output_write)
            try:
                _follow(child, report_read, output_read, watch, on_record)
            finally:
                code, watch.deaf = _end(child)
        finally:
            os.close(report_read)
            os.close(output_read)
        crash.seek(0)
        watch.crash = crash.read(KEPT_BYTES).decode(errors="replace")
    return _conclude(job, watch, code, time.monotonic() - started)


def _follow(
    child: Child, records_fd: int, output_fd: int, watch: _Watch, on_record: Callable[[v.Record], None]
) -> None:
    """Read both pipes until the child is done, out of time, or gone."""
    with selectors.DefaultSelector() as selector:
        selector.register(records_fd, selectors.EVENT_READ)
        selector.register(output_fd, selectors.EVENT_READ)
        while records_fd in selector.get_map():
            left = watch.deadline - time.monotonic()
            if left <= 0:
                watch.timed_out = True
                return
            ready = selector.select(timeout=min(left, 0.5))
            if not ready and child.poll() is not None:
                break  # gone, though a process that it left behind holds the pipe open
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
        _drain(output_fd, selector, watch)


def _drain(output_fd: int, selector: selectors.BaseSelector, watch: _Watch) -> None:
    """What was printed before the end may still be on its way."""
    for _ in range(DRAINS):  # a process left behind may go on printing for ever
        if output_fd not in selector.get_map():
            return
        ready = [key for key, _ in selector.select(timeout=0) if key.fd == output_fd]
        data = os.read(output_fd, 65536) if ready else b""
        if not data:
            return
        watch.output.add(data)


def _take(data: bytes, watch: _Watch, on_record: Callable[[v.Record], None]) -> None:
    watch.records += data
    while b"\n" in watch.records and not watch.broken and not watch.finished:
        line, _, rest = watch.records.partition(b"\n")
        watch.records = bytearray(rest)
        try:
            record = v.decode(bytes(line))
        except ValueError as trouble:
            watch.broken = str(trouble)
            return
        if isinstance(record, v.StageStarted):
            watch.stage = record.says
            limit = START_SECONDS if record.seconds is None else record.seconds + GRACE_SECONDS
            watch.deadline = time.monotonic() + limit
        elif isinstance(record, v.Check):
            watch.checks.append(record)
        else:
            watch.finished = record
        on_record(record)


def _end(child: Child) -> tuple[int, bool]:
    """End the child and everything that it started; its exit code, and whether it had to be ended."""
    alive = False
    try:
        child.wait(timeout=0.2)
    except subprocess.TimeoutExpired:
        alive = True
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    return child.wait(), alive


def _conclude(job: Job, watch: _Watch, code: int, seconds: float) -> v.Verdict:
    checks, outcome, detail = list(watch.checks), v.Outcome.ERROR, ""
    if watch.finished is not None:
        outcome, detail = watch.finished.outcome, watch.finished.detail
    else:
        ending = _ending(watch, code, job)
        outcome, detail = ending.outcome or v.Outcome.ERROR, ending.says
        checks.append(ending)
    unverified = tuple(check.name for check in checks if check.state is v.State.NOT_VERIFIED_HERE)
    return v.Verdict(
        level=job.level.number,
        slug=job.level.slug,
        outcome=outcome,
        device="interpreter",
        seconds=seconds,
        checks=tuple(checks),
        output=watch.output.text(),
        detail=detail,
        not_verified_here=unverified,
    )


def _ending(watch: _Watch, code: int, job: Job) -> v.Check:
    """The check that tells of a child that went without its last word."""
    check = v.Check(name="your code runs to its end", kind="process", state=v.State.FAILED)
    during = f" (while checking: {watch.stage})"
    if watch.stage == "start":
        tail = watch.output.text().strip().splitlines()
        says = "The judge itself could not start: " + (tail[-1] if tail else f"it ended with code {code}") + "."
        return v.failed(
            check, v.Outcome.ERROR, says, "That is our trouble, not yours. `doctor` says what this machine lacks."
        )
    if watch.timed_out:
        says = f"Your code was stopped after {job.seconds:.0f} seconds without an answer{during}."
        return v.failed(
            check, v.Outcome.TIMEOUT, says, "Look for a loop whose end depends on something that doesn't change."
        )
    if watch.broken:
        says = f"Your code wrote into a file that it didn't open, the judge's own{during}."
        return v.failed(check, v.Outcome.EXIT, says, "Write only to what you opened, and to standard output.")
    if code == v.CHANNEL_CLOSED or watch.deaf:
        says = f"Your code closed files that it didn't open, the judge's among them{during}."
        return v.failed(check, v.Outcome.EXIT, says, "Close only what you opened: no os.closerange().")
    if code < 0:
        return _killed(check, -code, during, job.file, watch.crash)
    says = f"Your code ended the whole process with exit code {code}{during}."
    return v.failed(
        check, v.Outcome.EXIT, says, "Take out calls such as os._exit(): the judge needs the launcher's answer."
    )


def _crash_line(stack: str, file: Path) -> int | None:
    """The innermost line of the learner's file in the stack that the dying child wrote."""
    found = re.search(rf'File "{re.escape(str(file))}", line (\d+)', stack)
    return int(found[1]) if found else None


def _killed(check: v.Check, number: int, during: str, file: Path, stack: str) -> v.Check:
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    line = _crash_line(stack, file)
    where = f"Line {line}: " if line else ""
    if number == signal.SIGKILL:
        says = f"The system ended your code, most likely because it took too much memory{during}."
        return v.failed(
            check, v.Outcome.OUT_OF_MEMORY, says, "Look for a tensor or a block that is far larger than you meant."
        )
    says = f"{where}Your code crashed the Python process ({name}){during}."
    advice = "A crash like this comes from an access outside of a tensor: look at the pointers and masks of your loads and stores."
    places = (v.Place(line, linecache.getline(str(file), line).strip()),) if line else ()
    return v.failed(check, v.Outcome.CRASH, says, advice, places=places)
