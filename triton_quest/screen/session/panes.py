"""The parts of the main screen: panes that scroll, and lines that don't."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from triton_quest.screen.fitted import Fitted

TICK = 0.1  # seconds between two looks at the clock while something is judged


class Plain(Static):
    """Shown as it is drawn: what can be clicked on isn't underlined."""

    auto_links = False


class Pane(VerticalScroll, can_focus=True):
    """A titled part of the screen whose content scrolls."""

    def __init__(self, title: str, id: str) -> None:
        super().__init__(id=id)
        self.name_it(title)
        self._shown = Plain("", markup=False)

    def compose(self) -> ComposeResult:
        yield self._shown

    def show(self, content: RenderableType, title: str | None = None, top: bool = True) -> None:
        """Replace the content, and the title if one is given; `top`: and begin to read it."""
        self._shown.update(content)
        if title is not None:
            self.name_it(title)
        if top:
            self.scroll_home(animate=False)

    def name_it(self, title: str) -> None:
        self.border_title = f" {title} "

    @property
    def content(self) -> object:
        return self._shown.content


class Line(Plain):
    """One line, drawn for its width."""

    def __init__(self, draw: Callable[[int], Text], id: str) -> None:
        super().__init__(Fitted(draw), id=id, markup=False)


class StatusLine(Static):
    """What the session is at: the stage and its seconds while something is judged, else what it waits for."""

    def __init__(self, id: str) -> None:
        super().__init__("", id=id, markup=False)
        self._idle = Text()
        self._doing, self._stage, self._since = "", "", 0.0

    def on_mount(self) -> None:
        self._clock = self.set_interval(TICK, self._draw, pause=True)

    def wait(self, says: Text) -> None:
        """What is shown while nothing is judged."""
        self._idle = says
        self._draw()

    def begin(self, doing: str) -> None:
        self._doing, self._stage, self._since = doing, "starting Triton", time.monotonic()
        self._clock.resume()
        self._draw()

    def stage(self, says: str) -> None:
        self._stage = says
        self._draw()

    def end(self) -> None:
        self._doing = ""
        self._clock.pause()
        self._draw()

    def _draw(self) -> None:
        if not self._doing:
            self.update(self._idle)
            return
        seconds = time.monotonic() - self._since
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {self._doing}", "bold cyan").append(f" {seconds:4.1f} s  ")
        self.update(text.append(self._stage, "soft"))
