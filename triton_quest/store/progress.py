"""The learner's progress, in SQLite: attempts with the text of every checked file, hints taken, passes.

Every change is one transaction. A `run` begins when the learner starts over; attempts of earlier runs are kept.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from triton_quest.errors import LevelAhead, LockedLevel, StoreTrouble
from triton_quest.levels import LEVELS, Level

if TYPE_CHECKING:
    from triton_quest.verdict import Verdict

HINTS_A_LEVEL = 6
JUDGED_PASSED = "passed"  # verdict.Outcome.PASSED; the map shouldn't wait for the records to be imported
SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE runs (id INTEGER PRIMARY KEY, at TEXT NOT NULL);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, slug TEXT NOT NULL, at TEXT NOT NULL, outcome TEXT NOT NULL,
    cause TEXT NOT NULL, seconds REAL NOT NULL, text TEXT NOT NULL, verdict TEXT NOT NULL
);
CREATE INDEX attempts_by_level ON attempts (run, slug, id);
CREATE TABLE hints (run INTEGER NOT NULL, slug TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (run, slug, number));
CREATE TABLE solutions (run INTEGER NOT NULL, slug TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (run, slug));
CREATE TABLE passes (run INTEGER NOT NULL, slug TEXT NOT NULL, at TEXT NOT NULL, stars INTEGER NOT NULL,
    PRIMARY KEY (run, slug));
INSERT INTO runs (at) VALUES (datetime('now'));
"""


class Status(str, Enum):
    """Where a level stands for the learner."""

    LOCKED = "locked"
    OPEN = "open"
    PASSED = "passed"
    CHANGED = "changed"  # passed once, and the file fails now
    AHEAD = "ahead"  # in the table, but its course hasn't arrived


@dataclass(frozen=True)
class LevelState:
    level: Level
    status: Status
    stars: int
    hints_taken: int
    attempts: int

    @property
    def is_done(self) -> bool:
        return self.status in (Status.PASSED, Status.CHANGED)


@dataclass(frozen=True)
class Statistics:
    """What a run came to so far. `first`, `last`: the dates of its first and last attempt, None before the first."""

    attempts: int
    hints: int
    solutions_seen: int
    first: str | None
    last: str | None

    @property
    def days(self) -> int:
        """The days from the first attempt to the last, both included."""
        if self.first is None or self.last is None:
            return 0
        return (datetime.fromisoformat(self.last).date() - datetime.fromisoformat(self.first).date()).days + 1


def stars_for(hints_taken: int, gave_up: bool) -> int:
    """Three, minus one per two hints taken, at least one; one after `solution --give-up`."""
    return 1 if gave_up else max(1, 3 - hints_taken // 2)


class Progress:
    """The database of one workspace. It appears with the first thing that is worth keeping."""

    def __init__(self, database: Path, levels: tuple[Level, ...] = LEVELS) -> None:
        self.database, self.levels = database, levels

    # Reading

    def states(self) -> tuple[LevelState, ...]:
        """Every level of the table, in order."""
        with self._reading() as db:
            passes = {
                row["slug"]: row["stars"] for row in self._rows(db, "SELECT slug, stars FROM passes WHERE run = ?")
            }
            hints = self._counts(db, "hints")
            attempts = self._counts(db, "attempts")
            latest = {
                row["slug"]: row["outcome"]
                for row in self._rows(db, "SELECT slug, outcome, max(id) FROM attempts WHERE run = ? GROUP BY slug")
            }
        states: list[LevelState] = []
        reachable = True
        for level in self.levels:
            passed = level.slug in passes
            if not level.has_arrived:
                status = Status.AHEAD
            elif passed:
                status = Status.PASSED if latest.get(level.slug) == JUDGED_PASSED else Status.CHANGED
            else:
                status = Status.OPEN if reachable else Status.LOCKED
            reachable = reachable and passed
            slug = level.slug
            states.append(LevelState(level, status, passes.get(slug, 0), hints.get(slug, 0), attempts.get(slug, 0)))
        return tuple(states)

    def state(self, level: Level) -> LevelState:
        return self.states()[level.number - 1]

    def current(self) -> LevelState:
        """The level to play now: the first open one, else one that changed since, else the last that was passed."""
        states = self.states()
        for wanted in (Status.OPEN, Status.CHANGED):
            for state in states:
                if state.status is wanted:
                    return state
        return [state for state in states if state.is_done][-1]

    def require_open(self, level: Level) -> LevelState:
        """The level's state. Raises LevelAhead or LockedLevel, naming the level that opens it."""
        states = self.states()
        state = states[level.number - 1]
        if state.status is Status.AHEAD:
            sentence = (
                f"Level {level.number}, {level.title}, is on its way: it comes with a later version of the quest."
            )
            raise LevelAhead(sentence, "")
        if state.status is Status.LOCKED:
            key = next(other.level for other in states if not other.is_done)
            sentence = (
                f"Level {level.number}, {level.title}, is locked: pass level {key.number}, {key.title}, to get there."
            )
            raise LockedLevel(sentence, f"start {key.number}")
        return state

    def saw_solution(self, level: Level) -> bool:
        with self._reading() as db:
            return any(row["slug"] == level.slug for row in self._rows(db, "SELECT slug FROM solutions WHERE run = ?"))

    def statistics(self) -> Statistics:
        """Attempts, hints and dates of the present run."""
        with self._reading() as db:
            dates = self._rows(
                db, "SELECT count(*) AS n, min(at) AS first, max(at) AS last FROM attempts WHERE run = ?"
            )[0]
            hints = sum(self._counts(db, "hints").values())
            seen = sum(self._counts(db, "solutions").values())
            return Statistics(dates["n"], hints, seen, dates["first"], dates["last"])

    # Writing

    def record_attempt(self, level: Level, text: str, verdict: Verdict) -> bool:
        """Keep one judgement with the text it judged. True if this is the level's first pass in this run."""
        with self._writing() as db:
            run = self._run(db)
            db.execute(
                "INSERT INTO attempts (run, slug, at, outcome, cause, seconds, text, verdict) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    run,
                    level.slug,
                    _now(),
                    verdict.outcome.value,
                    verdict.cause,
                    verdict.seconds,
                    text,
                    json.dumps(verdict.as_json()),
                ),
            )
            if not verdict.passed:
                return False
            hints = self._counts(db, "hints").get(level.slug, 0)
            gave_up = db.execute("SELECT 1 FROM solutions WHERE run = ? AND slug = ?", (run, level.slug)).fetchone()
            added = db.execute(
                "INSERT OR IGNORE INTO passes (run, slug, at, stars) VALUES (?, ?, ?, ?)",
                (run, level.slug, _now(), stars_for(hints, gave_up is not None)),
            )
            return added.rowcount == 1

    def take_hint(self, level: Level) -> int | None:
        """Note that the next hint is shown, and return its number; None when all six have been."""
        with self._writing() as db:
            number = self._counts(db, "hints").get(level.slug, 0) + 1
            if number > HINTS_A_LEVEL:
                return None
            db.execute("INSERT INTO hints VALUES (?, ?, ?, ?)", (self._run(db), level.slug, number, _now()))
            return number

    def note_solution_seen(self, level: Level) -> None:
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO solutions VALUES (?, ?, ?)", (self._run(db), level.slug, _now()))

    def start_over(self) -> None:
        """Begin a new run: passes and hints count from nothing, attempts of earlier runs stay."""
        with self._writing() as db:
            db.execute("INSERT INTO runs (at) VALUES (?)", (_now(),))

    # The file

    def _run(self, db: sqlite3.Connection) -> int:
        return int(db.execute("SELECT max(id) FROM runs").fetchone()[0])

    def _rows(self, db: sqlite3.Connection, query: str) -> list[sqlite3.Row]:
        return db.execute(query, (self._run(db),)).fetchall()

    def _counts(self, db: sqlite3.Connection, kept: str) -> dict[str, int]:
        rows = self._rows(db, f"SELECT slug, count(*) AS n FROM {kept} WHERE run = ? GROUP BY slug")
        return {row["slug"]: row["n"] for row in rows}

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The database, or an empty one in memory while there is nothing to remember."""
        with self._open(self.database if self.database.exists() else None) as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._open(self.database) as db:
            db.execute("BEGIN IMMEDIATE")
            with db:
                yield db

    @contextmanager
    def _open(self, path: Path | None) -> Iterator[sqlite3.Connection]:
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(path or ":memory:", timeout=10, isolation_level=None)) as db:
                db.row_factory = sqlite3.Row
                self._bring_up_to_date(db)
                yield db
        except (sqlite3.Error, OSError) as trouble:
            sentence = (
                f"The progress database {self.database} can't be used: {trouble}. Your level files are untouched."
            )
            raise StoreTrouble(sentence, "doctor") from trouble

    def _bring_up_to_date(self, db: sqlite3.Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise sqlite3.DatabaseError("it was written by a newer version of the quest")
        if version < SCHEMA_VERSION:
            db.execute("BEGIN IMMEDIATE")
            if db.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:  # another terminal may have been first
                for statement in SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            db.execute("COMMIT")


def _now() -> str:
    return datetime.now().isoformat(timespec="seconds")
