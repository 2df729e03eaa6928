"""What is known of a learner's progress: where each level stands, what was checked, what it took. Plain records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from triton_quest.course.level import Level


class Status(str, Enum):
    """Where a level stands for the learner."""

    LOCKED = "locked"
    OPEN = "open"
    PASSED = "passed"
    CHANGED = "changed"  # passed once, and the file fails now
    AHEAD = "ahead"  # in the table, but its course hasn't arrived


@dataclass(frozen=True)
class LevelState:
    level: Level
    status: Status
    stars: int
    hints_taken: int
    attempts: int
    medal: str = ""  # the best that it won in a race

    @property
    def is_done(self) -> bool:
        return self.status in (Status.PASSED, Status.CHANGED)


@dataclass(frozen=True)
class Attempt:
    """A check that has begun."""

    id: int
    run: int


@dataclass(frozen=True)
class Version:
    """A text that was checked, and what came of it. `id` never changes; `run` counts the times of starting over."""

    id: int
    run: int
    at: str
    outcome: str
    cause: str
    seconds: float
    text: str


@dataclass(frozen=True)
class Speed:
    """A race that was run. `ratio`: PyTorch's best time over the learner's; `medal` is "" for none."""

    at: str
    gpu: str
    ratio: float | None
    medal: str


@dataclass(frozen=True)
class Earned:
    """An achievement that was noted, by its slug, where (`slug`: as in a Feat), and when."""

    achievement: str
    slug: str
    at: str


@dataclass(frozen=True)
class Statistics:
    """What a run came to so far. `first`, `last`: the dates of its first and last attempt, None before the first."""

    attempts: int
    hints: int
    solutions_seen: int
    first: str | None
    last: str | None

    @property
    def days(self) -> int:
        """The days from the first attempt to the last, both included."""
        if self.first is None or self.last is None:
            return 0
        return (datetime.fromisoformat(self.last).date() - datetime.fromisoformat(self.first).date()).days + 1


def stars_for(hints_taken: int, gave_up: bool) -> int:
    """Three, minus one per two hints taken, at least one; one after `solution --give-up`."""
    return 1 if gave_up else max(1, 3 - hints_taken // 2)
