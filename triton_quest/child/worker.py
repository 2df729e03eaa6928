"""The child: judges, compiles or counts one file and reports on a pipe, started by the runner.

    python worker.py JOB REPORT_FD CRASH_FD     one job, cold
    python worker.py --serve SOCKET_FD          many, each in a process forked off this warm one
    python worker.py --ahead SOCKET_FD          one, in a process that has loaded everything before it is asked: CUDA
                                                doesn't survive a fork

It reads the learner's file before it imports torch, so that a file that isn't ready is answered at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
import types
from pathlib import Path
from typing import Any, NoReturn

STARTED = time.monotonic()
PR_SET_PDEATHSIG = 1  # prctl(2): the signal that a process gets when its parent dies
ROOT = str(Path(__file__).resolve().parent.parent.parent)
if __name__ == "__main__":
    sys.path[0] = ROOT  # instead of this file's folder, whose modules are nobody's top-level modules

from triton_quest.child.judge import read  # noqa: E402
from triton_quest.course.level import Level  # noqa: E402
from triton_quest.records import verdict as v  # noqa: E402

WARM_UP = "warm_up"  # the kind of a job that a warm process does itself, for the level of the next ones
WORK = {  # kinds of jobs, each a module with run(level, file, send, seconds, **asked) -> Outcome
    "judge": "triton_quest.child.judge.pipeline",
    "judge_on_gpu": "triton_quest.child.judge.on_gpu",
    "race": "triton_quest.child.measure.race",
    "profile": "triton_quest.child.measure.profile_kernel",
    "compile": "triton_quest.child.measure.compile",
    "traffic": "triton_quest.child.measure.traffic",
    "show": "triton_quest.child.measure.show",
}


class Report:
    """The channel to the parent, and the clock over each step of the learner's code."""

    def __init__(self, fd: int, file: Path) -> None:
        self._fd = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 512)  # out of the way of os.closerange(3, 256)
        os.close(fd)
        self._file, self._pid = str(file), os.getpid()
        # bound now: the learner's code may replace any of them
        self._write, self._getpid, self._clock, self._exit = os.write, os.getpid, time.monotonic, os._exit
        self._lock = threading.Lock()
        self._finished = False
        self._deadline: float | None = None
        self._stage = v.StageStarted("start", "starting")
        threading.Thread(target=self._guard, daemon=True).start()

    def send(self, record: v.Record) -> None:
        """Write one record; a StageStarted also sets the clock."""
        if self._getpid() != self._pid:  # a process that the learner's code forked off: it has no say here
            self._exit(0)
        with self._lock:
            if self._finished:
                return
            if isinstance(record, v.StageStarted):
                self._stage = record
                self._deadline = self._clock() + record.seconds if record.seconds else None
            self._finished = isinstance(record, v.Finished)
            data = v.encode(record)
            try:
                while data:
                    data = data[self._write(self._fd, data) :]
            except OSError:
                self._exit(v.CHANNEL_CLOSED)

    def finish(self, outcome: v.Outcome, detail: str = "") -> None:
        self.send(v.Finished(outcome, self._clock() - STARTED, detail))

    def _guard(self) -> None:
        """Runs in a thread: when a step takes too long, says in which line and ends the process."""
        main = threading.main_thread().ident
        wait = threading.Event().wait
        while not self._finished:
            wait(0.05)
            deadline = self._deadline
            if deadline is None or self._clock() < deadline:
                continue
            place = self._line_of(sys._current_frames().get(main or 0))
            check = v.out_of_time(self._stage, place)
            self.send(check)
            self.finish(v.Outcome.TIMEOUT, check.says)
            self._exit(0)

    def _line_of(self, frame: types.FrameType | None) -> v.Place | None:
        import linecache

        while frame is not None:
            if frame.f_code.co_filename == self._file:
                return v.Place(frame.f_lineno, linecache.getline(self._file, frame.f_lineno).strip())
            frame = frame.f_back
        return None


def limit_memory(gib: int) -> None:
    """At most `gib` GiB of address space beyond what torch has mapped."""
    import resource

    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + gib * 2**30,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def prepare() -> None:
    """Import what every judgement needs. torch keeps to one thread: a forked child would wait for others forever."""
    import torch
    import triton  # noqa: F401

    torch.set_num_threads(1)
    sys.modules["quest_setup"] = types.ModuleType("quest_setup")  # the device is chosen already
    import triton_quest.child.judge.pipeline  # noqa: F401


def warm_up(level: Level | None = None) -> None:
    """Do what a first judgement of the level would spend its time on; a forked child's collector has as little to do as can be."""
    from triton_quest.child.judge import pipeline

    pipeline.warm_up(level)
    gc.collect()
    gc.freeze()


def work(job: dict[str, Any], report: Report) -> v.Outcome:
    """Do the job; how it ended. Raises only for troubles of our own."""
    level, file = Level.from_row(job["level"]), Path(job["file"])
    unfinished = read.examine(level, file)
    report.send(unfinished)
    if unfinished.outcome is not None:
        return unfinished.outcome
    prepare()
    if job["memory_gib"] is not None:
        limit_memory(job["memory_gib"])
    module = importlib.import_module(WORK[job["kind"]])
    outcome: v.Outcome = module.run(level, file, report.send, job["seconds"], **job["asked"])
    return outcome


def run(job: dict[str, Any], report_fd: int, crash_fd: int) -> NoReturn:
    """Do one job and end this process, past whatever the learner's code left behind."""
    channel = Report(report_fd, Path(job["file"]))
    faulthandler.enable(file=crash_fd)  # so that the parent can name the line of a crash
    leave = os._exit
    try:
        channel.finish(work(job, channel))
    except BaseException:  # the learner's exceptions never get here: this one is ours
        channel.finish(v.Outcome.ERROR, traceback.format_exc())
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # closed or replaced by the learner's code
            stream.flush()
    leave(0)


def serve(channel: socket.socket) -> None:
    """Stay warm: fork a child for each job that arrives, and tell its pid and, when it is gone, how it ended."""
    prepare()
    warm_up()
    family = Family(channel)
    channel.sendall(b"ready\n")
    while received := receive(channel):
        if received[0]["kind"] == WARM_UP:
            warm_up(Level.from_row(received[0]["level"]))
            channel.sendall(b"ready\n")
            continue
        pid = family.fork()
        if pid == 0:
            channel.close()
            run_forked(*received)
        for fd in received[1]:
            os.close(fd)
        channel.sendall(f"{pid}\n".encode())
        family.see_off(pid)


def stand_by(channel: socket.socket) -> None:
    """Do one job in a child that is there before it: this process only tells how it ended, as `serve` does."""
    family = Family(channel)
    pid = family.fork()
    if pid == 0:
        prepare()
        importlib.import_module(WORK["judge_on_gpu"])
        channel.sendall(b"ready\n")
        received = receive(channel)
        if received is None:
            os._exit(0)
        channel.sendall(f"{os.getpid()}\n".encode())
        channel.close()
        run_forked(*received)
    family.see_off(pid)


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """The next job, and the fds of its reports, its crash file and its output; None when nobody is left to ask."""
    message, fds, _, _ = socket.recv_fds(channel, 65536, 3)
    return (json.loads(message), fds) if message else None


def run_forked(job: dict[str, Any], fds: list[int]) -> NoReturn:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, fds[2]), (2, fds[2])):
        os.dup2(source, target)
    try:
        os.getcwd()
    except FileNotFoundError:  # it was deleted: torch can't load its parts there
        os.chdir("/")
    run(job, fds[0], fds[1])


class Family:
    """A process that forks children and whose own parent is at the other end of `channel`: none outlives the one before."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel, self._prctl = channel, ctypes.CDLL(None).prctl
        self._ended, self._tell = os.pipe()
        for fd in (self._ended, self._tell):
            os.set_blocking(fd, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # or nothing is written
        signal.set_wakeup_fd(self._tell, warn_on_full_buffer=False)

    def fork(self) -> int:
        """As os.fork; the child is a process group of its own, and ends with this process."""
        parent, pid = os.getpid(), os.fork()
        if pid:
            with contextlib.suppress(OSError):  # gone already
                os.setpgid(pid, pid)  # here too: whoever is told the pid may end the group at once
            return pid
        os.setpgid(0, 0)
        self._prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(self._ended)
        os.close(self._tell)
        return 0

    def see_off(self, pid: int) -> None:
        """Wait for a child and tell its exit code. Ends it, and us, when the other end is closed."""
        poll = select.poll()
        poll.register(self._ended, select.POLLIN)
        poll.register(self._channel, 0)  # tells only that it was closed
        while True:
            gone, status = os.waitpid(pid, os.WNOHANG)
            if gone:
                self._channel.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
                return
            events = dict(poll.poll())
            if self._channel.fileno() in events:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                os._exit(0)
            os.read(self._ended, 4096)


def main(words: list[str]) -> None:
    if words[0] == "--serve":
        serve(socket.socket(fileno=int(words[1])))
    elif words[0] == "--ahead":
        stand_by(socket.socket(fileno=int(words[1])))
    else:
        run(json.loads(words[0]), int(words[1]), int(words[2]))


if __name__ == "__main__":
    main(sys.argv[1:])
