"""What happened in a run, as far as achievements follow from it, and the noting of those that were earned.

Not imported by the map, which shows what is noted already.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from triton_quest.store.records import Earned

JUDGED = "attempts WHERE run = ? AND outcome != 'unjudged'"
OLD_SIZE = re.compile(r"S (\d+)\b")
DEVICE = "CASE WHEN json_valid(verdict) THEN json_extract(verdict, '$.device') END"


@dataclass(frozen=True)
class JudgedText:
    """A text of a level that was judged: the outcome, and on what device ("" where nobody needs to know it yet)."""

    slug: str
    outcome: str
    device: str = ""


@dataclass(frozen=True)
class RacedSize:
    """One size of a race. `bound`: what limits it ("memory", "compute", "launch"), of which the kernel reaches `share`."""

    size: str  # as it is shown: "S 8192, D 64, causal"
    bound: str
    share: float
    times_ms: tuple[tuple[str, float], ...]  # of each contender
    length: int = 0  # how many keys a query sees, 0 where there are none


@dataclass(frozen=True)
class Raced:
    """A race of a level in this run, size by size."""

    slug: str
    gpu: str
    ratio: float | None
    medal: str
    sizes: tuple[RacedSize, ...] = ()


@dataclass(frozen=True)
class Story:
    """What happened in one run, as far as achievements follow from it; the oldest first."""

    run: int
    acts: tuple[tuple[str, ...], ...]  # the slugs of the table, act by act
    judged: tuple[JudgedText, ...] = ()
    stars: Mapping[str, int] = field(default_factory=dict)  # of the levels that passed
    unaided: frozenset[str] = frozenset()  # those that passed without a hint or a look at the solution before
    races: tuple[Raced, ...] = ()

    @property
    def levels(self) -> tuple[str, ...]:
        """The slugs of all acts."""
        return tuple(slug for act in self.acts for slug in act)


@dataclass(frozen=True)
class Feat:
    """An achievement that was reached, by its slug, and where: a level's slug, or what `achievements.py` calls an act.

    `once`: at one place of all; otherwise at each.
    """

    achievement: str
    slug: str
    once: bool = True


def story(db: sqlite3.Connection, run: int, acts: tuple[tuple[str, ...], ...]) -> Story:
    stars = dict(db.execute("SELECT slug, stars FROM passes WHERE run = ?", (run,)).fetchall())
    ends_an_act = any(set(act) <= stars.keys() for act in acts)  # before that no device matters, and verdicts are long
    device = f"coalesce({DEVICE}, '')" if ends_an_act else "''"
    judged = db.execute(f"SELECT slug, outcome, {device} FROM {JUDGED} ORDER BY id", (run,))
    races = db.execute("SELECT slug, gpu, ratio, medal, race FROM speeds WHERE run = ? ORDER BY id", (run,))
    return Story(
        run,
        acts,
        tuple(JudgedText(*row) for row in judged),
        stars,
        _unaided(db, run),
        tuple(Raced(slug, gpu, ratio, medal, _sizes(race)) for slug, gpu, ratio, medal, race in races),
    )


def _unaided(db: sqlite3.Connection, run: int) -> frozenset[str]:
    """The slugs of the levels that passed before any hint; the solution is noted only where it was seen before the pass."""
    first_hints = "SELECT slug, min(at) AS at FROM hints WHERE run = ? GROUP BY slug"
    query = (
        f"SELECT passes.slug FROM passes LEFT JOIN ({first_hints}) AS hint ON hint.slug = passes.slug"
        " WHERE passes.run = ? AND (hint.at IS NULL OR hint.at > passes.at)"
        " AND NOT EXISTS (SELECT 1 FROM solutions WHERE run = passes.run AND slug = passes.slug)"
    )
    return frozenset(slug for (slug,) in db.execute(query, (run, run)))


def _sizes(race: str) -> tuple[RacedSize, ...]:
    """The sizes of a race as it was kept; none of one that can't be read."""
    try:
        told = json.loads(race)
        timings = told.get("timings", [])
        return tuple(
            _size(size, [one for one in timings if one["size"] == size["size"]]) for size in told.get("sizes", [])
        )
    except (ValueError, KeyError, TypeError):  # salvaged from a damaged page
        return ()


def _size(told: Mapping[str, Any], timings: Sequence[Mapping[str, Any]]) -> RacedSize:
    times = tuple((one["contender"], one["time_ms"]) for one in timings)
    length = max((one.get("length", _length_of_old(one["size"])) for one in timings), default=0)
    return RacedSize(told["size"], told["bound"], float(told["share_of_bound"]), times, length)


def _length_of_old(size: str) -> int:
    """The length that only the size's name tells: that of a race kept by a version which didn't keep lengths."""
    found = OLD_SIZE.match(size)
    return int(found[1]) if found else 0


def note(db: sqlite3.Connection, run: int, feats: Iterable[Feat], at: str) -> tuple[Earned, ...]:
    """Note each feat that isn't noted yet; those."""
    new = []
    for feat in feats:
        query = "SELECT 1 FROM earned WHERE run = ? AND achievement = ? AND (? OR slug = ?)"
        if db.execute(query, (run, feat.achievement, feat.once, feat.slug)).fetchone() is None:
            db.execute("INSERT INTO earned VALUES (?, ?, ?, ?)", (run, feat.achievement, feat.slug, at))
            new.append(Earned(feat.achievement, feat.slug, at))
    return tuple(new)
