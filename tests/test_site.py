"""The source of the site: every link leads to a page of it, and no solution is on it. `make site` makes the site of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.benchmark.traces import RECORDS
from tests.conftest import ROOT, arrived, maker
from triton_quest.course import template
from triton_quest.parent.runner import Ending
from triton_quest.records.verdict import Outcome
from triton_quest.store import workspace

LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)\s#]+)")
FRAME = re.compile(r'<iframe src="([^"]+)"')
CODE = re.compile(r"```.*?```|`[^`\n]*`|^    .*$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written with a made-up trace in the place of each level's."""
    folder = tmp_path_factory.mktemp("site")
    maker("make_site").write(folder, arrived(), lambda level: Ending(Outcome.PASSED, 1.0, RECORDS))
    return folder / "pages"


def test_every_link_leads_to_a_page(site: Path) -> None:
    pages = list(site.rglob("*.md"))
    assert len(pages) > len(arrived())
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for target in [*LINK.findall(CODE.sub("", text)), *FRAME.findall(text)]:
            assert (page.parent / target).is_file(), f"{page.name} links to {target}"


def test_every_page_is_in_the_menu(site: Path) -> None:
    menu = set(re.findall(r'= "([^"]+\.md)"', (site.parent / "zensical.toml").read_text(encoding="utf-8")))
    assert menu == {str(page.relative_to(site)) for page in site.rglob("*.md")}


def test_no_solution_is_on_it(site: Path) -> None:
    for level in arrived():
        source = workspace.course_text(level, "solution.py")
        code = template.without_texts(template.clean_solution(source))
        body = max(re.split(r"^@triton\.jit$", code, flags=re.MULTILINE), key=len)
        for page in site.rglob("*.*"):
            assert page.suffix == ".svg" or body not in page.read_text(encoding="utf-8")


def test_a_trace_keeps_no_line_of_the_kernel(site: Path) -> None:
    (page,) = {path.read_text(encoding="utf-8") for path in (site / "traces").glob("vector-add.html")}
    assert "tl.load(...)" not in page and "tl.store" not in page and 'id="source"' not in page


def test_a_level_has_its_hints_folded(site: Path) -> None:
    for level in arrived():
        page = (site / "levels" / f"{level.slug}.md").read_text(encoding="utf-8")
        assert page.startswith("# ") and page.count("<details") == page.count("<summary>Hint ") == 6


def test_the_chart_has_every_time_that_was_measured(site: Path) -> None:
    page = (site / "speeds_chart.html").read_text(encoding="utf-8")
    (told,) = re.findall(r'id="data">(.*?)</script>', page)
    shown = {
        (gpu["gpu"], row["size"], name): ms
        for gpu in json.loads(told)
        for rows in gpu["levels"].values()
        for row in rows
        for name, ms in {**row["rivals"], "yours": row["ours"]}.items()
    }
    for path in (ROOT / "benchmarks" / "data").glob("*.json"):
        data = json.loads(path.read_text(encoding="utf-8"))
        assert {(data["ceilings"]["gpu"], row["size"], row["contender"]) for row in data["timings"]} <= shown.keys()
    assert "speeds_chart.html" in (site / "speeds.md").read_text(encoding="utf-8")
