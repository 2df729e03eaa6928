"""The hints of a level, as far as the learner has taken them in one run: which ones, which comes next, which one a verdict named."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from triton_quest.course.level import HINTS_A_LEVEL


@dataclass(frozen=True)
class HintsOfLevel:
    """The numbers that were taken, in their order, and the one that the latest verdict named (None: it named none)."""

    taken: tuple[int, ...]
    named: int | None

    @property
    def next(self) -> int | None:
        """The first that wasn't taken, None after the last. One that a verdict named may have been taken before its turn."""
        return next((number for number in range(1, HINTS_A_LEVEL + 1) if number not in self.taken), None)

    @property
    def waiting(self) -> int | None:
        """The one that the latest verdict named, where it wasn't taken."""
        return self.named if self.named not in self.taken else None


def of_level(db: sqlite3.Connection, run: int, slug: str, unjudged: str) -> HintsOfLevel:
    """`unjudged`: the outcome of the attempts that have no verdict."""
    query = "SELECT number FROM hints WHERE run = ? AND slug = ? ORDER BY number"
    taken = tuple(row["number"] for row in db.execute(query, (run, slug)).fetchall())
    query = "SELECT verdict FROM attempts WHERE run = ? AND slug = ? AND outcome != ? ORDER BY id DESC LIMIT 1"
    latest = db.execute(query, (run, slug, unjudged)).fetchone()
    return HintsOfLevel(taken, _named(json.loads(latest["verdict"])) if latest else None)


def counts(db: sqlite3.Connection, run: int) -> dict[str, int]:
    """How many were taken of each level, by its slug."""
    rows = db.execute("SELECT slug, count(*) AS n FROM hints WHERE run = ? GROUP BY slug", (run,))
    return {row["slug"]: row["n"] for row in rows.fetchall()}


def _named(verdict: object) -> int | None:
    """The hint of the first check that failed. What is kept may be older than this version of the quest, or damaged."""
    checks = verdict.get("checks") if isinstance(verdict, dict) else None
    failed = (check for check in checks or () if isinstance(check, dict) and check.get("outcome") == "failed")
    number = next(failed, {}).get("hint")
    return number if isinstance(number, int) and 1 <= number <= HINTS_A_LEVEL else None
