"""What the tests of "Common mistakes" try: a program, made from the solution, and one set of inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from triton_quest.course.case import Draw

Inputs = Callable[[Draw], tuple[Any, ...]]


@dataclass(frozen=True)
class Trial:
    """A program and one set of inputs.

    `ends` is the kind of the check that it fails, or "passes"; `told`, words of that check's sentence or of its numbers.
    """

    what: str
    edits: tuple[tuple[str, str], ...]  # of the solution: a text that stands in it once, and what it becomes
    inputs: Inputs
    ends: str
    told: str = ""
    dtype: str = "fp32"
    sm_scale: float | None = None
    causal: bool | None = None  # as the launcher has it, where that takes the argument
    properties: bool = False  # whether the level's properties are looked at, too
    compiled: bool = False  # whether the kernels are compiled as well: where the sentence speaks of the compiler


def vectors(n: int) -> Inputs:
    return lambda d: (d.normal(n), d.normal(n))


def matrices(m: int, k: int, n: int) -> Inputs:
    return lambda d: (d.normal(m, k), d.normal(k, n))


def positive(m: int, k: int, n: int) -> Inputs:
    return lambda d: (d.positive(m, k, low=0.5), d.positive(k, n, low=0.5))


def rows(r: int, c: int, scale: float = 1.0, offset: float = 0.0) -> Inputs:
    return lambda d: (d.normal(r, c, scale=scale, offset=offset),)


def queries_and_keys(b: int, h: int, m: int, n: int, dim: int) -> Inputs:
    return lambda d: (d.normal(b, h, m, dim), d.normal(b, h, n, dim))


def swapped(b: int, h: int, m: int, n: int, dim: int) -> Inputs:
    """Made in the order (B, M, H, D)."""
    return lambda d: (d.normal(b, m, h, dim).transpose(1, 2), d.normal(b, n, h, dim).transpose(1, 2))


def attention(b: int, h: int, m: int, n: int, dim: int, scale: float = 1.0) -> Inputs:
    return lambda d: (d.normal(b, h, m, dim, scale=scale), d.normal(b, h, n, dim), d.normal(b, h, n, dim))


def swapped_keys(b: int, h: int, n: int, dim: int) -> Inputs:
    """Queries and values as they come from `torch.empty`, keys made in the order (B, N, H, D)."""
    return lambda d: (d.normal(b, h, n, dim), d.normal(b, n, h, dim).transpose(1, 2), d.normal(b, h, n, dim))


def scores_that(rise: bool, n: int, dim: int, step: float) -> Inputs:
    """Every query scores key j with j * step before the scale, or with (n - j) * step."""

    def drawn(d: Draw) -> tuple[Any, ...]:
        q, k, v = d.normal(1, 1, n, dim), d.normal(1, 1, n, dim), d.normal(1, 1, n, dim)
        q.zero_()[..., 0] = 1.0
        k.zero_()
        for key in range(n):
            k[..., key, 0] = step * (key if rise else n - key)
        return q, k, v

    return drawn


def far_below(n: int, dim: int) -> Inputs:
    """Every score is about -20000."""
    return lambda d: (
        d.positive(1, 1, n, dim, low=1.0),
        -20000.0 * d.positive(1, 1, n, dim, low=1.0),
        d.normal(1, 1, n, dim),
    )
