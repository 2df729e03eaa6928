"""database.py: whatever became of the file, it is kept, its new place is told, and what can be read of it lives on."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import judged, together
from triton_quest.course.level import Level
from triton_quest.errors import StoreTrouble
from triton_quest.records.verdict import Outcome
from triton_quest.store import files, schema
from triton_quest.store.database import Database, Unfit
from triton_quest.store.progress import Progress

Levels = tuple[Level, ...]
LONG = "x = 1\n" * 3000  # of several pages


@dataclass
class Played:
    """A workspace in which something was done, and what was told."""

    database: Path
    levels: Levels
    told: list[str] = field(default_factory=list)

    @property
    def progress(self) -> Progress:
        return Progress(self.database, self.levels, tell=self.told.append)

    def play(self) -> None:
        """Two runs, a pass in each, five texts, three hints."""
        first, second = self.levels[:2]
        self.progress.record_attempt(first, "a", judged(first))
        self.progress.start_over()
        for _ in range(3):
            self.progress.take_hint(first)
        self.progress.record_attempt(first, LONG, judged(first, Outcome.WRONG))
        self.progress.record_attempt(first, "b", judged(first))
        self.progress.begin_attempt(second, "c")
        self.progress.record_attempt(second, "é ☃", judged(second, Outcome.CRASH))

    @property
    def second(self) -> Path:
        return self.database.with_name("second_copy_of_progress.db")

    def state(self) -> Any:
        return self.progress.states(), [self.progress.versions(level) for level in self.levels]

    def aside(self, kind: str) -> Path:
        """The one file that was set aside."""
        (found,) = self.database.parent.glob(f"progress.{kind}-*.db")
        return found

    def sql(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.database, isolation_level=None)) as db:
            return db.execute(statement).fetchall()


@pytest.fixture
def played(database: Path, levels: Levels) -> Played:
    made = Played(database, levels)
    made.play()
    return made


def overwrite(path: Path, at: int, data: bytes) -> None:
    path.write_bytes(path.read_bytes()[:at] + data + path.read_bytes()[at + len(data) :])


# Set aside, told, and rebuilt


def header_overwritten(played: Played) -> None:
    overwrite(played.database, 0, b"\xfe" * 100)


def schema_overwritten(played: Played) -> None:
    overwrite(played.database, 200, os.urandom(3896))


def a_newer_version(played: Played) -> None:
    played.sql("ALTER TABLE attempts ADD COLUMN gpu TEXT")
    played.sql("CREATE TABLE trophies (slug TEXT)")
    played.sql(f"PRAGMA user_version = {schema.newest() + 1}")


def of_an_unknown_format(played: Played) -> None:
    overwrite(played.database, 44, b"\x00\x00\x00\x63")  # SQLite's own number of it


WHOLE = {
    "its header overwritten": (header_overwritten, "damaged", "is damaged (file is not a database)"),
    "its schema overwritten": (schema_overwritten, "damaged", "is damaged ("),
    "of an unknown format": (of_an_unknown_format, "damaged", "is damaged ("),
    "written by a newer quest": (a_newer_version, "newer", "was written by a newer version of the quest"),
}


@pytest.mark.parametrize(("harm", "kind", "says"), WHOLE.values(), ids=WHOLE)
def test_everything_is_read_from_a_database_whose_rows_are_whole(
    played: Played, harm: Callable[[Played], None], kind: str, says: str
) -> None:
    before = played.state()
    harm(played)
    harmed = played.database.read_bytes()
    assert played.state() == before
    assert played.aside(kind).read_bytes() == harmed
    assert len(played.told) == 1
    assert played.told[0].startswith(f"The progress database {played.database} {says}")
    assert played.told[0].endswith(
        f" It is kept as {played.aside(kind)}, and a new one was made: "
        "2 passes and 5 checked versions could be read of it."
    )
    assert played.sql("PRAGMA integrity_check") == [("ok",)]


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def a_text(path: Path) -> None:
    path.write_text("this was a database once\n" * 500)


def a_short_text(path: Path) -> None:
    path.write_text("hello\n")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def somebody_elses(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE hints (what TEXT)")
        db.execute("PRAGMA user_version = 74")


def without_tables(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("VACUUM")
        db.execute("PRAGMA user_version = 1")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "notes.txt").write_text("mine")


NOTHING = {
    "emptied": (emptied, "damaged", "is damaged (it is empty)."),
    "a text": (a_text, "damaged", "is damaged (file is not a database)."),
    "a short text": (a_short_text, "damaged", "is damaged (file is not a database)."),
    "cut off": (cut_off, "damaged", "is damaged (database disk image is malformed)."),
    "somebody else's": (somebody_elses, "foreign", "is not of the quest's making."),
    "without tables": (without_tables, "foreign", "is not of the quest's making."),
    "a folder": (a_folder, "foreign", "is not of the quest's making: it is a folder."),
}


@pytest.mark.parametrize(("harm", "kind", "says"), NOTHING.values(), ids=NOTHING)
@pytest.mark.parametrize("use", ["states", "take_hint", "start_over"])
def test_what_holds_nothing_of_ours_is_kept_aside_all_the_same(
    played: Played, harm: Callable[[Path], None], kind: str, says: str, use: str
) -> None:
    played.second.unlink()
    harm(played.database)
    harmed = played.database.read_bytes() if played.database.is_file() else b""
    {
        "states": played.progress.states,
        "take_hint": lambda: played.progress.take_hint(played.levels[0]),
        "start_over": played.progress.start_over,
    }[use]()
    aside = played.aside(kind)
    new = f"It is kept as {aside}, and a new one was made: nothing could be read of it."
    assert played.told == [f"The progress database {played.database} {says} {new}"]
    assert (aside / "notes.txt").read_text() == "mine" if aside.is_dir() else aside.read_bytes() == harmed
    assert [state.status.value for state in played.progress.states()] == ["open", "locked", "locked", "ahead"]
    assert len(played.told) == 1  # once is enough


@pytest.mark.parametrize(
    "harm", [Path.unlink, emptied, a_text, cut_off], ids=["deleted", "emptied", "a text", "cut off"]
)
def test_the_second_copy_takes_the_place_of_a_lost_database_with_all_up_to_the_last_pass(
    played: Played, harm: Callable[[Path], None]
) -> None:
    (before, _), versions = played.state(), played.progress.versions(played.levels[0])
    harm(played.database)
    states = played.progress.states()
    assert [(state.status, state.stars) for state in states] == [(state.status, state.stars) for state in before]
    assert played.progress.versions(played.levels[0]) == versions
    (told,) = played.told
    assert str(played.database) in told and "2 passes and 3 checked versions" in told
    assert played.progress.states() == states and len(played.told) == 1


def test_the_second_copy_is_renewed_at_each_pass_and_at_no_failure(played: Played) -> None:
    level = played.levels[1]
    before = played.second.read_bytes()
    played.progress.record_attempt(level, "wrong", judged(level, Outcome.WRONG))
    assert played.second.read_bytes() == before
    played.progress.record_attempt(level, "right", judged(level))
    played.database.unlink()
    assert [version.text for version in played.progress.versions(level)][-2:] == ["wrong", "right"]


def test_a_second_copy_that_cannot_be_written_hinders_no_pass(played: Played) -> None:
    level = played.levels[1]
    played.second.unlink()
    played.second.mkdir()
    (played.second / "mine").touch()
    assert played.progress.record_attempt(level, "right", judged(level))


def test_damage_that_shows_only_when_a_text_is_read_is_mended_then(played: Played) -> None:
    page = next(row[0] for row in played.sql("SELECT rootpage FROM sqlite_master WHERE name = 'attempts'"))
    before = played.progress.states()
    overwrite(played.database, (page - 1) * 4096, b"\x02" * 4096)
    played.progress.versions(played.levels[0])
    assert len(played.told) == 1 and played.aside("damaged").exists()
    assert [state.stars for state in played.progress.states()] == [state.stars for state in before]


def test_a_lost_note_of_a_pass_follows_from_the_right_version(played: Played) -> None:
    page = next(row[0] for row in played.sql("SELECT rootpage FROM sqlite_master WHERE name = 'passes'"))
    before = played.state()
    overwrite(played.database, (page - 1) * 4096, b"\x02" * 4096)
    assert played.state() == before  # two stars too: they follow from the hints
    assert "2 passes and 5 checked versions" in played.told[0]


def test_a_lost_list_of_runs_follows_from_what_was_done_in_them(played: Played) -> None:
    page = next(row[0] for row in played.sql("SELECT rootpage FROM sqlite_master WHERE name = 'runs'"))
    before = played.state()
    overwrite(played.database, (page - 1) * 4096, b"\x02" * 4096)
    assert played.state() == before and len(played.told) == 1


@pytest.mark.parametrize(
    "statement",
    ["UPDATE passes SET stars = 'many'", "UPDATE attempts SET at = 5, cause = x'ff' WHERE id = 2"],
    ids=["stars", "an attempt"],
)
def test_rows_that_are_garbled_are_left_behind_and_the_others_live_on(played: Played, statement: str) -> None:
    played.sql(statement)
    played.state()
    assert len(played.told) == 1 and "is garbled" in played.told[0]
    assert [version.text for version in played.progress.versions(played.levels[0])][-1] == "b"
    assert [state.stars for state in played.progress.states()] == [2, 0, 0, 0]


# SQLite's own files beside it


@pytest.mark.parametrize("ending", ["-journal", "-wal", "-shm"])
@pytest.mark.parametrize("left", [b"", b"left over" * 1000], ids=["empty", "garbage"])
def test_what_was_left_over_beside_a_sound_database_harms_nothing(played: Played, ending: str, left: bytes) -> None:
    before = played.state()
    Path(f"{played.database}{ending}").write_bytes(left)
    assert played.state() == before
    assert played.progress.take_hint(played.levels[0]) == 4
    assert played.told == []


def test_what_belongs_to_a_newer_database_goes_aside_with_it(played: Played) -> None:
    before = played.state()
    a_newer_version(played)
    with closing(sqlite3.connect(played.database, isolation_level=None)) as newer:
        newer.execute("PRAGMA journal_mode = WAL")
        newer.execute("PRAGMA wal_autocheckpoint = 0")
        newer.execute("INSERT INTO attempts SELECT 99, run, slug, at, outcome, cause, seconds, 'late', verdict, gpu "
                      "FROM attempts WHERE id = 3")  # fmt: skip
        texts = [version.text for version in played.progress.versions(played.levels[0])]
        assert texts == [*(version.text for version in before[1][0]), "late"]
        assert Path(f"{played.aside('newer')}-wal").stat().st_size > 0
        assert not Path(f"{played.database}-wal").exists()


KILLED_WHILE_WRITING = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN IMMEDIATE")
db.execute("DELETE FROM attempts")
db.execute("UPDATE passes SET stars = 1")
for _ in range(50):
    db.execute("INSERT INTO hints SELECT abs(random()) % 1000000, hex(randomblob(500)), 1, 'x'")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_had_half_written_is_taken_back(played: Played) -> None:
    before = played.state()
    subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(played.database)], check=False)
    assert Path(f"{played.database}-journal").stat().st_size > 0, "nothing was half written"
    assert played.state() == before and played.told == []


# Several at once, and troubles on the way


def test_terminals_that_find_the_damage_at_once_set_one_file_aside(played: Played) -> None:
    before = played.progress.states()
    header_overwritten(played)
    assert together(lambda number: played.progress.states()) == [before] * 8
    assert len(played.told) == 1 and played.aside("damaged").exists()


def test_a_terminal_that_comes_to_mend_what_another_mended_leaves_it_alone(played: Played) -> None:
    header_overwritten(played)
    one, other = (Database(played.database, played.told.append, lambda db: None) for _ in range(2))
    troubles = []
    for terminal in (one, other):
        with pytest.raises(Unfit) as trouble, terminal.reading():
            pass
        troubles.append(trouble.value)
    one.mend(troubles[0])
    played.progress.take_hint(played.levels[1])
    mended = played.database.read_bytes()
    other.mend(troubles[1])
    assert played.database.read_bytes() == mended and len(played.told) == 1


def test_nothing_is_recorded_in_a_file_that_is_being_set_aside(played: Played) -> None:
    header_overwritten(played)

    def work(number: int) -> None:
        played.progress.record_attempt(played.levels[1], f"of terminal {number}", judged(played.levels[1]))

    assert together(work) == [None] * 8
    kept = {version.text for version in played.progress.versions(played.levels[1])}
    assert kept == {"c", "é ☃", *(f"of terminal {number}" for number in range(8))}
    assert len(played.told) == 1


def test_a_database_that_cant_be_set_aside_stays_as_it_is(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    header_overwritten(played)
    harmed = played.database.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "put_in_place", full)
    with pytest.raises(StoreTrouble) as trouble:
        played.progress.states()
    assert trouble.value.sentence == (
        f"The progress database {played.database} is damaged (file is not a database). "
        "It can't be set aside: No space left on device. Nothing was lost."
    )
    assert trouble.value.next_command == "doctor"
    assert played.database.read_bytes() == harmed


def test_a_file_system_without_links_gets_a_copy(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    before = played.state()
    header_overwritten(played)
    harmed = played.database.read_bytes()
    assert played.state() == before
    assert played.aside("damaged").read_bytes() == harmed


def test_two_databases_set_aside_in_one_second_have_two_names(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "stamp", lambda: "2026-01-02_03-04-05")
    for _ in range(2):
        header_overwritten(played)
        played.progress.states()
    assert sorted(path.name for path in played.database.parent.glob("progress.*.db")) == [
        "progress.damaged-2026-01-02_03-04-05.db",
        "progress.damaged-2026-01-02_03-04-05_2.db",
    ]


def test_a_link_to_a_database_elsewhere_stays_one(played: Played, tmp_path: Path) -> None:
    elsewhere = tmp_path / "synced" / "progress.db"
    elsewhere.parent.mkdir()
    played.database.rename(elsewhere)
    played.database.symlink_to(elsewhere)
    before = played.state()
    overwrite(elsewhere, 0, b"\xfe" * 100)
    assert played.state() == before
    assert played.database.is_symlink() and str(elsewhere) in played.told[0]


def test_whoever_builds_on_progress_without_listening_is_warned(played: Played) -> None:
    header_overwritten(played)
    with pytest.warns(UserWarning, match="is damaged"):
        Progress(played.database, played.levels).states()


# New schemas


@pytest.fixture
def newer_quest(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on the quest keeps more than the one that wrote the database."""
    more = ("CREATE TABLE later (slug TEXT)", "ALTER TABLE passes ADD COLUMN gpu TEXT NOT NULL DEFAULT 'none'")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, more))


def test_an_older_database_moves_forward_and_a_copy_is_kept(played: Played, newer_quest: None) -> None:
    written_by = schema.newest() - 1
    old = {table: played.sql(f"SELECT * FROM {table}") for table in schema.COLUMNS}
    assert [state.stars for state in played.progress.states()] == [2, 0, 0, 0]
    assert played.sql("PRAGMA user_version") == [(schema.newest(),)] and played.sql("SELECT * FROM later") == []
    kept = {table: played.sql(f"SELECT * FROM {table}") for table in schema.COLUMNS if table != "passes"}
    assert kept.items() <= old.items()
    copy = played.aside(f"version-{written_by}")
    said = "The progress database is of this version of the quest now. As it was before: "
    assert played.told == [f"{said}{copy}."]
    with closing(sqlite3.connect(copy)) as db:
        assert {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in old} == old
        assert db.execute("PRAGMA user_version").fetchone() == (written_by,)


def test_terminals_that_find_an_older_database_at_once_make_one_copy(played: Played, newer_quest: None) -> None:
    states = together(lambda number: played.progress.states())
    assert {state[0].stars for state in states} == {2}
    assert len(played.told) == 1 and played.aside("version-*").exists()


def test_a_step_forward_that_fails_is_taken_back(
    played: Played, newer_quest: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = played.database.read_bytes()

    def interrupted(db: sqlite3.Connection, version: int) -> None:
        db.execute(schema.MIGRATIONS[version][0])
        raise KeyboardInterrupt

    monkeypatch.setattr(schema, "upgrade", interrupted)
    with pytest.raises(KeyboardInterrupt):
        played.progress.states()
    assert played.database.read_bytes() == before and played.told == []


def test_a_database_that_the_old_quest_made_anew_holds_the_same_for_the_new_one(
    played: Played, newer_quest: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = played.state()
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:-1])  # back to the old quest
    assert played.state() == before
    assert played.aside("newer").exists() and "2 passes and 5 checked versions" in played.told[-1]


def layout(db: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of each table, in order."""
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: [column[1] for column in db.execute(f"PRAGMA table_info({table})")] for table in tables}


def test_what_a_row_must_look_like_is_said_of_every_column_of_every_table() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        schema.upgrade(db, 0)
        assert layout(db) == {table: list(columns) for table, columns in schema.COLUMNS.items()}


@pytest.mark.parametrize("version", range(1, schema.newest()))
def test_a_database_of_every_older_version_moves_forward_with_all_that_is_in_it(
    played: Played, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    before = played.state()
    steps, rows = schema.MIGRATIONS, {table: played.sql(f"SELECT * FROM {table}") for table in schema.FIRST_TABLES}
    played.database.unlink()
    with closing(sqlite3.connect(played.database, isolation_level=None)) as db:
        monkeypatch.setattr(schema, "MIGRATIONS", steps[:version])
        schema.upgrade(db, 0)
        db.execute("DELETE FROM runs")
        for table, found in rows.items():
            columns = schema.COLUMNS[table]
            places = ", ".join("?" * len(columns))
            db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", found)
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    assert played.state() == before and played.aside(f"version-{version}").exists()
    with closing(sqlite3.connect(played.database)) as db:
        assert layout(db) == {table: list(columns) for table, columns in schema.COLUMNS.items()}
