"""What is kept of achievements: each noted once, whoever asks and however often; and the story that they follow from."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.conftest import judged, together
from triton_quest.course.level import Level
from triton_quest.records.verdict import Outcome, Verdict
from triton_quest.store.progress import Progress
from triton_quest.store.story import Feat, JudgedText, RacedSize

AT_EACH, ONCE = Feat("no-hints", "first", once=False), Feat("came-back", "first")
Levels = tuple[Level, ...]


def on_a_gpu(level: Level) -> Verdict:
    return Verdict(level.number, level.slug, Outcome.PASSED, "both", 1.0)


def earned(progress: Progress) -> list[tuple[str, str]]:
    return [(one.achievement, one.slug) for one in progress.earned()]


def test_a_feat_is_noted_once_and_returned_only_to_who_noted_it(progress: Progress) -> None:
    assert [one.achievement for one in progress.earn(1, [AT_EACH, ONCE])] == ["no-hints", "came-back"]
    assert progress.earn(1, [ONCE, AT_EACH]) == ()
    assert earned(progress) == [("no-hints", "first"), ("came-back", "first")]


def test_what_each_level_has_is_noted_at_each_and_what_is_had_once_at_the_first(progress: Progress) -> None:
    progress.earn(1, [AT_EACH, ONCE])
    new = progress.earn(1, [Feat("no-hints", "second", once=False), Feat("came-back", "second")])
    assert [(one.achievement, one.slug) for one in new] == [("no-hints", "second")]


def test_of_two_levels_at_once_only_one_is_noted_for_what_is_had_once(progress: Progress) -> None:
    assert len(progress.earn(1, [ONCE, Feat("came-back", "second")])) == 1


def test_of_sessions_that_find_the_same_at_once_one_hears_of_it(database: Path, levels: Levels) -> None:
    Progress(database, levels).take_hint(levels[0])
    heard = together(lambda number: Progress(database, levels).earn(1, [AT_EACH, ONCE]))
    assert sorted(len(new) for new in heard) == [0] * 7 + [2]


def test_starting_over_begins_anew_and_the_earlier_run_keeps_what_it_had(progress: Progress, database: Path) -> None:
    progress.earn(1, [AT_EACH])
    progress.start_over()
    assert progress.earned() == () and progress.story().run == 2
    assert len(progress.earn(2, [AT_EACH])) == 1
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("SELECT run FROM earned").fetchall() == [(1,), (2,)]


def test_what_was_found_before_somebody_started_over_is_not_noted_after(progress: Progress) -> None:
    story = progress.story()
    progress.start_over()
    assert progress.earn(story.run, [AT_EACH]) == () and progress.earned() == ()


def test_a_damaged_database_is_made_anew_with_what_was_earned(
    progress: Progress, database: Path, levels: Levels
) -> None:
    progress.earn(1, [AT_EACH, ONCE])
    before, data = progress.earned(), bytearray(database.read_bytes())
    data[:100] = b"\xff" * 100
    database.write_bytes(data)
    told: list[str] = []
    assert set(Progress(database, levels, tell=told.append).earned()) == set(before) and "is damaged" in told[0]


# The story


def test_the_story_has_every_judgement_of_this_run_in_order_and_none_that_was_stopped(
    progress: Progress, levels: Levels
) -> None:
    progress.record_attempt(levels[0], "old", judged(levels[0]))
    progress.start_over()
    progress.record_attempt(levels[1], "a", judged(levels[1], Outcome.WRONG))
    progress.begin_attempt(levels[0], "stopped")
    progress.record_attempt(levels[0], "b", judged(levels[0]))
    story = progress.story()
    assert [(one.slug, one.outcome) for one in story.judged] == [("second", "wrong"), ("first", "passed")]
    assert (story.run, story.levels, story.stars) == (2, ("first", "second", "third", "fourth"), {"first": 3})


def test_a_pass_is_unaided_without_a_hint_and_a_look_at_the_solution_before_it(
    progress: Progress, levels: Levels, database: Path
) -> None:
    progress.take_hint(levels[0])
    progress.note_solution_seen(levels[1])
    for level in levels[:3]:
        progress.record_attempt(level, "", judged(level))
    progress.take_hint(levels[2])
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE hints SET at = '2099-01-01T00:00:00' WHERE slug = 'third'")
    assert progress.story().unaided == {"third"}


def test_devices_are_told_once_every_level_has_passed(progress: Progress, levels: Levels) -> None:
    for level in levels[:3]:
        progress.record_attempt(level, "", judged(level))
    assert {one.device for one in progress.story().judged} == {""}
    progress.record_attempt(levels[3], "", on_a_gpu(levels[3]))
    assert [one.device for one in progress.story().judged] == ["interpreter"] * 3 + ["both"]


def test_a_verdict_that_is_no_json_any_more_tells_of_no_device(
    progress: Progress, levels: Levels, database: Path
) -> None:
    for level in levels:
        progress.record_attempt(level, "", on_a_gpu(level))
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE attempts SET verdict = '{garbled}' WHERE slug = 'first'")
    assert progress.story().judged[:2] == (JudgedText("first", "passed", ""), JudgedText("second", "passed", "both"))


def test_races_are_told_size_by_size_with_everybodys_time(progress: Progress, levels: Levels) -> None:
    size = {"size": "S 8192, D 64, full", "bound": "compute", "share_of_bound": 0.6, "ratio": 0.9, "best": "cudnn"}
    timings = [
        {"size": size["size"], "contender": name, "time_ms": ms, "rounds": 9}
        for name, ms in (("yours", 2.0), ("flash", 3.0))
    ]
    progress.record_speed(levels[0], "a GPU", 0.9, "gold", {"sizes": [size], "timings": timings})
    (race,) = progress.story().races
    assert (race.slug, race.gpu, race.ratio, race.medal) == ("first", "a GPU", 0.9, "gold")
    assert race.sizes == (RacedSize("S 8192, D 64, full", "compute", 0.6, (("yours", 2.0), ("flash", 3.0)), 8192),)


@pytest.mark.parametrize(("size", "length"), [("S 16384, D 64", 16384), ("8192 x 8192 x 8192", 0), ("n = 2^20", 0)])
def test_a_race_kept_before_lengths_were_has_the_one_that_its_name_says(
    progress: Progress, levels: Levels, size: str, length: int
) -> None:
    sizes = [{"size": size, "bound": "compute", "share_of_bound": 0.6}]
    timings = [{"size": size, "contender": "yours", "time_ms": 1.0}]
    progress.record_speed(levels[0], "a GPU", 0.9, "gold", {"sizes": sizes, "timings": timings})
    progress.record_speed(levels[0], "a GPU", 0.9, "", {"sizes": sizes, "timings": [{**timings[0], "length": 7}]})
    old, new = progress.story().races
    assert (old.sizes[0].length, new.sizes[0].length) == (length, 7)


def test_a_race_that_is_garbled_has_no_sizes(progress: Progress, levels: Levels, database: Path) -> None:
    progress.record_speed(levels[0], "a GPU", 0.9, "gold", {})
    for garbled in ("{garbled}", json.dumps({"sizes": [1]}), json.dumps({"sizes": [{"size": "S"}]}), '{"sizes": 3}'):
        with closing(sqlite3.connect(database)) as db, db:
            db.execute("UPDATE speeds SET race = ?", (garbled,))
        assert progress.story().races[0].sizes == ()


def test_a_text_has_passed_if_it_did_so_to_the_letter_in_this_run(progress: Progress, levels: Levels) -> None:
    progress.record_attempt(levels[0], "right", judged(levels[0]))
    progress.record_attempt(levels[0], "wrong", judged(levels[0], Outcome.WRONG))
    assert progress.has_passed(levels[0], "right")
    assert not progress.has_passed(levels[0], "wrong") and not progress.has_passed(levels[0], "right ")
    assert not progress.has_passed(levels[1], "right")
    progress.start_over()
    assert not progress.has_passed(levels[0], "right")
