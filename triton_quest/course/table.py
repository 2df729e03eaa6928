"""The order of the levels, act by act. Adding a level is a folder with its `level.py`, and its line here.

A level has arrived when its folder holds a solution; until then the map shows it as what lies ahead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from triton_quest.course.level import COURSE, Level


@dataclass(frozen=True)
class Act:
    """A part of the journey. The finale comes when every level of an act has passed."""

    title: str
    about: str  # a few words for the map
    built: str  # what one has made at its end, in a sentence
    later: tuple[str, ...]  # what is yet to be taught, as long as no act follows
    folders: tuple[str, ...]


ACTS = (
    Act(
        "Act I",
        "Flash Attention, written from scratch",
        "From x + y to causal Flash Attention: eight kernels, each of them yours.",
        (
            "autotuning: letting Triton choose tiles, warps and stages",
            "several query heads on one key head (MQA, GQA)",
            "the backward pass: the same tiles, walked through once more for the gradients",
        ),
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
    Act(
        "Act II",
        "What real attention needs: tuning, shared heads, gradients",
        "From one tuned product to Flash Attention's backward pass: attention that a model can be trained with, each kernel of it yours.",
        (
            "decoding: keys split among programs, caches in pages",
            "windows, sinks, and other masks made of indices",
            "FP8, and what Hopper and Blackwell add",
            "several GPUs",
        ),
        (
            "autotuning",
            "grouped_query_attention",
            "softmax_backward",
            "attention_for_training",
            "key_value_gradients",
            "flash_attention_backward",
        ),
    ),
)


def table(*rows: Level) -> tuple[Level, ...]:
    """Number the rows by their place."""
    return tuple(replace(row, number=number) for number, row in enumerate(rows, start=1))


def _rows() -> tuple[Level, ...]:
    """The row of each folder that has one; the gate complains of the others."""
    return tuple(
        replace(import_module(f"triton_quest.course.{folder}.level").LEVEL, act=act)
        for act, part in enumerate(ACTS, start=1)
        for folder in part.folders
        if _has_row(folder)
    )


def _has_row(folder: str) -> bool:
    return (COURSE / folder / "level.py").is_file()


def without_a_row() -> Iterator[tuple[str, int]]:
    """The folders that ACTS names and that have no level.py, each with the line of this file that names it."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    for folder in (folder for act in ACTS for folder in act.folders if not _has_row(folder)):
        yield folder, next((n for n, line in enumerate(lines, start=1) if f'"{folder}"' in line), 1)


LEVELS = table(*_rows())


def act_of(level: Level) -> Act:
    return ACTS[level.act - 1]


def name_of_act(number: int) -> str:
    """What tells an act from others; "" where there is only one."""
    return ACTS[number - 1].title if len(ACTS) > 1 else ""


def by_act(levels: Iterable[Level]) -> dict[int, tuple[Level, ...]]:
    """The levels of each act, by the act's number."""
    found: dict[int, tuple[Level, ...]] = {}
    for level in levels:
        found[level.act] = (*found.get(level.act, ()), level)
    return found


def find(name: str, levels: tuple[Level, ...] = LEVELS) -> Level | None:
    """The level called `name`: its number, its slug, its file or its launcher."""
    text = name.strip().lower()
    for level in levels:
        if text in (str(level.number), f"level{level.number}", level.slug, level.file, level.launcher):
            return level
    return None
