"""What the keys of the main screen open: views of the level that is looked at, questions, the editor."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from typing import cast

from rich.console import Group
from rich.text import Text
from textual import work
from textual.app import SuspendNotSupported
from textual.screen import Screen

from triton_quest import isolation
from triton_quest.course.level import Level
from triton_quest.progress.achievements import Award
from triton_quest.progress.experience import standing
from triton_quest.screen.achievements import listing
from triton_quest.screen.fitted import Fitted
from triton_quest.screen.overview import overview
from triton_quest.screen.session.asking import Asking
from triton_quest.screen.session.attempts import AttemptsView
from triton_quest.screen.session.game import Game, States
from triton_quest.screen.session.hints import HintsView
from triton_quest.screen.session.keys import destination, key_table
from triton_quest.screen.session.show import ShowView
from triton_quest.screen.session.views import Ask, View, Working


class Opening(Screen[None]):
    """`at` is the level that is looked at; `states` and `awards` are what was last known."""

    def __init__(self, game: Game, level: Level) -> None:
        super().__init__()
        self.game, self.at = game, level
        self.states: States = ()
        self.awards: Sequence[Award] = ()

    @property
    def levels(self) -> list[Level]:
        return [state.level for state in self.states]

    @property
    def session(self) -> Asking:
        return cast(Asking, self.app)

    def action_hint(self) -> None:
        self._open_view(HintsView(self.at))

    def action_attempts(self) -> None:
        self.app.push_screen(AttemptsView(self.at))

    @work(group="key")
    async def _open_view(self, view: View) -> None:
        """Push a view of the level that is looked at, if it is open."""
        if await self.session.ask(self.game.require_open, self.at) is not None:
            self.app.push_screen(view)

    @work(group="key")
    async def action_solution(self) -> None:
        level = self.at
        price = await self.session.ask(self.game.price_of_the_solution, level)
        if price is None or (price and not await self.app.push_screen_wait(Ask(price))):
            return
        code = await self.session.ask(self.game.solution, level)
        if code is not None:
            self.app.push_screen(View(f"A solution of level {level.number}", code, is_code=True))

    def action_look(self, kind: str) -> None:
        level = self.at
        self._open_view(
            Working(
                f"Level {level.number}: {kind}", lambda tell, cancelled: self.game.look(kind, level, tell, cancelled)
            )
        )

    def action_programs(self) -> None:
        self._open_view(ShowView(self.at))

    @work(group="key")
    async def action_map(self) -> None:
        found = await self.session.ask(self.game.next_step)
        if found is None:
            return
        said = destination(*found, self.levels)
        states, awards, g = self.states, self.awards, self.game.glyphs
        levels = Fitted(lambda width: overview(states, "", said, g, width, None, awards))
        achievements = Fitted(lambda width: listing(awards, standing(states, awards), g, width))
        self.app.push_screen(View("Map and achievements", Group(levels, Text(), achievements)))

    @work(group="key")
    async def action_reset(self) -> None:
        level = self.at
        question = f"{self.game.name(level)} starts anew. What you have is backed up first. Go on?"
        if await self.app.push_screen_wait(Ask(question)):
            said = await self.session.ask(self.game.reset, level)
            if said is not None:
                self.session.tell(said)

    def action_edit(self) -> None:
        words = self.game.editor(self.at)
        path, line = self.game.place(self.at)
        if words is None:
            self.session.tell(f"$VISUAL and $EDITOR name no editor. Your file: {path}:{line}")
            return
        before = signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C belongs to the editor now
        try:
            with self.app.suspend():
                subprocess.run(words, env=isolation.learners_environ(), check=False)
        except SuspendNotSupported:
            self.session.tell(f"The terminal can't be lent to an editor. Your file: {path}:{line}")
        except OSError as trouble:
            self.session.tell(f"{words[0]} can't be started: {trouble.strerror}. Your file: {path}:{line}")
        finally:
            signal.signal(signal.SIGINT, before)

    def action_keys(self) -> None:
        self.app.push_screen(View("Keys", key_table(len(self.states))))

    def action_leave(self) -> None:
        self.app.exit()
