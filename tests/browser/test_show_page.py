"""The page of `show --html` in a browser: what each key shows is what `show --json` says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import INSTALL, NARROW, WIDE, Browser
from tests.commands import kernels
from tests.conftest import ROOT, Quest
from triton_quest.records.show import length

pytestmark = pytest.mark.slow

SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def product(chromium: Any, shared_quest: Quest) -> tuple[Quest, Path]:  # nothing is traced where there is no Chromium
    """A page of a product of matrices with loops, in six programs."""
    quest = shared_quest
    shutil.copy(ROOT / "triton_quest" / "course" / "matmul" / "solution.py", quest.workspace.root / "loop.py")
    answer = quest.inside("show 2 --file loop.py --html page.html --json").json()
    assert (answer["outcome"], answer["page"]) == ("passed", "page.html")
    return quest, quest.workspace.root / "page.html"


def traffic(tab: Any, row: str) -> tuple[str, str]:
    return tab.text_content(f"#{row}-loads"), tab.text_content(f"#{row}-stores")


def touched(tab: Any) -> list[int]:
    """How many elements of each tensor are drawn as touched by the chosen step or program."""
    return [
        int(one) for one in tab.eval_on_selector_all("#tensors .field", "all => all.map(one => one.dataset.touched)")
    ]


def test_each_key_shows_the_step_that_json_tells(product: tuple[Quest, Path], browser: Browser) -> None:
    quest, page = product
    tab = browser.open(page)
    tab.keyboard.press("d")
    program = json.loads(quest.inside("show 2 --file loop.py --program 1 --json").out)
    names = [tensor["name"] for tensor in program["launches"][0]["tensors"]]
    assert touched(tab) == [
        sum(step["counts"]["touched"] for step in program["steps"] if step["tensor"] == name) for name in names
    ]
    loaded = 0
    for step in program["steps"]:
        tab.keyboard.press("ArrowRight")
        said = tab.text_content("#said")
        assert (
            f"Program (1,), step {step['step']} of {len(program['steps'])}" in said and f"line {step['line']}" in said
        )
        assert f"{step['counts']['touched']:,} element" in said
        assert touched(tab) == [step["counts"]["touched"] if step["tensor"] == name else 0 for name in names]
        assert tab.text_content(".lit").strip() == step["source"].strip()
        assert tab.get_attribute("#steps [aria-current]", "aria-current") == "step"
        loaded += 4 * length(tuple(step["touched"])) if step["action"] == "load" else 0
        assert traffic(tab, "program")[0] == f"{loaded:,} bytes"
    assert tab.get_attribute("rect.chosen", "data-program") == "1"


def test_rounds_sliders_and_the_grid_lead_to_the_same_places(product: tuple[Quest, Path], browser: Browser) -> None:
    tab = browser.open(product[1])
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    by_round = tab.text_content("#said")
    assert "step 3" in by_round
    tab.keyboard.press("ArrowUp")
    tab.focus("#step")
    for key in ("ArrowRight", "ArrowRight"):
        tab.keyboard.press(key)
    assert tab.text_content("#said") == by_round
    tab.click("rect[data-program='3']")
    assert "Program (3,), step 3" in tab.text_content("#said")
    assert tab.input_value("#axis0") == "3"
    tab.click("#steps tr:first-child button")
    assert "Program (3,), step 1 " in tab.text_content("#said")


def test_play_goes_on_by_itself_and_stops(product: tuple[Quest, Path], browser: Browser) -> None:
    tab = browser.open(product[1])
    tab.keyboard.press(" ")
    tab.wait_for_function("document.getElementById('said').textContent.includes('step 2')")
    assert tab.get_attribute("#play", "aria-pressed") == "true"
    tab.click("#play")
    assert tab.get_attribute("#play", "aria-pressed") == "false" and tab.text_content("#play") == "Play"


def test_an_element_is_named_with_its_value_and_its_programs(product: tuple[Quest, Path], browser: Browser) -> None:
    """By the keyboard as by the pointer; its programs are marked in the grid."""
    tab = browser.open(product[1])
    first = tab.locator("#tensors figure").first
    first.locator("canvas").hover(position={"x": 1, "y": 1})
    said = first.locator(".note").text_content()
    assert "[0, 0] = " in said and "; loaded by " in said and said.endswith("stored by no program")
    tab.mouse.move(0, 0)
    assert first.locator(".note").text_content() == "" and tab.locator("rect.loads").count() == 0
    first.locator(".field").focus()
    tab.keyboard.press("ArrowRight")
    assert first.locator(".note").text_content() == said
    assert tab.locator("rect.loads").count() > 0
    tab.keyboard.press("ArrowRight")
    assert "[0, 1] = " in first.locator(".note").text_content()
    assert "step" not in tab.text_content("#said").split(":")[0], "the arrow keys of a tensor left the program"


def test_a_wrong_answer_has_its_map_with_expected_and_actual(quest: Quest, browser: Browser) -> None:
    quest.file(1).write_text(kernels.WRONG)
    answer = quest.inside("show 1 --errors --html errors.html --json").json()
    tab = browser.open(quest.workspace.root / "errors.html")
    mismatch = answer["mismatch"]
    worst = f"[{', '.join(map(str, mismatch['index']))}]"
    assert f"The worst, {worst}: expected {mismatch['expected']}, got {mismatch['actual']}" in tab.text_content(
        "#errors-said"
    )
    tab.focus("#errors-field .field")
    tab.keyboard.press("ArrowRight")
    said = tab.text_content("#errors-field .note")
    assert said.startswith(f"the answer{worst}: expected ") and "beyond the allowed error" in said
    expected, actual = (float(part.split(" ")[1]) for part in said.split(": ")[1].split(";")[0].split(", "))
    assert (expected, actual) == (
        pytest.approx(float(mismatch["expected"]), rel=1e-3), pytest.approx(float(mismatch["actual"]), rel=1e-3)
    )  # fmt: skip


def test_the_traced_call_has_its_map_too_where_its_answer_is_wrong(quest: Quest, browser: Browser) -> None:
    quest.file(1).write_text(kernels.WRONG)
    assert quest.inside("show 1 --html page.html").code == 0
    tab = browser.open(quest.workspace.root / "page.html")
    assert "elements of the answer are wrong" in tab.text_content("header")
    assert tab.is_visible("#errors") and tab.is_visible("#trace")


def test_without_javascript_the_page_shows_the_grid_and_a_sentence(
    product: tuple[Quest, Path], browser: Browser
) -> None:
    tab = browser.open(product[1], java_script_enabled=False)
    assert tab.is_visible("svg") and tab.locator("rect").count() > 1
    assert "needs JavaScript" in tab.text_content("noscript") and not tab.is_visible("#trace")


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
def test_an_accessibility_checker_finds_nothing_serious(
    product: tuple[Quest, Path], browser: Browser, size: tuple[int, int], scheme: str
) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason=INSTALL).Axe()
    tab = browser.open(product[1], size, color_scheme=scheme)
    tab.keyboard.press("ArrowRight")
    found = axe.run(tab)["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS] == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the window"
