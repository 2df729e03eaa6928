"""The base of the application: the screens call the game through it, and it reports the game's notices and troubles.

It imports no screen, so that every screen can import it.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from textual.app import App

from triton_quest import invocation
from triton_quest.errors import QuestError
from triton_quest.screen.session.game import Game
from triton_quest.screen.session.keys import key_for

P = ParamSpec("P")
R = TypeVar("R")

SECONDS_TO_READ = 12.0


class Asking(App[None]):
    def __init__(self, game: Game) -> None:
        super().__init__(ansi_color=True)
        self.game = game

    @property
    @abstractmethod
    def number(self) -> int:
        """Of the level that is looked at."""

    async def ask(self, method: Callable[P, R], *args: P.args, **named: P.kwargs) -> R | None:
        """Call a method of the game in a thread. A QuestError is reported to the learner, and the answer is None."""
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
        key = key_for(trouble.next_command, self.number)
        way = f"\nPress {key}." if key else ""
        if trouble.next_command and not key:
            way = f"\nIn another terminal: {invocation.command(trouble.next_command)}"
        self.notify(f"{trouble.sentence}{way}", severity="warning", timeout=SECONDS_TO_READ, markup=False)
