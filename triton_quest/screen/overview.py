"""The map: every level, what it teaches, where the learner stands, and the next command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from rich.console import Group, RenderableType
from rich.style import StyleType
from rich.table import Table
from rich.text import Text

from triton_quest.course.table import act_of, by_act
from triton_quest.progress.achievements import Award
from triton_quest.progress.experience import standing
from triton_quest.screen.achievements import rank
from triton_quest.screen.console import ASCII, Glyphs
from triton_quest.screen.messages import next_step
from triton_quest.store.records import LevelState, Status

STARS = 3
BESIDE = "   "
NARROWEST = 16  # columns: with less room than this the map drops what each level teaches

NO_LOOKS: Mapping[int, StyleType] = {}
MEDALS = {"gold": "star", "silver": "bold", "bronze": "place"}
SAID = {
    Status.LOCKED: ("locked", "soft"),
    Status.OPEN: ("open", "bold cyan"),
    Status.PASSED: ("", "good"),
    Status.CHANGED: ("changed since", "star"),
    Status.AHEAD: ("lies ahead", "soft"),
}


def overview(
    states: Sequence[LevelState],
    next_command: str,
    sentence: str,
    g: Glyphs,
    width: int,
    remark: RenderableType | None = None,
    awards: Sequence[Award] = (),
) -> RenderableType:
    """The whole map with its heading, a remark if there is one, and the next step."""
    said = [remark, Text()] if remark is not None else []
    step = next_step(sentence, next_command, g)
    levels = level_map(states, g, width, awards=awards)
    return Group(_heading(states, awards, g, width), Text(), levels, Text(), *said, step)


def _heading(states: Sequence[LevelState], awards: Sequence[Award], g: Glyphs, width: int) -> Text:
    """The title, and under it what was reached so far, with the rank beside it where that fits."""
    passed = sum(state.is_done for state in states)
    stars = sum(state.stars for state in states)
    title = Text("Triton Attention Quest", "heading")
    title.append("   from x + y to Flash Attention\n", "soft")
    text = Text().append(f"{passed} of {len(states)} levels passed", "good" if passed else "")
    text.append(f"   {stars} of {STARS * len(states)} ", "soft").append(g.star, "star")
    if awards:
        text.append(f"   {len(awards)} ", "soft").append(g.badge, "place")
    reached = rank(standing(states, awards))
    fits = text.cell_len + len(BESIDE) + reached.cell_len <= width
    return title.append_text(text).append(BESIDE if fits else "\n").append_text(reached)


def level_map(
    states: Sequence[LevelState],
    g: Glyphs,
    width: int,
    looks: Mapping[int, StyleType] = NO_LOOKS,
    awards: Sequence[Award] = (),
) -> RenderableType:
    """The levels, a row each: with the path between them, or act by act where there are several.

    `looks`: the style of a level's row, by its number. Several acts leave no lines for a path: 14 levels fit into 24 lines.
    """
    acts = [
        [state for state in states if state.level in act] for act in by_act(state.level for state in states).values()
    ]
    if len(acts) == 1:
        return _rows(states, states, g, width, looks, awards)
    parts: list[RenderableType] = []
    for act in acts:
        about, rows = act_of(act[0].level), _rows(act, states, g, width, looks, awards)
        heading = Text(about.title, "heading", no_wrap=True, overflow=_cut(g))
        parts += [*([Text()] if parts else []), heading.append(f"   {about.about}", "soft"), rows]
    return Group(*parts)


def _cut(g: Glyphs) -> Literal["crop", "ellipsis"]:
    """How a line ends that is too long: an ellipsis is no sign of ASCII's."""
    return "crop" if g.is_ascii else "ellipsis"


def _rows(
    shown: Sequence[LevelState],
    states: Sequence[LevelState],
    g: Glyphs,
    width: int,
    looks: Mapping[int, StyleType],
    awards: Sequence[Award],
) -> Table:
    """A table of the levels in `shown`; its columns are as wide as those of all `states` together."""
    badges = Counter(award.level.slug for award in awards if award.level)
    numbers, titles = len(str(len(states))), max(len(state.level.title) for state in states)
    standings = max(len(_standing(state, badges, True, ASCII)) for state in states)
    room = width - (numbers + 1 + titles + standings + 4 * 2)  # for what each level teaches
    wide = room >= NARROWEST
    if not wide:
        standings = max(len(_standing(state, badges, False, ASCII)) for state in states)
        titles = min(titles, max(1, width - (numbers + 1 + standings + 3)))
    grid = Table.grid(padding=(0, 2 if wide else 1))
    is_whole = len(shown) == len(states)
    for least in (numbers, 1, titles, standings):
        first = not grid.columns
        grid.add_column(
            justify="right" if first else "left",
            no_wrap=True,
            overflow=_cut(g),
            min_width=None if is_whole else least,
            max_width=least,
        )
    if wide:
        grid.add_column(no_wrap=True, overflow=_cut(g), max_width=room)
    here = next((state for state in states if state.status is Status.OPEN), None)
    for state in shown:
        grid.add_row(*_row(state, badges, state is here, g, wide), style=looks.get(state.level.number))
        if is_whole and state is not states[-1]:
            ahead = not state.is_done
            grid.add_row("", Text(g.path_ahead if ahead else g.path, "soft" if ahead else "good"))
    return grid


def _row(state: LevelState, badges: Mapping[str, int], is_here: bool, g: Glyphs, wide: bool) -> list[RenderableType]:
    level = state.level
    mark = mark_of(state, is_here, g)
    faint = state.status in (Status.LOCKED, Status.AHEAD)
    title = Text(level.title, "soft" if faint else ("bold" if is_here else ""))
    number = Text(str(level.number), "soft" if faint else "bold")
    row: list[RenderableType] = [number, mark, title, _standing(state, badges, wide, g)]
    return [*row, Text(level.teaches, "soft")] if wide else row


def mark_of(state: LevelState, is_here: bool, g: Glyphs) -> Text:
    """The sign of where a level stands; `is_here`: it is the one to play now."""
    return {
        Status.LOCKED: Text(g.locked, "soft"),
        Status.OPEN: Text(g.open if is_here else g.locked, "bold cyan"),
        Status.PASSED: Text(g.passed, "good"),
        Status.CHANGED: Text(g.passed, "star"),
        Status.AHEAD: Text(g.ahead, "soft"),
    }[state.status]


def _standing(state: LevelState, badges: Mapping[str, int], wide: bool, g: Glyphs) -> Text:
    """ "★★☆ gold ◆3", "★★☆ gold changed since" """
    said, style = SAID[state.status]
    if state.status is Status.CHANGED and not wide:
        return Text("changed", style)
    parts = [stars(state.stars, g)] if state.is_done else []
    parts += [Text(state.medal, MEDALS[state.medal])] if state.medal else []
    count = badges.get(state.level.slug) if not said else 0
    parts += [Text(f"{g.badge}{count}", "place")] if count else []
    return Text(" ").join([*parts, *([Text(said, style)] if said else [])])


def stars(count: int, g: Glyphs) -> Text:
    """ "★★☆" """
    text = Text(g.star * count, "star")
    text.append(g.no_star * (STARS - count), "soft")
    return text
