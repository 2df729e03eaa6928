"""A worker process, seen from the parent: started, given a job with the descriptors that it reports on, and ended.

The worker forks a child for each job, and outlives it: it reports how the child ended and what that left running. When the
parent's end of the socket is closed, by whatever ended the parent, the worker ends its child and itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from triton_quest import environment, isolation

WORKER = Path(__file__).resolve().parent.parent / "child" / "worker.py"
START_SECONDS = 120.0  # a cold disk takes its time to import torch
ANSWER_SECONDS = 5.0  # for what takes no time, unless the worker was stopped
LOOK_SECONDS = 0.02  # between two looks whether a job is still wanted
WARM_UP = "warm_up"  # a kind of job: serving.py has it
KILL = b"kill"  # to a worker whose job runs: end its child; serving.py has it
ONCE, SERVE, AHEAD = "--once", "--serve", "--ahead"  # what a worker does: worker.py has them


class WorkerGone(RuntimeError):
    """The worker process has died or doesn't answer, and with it the child that it had forked."""


class _Lines:
    """The worker's answers, a line each."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel, self._buffer = channel, b""

    def next(self, timeout: float) -> str | None:
        """The next line; None after `timeout` seconds. Raises WorkerGone."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            if not select.select([self._channel], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return None
            try:
                data = self._channel.recv(4096)
            except ConnectionResetError:  # it died with a job unread
                data = b""
            if not data:
                raise WorkerGone("the worker has died")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode()


class Forked:
    """The child that a worker forked for one job. `left`: the command lines of what it left running, once it has ended.

    `kill` ends its process group; `close` ends what was started for this job alone.
    """

    def __init__(self, pid: int, lines: _Lines, kill: Callable[[], None], close: Callable[[], None]) -> None:
        self.pid, self._lines, self.kill, self.close = pid, lines, kill, close
        self.left: tuple[str, ...] = ()
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, None while it runs. Raises WorkerGone."""
        if self._code is None:
            self._take(self._lines.next(0.0))
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; without a timeout, of one that was killed already. Raises WorkerGone, subprocess.TimeoutExpired."""
        if self._code is None:
            self._take(self._lines.next(ANSWER_SECONDS if timeout is None else timeout))
        if self._code is None:
            if timeout is None:
                raise WorkerGone("the worker doesn't answer")
            raise subprocess.TimeoutExpired("the job", timeout)
        return self._code

    @property
    def has_ended(self) -> bool:
        return self._code is not None

    def _take(self, line: str | None) -> None:
        if line is not None:
            code, *left = json.loads(line)
            self._code, self.left = code, tuple(left)


Confine = Callable[[list[str]], list[str]]  # of a command line, the one that runs it in a sandbox


class Worker:
    """One worker process. `mode` is ONCE, SERVE or AHEAD; what it prints goes to `output_fd`, and nowhere without one.

    In a sandbox, which `confine` makes, its children have process ids that mean nothing here: there it kills them itself.
    """

    def __init__(
        self, device: str, mode: str, output_fd: int = subprocess.DEVNULL, confine: Confine | None = None
    ) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        words = [sys.executable, str(WORKER), mode, str(theirs.fileno())]
        self._is_confined = confine is not None
        self._process = subprocess.Popen(
            confine(words) if confine else words,
            stdin=subprocess.DEVNULL,
            stdout=output_fd,
            stderr=output_fd,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
            env=child_environ(device),
            cwd=child_folder(),
        )
        theirs.close()
        self._mode, self._lines = mode, _Lines(self._channel)
        self._is_ready = False
        self._child: Forked | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self, is_wanted: Callable[[], bool] = lambda: True) -> bool:
        """Whether it has loaded everything; False as soon as it isn't wanted any more. Raises WorkerGone."""
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready:
            if not is_wanted():
                return False
            line = self._lines.next(LOOK_SECONDS)
            if time.monotonic() > deadline or line not in (None, "ready"):
                raise WorkerGone("the worker can't get ready")
            self._is_ready = line == "ready"
        return True

    def start(self, job: str, report_fd: int, crash_fd: int, output_fd: int) -> Forked:
        """Let a child do `job`. Raises WorkerGone."""
        self._send(job, report_fd, crash_fd, output_fd)
        line = self._lines.next(ANSWER_SECONDS if self._is_ready else START_SECONDS)
        if line is None:
            raise WorkerGone("the worker doesn't answer")
        pid = int(line)
        kill = self._ask_to_kill if self._is_confined else lambda: _kill_group(pid)
        self._child = Forked(pid, self._lines, kill, self.close if self._mode == ONCE else lambda: None)
        return self._child

    def _ask_to_kill(self) -> None:
        if self._child is not None and not self._child.has_ended:
            with contextlib.suppress(OSError):  # it is gone, and so is the child
                self._channel.sendall(KILL)

    def warm_up(self, row: dict[str, Any]) -> None:
        """Let a worker that serves run the solution of the level in this row, and be ready again. Raises WorkerGone."""
        self._send(json.dumps({"kind": WARM_UP, "level": row}))
        self._is_ready = False

    def _send(self, job: str, *fds: int) -> None:
        """Through a pipe: of any length, and where no file may grow."""
        read_end, write_end = os.pipe()
        try:
            socket.send_fds(self._channel, [b"job"], [read_end, *fds])
        except OSError as trouble:
            os.close(write_end)
            raise WorkerGone("the worker has died") from trouble
        finally:
            os.close(read_end)
        threading.Thread(target=_write, args=(write_end, job.encode()), daemon=True).start()

    def close(self) -> None:
        """End the worker, and with it whatever it runs."""
        self._channel.close()
        if self._child is not None and not self._child.has_ended:
            with contextlib.suppress(subprocess.TimeoutExpired):  # it was stopped
                self._process.wait(timeout=ANSWER_SECONDS)  # it ends what the child started, too
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _write(fd: int, data: bytes) -> None:
    with contextlib.suppress(OSError), open(fd, "wb") as pipe:  # the worker may have died
        pipe.write(data)


def child_folder() -> str:
    """Where a child starts: here, unless this folder was deleted; torch can't load its parts in one that was."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "/"


def child_program(module: str) -> list[str]:
    """The command line that runs a module of the child's as a program, with sys.path as the worker has it."""
    order = "from triton_quest import isolation; del sys.path[0]; sys.path[:] = isolation.path_of_the_child()"
    run = f"import runpy; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    return [sys.executable, "-c", f"import sys; sys.path[0] = {environment.ROOT!r}; {order}; {run}"]


def child_environ(device: str = "interpreter") -> dict[str, str]:
    kept = isolation.childs_environ()
    kept.pop("TRITON_INTERPRET", None)
    return {
        **kept,
        **({"TRITON_INTERPRET": "1"} if device == "interpreter" else {}),
        "PYTHONUTF8": "1",  # what the learner's code prints is read as UTF-8
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",  # no __pycache__ beside the learner's files
        "OMP_NUM_THREADS": "1",
    }
