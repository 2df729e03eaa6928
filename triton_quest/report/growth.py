"""How counts grow with the size: counted at a few sizes, and beyond them by the law that all of these follow exactly.

A law is a polynomial of the second degree, interpolated through the counts at the larger sizes. It is used only if it predicts the
count at the smallest size exactly. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from triton_quest.records.measured import Counted

DEGREE = 2
MEASURES = ("asked", "once", "least", "dot_flops", "other_flops", "exponentials", "scratch")


@dataclass(frozen=True)
class Law:
    """A polynomial; `coefficients` of size**0, size**1, ..."""

    coefficients: tuple[Fraction, ...]

    def __call__(self, size: int) -> Fraction:
        return sum((c * size**power for power, c in enumerate(self.coefficients)), Fraction(0))

    def shown(self, letter: str) -> str:
        """ "18 S^2 + 512 S"; of several letters that grow together, "M = N = K", in the first."""
        first = letter.partition(" ")[0]
        terms = []
        for power, coefficient in reversed(list(enumerate(self.coefficients))):
            if coefficient:
                letters = {0: "", 1: first}.get(power, f"{first}^{power}")
                factor = "" if abs(coefficient) == 1 and letters else f"{float(abs(coefficient)):,.6g}"
                terms.append(("- " if coefficient < 0 else "+ ") + f"{factor} {letters}".strip())
        return " ".join(terms).removeprefix("+ ") or "0"


def law_of(points: Mapping[int, int]) -> Law | None:
    """The law of these counts by size; None unless it holds for one more size than it takes to fix it."""
    sizes = sorted(points)
    if len(sizes) < DEGREE + 2:
        return None
    law = Law(_through([(size, points[size]) for size in sizes[-DEGREE - 1 :]]))
    return law if all(law(size) == count for size, count in points.items()) else None


def _through(points: list[tuple[int, int]]) -> tuple[Fraction, ...]:
    """The coefficients of the polynomial through these points (Lagrange)."""
    total = [Fraction(0)] * len(points)
    for x, y in points:
        basis = [Fraction(y)]
        for other, _ in points:
            if other != x:
                scale = Fraction(1, x - other)
                shifted = [Fraction(0), *basis]
                basis = [scale * (a - other * b) for a, b in zip(shifted, [*basis, Fraction(0)], strict=True)]
        total = [a + b for a, b in zip(total, basis, strict=True)]
    return tuple(total)


@dataclass(frozen=True)
class Sums:
    """The counts at one size, in bytes and operations. Not `is_counted`: by the law, beyond what was counted."""

    size: int
    is_counted: bool
    asked: int
    once: int
    least: int
    dot_flops: int
    other_flops: int
    exponentials: int
    scratch: int

    @property
    def work(self) -> int:
        """The operations in tl.dot; where there is none, all others."""
        return self.dot_flops or self.other_flops

    @property
    def intensity(self) -> float:
        """That work for each byte that memory must move at least."""
        return self.work / self.once if self.once else 0.0


@dataclass(frozen=True)
class Tally:
    """The counts of one launcher, under a short name: "flash"."""

    name: str
    whose: str  # "yours", "reference"
    level: int
    letter: str  # that grows; several that grow together are "M = N = K"
    counted: tuple[Counted, ...]
    laws: Mapping[str, Law | None] = field(init=False)

    def __post_init__(self) -> None:
        points = {measure: {one.size: int(getattr(one, measure)) for one in self.counted} for measure in MEASURES}
        object.__setattr__(self, "laws", {measure: law_of(counts) for measure, counts in points.items()})

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(one.size for one in self.counted)

    @property
    def last(self) -> Counted:
        """At the largest size that was counted."""
        return self.counted[-1]

    def at(self, size: int) -> Sums | None:
        """The counts at `size`: measured, or extrapolated where every measure has a law. None where neither is the case."""
        for one in self.counted:
            if one.size == size:
                return Sums(size, True, *(getattr(one, measure) for measure in MEASURES))
        values = {name: law(size) for name, law in self.laws.items() if law is not None}
        is_beyond = size > max(self.sizes, default=size)
        if not is_beyond or len(values) < len(MEASURES) or any(value.denominator != 1 for value in values.values()):
            return None
        return Sums(size, False, **{name: int(value) for name, value in values.items()})


BEYOND = (4, 16)  # times the largest size that all counted


def shown_sizes(tallies: Sequence[Tally], most: int) -> tuple[int, ...]:
    """The sizes to show side by side: at most `most` that all counted, and some beyond where all their laws hold."""
    common = sorted(set.intersection(*(set(tally.sizes) for tally in tallies)))
    beyond = [common[-1] * times for times in BEYOND] if common else []
    return (*common[-most:], *(size for size in beyond if all(tally.at(size) for tally in tallies)))


def charted_sizes(tallies: Sequence[Tally], most: int) -> tuple[int, ...]:
    """The sizes of `shown_sizes`, and every doubling between the last counted size and the last shown one."""
    shown = shown_sizes(tallies, most)
    sizes = [size for size in shown if all(size in tally.sizes for tally in tallies)]
    while sizes[-1] * 2 <= shown[-1]:
        sizes.append(sizes[-1] * 2)
    return tuple(sizes)
