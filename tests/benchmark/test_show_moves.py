"""One gets from any program and step to its neighbours, and never out of what was traced."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmark.traces import GRID, LAUNCHED, OUTSIDE, RECORDS, A, B, C
from triton_quest.records import show as show_records
from triton_quest.report.show import CallTrace, Position, elements, plane_of

TRACE = CallTrace.of(RECORDS)
START = Position(0, (0, 0))
MOVES = st.one_of(
    st.tuples(st.just("by_program"), st.integers(0, 3), st.integers(-5, 5)),
    st.tuples(st.sampled_from(["by_step", "by_round", "by_launch"]), st.integers(-5, 5)),
)


def test_one_starts_with_the_whole_first_program() -> None:
    assert TRACE.start == START and TRACE.step(START) is None
    assert len(TRACE.chosen(START)) == len(TRACE.steps(START)) == 5 and TRACE.earlier(START) == ()


def test_one_starts_where_a_launch_was_ended_by_an_access_outside() -> None:
    trace = CallTrace.of(OUTSIDE)
    assert trace.start == Position(0, (1,), 0)
    assert [trace.reaches(0, (program,)) for program in range(4)] == [True, True, False, False]


@given(st.lists(MOVES, max_size=12))
def test_every_move_ends_at_a_place_that_exists(moves: list[tuple[str, int]]) -> None:
    place = START
    for name, *by in moves:
        place = getattr(TRACE, name)(place, *by)
        assert place.program in set(TRACE.programs_of(0))
        assert place.step is None or 0 <= place.step < len(TRACE.steps(place))


def test_programs_are_neighbours_along_the_axes_of_the_grid() -> None:
    assert TRACE.by_program(START, 0, 1).program == (1, 0)
    assert TRACE.by_program(START, 1, 1).program == (0, 1)
    assert TRACE.by_program(START, 0, -1) == START
    assert TRACE.by_program(START, 0, 99).program == (GRID[0] - 1, 0)
    assert TRACE.by_program(START, 2, 1) == START, "the grid has no third axis"


def test_the_step_stays_when_the_program_changes() -> None:
    third = Position(0, (0, 0), 2)
    assert TRACE.by_program(third, 0, 1) == Position(0, (1, 0), 2)
    shorter = CallTrace(
        TRACE.inputs, TRACE.launches, {**TRACE.programs, (0, (1, 0)): TRACE.steps(START)[:1], (0, (2, 0)): ()}
    )
    assert shorter.by_program(third, 0, 1).step == 0
    assert shorter.by_program(third, 0, 2).step is None


def test_steps_go_from_the_whole_program_to_the_last_one() -> None:
    places = [START]
    for _ in range(7):
        places.append(TRACE.by_step(places[-1], 1))
    assert [place.step for place in places] == [None, 0, 1, 2, 3, 4, 4, 4]
    assert TRACE.by_step(Position(0, (0, 0), 0), -1) == START
    assert len(TRACE.earlier(places[3])) == 2


def test_rounds_go_from_one_value_of_the_loops_variable_to_the_next() -> None:
    forth = [START]
    for _ in range(4):
        forth.append(TRACE.by_round(forth[-1], 1))
    assert [place.step for place in forth] == [None, 0, 2, 4, 4]
    assert TRACE.by_round(Position(0, (0, 0), 3), -1).step == 2
    assert TRACE.by_round(Position(0, (0, 0), 0), -1) == START


def test_launches_begin_at_their_first_program() -> None:
    two = CallTrace.of((*RECORDS, replace(LAUNCHED, kernel="second", grid=(2,))))
    assert two.by_launch(Position(0, (1, 1), 2), 1) == Position(1, (0,))
    assert two.by_launch(Position(0, (1, 1), 2), -1) == Position(0, (1, 1), 2)


@pytest.mark.parametrize(
    ("tensor", "rows", "columns"),
    [(A, {0, 16, 32}, {0, 16}), (B, {0, 16}, {0, 16, 32, 48}), (C, {0, 16, 32}, {0, 16, 32, 48})],
)
def test_the_borders_of_the_tiles_are_those_of_all_programs(tensor: int, rows: set[int], columns: set[int]) -> None:
    assert TRACE.borders(0, tensor) == (rows, columns)


def test_what_steps_touch_of_a_tensor_is_told_by_action() -> None:
    steps = TRACE.steps(START)
    assert (
        elements(steps, C, show_records.LOAD) == ()
        and show_records.length(elements(steps, C, show_records.STORE)) == 256
    )
    assert show_records.length(elements(steps, A)) == 16 * 24


def test_the_plane_to_look_at_is_the_one_that_is_touched() -> None:
    tensor = show_records.Tensor("k_ptr", "k", (2, 3, 4, 5), "fp32")
    second = show_records.Step(show_records.LOAD, 0, 1, "", (), (1,), ((25, 25),))
    last = show_records.Step(show_records.LOAD, 0, 1, "", (), (1,), ((119, 119),))
    other = show_records.Step(show_records.LOAD, 1, 1, "", (), (1,), ((0, 0),))
    assert plane_of(tensor, 0, [second], [last, second]) == (0, 1)
    assert plane_of(tensor, 0, [other], [other, last]) == (1, 2), "a step elsewhere: where the program is"
    assert plane_of(tensor, 0, [other], [other]) == (0, 0)
