"""What is drawn of a trace is told apart without colour and without Unicode, and fits its width."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console, RenderableType

from tests.benchmark.traces import LAUNCHED, RECORDS, VECTOR, C
from triton_quest.records import show as show_records
from triton_quest.records import verdict as v
from triton_quest.records.measured import Inputs
from triton_quest.records.verdict import Mismatch
from triton_quest.report.show import CallTrace, Position
from triton_quest.screen.console import ASCII, THEME, Glyphs
from triton_quest.screen.error_map import error_map
from triton_quest.screen.panels import fitting
from triton_quest.screen.show import heading, program_view, programs, steps
from triton_quest.screen.show_steps import tensors
from triton_quest.screen.verdict import failure

TRACE = CallTrace.of(RECORDS)
MISMATCH = Mismatch("x (8,), fp32", (7,), "1", "nan", 3, 8, "elements 5 to 7", "9", "1e-06", (8,))


def drawn(what: RenderableType, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, theme=THEME, highlight=False, color_system=None)
    console.print(what, crop=False)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


PLACES = [Position(0, (0, 0)), Position(0, (2, 3)), Position(0, (2, 3), 0), Position(0, (2, 3), 4)]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_in_ascii_it_is_the_same_picture_in_other_signs(place: Position, width: int) -> None:
    plain, fine = (drawn(program_view(TRACE, place, width, g), width) for g in (ASCII, Glyphs()))
    assert plain.isascii() and not fine.isascii()
    assert [len(line) for line in plain.splitlines()] == [len(line) for line in fine.splitlines()]
    assert max(map(len, plain.splitlines())) <= width


def test_what_is_loaded_stored_both_earlier_masked_off_and_outside_has_a_sign_each() -> None:
    steps_ = (
        show_records.Step(show_records.LOAD, 0, 1, "", (), (64,), ((0, 19),)),
        show_records.Step(show_records.ATOMIC, 0, 2, "", (), (64,), ((20, 29),)),
        show_records.Step(show_records.STORE, 0, 3, "", (), (64,), ((30, 63),), ((34, 49),), ((50, 63),)),
    )
    trace = CallTrace.of(
        (Inputs(""), replace(LAUNCHED, tensors=(VECTOR,), grid=(1,)), show_records.ProgramSteps(0, (0,), steps_))
    )
    whole = drawn(tensors(trace, Position(0, (0,)), 80, ASCII)).splitlines()
    assert whole[2] == "|".join(("o" * 10, "@" * 5, "#" * 17 + "." * 18))
    assert whole[-1] == "o loaded   # stored   @ loaded and stored   . untouched"
    last = drawn(tensors(trace, Position(0, (0,), 2), 80, ASCII)).splitlines()
    assert last[2] == "|".join((":" * 10, ":" * 5, "#" * 17 + "." * 18))
    assert "#" * 34 + "x" * 16 + "!" * 14 in last


def test_a_cell_that_is_touched_in_part_says_so() -> None:
    step = show_records.Step(show_records.STORE, 0, 1, "", (), (4,), ((1, 3),))
    trace = CallTrace.of(
        (Inputs(""), replace(LAUNCHED, tensors=(VECTOR,), grid=(1,)), show_records.ProgramSteps(0, (0,), (step,)))
    )
    assert drawn(tensors(trace, Position(0, (0,)), 80, ASCII)).splitlines()[2].startswith("=#..")


@pytest.mark.parametrize("rows", [4, 8, 16])
def test_fewer_rows_are_drawn_where_there_is_less_room(rows: int) -> None:
    lines = drawn(tensors(TRACE, Position(0, (0, 0)), 80, ASCII, rows)).splitlines()
    assert sum("o" in line.replace("c_ptr", "") and line[0] in "o." for line in lines) <= rows


def test_of_a_large_grid_the_programs_around_the_chosen_one_are_drawn() -> None:
    trace = CallTrace.of((Inputs(""), replace(LAUNCHED, grid=(200, 50, 2))))
    text = drawn(programs(trace, Position(0, (100, 25, 1)), 80, ASCII))
    (row,) = (line for line in text.splitlines() if "@" in line)
    assert row.startswith("  ...") and row.endswith("...") and len(row) <= 80
    assert "rows 22 to 27 of 50; layer 1 of the 2 along axis 2" in " ".join(text.split())


def test_a_long_row_of_programs_is_folded() -> None:
    trace = CallTrace.of((Inputs(""), replace(LAUNCHED, grid=(166,))))
    lines = drawn(programs(trace, Position(0, (80,)), 80, ASCII)).splitlines()
    assert [line.index("@") for line in lines if "@" in line] == [2 + 80 - 76]
    assert sum(line.count(".") for line in lines[1:]) == 165


def test_of_many_steps_the_first_are_listed_and_the_others_counted() -> None:
    many = tuple(show_records.Step(show_records.LOAD, C, 7, "", (("k", str(k)),), (1,), ((k, k),)) for k in range(30))
    trace = CallTrace.of((Inputs(""), LAUNCHED, show_records.ProgramSteps(0, (0, 0), many)))
    text = drawn(steps(trace, Position(0, (0, 0)), 80))
    assert "k = 11" in text and "k = 12" not in text and text.endswith("... and 18 more")


def test_an_access_to_no_tensor_at_all_is_said() -> None:
    step = show_records.Step(show_records.LOAD, -1, 4, "tl.load(0)", (), (), (), (), ((0, 0),))
    trace = CallTrace.of((Inputs(""), replace(LAUNCHED, is_whole=False), show_records.ProgramSteps(0, (0, 0), (step,))))
    assert "loads from no tensor at all, line 4" in drawn(heading(trace, trace.start, ASCII))
    assert "no element; 1 lane, 1 outside" in drawn(program_view(trace, trace.start, 80, ASCII))


def test_elements_with_gaps_are_some_of_their_slice() -> None:
    step = show_records.Step(show_records.LOAD, 0, 4, "", (), (2,), ((0, 0), (30, 30)))
    trace = CallTrace.of((Inputs(""), LAUNCHED, show_records.ProgramSteps(0, (0, 0), (step,))))
    assert "some of a[0:2, 0:7]: 2 elements" in drawn(heading(trace, Position(0, (0, 0), 0), ASCII))


@pytest.mark.parametrize(
    ("size", "starts", "most", "cell", "borders"),
    [
        (64, {0, 16, 32, 48}, 67, 1, (16, 32, 48)),
        (64, {0, 16, 32, 48}, 66, 2, (8, 16, 24)),
        (64, set(range(64)), 64, 1, ()),
        (64, {0, 24}, 4, 16, ()),
        (40, {0, 16, 32}, 10, 8, (2, 4)),
    ],
)
def test_borders_stand_where_tiles_begin_if_there_is_room(
    size: int, starts: set[int], most: int, cell: int, borders: tuple[int, ...]
) -> None:
    assert fitting(size, starts, most) == (cell, borders)


def test_each_size_of_error_has_a_sign_of_its_own() -> None:
    found = show_records.ErrorMap(("0123456n78",), (1, 10), (1, 1), (0, 0), (), (0, 9))
    lines = drawn(error_map(found, MISMATCH, 80, ASCII)).splitlines()
    assert lines[0] == "10; a sign: one element" and lines[1] == "  .--++**!#X"
    assert lines[3] == "X the worst element   . right   ! inf or nan where it shouldn't be, or missing"
    assert (
        " ".join(lines[4:6])
        == "Times the allowed error:   - up to 10   + up to 100   * up to 1,000   # more than 1,000"
    )


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_map_fits_its_width(width: int) -> None:
    found = show_records.ErrorMap(("01" * 64,) * 128, (1000, 1000), (8, 8), (64, 64), (1, 0), (999, 0))
    for g in (ASCII, Glyphs()):
        assert max(map(len, drawn(error_map(found, MISMATCH, width, g), width).splitlines())) <= width


def test_the_tensor_that_is_wrong_is_named_where_a_level_has_several_answers() -> None:
    neighbours = (("6", "2", "2.25", True), ("7", "1", "nan", True))
    named = replace(MISMATCH, answer="dv", neighbours=neighbours)
    check = v.Check("a case, fp32", "numbers", v.State.FAILED, "`dv` is wrong.", mismatch=named)
    lines = drawn(failure(check, ASCII)).splitlines()
    assert any(line.strip().startswith("dv[7]") and line.endswith("wrong") for line in lines), lines
    found = show_records.ErrorMap(("0123",) * 4, (4, 4), (1, 1), (0, 0), (1, 0), (3, 3), answer="dv")
    text = drawn(error_map(found, named, 80, ASCII))
    assert text.startswith("dv, matrix [1, 0], 4 x 4;") and "The worst element, dv[7]: expected 1" in text
    alone = drawn(error_map(replace(found, at=(), answer=""), MISMATCH, 80, ASCII))
    assert alone.startswith("4 x 4;") and "The worst element, [7]: " in alone
