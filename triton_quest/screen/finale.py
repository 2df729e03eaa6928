"""The end of an act: what was built, what it took, and what comes after. Shown when the act's last level is passed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from triton_quest.course.level import Level
from triton_quest.course.table import Act
from triton_quest.screen.console import Glyphs
from triton_quest.screen.overview import STARS, stars
from triton_quest.store.records import LevelState, Statistics, Status


@dataclass(frozen=True)
class EndOfAct:
    """What there is to say at the end of an act. `states`: of its levels; `following`: the levels of the act after it.

    `changed`: its levels that fail now, with the first cause of each.
    """

    act: Act
    states: tuple[LevelState, ...]
    changed: tuple[tuple[Level, str], ...]
    following: tuple[Level, ...] = ()

    @property
    def title(self) -> str:
        """What was finished: the quest, or a part of it."""
        return f"{self.act.title} of the Triton Attention Quest" if self.following else "the Triton Attention Quest"


def finale(end: EndOfAct, statistics: Statistics, g: Glyphs) -> RenderableType:
    """Every level with its stars, those that fail by now with the reason, the statistics and the way on."""
    states, changed = end.states, end.changed
    earned = sum(state.stars for state in states)
    heading = Text(f"{g.star} You finished {end.title} {g.star}", "good.heading")
    parts: list[RenderableType] = [heading, Text(end.act.built), Text(), _levels(states, g), Text()]
    parts.append(Text(f"{earned} of {STARS * len(states)} {g.star}   {_took(statistics)}"))
    if changed:
        parts += [Text(), Text("All levels were judged once more. Changed since you passed, and still passed:", "star")]
        parts += [Text(f"  level {level.number}, {level.title}: {says}") for level, says in changed]
    else:
        parts.append(Text("All levels were judged once more, and every one still passes.", "good"))
    return Group(*parts, Text(), *_after(end, g))


def _after(end: EndOfAct, g: Glyphs) -> Iterator[Text]:
    """The levels of the next act; after the last one, what is yet to be taught."""
    if end.following:
        yield Text("What comes next:", "soft")
        yield from (Text(f"  {level.number}. {level.title}: {level.teaches}", "soft") for level in end.following)
    elif end.act.later:
        yield Text(
            f"What comes after {end.states[-1].level.title}, and later versions of the quest will teach:", "soft"
        )
        yield from (Text(f"  {g.skipped} {what}", "soft") for what in end.act.later)


def _levels(states: Sequence[LevelState], g: Glyphs) -> Table:
    grid = Table.grid(padding=(0, 2))
    for state in states:
        mark = Text(g.passed, "good" if state.status is Status.PASSED else "star")
        tries = Text(_count(state.attempts, "attempt"), "soft")
        grid.add_row(mark, Text(state.level.title), stars(state.stars, g), tries)
    return grid


def _took(statistics: Statistics) -> str:
    parts = [_count(statistics.attempts, "attempt"), _count(statistics.hints, "hint")]
    if statistics.solutions_seen:
        parts.append(f"{_count(statistics.solutions_seen, 'solution')} looked at before the pass")
    if statistics.first and statistics.last:
        first, last = statistics.first[:10], statistics.last[:10]
        parts.append("in one day" if first == last else f"in {statistics.days} days ({first} to {last})")
    return ", ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
