"""Matrices drawn as cells with the borders of tiles between them, and panels of text side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from rich.text import Text

from triton_quest.report.regions import cell_of
from triton_quest.screen.console import Glyphs

GAP = 3  # columns between panels
Sign = tuple[str, str]  # what is drawn, and its style


@dataclass(frozen=True)
class Panel:
    """Lines of text with a width of their own."""

    lines: tuple[Text, ...]

    @property
    def width(self) -> int:
        return max((line.cell_len for line in self.lines), default=0)


def beside(panels: Sequence[Panel], width: int) -> Text:
    """The panels from left to right, and below where there is no room left."""
    bands: list[list[Panel]] = []
    used = 0
    for panel in panels:
        if not bands or used + GAP + panel.width > width:
            bands.append([])
            used = -GAP
        bands[-1].append(panel)
        used += GAP + panel.width
    return Text("\n\n").join(_band(band) for band in bands)


def _band(panels: Sequence[Panel]) -> Text:
    rows = []
    for number in range(max(len(panel.lines) for panel in panels)):
        row = Text(no_wrap=True, overflow="ignore")
        for panel in panels:
            line = panel.lines[number] if number < len(panel.lines) else Text()
            row.append_text(line).append(" " * (panel.width - line.cell_len + GAP))
        row.rstrip()
        rows.append(row)
    return Text("\n").join(rows)


def fitting(size: int, starts: Collection[int], most: int) -> tuple[int, tuple[int, ...]]:
    """The smallest cell with which `size` elements and the borders between their tiles take `most` signs, and these borders."""
    cell = cell_of(size, most)
    while cell < size and -(-size // cell) + len(inner_borders(starts, cell, size)) > most:
        cell *= 2
    return cell, inner_borders(starts, cell, size)


def inner_borders(starts: Collection[int], cell: int, size: int) -> tuple[int, ...]:
    """The cells before which a border is drawn; none where tiles begin within cells, or fill only one each."""
    if any(start % cell for start in starts):
        return ()
    places = sorted({start // cell for start in starts if 0 < start < size})
    narrow = any(b - a < 2 for a, b in zip([0, *places], places, strict=False))
    return () if narrow else tuple(places)


def grid(
    rows: int,
    columns: int,
    sign: Callable[[int, int], Sign],
    borders: tuple[Collection[int], Collection[int]],
    g: Glyphs,
) -> tuple[Text, ...]:
    """A line for each row of cells; `borders`: the rows and columns before which a line stands."""
    lines: list[Text] = []
    for row in range(rows):
        if row in borders[0]:
            crossed = "".join((g.cross if column in borders[1] else "") + g.line for column in range(columns))
            lines.append(Text(crossed, "soft"))
        line = Text()
        for column in range(columns):
            if column in borders[1]:
                line.append(g.path, "soft")
            line.append(*sign(row, column))
        lines.append(line)
    return tuple(lines)
