"""XP and ranks: what progress is worth. A pure function of passes, stars, medals and achievements, and never of time.

None of the four is ever taken away within a run, so XP never fall.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from triton_quest.progress.achievements import Award
from triton_quest.store.records import LevelState

PASS = 100  # a level passed is what the quest is about: more than all else that one level can bring without a race
STAR = 20  # a hint is there to be taken: doing without is worth something, and never as much as going on
MEDALS = {
    "": 0,
    "bronze": 20,
    "silver": 40,
    "gold": 60,
}  # of the best race; less than a pass, for not everyone has a GPU


@dataclass(frozen=True)
class Rank:
    """A step of the ladder, and the XP from which on one stands on it."""

    name: str
    xp: int


RANKS = (  # what a GPU is built of, each made of many of the one before; all can be reached without a GPU
    Rank("Lane", 0),
    Rank("Warp", 100),  # with the first level
    Rank("Block", 400),  # with three levels, as a rule
    Rank("Cluster", 750),  # with five
    Rank("Grid", 1050),  # with all eight, whatever it took, and none of them broken since
    Rank("Roofline", 1700),  # with all eight, most of the stars and a handful of achievements
)


@dataclass(frozen=True)
class Standing:
    """What a run is worth so far, and where on the ladder that is. `next`: None on the last step."""

    xp: int
    rank: Rank
    next: Rank | None
    achievements: int

    @property
    def missing(self) -> int:
        """The XP to the next rank."""
        return self.next.xp - self.xp if self.next else 0


def standing(states: Sequence[LevelState], awards: Iterable[Award]) -> Standing:
    levels = sum(PASS + STAR * state.stars + MEDALS[state.medal] for state in states if state.is_done)
    worth = [award.achievement.xp for award in awards]
    xp = levels + sum(worth)
    rank = [rank for rank in RANKS if rank.xp <= xp][-1]
    higher = next((rank for rank in RANKS if rank.xp > xp), None)
    return Standing(xp, rank, higher, len(worth))
