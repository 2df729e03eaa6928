"""The engine of many machines: Ray schedules, spreads and retries; each of its worker processes keeps a warm worker.

A machine that dies loses nothing: Ray gives its files to others, once, and what is lost a second time is reported as not judged. A
machine with another judge than the one that grades is refused.
"""

from __future__ import annotations

import atexit
import logging
import platform
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from triton_quest.course.level import Level
from triton_quest.errors import QuestError
from triton_quest.grading import sandbox
from triton_quest.grading.judge_version import judge_version, versions
from triton_quest.grading.judging import TRIES, Judge, Manner, NotJudged, Started
from triton_quest.grading.local import Result
from triton_quest.grading.submissions import Submission
from triton_quest.records import verdict as v

SCHEME = "ray"  # --on ray, --on ray://HOST:PORT
AHEAD = 2  # tasks a processor of the cluster: what waits there is what a dying machine makes wait
NEXT = "grade --help"

_judges: dict[Manner, Judge] = {}  # of a process of Ray's


def judge_all(
    submissions: Sequence[Submission], manner: Manner, on_start: Started, address: str | None
) -> Generator[Result, None, None]:
    """As local.judge_all, on the cluster at `address`, or on the one that is here, or on one made of this machine alone.

    Raises QuestError if Ray isn't installed or can't be reached, or a machine has another judge.
    """
    ray = _connected(address)
    try:
        yield from _judged(ray, submissions, manner, on_start)
    finally:
        ray.shutdown()


def _connected(address: str | None) -> Any:
    try:
        import ray  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise QuestError("Ray isn't installed here. Type: pip install 'ray>=2.40'", NEXT) from None
    try:
        ray.init(
            address=address,
            logging_level=logging.ERROR,
            log_to_driver=False,
            include_dashboard=False if address is None else None,
        )
    except (ConnectionError, OSError, RuntimeError, ValueError) as trouble:
        first = str(trouble).strip().splitlines()[:1] or [type(trouble).__name__]
        raise QuestError(f"The Ray cluster at {address or 'this machine'} can't be reached: {first[0]}", NEXT) from None
    return ray


def _judged(
    ray: Any, submissions: Sequence[Submission], manner: Manner, on_start: Started
) -> Generator[Result, None, None]:
    judge_one = ray.remote(num_cpus=1, max_retries=TRIES - 1)(_judge_one)
    at_once = max(1, round(AHEAD * ray.cluster_resources().get("CPU", 1)))
    waiting = sorted(submissions, key=lambda one: one.level.number, reverse=True)
    running: dict[Any, Submission] = {}
    while waiting or running:
        while waiting and len(running) < at_once:
            one = waiting.pop()
            on_start(one)
            running[judge_one.remote(one.level.as_row(), str(one.file), one.text, manner, judge_version())] = one
        (ready,), _ = ray.wait(list(running), num_returns=1)
        one = running.pop(ready)
        yield one, _result(ray, ready)


def _result(ray: Any, ready: Any) -> v.Verdict | NotJudged:
    try:
        result: v.Verdict | NotJudged | _OtherJudge = ray.get(ready)
    except ray.exceptions.RayError as trouble:
        kind = type(trouble).__name__
        return NotJudged(f"Its machine or process died {TRIES} times while this file was judged ({kind}).")
    if isinstance(result, _OtherJudge):
        raise QuestError(f"{result.says} Install the same quest there, and go on.", NEXT)
    return result


class _OtherJudge(NotJudged):
    """A machine whose judge isn't the one that grades."""


def _judge_one(row: dict[str, Any], file: str, text: str, manner: Manner, wanted: str) -> v.Verdict | NotJudged:
    """In a process of Ray's, on some machine."""
    host = platform.node()
    if judge_version() != wanted:
        here = ", ".join(f"{name} {version}" for name, version in versions())
        return _OtherJudge(f"The judge on {host} is another one ({here}).")
    if manner.in_sandbox:
        try:
            sandbox.require()
        except QuestError as trouble:
            return NotJudged(f"On {host}: {trouble.sentence}")
    if manner not in _judges:
        _judges[manner] = Judge(manner)
        atexit.register(_judges[manner].close)
    return _judges[manner].judge(Level.from_row(row), Path(file), text)
