"""The console, its colours, and the few glyphs that an ASCII terminal gets in another form."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.theme import Theme

from triton_quest.records.text import without_controls

THEME = Theme(
    {
        "good": "green",
        "bad": "red",
        "good.heading": "bold green",
        "bad.heading": "bold red",
        "soft": "dim",
        "star": "yellow",
        "command": "bold cyan",
        "place": "cyan",
        "heading": "bold",
        "markdown.code": "bold cyan",
        "markdown.code_block": "none",
        "markdown.h1": "bold",
        "markdown.h2": "bold cyan",
    }
)
WIDEST = 110
PLAIN = {"“": '"', "”": '"', "‘": "'", "’": "'", "•": "*", "–": "-", "—": "-", "…": "...", "×": "x", "·": "-"}


@dataclass(frozen=True)
class Glyphs:
    """The few signs beyond ASCII."""

    passed: str = "✓"
    failed: str = "✗"
    skipped: str = "·"
    unverified: str = "?"
    star: str = "★"
    no_star: str = "☆"
    open: str = "▶"
    locked: str = "○"
    ahead: str = "·"
    badge: str = "◆"
    path: str = "│"
    path_ahead: str = "┊"
    arrow: str = "→"
    line: str = "─"
    cross: str = "┼"
    tick: str = "┤"
    corner: str = "└"
    is_ascii: bool = False


ASCII = Glyphs("+", "x", "-", "?", "*", ".", ">", "o", ".", "#", "|", ":", "->", "-", "+", "+", "+", True)


def _plainly(trouble: UnicodeError) -> tuple[str, int]:
    """A codec's answer to what it can't write: the nearest sign that every encoding has."""
    if not isinstance(trouble, UnicodeEncodeError):
        raise trouble
    return "".join(PLAIN.get(sign, "?") for sign in trouble.object[trouble.start : trouble.end]), trouble.end


codecs.register_error("quest-plain", _plainly)


class CleanConsole(Console):
    """A console on which no text commands the terminal: names of files and the learner's own lines are shown, too."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text == "\n" or segment.text.isprintable():
                yield segment
            else:
                yield Segment(without_controls(segment.text), segment.style)


def make_console(file: TextIO | None = None) -> Console:
    """A console on stdout (or `file`), never wider than one likes to read, never failing over a character."""
    file = file or sys.stdout
    write_plainly(file)
    environ = {
        name: value for name, value in os.environ.items() if name != "COLUMNS"
    }  # rich takes COLUMNS=0 at its word
    console = CleanConsole(file=file, theme=THEME, highlight=False, width=_asked_width(), _environ=environ)
    if console.width > WIDEST:
        console.width = WIDEST
    return console


def write_plainly(file: TextIO | None) -> None:
    """From now on, what its encoding lacks is written in the nearest plain sign."""
    if isinstance(file, io.TextIOWrapper):
        file.reconfigure(errors="quest-plain")


def _asked_width() -> int | None:
    columns = os.environ.get("COLUMNS", "")
    return max(20, int(columns)) if columns.isdigit() and int(columns) > 0 else None


def glyphs(console: Console) -> Glyphs:
    return ASCII if console.options.ascii_only else Glyphs()
