"""The rules by which achievements are earned: pure functions; no rule names a level.

A rule reads the story of a run, or what `compile` and `traffic` measured of one kernel. A rule is monotone: an achievement that a
story earns is earned by every continuation of that story. So a rule that forbids an event looks only at the events before a
fixed one (the first pass of the last level, say). No rule looks at the time spent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from triton_quest.machine.targets import USUAL

if TYPE_CHECKING:
    from triton_quest.records.verdict import Record
    from triton_quest.store.story import Story

PASSED, GOLD, YOURS, FLASH = "passed", "gold", "yours", "flash"
UNFINISHED = frozenset({"not_started", "gaps", "syntax"})  # a text that is still being written is no try
ON_GPU = frozenset({"gpu", "both"})
KINDS_OF_FAILURE = 3
NEAR_LEAST = 1.1  # times the least bytes
NEAR_BOUND = 0.85  # of what the GPU can do, as in report/race.py
MADE_FASTER = 1.1
LONG = 8192  # the sequence length from which on FLASH's own tiles are all at work

# Rules on the story of a run: the slugs of the levels at which something was reached.


def unaided(story: Story) -> Iterable[str]:
    return story.unaided


def first_try(story: Story) -> Iterable[str]:
    first: dict[str, str] = {}
    for one in story.judged:
        if one.outcome not in UNFINISHED:
            first.setdefault(one.slug, one.outcome)
    return [slug for slug, outcome in first.items() if outcome == PASSED]


def hunted_down(story: Story) -> Iterator[str]:
    kinds: dict[str, set[str]] = {}
    for one in story.judged:
        if one.outcome == PASSED and len(kinds.get(one.slug, ())) >= KINDS_OF_FAILURE:
            yield one.slug
        if one.outcome not in UNFINISHED | {PASSED}:
            kinds.setdefault(one.slug, set()).add(one.outcome)


def came_back(story: Story) -> Iterator[str]:
    stands: dict[str, str] = {}
    for one in story.judged:
        if one.outcome == PASSED:
            if stands.get(one.slug) == "broken":
                yield one.slug
            stands[one.slug] = "passed"
        elif one.outcome not in UNFINISHED and one.slug in stands:
            stands[one.slug] = "broken"


def faster_than_pytorch(story: Story) -> Iterable[str]:
    return [race.slug for race in story.races if race.ratio is not None and race.ratio > 1]


def at_the_bound(story: Story) -> Iterable[str]:
    reached = [(race, size) for race in story.races for size in race.sizes if size.bound != "launch"]
    return [race.slug for race, size in reached if size.share >= NEAR_BOUND]


def tuned(story: Story) -> Iterator[str]:
    slowest: dict[tuple[str, str], float] = {}
    for race in story.races:
        if race.ratio is None:
            continue
        before = slowest.setdefault((race.slug, race.gpu), race.ratio)
        if race.ratio >= MADE_FASTER * before:
            yield race.slug
        slowest[race.slug, race.gpu] = min(before, race.ratio)


def beats_flash(story: Story) -> Iterator[str]:
    for race in story.races:
        for size in race.sizes:
            times = dict(size.times_ms)
            if size.length >= LONG and times.keys() >= {YOURS, FLASH} and times[YOURS] < times[FLASH]:
                yield race.slug


# Rules on an act as a whole: whether all of its levels, given by their slugs, have it.


def all_unaided(story: Story, act: Sequence[str]) -> bool:
    return set(act) <= story.unaided


def all_stars(story: Story, act: Sequence[str]) -> bool:
    return all(story.stars.get(slug) == 3 for slug in act)


def all_hold(story: Story, act: Sequence[str]) -> bool:
    latest: dict[str, str] = {}
    for one in story.judged[_first_time_through(story, act) :]:
        latest[one.slug] = one.outcome
        if set(act) <= {slug for slug, outcome in latest.items() if outcome == PASSED}:
            return True
    return False


def without_gpu(story: Story, act: Sequence[str]) -> bool:
    end = _first_time_through(story, act)
    before = [one for one in story.judged[: end + 1] if one.slug in act]
    return end < len(story.judged) and not any(one.device in ON_GPU for one in before)


def on_a_gpu(story: Story, act: Sequence[str]) -> bool:
    return set(act) <= {one.slug for one in story.judged if one.outcome == PASSED and one.device in ON_GPU}


def all_gold(story: Story, act: Sequence[str]) -> bool:
    return set(act) <= {race.slug for race in story.races if race.medal == GOLD}


def _first_time_through(story: Story, act: Sequence[str]) -> int:
    """The place of the judgement with which every level of the act had passed; behind the last one where that is still to come."""
    missing = set(act)
    for place, one in enumerate(story.judged):
        if one.outcome == PASSED:
            missing.discard(one.slug)
        if not missing:
            return place
    return len(story.judged)


# Rules on what was measured of one kernel that passed. Which levels they are for stands in the table of levels.


def no_spill(measured: Sequence[Record]) -> bool:
    """Nothing spilled, on any target that was compiled for, the usual ones among them."""
    from triton_quest.records.measured import (  # here: the map, which knows the rules' names, needs no records
        Compiled,
        Refused,
    )

    kernels = [one for one in measured if isinstance(one, Compiled)]
    was_refused = any(isinstance(one, Refused) for one in measured)
    targets = {kernel.target for kernel in kernels}
    return not was_refused and targets >= set(USUAL) and not any(kernel.spilled_bytes for kernel in kernels)


def least_traffic(measured: Sequence[Record]) -> bool:
    """A right answer, near the least bytes, at the largest size that was counted.

    With a tl.dot the tiles are read again and again, from the caches: then each byte counts once a launch.
    """
    from triton_quest.records.measured import Counted

    counted = [one for one in measured if isinstance(one, Counted)]
    if not counted:
        return False
    last = max(counted, key=lambda one: one.size)
    return last.is_right and (last.once if last.dot_flops else last.asked) < NEAR_LEAST * last.least
