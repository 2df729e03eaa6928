"""Draws where an output is wrong: half-blocks in colour, or plain signs where colour or Unicode is missing."""

from __future__ import annotations

from rich.text import Text

from triton_quest.records.verdict import Picture
from triton_quest.screen.console import Glyphs

INDENT = "  "
STYLE = {".": "good", "+": "star", "#": "bad"}
SIGNS = {".": "·", "+": "▒", "#": "█"}
ASCII_SIGNS = {".": ".", "+": "+", "#": "#"}


def picture(drawn: Picture, g: Glyphs) -> Text:
    """The cells with the borders of the learner's tiles; which matrix it is, where there are several; how to read it."""
    text = Text()
    if drawn.at:
        text.append(f"{INDENT}matrix [{', '.join(map(str, drawn.at))}]:\n", "soft")
    tile_rows, tile_columns = drawn.tile
    signs = ASCII_SIGNS if g.is_ascii else SIGNS
    width = len(drawn.cells[0])
    for number, row in enumerate(drawn.cells):
        if tile_rows and number and number % tile_rows == 0:
            text.append(INDENT + _border(width, tile_columns, g) + "\n", "soft")
        text.append(INDENT)
        for column, cell in enumerate(row):
            if tile_columns and column and column % tile_columns == 0:
                text.append(g.path, "soft")
            text.append(signs[cell], STYLE[cell])
        text.append("\n")
    text.append(INDENT + _legend(drawn, signs), "soft")
    return text


def _border(width: int, tile: int, g: Glyphs) -> str:
    if not tile:
        return g.line * width
    parts = [g.line * min(tile, width - first) for first in range(0, width, tile)]
    return g.cross.join(parts)


def _legend(drawn: Picture, signs: dict[str, str]) -> str:
    rows, columns = drawn.cell
    shape = "one element" if rows == columns == 1 else f"{rows} x {columns} elements"
    lines = "; lines: your tiles" if any(drawn.tile) else ""
    return f"{signs['#']} wrong {signs['+']} partly {signs['.']} right; a sign: {shape}{lines}"
