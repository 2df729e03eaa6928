"""The hints of a level: those that were taken, and the next one at the press of a key, with what it costs."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.text import Text
from textual import work

from triton_quest.course.level import Level
from triton_quest.screen.console import Glyphs
from triton_quest.screen.overview import stars
from triton_quest.screen.session.game import Hints
from triton_quest.screen.session.keys import Key, bindings
from triton_quest.screen.session.views import View

TAKE = Key("h", "take", "take the next hint", "")


def page(hints: Hints, g: Glyphs) -> RenderableType:
    """All hints that were taken, and what the next one costs."""
    parts: list[RenderableType] = []
    for hint in hints.taken:
        parts += [hint, Text(), Rule(style="soft", characters=g.line), Text()]
    return Group(*parts, _offer(hints, g))


def _offer(hints: Hints, g: Glyphs) -> Text:
    if hints.next is None:
        return Text(f"These are all {hints.of} hints. What is left is the solution: s.")
    text = Text(f"Hint {hints.next} of {hints.of}: press ").append(TAKE.sign, "command").append(". ")
    if hints.stars_then == hints.stars_now:
        return text.append("It costs nothing.")
    return text.append("A pass is then worth ").append_text(stars(hints.stars_then, g)).append(" at the most.")


class HintsView(View):
    KEYS = (TAKE,)
    BINDINGS = [*bindings(KEYS)]

    def __init__(self, level: Level) -> None:
        super().__init__(f"Hints for level {level.number}, {level.title}")
        self._level = level

    def begin(self) -> None:
        super().begin()
        self._read(False)

    @work(group="hints")
    async def _read(self, take: bool) -> None:
        game = self.session.game
        hints = await self.session.ask(game.hints, self._level)
        if take and hints is not None and hints.next is not None:
            await self.session.ask(game.take_hint, self._level)
            hints = await self.session.ask(game.hints, self._level)
        if hints is not None:
            self.pane.show(page(hints, game.glyphs), top=False)
            self.pane.call_after_refresh(self.pane.scroll_end, animate=False)

    def action_take(self) -> None:
        self._read(True)
