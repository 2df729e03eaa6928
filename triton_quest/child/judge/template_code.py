"""Tells whether a mask in a learner's file is the template's own, unchanged: such a one isn't blamed for what it stops."""

from __future__ import annotations

import ast

from triton_quest.course.level import Level
from triton_quest.course.template import strip_solution


def mask_is_given(level: Level, text: str, line: int) -> bool:
    """Whether the template has the store at this line of `text`, and the statement that its mask comes from."""
    template = _statements(strip_solution((level.folder / "solution.py").read_text(encoding="utf-8")))
    given = {ast.dump(statement) for statement in template}
    theirs = _statements(text)
    store = next((statement for statement in theirs if statement.lineno <= line <= (statement.end_lineno or 0)), None)
    if store is None or ast.dump(store) not in given:
        return False
    masks = [node.value for node in ast.walk(store) if isinstance(node, ast.keyword) and node.arg == "mask"]
    names = {mask.id for mask in masks if isinstance(mask, ast.Name)}
    made = [statement for statement in theirs if isinstance(statement, ast.Assign) and _assigns(statement, names)]
    return bool(masks) and all(ast.dump(statement) in given for statement in made)


def _statements(text: str) -> list[ast.stmt]:
    """The statements that hold no others, in the order of the text."""
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt) and not hasattr(node, "body")]
    return sorted(found, key=lambda statement: statement.lineno)


def _assigns(statement: ast.Assign, names: set[str]) -> bool:
    return any(isinstance(target, ast.Name) and target.id in names for target in statement.targets)
