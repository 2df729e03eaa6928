"""A learner's file and its gaps, as it is judged: the reference's lines stand in for the gaps that are open, and are never shown.

Imports neither torch nor triton.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from triton_quest.child import source
from triton_quest.course import gaps as course_gaps
from triton_quest.course import template
from triton_quest.course.gaps import Filled, Gap
from triton_quest.course.level import Level
from triton_quest.errors import CourseTrouble
from triton_quest.records import verdict as v

NO_ROOM = "above an open gap lines of its comment are gone, and the line numbers would move"
MISPLACED = "the lines of an open gap don't fit into your file where its `...` stands"


@dataclass(frozen=True)
class Gapped:
    """`filled` is the text that is judged where gaps are open; None where none is, or `trouble` says why that can't be done."""

    text: str
    gaps: tuple[Gap, ...]
    filled: Filled | None = None
    trouble: str = ""

    @property
    def waiting(self) -> tuple[Gap, ...]:
        return tuple(gap for gap in self.gaps if gap.is_open)

    @property
    def written(self) -> tuple[int, ...]:
        """The gaps that hold lines of the learner's, and can be told from the rest."""
        return tuple(gap.number for gap in self.gaps if not gap.is_open and not gap.trouble)

    def with_lines(self, lines: Collection[int]) -> tuple[int, ...]:
        """The written gaps to which one of these lines belongs."""
        return tuple(
            g.number for g in self.gaps if g.number in self.written and any(g.first <= n <= g.last for n in lines)
        )

    def with_reference(self, numbers: Collection[int]) -> str:
        """The text that is judged, with the reference's lines in these gaps as well."""
        return course_gaps.fill(self.text, [g for g in self.gaps if g.is_open or g.number in numbers]).text

    def record(self, state: v.GapStanding, why: str = "", wrong: Collection[int] = ()) -> v.Gaps:
        """What is known of each gap: `state`, and `why`, of all that are written and not `wrong`."""
        return v.Gaps(tuple(self._state(gap, state, why, wrong) for gap in self.gaps))

    def _state(self, gap: Gap, state: v.GapStanding, why: str, wrong: Collection[int]) -> v.GapState:
        if gap.trouble:
            state, why = v.GapStanding.NOT_TOLD, gap.trouble
        elif gap.is_open or gap.number in wrong:
            state, why = v.GapStanding.OPEN if gap.is_open else v.GapStanding.WRONG, ""
        return v.GapState(gap.number, 0 if gap.trouble else gap.first, gap.names, state, why)

    def not_given(self, name: str) -> int | None:
        """The gap that is to give this name, and whose lines don't."""
        lines = self.text.splitlines()
        for gap in self.gaps:
            if gap.number in self.written and name in gap.names:
                theirs = textwrap.dedent("\n".join(lines[gap.first - 1 : gap.last]))
                bound = (n.id for n in ast.walk(ast.parse(theirs)) if isinstance(n, ast.Name) and _is_store(n))
                return None if name in bound else gap.number
        return None


def of_file(level: Level, file: Path) -> Gapped | None:
    """The file's text with its gaps; None where it can't be read as Python, or the level has none. Raises UnusableFile."""
    return of_text(level, source.read_text(file, f"reset {level.number}"))


@lru_cache(maxsize=4)
def of_text(level: Level, text: str) -> Gapped | None:
    try:
        solution = (level.folder / "solution.py").read_text(encoding="utf-8")
        found = course_gaps.find(solution, text)
        waiting = template.open_gaps(text)
    except (OSError, SyntaxError, ValueError, CourseTrouble):
        return None
    if not waiting or not found:
        return Gapped(text, found) if found else None
    opened = [gap for gap in found if gap.is_open]
    astray = [line for line in waiting if not any(gap.first <= line <= gap.last for gap in opened)]
    if astray:
        troubles = [gap.trouble for gap in found if gap.trouble]
        return Gapped(
            text, found, trouble=(troubles or [f"the `...` in line {astray[0]} is none of the level's gaps"])[0]
        )
    filled = course_gaps.fill(text, opened)
    if not filled.keeps_lines:
        return Gapped(text, found, trouble=NO_ROOM)
    try:
        ast.parse(filled.text)
    except SyntaxError:
        return Gapped(text, found, trouble=MISPLACED)
    return Gapped(text, found, filled)


def summary(gaps: Iterable[v.GapState]) -> str:
    """ "TODO 1, 2: right so far; TODO 3: open" """
    states: dict[v.GapStanding, list[int]] = {}
    for gap in gaps:
        states.setdefault(gap.state, []).append(gap.number)
    return "; ".join(f"TODO {', '.join(map(str, numbers))}: {state.value}" for state, numbers in states.items())


class Curtain:
    """Keeps the reference's lines, which stand in for open gaps, out of everything that is said of a file."""

    def __init__(self, text: str, filled: Filled) -> None:
        self._gap_of, self._own = filled.gap_of, _bare(text)
        lines = filled.text.splitlines()
        self._hidden = {line: _bare(lines[line - 1]) for line in filled.gap_of}

    def in_front_of(self, send: Callable[[v.Record], None]) -> Callable[[v.Record], None]:
        """What sends a record in its place, and no remark on a line that isn't the learner's."""
        return lambda record: None if self._is_about_them(record) else send(self.drawn(record))

    def drawn(self, check: v.Record) -> v.Record:
        """The record, with what belongs to an open gap in the place of its lines."""
        if not isinstance(check, v.Check):
            return check
        places = tuple(
            v.Place(p.line, f"(the open TODO {self._gap_of[p.line]}: right lines stand in for it)")
            if _bare(p.source) in self._hidden.get(p.line, "")
            else p
            for p in check.places
        )
        says, advice, evidence = map(self._without, (check.says, check.advice, check.evidence))
        return replace(check, places=places, says=says, advice=advice, evidence=evidence)

    def _is_about_them(self, record: v.Record) -> bool:
        """Whether the record is a remark on a line that isn't the learner's."""
        line = (
            re.match(r"Line (\d+):", record.name) if isinstance(record, v.Check) and record.kind == v.REMARK else None
        )
        return line is not None and int(line[1]) in self._gap_of

    def _without(self, text: str) -> str:
        return re.sub(r"`([^`]+)`", self._unquoted, text)

    def _unquoted(self, quoted: re.Match[str]) -> str:
        code = _bare(quoted[1])
        if re.fullmatch(r"[\w.]*", code) or code in self._own:
            return quoted[0]
        return next(
            (f"what TODO {self._gap_of[line]} asks for" for line, hidden in self._hidden.items() if code in hidden),
            quoted[0],
        )


def _bare(code: str) -> str:
    return re.sub(r"\s", "", code)


def _is_store(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)
