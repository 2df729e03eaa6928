"""Which loops of a kernel an access stands in, and how far each has come."""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache
from types import FrameType
from typing import NamedTuple

from .frames import integers, learner_frame, position

Loops = tuple[tuple[str, str], ...]


class _Loop(NamedTuple):
    """The lines of a `for` loop's body, and its variable."""

    first: int
    last: int
    variable: str


def loops_around(kernel: str) -> Loops:
    """The variables of the `for` loops around the running access with their values, outermost first.

    Of the function that the line is in and of those that called it, up to the `kernel`.
    """
    frame = learner_frame()
    file, _ = position(frame)
    found: list[tuple[str, str]] = []
    while frame is not None:
        if frame.f_code.co_filename == file:
            found[:0] = _loops_of(frame)
            if frame.f_code.co_name == kernel:
                break
        frame = frame.f_back
    return tuple(found)


def _loops_of(frame: FrameType) -> list[tuple[str, str]]:
    around = (loop for loop in _loops_in(frame.f_code.co_filename) if loop.first <= frame.f_lineno <= loop.last)
    values = ((loop.variable, integers(frame.f_locals.get(loop.variable))) for loop in around)
    return [(name, str(value.item())) for name, value in values if value is not None and value.size == 1]


@lru_cache(maxsize=8)
def _loops_in(file: str) -> tuple[_Loop, ...]:
    """Every loop with one variable, those further out first."""
    tree = ast.parse("".join(linecache.getlines(file)))
    loops = (node for node in ast.walk(tree) if isinstance(node, ast.For) and isinstance(node.target, ast.Name))
    return tuple(
        _Loop(node.body[0].lineno, node.body[-1].end_lineno or node.body[-1].lineno, node.target.id)  # type: ignore[attr-defined]
        for node in loops
    )
