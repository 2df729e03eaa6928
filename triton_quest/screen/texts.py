"""Briefings, hints and solutions: the texts of the course."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Group, RenderableType
from rich.markdown import CodeBlock, Markdown
from rich.style import Style
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from triton_quest.course.words import Word


class _PlainBlock(CodeBlock):
    """An indented block as it was drawn: pictures and worked examples are no program to be coloured, and never wrapped."""

    def __rich_console__(self, console, options):  # type: ignore[no-untyped-def]
        lines = "\n".join(f"    {line}".rstrip() for line in str(self.text).rstrip().splitlines())
        yield Text(lines, style="markdown.code_block", no_wrap=True, overflow="ignore")


class _Briefing(Markdown):
    elements = {**Markdown.elements, "code_block": _PlainBlock, "fence": _PlainBlock}


def briefing(markdown: str, more: str = "") -> RenderableType:
    """A level's docstring, formatted, and below it what the file tells behind its code."""
    return _Briefing(f"{markdown}\n\n---\n\n{more}" if more else markdown)


def where_more(titles: tuple[str, ...], line: int | None) -> Text:
    """What stands at the end of the level file; `line` is where, in a file that still has it."""
    where = f"at the end of your file, from line {line} on" if line else "at the end of the level file as it was given"
    return Text(f"{', '.join(titles)}: {where}.", "soft")


def where_to_edit(path: Path, line: int, shown: str) -> Text:
    """The file as `path:line`, which editors' terminals open at a click; and as a link where the terminal knows links."""
    text = Text("Your file: ", no_wrap=True, overflow="ignore")
    return text.append(f"{shown}:{line}", Style(color="cyan", link=path.as_uri()))


def hint(number: int, of: int, title: str, markdown: str) -> RenderableType:
    return Group(Text(f"hint {number} of {of}", "star").append(f"   {title}", "heading"), Text(), _Briefing(markdown))


def words(found: Sequence[Word]) -> RenderableType:
    """Each term beside what it means, under a heading that says where one meets it."""
    parts: list[RenderableType] = []
    for where, group in groupby(found, _where):
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column()
        for word in group:
            table.add_row(Text(f"  {word.name}", "heading"), word.says)
        parts += [Text(), Text(where, "soft"), table]
    return Group(*parts[1:])


def _where(word: Word) -> str:
    return f"level {word.level}" if word.level else f"what `{word.command}` shows"


def solution(text: str, shown: str) -> RenderableType:
    return Group(Text(shown, "soft"), code(text))


def code(text: str) -> Text:
    """Coloured Python, line by line as it is: a broken line is none."""
    lines = Syntax(text, "python", theme="ansi_dark", background_color="default").highlight(text.rstrip("\n"))
    lines.no_wrap, lines.overflow = True, "ignore"
    lines.rstrip()
    return lines
