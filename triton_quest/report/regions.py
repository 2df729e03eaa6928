"""Where runs of elements lie in a tensor: as slices, as parts of its matrices, as cells of a picture. Pure Python.

A tensor is seen as matrices over its last two axes, each known by its `plane`, the indices before those; a vector is a matrix of
one row.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge

from triton_quest.records.show import Runs, length

Plane = tuple[int, ...]
Cell = tuple[int, int]


def union(several: Iterable[Runs]) -> Runs:
    """All the numbers in any of the runs, each once."""
    found: list[list[int]] = []
    for first, last in merge(*several):
        if found and first <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    return tuple((first, last) for first, last in found)


@dataclass(frozen=True)
class Region:
    """The smallest box around some elements: first and last index in each dimension. `is_full`: these and no fewer."""

    first: tuple[int, ...]
    last: tuple[int, ...]
    is_full: bool


def box(runs: Runs, shape: Sequence[int]) -> Region:
    low, high = list(shape), [-1] * len(shape)
    for run in runs:
        starts, ends = (_unravelled(place, shape) for place in run)
        spans = False
        for axis, (start, end) in enumerate(zip(starts, ends, strict=True)):
            low[axis] = min(low[axis], 0 if spans else start)
            high[axis] = max(high[axis], shape[axis] - 1 if spans else end)
            spans = spans or start != end
    extents = (last - first + 1 for first, last in zip(low, high, strict=True))
    return Region(tuple(low), tuple(high), math.prod(extents) == length(runs))


def slices(runs: Runs, shape: Sequence[int]) -> str:
    """Python's own words for the box: "0, 1, 64:128, :"."""
    around = box(runs, shape)
    return ", ".join(map(_slice, around.first, around.last, shape))


def sides(shape: Sequence[int]) -> str:
    """ "64 x 1,024" """
    return " x ".join(f"{size:,}" for size in shape) or "1"


def _slice(first: int, last: int, size: int) -> str:
    if (first, last) == (0, size - 1) and size > 1:
        return ":"
    return str(first) if first == last else f"{first}:{last + 1}"


def _unravelled(place: int, shape: Sequence[int]) -> tuple[int, ...]:
    indices = []
    for size in reversed(shape):
        place, index = divmod(place, size)
        indices.append(index)
    return tuple(reversed(indices))


# Matrices and cells


def matrix(shape: Sequence[int]) -> tuple[int, int]:
    """Rows and columns of a plane."""
    rows, columns = (1, 1, *shape)[-2:]
    return rows, columns


def planes(runs: Runs, shape: Sequence[int]) -> list[Plane]:
    """The planes that some of these elements are in."""
    size = math.prod(matrix(shape))
    numbers = {number for first, last in runs for number in range(first // size, last // size + 1)}
    return [_unravelled(number, shape[:-2]) for number in sorted(numbers)]


def segments(runs: Runs, shape: Sequence[int], plane: Plane) -> Iterator[tuple[int, int, int]]:
    """The runs' parts in one plane: row, first column, last column."""
    rows, columns = matrix(shape)
    number = 0
    for index, size in zip(plane, shape, strict=False):
        number = number * size + index
    start = number * rows * columns
    for first, last in runs:
        first, last = max(first - start, 0), min(last - start, rows * columns - 1)
        while first <= last:
            row, column = divmod(first, columns)
            end = min(last - row * columns, columns - 1)
            yield row, column, end
            first = (row + 1) * columns


def cells(runs: Runs, shape: Sequence[int], plane: Plane, cell: Cell) -> Counter[Cell]:
    """How many of the elements are in each cell of a plane, by the cell's row and column."""
    counts: Counter[Cell] = Counter()
    for row, first, last in segments(runs, shape, plane):
        for column in range(first // cell[1], last // cell[1] + 1):
            inside = min(last, (column + 1) * cell[1] - 1) - max(first, column * cell[1]) + 1
            counts[row // cell[0], column] += inside
    return counts


def capacity(place: Cell, shape: Sequence[int], cell: Cell) -> int:
    """How many elements a cell has: at the edges of a matrix fewer."""
    sides = (min(side, size - side * at) for at, side, size in zip(place, cell, matrix(shape), strict=True))
    return math.prod(sides)


def cell_of(size: int, most: int) -> int:
    """The smallest power of two that fits `size` elements into `most` cells: the borders of tiles are such powers as well."""
    return 1 if size <= most else 2 ** math.ceil(math.log2(size / most))
