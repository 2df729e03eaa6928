"""What `show` shows as one HTML page that asks nothing of any network: to be stepped through in a browser.

The data is `report/show_data.py`'s; the grid of programs is drawn here, as SVG, so that it is seen without JavaScript; tensors are
drawn by the page's script on canvases: 80,000 cells would be too many elements of a document to answer a key within a frame.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Number, String

from triton_quest.report.show import CallTrace
from triton_quest.report.show_data import Page

SIDE, LEAST_SIDE, GAP, WIDTH = 18, 4, 3, 720  # pixels
MOST_PROGRAMS = 4_096  # that are drawn of a grid
FOLD = 32  # programs in a row, where the grid has one axis
KINDS = ((Keyword, "k"), (String, "s"), (Comment, "c"), (Number, "m"))
TRAFFIC = (
    ("step", "this step"),
    ("program", "this program so far"),
    ("before", "with all programs that ran before it"),
    ("launch", "the whole launch, as far as it was traced"),
)


@dataclass(frozen=True)
class Square:
    x: int
    y: int
    name: str  # "0,2"
    is_traced: bool


@dataclass(frozen=True)
class Grid:
    """The programs of one launch: axis 0 to the right, axis 1 downward, the layers of axis 2 beside each other."""

    says: str
    legend: str
    side: int
    width: int
    height: int
    programs: tuple[Square, ...]


def render(
    title: str, inputs: str, says: Sequence[str], command: str, source: str, trace: CallTrace, page: Page
) -> str:
    """The page. `says` are sentences at its top, `command` shows the same in a terminal."""
    pages = Environment(loader=PackageLoader("triton_quest.screen", "pages"), autoescape=True, trim_blocks=True)
    return pages.get_template("show.html").render(
        title=title,
        inputs=inputs,
        says=[*says, *page.says],
        command=command,
        source=Markup("".join(_lines(source))),
        grids=[_grid(trace, number) for number in range(len(trace.launches))],
        traffic=TRAFFIC,
        data=page.data,
    )


def _grid(trace: CallTrace, number: int) -> Grid:
    launch = trace.launches[number]
    across, down, deep = (*launch.grid, 1, 1)[:3]
    folds = len(launch.grid) == 1 and across > FOLD
    columns = FOLD if folds else across * deep + (deep - 1)
    side = max(LEAST_SIDE, min(SIDE, WIDTH // max(1, columns) - GAP))
    squares: list[Square] = []
    for z, y, x in product(range(deep), range(down), range(across)):
        if len(squares) == MOST_PROGRAMS:
            break
        column, row = (x % FOLD, x // FOLD) if folds else (x + z * (across + 1), y)
        program = (x, y, z)[: len(launch.grid)]
        place = (column * (side + GAP) + 1, row * (side + GAP) + 1)
        squares.append(Square(*place, ",".join(map(str, program)), trace.reaches(number, program)))
    said = f"{' x '.join(map(str, launch.grid))} program{'' if launch.grid == (1,) else 's'} of {launch.kernel}"
    return Grid(
        f"Grid of {said}",
        _legend(launch.grid, len(squares), all(one.is_traced for one in squares)),
        side,
        max((one.x for one in squares), default=0) + side + 1,
        max((one.y for one in squares), default=0) + side + 1,
        tuple(squares),
    )


def _legend(grid: tuple[int, ...], drawn: int, is_whole: bool) -> str:
    axes = ["axis 0 to the right" if len(grid) > 1 else "", "axis 1 downward" if len(grid) > 1 else ""]
    axes += ["the layers of axis 2 beside each other"] if len(grid) > 2 else []
    said = ", ".join(filter(None, axes)).capitalize()
    said += ". " if said else ""
    said += f"Drawn are the first {drawn:,}. " if drawn == MOST_PROGRAMS else ""
    return said if is_whole else f"{said}Dashed: not traced."


def _lines(source: str) -> Iterator[str]:
    """Each line of the file as a numbered element, with classes for what Python's words are."""
    line, number = "", 1
    for kind, value in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        style = next((name for group, name in KINDS if kind in group), "")
        for at, part in enumerate(value.split("\n")):
            if at:
                yield _line(number, line)
                line, number = "", number + 1
            text = html.escape(part)
            line += f'<span class="{style}">{text}</span>' if style and text else text
    if line:
        yield _line(number, line)


def _line(number: int, text: str) -> str:
    return f'<span class="line" id="L{number}" data-line="{number}">{text}\n</span>'
