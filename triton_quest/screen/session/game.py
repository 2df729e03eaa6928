"""What the session asks of the quest, and the records in which it is answered. `commands/play/session.py` answers.

Every method may block (a lock, a disk, a judge) and may raise a QuestError: the session calls them in threads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

from rich.console import RenderableType

from triton_quest.course.level import Level
from triton_quest.invocation import Command
from triton_quest.progress.achievements import Award
from triton_quest.records.verdict import Record, Verdict
from triton_quest.report.show import CallTrace
from triton_quest.screen.console import Glyphs
from triton_quest.store.history import Entry
from triton_quest.store.records import LevelState

Tell = Callable[[Record], None]
States = tuple[LevelState, ...]


@dataclass(frozen=True)
class JudgedSave:
    """What came of a save: the verdict, what it changed, and what to do now."""

    level: Level
    file: str  # as it is called in the workspace
    verdict: Verdict
    next_step: tuple[str, Command | None]  # in a sentence, and as a command
    stars: int = 0  # of a first pass
    unremembered: str = ""  # why this can't be remembered
    earned: tuple[Award, ...] = ()
    is_the_end: bool = False  # of an act: all of its levels are passed now, and the finale comes next


@dataclass(frozen=True)
class Hints:
    """The hints of a level that were taken, and what the next would cost."""

    taken: tuple[RenderableType, ...]
    of: int
    next: int | None  # its number; None after the last
    stars_now: int  # what a pass is worth now, and after one more hint
    stars_then: int


@dataclass(frozen=True)
class Attempts:
    """The checked versions of a level, oldest first; the template they began from; the file as it is now, if it is text."""

    entries: tuple[Entry, ...]
    template: str
    now: str | None
    file: str

    def before(self, entry: Entry) -> tuple[str, str]:
        """The name and the text of what this version is a change of."""
        place = self.entries.index(entry)
        earlier = self.entries[place - 1].version if place else None
        return (f"version {earlier.id}", earlier.text) if earlier else ("the template", self.template)


@dataclass(frozen=True)
class ProgramsShown:
    """What was traced of the level's kernels, and what there is to say of how it ended."""

    trace: CallTrace
    remark: RenderableType | None = None


class Game(Protocol):
    glyphs: Glyphs

    def states(self) -> States: ...

    def current(self) -> Level: ...

    def require_open(self, level: Level) -> LevelState:
        """Raises QuestError, saying what opens the level."""

    def awards(self) -> Sequence[Award]:
        """What was earned by now. What of it is new is among the notices."""

    def next_step(self) -> tuple[str, Command | None]: ...

    def briefing(self, level: Level) -> RenderableType: ...

    def place(self, level: Level) -> tuple[Path, int]:
        """The level's file, and the first line to edit."""

    def name(self, level: Level) -> str:
        """The level's file, as it is called in the workspace."""

    def judge(self, level: Level, tell: Tell, cancelled: Event) -> JudgedSave | None:
        """Keep the text, judge it, keep the verdict. None if `cancelled` was set before the end."""

    def finale(self, level: Level, tell: Tell, cancelled: Event) -> RenderableType | None:
        """Every other level of the act judged again, and what was built; None if `cancelled` was set before the end."""

    def catch_up(self, cancelled: Event) -> None:
        """Judge on a GPU, where there is one, what passed without. What came of it is among the notices."""

    def look(self, kind: str, level: Level, tell: Tell, cancelled: Event) -> RenderableType | None:
        """What a view of this kind shows of the level's file; None if `cancelled` was set before the end."""

    def programs(self, level: Level, tell: Tell, cancelled: Event) -> ProgramsShown | None:
        """What each program of the level's kernels touches; None if `cancelled` was set before the end."""

    def hints(self, level: Level) -> Hints: ...

    def take_hint(self, level: Level) -> None: ...

    def price_of_the_solution(self, level: Level) -> str:
        """What it costs to see it now; "" if nothing."""

    def solution(self, level: Level) -> RenderableType:
        """Noted as seen, where there was no pass before."""

    def attempts(self, level: Level) -> Attempts: ...

    def restore(self, level: Level, version: int) -> str:
        """Bring a version back; what was done, in a sentence."""

    def reset(self, level: Level) -> str:
        """Write the template anew; what was done, in a sentence."""

    def editor(self, level: Level) -> list[str] | None:
        """The command line that opens the level's file; None where there is no editor."""

    def saves(self) -> AsyncIterator[tuple[Level, ...]]:
        """The levels whose files were saved, from now on."""

    def notices(self) -> list[str]:
        """The notices since the last call."""
