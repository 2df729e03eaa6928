"""Achievements: what was just earned, in a line each, and all of them with what the open ones ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from triton_quest.course.table import LEVELS, name_of_act
from triton_quest.progress.achievements import ACHIEVEMENTS, Achievement, Award
from triton_quest.progress.experience import MEDALS, PASS, STAR, Standing
from triton_quest.screen.console import Glyphs
from triton_quest.screen.messages import next_step

NARROWEST = 72  # columns: with less room an achievement is a paragraph
AT_ONCE = 3  # achievements that are told in a line each; what is more is told together


def announcement(awards: Sequence[Award], command: str, g: Glyphs) -> RenderableType:
    """What was just earned. `command` lists all of them."""
    if len(awards) <= AT_ONCE:
        return Group(*(line(award, g) for award in awards))
    xp = sum(award.achievement.xp for award in awards)
    heading = Text().append(f"{g.badge} ", "place").append(f"{len(awards)} achievements", "heading")
    heading.append(f"   +{xp} XP", "soft")
    groups = [list(group) for _, group in groupby(awards, lambda award: award.achievement.title)]
    lines = (Text(f"{group[0].achievement.title}{_places(group)}") for group in groups)
    return Group(heading, *(Padding(line, (0, 0, 0, 2)) for line in lines), next_step("All of them:", command, g))


def line(award: Award, g: Glyphs) -> Text:
    """ "◆ First launch, level 3: the first finished version passed   +10 XP" """
    heading = f"{award.achievement.title}{_places([award])}"
    text = Text().append(f"{g.badge} ", "place").append(heading, "heading")
    return text.append(f": {award.achievement.says}").append(f"   +{award.achievement.xp} XP", "soft")


def _places(awards: Sequence[Award]) -> str:
    """ ", levels 1, 2, 5"; of what was earned for an act ", Act I", where there are several."""
    numbers = [str(number) for number in sorted(award.level.number for award in awards if award.level)]
    acts = [name_of_act(number) for number in sorted(award.act for award in awards if award.act)]
    levels = [f"{'level' if len(numbers) == 1 else 'levels'} {', '.join(numbers)}"] if numbers else []
    return "".join(f", {place}" for place in [*levels, *filter(None, acts)])


def rank(standing: Standing) -> Text:
    """ "Warp, 180 XP, 220 to Block" """
    text = Text().append(standing.rank.name, "place").append(f", {standing.xp} XP", "soft")
    return text.append(f", {standing.missing} to {standing.next.name}", "soft") if standing.next else text


def listing(awards: Sequence[Award], standing: Standing, g: Glyphs, width: int) -> RenderableType:
    """All achievements: those that were earned, with their dates and levels, then those that are open."""
    earned = {one: [award for award in awards if award.achievement is one] for one in ACHIEVEMENTS}
    parts: list[RenderableType] = [Text("Your achievements   ", "heading").append_text(rank(standing))]
    for heading, rows in (
        ("Earned", [(one, found) for one, found in earned.items() if found]),
        ("Open", [(one, found) for one, found in earned.items() if not found and not one.needs_gpu]),
        ("Open, on a GPU", [(one, found) for one, found in earned.items() if not found and one.needs_gpu]),
    ):
        if rows:
            parts += [Text(), Text(heading, "heading"), *_rows(rows, g, width)]
    bronze, silver, gold = (xp for medal, xp in MEDALS.items() if medal)
    worth = f"XP: {PASS} a level, {STAR} a star, {bronze}, {silver} or {gold} a medal, and these; never for time."
    return Group(*parts, Text(), Text(worth, "soft"))


def _rows(rows: Sequence[tuple[Achievement, Sequence[Award]]], g: Glyphs, width: int) -> Iterator[RenderableType]:
    """A table where there is room for one, else a paragraph each."""
    titles = max(len(one.title) for one in ACHIEVEMENTS)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for column in (1, titles):
        grid.add_column(no_wrap=True, width=column)
    grid.add_column(min_width=max(len(one.says) for one in ACHIEVEMENTS))
    grid.add_column(no_wrap=True)
    for one, awards in rows:
        mark = Text(g.badge, "place") if awards else Text(g.locked, "soft")
        title, told, xp = Text(one.title, "heading" if awards else ""), _told(one, awards), Text(_worth(one), "soft")
        if width >= NARROWEST:
            grid.add_row(mark, title, told, xp)
        else:
            yield Text(" ").join([mark, title, xp])
            yield Padding(told, (0, 0, 0, 2))
    if grid.rows:
        yield grid


def _told(one: Achievement, awards: Sequence[Award]) -> Text:
    """What it is for, and below where it can be earned, if not everywhere, when it was, and where."""
    text = Text(one.says, "" if awards else "soft")
    if one.measured:
        numbers = ", ".join(str(level.number) for level in LEVELS if one.slug in level.feats)
        text.append(f"\nat levels {numbers}", "soft")
    for date, group in groupby(awards, lambda award: award.at[:10]):
        text.append(f"\n{date}{_places(list(group))}", "good")
    return text


def _worth(one: Achievement) -> str:
    if one.each_level:
        return f"{one.xp} XP a level"
    return f"{one.xp} XP an act" if one.whole and name_of_act(1) else f"{one.xp} XP"
