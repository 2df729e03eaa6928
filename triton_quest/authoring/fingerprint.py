"""A hash of what runs of a solution: figures that were measured with one fingerprint say nothing of another.

Comments, docstrings, side stories and the order of the definitions change no time on a GPU, so none of them is in the hash.
"""

from __future__ import annotations

import ast
import hashlib

from triton_quest.course import template
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.store import workspace


def fingerprint(text: str) -> str:
    """Sixteen hexadecimal digits. Raises SyntaxError if `text` isn't Python."""
    module = ast.parse(template.without_texts(text))
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    definitions = sorted(map(ast.unparse, module.body))
    return hashlib.sha256("\n".join(definitions).encode()).hexdigest()[:16]


def of_the_solutions() -> dict[str, str]:
    """The fingerprint of every solution of the course, by slug."""
    return {level.slug: _of(level) for level in LEVELS if level.has_arrived}


def stale(measured: dict[str, str]) -> list[str]:
    """The slugs whose solution isn't any more what `measured` (fingerprints by slug) was measured with."""
    now = of_the_solutions()
    return [slug for slug, then in measured.items() if now.get(slug) != then]


def _of(level: Level) -> str:
    return fingerprint(workspace.course_text(level, "solution.py"))
