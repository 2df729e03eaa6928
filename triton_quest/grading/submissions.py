"""Finds level files in the layouts in which people hand them in, and says whose each is.

    DIR/ann/level3_softmax.py              a folder a person
    DIR/ann/levels/level3_softmax.py       a workspace a person, or a whole clone (`ann/triton_quest/levels/`)
    DIR/level3_ann.py                      all in one folder, the name behind the level's number
    DIR/ann.zip, DIR/class.zip             any of these in a zip file

Nothing is unpacked to the disk, and no link is followed.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath

from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.errors import QuestError, UnusableFile
from triton_quest.grading import archives
from triton_quest.store import files

LEVEL_FILE = re.compile(r"level(?P<number>\d{1,4})(?:_(?P<rest>.+))?\.py")
ARCHIVE = ".zip"
WITHIN = ("triton_quest", "levels")  # folders of a clone and of a workspace: they say nothing of whose files these are
SKIPPED = frozenset({".quest", ".git", ".venv", "__pycache__", "__MACOSX", "node_modules"})
NEXT = "grade --help"


@dataclass(frozen=True)
class Submission:
    """One person's file of one level. `file`: where it stands; of an archive's file, below the archive's own path."""

    who: str
    level: Level
    file: Path
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Unusable:
    """What was handed in and can't be judged. `number`: of the level, as far as the name says one."""

    who: str
    number: int | None
    file: Path
    says: str


@dataclass(frozen=True)
class Found:
    """What a folder holds. `others`: Python files that are named like no level's."""

    submissions: tuple[Submission, ...]
    unusable: tuple[Unusable, ...]
    others: tuple[Path, ...]


@dataclass(frozen=True)
class _File:
    """A file with its path in parts, from the folder or the archive that it was found in."""

    parts: tuple[str, ...]
    file: Path
    data: bytes | None = None  # of an archive's; None: it is still to be read

    @property
    def match(self) -> re.Match[str] | None:
        return LEVEL_FILE.fullmatch(self.parts[-1])


def find(folder: Path) -> Found:
    """Everything below `folder`, by person and level. Raises QuestError if it isn't one."""
    if not folder.is_dir():
        what = "isn't there" if not folder.exists() else "is no folder"
        raise QuestError(f"{folder} {what}: name the folder that holds what people handed in.", NEXT)
    usable: list[Submission] = []
    unusable: list[Unusable] = []
    others: list[Path] = []
    kept: list[Submission] = []
    for who, one in _owned(folder, unusable):
        if one.match is None:
            others.append(one.file)
            continue
        _sort_in(_read(who, int(one.match["number"]), one), usable, unusable)
    for _, group in groupby(sorted(usable, key=_by_level), key=_by_level):
        _sort_in(_single(list(group)), kept, unusable)
    return Found(tuple(kept), tuple(sorted(unusable, key=lambda one: (one.who, str(one.file)))), tuple(sorted(others)))


def _sort_in(one: Submission | Unusable, usable: list[Submission], unusable: list[Unusable]) -> None:
    if isinstance(one, Submission):
        usable.append(one)
    else:
        unusable.append(one)


def _by_level(one: Submission) -> tuple[int, str]:
    return one.level.number, one.who


def _single(group: list[Submission]) -> Submission | Unusable:
    """The one file of a person's level; the same text twice is one file."""
    first = group[0]
    if len({one.text for one in group}) == 1:
        return first
    places = " and ".join(str(one.file) for one in group)
    says = f"There are {len(group)} files for level {first.level.number} that differ: {places}. Keep one of them."
    return Unusable(first.who, first.level.number, first.file, says)


def _read(who: str, number: int, one: _File) -> Submission | Unusable:
    level = next((level for level in LEVELS if level.number == number and level.has_arrived), None)
    if level is None:
        return Unusable(who, number, one.file, f"There is no level {number}: the levels are 1 to {len(LEVELS)}.")
    try:
        text = files.exact_text(one.file, "grade") if one.data is None else files.decoded(one.data, one.file, "grade")
    except UnusableFile as trouble:
        return Unusable(who, number, one.file, trouble.sentence)
    return Submission(who, level, one.file, text)


# Whose a file is


def _owned(folder: Path, unusable: list[Unusable]) -> Iterator[tuple[str, _File]]:
    """Every Python file with the name of its person; archives that can't be read are added to `unusable`."""
    for one in _walk(folder):
        if one.parts[-1].lower().endswith(ARCHIVE):
            yield from _in_archive(one, unusable)
        elif one.file.is_symlink():
            match = one.match
            if match:
                says = f"{one.file} is a link, and links aren't followed: hand in the file itself."
                unusable.append(Unusable(_who(one, folder.resolve().name), int(match["number"]), one.file, says))
        else:
            yield _who(one, folder.resolve().name), one


def _walk(folder: Path) -> Iterator[_File]:
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(names):
            file = Path(path) / name
            if name.lower().endswith((".py", ARCHIVE)) and _is_file_or_link(file):
                yield _File(file.relative_to(folder).parts, file)


def _is_file_or_link(file: Path) -> bool:
    """A pipe or a device that is named like a level file would be waited for; the reader refuses a level's with a sentence."""
    return (
        stat.S_ISREG(mode := file.lstat().st_mode) or stat.S_ISLNK(mode) or LEVEL_FILE.fullmatch(file.name) is not None
    )


def _in_archive(archive: _File, unusable: list[Unusable]) -> Iterator[tuple[str, _File]]:
    outer, stem = archive.parts[:-1], archive.file.stem
    try:
        members = archives.python_files(archive.file)
    except UnusableFile as trouble:
        unusable.append(Unusable("/".join((*_folders(outer), stem)), None, archive.file, trouble.sentence))
        return
    inside = [
        _File(PurePosixPath(name).parts, archive.file / name, data)
        for name, data in members
        if SKIPPED.isdisjoint(PurePosixPath(name).parts)
    ]
    people = {_who(one, stem) for one in inside if one.match}
    for one in inside:
        inner = _who(one, stem) if len(people) > 1 else stem
        yield "/".join((*_folders(outer), inner)), one


def _who(one: _File, at_the_top: str) -> str:
    """The person's name: the folders above a level file, or what its name says behind the number, or else `at_the_top`."""
    folders = _folders(one.parts[:-1])
    if folders:
        return "/".join(folders)
    match = one.match
    if match is None or not match["rest"] or len(one.parts) > 1 or _is_a_levels_own(match):
        return at_the_top
    return match["rest"]


def _folders(parts: tuple[str, ...]) -> tuple[str, ...]:
    while parts and parts[-1] in WITHIN:
        parts = parts[:-1]
    return parts


def _is_a_levels_own(match: re.Match[str]) -> bool:
    return any(level.file == match.string for level in LEVELS)
