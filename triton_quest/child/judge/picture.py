"""A small picture of where an output is wrong: few cells, whole tiles, for the terminal to draw."""

from __future__ import annotations

import math

import torch

from triton_quest.records.verdict import Picture

ROWS, COLUMNS = 16, 48  # the most cells that a terminal shows at a glance
RIGHT, SOME, WRONG = ".+#"
Sides = tuple[tuple[int, ...], tuple[int, ...]]


def draw(wrong: torch.Tensor, index: tuple[int, ...], sides: Sides) -> Picture | None:
    """The matrix (or vector) that holds the worst element at `index`: each cell is right, partly wrong or wrong.

    wrong: bool, any rank. sides: what the learner's tiles may measure in rows and in columns; where the cells divide one,
    the largest is drawn.
    """
    if wrong.ndim == 0 or wrong.numel() < 2:
        return None
    plane = wrong[index[: max(0, wrong.ndim - 2)]] if wrong.ndim > 2 else wrong
    if plane.ndim == 1:
        plane = plane.unsqueeze(0)
    rows, columns = plane.shape
    cell_rows, cell_columns = _cell(rows, ROWS), _cell(columns, COLUMNS)
    bands = torch.split(plane, cell_rows, dim=0)
    cells = tuple("".join(_sign(part) for part in torch.split(band, cell_columns, dim=1)) for band in bands)
    return Picture(
        cells=cells,
        shape=(rows, columns),
        cell=(cell_rows, cell_columns),
        tile=(_tile(rows, cell_rows, sides[0]), _tile(columns, cell_columns, sides[1])),
        at=index[:-2] if wrong.numel() > plane.numel() else (),
    )


def _cell(length: int, most: int) -> int:
    """The smallest power of two that fits `length` into `most` cells: tile borders are powers of two as well."""
    return 1 if length <= most else 2 ** math.ceil(math.log2(length / most))


def _tile(length: int, cell: int, sides: tuple[int, ...]) -> int:
    """The tile border in cells: the largest side that divides the axis into several; 0 for none."""
    fitting = [side for side in sides if cell <= side < length and side % cell == 0]
    return max(fitting) // cell if fitting else 0


def _sign(part: torch.Tensor) -> str:
    count = int(part.sum())
    return RIGHT if count == 0 else (WRONG if count == part.numel() else SOME)
