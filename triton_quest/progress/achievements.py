"""The achievements, as a table: what each is called, what it is for, what it is worth, and its rule in feats.py.

An achievement is earned once, once at each level, or once for each act. The levels at which `compile` and `traffic` can show one
stand in the table of levels, as its `feats`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS, by_act
from triton_quest.progress import feats
from triton_quest.store.records import Earned

if TYPE_CHECKING:
    from triton_quest.records.verdict import Record
    from triton_quest.store.story import Feat, Story

OFTEN, SELDOM, RARE = 10, 30, 100  # XP: for what each level has, for a good catch, for what a whole act takes


@dataclass(frozen=True)
class Achievement:
    """One row. `says` names what was reached, in words that fit an earned one and an open one, and a line of 80 columns.

    `each_level`: it is earned at each level, not just at one. `rule` reads the story of a run and gives the levels' slugs;
    `whole` reads it and an act's slugs; `measured` reads what `compile` or `traffic` sent of a level's own file.
    """

    slug: str
    title: str
    says: str
    xp: int
    each_level: bool = False
    rule: Callable[[Story], Iterable[str]] | None = None
    whole: Callable[[Story, Sequence[str]], bool] | None = None
    measured: Callable[[Sequence[Record]], bool] | None = None
    needs_gpu: bool = False


ACHIEVEMENTS = (
    Achievement(
        slug="no-hints",
        title="On your own",
        says="passed with no hint, the solution unseen",
        xp=OFTEN,
        each_level=True,
        rule=feats.unaided,
    ),
    Achievement(
        slug="first-try",
        title="First launch",
        says="the first finished version passed",
        xp=OFTEN,
        each_level=True,
        rule=feats.first_try,
    ),
    Achievement(
        slug="no-spill",
        title="All in registers",
        says="compile finds no register spilled",
        xp=OFTEN,
        each_level=True,
        measured=feats.no_spill,
    ),
    Achievement(
        slug="least-traffic",
        title="Every byte once",
        says="traffic finds under 1.1 times the least",
        xp=OFTEN,
        each_level=True,
        measured=feats.least_traffic,
    ),
    Achievement(
        slug="faster-than-pytorch",
        title="Faster than PyTorch",
        says="a race won against PyTorch's best",
        xp=OFTEN,
        each_level=True,
        rule=feats.faster_than_pytorch,
        needs_gpu=True,
    ),
    Achievement(
        slug="at-the-bound",
        title="Up to the roofline",
        says="85 % of what the GPU can do, in a race",
        xp=OFTEN,
        each_level=True,
        rule=feats.at_the_bound,
        needs_gpu=True,
    ),
    Achievement(
        slug="hunted-down",
        title="Hunted down",
        says="passed after three kinds of failure",
        xp=SELDOM,
        rule=feats.hunted_down,
    ),
    Achievement(
        slug="came-back",
        title="Broken and mended",
        says="failed after a pass, and passed again",
        xp=SELDOM,
        rule=feats.came_back,
    ),
    Achievement(
        slug="tuned",
        title="Tuned",
        says="a tenth faster than in an earlier race",
        xp=SELDOM,
        rule=feats.tuned,
        needs_gpu=True,
    ),
    Achievement(
        slug="all-unaided",
        title="Not one hint",
        says="every level on your own",
        xp=RARE,
        whole=feats.all_unaided,
    ),
    Achievement(
        slug="all-stars",
        title="A sky full of stars",
        says="three stars at every level",
        xp=RARE,
        whole=feats.all_stars,
    ),
    Achievement(
        slug="all-hold",
        title="All of them hold",
        says="all judged again at the end, all passed",
        xp=RARE,
        whole=feats.all_hold,
    ),
    Achievement(
        slug="without-gpu",
        title="Who needs a GPU",
        says="every level passed before a GPU saw one",
        xp=RARE,
        whole=feats.without_gpu,
    ),
    Achievement(
        slug="on-a-gpu",
        title="On the metal",
        says="every level passed on a real GPU",
        xp=RARE,
        whole=feats.on_a_gpu,
        needs_gpu=True,
    ),
    Achievement(
        slug="beats-flash",
        title="Faster than FLASH",
        says="PyTorch's FLASH beaten from 8192 keys on",
        xp=RARE,
        rule=feats.beats_flash,
        needs_gpu=True,
    ),
    Achievement(
        slug="all-gold",
        title="All gold",
        says="a gold medal at every level",
        xp=RARE,
        whole=feats.all_gold,
        needs_gpu=True,
    ),
)
BY_SLUG = {achievement.slug: achievement for achievement in ACHIEVEMENTS}


@dataclass(frozen=True)
class Award:
    """An achievement that was earned, and when: at a level, or (`level` is None) for the act of that number."""

    achievement: Achievement
    level: Level | None
    at: str
    act: int = 0


def reached(story: Story) -> tuple[Feat, ...]:
    """All that follows from the story of a run, in the table's order, and the levels in theirs."""
    return tuple(
        _feat(achievement, slug) for achievement in ACHIEVEMENTS for slug in _places_where_reached(achievement, story)
    )


def _places_where_reached(achievement: Achievement, story: Story) -> list[str]:
    if achievement.rule is not None:
        return sorted(set(achievement.rule(story)), key=story.levels.index)
    if achievement.whole is not None:
        return [_name(number) for number, act in enumerate(story.acts, start=1) if achievement.whole(story, act)]
    return []


def _name(act: int) -> str:
    """An act in the place of a level's slug, as databases keep it: the first was the whole quest once, and had no name."""
    return "" if act == 1 else f"act-{act}"


def shown_by(level: Level, measured: Sequence[Record]) -> tuple[Feat, ...]:
    """All that follows from what was measured of a level's kernel."""
    return tuple(
        _feat(achievement, level.slug)
        for achievement in ACHIEVEMENTS
        if achievement.measured is not None and achievement.slug in level.feats and achievement.measured(measured)
    )


def _feat(achievement: Achievement, slug: str) -> Feat:
    from triton_quest.store.story import Feat  # here: the map, which needs the table alone, shouldn't wait for it

    return Feat(achievement.slug, slug, once=not achievement.each_level and achievement.whole is None)


def awards(earned: Iterable[Earned], levels: Sequence[Level] = LEVELS) -> tuple[Award, ...]:
    """What was noted, with its rows of the tables; what this version knows nothing of is left out."""
    rows, acts = {level.slug: level for level in levels}, {_name(act): act for act in by_act(levels)}
    return tuple(
        Award(BY_SLUG[one.achievement], rows.get(one.slug), one.at, acts.get(one.slug, 0))
        for one in earned
        if one.achievement in BY_SLUG and (one.slug in acts or one.slug in rows)
    )
