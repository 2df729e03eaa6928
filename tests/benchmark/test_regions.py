"""Runs of elements as places in a tensor, compared with the same elements written out one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triton_quest.records.show import Runs, length
from triton_quest.report import regions

SHAPES = st.lists(st.integers(1, 6), min_size=1, max_size=4).map(tuple)
CELLS = st.tuples(st.sampled_from([1, 2, 4]), st.sampled_from([1, 2, 4]))


def runs_of(places: set[int]) -> Runs:
    found: list[tuple[int, int]] = []
    for place in sorted(places):
        if found and found[-1][1] == place - 1:
            found[-1] = found[-1][0], place
        else:
            found.append((place, place))
    return tuple(found)


def numbers_of(runs: Runs) -> set[int]:
    return {number for first, last in runs for number in range(first, last + 1)}


@st.composite
def touched(draw: st.DrawFn) -> tuple[tuple[int, ...], set[int]]:
    """A shape, and some of its elements."""
    shape = draw(SHAPES)
    return shape, draw(st.sets(st.integers(0, math.prod(shape) - 1), min_size=1))


SETS = st.sets(st.integers(0, 40))


@given(st.lists(SETS, max_size=4))
def test_a_union_has_every_number_once(sets: list[set[int]]) -> None:
    together: set[int] = set().union(*sets)
    union = regions.union([runs_of(one) for one in sets])
    assert union == runs_of(together) and length(union) == len(together)


@given(touched())
def test_slices_are_the_smallest_that_hold_all_elements(drawn: tuple[tuple[int, ...], set[int]]) -> None:
    shape, places = drawn
    runs = runs_of(places)
    indices = np.array(np.unravel_index(sorted(places), shape))
    box = regions.box(runs, shape)
    assert (box.first, box.last) == (tuple(indices.min(axis=1)), tuple(indices.max(axis=1)))
    selected = eval(f"x[{regions.slices(runs, shape)}]", {"x": np.arange(math.prod(shape)).reshape(shape)})
    assert places <= set(np.atleast_1d(selected).ravel().tolist())
    assert box.is_full == (set(np.atleast_1d(selected).ravel().tolist()) == places)


@given(touched(), CELLS)
def test_the_cells_of_all_planes_hold_every_element_once(
    drawn: tuple[tuple[int, ...], set[int]], cell: tuple[int, int]
) -> None:
    shape, places = drawn
    runs = runs_of(places)
    matrices = np.isin(np.arange(math.prod(shape)), sorted(places)).reshape(-1, *regions.matrix(shape))
    planes = {plane: np.ravel_multi_index(plane, shape[:-2]) if plane else 0 for plane in regions.planes(runs, shape)}
    assert sorted(planes.values()) == sorted(np.flatnonzero(matrices.any(axis=(1, 2))).tolist())
    for plane, number in planes.items():
        for (row, column), count in regions.cells(runs, shape, plane, cell).items():
            part = matrices[number][row * cell[0] :, column * cell[1] :][: cell[0], : cell[1]]
            assert (count, regions.capacity((row, column), shape, cell)) == (part.sum(), part.size)
        assert sum(regions.cells(runs, shape, plane, cell).values()) == matrices[number].sum()


@pytest.mark.parametrize(("size", "most", "cell"), [(1, 16, 1), (16, 16, 1), (17, 16, 2), (163, 16, 16), (0, 16, 1)])
def test_a_cell_is_a_power_of_two_and_fits(size: int, most: int, cell: int) -> None:
    assert regions.cell_of(size, most) == cell and -(-size // cell) <= most
