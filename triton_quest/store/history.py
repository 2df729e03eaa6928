"""How a level's versions differ: from one another, from the template, and from the file that stands there now. Pure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from triton_quest.store import files
from triton_quest.store.records import Version


@dataclass(frozen=True)
class Change:
    """Lines that came and lines that went; `same` only if not even a line end differs."""

    added: int
    removed: int
    same: bool


@dataclass(frozen=True)
class Entry:
    """A version and what it changed. Checks of the same text that ended the same are one entry, known by the first's id."""

    version: Version
    change: Change
    checks: int = 1


def entries(versions: tuple[Version, ...], template: str) -> tuple[Entry, ...]:
    """The versions, oldest first, each against the one before it; the first against the template."""
    found: list[Entry] = []
    before = template
    for version in versions:
        last = found[-1] if found else None
        if last and _is_repeated(last.version, version):
            found[-1] = Entry(last.version, last.change, last.checks + 1)
        else:
            found.append(Entry(version, change(before, version.text)))
        before = version.text
    return tuple(found)


def _is_repeated(last: Version, version: Version) -> bool:
    return (last.run, last.outcome, last.text) == (version.run, version.outcome, version.text)


def change(before: str, after: str) -> Change:
    old, new = _lines(before), _lines(after)
    added = removed = 0
    if old != new:
        for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new).get_opcodes():
            if tag != "equal":
                removed, added = removed + j - i, added + m - k
    return Change(added, removed, before == after)


def diff(before: str, after: str, file: str, names: tuple[str, str]) -> tuple[str, ...]:
    """The lines of a unified diff, as `patch` takes it. `names` say what the two are."""
    return tuple(difflib.unified_diff(_lines(before), _lines(after), file, file, *names, lineterm=""))


def _lines(text: str) -> list[str]:
    return files.plain(text).removesuffix("\n").split("\n") if text else []
