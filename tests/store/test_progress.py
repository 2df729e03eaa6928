"""progress.py: what is open, what was passed, what it is worth, and that nothing the learner did is ever lost."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import judged, together
from triton_quest.course.level import HINTS_A_LEVEL, Level
from triton_quest.errors import LevelAhead, LockedLevel, StoreTrouble
from triton_quest.records.verdict import Outcome
from triton_quest.store import progress as progresses
from triton_quest.store.progress import Progress
from triton_quest.store.records import Status, stars_for

Levels = tuple[Level, ...]


def statuses(progress: Progress) -> list[str]:
    return [state.status.value for state in progress.states()]


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as db:
        return db.execute(query).fetchall()


# What is open


def test_at_first_the_first_level_is_open_and_no_database_is_made(progress: Progress, database: Path) -> None:
    assert statuses(progress) == ["open", "locked", "locked", "ahead"]
    assert progress.current().level.number == 1
    assert not database.exists()


def test_a_pass_opens_the_next_level(progress: Progress, levels: Levels) -> None:
    assert progress.record_attempt(levels[0], "text", judged(levels[0])) is True
    assert statuses(progress) == ["passed", "open", "locked", "ahead"]
    assert progress.current().level.number == 2


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.PASSED])
def test_only_a_pass_opens_the_next_level(progress: Progress, levels: Levels, outcome: Outcome) -> None:
    assert progress.record_attempt(levels[0], "text", judged(levels[0], outcome)) is False
    assert statuses(progress) == ["open", "locked", "locked", "ahead"]
    assert progress.states()[0].attempts == 1


def test_a_second_pass_is_no_first_pass(progress: Progress, levels: Levels) -> None:
    assert progress.record_attempt(levels[0], "text", judged(levels[0])) is True
    assert progress.record_attempt(levels[0], "text", judged(levels[0])) is False


def test_a_passed_level_that_fails_later_is_marked_and_locks_nothing(progress: Progress, levels: Levels) -> None:
    for level in levels[:2]:
        progress.record_attempt(level, "text", judged(level))
    progress.record_attempt(levels[0], "text", judged(levels[0], Outcome.WRONG))
    assert statuses(progress) == ["changed", "passed", "open", "ahead"]
    assert progress.states()[0].is_done and progress.states()[0].stars == 3
    progress.record_attempt(levels[0], "text", judged(levels[0]))
    assert statuses(progress) == ["passed", "passed", "open", "ahead"]


def test_the_current_level_is_the_open_one_then_a_changed_one_then_the_last_that_was_passed(
    progress: Progress, levels: Levels
) -> None:
    for level in levels[:3]:
        progress.record_attempt(level, "text", judged(level))
    assert progress.current().level.number == 3
    progress.record_attempt(levels[1], "text", judged(levels[1], Outcome.CRASH))
    assert progress.current().level.number == 2


def test_a_locked_level_names_the_one_that_opens_it(progress: Progress, levels: Levels) -> None:
    progress.record_attempt(levels[0], "text", judged(levels[0]))
    with pytest.raises(LockedLevel) as trouble:
        progress.require_open(levels[2])
    assert trouble.value.sentence == "Level 3, Third, is locked: pass level 2, Second, to get there."
    assert trouble.value.next_command == "start 2"
    assert progress.require_open(levels[1]).status is Status.OPEN
    assert progress.require_open(levels[0]).status is Status.PASSED


def test_a_level_that_lies_ahead_says_so_whatever_was_passed(progress: Progress, levels: Levels) -> None:
    for level in levels[:3]:
        progress.record_attempt(level, "text", judged(level))
    with pytest.raises(LevelAhead, match=r"^Level 4, Fourth, is on its way"):
        progress.require_open(levels[3])


def test_a_level_is_known_by_its_slug_so_that_the_table_may_grow(
    progress: Progress, database: Path, levels: Levels
) -> None:
    from triton_quest.course.table import table

    progress.record_attempt(levels[1], "text", judged(levels[1]))
    moved = Progress(database, table(levels[1], levels[0], levels[2]))
    assert statuses(moved) == ["passed", "open", "locked"]


# Stars and hints


@pytest.mark.parametrize(("hints", "stars"), [(0, 3), (1, 3), (2, 2), (3, 2), (4, 1), (5, 1), (6, 1)])
def test_every_two_hints_cost_a_star_and_one_is_left(hints: int, stars: int) -> None:
    assert stars_for(hints, gave_up=False) == stars
    assert stars_for(hints, gave_up=True) == 1


def test_a_pass_keeps_the_stars_that_it_was_worth(progress: Progress, levels: Levels) -> None:
    for _ in range(2):
        progress.take_hint(levels[0])
    progress.take_hint(levels[1])  # another level's hints cost nothing here
    progress.record_attempt(levels[0], "text", judged(levels[0]))
    for _ in range(4):
        progress.take_hint(levels[0])
    progress.record_attempt(levels[0], "text", judged(levels[0]))
    assert [(state.stars, state.hints_taken) for state in progress.states()[:2]] == [(2, 6), (0, 1)]


def test_a_solution_seen_before_the_pass_leaves_one_star(progress: Progress, levels: Levels) -> None:
    assert not progress.saw_solution(levels[0])
    progress.note_solution_seen(levels[0])
    progress.note_solution_seen(levels[0])
    assert progress.saw_solution(levels[0]) and not progress.saw_solution(levels[1])
    progress.record_attempt(levels[0], "text", judged(levels[0]))
    assert progress.states()[0].stars == 1


def test_six_hints_are_counted_for_each_level_and_remembered(
    progress: Progress, database: Path, levels: Levels
) -> None:
    taken = [Progress(database, levels).take_hint(levels[0]) for _ in range(HINTS_A_LEVEL + 2)]
    assert taken == [1, 2, 3, 4, 5, 6, None, None]
    assert progress.take_hint(levels[1]) == 1
    assert [state.hints_taken for state in progress.states()] == [6, 1, 0, 0]


# Attempts and runs


def test_every_attempt_keeps_its_text_and_its_verdict(progress: Progress, database: Path, levels: Levels) -> None:
    texts = ["x = ...\n", "é ☃ 'quoted' \"too\"; DROP TABLE attempts; --\r\n", "", "x" * 100_000]
    for text in texts:
        progress.record_attempt(levels[0], text, judged(levels[0], Outcome.WRONG))
    kept = rows(database, "SELECT slug, outcome, cause, seconds, text, verdict FROM attempts ORDER BY id")
    assert [row[4] for row in kept] == texts
    assert kept[0][:4] == ("first", "wrong", "The answer is wrong.", 1.5)
    assert json.loads(kept[0][5]) == json.loads(json.dumps(judged(levels[0], Outcome.WRONG).as_json()))


def test_starting_over_counts_from_nothing_and_keeps_what_was_tried(
    progress: Progress, database: Path, levels: Levels
) -> None:
    progress.take_hint(levels[0])
    progress.note_solution_seen(levels[0])
    progress.record_attempt(levels[0], "first life", judged(levels[0]))
    progress.start_over()
    assert statuses(progress) == ["open", "locked", "locked", "ahead"]
    assert [(state.stars, state.hints_taken, state.attempts) for state in progress.states()[:1]] == [(0, 0, 0)]
    assert not progress.saw_solution(levels[0])
    assert progress.take_hint(levels[0]) == 1
    assert progress.record_attempt(levels[0], "second life", judged(levels[0])) is True
    assert rows(database, "SELECT run, text FROM attempts ORDER BY id") == [(1, "first life"), (2, "second life")]


def test_a_text_is_kept_before_it_is_judged_and_counts_for_nothing(progress: Progress, levels: Levels) -> None:
    progress.record_attempt(levels[0], "right", judged(levels[0]))
    progress.begin_attempt(levels[0], "stopped")
    assert [(version.text, version.outcome) for version in progress.versions(levels[0])] == [
        *(("right", "passed"), ("stopped", "unjudged"))
    ]
    assert statuses(progress)[0] == "passed" and progress.states()[0].attempts == 1


def test_a_judgement_completes_the_attempt_that_was_begun(progress: Progress, levels: Levels) -> None:
    begun = progress.begin_attempt(levels[0], "text")
    assert progress.record_attempt(levels[0], "text", judged(levels[0]), begun) is True
    assert [(version.id, version.outcome) for version in progress.versions(levels[0])] == [(begun.id, "passed")]
    assert progress.states()[0].attempts == 1


def test_a_judgement_of_a_check_that_began_before_starting_over_belongs_to_the_run_before(
    progress: Progress, levels: Levels
) -> None:
    begun = progress.begin_attempt(levels[0], "text")
    progress.start_over()
    progress.record_attempt(levels[0], "text", judged(levels[0]), begun)
    assert statuses(progress) == ["open", "locked", "locked", "ahead"]
    assert [version.run for version in progress.versions(levels[0])] == [1]


def test_a_judgement_never_takes_another_texts_place(progress: Progress, database: Path, levels: Levels) -> None:
    begun = progress.begin_attempt(levels[0], "mine")
    database.unlink()  # and then the number is given away again
    progress.record_attempt(levels[0], "another terminal's", judged(levels[0], Outcome.WRONG))
    progress.record_attempt(levels[0], "mine", judged(levels[0]), begun)
    assert [version.text for version in progress.versions(levels[0])] == ["another terminal's", "mine"]


def test_versions_are_those_of_a_level_in_every_run_the_oldest_first(progress: Progress, levels: Levels) -> None:
    progress.record_attempt(levels[0], "a", judged(levels[0], Outcome.WRONG))
    progress.record_attempt(levels[1], "another level's", judged(levels[1]))
    progress.start_over()
    progress.record_attempt(levels[0], "b", judged(levels[0]))
    versions = progress.versions(levels[0])
    assert [(v.id, v.run, v.outcome, v.cause, v.seconds, v.text) for v in versions] == [
        (1, 1, "wrong", "The answer is wrong.", 1.5, "a"),
        (3, 2, "passed", "passed", 1.5, "b"),
    ]


def test_a_cause_that_is_no_text_loses_no_attempt(progress: Progress, levels: Levels) -> None:
    verdict = replace(judged(levels[0], Outcome.CRASH), checks=(), detail="raise ValueError('\ud800')")
    progress.record_attempt(levels[0], "text", verdict)
    assert progress.versions(levels[0])[0].cause == "raise ValueError('?')"


def test_an_attempt_is_kept_whole_or_not_at_all(
    progress: Progress, levels: Levels, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(progresses, "stars_for", interrupted)
    with pytest.raises(KeyboardInterrupt):
        progress.record_attempt(levels[0], "text", judged(levels[0]))
    assert [(state.status, state.attempts) for state in progress.states()[:1]] == [(Status.OPEN, 0)]


# Several at once


def test_terminals_that_take_hints_at_once_each_get_another_one(database: Path, levels: Levels) -> None:
    taken = together(lambda number: Progress(database, levels).take_hint(levels[0]))
    assert sorted(taken, key=lambda number: number or 99) == [1, 2, 3, 4, 5, 6, None, None]


def test_terminals_that_make_the_database_at_once_make_one(database: Path, levels: Levels) -> None:
    firsts = together(
        lambda number: Progress(database, levels).record_attempt(levels[0], str(number), judged(levels[0]))
    )
    assert sorted(firsts) == [False] * 7 + [True]
    assert len(rows(database, "SELECT id FROM runs")) == 1
    assert {row[0] for row in rows(database, "SELECT text FROM attempts")} == {str(number) for number in range(8)}


def test_the_map_can_be_read_while_another_terminal_writes(progress: Progress, database: Path, levels: Levels) -> None:
    progress.take_hint(levels[0])
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM hints")
        assert progress.states()[0].hints_taken == 1


def test_a_database_that_stays_locked_is_a_sentence(
    progress: Progress, database: Path, levels: Levels, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress.take_hint(levels[0])
    connect = sqlite3.connect
    with closing(connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(sqlite3, "connect", lambda *words, **named: connect(*words, **{**named, "timeout": 0}))
        with pytest.raises(StoreTrouble, match="another program keeps it locked"):
            progress.take_hint(levels[0])
    assert progress.take_hint(levels[0]) == 2
