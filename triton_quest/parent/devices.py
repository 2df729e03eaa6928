"""Where kernels can be judged on this machine, and one verdict from all of these places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from triton_quest import environment
from triton_quest.errors import QuestError
from triton_quest.parent.runner import Job, Start, judge, start_cold
from triton_quest.records import verdict as v

DEVICES = ("interpreter", "gpu")
NOT_WATCHED = "every load and store, and the properties: Triton's interpreter watches over them"
COMPILING_SECONDS = 120.0  # a step on a GPU compiles first


def choose(asked: str | None) -> tuple[str, ...]:
    """The devices to judge on: the one asked for, else all that are here. Raises QuestError if there is none."""
    trouble = environment.trouble_with_versions()
    has_gpu = asked != "interpreter" and environment.can_use_gpu()
    if asked == "gpu" and not has_gpu:
        raise QuestError("There is no NVIDIA GPU here that this torch can use.", "doctor")
    if trouble:
        raise QuestError(trouble)
    here = DEVICES if has_gpu else ("interpreter",)
    return tuple(device for device in here if asked in (None, device))


def judge_on(
    devices: tuple[str, ...],
    job: Job,
    on_record: Callable[[v.Record], None] = lambda record: None,
    start: Start = start_cold,
) -> v.Verdict:
    """Judge on each device in turn, until one doesn't pass. Each runs in a process of its own.

    `start` makes the interpreter's; CUDA doesn't survive a fork, so a GPU's is always a fresh one.
    """
    return in_turn(devices, job, lambda one: judge(one, on_record, start_cold if one.device == "gpu" else start))


def in_turn(devices: tuple[str, ...], job: Job, judge_one: Callable[[Job], v.Verdict]) -> v.Verdict:
    """One verdict of those that `judge_one` gives for each device in turn, until one doesn't pass."""
    job = job.with_text()  # the same for all devices
    verdict: v.Verdict | None = None
    on_gpu = replace(job, kind="judge_on_gpu", seconds=max(job.seconds, COMPILING_SECONDS))
    for device in devices:
        judged = judge_one(on_gpu if device == "gpu" else job)
        verdict = judged if verdict is None else v.together(verdict, judged)
        if not judged.passed:
            break
    assert verdict is not None
    if verdict.passed and "interpreter" not in devices:
        check = v.Check(NOT_WATCHED, "not_verified_here", v.State.NOT_VERIFIED_HERE)
        verdict = replace(
            verdict, checks=(*verdict.checks, check), not_verified_here=(*verdict.not_verified_here, check.name)
        )
    return verdict
