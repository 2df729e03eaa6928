"""A table of 14 levels in two acts: the real ones, and six made-up ones behind them whose course is that of level 1."""

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

MADE_UP = ("Stacking", "Folding", "Weaving", "Unrolling backwards", "Gathering and scattering", "The whole machine")
SECOND = Act("Act II", "Made up, for the tests", "Six made-up kernels.", ("nothing",), ())


def two_acts(monkeypatch: pytest.MonkeyPatch, course: Path) -> tuple[Level, ...]:
    """The table, while a test runs. The made-up courses are written into `course`."""
    rows = [
        replace(
            LEVELS[0], slug=slug, title=title, file=f"level_{slug.replace('-', '_')}.py", act=2, course=course, feats=()
        )
        for title in MADE_UP
        for slug in [title.lower().replace(" ", "-")]
    ]
    for row in rows:
        shutil.copytree(LEVELS[0].folder, row.folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(table, "ACTS", (*ACTS, SECOND))
    return table.table(*LEVELS, *rows)


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
