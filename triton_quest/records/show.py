"""What each program of a launch touches, and where an answer is wrong, as the records that the child sends.

Numbers only; `report/show.py` navigates them, `screen/show.py` draws them. Imports nothing heavy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

Runs = tuple[tuple[int, int], ...]
"""Ascending numbers as runs: first and last, both included."""

LOAD, STORE, ATOMIC = "load", "store", "atomic"
ERROR_SIGNS = "012345678"  # the signs of an ErrorMap
NOT_A_NUMBER = "n"
NEVER_WRITTEN = 0x7FC001  # in the place of an element's value: a nan that no arithmetic makes
MOST_CHARACTERS = 2_000_000  # of all values of a tensor


def length(runs: Runs) -> int:
    """How many numbers the runs hold."""
    return sum(last - first + 1 for first, last in runs)


@dataclass(frozen=True)
class Tensor:
    """A tensor as one launch sees it: the kernel's parameter, and what the launcher calls it ("" where that isn't known)."""

    name: str
    called: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def shown(self) -> str:
        return self.called or self.name


@dataclass(frozen=True)
class Launched:
    """One launch, numbered by its place. `grid` has as many numbers as dimensions are in use.

    `is_whole`: it ran to its end, and everything that it touched was recorded.
    """

    record: ClassVar[str] = "launched"
    kernel: str
    grid: tuple[int, ...]
    tensors: tuple[Tensor, ...]
    constants: tuple[tuple[str, str], ...]
    is_whole: bool


@dataclass(frozen=True)
class Step:
    """One load, store or atomic that a program makes. Elements are counted along the tensor's last axis first, as in `ravel()`.

    `tensor` is the place among the launch's, -1 for a pointer into none of them. `loops`: the variables of the loops around
    it, outermost first. `block` is the shape of its lanes; `masked` and `outside` are lanes, counted in the same way: those
    that the mask keeps off, and those that it doesn't although they miss the tensor.
    """

    action: str
    tensor: int
    line: int
    source: str
    loops: tuple[tuple[str, str], ...]
    block: tuple[int, ...]
    touched: Runs
    masked: Runs = ()
    outside: Runs = ()

    @property
    def lanes(self) -> int:
        return math.prod(self.block)


@dataclass(frozen=True)
class ProgramSteps:
    """All steps of one program, in their order; of a program that touches nothing there is no record."""

    record: ClassVar[str] = "program_steps"
    launch: int
    program: tuple[int, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Answered:
    """What the call that was traced came to: how many elements of its answer are wrong."""

    record: ClassVar[str] = "answered"
    wrong: int
    total: int


@dataclass(frozen=True)
class TensorValues:
    """What a launch left in each of its tensors, in their order; "" of one that is too large.

    In base64, three bytes an element: the upper ones of its fp32, the highest first. `NEVER_WRITTEN`: nothing had written it by then.
    """

    record: ClassVar[str] = "tensor_values"
    longest: ClassVar[int] = MOST_CHARACTERS
    launch: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class ErrorValues:
    """The worst element of each cell of an ErrorMap, a row after the other: its place in the matrix, and what should and does stand there.

    In base64, an fp32 an element, the lowest byte first.
    """

    record: ClassVar[str] = "error_values"
    longest: ClassVar[int] = MOST_CHARACTERS
    places: tuple[int, ...]
    expected: str
    actual: str


@dataclass(frozen=True)
class ErrorMap:
    """How far off a matrix of the answer is: a sign for each cell, of the worst element in it.

    "0" is right; "1" is beyond what is allowed, and each further one half a power of ten more, the last without an end;
    "n" is inf or nan where it shouldn't be, or a number in its place. `tile`: the rows and columns that one program wrote, 0 if not known.
    """

    record: ClassVar[str] = "error_map"
    cells: tuple[str, ...]
    shape: tuple[int, ...]  # of the matrix, in elements
    cell: tuple[int, ...]  # rows and columns of elements in a cell
    tile: tuple[int, ...]
    at: tuple[int, ...]  # which matrix of a batch
    worst: tuple[int, ...]  # row and column of the worst element
    answer: str = ""  # the name of the tensor; "" where the level has a single one
