"""What the levels' hand-derived counts have in common. A number is `HALF` bytes, and
`SINGLE` where a level counts in fp32, or in a matrix of fp32 scores."""

from __future__ import annotations

from collections.abc import Mapping

HALF, SINGLE = 2, 4
Counts = dict[str, int]
Constants = Mapping[str, int]  # of the solution's launches


def softmax_of_a_row(n: int) -> int:
    """The operations of one row of n: the maximum, the difference, the sum, the quotient. A sum of n has n - 1 of them."""
    return (n - 1) + n + (n - 1) + n


def causal_steps(tile: int, n: int, rows: int, columns: int) -> int:
    """How many tiles of `columns` keys a tile of `rows` queries sees."""
    last_query = (tile + 1) * rows - 1
    return min(last_query // columns + 1, n // columns)


def causal_scores(n: int, c: Constants, number: int = HALF) -> Counts:
    """Only tiles that touch the diagonal or lie below are computed; all are stored, `number` bytes an element."""
    D, rows, columns = c["D"], c["BLOCK_M"], c["BLOCK_N"]
    tiles = sum(causal_steps(tile, n, rows, columns) for tile in range(n // rows))
    return {
        "loaded": tiles * (rows + columns) * D * HALF,
        "stored": n * n * number,
        "dot_flops": tiles * 2 * rows * columns * D,
        "other_flops": tiles * rows * columns,  # the scale
    }
