"""Every checked version of a level, and what changed between them."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from triton_quest.course.level import Level
from triton_quest.screen import history as screen
from triton_quest.screen.console import Glyphs
from triton_quest.screen.session.game import Attempts
from triton_quest.screen.session.keys import BACK, Key, bindings, key_line
from triton_quest.screen.session.panes import Line
from triton_quest.screen.session.views import View
from triton_quest.store import history as versions
from triton_quest.store.history import Entry

NONE = "Nothing of this level was checked yet. Save its file, and the first version stands here."


def recent(attempts: Attempts, room: int, g: Glyphs) -> RenderableType:
    """The last versions, the newest first, a line each."""
    if not attempts.entries:
        return Text(NONE, "soft")
    return Text("\n").join(row(entry, g) for entry in attempts.entries[: -room - 1 : -1])


def row(entry: Entry, g: Glyphs) -> Text:
    """ "10:02 ✗ wrong numbers  +3 -1" """
    text = Text(no_wrap=True, overflow="ellipsis").append(f"{screen.when(entry.version)[-5:]} ", "soft")
    text.append_text(screen.ending(entry.version, g)).append("  ")
    return text.append_text(screen.changed_lines(entry.change))


class AttemptsView(View):
    """The list, and the diff of the version that is chosen: against the one before it, or against the file as it is now."""

    KEYS = (
        Key("d", "compare", "against the file now, or the version before", ""),
        Key("r", "restore", "bring it back", ""),
    )
    BINDINGS = [*bindings(KEYS)]

    def __init__(self, level: Level) -> None:
        super().__init__(f"Attempts at level {level.number}", is_code=True)
        self._level, self._attempts, self._with_now = level, Attempts((), "", None, ""), False
        self._list = OptionList(id="versions")

    def compose(self) -> ComposeResult:
        with Container(id="attempts"):
            yield self._list
            yield self.pane
        yield Line(lambda width: key_line(self.KEYS, (BACK,), width), "keys")

    def begin(self) -> None:
        self.pane.show(Text(NONE))
        self._list.border_title = f" {self.heading} "
        self._list.focus()
        self._read()

    @work(group="attempts")
    async def _read(self) -> None:
        game = self.session.game
        found = await self.session.ask(game.attempts, self._level)
        if found is None:
            return
        self._attempts = found
        self._list.clear_options()
        self._list.add_options(Option(row(entry, game.glyphs)) for entry in reversed(found.entries))
        if found.entries:
            self._list.highlighted = 0

    def _chosen(self) -> Entry | None:
        place = self._list.highlighted
        return None if place is None else self._attempts.entries[-1 - place]

    @on(OptionList.OptionHighlighted)
    def _show(self) -> None:
        entry = self._chosen()
        if entry is not None:
            self.pane.show(self._compared(entry), f"Version {entry.version.id}, {self._how(entry)}")

    def _how(self, entry: Entry) -> str:
        return "against your file now" if self._with_now else f"against {self._attempts.before(entry)[0]}"

    def _compared(self, entry: Entry) -> RenderableType:
        version, found = entry.version, self._attempts
        heading = screen.version(self._level, version, self.session.game.glyphs)
        if self._with_now and found.now is None:
            return Group(heading, Text(), Text("The file can't be read now."))
        before = ("your file now", found.now or "") if self._with_now else found.before(entry)
        lines = versions.diff(before[1], version.text, found.file, (before[0], f"version {version.id}"))
        same = Text(f"It is the same as {before[0]}.")
        return Group(heading, Text(), screen.diff(lines) if lines else same)

    def action_compare(self) -> None:
        self._with_now = not self._with_now
        self._show()

    @work(group="attempts")
    async def action_restore(self) -> None:
        entry = self._chosen()
        if entry is not None:
            said = await self.session.ask(self.session.game.restore, self._level, entry.version.id)
            if said is not None:
                self.session.tell(said)
                self._read()
