"""Race kernels against PyTorch on the GPU: `benchmark` where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from triton_quest.commands.shared.context import Context
from triton_quest.course.level import Level
from triton_quest.parent.runner import Cancelled, Ending, Job, OnRecord, run
from triton_quest.records import verdict as v
from triton_quest.records.race import Ceilings, ConfigTiming, DidNotRun, Lineup, Timing
from triton_quest.report import race as race_report
from triton_quest.screen import configs as config_screen
from triton_quest.screen import race as screen
from triton_quest.screen.console import Glyphs

STEP_SECONDS = 300.0  # a size with all its rivals, compiling included


@dataclass
class RaceResult:
    """What one level's race came to, as far as it got."""

    level: Level
    ceilings: Ceilings | None = None
    timings: list[Timing] = field(default_factory=list)
    absent: list[DidNotRun] = field(default_factory=list)
    configs: list[ConfigTiming] = field(default_factory=list)  # of a tuned kernel
    failure: str = ""  # why it ended early

    @property
    def standings(self) -> tuple[race_report.RaceStanding, ...]:
        return race_report.standings(self.timings, self.ceilings) if self.ceilings else ()

    @property
    def ratio(self) -> float | None:
        return race_report.overall(self.standings)

    @property
    def medal(self) -> race_report.Medal | None:
        return race_report.medal(self.level, self.ratio)

    def take(self, record: v.Record) -> None:
        if isinstance(record, Ceilings):
            self.ceilings = record
        elif isinstance(record, Timing):
            self.timings.append(record)
        elif isinstance(record, DidNotRun):
            self.absent.append(record)
        elif isinstance(record, ConfigTiming):
            self.configs.append(record)

    def as_json(self) -> dict[str, Any]:
        return {
            "level": self.level.number,
            "slug": self.level.slug,
            "ratio": self.ratio,
            "medal": self.medal.value if self.medal else None,
            "says": self.failure or race_report.lesson(self.standings),
            "sizes": [
                {
                    "size": one.size,
                    "bound": one.bound.value,
                    "share_of_bound": one.share,
                    "ratio": one.ratio,
                    "best": one.best.contender if one.best else None,
                }
                for one in self.standings
            ],
            "timings": [{**asdict(one), "tflops": one.tflops, "gbs": one.gbs} for one in self.timings],
            "left_out": [asdict(one) for one in self.absent],
            "configs": [
                {**asdict(one), "constants": dict(one.constants), "tflops": one.tflops} for one in self.configs
            ],
        }


def race(
    context: Context, jobs: Sequence[Job], quiet: bool, run: Callable[[Job, OnRecord], Ending] = run
) -> tuple[list[RaceResult], bool]:
    """Run each race; Ctrl-C ends it and keeps what was measured. The races, and whether all were run."""
    races: list[RaceResult] = []
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=context.console,
    )
    shown = bar if not quiet and context.console.is_terminal else None
    try:
        with shown or nullcontext():
            for job in jobs:
                races.append(RaceResult(job.level))
                _run(races[-1], job, shown, run)
    except (KeyboardInterrupt, Cancelled):
        return races, False
    return races, True


def _run(race: RaceResult, job: Job, bar: Progress | None, run: Callable[[Job, OnRecord], Ending]) -> None:
    task = bar.add_task(race.level.title, total=None) if bar else None

    def tell(record: v.Record) -> None:
        race.take(record)
        if bar is None or task is None:
            return
        if isinstance(record, Lineup):
            bar.update(task, total=len(record.sizes) + 1)
        elif isinstance(record, v.StageStarted):
            bar.update(task, description=record.says, advance=int(record.stage in ("race", "ceilings")))

    ended = run(job, tell)
    if ended.failure is not None:
        race.failure = ended.failure.says
    elif ended.outcome is not v.Outcome.PASSED:
        race.failure = ended.detail.strip()


def keep(context: Context, races: Sequence[RaceResult]) -> None:
    """What was measured goes into the history, so that a kernel is seen getting faster."""
    for race in races:
        if race.ceilings and race.timings:
            medal = race.medal.value if race.medal else ""
            context.progress.record_speed(race.level, race.ceilings.gpu, race.ratio, medal, race.as_json())


def as_json(races: Sequence[RaceResult], is_complete: bool, picture: Path | None) -> dict[str, Any]:
    """One object with every race, and what the GPU can do."""
    ceilings = next((race.ceilings for race in races if race.ceilings), None)
    return {
        "schema": v.SCHEMA,
        "complete": is_complete,
        "ceilings": asdict(ceilings) if ceilings else None,
        "levels": [race.as_json() for race in races],
        "picture": str(picture) if picture else None,
    }


def show(context: Context, races: Sequence[RaceResult]) -> None:
    context.show(report(races, context.glyphs))


def report(races: Sequence[RaceResult], g: Glyphs) -> RenderableType:
    """The tables, under what the GPU can do."""
    first = next((race.ceilings for race in races if race.ceilings), None)
    parts: list[RenderableType] = [screen.machine(first)] if first is not None else []
    for race in races:
        found = race.standings
        lesson = race_report.lesson(found) if found else ""
        parts += [Text(), screen.race(race.level, race.timings, race.absent, found, race.medal, race.ratio, lesson, g)]
        parts += config_screen.raced(race.configs, g)
        if race.failure:
            parts.append(Text(race.failure, "bad"))
    return Group(*parts)
