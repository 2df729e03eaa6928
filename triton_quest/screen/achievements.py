"""Achievements: what was just earned, in a line each, and all of them with what the open ones ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from triton_quest.achievements import ACHIEVEMENTS, Achievement, Award
from triton_quest.experience import MEDALS, PASS, STAR, Standing
from triton_quest.screen.console import Glyphs
from triton_quest.screen.messages import next_step

AT_ONCE = 3  # achievements that are told in a line each; what is more is told together


def announcement(awards: Sequence[Award], command: str, g: Glyphs) -> RenderableType:
    """What was just earned. `command` lists all of them."""
    if len(awards) <= AT_ONCE:
        return Group(*(_line(award, g) for award in awards))
    xp = sum(award.achievement.xp for award in awards)
    heading = Text().append(f"{g.badge} ", "place").append(f"{len(awards)} achievements", "heading")
    heading.append(f"   +{xp} XP", "soft")
    told = [_with_levels(list(group)) for _, group in groupby(awards, lambda award: award.achievement.slug)]
    return Group(
        heading, Padding(Text(", ".join(told) + "."), (0, 0, 0, 2)), next_step("What each is for:", command, g)
    )


def _line(award: Award, g: Glyphs) -> Text:
    """ "◆ First launch, level 3: a level whose first finished version passed   +10 XP" """
    where = f", level {award.level.number}" if award.level else ""
    text = Text().append(f"{g.badge} ", "place").append(f"{award.achievement.title}{where}", "heading")
    return text.append(f": {award.achievement.says}").append(f"   +{award.achievement.xp} XP", "soft")


def _with_levels(awards: Sequence[Award]) -> str:
    numbers = [str(award.level.number) for award in awards if award.level]
    levels = f" (level{'s' if len(numbers) > 1 else ''} {', '.join(numbers)})" if numbers else ""
    return awards[0].achievement.title + levels


def rank(standing: Standing) -> Text:
    """ "Warp, 180 XP, 220 to Block" """
    text = Text(standing.rank.name, "heading").append(f", {standing.xp} XP", "soft")
    return text.append(f", {standing.missing} to {standing.next.name}", "soft") if standing.next else text


def listing(awards: Sequence[Award], standing: Standing, g: Glyphs) -> RenderableType:
    """All achievements: those that were earned, with level and date, then those that are open."""
    earned = {one.slug: [award for award in awards if award.achievement is one] for one in ACHIEVEMENTS}
    open_ones = [one for one in ACHIEVEMENTS if not earned[one.slug]]
    parts: list[RenderableType] = [Text("Your achievements   ", "heading").append_text(rank(standing))]
    for one in (one for one in ACHIEVEMENTS if earned[one.slug]):
        parts += [Text(), *_entry(one, earned[one.slug], g)]
    if open_ones:
        parts += [Text(), Text("Still open" if awards else "All are open", "heading")]
        for one in open_ones:
            parts += _entry(one, [], g)
    medals = ", ".join(str(xp) for xp in MEDALS.values() if xp)
    worth = f"XP: {PASS} a level, {STAR} a star, {medals} a medal, and what stands beside each achievement."
    return Group(*parts, Text(), Text(worth, "soft"))


def _entry(one: Achievement, awards: Sequence[Award], g: Glyphs) -> Iterator[RenderableType]:
    mark, style = (g.badge, "place") if awards else (g.locked, "soft")
    text = Text().append(f"{mark} ", style).append(one.title, "heading" if awards else "")
    text.append(f"   {one.xp} XP" + (" a level" if one.each_level else ""), "soft")
    yield text
    told = ", ".join(_when(award) for award in awards)
    how = f" ({one.command})" if one.command and not awards else ""
    yield Padding(Text(f"{one.says}{how}", "" if awards else "soft"), (0, 0, 0, 2))
    if told:
        yield Padding(Text(told, "good"), (0, 0, 0, 2))


def _when(award: Award) -> str:
    return (f"level {award.level.number}, " if award.level else "") + award.at[:10]
