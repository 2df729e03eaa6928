"""Briefings, hints and solutions: the texts of the course."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.markdown import CodeBlock, Markdown
from rich.style import Style
from rich.syntax import Syntax
from rich.text import Text


class _PlainBlock(CodeBlock):
    """An indented block as it was drawn: pictures and worked examples are no program to be coloured, and never wrapped."""

    def __rich_console__(self, console, options):  # type: ignore[no-untyped-def]
        lines = "\n".join(f"    {line}".rstrip() for line in str(self.text).rstrip().splitlines())
        yield Text(lines, style="markdown.code_block", no_wrap=True, overflow="ignore")


class _Briefing(Markdown):
    elements = {**Markdown.elements, "code_block": _PlainBlock, "fence": _PlainBlock}


def briefing(markdown: str) -> RenderableType:
    """A level's docstring, formatted."""
    return _Briefing(markdown)


def where_to_edit(path: Path, line: int, shown: str) -> Text:
    """The file as `path:line`, which editors' terminals open at a click; and as a link where the terminal knows links."""
    text = Text("Your file: ", no_wrap=True, overflow="ignore")
    return text.append(f"{shown}:{line}", Style(color="cyan", link=path.as_uri()))


def hint(number: int, of: int, title: str, markdown: str) -> RenderableType:
    return Group(Text(f"hint {number} of {of}", "star").append(f"   {title}", "heading"), Text(), _Briefing(markdown))


def hint_prices(this: str, upcoming: int | None, now: int, then: int) -> Text:
    """What the hint cost (`this`), and before the next one is taken, what that will cost."""
    text = Text(this, "soft")
    if upcoming is None:
        return text.append("It was the last one." if this else "There is no other.", "soft")
    text.append(f"The next one, hint {upcoming}, {'is free' if now == then else 'costs a star'}", "soft")
    stars = f"{then} star{'' if then == 1 else 's'}"
    return text.append("." if now == then else f": a pass is then worth {stars} at the most.", "soft")


def what_a_pass_brought(stars: Text, why: str, xp: int) -> Text:
    """ "★★☆  2 stars: 3 hints taken   +140 XP" """
    count = stars.plain.count(stars.plain[0])
    text = stars.copy().append(f"  {count} star{'' if count == 1 else 's'}: {why}", "default")
    return text.append(f"   +{xp} XP", "soft")


def solution(text: str, shown: str) -> RenderableType:
    return Group(Text(shown, "soft"), code(text))


def code(text: str) -> Text:
    """Coloured Python, line by line as it is: a broken line is none."""
    lines = Syntax(text, "python", theme="ansi_dark", background_color="default").highlight(text.rstrip("\n"))
    lines.no_wrap, lines.overflow = True, "ignore"
    lines.rstrip()
    return lines
