"""What every config of a tuned kernel came to, as a table, a picture and a page, from made-up measurements."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from tests.benchmark.test_race_standing import CEILINGS, timing
from tests.conftest import maker
from triton_quest.commands.shared.race import RaceResult, report
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS, find
from triton_quest.records.race import YOURS, ConfigTiming
from triton_quest.report import configs
from triton_quest.report.pictures import race as picture
from triton_quest.screen.console import ASCII, THEME

SIZES = {"16 x 8192 x 8192": 2 * 16 * 8192**2, "4096 x 4096 x 4096": 2 * 4096**3}
TILES = ((128, 256, 64, 8, 3), (64, 64, 32, 4, 3), (16, 64, 256, 4, 4))
RATES = {"16 x 8192 x 8192": (None, 20.0, 60.0), "4096 x 4096 x 4096": (640.0, 300.0, 90.0)}


def level() -> Level:
    found = find("autotuning")
    assert found is not None
    return found


def made_up(taken: dict[str, int] | None = None) -> list[ConfigTiming]:
    """Three configs at two sizes; by default the tuner takes the fastest."""
    taken = taken or {"16 x 8192 x 8192": 3, "4096 x 4096 x 4096": 1}
    found = []
    for size, flops in SIZES.items():
        for place, ((m, n, k, warps, stages), rate) in enumerate(zip(TILES, RATES[size], strict=True), start=1):
            constants = (("BLOCK_M", str(m)), ("BLOCK_N", str(n)), ("BLOCK_K", str(k)), ("GROUP_M", "8"))
            time_ms = flops / rate / 1e9 if rate else 0.0
            found.append(
                ConfigTiming(
                    "autotuning",
                    size,
                    "matmul_kernel",
                    place,
                    3,
                    constants,
                    warps,
                    stages,
                    taken[size] == place,
                    90,
                    time_ms,
                    time_ms,
                    time_ms,
                    9 if rate else 0,
                    flops,
                    208 if rate else 0,
                    0,
                    147_456 if rate else 0,
                    says="" if rate else "pruned",
                )  # fmt: skip
            )
    return found


def shown(found: list[ConfigTiming]) -> str:
    race = RaceResult(level())
    for record in (CEILINGS, timing("eager", 2.0), timing(YOURS, 2.0), *found):
        race.take(record)
    console = Console(file=io.StringIO(), width=110, theme=THEME, highlight=False)
    console.print(report([race], ASCII))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_fastest_stands_first_with_what_it_takes_and_the_choice_is_marked() -> None:
    text = shown(made_up()).partition("Every config at 4096 x 4096 x 4096")[2]
    rows = [line.split() for line in text.splitlines() if line[:1].isdigit()]
    assert rows[0] == ["1", "*", "128x256x64", "0.215", "ms", "640", "8", "3", "208", "-", "144", "8", "of", "64"]
    assert [row[0] for row in rows] == ["1", "2", "3"] and "The tuner took config 1, the fastest within 5%." in text


def test_a_config_that_was_not_timed_has_its_reason_and_stands_last() -> None:
    text = shown(made_up()).partition("Every config at 16 x 8192 x 8192")[2].partition("Every config at")[0]
    rows = [line.split() for line in text.splitlines() if line[:1].isdigit()]
    assert rows[-1] == ["1", "128x256x64", "-", "-", "8", "3", "pruned"]
    assert "the slowest takes 3.0 times as long as the fastest" in text


def test_a_slow_choice_is_told_with_the_faster_config() -> None:
    found = made_up({"16 x 8192 x 8192": 2, "4096 x 4096 x 4096": 2})
    assert configs.choice(found, "4096 x 4096 x 4096") == "The tuner took config 2; config 1 is 2.13 times as fast."


def test_json_carries_every_config() -> None:
    race = RaceResult(level())
    for record in made_up():
        race.take(record)
    told = json.loads(json.dumps(race.as_json()))["configs"]
    assert len(told) == 6 and told[0]["constants"]["BLOCK_M"] == "128" and told[3]["tflops"] == pytest.approx(640.0)


def test_the_picture_of_a_race_has_a_panel_for_the_configs(tmp_path: Path) -> None:
    path = tmp_path / "race.svg"
    timings = [timing("eager", 2.0, "4096 x 4096 x 4096"), timing(YOURS, 2.0, "4096 x 4096 x 4096")]
    picture.save(path, {level(): timings}, "GPU", configs={level(): made_up()})
    drawn = re.findall(r"<!-- (.*?) -->", path.read_text())  # what matplotlib draws as outlines it names in a comment
    assert {"9. Autotuning: every config, TFLOP/s", "128x256x64,  8, 3", "640", "pruned"} <= set(drawn)


def test_the_page_of_speeds_has_a_row_for_each_config() -> None:
    page = maker("make_speeds")
    rows = [json.loads(json.dumps(vars(one))) for one in made_up()]
    found = page.configs({"configs": rows}, level())
    assert found == made_up()
    lines = list(page._configs(found))
    assert "| 128x256x64 | 8 | 3 | 208 | 0 | 144 KB | pruned | **640** |" in lines


def test_measuring_some_levels_keeps_the_figures_of_the_others() -> None:
    gpu = maker("gpu", "benchmarks")
    data = {"timings": [{"slug": "matmul", "time_ms": 1}, {"slug": "autotuning", "time_ms": 2}]}
    gpu.merge(data, "timings", {"autotuning"}, [{"slug": "autotuning", "time_ms": 3}])
    gpu.merge(data, "configs", {"autotuning"}, [{"slug": "autotuning"}])
    assert data["timings"] == [{"slug": "matmul", "time_ms": 1}, {"slug": "autotuning", "time_ms": 3}]
    assert [level.number for level in gpu.chosen("9,matmul")] == [2, 9]
    with pytest.raises(SystemExit, match="There is no level 99"):
        gpu.chosen("99")
    assert gpu.chosen(None) == [level for level in LEVELS if level.has_arrived]


def test_nothing_is_begun_after_the_minutes_and_what_is_left_out_is_named() -> None:
    gpu = maker("gpu", "benchmarks")
    clock = iter((0.0, 59.0, 61.0))
    budget = gpu.Budget(1.0, lambda: next(clock))
    assert budget.allows("racing matmul") and not budget.allows("racing softmax")
    assert budget.left_out == ["racing softmax"]
    assert gpu.Budget(None).allows("anything")
