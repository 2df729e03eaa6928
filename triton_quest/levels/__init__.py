"""The levels, for programs that import this package: what each is called, what it asks for, where its file is.

The learner's files lie beside this module. What the engine itself knows of a level stands in `triton_quest.course`.
"""

from __future__ import annotations

from dataclasses import dataclass

from triton_quest.course.table import LEVELS as _TABLE


@dataclass(frozen=True)
class LevelInfo:
    """`module` is the level's file as a module; importing it needs torch and triton, and runs nothing."""

    number: int
    slug: str
    title: str
    description: str
    launcher: str
    module: str


LEVELS = tuple(
    LevelInfo(
        level.number,
        level.slug,
        level.title,
        level.description,
        level.launcher,
        f"{__name__}.{level.file.removesuffix('.py')}",
    )
    for level in _TABLE
    if level.has_arrived
)
