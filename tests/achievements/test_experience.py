"""XP and ranks: what progress is worth, that it never falls, and that nobody needs a GPU for the highest rank."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.progress.achievements import ACHIEVEMENTS, Award, awards, reached
from triton_quest.progress.experience import MEDALS, PASS, STAR, ladder, standing
from triton_quest.records.verdict import Outcome, Verdict
from triton_quest.store.progress import Progress
from triton_quest.store.records import LevelState, Status
from triton_quest.store.story import Feat

HERE = LEVELS[:3]
RANKS = ladder(LEVELS)
FIRST_ACT = tuple(level for level in LEVELS if level.act == 1)


def passed(stars: int, medal: str = "") -> list[LevelState]:
    return [LevelState(level, Status.PASSED, stars, 0, 1, medal) for level in LEVELS]


def won(*slugs: str) -> list[Award]:
    """These achievements; those of each level at every level that has them."""
    rows = {achievement.slug: achievement for achievement in ACHIEVEMENTS}
    found = []
    for slug in slugs:
        measured = rows[slug].measured is not None
        places = [level for level in LEVELS if not measured or slug in level.feats] if rows[slug].each_level else [None]
        found += [Award(rows[slug], level, "") for level in places]
    return found


def test_nothing_done_is_worth_nothing() -> None:
    states = [LevelState(level, Status.LOCKED, 0, 6, 40) for level in LEVELS]
    now = standing(states, [])
    assert (now.xp, now.rank.name, now.next, now.missing) == (0, "Lane", RANKS[1], RANKS[1].xp)


def test_xp_are_the_sum_of_passes_stars_medals_and_achievements() -> None:
    states = passed(2, "silver")[:2]
    assert standing(states, won("tuned")).xp == 2 * (PASS + 2 * STAR + MEDALS["silver"]) + 30


def test_hints_and_attempts_change_no_xp_but_through_the_stars() -> None:
    few, many = (LevelState(LEVELS[0], Status.CHANGED, 2, hints, attempts) for hints, attempts in ((2, 1), (6, 900)))
    assert standing([few], []) == standing([many], [])


def test_the_first_pass_is_a_new_rank_whatever_it_took() -> None:
    assert standing(passed(1)[:1], []).rank == RANKS[1]


def test_whoever_ends_the_first_act_with_one_star_a_level_and_whole_is_one_step_from_its_top() -> None:
    states = passed(1)[: len(FIRST_ACT)]
    assert standing(states, won("all-hold")).rank == ladder(FIRST_ACT)[-2]


def test_the_highest_rank_needs_no_gpu() -> None:
    without = [achievement.slug for achievement in ACHIEVEMENTS if not achievement.needs_gpu]
    now = standing(passed(3), won(*without))
    assert now.rank == RANKS[-1] and now.next is None and now.missing == 0


def test_the_highest_rank_isnt_given_for_passes_and_stars_alone() -> None:
    assert standing(passed(3), []).rank != RANKS[-1]


def test_ranks_are_a_ladder_from_nothing_on() -> None:
    steps = [rank.xp for rank in RANKS]
    assert steps[0] == 0 and steps == sorted(set(steps)) and len({rank.name for rank in RANKS}) == len(RANKS)


def with_acts(*sizes: int) -> tuple[Level, ...]:
    return tuple(replace(LEVELS[0], act=act) for act, size in enumerate(sizes, start=1) for _ in range(size))


@given(st.integers(1, 12), st.integers(1, 12))
def test_another_act_adds_ranks_above_and_moves_none(second: int, third: int) -> None:
    one, two, three = (ladder(with_acts(*sizes)) for sizes in ((8,), (8, second), (8, second, third)))
    assert one == ladder(FIRST_ACT) and two[: len(one)] == one and three[: len(two)] == two
    assert len(one) < len(two) < len(three)
    steps = [rank.xp for rank in three]
    assert steps == sorted(set(steps)) and len({rank.name for rank in three}) == len(three)


@given(st.integers(1, 12), st.integers(1, 12))
def test_every_rank_of_a_later_act_can_be_reached_without_a_gpu_and_the_last_not_by_stars_alone(
    second: int, third: int
) -> None:
    for sizes in ((8, second), (8, second, third)):
        levels = with_acts(*sizes)
        states = [LevelState(level, Status.PASSED, 3, 0, 1) for level in levels]
        without = [one for one in ACHIEVEMENTS if not one.needs_gpu and one.measured is None]
        earned = [Award(one, None, "") for one in without for _ in range(len(levels) if one.each_level else 1)]
        assert standing(states, earned).next is None
        assert standing(states, []).rank != ladder(levels)[-1]


level = st.sampled_from(HERE)
events = st.one_of(
    st.tuples(st.just("check"), level, st.sampled_from(["passed", "passed", "wrong", "memory", "rules", "gaps"])),
    st.tuples(st.just("on a GPU"), level, st.sampled_from(["passed", "wrong"])),
    st.tuples(st.just("hint"), level),
    st.tuples(st.just("solution"), level),
    st.tuples(st.just("race"), level, st.sampled_from(["", "bronze", "silver", "gold"]), st.floats(0.1, 2)),
    st.tuples(st.just("compile"), level),
)


def happen(progress: Progress, kind: str, where: Level, *more: Any) -> None:
    if kind in ("check", "on a GPU"):
        device = "both" if kind == "on a GPU" else "interpreter"
        verdict = Verdict(where.number, where.slug, Outcome(more[0]), device, 0.1)
        progress.record_attempt(where, f"{more}", verdict)
    elif kind == "hint":
        progress.take_hint(where)
    elif kind == "solution" and not progress.state(where).is_done:
        progress.note_solution_seen(where)
    elif kind == "race":
        progress.record_speed(where, "a GPU", more[1], more[0], {})
    elif kind == "compile":
        progress.earn(1, [Feat("no-spill", where.slug, once=False)])


@settings(max_examples=40, deadline=None)
@given(st.lists(events, max_size=20))
def test_xp_never_fall_whatever_happens(happened: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        progress = Progress(Path(folder) / "progress.db", HERE)
        before = 0
        for event in happened:
            happen(progress, *event)
            story = progress.story()
            progress.earn(story.run, reached(story))
            xp = standing(progress.states(), awards(progress.earned(), HERE)).xp
            assert xp >= before
            before = xp
