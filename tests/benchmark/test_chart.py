"""The chart in the terminal: a line where its numbers are, known stretches dense and others sparse, names at their ends."""

from __future__ import annotations

import re

import pytest

from triton_quest.screen.chart import BRAILLE, HEIGHT, Curve, chart
from triton_quest.screen.console import ASCII, Glyphs

SIZES = (128, 256, 512, 1024)


def line(name: str, *values: float, known: int = 4, sign: str = "●") -> Curve:
    points = tuple(
        (size, value, number < known) for number, (size, value) in enumerate(zip(SIZES, values, strict=True))
    )
    return Curve(name, sign, name[0], "red", points)


RISING, FLAT = line("rising", 1e3, 1e4, 1e5, 1e6), line("flat", 1e3, 1e3, 1e3, 1e3, sign="■")


def drawn(*lines: Curve, width: int = 60, g: Glyphs | None = None) -> list[str]:
    return chart(lines, "S", lambda value: f"{value:g}", width, g or Glyphs()).plain.splitlines()


def dots(row: str) -> int:
    return sum(bin(ord(sign) - BRAILLE).count("1") for sign in row if BRAILLE < ord(sign) < BRAILLE + 256)


def test_a_line_that_grows_as_its_size_squared_is_straight_and_ends_at_the_top() -> None:
    rows = [row for row in drawn(RISING)[:HEIGHT] if "●" in row]
    columns = [row.index("●") for row in rows]
    assert len(rows) == 4 and columns == sorted(columns, reverse=True)
    steps = {a - b for a, b in zip(columns, columns[1:], strict=False)}
    assert max(steps) - min(steps) <= 1, "the sizes double, so they are equally far apart"
    assert rows[0].endswith(" rising")


def test_decades_stand_at_the_left_and_sizes_below() -> None:
    text = drawn(RISING)
    labels = [row.split("┤")[0].strip() for row in text if "┤" in row]
    assert labels == ["1e+06", "100000", "10000", "1000"]
    assert text[-1].split() == ["S", "=", "128", "256", "512", "1,024"]
    assert text[-1].index("1,024") > text[HEIGHT].index("└")


def test_what_isnt_known_is_drawn_in_sparse_dots_without_signs() -> None:
    known, guessed = "".join(drawn(RISING)), "".join(drawn(line("rising", 1e3, 1e4, 1e5, 1e6, known=2)))
    assert (known.count("●"), guessed.count("●")) == (4, 2)
    assert dots(guessed) < dots(known)


def test_lines_that_end_together_share_a_row_for_their_names() -> None:
    same = line("same", 1e3, 1e3, 1e3, 1e3)
    assert any(row.endswith(" flat, same") for row in drawn(FLAT, same, RISING))


def test_the_first_line_lies_on_top() -> None:
    same = line("same", 1e3, 1e3, 1e3, 1e3)
    assert "■" in "".join(drawn(FLAT, same)) and "●" not in "".join(drawn(FLAT, same))


def test_an_ascii_terminal_gets_letters_and_dots() -> None:
    text = "\n".join(drawn(RISING, FLAT, g=ASCII))
    assert text.isascii() and text.count("r") >= 4 and "." in text


@pytest.mark.parametrize("width", [20, 30, 40, 80, 110])
def test_no_row_is_wider_than_asked_for_unless_nothing_would_be_left(width: int) -> None:
    rows = drawn(RISING, line("a rather long name for a line", 1e3, 1e3, 1e3, 1e3), width=width)
    assert max(map(len, rows)) <= max(width, 30)


def test_sizes_that_dont_fit_below_the_axis_are_left_out() -> None:
    labels = re.findall(r"[\d,]+", drawn(RISING, width=32)[-1])
    assert labels[0] == "128" and len(labels) < 4


@pytest.mark.parametrize(
    "points", [((128, 5.0, True),), ((128, 5.0, True), (256, 5.0, True))], ids=["one size", "equal"]
)
def test_one_size_alone_and_equal_values_are_no_trouble(points: tuple[tuple[int, float, bool], ...]) -> None:
    assert any("●" in row for row in drawn(Curve("alone", "●", "a", "", points)))
