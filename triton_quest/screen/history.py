"""The checked versions of a level: the list of them, and one as a diff against the learner's file."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from triton_quest.course.level import Level
from triton_quest.records import verdict as v
from triton_quest.screen.console import Glyphs
from triton_quest.screen.verdict import TITLES
from triton_quest.store.history import Change, Entry
from triton_quest.store.progress import JUDGED_PASSED, UNJUDGED
from triton_quest.store.records import Version

NARROWEST = 64  # columns: with less room what came of a version stands below it
DIFF_STYLES = {"@": "place", "+": "good", "-": "bad"}
Row = tuple[str, str, Text, Text]  # id, when, lines, what came of it
CONTROLS = {code: "?" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if code not in (0x09, 0x0A)}


def outcome(name: str) -> str:
    """What came of a check, in words."""
    if name == UNJUDGED:
        return "no verdict"
    return TITLES[v.Outcome(name)] if name in set(v.Outcome) else name


def when(version: Version) -> str:
    """ "2026-11-25 10:02" """
    return version.at[:16].replace("T", " ")


def entries(
    level: Level, shown: Sequence[Entry], older: int, now: Change | None, says: str, g: Glyphs, width: int
) -> RenderableType:
    """The list, oldest first; at its end the file as it is `now`, and what `says` of it."""
    rows: list[Row] = [("", "", Text(), Text(f"{older} older: --all shows them", "soft"))] if older else []
    for last, entry in zip([None, *shown], shown, strict=False):
        version = entry.version
        if last and version.run != last.version.run:
            rows.append(("", "", Text(), Text("here you started over", "star")))
        rows.append((str(version.id), when(version), changed_lines(entry.change), _came_of(entry, g)))
    rows.append(("", "now", changed_lines(now) if now else Text(), Text(says, "soft")))
    heading = Text(f"The checked versions of level {level.number}, {level.title}", "heading")
    return Group(heading, Text(), *(_table(rows, width) if width >= NARROWEST else _stack(rows)))


def _table(rows: Sequence[Row], width: int) -> list[RenderableType]:
    taken = [max(len(str(row[column])) for row in rows) for column in range(3)]
    grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="soft")
    grid.add_column("id", justify="right", no_wrap=True)
    grid.add_column("when", no_wrap=True)
    grid.add_column("lines", justify="right", no_wrap=True)
    room = width - sum(map(max, taken, (2, 4, 5))) - 3 * 2
    grid.add_column("what came of it", no_wrap=True, overflow="ellipsis", max_width=room)
    for number, at, lines, said in rows:
        grid.add_row(Text(number, "heading"), at, lines, said)
    return [grid]


def _stack(rows: Sequence[Row]) -> list[RenderableType]:
    """The layout for a narrow terminal: the outcome of a version is placed below the version."""
    parts: list[RenderableType] = []
    for number, at, lines, said in rows:
        line = Text("  ").join(part for part in (Text(number, "heading"), Text(at), lines) if part)
        parts += [line] * bool(line)
        for part in said.split("\n"):
            parts.append(Group(Text("  ", no_wrap=True, overflow="ellipsis").append_text(part)))
    return parts


def _came_of(entry: Entry, g: Glyphs) -> Text:
    version = entry.version
    text = ending(version, g)
    if entry.checks > 1:
        text.append(f" ({entry.checks} checks)", "soft")
    if version.outcome not in (JUDGED_PASSED, UNJUDGED) and version.cause:
        text.append(f"\n  {' '.join(printable(version.cause).split())}", "soft")
    return text


def ending(version: Version, g: Glyphs) -> Text:
    """ "✗ wrong numbers" """
    mark, style = {JUDGED_PASSED: (g.passed, "good"), UNJUDGED: (g.unverified, "soft")}.get(
        version.outcome, (g.failed, "bad")
    )
    return Text().append(f"{mark} {outcome(version.outcome)}", style)


def changed_lines(change: Change) -> Text:
    """ "+3 -1" """
    if change.same:
        return Text("same", "soft")
    return Text(f"+{change.added}", "good").append(f" -{change.removed}", "bad")


def version(level: Level, shown: Version, g: Glyphs) -> RenderableType:
    """A version's heading, and what came of it."""
    heading = Text(f"Version {shown.id} of level {level.number}, {level.title}", "heading")
    heading.append(f"   checked on {when(shown)}", "soft")
    parts: list[RenderableType] = [heading, ending(shown, g)]
    if shown.outcome not in (JUDGED_PASSED, UNJUDGED):
        parts.append(Text(printable(shown.cause)))
    return Group(*parts)


def diff(lines: Sequence[str]) -> RenderableType:
    """A unified diff: a terminal colours it, a pipe gets what `patch` reads. Its lines are never broken."""
    coloured = []
    for number, line in enumerate(lines):
        style = DIFF_STYLES.get(line[:1], "") if number > 1 else "heading"
        coloured.append(Text(printable(line), style, no_wrap=True, overflow="ignore"))
    return Group(*coloured)


def printable(text: str) -> str:
    """Text without what could confuse a terminal."""
    return text.translate(CONTROLS)
