"""Each rule earned, and just missed; and that what a story once earned no later part of it takes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.achievements.made_up import LEVELS, OUTCOMES, judged, race, size, story
from triton_quest.course.table import LEVELS as COURSE
from triton_quest.progress import feats
from triton_quest.progress.achievements import ACHIEVEMENTS, reached, shown_by
from triton_quest.records.measured import Compiled, Counted, Inputs, Moved, Refused
from triton_quest.report import race as race_report
from triton_quest.store.story import Story

LONG, SHORT, TILES = 8192, 1024, 0
CASES = {  # rule: (story, where it is earned)
    "unaided: those that passed so": ("no-hints", story("1. 2.", unaided="2"), {"two"}),
    "first try: what isn't finished is no try": ("first-try", story("1n 1g 1s 1. 2w 2."), {"one"}),
    "first try: a try that failed stays one": ("first-try", story("1g 1w 1. 1."), set()),
    "first try: before it has passed": ("first-try", story("1g"), set()),
    "hunted down: three kinds": ("hunted-down", story("1w 1m 1w 1r 1."), {"one"}),
    "hunted down: two kinds, often": ("hunted-down", story("1w 1m 1w 1m 1w 1."), set()),
    "hunted down: three kinds, two of them of another level": ("hunted-down", story("1w 2m 2r 1. 2."), set()),
    "hunted down: what isn't finished is no failure": ("hunted-down", story("1n 1g 1s 1w 1m 1."), set()),
    "hunted down: not yet": ("hunted-down", story("1w 1m 1r"), set()),
    "came back: passed, failed, passed": ("came-back", story("2. 1. 1w 1."), {"one"}),
    "came back: not yet": ("came-back", story("1w 1. 1w"), set()),
    "came back: failed before the pass alone": ("came-back", story("1w 1. 1."), set()),
    "came back: a text that was being written": ("came-back", story("1. 1g 1s 1n 1."), set()),
    "all unaided": ("all-unaided", story(unaided="123"), {""}),
    "all unaided: but one": ("all-unaided", story("1. 2. 3.", unaided="13"), set()),
    "all stars": ("all-stars", story(stars="333"), {""}),
    "all stars: but one": ("all-stars", story(stars="323"), set()),
    "all stars: not yet all": ("all-stars", story(stars="33"), set()),
    "all hold: judged again after the last one": ("all-hold", story("1. 2. 3. 1. 2."), {""}),
    "all hold: one of them not judged again": ("all-hold", story("1. 2. 3. 1."), set()),
    "all hold: one fails": ("all-hold", story("1. 2. 3. 1. 2w"), set()),
    "all hold: one fails, and is mended": ("all-hold", story("1. 2. 3. 1. 2w 2."), {""}),
    "all hold: one breaks while another is mended": ("all-hold", story("1. 2. 3. 1. 2w 1w 2."), set()),
    "without a GPU": ("without-gpu", story("1. 2w 2. 3."), {""}),
    "without a GPU: one came later": ("without-gpu", story("1. 2. 3. 1.! 2.! 3.!"), {""}),
    "without a GPU: one judged a failure": ("without-gpu", story("1. 2w! 2. 3."), set()),
    "without a GPU: one judged the last": ("without-gpu", story("1. 2. 3.!"), set()),
    "without a GPU: not yet all": ("without-gpu", story("1. 2."), set()),
    "on a GPU": ("on-a-gpu", story("1. 2. 3.! 1.! 2.!"), {""}),
    "on a GPU: one failed there": ("on-a-gpu", story("1. 2. 3.! 1.! 2w!"), set()),
    "all gold": ("all-gold", story(races=(race(1, 1, "gold"), race(2, 1, "gold"), race(3, 1, "gold"))), {""}),
    "all gold: one silver": ("all-gold", story(races=(race(1, 1, "gold"), race(2, 1, "silver"))), set()),
    "all gold: one of them twice": ("all-gold", story(races=(race(1, 1, "gold"),) * 2 + (race(2, 1, "gold"),)), set()),
    "faster than PyTorch": ("faster-than-pytorch", story(races=(race(1, 1.01), race(2, 0.99))), {"one"}),
    "faster than PyTorch: as fast": ("faster-than-pytorch", story(races=(race(1, 1.0), race(2, None))), set()),
    "at the bound": ("at-the-bound", story(races=(race(2, sizes=(size(share=0.2), size(share=0.85))),)), {"two"}),
    "at the bound: nearly": ("at-the-bound", story(races=(race(2, sizes=(size(share=0.849),)),)), set()),
    "at the bound: of a launch": ("at-the-bound", story(races=(race(sizes=(size(TILES, "launch", 0.9),)),)), set()),
    "tuned": ("tuned", story(races=(race(1, 0.5), race(1, 0.4), race(1, 0.45))), {"one"}),
    "tuned: not enough": ("tuned", story(races=(race(1, 0.4), race(1, 0.43), race(1, None))), set()),
    "tuned: made slower": ("tuned", story(races=(race(1, 0.5), race(1, 0.4))), set()),
    "tuned: on a faster GPU": ("tuned", story(races=(race(1, 0.4), race(1, 0.6, gpu="another"))), set()),
    "tuned: another level": ("tuned", story(races=(race(1, 0.4), race(2, 0.6))), set()),
    "FLASH": ("beats-flash", story(races=(race(3, sizes=(size(LONG, yours=1.9, flash=2.0),)),)), {"three"}),
    "FLASH: not faster": ("beats-flash", story(races=(race(sizes=(size(LONG, yours=2.0, flash=2.0),)),)), set()),
    "FLASH: too short": ("beats-flash", story(races=(race(sizes=(size(SHORT, yours=1.0, flash=2.0),)),)), set()),
    "FLASH: it didn't run": ("beats-flash", story(races=(race(sizes=(size(LONG, yours=1.0),)),)), set()),
    "FLASH: a size without keys": ("beats-flash", story(races=(race(sizes=(size(TILES, yours=1, flash=2),)),)), set()),
}


@pytest.mark.parametrize("case", CASES)
def test_a_rule_finds_what_it_is_for_and_nothing_that_just_misses_it(case: str) -> None:
    slug, told, where = CASES[case]
    assert {feat.slug for feat in reached(told) if feat.achievement == slug} == where


def test_every_rule_on_a_story_has_a_case_that_earns_it_and_one_that_misses() -> None:
    for earned in (True, False):
        assert {slug for slug, _, where in CASES.values() if bool(where) is earned} | {"no-hints"} == {
            achievement.slug for achievement in ACHIEVEMENTS if achievement.rule or achievement.whole
        }


def test_what_a_whole_act_takes_is_earned_act_by_act() -> None:
    told = Story(1, (("one", "two"), ("three",)), judged("1. 2. 3.!"), {"one": 2, "two": 3, "three": 3})
    assert {(feat.achievement, feat.slug) for feat in reached(told)} >= {("all-stars", "act-2"), ("without-gpu", "")}
    assert not {("all-stars", ""), ("without-gpu", "act-2")} & {(feat.achievement, feat.slug) for feat in reached(told)}
    assert not any(feat.once for feat in reached(told) if feat.achievement in ("all-stars", "without-gpu"))


def kernel(target: str, spilled: int = 0) -> Compiled:
    return Compiled("a_kernel", target, (), 4, 3, 100, spilled, 0, 0.1)


BOTH = (Inputs("x"), kernel("sm_80"), kernel("sm_90"))


def test_no_spill_wants_the_usual_targets_and_every_kernel_without_a_spill() -> None:
    assert feats.no_spill(BOTH) and feats.no_spill((*BOTH, kernel("gfx942")))
    assert not feats.no_spill((*BOTH, kernel("sm_90", spilled=4)))
    assert not feats.no_spill((*BOTH, kernel("gfx942", spilled=8)))
    assert not feats.no_spill(BOTH[:2])
    assert not feats.no_spill((*BOTH, Refused("b_kernel", "sm_90", "too large", "")))
    assert not feats.no_spill(())


def counted(size: int, loaded: int, loaded_once: int, dot_flops: int) -> Counted:
    """Of 900 bytes in and 100 bytes out at least."""
    moved = Moved("a_kernel", "x", loaded, 100, loaded_once, 100)
    return Counted(size, "x", (moved,), 900, 100, dot_flops, 10, 0, 0, 1)


def test_least_traffic_counts_every_access_where_there_is_no_dot() -> None:
    assert feats.least_traffic((counted(64, 999, 900, 0),))
    assert not feats.least_traffic((counted(64, 1000, 900, 0),))
    assert not feats.least_traffic((Inputs("x"),))


def test_least_traffic_forgives_a_dot_that_its_tiles_come_from_the_caches_again() -> None:
    assert feats.least_traffic((counted(64, 9000, 999, 8),))
    assert not feats.least_traffic((counted(64, 9000, 1000, 8),))


def test_least_traffic_is_not_for_a_wrong_kernel() -> None:
    assert not feats.least_traffic((replace(counted(64, 900, 900, 0), is_right=False),))


def test_least_traffic_looks_at_the_largest_size() -> None:
    assert not feats.least_traffic((counted(128, 1800, 900, 0), counted(64, 900, 900, 0)))


def test_what_is_measured_is_earned_only_at_the_levels_whose_row_says_so() -> None:
    named = {slug for level in COURSE for slug in level.feats}
    assert named == {achievement.slug for achievement in ACHIEVEMENTS if achievement.measured is not None}
    shown = {level.number for level in COURSE if shown_by(level, BOTH)}
    assert shown == {level.number for level in COURSE if "no-spill" in level.feats} > {2, 4, 5, 6, 7, 8}


events = st.one_of(
    st.builds(
        lambda number, outcome, gpu: judged(f"{number}{outcome}{'!' * gpu}")[0],
        st.integers(1, 3),
        st.sampled_from([*OUTCOMES, ".", "."]),
        st.booleans(),
    ),
    st.builds(
        lambda number, ratio, medal, share, times: race(
            number, ratio, medal, sizes=(size(share=share, yours=times[0], flash=times[1]),)
        ),
        st.integers(1, 3),
        st.none() | st.floats(0.1, 2),
        st.sampled_from(["", "silver", "gold"]),
        st.floats(0, 1),
        st.tuples(st.floats(1, 3), st.floats(1, 3)),
    ),
)


def story_of(happened: list[object], aided: frozenset[str]) -> Story:
    """What a database holds after these events: the stars and help of a level are fixed with its first pass."""
    races = tuple(event for event in happened if hasattr(event, "ratio"))
    told = tuple(event for event in happened if hasattr(event, "outcome"))
    stars = {one.slug: 1 if one.slug in aided else 3 for one in told if one.outcome == "passed"}
    return Story(1, (LEVELS,), told, stars, frozenset(stars) - aided, races)


@given(st.lists(events, max_size=25), st.frozensets(st.sampled_from(LEVELS), max_size=1))
def test_what_was_once_earned_is_earned_whatever_happens_later(happened: list[object], aided: frozenset[str]) -> None:
    before: set[object] = set()
    for length in range(len(happened) + 1):
        now = set(reached(story_of(happened[:length], aided)))
        assert before <= now
        before = now


def test_up_to_the_roofline_is_where_a_race_says_that_there_is_nothing_left_to_win() -> None:
    assert feats.NEAR_BOUND == race_report.NEAR
