"""The learner's progress: attempts with the text of every checked file, hints taken, passes.

Every change is one transaction. A `run` begins when the learner starts over; attempts of earlier runs are kept.
"""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS, by_act
from triton_quest.errors import LevelAhead, LockedLevel
from triton_quest.invocation import Command
from triton_quest.store import hints, schema
from triton_quest.store.database import Database, Unfit
from triton_quest.store.records import Attempt, Earned, LevelState, Speed, Statistics, Status, Version, stars_for

if TYPE_CHECKING:
    from triton_quest.records.verdict import Verdict
    from triton_quest.store.story import Feat, Story

JUDGED_PASSED = "passed"  # verdict.Outcome.PASSED; the map shouldn't wait for the records to be imported
UNJUDGED = "unjudged"  # the check was stopped, or ended in a trouble of ours

MEDALS_UPWARDS = ("bronze", "silver", "gold")  # from the least to the best

P = ParamSpec("P")
R = TypeVar("R")


def mended(method: Callable[Concatenate[Progress, P], R]) -> Callable[Concatenate[Progress, P], R]:
    """Decorates a method of Progress: a database that is of no use is set aside, and the method is called once more."""

    @wraps(method)
    def tried_twice(self: Progress, /, *args: P.args, **named: P.kwargs) -> R:
        try:
            return method(self, *args, **named)
        except Unfit as trouble:
            self._database.mend(trouble)
            return method(self, *args, **named)

    return tried_twice


class Progress:
    """What one workspace remembers. `tell` gets a sentence for each database that was set aside or brought to a new schema."""

    def __init__(
        self,
        database: Path,
        levels: tuple[Level, ...] = LEVELS,
        tell: Callable[[str], object] = warnings.warn,
    ) -> None:
        self.levels = levels
        self._database = Database(database, tell, _complete_passes)

    # Reading

    @mended
    def states(self) -> tuple[LevelState, ...]:
        """Every level of the table, in order."""
        judged = f"attempts WHERE run = ? AND outcome != '{UNJUDGED}' GROUP BY slug"
        with self._database.reading() as db:
            rows = _understood("passes", _rows(db, "SELECT slug, stars FROM passes WHERE run = ?"))
            passes = {row["slug"]: row["stars"] for row in rows}
            taken = hints.counts(db, _run(db))
            medals = _best_medals(db)
            latest = {
                row["slug"]: row for row in _rows(db, f"SELECT slug, outcome, max(id), count(*) AS n FROM {judged}")
            }
        states: list[LevelState] = []
        reachable = True
        for level in self.levels:
            passed = level.slug in passes
            if not level.has_arrived:
                status = Status.AHEAD
            elif passed:
                still = level.slug in latest and latest[level.slug]["outcome"] == JUDGED_PASSED
                status = Status.PASSED if still else Status.CHANGED
            else:
                status = Status.OPEN if reachable else Status.LOCKED
            reachable = reachable and passed
            slug = level.slug
            attempts = latest[slug]["n"] if slug in latest else 0
            medal = medals.get(slug, "")
            states.append(LevelState(level, status, passes.get(slug, 0), taken.get(slug, 0), attempts, medal))
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
            raise LockedLevel(sentence, Command("start", key.number))
        return state

    @mended
    def saw_solution(self, level: Level) -> bool:
        with self._database.reading() as db:
            return any(row["slug"] == level.slug for row in _rows(db, "SELECT slug FROM solutions WHERE run = ?"))

    @mended
    def hints(self, level: Level) -> hints.HintsOfLevel:
        """Which hints of the level were taken in this run, and which one its latest verdict named."""
        with self._database.reading() as db:
            return hints.of_level(db, _run(db), level.slug, UNJUDGED)

    @mended
    def versions(self, level: Level) -> tuple[Version, ...]:
        """Every text of the level that was ever checked, in earlier runs too; the oldest first."""
        query = "SELECT id, run, at, outcome, cause, seconds, text FROM attempts WHERE slug = ? ORDER BY id"
        with self._database.reading() as db:
            return tuple(Version(**row) for row in _understood("attempts", db.execute(query, (level.slug,))))

    @mended
    def passed_without_gpu(self) -> frozenset[str]:
        """The slugs of the levels whose latest judgement passed, and saw no GPU."""
        judged = f"SELECT slug, outcome, verdict, max(id) FROM attempts WHERE run = ? AND outcome != '{UNJUDGED}' GROUP BY slug"
        with self._database.reading() as db:
            passed = [row for row in _rows(db, judged) if row["outcome"] == JUDGED_PASSED]
        return frozenset(row["slug"] for row in passed if json.loads(row["verdict"]).get("device") == "interpreter")

    @mended
    def speeds(self, level: Level) -> tuple[Speed, ...]:
        """Every race of the level, in earlier runs too; the oldest first."""
        query = "SELECT at, gpu, ratio, medal FROM speeds WHERE slug = ? ORDER BY id"
        with self._database.reading() as db:
            return tuple(Speed(**row) for row in _understood("speeds", db.execute(query, (level.slug,))))

    @mended
    def has_passed(self, level: Level, text: str) -> bool:
        """Whether this very text passed in this run."""
        query = f"SELECT 1 FROM attempts WHERE slug = ? AND outcome = '{JUDGED_PASSED}' AND text = ? AND run = ?"
        with self._database.reading() as db:
            return db.execute(query, (level.slug, text, _run(db))).fetchone() is not None

    @mended
    def story(self) -> Story:
        """What happened in the present run, as far as achievements follow from it."""
        from triton_quest.store import story

        with self._database.reading() as db:
            acts = tuple(tuple(level.slug for level in act) for act in by_act(self.levels).values())
            return story.story(db, _run(db), acts)

    @mended
    def earned(self) -> tuple[Earned, ...]:
        """The achievements of the present run, in the order in which they were earned."""
        query = "SELECT achievement, slug, at FROM earned WHERE run = ? ORDER BY rowid"
        with self._database.reading() as db:
            return tuple(Earned(**row) for row in _understood("earned", _rows(db, query)))

    @mended
    def statistics(self) -> Statistics:
        """Attempts, hints and dates of the present run."""
        judged = f"attempts WHERE run = ? AND outcome != '{UNJUDGED}'"
        with self._database.reading() as db:
            dates = _rows(db, f"SELECT count(*) AS n, min(at) AS first, max(at) AS last FROM {judged}")[0]
            seen = len(_rows(db, "SELECT slug FROM solutions WHERE run = ?"))
            taken = sum(hints.counts(db, _run(db)).values())
            return Statistics(dates["n"], taken, seen, dates["first"], dates["last"])

    # Writing

    @mended
    def begin_attempt(self, level: Level, text: str) -> Attempt:
        """Keep a text before it is judged: whatever becomes of the check, it can be had back."""
        with self._database.writing() as db:
            run = _run(db)
            return Attempt(_insert_attempt(db, run, level, text, (UNJUDGED, "", 0.0, "{}")), run)

    @mended
    def record_attempt(self, level: Level, text: str, verdict: Verdict, begun: Attempt | None = None) -> bool:
        """Keep a judgement with the text it judged. True if this is the level's first pass in this run."""
        cause = verdict.cause.encode("utf-8", "replace").decode()  # an exception's text may be no text
        judged = (verdict.outcome.value, cause, verdict.seconds, json.dumps(verdict.as_json()))
        with self._database.writing() as db:
            run = begun.run if begun else _run(db)
            change = "UPDATE attempts SET outcome = ?, cause = ?, seconds = ?, verdict = ? WHERE id = ? AND text = ?"
            if begun is None or not db.execute(change, (*judged, begun.id, text)).rowcount:
                _insert_attempt(db, run, level, text, judged)
            is_first = verdict.passed and _insert_pass(db, run, level.slug, _now())
        if verdict.passed:
            self._database.renew_second()
        return is_first

    @mended
    def take_hint(self, level: Level, number: int | None = None) -> int | None:
        """Note that the next hint, or that of this number, is shown, and return its number; None when all six have been."""
        with self._database.writing() as db:
            number = number or hints.of_level(db, _run(db), level.slug, UNJUDGED).next
            if number is not None:
                db.execute("INSERT OR IGNORE INTO hints VALUES (?, ?, ?, ?)", (_run(db), level.slug, number, _now()))
            return number

    @mended
    def note_solution_seen(self, level: Level) -> None:
        with self._database.writing() as db:
            db.execute("INSERT OR IGNORE INTO solutions VALUES (?, ?, ?)", (_run(db), level.slug, _now()))

    @mended
    def record_speed(self, level: Level, gpu: str, ratio: float | None, medal: str, race: dict[str, Any]) -> None:
        """Keep a race: PyTorch's best time over the learner's (`ratio`), the medal ("" for none), every number."""
        columns = "run, slug, at, gpu, ratio, medal, race"
        with self._database.writing() as db:
            values = (_run(db), level.slug, _now(), gpu, ratio, medal, json.dumps(race))
            db.execute(f"INSERT INTO speeds ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    @mended
    def earn(self, run: int, feats: Iterable[Feat]) -> tuple[Earned, ...]:
        """Note the feats of a run that aren't noted yet, and return those; none if another run began meanwhile."""
        from triton_quest.store import story

        with self._database.writing() as db:
            return story.note(db, run, feats, _now()) if run == _run(db) else ()

    @mended
    def start_over(self) -> None:
        """Begin a new run: passes and hints count from nothing, attempts of earlier runs stay."""
        with self._database.writing() as db:
            db.execute("INSERT INTO runs (at) VALUES (?)", (_now(),))


def _run(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT max(id) FROM runs").fetchone()[0])


def _rows(db: sqlite3.Connection, query: str) -> list[sqlite3.Row]:
    return db.execute(query, (_run(db),)).fetchall()


def _understood(table: str, rows: Iterable[sqlite3.Row]) -> list[sqlite3.Row]:
    """The rows, if they can be of our writing: SQLite sees damage to its pages, and not to what is in them."""
    kept = list(rows)
    for row in kept:
        for column in row.keys():  # noqa: SIM118  a Row iterates over its values
            if not schema.COLUMNS[table][column](row[column]):
                raise sqlite3.DatabaseError(f"a row of {table} is garbled")
    return kept


def _best_medals(db: sqlite3.Connection) -> dict[str, str]:
    """The best medal of each level in this run."""
    won = _rows(db, "SELECT slug, medal FROM speeds WHERE run = ? AND medal != ''")
    return {row["slug"]: row["medal"] for row in sorted(won, key=lambda row: MEDALS_UPWARDS.index(row["medal"]))}


def _insert_attempt(
    db: sqlite3.Connection, run: int, level: Level, text: str, judged: tuple[str, str, float, str]
) -> int:
    columns = "run, slug, at, text, outcome, cause, seconds, verdict"
    values = (run, level.slug, _now(), text, *judged)
    return db.execute(f"INSERT INTO attempts ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values).lastrowid or 0


def _insert_pass(db: sqlite3.Connection, run: int, slug: str, at: str) -> bool:
    """Note a pass, worth what hints and solution left of it. False if the level was passed before."""
    level = (run, slug)
    taken = hints.counts(db, run).get(slug, 0)
    gave_up = db.execute("SELECT 1 FROM solutions WHERE run = ? AND slug = ?", level).fetchone()
    stars = stars_for(taken, gave_up is not None)
    return db.execute("INSERT OR IGNORE INTO passes VALUES (?, ?, ?, ?)", (run, slug, at, stars)).rowcount == 1


def _complete_passes(db: sqlite3.Connection) -> None:
    """A level whose right version was salvaged was passed, also where the note of the pass is lost."""
    query = "SELECT run, slug, min(at) FROM attempts WHERE outcome = ? GROUP BY run, slug"
    for run, slug, at in db.execute(query, (JUDGED_PASSED,)).fetchall():
        _insert_pass(db, run, slug, at)


def _now() -> str:
    return datetime.now().isoformat(timespec="seconds")
