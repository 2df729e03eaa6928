"""A trace as a tiled product of matrices would leave it, made up of records: for tests of what is made of a trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from triton_quest.records import show as show_records
from triton_quest.records.measured import Inputs

M, K, N, TILE = 40, 24, 56, 16
A, B, C = range(3)
TENSORS = (
    show_records.Tensor("a_ptr", "a", (M, K), "fp32"),
    show_records.Tensor("b_ptr", "b", (K, N), "fp32"),
    show_records.Tensor("c_ptr", "c", (M, N), "fp32"),
)


def tile(
    action: str, tensor: int, line: int, row: int, column: int, loops: tuple[tuple[str, str], ...] = ()
) -> show_records.Step:
    """A step that touches a tile of TILE x TILE from (row, column) on, with a mask at the edges."""
    rows, columns = TENSORS[tensor].shape
    inside = [(r, c) for r, c in product(range(TILE), repeat=2) if row + r < rows and column + c < columns]
    touched = runs(sorted((row + r) * columns + column + c for r, c in inside))
    masked = runs(sorted(set(range(TILE * TILE)) - {r * TILE + c for r, c in inside}))
    source = (
        f"{TENSORS[tensor].called} = tl.load(...)"
        if action == show_records.LOAD
        else "tl.store(c_ptrs, acc, mask=c_mask)"
    )
    return show_records.Step(action, tensor, line, source, loops, (TILE, TILE), touched, masked)


def runs(numbers: Sequence[int]) -> show_records.Runs:
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return tuple(found)


def steps_of(program: tuple[int, int]) -> Iterator[show_records.Step]:
    row, column = program[0] * TILE, program[1] * TILE
    for k in range(0, K, TILE):
        yield tile(show_records.LOAD, A, 21, row, k, (("k", str(k)),))
        yield tile(show_records.LOAD, B, 22, k, column, (("k", str(k)),))
    yield tile(show_records.STORE, C, 25, row, column)


GRID = (-(-M // TILE), -(-N // TILE))  # (3, 4)
LAUNCHED = show_records.Launched("matmul_kernel", GRID, TENSORS, (("TILE", str(TILE)),), True)
RECORDS = (
    Inputs(f"a {(M, K)}, b {(K, N)}, fp32"),
    LAUNCHED,
    *(show_records.ProgramSteps(0, program, tuple(steps_of(program))) for program in product(*map(range, GRID))),
    show_records.Answered(0, M * N),
)

VECTOR = show_records.Tensor("x_ptr", "x", (100,), "fp32")
OUTSIDE = (  # the second program of four goes outside, and ends its launch
    Inputs("x (100,), fp32"),
    show_records.Launched("scale_kernel", (4,), (VECTOR,), (("BLOCK", "64"),), False),
    show_records.ProgramSteps(
        0, (0,), (show_records.Step(show_records.LOAD, 0, 9, "x = tl.load(x_ptr + offs)", (), (64,), ((0, 63),)),)
    ),
    show_records.ProgramSteps(
        0,
        (1,),
        (
            show_records.Step(
                show_records.LOAD, 0, 9, "x = tl.load(x_ptr + offs)", (), (64,), ((64, 99),), (), ((36, 63),)
            ),
        ),
    ),
)
