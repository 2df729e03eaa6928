"""The order of the levels, act by act. Adding a level is a folder with its `level.py`, and its line here.

A level has arrived when its folder holds a solution; until then the map shows it as what lies ahead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module

from triton_quest.course.level import Level


@dataclass(frozen=True)
class Act:
    """A part of the journey. The finale comes when every level of an act has passed."""

    title: str
    about: str  # what one has built at its end
    folders: tuple[str, ...]


ACTS = (
    Act(
        "Act I",
        "Flash Attention, written from scratch",
        (
            "vector_add",
            "matmul",
            "softmax",
            "attention_scores",
            "causal_mask",
            "naive_attention",
            "fused_attention",
            "flash_attention",
        ),
    ),
)


def table(*rows: Level) -> tuple[Level, ...]:
    """Number the rows by their place."""
    return tuple(replace(row, number=number) for number, row in enumerate(rows, start=1))


def _rows() -> tuple[Level, ...]:
    return tuple(
        replace(import_module(f"triton_quest.course.{folder}.level").LEVEL, act=act)
        for act, part in enumerate(ACTS, start=1)
        for folder in part.folders
    )


LEVELS = table(*_rows())


def find(name: str, levels: tuple[Level, ...] = LEVELS) -> Level | None:
    """The level called `name`: its number, its slug, its file or its launcher."""
    text = name.strip().lower()
    for level in levels:
        if text in (str(level.number), f"level{level.number}", level.slug, level.file, level.launcher):
            return level
    return None
