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
    """The lines of a loop's body, and the variables that tell how far it has come."""

    first: int
    last: int
    variables: tuple[str, ...]


def loops_around(kernel: str) -> Loops:
    """The variables of the loops around the running access with their values, outermost first.

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
    names = (name for loop in around for name in loop.variables)
    values = ((name, integers(frame.f_locals.get(name))) for name in names)
    return [(name, str(value.item())) for name, value in values if value is not None and value.size == 1]


@lru_cache(maxsize=8)
def _loops_in(file: str) -> tuple[_Loop, ...]:
    """Every loop of a file, those further out first."""
    tree = ast.parse("".join(linecache.getlines(file)))
    loops = (node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.While)))
    return tuple(_Loop(node.body[0].lineno, node.body[-1].end_lineno or 0, _variables(node)) for node in loops)


def _variables(loop: ast.For | ast.While) -> tuple[str, ...]:
    """What a `for` counts with; of a `while` what its condition asks for and its body changes."""
    if isinstance(loop, ast.For):
        return _names(loop.target, ast.Store)
    changed = {name for node in loop.body for name in _names(node, ast.Store)}
    return tuple(name for name in _names(loop.test, ast.Load) if name in changed)


def _names(tree: ast.AST, context: type[ast.expr_context]) -> tuple[str, ...]:
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, context))
    return tuple(dict.fromkeys(node.id for node in found))
