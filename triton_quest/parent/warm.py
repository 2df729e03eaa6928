"""A process that has torch, triton and the judge loaded before it is asked to judge. The parent's half.

    with Warm() as warm:
        verdict = runner.judge(job, start=warm.start)

The interpreter's forks a child for each judgement, one at a time. A GPU's does a single one: CUDA doesn't survive a fork.
If the warm process dies, whatever is asked of it next raises WarmProcessGone.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from types import TracebackType

from triton_quest.course.level import Level
from triton_quest.parent.runner import (
    LOOK_SECONDS,
    START_SECONDS,
    WORKER,
    Ask,
    Cancelled,
    Child,
    Job,
    child_environ,
    child_folder,
)

ANSWER_SECONDS = 5.0  # for what takes no time, unless the warm process was stopped


class WarmProcessGone(RuntimeError):
    """The warm process has died; make another."""


class _Lines:
    """The warm process's answers, a line each."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel, self._buffer = channel, b""

    def next(self, timeout: float) -> str | None:
        """The next line; None after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            if not select.select([self._channel], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return None
            try:
                data = self._channel.recv(4096)
            except ConnectionResetError:  # it died with a job unread
                data = b""
            if not data:
                raise WarmProcessGone("the warm process has died")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode()


class _Forked:
    """A child of the warm process, which tells us how it ended."""

    def __init__(self, pid: int, lines: _Lines) -> None:
        self.pid, self._lines = pid, lines
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            line = self._lines.next(0.0)
            self._code = None if line is None else int(line)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Without a timeout: of what was killed already."""
        if self._code is None:
            line = self._lines.next(ANSWER_SECONDS if timeout is None else timeout)
            if line is None and timeout is None:
                raise WarmProcessGone("the warm process doesn't answer")
            if line is None:
                raise subprocess.TimeoutExpired("the judgement", timeout or 0.0)
            self._code = int(line)
        return self._code


class Warm:
    """The warm process. Ready after some seconds; `start` waits for it."""

    def __init__(self, device: str = "interpreter") -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER), "--ahead" if device == "gpu" else "--serve", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
            env=child_environ(device),
            cwd=child_folder(),
        )
        theirs.close()
        self._lines = _Lines(self._channel)
        self._is_ready = False
        self._level: Level | None = None  # that `prepare` was asked for

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self, is_cancelled: Ask = lambda: False) -> None:
        """Until it is ready. Raises WarmProcessGone, or Cancelled."""
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready:
            if is_cancelled():
                raise Cancelled
            line = self._lines.next(LOOK_SECONDS)
            if time.monotonic() > deadline or line not in (None, "ready"):
                raise WarmProcessGone("the warm process can't get ready")
            self._is_ready = line == "ready"

    def start(self, job: Job, report_fd: int, crash_fd: int, output_fd: int) -> Child:
        """Fork a child that judges `job`. Raises WarmProcessGone."""
        self.wait()
        try:
            socket.send_fds(self._channel, [job.as_json().encode()], [report_fd, crash_fd, output_fd])
        except OSError as trouble:
            raise WarmProcessGone("the warm process has died") from trouble
        line = self._lines.next(ANSWER_SECONDS)
        if line is None:
            raise WarmProcessGone("the warm process doesn't answer")
        return _Forked(int(line), self._lines)

    def prepare(self, level: Level) -> None:
        """Run the level's solution in the warm process itself, so that its judgements find done what is the same for all."""
        if level == self._level:
            return
        self.wait()
        self._level, self._is_ready = level, False
        try:
            self._channel.sendall(json.dumps({"kind": "warm_up", "level": level.as_row()}).encode())
        except OSError as trouble:
            raise WarmProcessGone("the warm process has died") from trouble

    def close(self) -> None:
        self._channel.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, 9)
        self._process.wait()

    def __enter__(self) -> Warm:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
