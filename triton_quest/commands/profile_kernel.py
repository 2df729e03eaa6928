"""Look at a level's kernel with a profiler: Nsight Compute where it is installed, else PyTorch's own."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from triton_quest.records.race import Profiled
from triton_quest.screen import profile_kernel as screen
from triton_quest.store import files

STEP_SECONDS = 300.0


def run(context: Context, level: Level | None, file: Path | None, size: str | None, as_json: bool) -> int:
    if not environment.can_use_gpu():
        sentence = "A profiler watches a kernel on a GPU, and there is none here. What your kernel becomes on one:"
        raise QuestError(sentence, Command("compile", level.number) if level else "compile")
    chosen = subject.choose(context, level, file, "profile")
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
    try:
        with _as_a_file(chosen) as path:
            words = nsight.command(chosen.level, path, size, report)
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=STEP_SECONDS, env=child_environ("gpu"), check=False
            )
    except subprocess.TimeoutExpired:
        raise QuestError(f"Nsight Compute was still busy after {STEP_SECONDS:.0f} seconds, and was stopped.") from None
    kernels = nsight.kernels_of(done.stdout.splitlines(), size or "")
    if not kernels:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "ERR" in line or "Error" in line]
        raise QuestError(
            f"Nsight Compute saw no kernel: {lines[-1].strip() if lines else 'it gives no reason'}", "doctor"
        )
    return kernels


@contextmanager
def _as_a_file(chosen: subject.LevelFile) -> Iterator[Path]:
    """The file itself; for a pipe, which was read, a file with its text: Nsight Compute starts a program that opens one."""
    if not files.is_stream(chosen.path):
        yield chosen.path
        return
    with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as file:
        file.write(chosen.text or "")
        file.flush()
        yield Path(file.name)


def _under_torch(
    context: Context, chosen: subject.LevelFile, size: str | None, report: Path, quiet: bool
) -> tuple[Sequence[Profiled], str]:
    job = chosen.job("profile", STEP_SECONDS, size=size, trace=str(report))
    ended = run_and_show(context.console, job, "starting Triton", quiet)
    return ended.all(Profiled), ended.failure.says if ended.failure else ended.detail.strip()
