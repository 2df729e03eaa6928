"""Lines in a terminal, both axes logarithmic: in Braille dots, or in plain signs where Unicode is missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from triton_quest.screen.console import Glyphs

HEIGHT = 13
LABELS = 8  # columns left of the axis
NARROWEST = 16  # columns of the plot itself
BRAILLE = 0x2800
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # of a Braille sign, by column and row
SPARSE = 3  # beyond what is known, only one dot of so many


@dataclass(frozen=True)
class Curve:
    """`points` are (x, y, is known); where both ends of a stretch aren't known, it is drawn in sparse dots."""

    name: str
    sign: str
    plain_sign: str
    style: str
    points: tuple[tuple[int, float, bool], ...]


@dataclass
class _Canvas:
    """Cells of 2 by 4 dots. The last to draw in a cell gives it its style."""

    columns: int
    rows: int

    def __post_init__(self) -> None:
        self.dots = [[0] * self.columns for _ in range(self.rows)]
        self.signs = [[""] * self.columns for _ in range(self.rows)]
        self.styles = [[""] * self.columns for _ in range(self.rows)]

    def dot(self, x: int, y: int, style: str) -> None:
        row, column = y // 4, x // 2
        self.dots[row][column] |= DOTS[x % 2][y % 4]
        self.styles[row][column] = style

    def sign(self, x: int, y: int, sign: str, style: str) -> None:
        self.signs[y // 4][x // 2], self.styles[y // 4][x // 2] = sign, style

    def row(self, number: int, g: Glyphs) -> Text:
        text = Text()
        for dots, sign, style in zip(self.dots[number], self.signs[number], self.styles[number], strict=True):
            drawn = sign or ("." if dots and g.is_ascii else chr(BRAILLE + dots) if dots else " ")
            text.append(drawn, style)
        return text


@dataclass(frozen=True)
class _Scale:
    """Logarithmic, from `low` to `high` onto 0 ... steps - 1."""

    low: float
    high: float
    steps: int

    def __call__(self, value: float) -> int:
        if self.low == self.high:
            return 0
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(share * (self.steps - 1))


def chart(lines: Sequence[Curve], x_name: str, show: Callable[[float], str], width: int, g: Glyphs) -> Text:
    """The lines, the first on top, with decades on the left, sizes below, and names at the lines' right ends."""
    xs = sorted({x for line in lines for x, _, _ in line.points})
    ys = [y for line in lines for _, y, _ in line.points if y > 0]
    low, high = 10 ** math.floor(math.log10(min(ys))), max(ys) * 1.2
    up = _Scale(low, max(high, 10 * low), 4 * HEIGHT)

    def down(y: float) -> int:
        return 4 * HEIGHT - 1 - up(y)

    ends = _ends(lines, down)
    room = max(width - LABELS - 3, NARROWEST + 1)  # right of the axis
    for end in ends.values():
        end.truncate(room - NARROWEST, overflow="ellipsis")
    columns = room - max(end.cell_len for end in ends.values())
    canvas, across = _Canvas(columns, HEIGHT), _Scale(xs[0], xs[-1], 2 * columns - 1)
    for line in reversed(lines):  # the first on top
        _draw(canvas, line, lambda x, y: (across(x), down(y)), g)
    ticks = {down(value) // 4: show(value) for value in _decades(low, high)}
    text = Text(no_wrap=True, overflow="ignore")
    for row in range(HEIGHT):
        text.append(f"{ticks.get(row, ''):>{LABELS}} ", "soft").append(g.path if row not in ticks else g.tick, "soft")
        text.append_text(canvas.row(row, g)).append(" ").append_text(ends.get(row, Text())).append("\n")
    text.append(" " * (LABELS + 1) + g.corner + g.line * columns + "\n", "soft")
    return text.append(_axis(xs, across, columns, x_name), "soft")


def _draw(canvas: _Canvas, line: Curve, place: Callable[[int, float], tuple[int, int]], g: Glyphs) -> None:
    points = [(place(x, y), known) for x, y, known in line.points if y > 0]
    for ((x0, y0), known0), ((x1, y1), known1) in zip(points, points[1:], strict=False):
        for number, (x, y) in enumerate(_stretch(x0, y0, x1, y1)):
            if (known0 and known1) or number % SPARSE == 0:
                canvas.dot(x, y, line.style)
    for (x, y), known in points:
        if known:
            canvas.sign(x, y, line.plain_sign if g.is_ascii else line.sign, line.style)


def _stretch(x0: int, y0: int, x1: int, y1: int) -> Iterator[tuple[int, int]]:
    steps = max(abs(x1 - x0), abs(y1 - y0), 1)
    for step in range(steps + 1):
        yield round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps)


def _decades(low: float, high: float) -> Iterator[float]:
    value = low
    while value <= high:
        yield value
        value *= 10


def _ends(lines: Sequence[Curve], down: Callable[[float], int]) -> dict[int, Text]:
    """The names, in the rows in which their lines end; lines that end together share one."""
    rows: dict[int, Text] = {}
    for line in lines:
        name = Text(line.name, line.style)
        row = down(line.points[-1][1]) // 4
        rows[row] = rows[row].append(", ", "soft").append_text(name) if row in rows else name
    return rows


def _axis(xs: Sequence[int], across: _Scale, columns: int, x_name: str) -> str:
    """The sizes under the axis, as many as fit."""
    signs = [" "] * (LABELS + 2 + columns + 8)
    free = 0
    for x in xs:
        label = f"{x:,}" if x != xs[0] else f"{x_name} = {x:,}"
        first = max(0, LABELS + 2 + across(x) // 2 - (len(label) // 2 if x != xs[0] else len(x_name) + 3))
        if first >= free:
            signs[first : first + len(label)] = label
            free = first + len(label) + 2
    return "".join(signs).rstrip()
