"""The end of the game: what was built, what it took, and what comes after. Shown when the last level is passed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from triton_quest.course.level import Level
from triton_quest.screen.console import Glyphs
from triton_quest.screen.overview import STARS, stars
from triton_quest.store.records import LevelState, Statistics, Status

BUILT = "From x + y to causal Flash Attention: eight kernels, each of them yours."
AFTER = (
    "the backward pass: the same tiles, walked through once more for the gradients",
    "autotuning: letting Triton choose tiles, warps and stages",
    "several query heads on one key head (MQA, GQA)",
    "profiling: finding out what a kernel waits for",
)


def finale(
    states: Sequence[LevelState], changed: Sequence[tuple[Level, str]], statistics: Statistics, g: Glyphs
) -> RenderableType:
    """Every level with its stars, those that fail by now with the reason, the statistics and the way on."""
    earned = sum(state.stars for state in states)
    heading = Text(f"{g.star} You finished the Triton Attention Quest {g.star}", "good.heading")
    parts: list[RenderableType] = [heading, Text(BUILT), Text(), _levels(states, g), Text()]
    parts.append(Text(f"{earned} of {STARS * len(states)} {g.star}   {_took(statistics)}"))
    if changed:
        parts += [Text(), Text("All levels were judged once more. Changed since you passed, and still passed:", "star")]
        parts += [Text(f"  level {level.number}, {level.title}: {says}") for level, says in changed]
    else:
        parts.append(Text("All levels were judged once more, and every one still passes.", "good"))
    parts += [Text(), Text("What comes after Flash Attention, and later versions of the quest will teach:", "soft")]
    parts += [Text(f"  {g.skipped} {what}", "soft") for what in AFTER]
    return Group(*parts)


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
