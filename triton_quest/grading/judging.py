"""Judges one submission: what every engine does alike, and what it says of a file that can't be judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from triton_quest.course.level import Level
from triton_quest.grading import sandbox
from triton_quest.grading.judge_version import judge_version, versions
from triton_quest.grading.results import NOT_JUDGED, Grade
from triton_quest.grading.submissions import Submission, Unusable
from triton_quest.parent.devices import in_turn
from triton_quest.parent.process import WorkerGone
from triton_quest.parent.runner import IsCancelled, Job, judge
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v

Started = Callable[[Submission], None]  # called as a submission's turn comes
TRIES = 2  # of a file whose judging process ends


@dataclass(frozen=True)
class Manner:
    """How files are judged. `devices`: the interpreter, and the GPU after it for what has passed."""

    seconds: float = 30.0
    in_sandbox: bool = True
    devices: tuple[str, ...] = ("interpreter",)


@dataclass(frozen=True)
class NotJudged:
    """Why there is no verdict of a file."""

    says: str


class Judge:
    """A warm worker, started when it is first needed, and anew when it has ended."""

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._warm: Warm | None = None

    def judge(
        self, level: Level, file: Path, text: str, is_cancelled: IsCancelled = lambda: False
    ) -> v.Verdict | NotJudged:
        """Raises Cancelled."""
        job = Job(level, file, self._manner.seconds, text=text)
        for _ in range(TRIES):
            try:
                verdict = in_turn(self._manner.devices, job, lambda one: self._judged(one, is_cancelled))
                if verdict.outcome is v.Outcome.ERROR:
                    return NotJudged(_trouble(verdict))
                return replace(verdict, file_changed=False)  # it is of the text that was handed in, wherever that stood
            except WorkerGone:
                self.close()
        return NotJudged(f"The process that judges ended {TRIES} times while this file was judged.")

    def _judged(self, job: Job, is_cancelled: IsCancelled) -> v.Verdict:
        if job.device == "gpu":
            return judge(job, is_cancelled=is_cancelled)
        warm = self._ready(job.level)
        return judge(job, start=warm.start, is_cancelled=is_cancelled)

    def _ready(self, level: Level) -> Warm:
        if self._warm is None:
            self._warm = Warm(confine=sandbox.command if self._manner.in_sandbox else None)
        self._warm.prepare(level)
        return self._warm

    def close(self) -> None:
        if self._warm is not None:
            self._warm.close()
        self._warm = None

    def __enter__(self) -> Judge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _trouble(verdict: v.Verdict) -> str:
    last = verdict.detail.strip().splitlines()[-1:] or ["no reason is known"]
    return f"The judge itself failed: {last[0]}. Type: quest doctor"


def grade_of(one: Submission, result: v.Verdict | NotJudged, engine: str) -> Grade:
    """The line of what a submission came to."""
    failure = result.first_failure if isinstance(result, v.Verdict) else None
    return _grade(
        one.who,
        one.level,
        one.level.number,
        one.file,
        outcome=result.outcome.value if isinstance(result, v.Verdict) else NOT_JUDGED,
        finding=failure.finding if failure else None,
        seconds=round(result.seconds, 3) if isinstance(result, v.Verdict) else 0.0,
        sha256=one.sha256,
        says=_sentence(result),
        engine=engine,
        verdict=result if isinstance(result, v.Verdict) else None,
    )


def grade_of_unusable(one: Unusable, engine: str) -> Grade:
    """The line of what can't be judged."""
    return _grade(
        one.who,
        None,
        one.number,
        one.file,
        outcome=NOT_JUDGED,
        finding=None,
        seconds=0.0,
        sha256="",
        says=one.says,
        engine=engine,
        verdict=None,
    )


def _sentence(result: v.Verdict | NotJudged) -> str:
    if isinstance(result, NotJudged):
        return result.says
    failure = result.first_failure
    return (failure.cause or failure.says) if failure else result.cause


def _grade(who: str, level: Level | None, number: int | None, file: Path, outcome: str, **more: object) -> Grade:
    return Grade(
        schema=v.SCHEMA,
        who=who,
        level=number,
        slug=level.slug if level else "",
        passed=outcome == v.Outcome.PASSED.value,
        outcome=outcome,
        file=str(file),
        judge=judge_version(),
        versions=versions(),
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **more,  # type: ignore[arg-type]
    )
