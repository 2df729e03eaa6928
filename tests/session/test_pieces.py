"""The session's pure parts: what is judged next, the map in one line, next steps in keys, versions against what came before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conftest import command_table
from triton_quest.course.table import LEVELS
from triton_quest.invocation import Command
from triton_quest.screen.console import ASCII, Glyphs
from triton_quest.screen.session.game import Attempts
from triton_quest.screen.session.judging import Desk
from triton_quest.screen.session.keys import WAYS, TypedNumber, destination, key_for, step
from triton_quest.screen.session.level_map import strip
from triton_quest.store.history import entries
from triton_quest.store.records import LevelState, Status, Version

ONE, TWO, THREE = LEVELS[:3]


def test_a_save_comes_before_what_it_interrupts_and_that_is_judged_after_it() -> None:
    desk = Desk()
    desk.put([ONE])
    taken = desk.take()
    assert taken is not None and taken[0] == ONE and not taken[1].is_set()
    desk.put([TWO])
    assert taken[1].is_set() and desk.take() is None  # it has to end first
    desk.done()
    second = desk.take()
    assert second is not None and second[0] == TWO and not second[1].is_set()
    desk.done()
    third = desk.take()
    assert third is not None and third[0] == ONE
    desk.done()
    assert desk.take() is None


def test_a_newer_save_of_the_same_file_is_judged_once() -> None:
    desk = Desk()
    desk.put([ONE])
    desk.take()
    desk.put([ONE])
    desk.put([ONE])
    desk.done()
    assert desk.take() is not None
    desk.done()
    assert desk.take() is None


def test_to_stop_forgets_what_waits() -> None:
    desk = Desk()
    assert not desk.stop()
    desk.put([ONE, TWO])
    taken = desk.take()
    assert desk.stop() and taken is not None and taken[1].is_set()
    desk.done()
    assert desk.take() is None


def states(passed: int) -> tuple[LevelState, ...]:
    done = [LevelState(level, Status.PASSED, 3, 0, 1, "gold") for level in LEVELS[:passed]]
    rest = [LevelState(level, Status.LOCKED, 0, 0, 0) for level in LEVELS[passed:]]
    return (*done, replace(rest[0], status=Status.OPEN), *rest[1:]) if rest else tuple(done)


@pytest.mark.parametrize("g", [Glyphs(), ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("passed", range(len(LEVELS) + 1))
def test_the_map_in_one_line_holds_the_level_that_is_looked_at_in_every_width(passed: int, g: Glyphs) -> None:
    for at in LEVELS:
        for width in range(10, 120, 7):
            line = strip(states(passed), at, g, width)
            assert line.cell_len <= width and f" {at.number}" in line.plain


@pytest.mark.parametrize("g", [Glyphs(), ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("passed", range(len(LEVELS) + 1))
def test_the_map_in_one_line_of_80_columns_holds_every_level_and_its_stars_where_there_is_room(
    passed: int, g: Glyphs
) -> None:
    narrow, wide = (strip(states(passed), ONE, g, width).plain for width in (80, 200))
    assert all(f" {level.number}" in line for level in LEVELS for line in (narrow, wide))
    assert wide.count(g.star * 3) == passed and all(
        f"{passed} of {len(LEVELS)} passed" in line for line in (narrow, wide)
    )


@pytest.mark.parametrize(
    ("words", "at", "key"),
    [
        (Command("hint", 2), 2, "h"),
        (Command("hint", 2, "--again"), 2, "h"),
        (Command("start", 2), 2, "b"),
        (Command("start", 2), 1, "n"),
        (Command("check", 13), 8, "n"),
        (Command("reset", 1), 1, "R"),
        (Command("reset", 1), 2, ""),
        (Command("doctor"), 1, ""),
        (None, 1, ""),
    ],
)
def test_a_command_is_told_as_the_key_that_does_the_same_for_this_level(
    words: Command | None, at: int, key: str
) -> None:
    assert key_for(words, at) == key


def test_every_key_stands_for_a_command_that_there_is() -> None:
    assert WAYS.keys() <= command_table().keys()


def test_a_next_step_names_the_level_or_the_key_or_what_to_type() -> None:
    there = step("Your next step:", Command("start", 2), ONE, LEVELS).plain
    assert there == "Your next step: level 2, Matrix multiplication. Press n"
    assert step("Stuck?", Command("hint", 1), ONE, LEVELS).plain == "Stuck? press h"
    assert step("What this machine lacks:", Command("doctor"), ONE, LEVELS).plain.endswith(" doctor")
    assert step("You passed every level.", None, ONE, LEVELS).plain == "You passed every level."
    assert destination("Next:", Command("check", 3), LEVELS) == "Next: level 3, Softmax"
    assert destination("You passed every level.", None, LEVELS) == "You passed every level."


@pytest.mark.parametrize(
    ("typed", "most", "numbers"),
    [
        ([(1, 0.0), (2, 0.5)], 14, [1, 12]),
        ([(1, 0.0), (2, 5.0)], 14, [1, 2]),  # not soon enough
        ([(1, 0.0), (5, 0.5)], 14, [1, 5]),  # there is no level 15
        ([(1, 0.0), (2, 0.5)], 8, [1, 2]),
        ([(1, 0.0), (0, 0.5)], 14, [1, 10]),
        ([(1, 0.0), (2, 0.5), (3, 0.9)], 14, [1, 12, 3]),
        ([(0, 0.0), (7, 0.5)], 14, [0, 7]),
    ],
)
def test_digits_typed_soon_after_each_other_are_one_number_if_there_is_such_a_level(
    typed: list[tuple[int, float]], most: int, numbers: list[int]
) -> None:
    number = TypedNumber()
    assert [number.take(digit, at, most) for digit, at in typed] == numbers


def test_a_version_is_a_change_of_the_one_before_it_and_the_first_of_the_template() -> None:
    kept = tuple(Version(number, 1, "", "wrong", "", 0.1, text) for number, text in ((4, "a"), (7, "b")))
    found = Attempts(entries(kept, "given"), "given", None, "levels/level1.py")
    first, second = found.entries
    assert found.before(first) == ("the template", "given") and found.before(second) == ("version 4", "a")
