"""The terms of the course, each once: read from words.md, and found by what a learner types. Pure."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from triton_quest.course.level import COURSE
from triton_quest.errors import QuestError
from triton_quest.invocation import Command

FILE = COURSE / "words.md"
ENTRY = re.compile(
    r"^## (?P<name>.+) \((?:level (?P<level>\d+)|(?P<command>[a-z]+))\)\n(?P<says>(?:.+\n)+)", re.MULTILINE
)
CLOSE = 0.6  # how alike a typing error and its word are, as difflib measures it


@dataclass(frozen=True)
class Word:
    """A term, what it means, and where one meets it first: a level, or the command whose output it belongs to."""

    name: str
    says: str
    level: int | None
    command: str | None


def words() -> tuple[Word, ...]:
    """In the order in which one meets them: level by level, then command by command."""
    found = [
        Word(
            entry["name"],
            " ".join(entry["says"].split()),
            int(entry["level"]) if entry["level"] else None,
            entry["command"],
        )
        for entry in ENTRY.finditer(FILE.read_text(encoding="utf-8"))
    ]
    return tuple(sorted(found, key=lambda word: (word.command or "", word.level or 0, word.name.lower())))


def find(typed: str) -> Word:
    """The term, whatever its case and in the plural, too. Raises QuestError, which names the one most like it."""
    known = {_plain(word.name): word for word in words()}
    asked = _plain(typed)
    singular = asked.removesuffix("s")
    if asked in known or singular in known:
        return known.get(asked) or known[singular]
    nearest = difflib.get_close_matches(asked, known, n=1, cutoff=CLOSE)
    longer = [name for name in known if asked and asked in name]
    for name in (*nearest, *longer):
        raise QuestError(
            f"There is no word “{typed}”. Did you mean this one?", Command("words", None, known[name].name)
        )
    raise QuestError(f"There is no word “{typed}”. All there are:", Command("words"))


def _plain(name: str) -> str:
    """ "mma_sync" and "MMA.sync" are one word, and so are "online-softmax" and "online softmax"."""
    return re.sub(r"[\s._-]+", " ", name.strip().lower())
