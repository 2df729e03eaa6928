"""The verdict on its screen: the cause above the numbers, one line for a pass and for a map in which all is wrong."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import RenderableType

from triton_quest.course.table import LEVELS
from triton_quest.records import verdict as v
from triton_quest.screen import beside
from triton_quest.screen.console import ASCII, make_console
from triton_quest.screen.verdict import failure, verdict

MIXED = v.Picture(("##", "#."), (2, 2), (1, 1), (0, 0))
WRONG = v.Mismatch("x (2, 2)", (0, 0), "1", "2", 3, 4, "all", "1", "1e-6", (2, 2), (), MIXED)
CHECK = v.Check("a case", "numbers", v.State.FAILED, "It is wrong.", "Do this.", mismatch=WRONG, cause="Because.")
PASSES = (
    v.Check("the file parses", "read", v.State.PASSED),
    v.Check("one element, fp32", "numbers", v.State.PASSED, case="one element", dtype="fp32"),
    v.Check("two elements, fp32", "numbers", v.State.PASSED, case="two elements", dtype="fp32"),
    v.Check("a remark", "remark", v.State.PASSED),
    v.Check("the kernel on a GPU", "gpu", v.State.NOT_VERIFIED_HERE),
)


def drawn(renderable: RenderableType, width: int = 80) -> str:
    console = make_console(io.StringIO())
    console.width = width
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def passed(is_verbose: bool) -> list[str]:
    judged = v.Verdict(1, "vector-add", v.Outcome.PASSED, "interpreter", 1.0, PASSES)
    return [line.strip() for line in drawn(verdict(judged, "T", ASCII, is_verbose=is_verbose)).splitlines()][2:]


@pytest.mark.parametrize("is_brief", [False, True])
def test_the_cause_stands_above_the_numbers_and_the_map(is_brief: bool) -> None:
    text = drawn(failure(CHECK, ASCII, is_brief))
    places = [text.index(part) for part in ("It is wrong.", "Because.", "Do this.", "largest error", "#.")]
    assert places == sorted(places)


def test_a_map_in_which_everything_is_wrong_is_one_line() -> None:
    picture = v.Picture(("##",) * 2, (64, 32), (32, 16), (1, 1), (1, 0))
    text = drawn(failure(replace(CHECK, mismatch=replace(WRONG, picture=picture)), ASCII))
    assert text.endswith("  matrix [1, 0], 64 x 32: every element is wrong\n") and "##" not in text


def test_a_pass_tells_of_its_checks_in_one_line_and_of_what_remains_in_others() -> None:
    assert passed(False) == [
        "+ 3 checks passed: the file, numbers",
        "- a remark",
        "? the kernel on a GPU: not verified here",
    ]


def test_a_verbose_pass_lists_every_check_and_every_case() -> None:
    lines = passed(True)
    assert lines[:3] == ["+ the file parses", "+ one element, fp32", "+ two elements, fp32"] and len(lines) == 5


PAIRS = ((1, "pid = tl.program_id(0)", "pid = tl.program_id(axis=0)"), (2, "", "mask = offsets < n"))


def test_lines_stand_side_by_side_where_they_fit() -> None:
    lines = drawn(beside.gap_by_gap(PAIRS, LEVELS[0], 80)).splitlines()
    assert any("pid = tl.program_id(0) " in line and line.endswith("program_id(axis=0)") for line in lines), lines
    assert any("(nothing)" in line and "mask = offsets < n" in line for line in lines), lines


def test_lines_stand_below_each_other_where_they_do_not_fit() -> None:
    lines = [line.strip() for line in drawn(beside.gap_by_gap(PAIRS, LEVELS[0], 50), 50).splitlines()]
    at = lines.index("pid = tl.program_id(0)")
    assert lines[at - 1 : at + 3] == ["yours", PAIRS[0][1], "the solution", PAIRS[0][2]]
