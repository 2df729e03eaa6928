"""The sizes of the learner's own blocks, read from the first launches: the cases are ragged around them."""

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
