"""A traced call, and its navigation: from launch to launch, from program to program, from step to step.

    trace = CallTrace.of(ending.records)
    place = trace.start
    place = trace.by_program(place, axis=0, by=1)   # the right neighbour in the grid
    place = trace.by_round(place, by=1)             # the next round of its loop

Every move ends at a place that exists: at the edge it stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from triton_quest.records.measured import Inputs
from triton_quest.records.show import Answered, Launched, ProgramSteps, Runs, Step, Tensor
from triton_quest.report import regions


@dataclass(frozen=True)
class Position:
    """One program of one launch, both counted from 0; and one of its steps, or None for all of them."""

    launch: int
    program: tuple[int, ...]
    step: int | None = None


@dataclass(frozen=True)
class CallTrace:
    """The records of one call."""

    inputs: str
    launches: tuple[Launched, ...]
    programs: Mapping[tuple[int, tuple[int, ...]], tuple[Step, ...]]
    answered: Answered | None = None

    @classmethod
    def of(cls, records: Iterable[object]) -> CallTrace:
        """Other records among them are passed over."""
        known = list(records)
        return cls(
            next((one.shown for one in known if isinstance(one, Inputs)), ""),
            tuple(one for one in known if isinstance(one, Launched)),
            {(one.launch, one.program): one.steps for one in known if isinstance(one, ProgramSteps)},
            next((one for one in known if isinstance(one, Answered)), None),
        )

    @cached_property
    def start(self) -> Position:
        """The first access outside of a tensor, which ended its launch; without one the first program of the first launch."""
        for (launch, program), steps in reversed(list(self.programs.items())):
            if steps and steps[-1].outside:
                return Position(launch, program, len(steps) - 1)
        return self.first_of(0)

    def first_of(self, launch: int) -> Position:
        return Position(launch, (0,) * len(self.launches[launch].grid))

    def launched(self, place: Position) -> Launched:
        return self.launches[place.launch]

    def steps(self, place: Position) -> tuple[Step, ...]:
        """All steps of the place's program; none where it touched nothing, or wasn't reached."""
        return self.programs.get((place.launch, place.program), ())

    def step(self, place: Position) -> Step | None:
        return None if place.step is None else self.steps(place)[place.step]

    def chosen(self, place: Position) -> tuple[Step, ...]:
        """The step that was asked for, or all."""
        step = self.step(place)
        return self.steps(place) if step is None else (step,)

    def earlier(self, place: Position) -> tuple[Step, ...]:
        return self.steps(place)[: place.step] if place.step is not None else ()

    def reaches(self, launch: int, program: tuple[int, ...]) -> bool:
        """Whether the trace covers the program, even if the program touches no element."""
        return self.launches[launch].is_whole or (launch, program) in self.programs

    # Moves

    def by_launch(self, place: Position, by: int) -> Position:
        """To the first program of another launch."""
        number = _within(place.launch + by, len(self.launches))
        return place if number == place.launch else self.first_of(number)

    def by_program(self, place: Position, axis: int, by: int) -> Position:
        """The neighbouring program along `axis`, at the step of the same number or else at that program's last step."""
        grid = self.launched(place).grid
        if axis >= len(grid):
            return place
        moved = list(place.program)
        moved[axis] = _within(moved[axis] + by, grid[axis])
        there = replace(place, program=tuple(moved))
        count = len(self.steps(there))
        step = None if place.step is None or not count else min(place.step, count - 1)
        return replace(there, step=step)

    def by_step(self, place: Position, by: int) -> Position:
        """The position `by` steps further; before the first step lies the position of the whole program."""
        at = -1 if place.step is None else place.step
        moved = max(-1, min(at + by, len(self.steps(place)) - 1))
        return replace(place, step=None if moved < 0 else moved)

    def by_round(self, place: Position, by: int) -> Position:
        """The first step of the next round of a loop, or of the straight code before or after the loops."""
        steps = self.steps(place)
        firsts = [at for at in range(len(steps)) if at == 0 or steps[at].loops != steps[at - 1].loops]
        at = -1 if place.step is None else place.step
        further = [first for first in firsts if (first > at if by > 0 else first < at)]
        if not further:
            return replace(place, step=None) if by < 0 else place
        return replace(place, step=further[0] if by > 0 else further[-1])

    # What all programs together say of a tensor

    def borders(self, launch: int, tensor: int) -> tuple[frozenset[int], frozenset[int]]:
        """The rows and the columns at which a tile of some step begins."""
        return self._borders.get((launch, tensor), (frozenset(), frozenset()))

    @cached_property
    def _borders(self) -> dict[tuple[int, int], tuple[frozenset[int], frozenset[int]]]:
        found: dict[tuple[int, int], tuple[set[int], set[int]]] = {}
        for (launch, _), steps in self.programs.items():
            for step in steps:
                if step.tensor < 0 or not step.touched:
                    continue
                shape = self.launches[launch].tensors[step.tensor].shape
                rows, columns = found.setdefault((launch, step.tensor), (set(), set()))
                first = (0, 0, *regions.box(step.touched, shape).first)
                rows.add(first[-2])
                columns.add(first[-1])
        return {key: (frozenset(rows), frozenset(columns)) for key, (rows, columns) in found.items()}

    def programs_of(self, launch: int) -> Iterable[tuple[int, ...]]:
        """Every program of the grid, the last axis fastest."""
        return product(*map(range, self.launches[launch].grid))


def named(program: Sequence[int]) -> str:
    """As Python writes it: "(2, 0)", "(3,)"."""
    return f"({', '.join(map(str, program))}{',' if len(program) == 1 else ''})"


def elements(steps: Iterable[Step], tensor: int, *actions: str) -> Runs:
    """The elements of a tensor that the steps touch, by these actions or by any."""
    return regions.union(
        step.touched for step in steps if step.tensor == tensor and (not actions or step.action in actions)
    )


def plane_of(tensor: Tensor, number: int, chosen: Iterable[Step], all_steps: Iterable[Step]) -> tuple[int, ...]:
    """The matrix of a tensor to look at: the first that the chosen steps touch, else any step of the program."""
    for steps in (chosen, all_steps):
        found = regions.planes(elements(steps, number), tensor.shape)
        if found:
            return found[0]
    return (0,) * max(0, len(tensor.shape) - 2)


def _within(at: int, count: int) -> int:
    return max(0, min(at, count - 1))
