"""The sizes of the learner's own blocks, read from the launches: the cases are ragged around them, and mistakes are run with them.

What a size is for is read from what the kernel does with it, never from what its constant is called.
"""

from __future__ import annotations

from collections.abc import Sequence

from triton_quest.child.instruments.launches import Launch
from triton_quest.course.case import DEFAULT_BLOCKS

LARGEST_BLOCK = 65536  # beyond, cases around it would take too long in the interpreter


def block_sizes(launches: Sequence[Launch]) -> tuple[int, ...]:
    """The lengths of their ranges where these were seen, else their constants that are powers of two."""
    ranges = {size for launch in launches for size in launch.ranges}
    named = {size for launch in launches for size in launch.blocks.values() if size & (size - 1) == 0}
    sizes = {size for size in ranges or named if 2 <= size <= LARGEST_BLOCK}
    return tuple(sorted(sizes)) or DEFAULT_BLOCKS


def constants(launches: Sequence[Launch], last: int) -> dict[str, int]:
    """The learner's tile lengths by the names that the levels give them; other launch constants by the learner's own names.

    BLOCK_M, BLOCK_N, BLOCK_K: the first dot's rows, columns, and what it sums over; the other way round where the transpose is computed
    and stored as rows. Only a launcher that reaches no dot is taken at its word, and where its names say nothing, its ranges are asked.
    `last`: the length of the inputs' last axis, which no tile cuts where it is the head dimension.
    """
    named = {name: size for launch in launches for name, size in launch.blocks.items()}
    return _by_ranges([launch for launch in launches if not launch.dots], last) | named | _by_dots(launches)


def _by_dots(launches: Sequence[Launch]) -> dict[str, int]:
    for launch in launches:
        for m, n, k in launch.dots:
            rows = [shape[0] for shape in launch.stores if len(shape) == 2]
            is_transposed = m not in rows and n in rows
            return {"BLOCK_M": n if is_transposed else m, "BLOCK_N": m if is_transposed else n, "BLOCK_K": k}
    return {}


def _by_ranges(launches: Sequence[Launch], last: int) -> dict[str, int]:
    """BLOCK_SIZE: the longest range. BLOCK_M: the rows of a store that a range spans. BLOCK_N: of what is left, the last."""
    ranges = [size for launch in launches for size in launch.ranges]
    if not ranges:
        return {}
    cut = [size for size in ranges if size != last] or ranges
    rows = [shape[0] for launch in launches for shape in launch.stores if len(shape) == 2 and shape[0] in ranges]
    return {"BLOCK_SIZE": max(ranges), "BLOCK_N": cut[-1]} | ({"BLOCK_M": rows[0]} if rows else {})
