"""A worker that has torch, triton and the judge loaded before a job comes.

    with Warm() as warm:
        verdict = runner.judge(job, start=warm.start)

The interpreter's forks a child for each job, one at a time. A GPU's does a single job, as CUDA doesn't survive a fork, and is
then replaced; so is the interpreter's where the system can't fork a process that has loaded torch. If the worker dies,
whatever is asked of it next raises WorkerGone.
"""

from __future__ import annotations

from types import TracebackType

from triton_quest.course.level import Level
from triton_quest.machine import host
from triton_quest.parent.process import AHEAD, SERVE, Confine, Forked, Worker
from triton_quest.parent.runner import Cancelled, IsCancelled, Job


class Warm:
    """The warm worker of a device, in a sandbox where `confine` makes one. Ready after some seconds; `start` waits for it."""

    def __init__(self, device: str = "interpreter", confine: Confine | None = None) -> None:
        self._device, self._confine = device, confine
        self.forks = device != "gpu" and host.FORKS_WITH_LIBRARIES
        self._launch()

    def _launch(self) -> None:
        self._worker = Worker(self._device, SERVE if self.forks else AHEAD, confine=self._confine)
        self._is_spent = False
        self._level: Level | None = None  # that `prepare` was asked for

    @property
    def pid(self) -> int:
        return self._worker.pid

    def wait(self, is_cancelled: IsCancelled = lambda: False) -> None:
        """Until it is ready. Raises WorkerGone, or Cancelled."""
        if not self._worker.wait_until_ready(lambda: not is_cancelled()):
            raise Cancelled

    def start(self, job: Job, report_fd: int, crash_fd: int, output_fd: int) -> Forked:
        """Start a child that does `job`, after the job before it has ended. Raises WorkerGone."""
        if self._is_spent:
            self.close()
            self._launch()
        self.wait()
        self._is_spent = not self.forks
        return self._worker.start(job.as_json(), report_fd, crash_fd, output_fd)

    def prepare(self, level: Level) -> None:
        """Run the level's solution in a worker that forks, so that its judgements find done what is the same for all."""
        if level != self._level and self.forks:
            self.wait()
            self._level = level
            self._worker.warm_up(level.as_row())

    def close(self) -> None:
        self._worker.close()

    def __enter__(self) -> Warm:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
