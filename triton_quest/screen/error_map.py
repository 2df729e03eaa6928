"""A map of how far an answer is off: each cell shows its worst element, in steps of ten times the error that is allowed.

Pure: from the record to something that rich can print.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from triton_quest.records.show import ERROR_SIGNS, NOT_A_NUMBER, ErrorMap
from triton_quest.records.verdict import Mismatch
from triton_quest.report.regions import cell_of
from triton_quest.screen.console import Glyphs
from triton_quest.screen.panels import Sign, grid, inner_borders

ROWS, COLUMNS = 24, 64  # of cells, at the most
WORST = "X"
RIGHT, NO_NUMBER = 0, len(ERROR_SIGNS)
LOOKS = {  # the last step that it stands for: Unicode, ASCII, style, meaning
    RIGHT: ("·", ".", "good", "right"),
    2: ("░", "-", "star", "up to 10"),
    4: ("▒", "+", "star", "up to 100"),
    6: ("▓", "*", "bad", "up to 1,000"),
    8: ("█", "#", "bad", "more than 1,000"),
    NO_NUMBER: ("!", "!", "bad.heading", "inf or nan where it shouldn't be, or missing"),
}


def error_map(found: ErrorMap, mismatch: Mismatch, width: int, g: Glyphs, rows: int = ROWS) -> RenderableType:
    """The matrix with the worst element marked, what the signs mean, and that element in numbers."""
    levels = [[_level(sign) for sign in row] for row in found.cells]
    factors = cell_of(len(levels), rows), cell_of(len(levels[0]), min(COLUMNS, width - 8))
    levels = _coarser(levels, *factors)
    cell = found.cell[0] * factors[0], found.cell[1] * factors[1]
    worst, used = (found.worst[0] // cell[0], found.worst[1] // cell[1]), set[int]()

    def sign(row: int, column: int) -> Sign:
        if (row, column) == worst:
            return WORST, "bad.heading"
        last = next(last for last in LOOKS if levels[row][column] <= last)
        used.add(last)
        return LOOKS[last][1 if g.is_ascii else 0], LOOKS[last][2]

    drawn = grid(len(levels), len(levels[0]), sign, _borders(found, cell), g)
    title = Text(_title(found, cell), "soft")
    indented = (Text("  ").append_text(line) for line in drawn)
    return Group(title, *indented, Text(), _legend(used, g), Text(), _worst(mismatch))


def _level(sign: str) -> int:
    return NO_NUMBER if sign == NOT_A_NUMBER else ERROR_SIGNS.index(sign)


def _coarser(levels: Sequence[Sequence[int]], down: int, across: int) -> list[list[int]]:
    """The largest of each `down` x `across` cells."""
    return [
        [
            max(max(row[left : left + across]) for row in levels[top : top + down])
            for left in range(0, len(levels[0]), across)
        ]
        for top in range(0, len(levels), down)
    ]


def _borders(found: ErrorMap, cell: tuple[int, int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the tiles that one program wrote meet."""
    rows, columns = (
        inner_borders(range(0, size, tile) if tile else (), side, size)
        for size, tile, side in zip(found.shape, found.tile, cell, strict=True)
    )
    return rows, columns


def _title(found: ErrorMap, cell: tuple[int, int]) -> str:
    whose = f"{found.answer}, " if found.answer else ""
    which = f"{whose}matrix [{', '.join(map(str, found.at))}], " if found.at else whose
    scale = "one element" if cell == (1, 1) else f"the worst of {cell[0]} x {cell[1]} elements"
    lines = "; lines: what one program wrote" if any(any(places) for places in _borders(found, cell)) else ""
    rows, columns = found.shape
    return f"{which}{f'{rows:,} x ' if rows > 1 else ''}{columns:,}; a sign: {scale}{lines}"


def _legend(used: set[int], g: Glyphs) -> Text:
    text = Text(WORST, "bad.heading").append(" the worst element", "soft")
    for last in sorted(used & {RIGHT, NO_NUMBER}):
        text.append("   ").append_text(_meaning(last, g))
    sizes = sorted(used - {RIGHT, NO_NUMBER})
    if sizes:
        text.append("\nTimes the allowed error:", "soft")
        for last in sizes:
            text.append("   ").append_text(_meaning(last, g))
    return text


def _meaning(last: int, g: Glyphs) -> Text:
    sign, plain, style, meaning = LOOKS[last]
    return Text(plain if g.is_ascii else sign, style).append(f" {meaning}", "soft")


def _worst(mismatch: Mismatch) -> Text:
    index = ", ".join(map(str, mismatch.index))
    text = Text(f"The worst element, {mismatch.answer}[{index}]: ", "heading")
    text.append(f"expected {mismatch.expected}, your result {mismatch.actual}", "default")
    return text.append(f" (allowed error {mismatch.allowed})", "soft")
