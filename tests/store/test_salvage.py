"""pages.py and salvage.py: of a damaged file every row is read whose own bytes are whole, and no garbage ends in a crash."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import judged
from triton_quest.course.level import Level
from triton_quest.records.verdict import Outcome
from triton_quest.store import pages, salvage
from triton_quest.store.progress import Progress
from triton_quest.store.story import Feat

USABLE = 4096 - 4  # of a page in a row's chain

values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.binary(),
    st.integers(0, 9000).map("x".__mul__),
)


def same(ours: Any, sqlites: Any) -> bool:
    return ours == sqlites and (type(ours) is type(sqlites) or isinstance(sqlites, float))  # 1.0 is written as 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(values, values, values), max_size=30), size=st.sampled_from([512, 1024, 4096, 65536]))
def test_a_sound_file_is_read_as_sqlite_reads_it(tmp_path: Path, rows: list[tuple[Any, ...]], size: int) -> None:
    file = tmp_path / "sound.db"
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute(f"PRAGMA page_size = {size}")
        db.execute("CREATE TABLE kept (a, b, c)")
        db.execute("BEGIN")
        db.executemany("INSERT INTO kept VALUES (?, ?, ?)", rows)
        db.execute("COMMIT")
        expected = dict(enumerate(db.execute("SELECT a, b, c FROM kept ORDER BY rowid").fetchall(), start=1))
    found = {rowid: row for rowid, row in pages.rows(file.read_bytes()) if len(row) == 3}
    assert found.keys() == expected.keys()
    for rowid, row in found.items():
        assert all(map(same, row, expected[rowid]))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with rows of every table, of less than a page and of many."""
    from tests.store.conftest import row

    level = row("first", Path())
    file = tmp_path_factory.mktemp("sound") / "progress.db"
    progress = Progress(file, (level,))
    for number, length in enumerate([10, 300, 5000, 40, 20_000, 900, 60_000, 100] * 3):
        text = f"# {number}\n" + "x" * length
        progress.record_attempt(level, text, judged(level, Outcome.PASSED if number == 9 else Outcome.WRONG))
        if number % 5 == 0:
            progress.take_hint(level)
    progress.note_solution_seen(level)
    progress.record_speed(level, "a GPU", 0.9, "silver", {"rows": [1, 2]})
    progress.earn(1, [Feat("came-back", "first")])
    progress.start_over()
    return file.read_bytes()


def salvaged(path: Path, data: bytes) -> dict[str, set[tuple[Any, ...]]]:
    path.write_bytes(data)
    return {table: set(rows) for table, rows in salvage.read(path, damaged=True).items()}


def test_of_a_sound_file_everything_is_read(sound: bytes, tmp_path: Path) -> None:
    found = salvaged(tmp_path / "x.db", sound)
    assert [(table, len(rows)) for table, rows in found.items()] == [
        *(("runs", 2), ("attempts", 24), ("hints", 5), ("solutions", 1), ("passes", 1), ("speeds", 1)),
        ("earned", 1),
    ]


@pytest.mark.parametrize("garbage", [b"\0" * 4096, b"\xff" * 4096, os.urandom(4096)], ids=["zeros", "ones", "noise"])
def test_a_damaged_page_takes_no_row_with_it_but_its_own(sound: bytes, tmp_path: Path, garbage: bytes) -> None:
    whole = salvaged(tmp_path / "x.db", sound)["attempts"]
    lost = dict.fromkeys(whole, 0)
    for at in range(0, len(sound), 4096):
        for row in whole - salvaged(tmp_path / "x.db", sound[:at] + garbage + sound[at + 4096 :])["attempts"]:
            lost[row] += 1
    for row, times in lost.items():
        length = sum(len(str(value).encode()) for value in row)
        assert times <= 1 + -(-length // USABLE), "it was lost with a page on which it doesn't stand"


def test_of_a_file_that_was_cut_off_what_stands_before_the_cut_is_read(sound: bytes, tmp_path: Path) -> None:
    found = [salvaged(tmp_path / "x.db", sound[: len(sound) * n // 10])["attempts"] for n in range(1, 11)]
    assert all(less <= more for less, more in zip(found, found[1:], strict=False))
    assert 0 < len(found[4]) < len(found[8]) < len(found[9]) == 24


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(harm=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=40)), max_size=30))
def test_no_garbage_ends_in_a_crash(sound: bytes, tmp_path: Path, harm: list[tuple[float, bytes]]) -> None:
    data = bytearray(sound)
    for place, garbage in harm:
        at = int(place * len(data))
        data[at : at + len(garbage)] = garbage
    salvaged(tmp_path / "x.db", bytes(data))


@given(st.binary(max_size=2000), st.sampled_from([b"", b"\x0d\0\0\0\x05\0\0\0", b"SQLite format 3\0\x10\0"]))
def test_what_was_never_a_database_ends_in_no_crash_either(data: bytes, start: bytes) -> None:
    list(pages.rows(start + data))


def test_rows_that_only_look_like_ours_are_left_out(tmp_path: Path, levels: tuple[Level, ...]) -> None:
    file = tmp_path / "foreign.db"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE passes (run, slug, at, stars)")
        db.execute("INSERT INTO passes VALUES (1, 'first', 'yesterday', 3), (1, 'first', '2026-01-02T03:04:05', 3)")
    for damaged in (False, True):
        assert set(salvage.read(file, damaged)["passes"]) == {(1, "first", "2026-01-02T03:04:05", 3)}
