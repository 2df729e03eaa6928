"""A race's table shows every contender at every size, whatever ran and whatever didn't, and is told as JSON in full."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from tests.benchmark.test_race_standing import CEILINGS, timing
from tests.conftest import arrived
from triton_quest.commands.shared.race import RaceResult
from triton_quest.course import parts
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.records.race import YOURS, DidNotRun
from triton_quest.records.verdict import StageStarted
from triton_quest.screen import race as screen
from triton_quest.screen.console import ASCII, THEME, Glyphs


def raced(*records: object) -> RaceResult:
    race = RaceResult(LEVELS[2])
    for record in (CEILINGS, StageStarted("race", "Softmax"), *records):
        race.take(record)  # type: ignore[arg-type]
    return race


def shown(race: RaceResult, g: Glyphs = ASCII) -> str:
    console = Console(file=io.StringIO(), width=100, theme=THEME, highlight=False)
    table = screen.race(race.level, race.timings, race.absent, race.standings, race.medal, race.ratio, "The lesson.", g)
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined]


FULL = raced(
    timing("eager", 2.5, "small", least_bytes=2**30),
    timing(YOURS, 2.0, "small", least_bytes=2**30),
    timing("eager", 4.0),
    timing("compile", 2.0),
    timing(YOURS, 2.5),
    DidNotRun("softmax", "small", "compile", "it takes no such rows."),
)


def test_every_contender_stands_at_every_size_and_who_is_missing_is_named() -> None:
    text = shown(FULL)
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line.startswith(("small", "large"))}
    assert rows["small"][1:] == ["2.50", "ms", "-", "2.00", "ms", "537", "GB/s", "13%", "memory", "1.25"]
    assert rows["large"][1:] == ["4.00", "ms", "2.00", "ms", "2.50", "ms", "1,718", "GB/s", "43%", "memory", "0.80"]
    assert "small: compile left out: it takes no such rows." in text


def test_the_heading_says_the_ratio_and_the_medal() -> None:
    assert "1.02 of the speed of PyTorch's best" in shown(FULL) and "* gold" in shown(FULL)


def test_a_wide_spread_is_shown_and_a_narrow_one_is_not() -> None:
    wide = timing(YOURS, 2.0)
    wide = type(wide)(**{**vars(wide), "low_ms": 1.8, "high_ms": 2.2})
    assert "2.00 ms ±10%" in shown(raced(wide), Glyphs())
    assert "±" not in shown(FULL, Glyphs())


def test_a_race_that_was_cut_short_shows_what_was_measured() -> None:
    text = shown(raced(timing("eager", 2.5)))
    assert "2.50 ms" in text and "The lesson." not in text
    assert shown(raced()).startswith("Level 3, Softmax")


def test_json_carries_every_timing_with_its_rates_and_what_they_mean() -> None:
    told = FULL.as_json()
    assert told["medal"] == "gold" and told["ratio"] == pytest.approx(1.025)
    assert [(one["size"], one["best"]) for one in told["sizes"]] == [("small", "eager"), ("large", "compile")]
    assert len(told["timings"]) == 5 and {"tflops", "gbs", "low_ms"} <= set(told["timings"][0])
    assert told["left_out"][0]["contender"] == "compile"


@pytest.mark.parametrize("level", arrived(), ids=lambda level: level.slug)
def test_the_length_of_a_race_is_the_one_that_its_name_says(level: Level) -> None:
    """Rules go by the length, people by the name."""
    for race in parts.part(level, "cases").RACES:
        told = re.search(r"\b[SN] (\d+)", race.name)  # of as many queries as keys, or of keys alone
        assert (int(told[1]) if told else 0) == race.length
