"""What the parameters of the commands are, and what a shell that completes offers for them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rich_click as click

from triton_quest.commands.shared.context import Context
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS, find
from triton_quest.errors import QuestError, UnknownLevel
from triton_quest.store.records import LevelState, Status


class LevelName(click.ParamType[Level]):
    """A level by its number, slug or file name."""

    name = "level"

    def convert(self, value: Any, param: Any, ctx: Any) -> Level:
        if isinstance(value, Level):
            return value
        level = find(str(value))
        if level is None:
            raise UnknownLevel(f"There is no level “{value}”: the levels are 1 to {len(LEVELS)}.", "")
        return level

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem  # for a shell that completes, and for nobody else

        return [CompletionItem(str(level.number), help=said) for level, said in _offered(ctx, incomplete)]


class Numbers(click.ParamType[tuple[int, ...]]):
    """ "2,0": up to three numbers, in parentheses or without."""

    name = "numbers"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, ...]:
        parts = str(value).strip("() ").rstrip(",").split(",")
        if len(parts) > 3 or not all(part.strip().isdigit() for part in parts):
            self.fail(f"“{value}” are no program ids: they look like 2 or 2,0 or 2,0,1.", param, ctx)
        return tuple(map(int, parts))


class Seconds(click.ParamType[float]):
    """A limit of time: a number of seconds from 1 on."""

    name = "seconds"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not 1 <= seconds < math.inf:
            self.fail(f"“{value}” is no number of seconds from 1 on.", param, ctx)
        return seconds


class Folder(click.Path):
    """A path of which a shell offers the folders."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if not str(value).strip():
            self.fail("a folder needs a name; . is the current one.", param, ctx)
        return super().convert(value, param, ctx)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="dir")]


def _offered(ctx: Any, incomplete: str) -> Iterator[tuple[Level, str]]:
    """The levels that can be named here, with where the learner stands. Locked ones only where no lock counts."""
    standings = _standings(ctx.find_root().params.get("workspace"))
    no_locks = ctx.params.get("file") is not None or ctx.parent is not ctx.find_root()
    for level in LEVELS:
        standing = standings.get(level.slug, "")
        named = str(level.number).startswith(incomplete)
        if named and level.has_arrived and (no_locks or standing != Status.LOCKED.value):
            yield level, f"{level.title}{standing and ': '}{standing}"


def _standings(workspace: Path | None) -> dict[str, str]:
    """Each level's standing by its slug; nothing where there is no workspace to look into."""
    try:
        states = Context(workspace).progress.states()
    except QuestError:
        return {}
    return {state.level.slug: _standing(state) for state in states}


def _standing(state: LevelState) -> str:
    if not state.is_done:
        return state.status.value
    since = " and changed since" if state.status is Status.CHANGED else ""
    return f"passed with {state.stars} star{'s' * (state.stars != 1)}{since}"
