"""Runs a level's launcher under a profiler, at one size of its race. The child's half of `quest profile`.

As a job of the worker, under PyTorch's profiler: its trace is kept, and says of each kernel how long it took and what it
was launched with. Run as a program, for Nsight Compute to look at one call:

    ncu --profile-from-start off ... python -m triton_quest.child.measure.profile_kernel JOB
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from triton_quest.child.judge import code
from triton_quest.child.judge.given import drawn
from triton_quest.course import parts
from triton_quest.course.case import DTYPES, Draw, Race
from triton_quest.course.level import Level
from triton_quest.records import verdict as v
from triton_quest.records.race import Profiled

WARM_UP, CALLS = 3, 10
Send = Callable[[v.Record], None]


def run(level: Level, file: Path, send: Send, seconds: float, size: str | None = None, trace: str = "") -> v.Outcome:
    """Profile `CALLS` calls; a `Profiled` is sent for each kernel, and the trace is written to `trace`."""
    send(v.StageStarted("profile", "profiling your kernel", seconds))
    try:
        call, race = prepared(level, file, size)
    except code.Stopped as stopped:
        send(stopped.check)
        return stopped.check.outcome or v.Outcome.ERROR
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profiler:
        for _ in range(CALLS):
            call()
        torch.cuda.synchronize()
    profiler.export_chrome_trace(trace)
    for kernel in kernels_of(json.loads(Path(trace).read_text()), race.name):
        send(kernel)
    return v.Outcome.PASSED


def prepared(level: Level, file: Path, size: str | None) -> tuple[Callable[[], Any], Race]:
    """A call of the launcher at the size (by default the largest), warmed up. Raises Stopped for the learner's troubles."""
    races: tuple[Race, ...] = parts.part(level, "cases").RACES
    race = next((race for race in races if race.name == size), races[-1])
    launcher = code.bare_launcher(file, level)
    call = drawn(level, race, Draw(race.name, DTYPES[race.dtype], device="cuda")).timed(launcher)
    check = v.Check(name="your kernel runs", kind="gpu", state=v.State.PASSED)
    try:
        for _ in range(WARM_UP):
            call()
        torch.cuda.synchronize()
    except Exception as trouble:
        raise code.Stopped(code.explain(check, trouble, file, f"at {race.name}", v.Outcome.CRASH)) from trouble
    return call, race


def kernels_of(trace: dict[str, Any], size: str) -> list[Profiled]:
    """Each kernel of a trace in Chrome's format, in the order of its first launch: the median of its launches."""
    launches: dict[str, list[dict[str, Any]]] = {}
    for event in trace.get("traceEvents", ()):
        if event.get("cat") == "kernel":
            launches.setdefault(event["name"], []).append(event)
    found = []
    for name, events in launches.items():
        middle = sorted(events, key=lambda event: float(event["dur"]))[len(events) // 2]
        told = middle.get("args", {})
        found.append(
            Profiled(
                kernel=name,
                size=size,
                time_ms=float(middle["dur"]) / 1000,
                launches=len(events),
                registers=int(told.get("registers per thread", 0)),
                shared_bytes=int(told.get("shared memory", 0)),
                occupancy=float(told.get("est. achieved occupancy %", 0)) / 100,
                grid=tuple(int(part) for part in told.get("grid", ())),
            )
        )
    return found


def once(job: dict[str, Any]) -> None:
    """One call between the marks that Nsight Compute waits for."""
    sys.modules["quest_setup"] = types.ModuleType("quest_setup")  # the device is chosen already
    call, _ = prepared(Level.from_row(job["level"]), Path(job["file"]), job["size"])
    torch.cuda.profiler.start()  # type: ignore[no-untyped-call]
    call()
    torch.cuda.synchronize()
    torch.cuda.profiler.stop()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    once(json.loads(sys.argv[1]))
