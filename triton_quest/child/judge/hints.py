"""Which hint speaks of a failed check: the one that the level's known mistakes name for the same finding, or else for the same
kind of failure on such a line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache

from triton_quest.course import template
from triton_quest.course.gaps import Gap, marked
from triton_quest.course.mistake import Mistake, apply
from triton_quest.records import verdict as v

STATEMENT = re.compile(r"^\s*(?:(?P<target>[\w, ]+?)\s*[+*]?=(?!=)|(?P<call>[\w.]+)\()")


def fitting(check: v.Check, mistakes: tuple[Mistake, ...], solution: str) -> int | None:
    """The hint named most often by mistakes with the same finding; else by those that the same kind of check rejects and
    that change the same statement.
    """
    same = [mistake for mistake in mistakes if mistake.finding and mistake.finding == check.finding]
    if same:
        return _most_named(same)
    return _most_named(
        mistake
        for mistake in mistakes
        if mistake.caught_by == check.kind and changes_the_line(mistake, check, solution)
    )


def of_gaps(numbers: Collection[int], kind: str, mistakes: tuple[Mistake, ...], solution: str) -> int | None:
    """The hint named most often by mistakes in these gaps and nowhere else; by those that the same kind of check rejects, if there are."""
    of_them = [one for one in mistakes if frozenset() < touched(one, solution) <= set(numbers)]
    return _most_named([one for one in of_them if one.caught_by == kind] or of_them)


@lru_cache(maxsize=1024)
def touched(mistake: Mistake, solution: str) -> frozenset[int]:
    """The gaps that a mistake's patch changes; 0 stands for lines that are given."""
    (right, given), (wrong, given_there) = _parted(solution), _parted(apply(mistake.edits, solution, mistake.key))
    changed = {mine.number for mine, other in zip(right, wrong, strict=False) if mine.lines != other.lines}
    return frozenset(changed | ({0} if given != given_there else set()))


@lru_cache(maxsize=4)
def _parted(text: str) -> tuple[tuple[Gap, ...], str]:
    """The gaps of a marked text, and what is given."""
    return marked(text), template.strip_solution(text)


def changes_the_line(mistake: Mistake, check: v.Check, solution: str) -> bool:
    """Whether the mistake changes the statement that the check points to."""
    return bool(({_statement(place.source) for place in check.places} - {""}) & _touched(mistake, solution))


def _most_named(mistakes: Iterable[Mistake]) -> int | None:
    votes = Counter(mistake.hint for mistake in mistakes if mistake.hint is not None)
    return min(votes, key=lambda hint: (-votes[hint], hint)) if votes else None


def _touched(mistake: Mistake, solution: str) -> set[str]:
    """The statements of the solution that the mistake changes, or beside which it puts lines of its own."""
    touched: set[str] = set()
    for edit in mistake.edits:
        if edit.old in solution:
            shown, new = edit.old.splitlines(), edit.new.splitlines()
            touched |= {_statement(line) for line in [line for line in shown if line not in new] or shown}
    return touched - {""}


def _statement(line: str) -> str:
    """What a line assigns to, or the function that it calls."""
    found = STATEMENT.match(line)
    return "" if found is None else (found["target"] or found["call"]).strip()
