"""The application: the terminal's colours, its signals, the way out. What is on it is in main.py and the views."""

from __future__ import annotations

import asyncio
import signal
from typing import ClassVar

from textual.binding import BindingType
from textual.scrollbar import ScrollBar

from triton_quest.course.level import Level
from triton_quest.screen.console import THEME
from triton_quest.screen.session import look
from triton_quest.screen.session.asking import Asking
from triton_quest.screen.session.game import Game
from triton_quest.screen.session.main import Main

WIDE = 120  # columns from which on the map and the attempts have room beside a briefing with its pictures


class SessionApp(Asking):
    """The session of one workspace, beginning at one level."""

    CSS_PATH = "session.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+z", "suspend_process")]

    def __init__(self, game: Game, level: Level) -> None:
        super().__init__(game)
        self._main = Main(game, level)
        self.register_theme(look.PLAIN)
        self.theme = look.PLAIN.name
        self.console.push_theme(THEME)
        ScrollBar.renderer = look.scroll_bar(game.glyphs)

    def get_default_screen(self) -> Main:
        return self._main

    def on_mount(self) -> None:
        self.set_class(self.game.glyphs.is_ascii, "-ascii")
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))  # `fg` brings back an empty screen
        for number in (signal.SIGHUP, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.exit)

    def on_app_focus(self) -> None:
        """The learner is back: another terminal may have played."""
        self._main.look_again()

    def action_help_quit(self) -> None:
        """At Ctrl-C, which leaves so many other programs."""
        self.tell("q leaves. Everything is kept.")

    @property
    def number(self) -> int:
        return self._main.at.number
