"""A race's meaning follows from its times alone: the bound, the ratio to PyTorch's best, the medal, what to try next."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triton_quest.course.table import LEVELS
from triton_quest.records.race import YOURS, Ceilings, Timing
from triton_quest.report.race import LESSONS, Bound, Medal, lesson, medal, overall, standings

CEILINGS = Ceilings("a GPU", copy_gbs=4000.0, matmul_tflops=800.0, torch="2.13.0", triton="3.7.1")
GIB = 2**30


def timing(contender: str, time_ms: float, size: str = "large", flops: int = 0, least_bytes: int = 4 * GIB) -> Timing:
    return Timing("a-level", size, contender, time_ms, time_ms * 0.99, time_ms * 1.01, 20, flops, least_bytes)


def test_the_ratio_is_pytorchs_best_time_over_yours() -> None:
    (found,) = standings([timing("eager", 4.0), timing("compile", 2.0), timing(YOURS, 2.5)], CEILINGS)
    assert found.best is not None and found.best.contender == "compile" and found.ratio == 0.8


def test_a_size_is_bound_by_whatever_takes_longer_at_this_gpus_own_ceilings() -> None:
    moving = timing(YOURS, 2.0, "copying")
    computing = timing(YOURS, 2.0, "multiplying", flops=10**12, least_bytes=2**20)
    memory, compute = standings([moving, computing], CEILINGS)
    assert (memory.bound, compute.bound) == (Bound.MEMORY, Bound.COMPUTE)
    assert memory.share == pytest.approx(4 * GIB / 4000e9 / 2e-3)
    assert compute.share == pytest.approx(10**12 / 800e12 / 2e-3)


def test_sizes_that_a_launch_dominates_are_told_apart_and_dont_count() -> None:
    found = standings(
        [
            timing(YOURS, 0.090, "tiny", least_bytes=2**20),  # what the launch took on the CPU is in it
            timing("eager", 0.006, "tiny", least_bytes=2**20),
            timing(YOURS, 2.0),
            timing("eager", 1.9),
        ],
        CEILINGS,
    )
    assert found[0].bound is Bound.LAUNCH
    assert overall(found) == pytest.approx(0.95)
    assert overall(found[:1]) is None


def test_a_race_without_rivals_has_no_ratio_and_no_medal() -> None:
    found = standings([timing(YOURS, 2.0)], CEILINGS)
    assert found[0].ratio is None and overall(found) is None and medal(LEVELS[0], None) is None


@given(st.floats(0.001, 3.0))
def test_a_better_ratio_never_loses_a_medal(ratio: float) -> None:
    order = [None, Medal.BRONZE, Medal.SILVER, Medal.GOLD]
    for level in LEVELS:
        worse, better = medal(level, ratio), medal(level, ratio * 1.1)
        assert order.index(worse) <= order.index(better)


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.slug)
def test_the_thresholds_of_a_level_rise_from_bronze_to_gold(level: object) -> None:
    bronze, silver, gold = level.medals  # type: ignore[attr-defined]
    assert 0 < bronze < silver < gold
    assert medal(level, bronze) is Medal.BRONZE  # type: ignore[arg-type]
    assert medal(level, silver) is Medal.SILVER  # type: ignore[arg-type]
    assert medal(level, gold) is Medal.GOLD  # type: ignore[arg-type]
    assert medal(level, bronze * 0.99) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.95, 0.7, 0.2])
@pytest.mark.parametrize("bound", [Bound.MEMORY, Bound.COMPUTE])
def test_the_lesson_names_the_bound_how_far_it_is_and_what_to_try(bound: Bound, share: float) -> None:
    (found,) = standings([timing(YOURS, 2.0)], CEILINGS)
    told = lesson([replace(found, bound=bound, share=share)])
    assert f"{bound.value}-bound" in told and f"{share:.0%}" in told
    assert sum(told.endswith(advice) for advice in LESSONS.values()) == 1


def test_where_every_size_is_over_before_its_launch_the_lesson_says_so() -> None:
    assert lesson(standings([timing(YOURS, 0.004, least_bytes=4096)], CEILINGS)) == LESSONS[Bound.LAUNCH, ""]
