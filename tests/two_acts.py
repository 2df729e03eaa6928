"""The table as if every level had arrived: one that lies ahead has the course of level 1. And the same with a third act behind, made up."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from triton_quest.commands.shared.context import Context
from triton_quest.course import table
from triton_quest.course.level import Level
from triton_quest.course.table import ACTS, LEVELS, Act
from triton_quest.records.verdict import Outcome, Verdict
from triton_quest.store.progress import Progress
from triton_quest.store.workspace import Workspace, level_template

ENDS = [max(level.number for level in LEVELS if level.act == act) for act, _ in enumerate(ACTS, start=1)]
"""The number of the last level of each act."""
THIRD = Act("Act III", "Made up, for the tests", "Four made-up kernels.", ("nothing",), ())


def all_arrived(course: Path) -> tuple[Level, ...]:
    """The levels of the table. The courses that are made up are written into `course`."""
    return tuple(level if level.has_arrived else made_up(level, course) for level in LEVELS)


def with_a_third_act(monkeypatch: pytest.MonkeyPatch, course: Path) -> tuple[Level, ...]:
    """The same, while a test runs, with four levels more."""
    monkeypatch.setattr(table, "ACTS", (*ACTS, THIRD))
    more = [
        made_up(replace(LEVELS[0], slug=slug, title=slug, file=f"{slug}.py", act=len(ACTS) + 1, feats=()), course)
        for slug in ("stacking", "folding", "weaving", "gathering")
    ]
    return table.table(*all_arrived(course), *more)


def made_up(level: Level, course: Path) -> Level:
    found = replace(level, course=course)
    shutil.copytree(LEVELS[0].folder, found.folder, ignore=shutil.ignore_patterns("__pycache__"))
    return found


def play(workspace: Workspace, levels: tuple[Level, ...]) -> Context:
    """The context of a workspace that holds the files of all these levels."""
    for level in levels:
        workspace.file(level).write_text(level_template(level))
    context = Context(workspace.root)
    context.progress = Progress(workspace.database, levels)
    return context


def pass_levels(context: Context, *numbers: int) -> None:
    for number in numbers:
        level = context.progress.levels[number - 1]
        verdict = Verdict(number, level.slug, Outcome.PASSED, "interpreter", 0.0)
        context.progress.record_attempt(level, "", verdict)
