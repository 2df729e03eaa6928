"""What the reference solutions reach earns the achievements of a race and of a measurement: they can be had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ROOT
from triton_quest.commands.shared.race import RaceResult
from triton_quest.course.table import LEVELS
from triton_quest.parent.runner import Job, run
from triton_quest.parent.warm import Warm
from triton_quest.progress.achievements import reached, shown_by
from triton_quest.records.race import Ceilings, Timing
from triton_quest.store.progress import Progress
from triton_quest.store.story import Feat


def test_the_races_of_the_solutions_on_an_h100_earn_all_that_a_race_can_but_for_tuning(tmp_path: Path) -> None:
    data = json.loads((ROOT / "benchmarks" / "data" / "nvidia-h100-80gb-hbm3.json").read_text())
    progress = Progress(tmp_path / "progress.db")
    for level in LEVELS:
        timings = [Timing(**timing) for timing in data["timings"] if timing["slug"] == level.slug]
        race = RaceResult(level, Ceilings(**data["ceilings"]), timings)
        progress.record_speed(level, "an H100", race.ratio, race.medal.value if race.medal else "", race.as_json())
    found = reached(progress.story())
    assert {feat.achievement for feat in found} == {"faster-than-pytorch", "at-the-bound", "beats-flash", "all-gold"}
    faster = {feat.slug for feat in found if feat.achievement == "faster-than-pytorch"}
    # vector-add is as fast, now a little less, now more
    assert faster >= {"softmax", "attention-scores", "causal-mask"}
    assert Feat("beats-flash", "flash-attention") in found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "feat", "number"),
    [("compile", "no-spill", 2), ("traffic", "least-traffic", 3), ("traffic", "least-traffic", 8)],
)
def test_the_solutions_earn_what_a_measurement_shows(warm: Warm, kind: str, feat: str, number: int) -> None:
    """One of those without a spill: that no solution has any, the gate sees."""
    level = LEVELS[number - 1]
    ended = run(Job(level, level.folder / "solution.py", 60.0, kind=kind), start=warm.start)
    assert Feat(feat, level.slug, once=False) in shown_by(level, ended.records)
