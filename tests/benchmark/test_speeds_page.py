"""The page of speeds is what the data files say: nobody's memory, and no figure that was edited by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT, clean_environment, maker, run_line
from triton_quest.course.table import LEVELS

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
    for level in LEVELS:
        rows = page.timings(data, level)
        assert any(row.contender == page.YOURS for row in rows), level.slug
        assert all(row.low_ms <= row.time_ms <= row.high_ms and row.rounds >= 7 for row in rows)
    assert (ROOT / "docs" / f"{path.stem}.svg").is_file()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_solution_passed_on_the_device(page: ModuleType, path: Path) -> None:
    assert [row["slug"] for row in page.load(path)["solutions"] if row["outcome"] != "passed"] == []


@pytest.mark.slow
def test_measuring_without_a_gpu_says_so_and_writes_nothing() -> None:
    before = {path: path.stat().st_mtime_ns for path in (ROOT / "benchmarks" / "data").iterdir()}
    answer = run_line([sys.executable, "benchmarks/gpu.py"], ROOT, clean_environment())
    assert (answer.code, answer.err) == (1, "There is no NVIDIA GPU here that this torch can use.\n")
    assert {path: path.stat().st_mtime_ns for path in (ROOT / "benchmarks" / "data").iterdir()} == before
