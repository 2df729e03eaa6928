"""Look at a level's kernel with a profiler: the best that is here, or the one that `--with` names."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from rich.text import Text

from triton_quest import environment, invocation
from triton_quest.commands.shared import pictures, subject
from triton_quest.commands.shared.context import NOT_YET, OK, Context, print_json
from triton_quest.commands.shared.waiting import run_and_show
from triton_quest.course.level import Level
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.parent import nsight_compute, nsight_systems, profilers, proton, torch_trace
from triton_quest.parent.profilers import Profiler
from triton_quest.parent.runner import Ending
from triton_quest.records.profiling import Event, KeptProfile, Profiled, Scope, Workload
from triton_quest.report import timeline
from triton_quest.report.profile_changes import changes
from triton_quest.screen import profile_kernel as screen
from triton_quest.screen import profile_page
from triton_quest.store import files, profiles

STEP_SECONDS = 300.0


@dataclass(frozen=True)
class _Seen:
    """What a profiler saw: of these, what it looks at."""

    kernels: Sequence[Profiled] = ()
    events: Sequence[Event] = ()
    scopes: Sequence[Scope] = ()


def run(
    context: Context,
    level: Level | None,
    file: Path | None,
    size: str | None,
    tool: str | None,
    html: Path | None,
    as_json: bool,
) -> int:
    if not environment.can_use_gpu():
        sentence = "A profiler watches a kernel on a GPU, and there is none here. What your kernel becomes on one:"
        raise QuestError(sentence, Command("compile", level.number) if level else "compile")
    chosen = subject.choose(context, level, file, "profile")
    if html is not None:
        pictures.require_page(html, f"profile {chosen.level.number}")
    profiler = profilers.chosen(tool, chosen.level.number)
    folder, now = context.workspace.root / ".quest" / "profiles", f"{datetime.now():%Y-%m-%d_%H-%M-%S}"
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{chosen.level.slug}-{now}"
    report = stem.with_name(stem.name + profiler.suffix)
    job = chosen.job("profile", STEP_SECONDS, size=size, trace=str(report), tool=profiler.name)
    ended = run_and_show(context.console, job, "starting Triton", as_json)
    workload = next(iter(ended.all(Workload)), None)
    if workload is None or ended.failure is not None:
        return _refused(context, chosen, profiler, ended, as_json)
    seen = _looked(chosen, profiler, workload.size, report, ended)
    profile = KeptProfile(
        now, profiler.name, workload, tuple(seen.kernels), timeline.figures(seen.events), tuple(seen.scopes)
    )
    earlier = profiles.before(folder, chosen.level.slug, profile)
    profiles.keep(stem, profile)
    changed = changes(earlier, profile, context.glyphs.arrow) if earlier is not None else []
    if html is not None:
        page = profile_page.render(chosen.level, profile, profiler.title, seen.events, changed)
        files.write_atomically(html, page)
    if as_json:
        told = {**_head(chosen, profiler), "trace": str(report), "page": str(html) if html else None}
        found = {name: value for name, value in asdict(profile).items() if name not in ("when", "tool")}
        print_json({**told, **found, "changes": changed, "says": " ".join(screen.says(profile))})
    else:
        shown = invocation.short_path(report)
        context.show(screen.profiled(chosen.level, profile, profiler.title, shown, changed, context.glyphs))
        if html is not None:
            context.show(Text("The page: ", no_wrap=True).append(invocation.short_path(html), "place"))
    return OK


def _head(chosen: subject.LevelFile, profiler: Profiler) -> dict[str, object]:
    return {"schema": 1, "level": chosen.level.number, "slug": chosen.level.slug, "profiler": profiler.title}


def _refused(context: Context, chosen: subject.LevelFile, profiler: Profiler, ended: Ending, as_json: bool) -> int:
    """The learner's own trouble, before anything was profiled."""
    trouble = ended.failure.says if ended.failure else ended.detail.strip()
    if as_json:
        print_json({**_head(chosen, profiler), "trace": None, "kernels": [], "says": trouble})
    else:
        context.console.print(trouble, style="bad", markup=False)
        context.next("What is wrong:", Command("check", chosen.level.number))
    return NOT_YET


def _looked(chosen: subject.LevelFile, profiler: Profiler, size: str, report: Path, ended: Ending) -> _Seen:
    """What the profiler saw. Raises QuestError where it can't look, or what it wrote can't be read."""
    number = chosen.level.number
    if profiler.name == "ncu":
        return _Seen(kernels=_under_nsight_compute(chosen, size, report))
    if profiler.name == "nsys":
        return _Seen(events=_under_nsight_systems(chosen, size, report))
    profilers.require_readable(report, profiler.title, number)
    try:
        if profiler.name == "proton":
            return _Seen(scopes=proton.scopes_of(report))
        return _Seen(kernels=ended.all(Profiled), events=torch_trace.events_of(report))
    except ValueError as trouble:
        raise QuestError(f"What {profiler.title} wrote can't be read: {trouble}. It is kept in {report}.") from None


def _under_nsight_compute(chosen: subject.LevelFile, size: str, report: Path) -> Sequence[Profiled]:
    with _as_a_file(chosen) as path:
        done = profilers.run_tool(
            nsight_compute.command(chosen.level, path, size, report), "Nsight Compute", STEP_SECONDS
        )
    said = done.stdout + done.stderr
    kernels = nsight_compute.kernels_of(done.stdout.splitlines(), size)
    if nsight_compute.NO_PERMISSION in said:
        raise QuestError(
            "The NVIDIA driver lets only administrators read the GPU's counters. Run this as root, or give the "
            "kernel module nvidia the option "
            "NVreg_RestrictProfilingToAdminUsers=0 and restart. Without counters:",
            Command("profile", chosen.level.number, "--with torch"),
        )
    if not kernels:
        lines = [line for line in said.splitlines() if "ERR" in line or "Error" in line]
        reason = lines[-1].strip() if lines else "it gives no reason"
        raise QuestError(
            f"Nsight Compute saw no kernel: {reason}", Command("profile", chosen.level.number, "--with torch")
        )
    return kernels


def _under_nsight_systems(chosen: subject.LevelFile, size: str, report: Path) -> Sequence[Event]:
    title, other = "Nsight Systems", Command("profile", chosen.level.number, "--with torch")
    with _as_a_file(chosen) as path:
        done = profilers.run_tool(nsight_systems.command(chosen.level, path, size, report), title, STEP_SECONDS)
    raw = next((file for file in (report, report.with_suffix(".qdstrm")) if file.exists()), None)
    if raw is None:
        reason = (done.stderr.strip().splitlines() or ["it gives no reason"])[-1]
        raise QuestError(f"Nsight Systems left no report: {reason}. Instead:", other)
    database = report.with_suffix(".sqlite")
    made = profilers.run_tool(nsight_systems.export_command(raw, database), title, STEP_SECONDS)
    if not database.exists():
        reason = (made.stderr.strip().splitlines() or ["it gives no reason"])[-1]
        raise QuestError(
            f"Nsight Systems can't export its report here: {reason}. The report is kept in {raw}: open it in "
            f"Nsight Systems' window, on another "
            "machine too. Instead:",
            other,
        )
    profilers.require_readable(database, title, chosen.level.number)
    try:
        return nsight_systems.events_of(database)
    except (ValueError, sqlite3.Error) as trouble:
        raise QuestError(
            f"What {title} exported can't be read: {trouble}. The report is kept in {raw}.", other
        ) from None


@contextmanager
def _as_a_file(chosen: subject.LevelFile) -> Iterator[Path]:
    """The file itself; for a pipe, which was read, a file with its text: the tools start a program that opens one."""
    if not files.is_stream(chosen.path):
        yield chosen.path
        return
    with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as file:
        file.write(chosen.text or "")
        file.flush()
        yield Path(file.name)
