"""Look at a level's kernel with a profiler: Nsight Compute where it is installed, else PyTorch's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from triton_quest import environment, invocation
from triton_quest.commands.shared import subject
from triton_quest.commands.shared.context import NOT_YET, OK, Context, print_json
from triton_quest.commands.shared.waiting import run_and_show
from triton_quest.course.level import Level
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.parent import nsight
from triton_quest.parent.process import child_environ
from triton_quest.parent.runner import Job
from triton_quest.records.race import Profiled
from triton_quest.screen import profile_kernel as screen
from triton_quest.store.workspace import PACKAGE

STEP_SECONDS = 300.0


def run(context: Context, level: Level | None, file: Path | None, size: str | None, as_json: bool) -> int:
    if not environment.can_use_gpu():
        sentence = "A profiler watches a kernel on a GPU, and there is none here. What your kernel becomes on one:"
        raise QuestError(sentence, Command("compile", level.number) if level else "compile")
    chosen = subject.choose(context, level, file, "profile", interpreted=False)
    folder = context.workspace.root / ".quest" / "profiles"
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{chosen.level.slug}-{datetime.now():%Y-%m-%d_%H-%M-%S}"
    if nsight.is_here():
        report, by = stem.with_suffix(".ncu-rep"), "Nsight Compute"
        kernels, trouble = _under_nsight(chosen, size, report), ""
    else:
        report, by = stem.with_suffix(".json"), "PyTorch's profiler"
        kernels, trouble = _under_torch(context, chosen, size, report, as_json)
    if as_json:
        told = {"level": chosen.level.number, "slug": chosen.level.slug, "profiler": by, "trace": str(report)}
        print_json({"schema": 1, **told, "kernels": [asdict(one) for one in kernels], "says": trouble})
    elif trouble:
        context.console.print(trouble, style="bad", markup=False)
    else:
        context.show(screen.profiled(chosen.level, kernels, by, invocation.short_path(report), context.glyphs))
    return OK if kernels else NOT_YET


def _under_nsight(chosen: subject.LevelFile, size: str | None, report: Path) -> Sequence[Profiled]:
    """Raises QuestError where Nsight Compute can't read this GPU's counters."""
    words = nsight.command(chosen.level, chosen.path, size, report)
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=STEP_SECONDS, env=_environ(), check=False)
    except subprocess.TimeoutExpired:
        raise QuestError(f"Nsight Compute was still busy after {STEP_SECONDS:.0f} seconds, and was stopped.") from None
    kernels = nsight.kernels_of(done.stdout.splitlines(), size or "")
    if not kernels:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "ERR" in line or "Error" in line]
        raise QuestError(
            f"Nsight Compute saw no kernel: {lines[-1].strip() if lines else 'it gives no reason'}", "doctor"
        )
    return kernels


def _environ() -> dict[str, str]:
    """The child's, in which the program that Nsight Compute starts finds the quest."""
    environ = child_environ("gpu")
    path = [str(PACKAGE.parent), *filter(None, [environ.get("PYTHONPATH")])]
    return {**environ, "PYTHONPATH": os.pathsep.join(path)}


def _under_torch(
    context: Context, chosen: subject.LevelFile, size: str | None, report: Path, quiet: bool
) -> tuple[Sequence[Profiled], str]:
    asked = {"size": size, "trace": str(report)}
    job = Job(chosen.level, chosen.path, STEP_SECONDS, kind="profile", asked=asked)
    ended = run_and_show(context.console, job, "starting Triton", quiet)
    return ended.all(Profiled), ended.failure.says if ended.failure else ended.detail.strip()
