"""The map beside the briefing: levels one below the other where there is room, else in one line. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Group, RenderableType
from rich.style import Style
from rich.text import Text

from triton_quest.course.level import Level
from triton_quest.progress.achievements import Award
from triton_quest.progress.experience import standing
from triton_quest.screen.achievements import rank
from triton_quest.screen.console import Glyphs
from triton_quest.screen.overview import STARS, level_map, mark_of, stars
from triton_quest.store.records import LevelState, Status


def side(states: Sequence[LevelState], awards: Sequence[Award], at: Level, g: Glyphs, width: int) -> RenderableType:
    """The map as `quest` shows it, narrow; the level that is looked at stands out. A click on a level looks at it."""
    looks = {state.level.number: _click(state) + Style(reverse=state.level == at) for state in states}
    heading = tally(states, g).append("\n").append_text(rank(standing(states, awards)))
    return Group(heading, Text(), level_map(states, g, width, looks, awards))


def strip(states: Sequence[LevelState], at: Level, g: Glyphs, width: int) -> Text:
    """ "1✓★★★ 2▶ 3○": every level, without stars and medals where there is no room for those, or those around the one looked at."""
    here = next((state for state in states if state.status is Status.OPEN), None)
    cells = [_cell(state, state is here, state.level == at, g) for state in states]
    if sum(cell.cell_len for cell in cells) + 2 + _tally_of_passes(states).cell_len > width:
        cells = [_cell(replace(state, stars=0, medal=""), state is here, state.level == at, g) for state in states]
    first, last = at.number - 1, at.number
    room = width - cells[first].cell_len
    while True:
        grown = False
        for place in (last, first - 1):
            if 0 <= place < len(cells) and (room := room - cells[place].cell_len) >= 0:
                first, last, grown = min(first, place), max(last, place + 1), True
        if not grown:
            break
    text = Text(no_wrap=True, overflow="crop").join(cells[first:last])
    for counted in (tally(states, g), _tally_of_passes(states)) if last - first == len(cells) else ():
        if text.cell_len + counted.cell_len + 2 <= width:
            return text.append(" " * (width - text.cell_len - counted.cell_len)).append_text(counted)
    return text


def tally(states: Sequence[LevelState], g: Glyphs) -> Text:
    """ "2 of 8 passed  5 of 24 ★" """
    text = _tally_of_passes(states).append(
        f"  {sum(state.stars for state in states)} of {STARS * len(states)} ", "soft"
    )
    return text.append(g.star, "star")


def _tally_of_passes(states: Sequence[LevelState]) -> Text:
    passed = sum(state.is_done for state in states)
    return Text().append(f"{passed} of {len(states)} passed", "good" if passed else "")


def _cell(state: LevelState, is_here: bool, is_looked_at: bool, g: Glyphs) -> Text:
    text = Text(f" {state.level.number}", "bold").append_text(mark_of(state, is_here, g))
    if state.stars:
        text.append_text(stars(state.stars, g))
    text.append(f"{state.medal[:1]} " if state.medal else " ", "bold")
    text.stylize(_click(state) + Style(reverse=is_looked_at))
    return text


def _click(state: LevelState) -> Style:
    return Style(meta={"@click": f"screen.look_at({state.level.number})"})
