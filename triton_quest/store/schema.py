"""What the database holds: how each version of it came from the one before, and what a row must look like.

To change what is kept, add a step at the end of MIGRATIONS, and to COLUMNS what it adds. Steps that were published never change.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE runs (id INTEGER PRIMARY KEY, at TEXT NOT NULL)",
        "CREATE TABLE attempts (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, slug TEXT NOT NULL, at TEXT NOT NULL,"
        " outcome TEXT NOT NULL, cause TEXT NOT NULL, seconds REAL NOT NULL, text TEXT NOT NULL, verdict TEXT NOT NULL)",
        "CREATE INDEX attempts_by_level ON attempts (run, slug, id)",
        "CREATE TABLE hints (run INTEGER NOT NULL, slug TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL,"
        " PRIMARY KEY (run, slug, number))",
        "CREATE TABLE solutions (run INTEGER NOT NULL, slug TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (run, slug))",
        "CREATE TABLE passes (run INTEGER NOT NULL, slug TEXT NOT NULL, at TEXT NOT NULL, stars INTEGER NOT NULL,"
        " PRIMARY KEY (run, slug))",
        "INSERT INTO runs (at) VALUES (datetime('now'))",
    ),
    (
        "CREATE TABLE speeds (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, slug TEXT NOT NULL, at TEXT NOT NULL,"
        " gpu TEXT NOT NULL, ratio REAL, medal TEXT NOT NULL, race TEXT NOT NULL)",
    ),
    (
        "CREATE TABLE earned (run INTEGER NOT NULL, achievement TEXT NOT NULL, slug TEXT NOT NULL, at TEXT NOT NULL,"
        " PRIMARY KEY (run, achievement, slug))",
    ),
)
FIRST_TABLES = frozenset({"runs", "attempts", "hints", "solutions", "passes"})  # every version has them


def _number(lowest: int, highest: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and lowest <= value <= highest


def _text(pattern: str) -> Callable[[Any], bool]:
    known = re.compile(pattern, re.DOTALL)
    return lambda value: isinstance(value, str) and known.fullmatch(value) is not None


ID, SLUG, ANYTHING = _number(1, 2**31), _text("[a-z0-9-]+"), _text(".*")
DATE = _text(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
COLUMNS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "runs": {"id": ID, "at": DATE},
    "attempts": {
        "id": ID,
        "run": ID,
        "slug": SLUG,
        "at": DATE,
        "outcome": _text("[a-z_]+"),
        "cause": ANYTHING,
        "seconds": lambda value: isinstance(value, (int, float)),
        "text": ANYTHING,
        "verdict": _text(r"\{.*\}"),
    },
    "hints": {"run": ID, "slug": SLUG, "number": _number(1, 6), "at": DATE},
    "solutions": {"run": ID, "slug": SLUG, "at": DATE},
    "passes": {"run": ID, "slug": SLUG, "at": DATE, "stars": _number(1, 3)},
    "speeds": {
        "id": ID,
        "run": ID,
        "slug": SLUG,
        "at": DATE,
        "gpu": ANYTHING,
        "ratio": lambda value: value is None or isinstance(value, (int, float)),
        "medal": _text("(gold|silver|bronze)?"),
        "race": _text(r"\{.*\}"),
    },
    "earned": {"run": ID, "achievement": SLUG, "slug": _text("[a-z0-9-]*"), "at": DATE},
}


def newest() -> int:
    """The version that this quest writes."""
    return len(MIGRATIONS)


def upgrade(db: sqlite3.Connection, version: int) -> None:
    """From `version` (0: nothing at all) to the newest one, within the caller's transaction."""
    for statement in (statement for step in MIGRATIONS[version:] for statement in step):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {newest()}")


def is_row(table: str, values: Sequence[Any]) -> bool:
    """Whether a row of `table` may look like this: what comes out of a damaged file may be anything."""
    checks = COLUMNS[table].values()
    return len(values) == len(checks) and all(check(value) for check, value in zip(checks, values, strict=True))
