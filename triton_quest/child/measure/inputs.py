"""A level's typical inputs, made from the shapes in its row: what `compile` and `traffic` call the launcher with."""

from __future__ import annotations

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
    named: dict[tuple[int, ...], list[str]] = {}
    for name, x in zip(numbers.parameter_names(level), inputs, strict=False):
        named.setdefault(tuple(x.shape), []).append(name)
    return ", ".join([*(f"{', '.join(names)} {shape}" for shape, names in named.items()), dtype])


def drawn(case: Case, dtype: str) -> tuple[torch.Tensor, ...]:
    inputs: tuple[torch.Tensor, ...] = case.inputs(Draw(case.name, DTYPES[dtype]))
    return inputs
