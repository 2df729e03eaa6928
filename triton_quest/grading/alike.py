"""Which people's kernels are the same but for their names: something for a teacher to look at, and no proof of anything.

Only levels with much to write are compared: where a gap is one line, everybody who is right writes the same. What is the reference's
own text, or the template's, isn't told either.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from triton_quest.course import gaps, template
from triton_quest.course.level import Level
from triton_quest.grading.submissions import Submission
from triton_quest.store import workspace

LEAST_LINES = 12  # that a level's gaps have together in the solution


@dataclass(frozen=True)
class Alike:
    """People whose files of one level are the same but for names, comments and texts."""

    level: Level
    people: tuple[str, ...]


def alike(submissions: Iterable[Submission]) -> list[Alike]:
    """By level; each group has at least two people."""
    groups: dict[tuple[Level, str], list[str]] = {}
    for one in submissions:
        shape = _shape(one.text) if _is_compared(one.level) else None
        if shape is not None and shape not in _given(one.level):
            groups.setdefault((one.level, shape), []).append(one.who)
    found = [Alike(level, tuple(sorted(people))) for (level, _), people in groups.items() if len(people) > 1]
    return sorted(found, key=lambda one: (one.level.number, one.people))


@cache
def _is_compared(level: Level) -> bool:
    marked = gaps.marked(workspace.course_text(level, "solution.py"))
    return sum(len(gap.lines) for gap in marked) >= LEAST_LINES


@cache
def _given(level: Level) -> frozenset[str | None]:
    solution = workspace.course_text(level, "solution.py")
    return frozenset({_shape(template.clean_solution(solution)), _shape(template.strip_solution(solution))})


def _shape(text: str) -> str | None:
    """The definitions of a file without texts, each name replaced by the number of its first appearance; None if it isn't Python."""
    try:
        module = ast.parse(template.without_texts(text))
    except (SyntaxError, ValueError, RecursionError):
        return None
    numbers: dict[str, str] = {}
    for node in ast.walk(module):
        _rename(node, numbers)
    return ast.dump(module)


def _rename(node: ast.AST, numbers: dict[str, str]) -> None:
    for field in ("id", "arg", "name"):
        name = getattr(node, field, None)
        if isinstance(name, str):
            setattr(node, field, numbers.setdefault(name, str(len(numbers))))
    body: Sequence[ast.stmt] = getattr(node, "body", ())
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node, clean=False) is not None:
        node.body = [*body[1:]] or [ast.Pass()]
