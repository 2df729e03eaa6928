"""A level's typical inputs, made from the shapes in its row: what `compile` and `traffic` call the launcher with."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from triton_quest.child.judge import numbers
from triton_quest.course.case import DTYPES, Case, Draw
from triton_quest.course.level import SIZES, Level

Sizes = dict[str, int]


def compiled_sizes() -> Sizes:
    """As in a small model: nothing runs."""
    return {letter: size.compiled for letter, size in SIZES.items()}


def counted_sizes(level: Level, grown: int) -> Sizes:
    """Small enough for the interpreter, with `grown` for the letter that grows."""
    return {**{letter: size.counted for letter, size in SIZES.items()}, level.grows: grown}


def typical(level: Level, sizes: Sizes) -> Case:
    """The level's inputs in these sizes."""

    def inputs(d: Draw) -> tuple[torch.Tensor, ...]:
        return tuple(d.normal(*(sizes[letter] for letter in shape.split())) for shape in level.inputs)

    return Case("typical inputs", "what compile and traffic call the launcher with", inputs)


def described(level: Level, inputs: tuple[torch.Tensor, ...], dtype: str) -> str:
    """ "q, k, v (2, 8, 1024, 64), fp16": tensors of one shape share it."""
    return _described(level, [tuple(map(str, x.shape)) for x in inputs], dtype)


def pattern(level: Level, sizes: Sizes, dtype: str) -> str:
    """ "q, k, v (1, 1, S, 64), fp16": the typical inputs in these sizes, with the letter that grows in place of its size."""
    shapes = [shape.split() for shape in level.inputs]
    shown = [tuple(letter if letter == level.grows else str(sizes[letter]) for letter in shape) for shape in shapes]
    return _described(level, shown, dtype)


def _described(level: Level, shapes: Sequence[tuple[str, ...]], dtype: str) -> str:
    named: dict[tuple[str, ...], list[str]] = {}
    for name, shape in zip(numbers.parameter_names(level), shapes, strict=False):
        named.setdefault(shape, []).append(name)
    shown = (f"{', '.join(names)} ({', '.join(shape)}{',' * (len(shape) == 1)})" for shape, names in named.items())
    return ", ".join([*shown, dtype])


def drawn(case: Case, dtype: str) -> tuple[torch.Tensor, ...]:
    inputs: tuple[torch.Tensor, ...] = case.inputs(Draw(case.name, DTYPES[dtype]))
    return inputs
