"""What the reference solutions move and compute, derived by hand: one head of one batch, fp16, causal from level 5 on.

Each takes the size and the launches' own constants, and holds for sizes that are powers of two and multiples of the blocks.
`D` numbers make a query; a number is 2 bytes, and 4 in a matrix of fp32 scores. A vector of n has n - 1 operations in its sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Formula = Callable[[int, Mapping[str, int]], dict[str, int]]
HALF, SINGLE = 2, 4
ROWS = 16  # of level 3's matrix


def vector_add(n: int, c: Mapping[str, int]) -> dict[str, int]:
    return {"loaded": 2 * n * HALF, "stored": n * HALF, "other_flops": n}


def matmul(n: int, c: Mapping[str, int]) -> dict[str, int]:
    """Each column of tiles reads all of a, each row of tiles all of b; the accumulator is inside of the dot."""
    reads = n * n * (n // c["BLOCK_N"]) + n * n * (n // c["BLOCK_M"])
    return {"loaded": reads * HALF, "stored": n * n * HALF, "dot_flops": 2 * n**3}


def softmax(n: int, c: Mapping[str, int]) -> dict[str, int]:
    return {
        "loaded": ROWS * n * HALF,
        "stored": ROWS * n * HALF,
        "other_flops": ROWS * _softmax_of_a_row(n),
        "exponentials": ROWS * n,
    }


def _softmax_of_a_row(n: int) -> int:
    """The maximum, the difference, the sum, the quotient."""
    return (n - 1) + n + (n - 1) + n


def attention_scores(n: int, c: Mapping[str, int]) -> dict[str, int]:
    D = c["D"]
    reads = n * D * (n // c["BLOCK_N"]) + n * D * (n // c["BLOCK_M"])
    return {"loaded": reads * HALF, "stored": n * n * HALF, "dot_flops": 2 * n * n * D, "other_flops": n * n}


def causal_scores(n: int, c: Mapping[str, int], number: int = HALF) -> dict[str, int]:
    """Only tiles that touch the diagonal or lie below are computed; all are stored."""
    D, rows, columns = c["D"], c["BLOCK_M"], c["BLOCK_N"]
    tiles = sum(_steps(tile, c, n) for tile in range(n // rows))
    return {
        "loaded": tiles * (rows + columns) * D * HALF,
        "stored": n * n * number,
        "dot_flops": tiles * 2 * rows * columns * D,
        "other_flops": tiles * rows * columns,  # the scale
    }


def _steps(tile: int, c: Mapping[str, int], n: int) -> int:
    """How many tiles of keys a tile of queries sees."""
    last_query = (tile + 1) * c["BLOCK_M"] - 1
    return min(last_query // c["BLOCK_N"] + 1, n // c["BLOCK_N"])


def naive_attention(n: int, c: Mapping[str, int]) -> dict[str, int]:
    """Level 5's scores in fp32; a softmax that reads and writes them in place; each tile of queries reads all weights and v."""
    D, scores = c["D"], causal_scores(n, c, SINGLE)
    matrix, tiles = n * n * SINGLE, n // c["BLOCK_M"]
    return {
        "loaded": scores["loaded"] + matrix + matrix + tiles * n * D * HALF,
        "stored": matrix + matrix + n * D * HALF,
        "dot_flops": scores["dot_flops"] + 2 * n * n * D,
        "other_flops": scores["other_flops"] + n * _softmax_of_a_row(n),
        "exponentials": n * n,
        "scratch": matrix,
    }


def fused_attention(n: int, c: Mapping[str, int]) -> dict[str, int]:
    """The query in row r reads r + 1 keys and values, in whole blocks of lanes."""
    D, block = c["D"], c["BLOCK_N"]
    blocks = sum(-(-(row + 1) // block) for row in range(n))
    scores = block * D + block * (D - 1) + block  # products, sums, scale
    maximum = (block - 1) + 1
    differences = 1 + block  # under both exponentials
    denominator = 2 + (block - 1)
    values = 2 * D + block * D + (block - 1) * D  # rescaled and added; products, sums
    return {
        "loaded": (n * D + 2 * D * n * (n + 1) // 2) * HALF,
        "stored": n * D * HALF,
        "other_flops": blocks * (scores + maximum + differences + denominator + values) + n * D,  # and the quotients
        "exponentials": blocks * (block + 1),
    }


def flash_attention(n: int, c: Mapping[str, int]) -> dict[str, int]:
    """A tile of queries reads the keys and values up to its last query, a block a step."""
    D, rows, columns = c["D"], c["BLOCK_M"], c["BLOCK_N"]
    tiles = n // rows
    steps = sum(_steps(tile, c, n) for tile in range(tiles))
    maximum = rows * (columns - 1) + rows + rows  # over the keys, scaled, against the old one
    exponents = 2 * rows * columns + rows  # scaled and shifted; the old maximum's difference
    sums = rows * D + rows * (columns - 1) + 2 * rows  # acc rescaled; the new terms; l_i rescaled and added to
    return {
        "loaded": (n * D + steps * 2 * columns * D) * HALF,
        "stored": n * D * HALF,
        "dot_flops": steps * 2 * (2 * rows * columns * D),
        "other_flops": steps * (maximum + exponents + sums)
        + tiles * (rows * D + 1),  # the quotients; the scale of exp2
        "exponentials": steps * (rows * columns + rows),
    }


FORMULAS: dict[str, Formula] = {
    "vector-add": vector_add,
    "matmul": matmul,
    "softmax": softmax,
    "attention-scores": attention_scores,
    "causal-mask": causal_scores,
    "naive-attention": naive_attention,
    "fused-attention": fused_attention,
    "flash-attention": flash_attention,
}
