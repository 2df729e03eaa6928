"""The child: judges, compiles or counts one file and reports on a pipe, started by the runner.

    python worker.py --once SOCKET_FD           one job, cold
    python worker.py --serve SOCKET_FD          many, each in a child forked off this process, which has loaded everything
    python worker.py --ahead SOCKET_FD          one, in a child that has loaded everything before the job comes: for CUDA,
                                                which doesn't survive a fork, and for systems on which torch doesn't

The learner's code always runs in a forked child (`serving.py`): the process above it ends what the child leaves running. The
child reads the learner's file before it imports torch, so that a file that isn't ready is answered at once.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":  # before any other module is looked for: the package alone becomes importable
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    from triton_quest import isolation

    del sys.path[0]
    sys.path[:] = isolation.path_of_the_child()

import contextlib  # noqa: E402
import faulthandler  # noqa: E402
import gc  # noqa: E402
import importlib  # noqa: E402
import signal  # noqa: E402
import socket  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402
import types  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, NoReturn  # noqa: E402

STARTED = time.monotonic()

from triton_quest.child import serving, source  # noqa: E402
from triton_quest.child.judge import read  # noqa: E402
from triton_quest.course.level import Level  # noqa: E402
from triton_quest.machine import host  # noqa: E402
from triton_quest.records import verdict as v  # noqa: E402

CPU_GRACE_SECONDS = 2.0  # of processor time beyond a step's limit, for the thread that can say more
JOB_MODULES = {  # kinds of jobs, each a module with run(level, file, send, seconds, **asked) -> Outcome
    "judge": "triton_quest.child.judge.pipeline",
    "judge_on_gpu": "triton_quest.child.judge.on_gpu",
    "race": "triton_quest.child.measure.race",
    "profile": "triton_quest.child.measure.profile_kernel",
    "compile": "triton_quest.child.measure.compile",
    "traffic": "triton_quest.child.measure.traffic",
    "show": "triton_quest.child.measure.show",
}


class Channel:
    """The channel to the parent, and the limits of time of each step of the learner's code."""

    def __init__(self, fd: int, file: Path, limits_cpu: bool) -> None:
        self._fd = host.move_out_of_reach(fd)
        self._file, self._pid, self._limits_cpu = file, os.getpid(), limits_cpu
        # bound now: the learner's code may replace any of them
        self._write, self._getpid, self._clock, self._exit = os.write, os.getpid, time.monotonic, os._exit
        self._lock = threading.Lock()
        self._finished = False
        self._deadline: float | None = None
        self._stage = v.StageStarted("start", "starting")
        threading.Thread(target=self._guard, daemon=True).start()

    def send(self, record: v.Record) -> None:
        """Write one record; a StageStarted also sets the limits of time."""
        if self._getpid() != self._pid:  # a process that the learner's code forked off: it has no say here
            self._exit(0)
        with self._lock:
            if self._finished:
                return
            if isinstance(record, v.StageStarted):
                self._stage = record
                self._deadline = self._clock() + record.seconds if record.seconds else None
                if self._limits_cpu:
                    host.limit_cpu(record.seconds + CPU_GRACE_SECONDS if record.seconds else None)
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
        """Runs in a thread: when a step takes too long, reports the line that it is in and ends the process.

        The thread gets no turn while the learner's code holds the interpreter's lock: there the kernel's limit ends the step.
        """
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
        while frame is not None:
            if frame.f_code.co_filename == str(self._file):
                return v.Place(frame.f_lineno, source.own_line(self._file, frame.f_lineno))
            frame = frame.f_back
        return None


def prepare() -> None:
    """Import what every judgement needs. torch keeps to one thread: a forked child would wait for others forever."""
    import torch
    import triton  # noqa: F401

    torch.set_num_threads(1)
    sys.modules["quest_setup"] = types.ModuleType("quest_setup")  # the device is chosen already
    import triton_quest.child.judge.pipeline  # noqa: F401


def warm_up(level: Level | None = None) -> None:
    """Do what a first judgement of the level would spend its time on; a forked child's collector has as little to do as can be.

    Without a level, what is the same for each.
    """
    from triton_quest.child.judge import pipeline

    pipeline.warm_up(level)
    gc.collect()
    gc.freeze()


def work(job: dict[str, Any], report: Channel) -> v.Outcome:
    """Do the job; how it ended. Raises only for troubles of our own."""
    level, file = Level.from_row(job["level"]), Path(job["file"])
    if job["text"] is not None:
        source.hold(file, job["text"])
    unfinished, gaps = read.examined(level, file, may_have_gaps=job["kind"] == "judge")
    if gaps is not None and job["kind"] in ("judge", "judge_on_gpu"):
        report.send(gaps)
    report.send(unfinished)
    if unfinished.outcome is not None:
        return unfinished.outcome
    prepare()
    if job["memory_gib"] is not None:
        host.limit_memory(job["memory_gib"])
    if serving.EMPTIED in os.environ:
        from triton_quest.child import confined

        confined.keep_the_course_closed()
    module = importlib.import_module(JOB_MODULES[job["kind"]])
    outcome: v.Outcome = module.run(level, file, report.send, job["seconds"], **job["asked"])
    return outcome


def _told_as_the_learners(trouble: BaseException, file: Path, report: Channel) -> tuple[v.Outcome, str] | None:
    """Report an exception that was raised in the learner's file itself; None for any other."""
    code = sys.modules.get("triton_quest.child.judge.code")
    if code is None or not code.is_raised_by(trouble, file):
        return None
    runs = v.Check("your code runs to its end", "process", v.State.PASSED)
    check = code.explain(runs, trouble, file, "while it was judged", v.Outcome.CRASH)
    report.send(check)
    return check.outcome, check.says


def run(job: dict[str, Any], report_fd: int, crash_fd: int) -> NoReturn:
    """Do one job and end this process, past whatever the learner's code left behind."""
    # on a GPU several threads use the processor, and no lock is held while a kernel runs
    channel = Channel(report_fd, Path(job["file"]), limits_cpu=job["memory_gib"] is not None)
    faulthandler.enable(file=crash_fd)  # so that the parent can name the line of a crash
    faulthandler.register(signal.SIGXCPU, file=crash_fd, chain=True)
    leave, told = os._exit, traceback.format_exc
    try:
        channel.finish(work(job, channel))
    except BaseException as trouble:  # of ours, but for what the learner's code raises where no exception is expected
        channel.finish(*_told_as_the_learners(trouble, Path(job["file"]), channel) or (v.Outcome.ERROR, told()))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # closed or replaced by the learner's code
            stream.flush()
    leave(0)


def load_everything() -> None:
    """What a child forked off this process needn't load and do again."""
    prepare()
    warm_up()


def load_for_one_job() -> None:
    if os.environ.get("TRITON_INTERPRET") == "1":
        load_everything()
    else:
        prepare()
        importlib.import_module(JOB_MODULES["judge_on_gpu"])


def main(words: list[str]) -> None:
    mode, channel = words[0], socket.socket(fileno=int(words[1]))
    if mode == "--serve":
        serving.serve(channel, run, load_everything, lambda job: warm_up(Level.from_row(job["level"])))
    else:
        serving.do_one_job(channel, run, load_for_one_job if mode == "--ahead" else None)


if __name__ == "__main__":
    main(sys.argv[1:])
