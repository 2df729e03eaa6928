"""The page of speeds is what the data files say: nobody's memory, and no figure that was edited by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT, clean_environment, maker, run_line
from triton_quest.authoring.fingerprint import fingerprint
from triton_quest.course.table import LEVELS
from triton_quest.records.race import Timing
from triton_quest.report.pictures import race as race_picture

FILES = sorted((ROOT / "benchmarks" / "data").glob("*.json"))


@pytest.fixture(scope="module")
def page() -> ModuleType:
    return maker("make_speeds")


def test_the_page_is_as_the_data_files_say(page: ModuleType) -> None:
    assert (ROOT / "docs" / "speeds.md").read_text(encoding="utf-8") == page.markdown(), "make speeds, and look"
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text == page.readme(text), "make speeds, and look"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_data_file_holds_every_level_with_its_spread_and_its_date(page: ModuleType, path: Path) -> None:
    data = page.load(path)
    assert data["date"] and data["ceilings"]["torch"] and data["ceilings"]["triton"] and data["ceilings"]["clocks"]
    for level in (level for level in LEVELS if level.slug in data["fingerprints"]):
        rows = page.timings(data, level)
        assert any(row.contender == page.YOURS for row in rows), level.slug
        assert all(row.low_ms <= row.time_ms <= row.high_ms and row.rounds >= 7 for row in rows)
    assert (ROOT / "docs" / f"{path.stem}.svg").is_file()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_solution_passed_on_the_device(page: ModuleType, path: Path) -> None:
    assert [row["slug"] for row in page.load(path)["solutions"] if row["outcome"] != "passed"] == []


def test_every_figure_is_one_of_the_solutions_as_they_are_now(page: ModuleType) -> None:
    page.refuse_stale(page.data_files())


def test_a_file_is_refused_by_name_once_a_solution_has_changed(page: ModuleType, tmp_path: Path) -> None:
    changed = page.load(FILES[0])
    changed["fingerprints"]["matmul"] = "0" * 16
    path = tmp_path / "some-gpu.json"
    path.write_text(json.dumps(changed))
    with pytest.raises(SystemExit, match=r"some-gpu\.json: matmul changed since that was measured.*benchmarks/gpu\.py"):
        page.refuse_stale([FILES[0], path])


def test_the_newest_gpu_stands_open_and_the_others_are_folded(page: ModuleType) -> None:
    dates = [page.load(path)["date"] for path in page.data_files()]
    assert dates == sorted(dates, reverse=True)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("<details>") == text.count("</details>") == len(dates) - 1
    assert text.index(f"| {page.load(page.data_files()[0])['ceilings']['gpu']}") < text.index("<details>")


@pytest.mark.parametrize(
    "old, new, same",
    [
        ("# Rows of a tile", "# Lines of a tile", True),
        ('"""', '"""Another word. ', True),
        ("BLOCK_SIZE", "BLOCK", False),
        ("1024", "2048", False),
    ],
)
def test_a_fingerprint_is_that_of_what_runs(old: str, new: str, same: bool) -> None:
    text = '"""Text."""\n# Rows of a tile\nBLOCK_SIZE = 1024\n\n\ndef f():\n    """Text."""\n    return BLOCK_SIZE\n'
    changed = text.replace(old, new, 1)
    assert changed != text
    assert (fingerprint(changed) == fingerprint(text)) is same


@pytest.mark.slow
def test_measuring_without_a_gpu_says_so_and_writes_nothing() -> None:
    before = {path: path.stat().st_mtime_ns for path in (ROOT / "benchmarks" / "data").iterdir()}
    answer = run_line([sys.executable, "benchmarks/gpu.py"], ROOT, clean_environment())
    assert (answer.code, answer.err) == (1, "There is no NVIDIA GPU here that this torch can use.\n")
    assert {path: path.stat().st_mtime_ns for path in (ROOT / "benchmarks" / "data").iterdir()} == before


def test_levels_that_were_not_measured_again_keep_their_date(page: ModuleType) -> None:
    data = {"date": "2026-11-30", "dates": {level.slug: "2026-11-30" for level in LEVELS}}
    assert page.measured_on(data) == "2026-11-30" == page.measured_on({"date": "2026-11-30"})
    data["dates"] |= {level.slug: "2026-11-29" for level in LEVELS[:3]} | {LEVELS[5].slug: "2026-11-28"}
    assert page.measured_on(data) == "2026-11-30 (level 6: 2026-11-28; levels 1 to 3: 2026-11-29)"


def test_rates_of_two_units_stand_on_no_common_axis() -> None:
    timings = [Timing("toy", str(n), "eager", 1.0, 1.0, 1.0, 7, flops, 10**6, n) for n, flops in enumerate((5, 0, 6))]
    assert [[one.size for one in part] for part in race_picture.by_unit(timings)] == [["0", "2"], ["1"]]
