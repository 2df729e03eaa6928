"""The achievements, as a table: what each is called, what it is for, what it is worth, and its rule in feats.py.

An achievement is earned once, or once at each level. The levels at which `compile` and `traffic` can show one stand in the
table of levels, as its `feats`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from triton_quest import feats
from triton_quest.levels import LEVELS, Level
from triton_quest.store.records import Earned, Feat, Story

if TYPE_CHECKING:
    from triton_quest.verdict import Record

OFTEN, SELDOM, RARE = 10, 30, 100  # XP: for what each level has, for a good catch, for what the whole quest takes


@dataclass(frozen=True)
class Achievement:
    """One row. `says` goes on from "For ..."; where `each_level`, it is earned once at each level that has it.

    `rule` reads the story of a run and gives the levels' slugs ("": the quest); `measured` reads what `command` showed.
    """

    slug: str
    title: str
    says: str
    xp: int
    each_level: bool = False
    rule: Callable[[Story], Iterable[str]] | None = None
    measured: Callable[[Sequence[Record]], bool] | None = None
    command: str = ""  # what shows it, where that isn't `check`
    needs_gpu: bool = False


ACHIEVEMENTS = (
    Achievement(
        slug="no-hints",
        title="On your own",
        says="a level passed without a hint, and without a look at its solution",
        xp=OFTEN,
        each_level=True,
        rule=feats.unaided,
    ),
    Achievement(
        slug="first-try",
        title="First launch",
        says="a level whose first finished version passed",
        xp=OFTEN,
        each_level=True,
        rule=feats.first_try,
    ),
    Achievement(
        slug="no-spill",
        title="All in registers",
        says="a kernel of yours that spills no register on any GPU it was compiled for",
        xp=OFTEN,
        each_level=True,
        measured=feats.no_spill,
        command="compile",
    ),
    Achievement(
        slug="least-traffic",
        title="Every byte once",
        says="a kernel of yours that moves less than 1.1 times the least possible bytes",
        xp=OFTEN,
        each_level=True,
        measured=feats.least_traffic,
        command="traffic",
    ),
    Achievement(
        slug="faster-than-pytorch",
        title="Faster than PyTorch",
        says="a race of a level that you won against PyTorch's best",
        xp=OFTEN,
        each_level=True,
        rule=feats.faster_than_pytorch,
        command="benchmark",
        needs_gpu=True,
    ),
    Achievement(
        slug="at-the-bound",
        title="Up to the roofline",
        says="a kernel that reaches 85 % of what the GPU can copy or multiply",
        xp=OFTEN,
        each_level=True,
        rule=feats.at_the_bound,
        command="benchmark",
        needs_gpu=True,
    ),
    Achievement(
        slug="hunted-down",
        title="Hunted down",
        says="a level passed after three different kinds of failure, each one mended",
        xp=SELDOM,
        rule=feats.hunted_down,
    ),
    Achievement(
        slug="came-back",
        title="Broken and mended",
        says="a kernel that passed, failed after a change of yours, and passed again",
        xp=SELDOM,
        rule=feats.came_back,
    ),
    Achievement(
        slug="tuned",
        title="Tuned",
        says="a kernel that you made a tenth faster than in an earlier race on the same GPU",
        xp=SELDOM,
        rule=feats.tuned,
        command="benchmark",
        needs_gpu=True,
    ),
    Achievement(
        slug="all-unaided",
        title="Not one hint",
        says="every level passed without a hint, and without a look at its solution",
        xp=RARE,
        rule=feats.all_unaided,
    ),
    Achievement(
        slug="all-stars",
        title="A sky full of stars",
        says="three stars at every level",
        xp=RARE,
        rule=feats.all_stars,
    ),
    Achievement(
        slug="all-hold",
        title="All of them hold",
        says="every kernel judged once more after the last level, and every one passed",
        xp=RARE,
        rule=feats.all_hold,
    ),
    Achievement(
        slug="without-gpu",
        title="Who needs a GPU",
        says="every level passed before any GPU had judged one",
        xp=RARE,
        rule=feats.without_gpu,
    ),
    Achievement(
        slug="on-a-gpu",
        title="On the metal",
        says="every level passed on a real GPU",
        xp=RARE,
        rule=feats.on_a_gpu,
        needs_gpu=True,
    ),
    Achievement(
        slug="beats-flash",
        title="Faster than FLASH",
        says="a race won against PyTorch's Flash Attention at 8192 keys or more",
        xp=RARE,
        rule=feats.beats_flash,
        command="benchmark",
        needs_gpu=True,
    ),
    Achievement(
        slug="all-gold",
        title="All gold",
        says="a gold medal at every level",
        xp=RARE,
        rule=feats.all_gold,
        command="benchmark",
        needs_gpu=True,
    ),
)
BY_SLUG = {achievement.slug: achievement for achievement in ACHIEVEMENTS}


@dataclass(frozen=True)
class Award:
    """An achievement that was earned, at which level (None: at none in particular), and when."""

    achievement: Achievement
    level: Level | None
    at: str


def reached(story: Story) -> tuple[Feat, ...]:
    """All that follows from the story of a run, in the table's order."""
    return tuple(
        Feat(achievement.slug, slug, once=not achievement.each_level)
        for achievement in ACHIEVEMENTS
        if achievement.rule is not None
        for slug in dict.fromkeys(achievement.rule(story))
    )


def shown_by(level: Level, measured: Sequence[Record]) -> tuple[Feat, ...]:
    """All that follows from what was measured of a level's kernel."""
    return tuple(
        Feat(achievement.slug, level.slug, once=not achievement.each_level)
        for achievement in ACHIEVEMENTS
        if achievement.measured is not None and achievement.slug in level.feats and achievement.measured(measured)
    )


def awards(earned: Iterable[Earned], levels: Sequence[Level] = LEVELS) -> tuple[Award, ...]:
    """What was noted, with its rows of the tables; what this version knows nothing of is left out."""
    rows = {level.slug: level for level in levels}
    return tuple(
        Award(BY_SLUG[one.achievement], rows.get(one.slug), one.at)
        for one in earned
        if one.achievement in BY_SLUG and (not one.slug or one.slug in rows)
    )
