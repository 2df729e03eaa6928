"""XP and ranks: what progress is worth. Pure functions of passes, stars, medals and achievements, and never of time.

No pass, star, medal or achievement is ever taken away within a run, so XP never fall. The ranks of an act stay where they are when
an act follows, which adds ranks above them: so no rank is ever lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from triton_quest.course.level import Level
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
    """A rank, and the least XP that have it."""

    name: str
    xp: int


FIRST_RANKS = (  # those of the first act: what a GPU is built of, each made of many of the one before; all can be reached without a GPU
    Rank("Lane", 0),
    Rank("Warp", 100),  # with the first level
    Rank("Block", 400),  # with three levels, as a rule
    Rank("Cluster", 750),  # with five
    Rank("Grid", 1050),  # with all of the act, whatever it took, and none of them broken since
    Rank("Roofline", 1700),  # with all of the act, most of the stars and a handful of achievements
)
LATER_RANKS = (("Stream", "Graph"), ("Node", "Pod"))  # of the second act, of the third: what is made of many grids


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


def ladder(levels: Iterable[Level]) -> tuple[Rank, ...]:
    """The ranks of the acts that these levels make up.

    A later act's last rank is what passes with all stars are worth above the last rank before: as there, it takes some
    achievements, too, and no GPU. Its other ranks divide the way into equal parts.
    """
    counts, ranks = Counter(level.act for level in levels), list(FIRST_RANKS)
    for act, names in enumerate(LATER_RANKS, start=2):
        below, all_stars = ranks[-1].xp, (PASS + 3 * STAR) * counts[act]
        parts = range(1, len(names) + 1) if counts[act] else ()
        ranks += [Rank(names[part - 1], below + all_stars * part // len(names)) for part in parts]
    return tuple(ranks)


def standing(states: Sequence[LevelState], awards: Iterable[Award]) -> Standing:
    levels = sum(PASS + STAR * state.stars + MEDALS[state.medal] for state in states if state.is_done)
    worth = [award.achievement.xp for award in awards]
    xp = levels + sum(worth)
    ranks = ladder(state.level for state in states)
    rank = [rank for rank in ranks if rank.xp <= xp][-1]
    higher = next((rank for rank in ranks if rank.xp > xp), None)
    return Standing(xp, rank, higher, len(worth))
