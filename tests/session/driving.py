"""The session under Textual's own driver: a terminal of any size that nobody looks at, and keys pressed by a test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Any
from unittest import mock

from textual.pilot import Pilot

from triton_quest import invocation
from triton_quest.commands.play.session import LiveSession
from triton_quest.commands.play.views import Run, cold
from triton_quest.commands.shared.context import Context
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.parent.runner import Cancelled, Job, OnRecord
from triton_quest.records import verdict as v
from triton_quest.screen.console import Glyphs
from triton_quest.screen.session.app import SessionApp
from triton_quest.screen.session.main import Main
from triton_quest.screen.session.panes import Pane, StatusLine
from triton_quest.store.progress import Progress
from triton_quest.store.workspace import Workspace

SECONDS = 60.0  # until something that never comes is given up
NARROW, WIDE = (80, 24), (120, 40)


@dataclass
class QuickJudge:
    """Passes whatever holds the word "right". While `held`, a judgement waits until it is cancelled or let go."""

    files: list[str] = field(default_factory=list)  # what was judged to its end
    begun: list[str] = field(default_factory=list)
    held: bool = False

    def __call__(self, job: Job, tell: OnRecord, cancelled: Event) -> v.Verdict:
        self.begun.append(job.file.name)
        tell(v.StageStarted("read", "looking for the word"))
        while self.held:
            if cancelled.wait(0.01):
                raise Cancelled
        self.files.append(job.file.name)
        check = v.Check("the word is there", "read", v.State.PASSED)
        if "right" in job.file.read_text():
            return v.Verdict(job.level.number, job.level.slug, v.Outcome.PASSED, "interpreter", 0.1, (check,))
        check = v.failed(check, v.Outcome.WRONG, "The word isn't there.", "Write it.")
        return v.Verdict(job.level.number, job.level.slug, v.Outcome.WRONG, "interpreter", 0.1, (check,))


class Driver:
    """A running session, and what stands on its screen."""

    def __init__(
        self, app: SessionApp, pilot: Pilot[None], workspace: Workspace, levels: tuple[Level, ...] = LEVELS
    ) -> None:
        self.app, self.pilot, self.workspace, self.levels = app, pilot, workspace, levels

    @property
    def main(self) -> Main:
        found = self.app.screen_stack[0]
        assert isinstance(found, Main)
        return found

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def save(self, number: int, text: str) -> None:
        self.workspace.file(self.levels[number - 1]).write_text(text)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until it holds; what stands there instead, if it never does."""
        given_up = time.monotonic() + SECONDS
        while not holds():
            assert self.app.is_running, "the session has ended"
            assert time.monotonic() < given_up, f"it never came:\n{self.text()}"
            await self.pilot.pause(0.01)

    async def sees(self, *words: str) -> None:
        """Until all of this stands on the screen, however it is wrapped."""
        await self.until(lambda: all(" ".join(word.split()) in self.said for word in words))

    async def told(self, *words: str) -> None:
        """Until one of the notices holds all of this."""
        await self.until(lambda: any(all(word in notice for word in words) for notice in self.notices()))

    def notices(self) -> list[str]:
        return [notice.message for notice in self.app._notifications]

    @property
    def said(self) -> str:
        """What stands on the screen, without the lines of its boxes, in one line."""
        drawn = self.text().translate(dict.fromkeys(map(ord, "┃│┌┐└┘━─┊"), " "))
        return " ".join(drawn.split())

    def lines(self) -> list[str]:
        strips = self.app.screen._compositor.render_strips()
        return [strip.text for strip in strips]

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines())

    def pane(self, name: str) -> Pane:
        return self.main.query_one(f"#{name}", Pane)

    def status(self) -> str:
        return str(self.main.query_one(StatusLine).content)


Scenario = Callable[[Driver], Awaitable[None]]


async def play(
    workspace: Workspace,
    scenario: Scenario,
    size: tuple[int, int] = NARROW,
    judge: Any = None,
    glyphs: Glyphs | None = None,
    level: int = 1,
    run: Run = cold,
    where: tuple[str, ...] = ("interpreter",),
    levels: tuple[Level, ...] = LEVELS,
) -> None:
    """Play a scenario in a session of this workspace, to its end."""
    context = Context(workspace.root)
    if levels is not LEVELS:
        context.progress = Progress(workspace.database, levels)
    context.glyphs = glyphs or Glyphs()
    app = SessionApp(LiveSession(context, where, judge or QuickJudge(), run), levels[level - 1])
    async with app.run_test(size=size, notifications=True) as pilot:
        driver = Driver(app, pilot, workspace, levels)
        await driver.until(lambda: bool(driver.main.states))
        await scenario(driver)


def drive(workspace: Workspace, scenario: Scenario, *args: Any, **options: Any) -> None:
    """The same, from a test that awaits nothing."""
    with mock.patch.object(invocation, "named_workspace", None):
        asyncio.run(play(workspace, scenario, *args, **options))
