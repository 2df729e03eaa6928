"""The main screen: the map, the briefing, the verdict, the attempts. It watches, lets judge, and shows what came of it."""

from __future__ import annotations

import time
from threading import Event

from rich.console import Group, RenderableType
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message

from triton_quest.course.level import Level
from triton_quest.course.table import name_of_act
from triton_quest.errors import LevelAhead, LockedLevel, QuestError
from triton_quest.records.verdict import Record, StageStarted
from triton_quest.screen.achievements import line as award_line
from triton_quest.screen.fitted import Fitted
from triton_quest.screen.overview import stars
from triton_quest.screen.session import level_map
from triton_quest.screen.session.attempts import recent
from triton_quest.screen.session.game import Game, JudgedSave
from triton_quest.screen.session.judging import Desk
from triton_quest.screen.session.keys import HELP, KEYS, QUIT, TypedNumber, bindings, key_line, step
from triton_quest.screen.session.opening import Opening
from triton_quest.screen.session.panes import Line, Pane, StatusLine
from triton_quest.screen.session.views import Working
from triton_quest.screen.verdict import TITLES
from triton_quest.screen.verdict import verdict as render_verdict
from triton_quest.store.records import LevelState, Status

NO_VERDICT = "Write in {file}, save it, and the verdict stands here. c judges it as it is."

PANES = {"map": "Map", "recent": "Attempts", "briefing": "Briefing", "verdict": "Verdict"}
SHUT = (Status.LOCKED, Status.AHEAD)


class Main(Opening):
    """`at` is the level that is looked at. Only the learner moves it: a verdict never does."""

    BINDINGS = [
        *bindings((*KEYS, HELP, QUIT)),
        *(Binding(str(digit), f"digit({digit})", show=False) for digit in range(10)),
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
        Binding("escape", "stop", show=False),
    ]

    class Progressed(Message):
        """The child that judges said something."""

        def __init__(self, record: Record) -> None:
            super().__init__()
            self.record = record

    class Ended(Message):
        """A judgement is over: with a verdict, cancelled, or in a trouble."""

        def __init__(self, level: Level, judged: JudgedSave | None, trouble: QuestError | None) -> None:
            super().__init__()
            self.level, self.judged, self.trouble = level, judged, trouble

    def __init__(self, game: Game, level: Level) -> None:
        super().__init__(game, level)
        self._desk, self._said_shut, self._typed = Desk(), set[Level](), TypedNumber()
        self._judged: JudgedSave | None = None
        self._left = Event()
        self._panes = {name: Pane(title, name) for name, title in PANES.items()}
        self._top, self._status = Line(self._strip, "strip"), StatusLine("status")

    # What is on it

    def compose(self) -> ComposeResult:
        yield self._top
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self._pane("map")
                yield self._pane("recent")
            with Vertical(id="right"):
                yield self._pane("briefing")
                yield self._pane("verdict")
        yield self._status
        yield Line(lambda width: key_line(KEYS, (HELP, QUIT), width), "keys")

    def on_mount(self) -> None:
        self.action_front("briefing")
        self._pane("verdict").show(Text(NO_VERDICT.format(file=self.game.name(self.at)), "soft"))
        self._pane("map").show(Fitted(self._map))
        self.look()
        self._watch()

    def _pane(self, name: str) -> Pane:
        return self._panes[name]

    def _strip(self, width: int) -> Text:
        return level_map.strip(self.states, self.at, self.game.glyphs, width) if self.states else Text()

    def _map(self, width: int) -> RenderableType:
        return level_map.side(self.states, self.awards, self.at, self.game.glyphs, width) if self.states else Text()

    @work(exclusive=True, group="look")
    async def look(self) -> None:
        """Show the level that is looked at."""
        level = self.at
        briefing = await self.session.ask(self.game.briefing, level)
        if briefing is not None:
            self._pane("briefing").show(briefing, f"Level {level.number}, {level.title}")
        await self._refresh()

    @work(exclusive=True, group="look again")
    async def look_again(self) -> None:
        """What is read stays where it is."""
        await self._refresh()

    async def _refresh(self) -> None:
        """Look again at what the quest remembers: another terminal may have played, too."""
        states = await self.session.ask(self.game.states)
        if states is None:
            return
        self.states, awards = states, await self.session.ask(self.game.awards)
        self.awards = self.awards if awards is None else awards
        attempts = await self.session.ask(self.game.attempts, self.at)
        if attempts is not None:
            pane = self._pane("recent")
            pane.show(Fitted(lambda width: recent(attempts, max(1, pane.size.height), self.game.glyphs)))
        self._pane("map").show(Fitted(self._map), top=False)
        self._top.refresh(layout=True)
        self._status.wait(self._idle())

    def _idle(self) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        if self._judged is not None and self._judged.level != self.at:
            said = TITLES[self._judged.verdict.outcome]
            text.append(f" {self._judged.file}: {said}.", "bold")
            return text.append(f" You look at level {self.at.number}.", "soft")
        if self._state(self.at).status in SHUT:
            return text.append(f" Level {self.at.number} isn't open yet.", "soft")
        return text.append(" watching ", "soft").append(self.game.name(self.at)).append(": save it to judge it", "soft")

    def _state(self, level: Level) -> LevelState:
        return self.states[level.number - 1]

    # Watching and judging

    @work(group="watch")
    async def _watch(self) -> None:
        async for levels in self.game.saves():
            if not levels:  # a module that they may import
                levels = (self._judged.level if self._judged else self.at,)
            open_ones = [level for level in levels if self._state(level).status not in SHUT]
            self._judge(*(open_ones or levels[:1]))  # of many locked ones, one says that it is

    def _judge(self, *levels: Level) -> None:
        self._desk.put(levels)
        self._begin()

    def _begin(self) -> None:
        taken = self._desk.take()
        if taken is None:
            return
        level, cancelled = taken
        self._status.begin(f"judging {self.game.name(level)}")
        if self._judged is not None:
            self._pane("verdict").name_it(f"The verdict before, on {self._judged.file} (a new one is coming)")
            self._pane("verdict").add_class("-old")
        self.run_worker(lambda: self._run(level, cancelled), thread=True, group="judge")

    def _run(self, level: Level, cancelled: Event) -> None:
        """In a thread."""
        judged, trouble = None, None
        try:
            judged = self.game.judge(level, lambda record: self._say(self.Progressed(record)), cancelled)
        except QuestError as found:
            trouble = found
        self._say(self.Ended(level, judged, trouble))

    def _say(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)

    def on_main_progressed(self, message: Progressed) -> None:
        if isinstance(message.record, StageStarted):
            self._status.stage(message.record.says)

    def on_main_ended(self, message: Ended) -> None:
        self._desk.done()
        self._status.end()
        if message.judged is not None:
            self._judged = message.judged
            self._show(message.judged)
            self.look_again()
            if message.judged.verdict.passed and not message.judged.is_the_end:
                self._catch_up()
        elif message.trouble is not None:
            self._tell_once(message.level, message.trouble)
        self.session.tell_notices()
        if self._judged is not None and message.judged is None:
            self._title(self._judged)
        self._begin()

    @work(exclusive=True, group="catch up")
    async def _catch_up(self) -> None:
        await self.session.ask(self.game.catch_up, self._left)

    def _tell_once(self, level: Level, trouble: QuestError) -> None:
        """That a level is locked is said the first time that its file is saved."""
        if isinstance(trouble, (LockedLevel, LevelAhead)):
            if level not in self._said_shut:
                self._said_shut.add(level)
                self.session.tell(f"{self.game.name(level)} was saved, and isn't judged. {trouble.sentence}")
            return
        self.session.tell_trouble(trouble)

    # The verdict

    def _show(self, judged: JudgedSave) -> None:
        parts: list[RenderableType] = [
            render_verdict(judged.verdict, judged.level.title, self.game.glyphs, is_brief=True),
            Text(),
        ]
        if judged.stars:
            earned = stars(judged.stars, self.game.glyphs)
            parts.append(earned.append(f"  You passed level {judged.level.number}.", "good.heading"))
        parts += [award_line(award, self.game.glyphs) for award in judged.earned]
        parts.append(step(*judged.next_step, judged.level, self.levels))
        self._pane("verdict").show(Group(*parts))
        self._title(judged)
        self.action_front("verdict")
        if self.app.screen is not self:
            self.session.tell(f"{judged.file} was judged: {TITLES[judged.verdict.outcome]}.")
        if judged.unremembered:
            self.session.notify(judged.unremembered, severity="warning", timeout=12.0, markup=False)
        if judged.is_the_end:
            level, game = judged.level, self.game
            last = Working(self._end_of(level), lambda tell, cancelled: game.finale(level, tell, cancelled))
            self.app.push_screen(last)

    def _end_of(self, level: Level) -> str:
        follows = any(state.level.act > level.act for state in self.states)
        return f"The end of {name_of_act(level.act)}" if follows else "The end of the quest"

    def _title(self, judged: JudgedSave) -> None:
        self._pane("verdict").name_it(f"Verdict on {judged.file}")
        self._pane("verdict").remove_class("-old")

    # Keys that open nothing

    @work(group="key")
    async def action_check(self) -> None:
        level = self.at
        if await self.session.ask(self.game.require_open, level) is not None:
            self._judge(level)

    def action_stop(self) -> None:
        self.app.clear_notifications()
        if self._desk.stop():
            self.session.tell("Stopped. Your text was kept, without a verdict.")

    def action_digit(self, digit: int) -> None:
        self.action_look_at(self._typed.take(digit, time.monotonic(), len(self.states)))

    def action_look_at(self, number: int) -> None:
        if 1 <= number <= len(self.states):
            self.at = self.states[number - 1].level
            self.action_front("briefing")
            self.look()

    def action_step(self, by: int) -> None:
        self.action_look_at(self.at.number + by)

    @work(group="key")
    async def action_next(self) -> None:
        states, level = await self.session.ask(self.game.states), await self.session.ask(self.game.current)
        found = await self.session.ask(self.game.next_step)
        if states is None or level is None or found is None:
            return
        if level != self.at:
            self.action_look_at(level.number)
        elif states[level.number - 1].is_done:
            self.session.tell(step(*found, level, self.levels).plain)
        else:
            self.session.tell(f"Level {level.number} is the one to pass now: what comes after it opens with it.")

    def action_front(self, name: str) -> None:
        for other in ("briefing", "verdict"):
            self.set_class(other == name, f"-front-{other}")
        self._pane(name).focus()

    def on_unmount(self) -> None:
        self._left.set()
        self._desk.stop()
