"""What `--save` and `--html` of any command ask for: a picture that can be drawn or a page, at a place that can be written."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from triton_quest import environment, invocation
from triton_quest.commands.shared.context import Context
from triton_quest.errors import QuestError, StoreTrouble
from triton_quest.report.pictures import traffic as picture

PAGES = (".html", ".htm")


def require(path: Path, command: str) -> None:
    """Raises QuestError if `command` could save no picture at `path`: to be asked before anything takes its time."""
    if path.suffix.lower() not in picture.SUFFIXES:
        known = " or ".join(picture.SUFFIXES)
        sentence = f"{path.name} is no picture that can be drawn: let its name end in {known}."
        raise QuestError(sentence, f"{command} --save {shlex.quote(str(path.with_suffix(picture.SUFFIXES[0])))}")
    if not picture.can_draw():
        raise QuestError(f"A picture needs matplotlib. Type: {environment.pip_line('matplotlib')}")


def require_page(path: Path, command: str) -> None:
    """Raises QuestError if `path` doesn't name a page: to be asked before anything takes its time."""
    if path.suffix.lower() not in PAGES:
        page = shlex.quote(str(path.with_suffix(PAGES[0])))
        raise QuestError(f"{path.name} is no page: let its name end in {PAGES[0]}.", f"{command} --html {page}")


@contextmanager
def drawing(path: Path) -> Iterator[None]:
    """A context in which a picture is drawn. Raises StoreTrouble if the file can't be written."""
    try:
        yield
    except OSError as trouble:
        raise StoreTrouble(f"{path} can't be written: {trouble.strerror or trouble}.") from None


def show_place(context: Context, path: Path, what: str = "picture") -> None:
    place = invocation.short_path(path.absolute())
    context.console.print(f"\nThe {what}: {place}", soft_wrap=True, markup=False)
