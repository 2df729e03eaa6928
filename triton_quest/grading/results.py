"""The results file: a JSON line a file, appended as it is judged, and read again when grading goes on.

The latest line of a person and a level counts. A line that a killed grader left unfinished is taken away.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, ClassVar

from triton_quest.course.table import LEVELS
from triton_quest.errors import QuestError
from triton_quest.records import verdict as v
from triton_quest.records import wire

NOT_JUDGED = "not_judged"  # the outcome of what can't be judged, beside those of a verdict
NAME = "grades.jsonl"


@dataclass(frozen=True)
class Grade:
    """What one person's file of one level came to."""

    record: ClassVar[str] = "grade"
    schema: int
    who: str
    level: int | None
    slug: str
    passed: bool
    outcome: str  # of the verdict, or NOT_JUDGED
    finding: str | None  # the known mistake that explains the answer, or the judge's own name for what it found
    seconds: float
    sha256: str
    file: str
    says: str
    judge: str
    versions: tuple[tuple[str, str], ...]
    date: str
    engine: str
    verdict: v.Verdict | None = None

    @property
    def was_judged(self) -> bool:
        return self.outcome not in (NOT_JUDGED, v.Outcome.ERROR.value)

    @property
    def title(self) -> str:
        """What the grade is of, as a heading."""
        level = next((level for level in LEVELS if level.number == self.level), None)
        return f"Level {level.number}, {level.title}" if level else self.file


def by_person(grades: Iterable[Grade]) -> dict[str, list[Grade]]:
    """In the order in which the people come."""
    people: dict[str, list[Grade]] = {}
    for grade in grades:
        people.setdefault(grade.who, []).append(grade)
    return people


def parsed(line: bytes) -> Grade:
    """Raises ValueError for anything that `Results.add` didn't write."""
    return wire.decode(line, {Grade.record: Grade})


class Results:
    """The grades of one results file. Raises QuestError where it can't be written, or holds something else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._latest: dict[tuple[str, int | None, str], Grade] = {}
        self._by_text: dict[tuple[int | None, str, str], Grade] = {}
        self._file = self._opened()

    def _opened(self) -> BinaryIO:
        try:
            file = self.path.open("a+b")
        except OSError as trouble:
            says = f"{self.path} can't be written: {trouble.strerror}. Name another file with --out."
            raise QuestError(says, "grade --help") from None
        file.seek(0)
        data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                self._note(parsed(line))
            except ValueError:
                file.close()
                says = f"Line {number} of {self.path} is no grade. Move the file away, or name another one with --out."
                raise QuestError(says, "grade --help") from None
        if len(whole) < len(data):
            file.truncate(len(whole))
        return file

    def _note(self, grade: Grade) -> None:
        self._latest[grade.who, grade.level, "" if grade.level else grade.file] = grade
        if grade.was_judged:
            self._by_text[grade.level, grade.sha256, grade.judge] = grade

    def add(self, grade: Grade) -> None:
        """Append the grade; once this returns, a kill or a power cut doesn't lose it."""
        self._file.write(wire.encode(grade))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._note(grade)

    def of(self, who: str, level: int | None, file: str = "") -> Grade | None:
        return self._latest.get((who, level, "" if level else file))

    def with_text(self, level: int, sha256: str, judge: str) -> Grade | None:
        """The grade of these very bytes, whoever handed them in, by this judge."""
        return self._by_text.get((level, sha256, judge))

    def __iter__(self) -> Iterator[Grade]:
        """By person, then level."""
        return iter(sorted(self._latest.values(), key=lambda one: (one.who, one.level or 0, one.file)))

    def __enter__(self) -> Results:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
