"""Guards the small picture of where an output is wrong: it shows every element, and marks exactly the wrong ones."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from triton_quest.child.judge import picture
from triton_quest.records.verdict import Picture
from triton_quest.screen import picture as screen
from triton_quest.screen.console import ASCII, Glyphs

SIDES = st.integers(1, 70)


BLOCKS = (16, 64)


def drawn(
    wrong: torch.Tensor, index: tuple[int, ...] | None = None, sides: picture.Sides = (BLOCKS, BLOCKS)
) -> Picture:
    seen = picture.draw(wrong, index or (0,) * wrong.ndim, sides)
    assert seen is not None
    return seen


@given(SIDES, SIDES, st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.5, 0.99]))
def test_each_cell_says_of_its_elements_whether_none_some_or_all_are_wrong(
    rows: int, columns: int, seed: int, share: float
) -> None:
    wrong = torch.rand(rows, columns, generator=torch.Generator().manual_seed(seed)) < share
    if wrong.numel() < 2:
        assert picture.draw(wrong, (0, 0), ((), ())) is None
        return
    seen = drawn(wrong)
    cell_rows, cell_columns = seen.cell
    assert len(seen.cells) == math.ceil(rows / cell_rows) <= picture.ROWS
    for band, line in enumerate(seen.cells):
        assert len(line) == math.ceil(columns / cell_columns) <= picture.COLUMNS
        for at, sign in enumerate(line):
            part = wrong[band * cell_rows : (band + 1) * cell_rows, at * cell_columns : (at + 1) * cell_columns]
            assert sign == ("#" if part.all() else "+" if part.any() else ".")


def test_a_vector_is_drawn_as_one_line() -> None:
    assert drawn(torch.arange(10) >= 8).cells == ("........##",)


def test_of_a_batch_the_matrix_with_the_worst_element_is_drawn() -> None:
    wrong = torch.zeros(2, 3, 2, 2, dtype=torch.bool)
    wrong[1, 2] = True
    seen = drawn(wrong, (1, 2, 0, 1))
    assert seen.cells == ("##", "##") and seen.at == (1, 2)


def test_the_only_matrix_of_a_batch_needs_no_number() -> None:
    assert drawn(torch.ones(1, 1, 2, 2, dtype=torch.bool)).at == ()


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (0,)])
def test_of_a_single_number_there_is_no_picture(shape: tuple[int, ...]) -> None:
    assert picture.draw(torch.ones(shape, dtype=torch.bool), (0,) * len(shape), ((16,), (16,))) is None


@pytest.mark.parametrize(
    ("sides", "borders"),
    [
        (((16, 32, 256), (16, 32, 256)), (32, 32)),
        (((64,), (16,)), (64, 16)),
        (((128,), (32,)), (0, 32)),  # one tile from top to bottom
        (((4,), (48,)), (0, 48)),  # smaller than a cell
        (((), ()), (0, 0)),
    ],
)
def test_tile_borders_are_those_of_the_learners_own_tiles(sides: picture.Sides, borders: tuple[int, int]) -> None:
    seen = drawn(torch.zeros(128, 96, dtype=torch.bool), sides=sides)
    assert seen.cell == (8, 2)
    assert (seen.tile[0] * seen.cell[0], seen.tile[1] * seen.cell[1]) == borders


@pytest.mark.parametrize("several", [False, True], ids=["one matrix", "several"])
@pytest.mark.parametrize("unicode", [False, True], ids=["ascii", "unicode"])
def test_a_picture_of_the_largest_size_fits_a_terminal(several: bool, unicode: bool) -> None:
    wrong = torch.zeros(15 if several else 1, 12 if several else 1, 1000, 1000, dtype=torch.bool)
    wrong[-1, -1] = True
    shown = screen.picture(drawn(wrong, (14, 11, 0, 0) if several else (0, 0, 0, 0)), Glyphs() if unicode else ASCII)
    assert max(cell_len(line) for line in shown.plain.splitlines()) <= 78
    assert ("matrix [14, 11]:" in shown.plain) == several and "your tiles" in shown.plain
