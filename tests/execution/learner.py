"""Learner's files for the tests: a level's own solution with an edit.

An edit is a function from text to text. It finds its place by the structure that every level file has (the import of
torch, the launch, the store), so that a text of the course may be reworded without a test noticing.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable

from triton_quest.course import table as levels
from triton_quest.course import template
from triton_quest.course.level import Level
from triton_quest.store import workspace

Edit = Callable[[str], str]
HERE = "# here"  # marks, in an edit's code, the line that a verdict should name


def first_level() -> Level:
    """The level whose contract, `vector_add(x, y)`, the edits below are made for."""
    level = levels.find("vector_add")
    assert level is not None
    return level


def solved(level: Level, *edits: Edit) -> str:
    """The level's solution as a learner would have written it, after `edits`."""
    text = template.clean_solution(workspace.course_text(level, "solution.py"))
    for edit in edits:
        text = edit(text)
    return text


def replaced(old: str, new: str) -> Edit:
    """`old`, which stands there exactly once, becomes `new`."""

    def edit(text: str) -> str:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the solution"
        return text.replace(old, new)

    return edit


def at_import(code: str) -> Edit:
    """`code` runs when the file is imported, after the level's own imports."""
    return _before(r"^@triton\.jit$", code + "\n\n", indent="")


def in_kernel(code: str) -> Edit:
    """`code` runs in the kernel, before its store."""
    return _before(r"^    tl\.store\(", code)


def in_launcher(code: str) -> Edit:
    """`code` runs in the launcher, before its launch."""
    return _before(r"^    \w+\[grid\]\(", code)


def returning(expression: str) -> Edit:
    """The launcher returns `expression` instead of `out`."""
    return replaced("    return out\n", f"    return {expression}\n")


def line_of(text: str, mark: str = HERE) -> int:
    """The number of the one line that carries `mark`."""
    found = [number for number, line in enumerate(text.splitlines(), start=1) if mark in line]
    assert len(found) == 1, f"{mark!r} stands in lines {found}"
    return found[0]


def _before(anchor: str, code: str, indent: str = "    ") -> Edit:
    def edit(text: str) -> str:
        places = list(re.finditer(anchor, text, re.MULTILINE))
        assert len(places) == 1, f"{anchor} is found {len(places)} times in the solution"
        at = places[0].start()
        return text[:at] + textwrap.indent(code, indent) + "\n" + text[at:]

    return edit
