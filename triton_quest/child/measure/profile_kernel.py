"""Runs a level's launcher under a profiler, at one size of its race. The child's half of `quest profile`.

As a job of the worker it first compares the result with PyTorch's, then lets PyTorch's profiler or Proton look on; the other tools
start a process of their own, so for them the job ends there. Run as a program, for such a tool to look at it:

    ncu --profile-from-start off ... python -m triton_quest.child.measure.profile_kernel JOB
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from triton_quest.child.judge import code
from triton_quest.child.judge.given import Given, drawn
from triton_quest.child.measure.race import same
from triton_quest.child.measure.rivals import Contender, lineup
from triton_quest.course import parts
from triton_quest.course.answer import Answer
from triton_quest.course.case import DTYPES, Draw, Race
from triton_quest.course.level import Level
from triton_quest.records import verdict as v
from triton_quest.records.profiling import INPUTS, LAUNCHER, WARM_UP, Profiled, Workload

WARMING, CALLS = 3, 10  # calls of the launcher
Send = Callable[[v.Record], None]


@dataclass(frozen=True)
class _Prepared:
    """A launcher that has run at this size."""

    race: Race
    given: Given
    launcher: Contender

    @property
    def call(self) -> Callable[[], Any]:
        return self.given.timed(self.launcher)


def run(
    level: Level,
    file: Path,
    send: Send,
    seconds: float,
    size: str | None = None,
    trace: str = "",
    tool: str = "torch",
) -> v.Outcome:
    """Profile `CALLS` calls: a `Profiled` is sent for each kernel that PyTorch's profiler sees; its trace, or Proton's, goes to `trace`."""
    send(v.StageStarted("profile", "comparing with PyTorch", seconds))
    try:
        prepared = _prepared(level, file, size)
        rivals = _is_right(level, prepared)
    except code.Stopped as stopped:
        send(stopped.check)
        return stopped.check.outcome or v.Outcome.ERROR
    race = prepared.race
    send(Workload(race.name, race.flops, race.least_bytes, torch.cuda.get_device_name()))
    send(v.StageStarted("profile", "profiling your kernel", seconds))
    if tool == "torch":
        for kernel in kernels_of(_under_torch(prepared, rivals, trace), race.name):
            send(kernel)
    elif tool == "proton":
        _under_proton(prepared, rivals, trace)
    return v.Outcome.PASSED


def _prepared(level: Level, file: Path, size: str | None) -> _Prepared:
    """The launcher at the size (by default the largest), warmed up. Raises Stopped for the learner's troubles."""
    races: tuple[Race, ...] = parts.part(level, "cases").RACES
    race = next((race for race in races if race.name == size), races[-1])
    launcher = code.bare_launcher(file, level)
    with torch.cuda.nvtx.range(INPUTS):
        given = drawn(level, race, Draw(race.name, DTYPES[race.dtype], device="cuda"))
    prepared = _Prepared(race, given, launcher)
    check = v.Check(name="your kernel runs", kind="gpu", state=v.State.PASSED)
    try:
        with torch.cuda.nvtx.range(WARM_UP):
            for _ in range(WARMING):
                prepared.call()
            torch.cuda.synchronize()
    except Exception as trouble:
        raise code.Stopped(code.explain(check, trouble, file, f"at {race.name}", v.Outcome.CRASH)) from trouble
    return prepared


def _is_right(level: Level, prepared: _Prepared) -> dict[str, Callable[[], Any]]:
    """The rivals that can do this size, warmed up. Raises Stopped where the learner's result isn't that of the first of them."""
    able: dict[str, Callable[[], Any]] = {}
    mine = Answer.of(prepared.call(), prepared.given.judged)
    for name, rival in lineup(level).items():
        call = prepared.given.timed(rival)
        try:
            theirs = Answer.of(call(), prepared.given.judged)
            torch.cuda.synchronize()
        except Exception:  # a backend without this size, or too little memory for the S x S matrix
            torch.cuda.empty_cache()
            continue
        if not able and not same(mine, theirs):
            check = v.Check(name="the result is PyTorch's", kind="gpu", state=v.State.PASSED)
            says = f"At {prepared.race.name} your kernel's result isn't PyTorch's: how fast it is says nothing yet."
            raise code.Stopped(v.failed(check, v.Outcome.WRONG, says, f"`check {level.number}` says what is wrong."))
        able[name] = call
    return able


def _under_torch(prepared: _Prepared, rivals: dict[str, Callable[[], Any]], trace: str) -> dict[str, Any]:
    """The trace in Chrome's format. PyTorch's rivals stand in it, too, each in a range of its name."""
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    call = prepared.call
    with torch.profiler.profile(activities=activities) as profiler:
        for _ in range(CALLS):
            with torch.profiler.record_function(LAUNCHER):
                call()
        torch.cuda.synchronize()
        for name, rival in rivals.items():
            with torch.profiler.record_function(name):
                rival()
        torch.cuda.synchronize()
    profiler.export_chrome_trace(trace)
    told: dict[str, Any] = json.loads(Path(trace).read_text(encoding="utf-8"))
    return told


def _under_proton(prepared: _Prepared, rivals: dict[str, Callable[[], Any]], trace: str) -> None:
    """Proton's tree, written to `trace`, which ends in .hatchet. Each launcher is a scope, with the size's FLOPs and bytes."""
    import triton.profiler as proton

    race, call = prepared.race, prepared.call
    counted = {"flops": float(race.flops), "bytes": float(race.least_bytes)}
    proton.start(trace.removesuffix(".hatchet"), hook="triton")
    try:
        for name, each in {LAUNCHER: call, **rivals}.items():
            for _ in range(CALLS if name == LAUNCHER else 1):
                with proton.scope(name, {key: value for key, value in counted.items() if value}):
                    each()
            torch.cuda.synchronize()
    finally:
        proton.finalize()


def kernels_of(trace: dict[str, Any], size: str) -> list[Profiled]:
    """Each kernel that the launcher starts, of a trace in Chrome's format, in the order of its first launch: the median of its launches."""
    events = trace.get("traceEvents", ())
    ranges = [
        (float(event["ts"]), float(event["ts"]) + float(event["dur"]))
        for event in events
        if event.get("cat") == "user_annotation" and event["name"] == LAUNCHER
    ]
    asked = {
        event["args"].get("correlation")
        for event in events
        if event.get("cat") in ("cuda_runtime", "cuda_driver")
        and any(first <= float(event["ts"]) <= last for first, last in ranges)
    }
    launches: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event.get("cat") == "kernel" and event.get("args", {}).get("correlation") in asked:
            launches.setdefault(event["name"], []).append(event)
    return [_kernel(name, found, size) for name, found in launches.items()]


def _kernel(name: str, launches: list[dict[str, Any]], size: str) -> Profiled:
    middle = sorted(launches, key=lambda event: float(event["dur"]))[len(launches) // 2]
    told = middle.get("args", {})
    return Profiled(
        kernel=name,
        size=size,
        time_ms=float(middle["dur"]) / 1000,
        launches=len(launches),
        registers=int(told.get("registers per thread", 0)),
        shared_bytes=int(told.get("shared memory", 0)),
        occupancy=float(told.get("est. achieved occupancy %", 0)) / 100,
        grid=tuple(int(part) for part in told.get("grid", ())),
    )


def watched_from_outside(job: dict[str, Any]) -> None:
    """What another process looks at: one call between the marks that Nsight Compute waits for, or several in ranges of Nsight Systems."""
    sys.modules["quest_setup"] = types.ModuleType("quest_setup")  # the device is chosen already
    level = Level.from_row(job["level"])
    prepared = _prepared(level, Path(job["file"]), job["size"])
    call = prepared.call
    if job["tool"] == "ncu":
        torch.cuda.profiler.start()  # type: ignore[no-untyped-call]
        call()
        torch.cuda.synchronize()
        torch.cuda.profiler.stop()  # type: ignore[no-untyped-call]
        return
    rivals = _is_right(level, prepared)
    for name, each, times in ((LAUNCHER, call, CALLS), *((name, rival, 1) for name, rival in rivals.items())):
        for _ in range(times):
            with torch.cuda.nvtx.range(name):
                each()
        torch.cuda.synchronize()


if __name__ == "__main__":
    watched_from_outside(json.loads(sys.argv[1]))
