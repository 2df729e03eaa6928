"""The short sentences: what to type next, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
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


def new_templates(numbers: Sequence[int], command: str, g: Glyphs) -> RenderableType:
    """That level files were begun from templates which have changed since, and the command that takes a new one."""
    if len(numbers) == 1:
        says = f"Level {numbers[0]} has a new template since you began your file, which stays as it is."
        return Group(
            Text(says, "soft"), next_step("To start over with the new one, after a backup of yours:", command, g)
        )
    listed = f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
    says = f"Levels {listed} have new templates since you began your files, which stay as they are."
    return Group(Text(says, "soft"), next_step("To start one over, after a backup of yours:", command, g))


def trouble(sentence: str, command: str, g: Glyphs) -> RenderableType:
    """An error of ours or of the command line."""
    line = Text().append(f"{g.failed} ", "bad").append(sentence)
    return Group(line, next_step("", command, g)) if command else line


def notice(sentence: str, g: Glyphs) -> RenderableType:
    """What happened beside what was asked for. Never wrapped: it names files."""
    return Group(Text(f"{g.open} ", "star", no_wrap=True, overflow="ignore").append(sentence, "default"))
