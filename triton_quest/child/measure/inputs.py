"""A level's typical inputs: what `compile` and `traffic` call the launcher with.

Drawn from the shapes in its row, normally distributed; where that won't do (weights of a softmax, what a forward pass left,
indices), by `typical(d, sizes)` of its cases.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from triton_quest.child.judge.given import Given, drawn, main_dtype, short
from triton_quest.course import parts
from triton_quest.course.case import DTYPES, Case, Draw
from triton_quest.course.level import SIZES, Level, Shape
from triton_quest.errors import CourseTrouble

Sizes = dict[str, int]


def compiled_sizes() -> Sizes:
    """As in a small model: nothing runs."""
    return {letter: size.compiled for letter, size in SIZES.items()}


def counted_sizes(level: Level, grown: int) -> Sizes:
    """Small enough for the interpreter, with `grown` for the letters that grow."""
    return {**{letter: size.counted for letter, size in SIZES.items()}, **dict.fromkeys(level.grown, grown)}


def typical(level: Level, sizes: Sizes) -> Case:
    """The level's inputs in these sizes."""
    own: Callable[[Draw, Sizes], tuple[Any, ...]] | None = getattr(parts.part(level, "cases"), "typical", None)

    def inputs(d: Draw) -> tuple[Any, ...]:
        return own(d, sizes) if own else tuple(_normal(level, d, shape, sizes) for shape in level.shapes)

    return Case("typical inputs", "what compile and traffic call the launcher with", inputs)


def _normal(level: Level, d: Draw, shape: Shape, sizes: Sizes) -> torch.Tensor:
    dtype = getattr(torch, shape.dtype) if shape.dtype else d.dtype
    if not dtype.is_floating_point:
        raise CourseTrouble(f"{level.slug}: cases.py needs typical(d, sizes), since an input is {shape.dtype}")
    return d.normal(*(sizes[letter] for letter in shape.letters), dtype=dtype)


def described(given: Given) -> str:
    """ "q, k, v (2, 8, 1024, 64), fp16": tensors of one shape and dtype share it."""
    return _described(given, [tuple(map(str, x.shape)) for x in given.tensors.values()])


def pattern(level: Level, given: Given, sizes: Sizes) -> str:
    """ "q, k, v (1, 1, S, 64), fp16": what is given in these sizes, with the letter that grows in place of its size."""
    letters = (shape.letters for shape in level.shapes)
    shown = (tuple(letter if letter in level.grown else str(sizes[letter]) for letter in shape) for shape in letters)
    return _described(given, shown)


def _described(given: Given, shapes: Iterable[tuple[str, ...]]) -> str:
    main = main_dtype(given.inputs)
    named: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for (name, x), shape in zip(given.tensors.items(), shapes, strict=False):
        own = "" if x.dtype == main else f" in {short(x.dtype)}"
        named.setdefault((shape, own), []).append(name)
    shown = (f"{', '.join(n)} ({', '.join(s)}{',' * (len(s) == 1)}){own}" for (s, own), n in named.items())
    return ", ".join([*shown, short(main)])


def given(level: Level, case: Case, dtype: str) -> Given:
    return drawn(level, case, Draw(case.name, DTYPES[dtype]))
