"""Guards the small picture of where an output is wrong: it shows every element, and marks exactly the wrong ones."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from triton_quest.judge import picture
from triton_quest.verdict import Picture

SIDES = st.integers(1, 70)


def drawn(wrong: torch.Tensor, index: tuple[int, ...] | None = None, blocks: tuple[int, ...] = (16, 64)) -> Picture:
    seen = picture.draw(wrong, index or (0,) * wrong.ndim, blocks)
    assert seen is not None
    return seen


@given(SIDES, SIDES, st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.5, 0.99]))
def test_each_cell_says_of_its_elements_whether_none_some_or_all_are_wrong(
    rows: int, columns: int, seed: int, share: float
) -> None:
    wrong = torch.rand(rows, columns, generator=torch.Generator().manual_seed(seed)) < share
    if wrong.numel() < 2:
        assert picture.draw(wrong, (0, 0), ()) is None
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


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (0,)])
def test_of_a_single_number_there_is_no_picture(shape: tuple[int, ...]) -> None:
    assert picture.draw(torch.ones(shape, dtype=torch.bool), (0,) * len(shape), (16,)) is None


def test_tile_borders_are_those_of_the_learners_own_blocks() -> None:
    seen = drawn(torch.zeros(128, 96, dtype=torch.bool), blocks=(16, 32, 256))
    assert seen.cell == (8, 2)
    assert (seen.tile[0] * seen.cell[0], seen.tile[1] * seen.cell[1]) == (32, 32)
