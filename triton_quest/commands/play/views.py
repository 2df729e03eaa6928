"""What the live session shows of a level's kernels: the work of the commands of that name, drawn for any width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from rich.console import Group, RenderableType

from triton_quest import environment
from triton_quest.commands import benchmark, show, traffic
from triton_quest.commands import compile as compile_command
from triton_quest.commands.shared import race, subject
from triton_quest.commands.shared.context import Context
from triton_quest.commands.show_errors import ErrorsShown
from triton_quest.course.level import Level
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.machine.targets import USUAL
from triton_quest.parent import runner
from triton_quest.parent.runner import Ending, Job, OnRecord, Start
from triton_quest.records import verdict as v
from triton_quest.screen import compile as compile_screen
from triton_quest.screen.fitted import Fitted

Run = Callable[[Job, OnRecord, Event], Ending]  # raises Cancelled once the event is set

COUNTING_SECONDS = 60.0
NO_RACE = (
    "There is no GPU here, and times from Triton's interpreter say nothing about a kernel's speed. "
    "What a GPU would have to move and compute instead:"
)


def cold(job: Job, tell: OnRecord, cancelled: Event) -> Ending:
    """Run the job in a process of its own: a long job must not occupy the pre-forked child that the next save needs."""
    return runner.run(job, tell, is_cancelled=cancelled.is_set)


@dataclass(frozen=True)
class Asked:
    """A request for a view of a level. `tell` receives the child's records, `cancelled` ends the work early, `run` runs short jobs."""

    context: Context
    level: Level
    tell: OnRecord
    cancelled: Event
    run: Run


@dataclass(frozen=True)
class Seen:
    """A view that was made, and the records from which achievements may follow."""

    drawn: RenderableType
    measured: tuple[v.Record, ...] = ()


def see_traffic(asked: Asked) -> Seen:
    def count(job: Job, first: str, start: Start) -> Ending:
        return runner.run(job, asked.tell, start, asked.cancelled.is_set)

    counted = traffic.count(asked.context, asked.level, None, COUNTING_SECONDS, count)
    drawn = Fitted(lambda width: traffic.report(counted, width, asked.context.glyphs))
    return Seen(drawn, _measured(counted.ended))


def see_compiled(asked: Asked) -> Seen:
    chosen = subject.choose(asked.context, asked.level, None, "compile")
    ended = cold(compile_command.job_for(chosen), asked.tell, asked.cancelled)
    return Seen(
        compile_screen.report(compile_command.report(asked.level, USUAL, ended), asked.context.glyphs), _measured(ended)
    )


def see_race(asked: Asked) -> Seen:
    if not environment.can_use_gpu():
        raise QuestError(NO_RACE, Command("traffic", asked.level.number))

    def timed(job: Job, take: OnRecord) -> Ending:
        def hear(record: v.Record) -> None:
            take(record)
            asked.tell(record)

        return cold(job, hear, asked.cancelled)

    races, _ = race.race(asked.context, benchmark.chosen(asked.context, asked.level, None), quiet=True, run=timed)
    race.keep(asked.context, races)
    return Seen(race.report(races, asked.context.glyphs))


def see_errors(asked: Asked) -> Seen:
    chosen, g = subject.choose(asked.context, asked.level, None, "show"), asked.context.glyphs
    ended = asked.run(show.job_for(chosen, errors=True), asked.tell, asked.cancelled)
    found, said = ErrorsShown(chosen, ended), show.ending(ended, g)
    drawn = Fitted(lambda width: found.drawn(width, g))
    return Seen(Group(drawn, said) if said is not None and not found.can_be_drawn else drawn)


def _measured(ended: Ending | None) -> tuple[v.Record, ...]:
    return ended.records if ended is not None and ended.outcome is v.Outcome.PASSED else ()


VIEWS: dict[str, Callable[[Asked], Seen]] = {
    "traffic": see_traffic,
    "compile": see_compiled,
    "race": see_race,
    "errors": see_errors,
}
