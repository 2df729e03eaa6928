"""The short sentences: what to type next, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from triton_quest.screen.console import Glyphs


@dataclass(frozen=True)
class NextStep:
    """A sentence and a command, which is never broken: where it doesn't fit beside the sentence, it gets its own line."""

    sentence: str
    command: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        fits = len(self.sentence) + 1 + self.command.cell_len <= options.max_width
        if self.sentence and self.command and fits:
            yield Text(f"{self.sentence} ").append_text(self.command)
            return
        if self.sentence:
            yield Text(self.sentence)
        if self.command:
            yield self.command


def next_step(sentence: str, command: str, g: Glyphs) -> RenderableType:
    """The last line of nearly everything: what to do now, and the command for it."""
    text = Text(no_wrap=True, overflow="ignore")
    if command:
        text.append(f"{g.arrow} ", "soft").append(command, "command")
    return NextStep(sentence, text)


def trouble(sentence: str, command: str, g: Glyphs) -> RenderableType:
    """An error of ours or of the command line."""
    line = Text().append(f"{g.failed} ", "bad").append(sentence)
    return Group(line, next_step("", command, g)) if command else line


def notice(sentence: str, g: Glyphs) -> RenderableType:
    """What happened beside what was asked for. Never wrapped: it names files."""
    return Group(Text(f"{g.open} ", "star", no_wrap=True, overflow="ignore").append(sentence, "default"))
