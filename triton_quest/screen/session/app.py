"""The application: the terminal's colours, the troubles, the way out. What is on it is in main.py and the views."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import ClassVar, ParamSpec, TypeVar

from textual.app import App
from textual.binding import BindingType
from textual.scrollbar import ScrollBar

from triton_quest import invocation
from triton_quest.course.level import Level
from triton_quest.errors import QuestError
from triton_quest.screen.console import THEME
from triton_quest.screen.session import look
from triton_quest.screen.session.game import Game
from triton_quest.screen.session.keys import key_for
from triton_quest.screen.session.main import Main

P = ParamSpec("P")
R = TypeVar("R")

WIDE = 120  # columns from which on the map and the attempts have room beside a briefing with its pictures
SECONDS_TO_READ = 12.0


class SessionApp(App[None]):
    """The session of one workspace, beginning at one level."""

    CSS_PATH = "session.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+z", "suspend_process")]

    def __init__(self, game: Game, level: Level) -> None:
        super().__init__(ansi_color=True)
        self.game = game
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

    async def ask(self, method: Callable[P, R], *args: P.args, **named: P.kwargs) -> R | None:
        """What the game answers, asked in a thread; None if it can't, which is told."""
        try:
            return await asyncio.to_thread(method, *args, **named)
        except QuestError as trouble:
            self.tell_trouble(trouble)
            return None
        finally:
            self.tell_notices()

    def tell_notices(self) -> None:
        for notice in self.game.notices():
            self.tell(notice)

    def tell(self, sentence: str, title: str = "") -> None:
        self.notify(sentence, title=title, timeout=SECONDS_TO_READ, markup=False)

    def tell_trouble(self, trouble: QuestError) -> None:
        """Its sentence, and the key that mends it, or the command to type elsewhere."""
        key = key_for(trouble.next_command, self._main.at.number)
        way = f"\nPress {key}." if key else ""
        if trouble.next_command and not key:
            way = f"\nIn another terminal: {invocation.command(trouble.next_command)}"
        self.notify(f"{trouble.sentence}{way}", severity="warning", timeout=SECONDS_TO_READ, markup=False)
