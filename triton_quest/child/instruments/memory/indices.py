"""From element offsets to indices in a tensor's own shape, and back. Pure NumPy.

An offset counts elements from the tensor's first one, through its strides, and may lie outside. An index array has the
shape (dimensions, *lanes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .findings import Box

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_FAR = 1 << 40  # no stride is so long; what is longer comes from masked-off lanes, which may point anywhere


def extent(shape: Sequence[int], strides: Sequence[int]) -> int:
    """Elements from the first to the last, both included, gaps counted."""
    if 0 in shape:
        return 0
    return 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))


def element_offsets(shape: Sequence[int], strides: Sequence[int]) -> Ints:
    """The offset of each element, in the tensor's shape."""
    offsets: Ints = np.zeros((), np.int64)
    for size, stride in zip(shape, strides, strict=True):
        offsets = offsets[..., None] + np.arange(size, dtype=np.int64) * stride
    return offsets


def present(shape: Sequence[int], strides: Sequence[int]) -> Bools | None:
    """Which of the offsets 0 … extent - 1 are elements; None where all are."""
    count = extent(shape, strides)
    inside = np.zeros(count, bool)
    inside[element_offsets(shape, strides)] = True
    return None if inside.all() else inside


def unravel(offsets: Ints, shape: Sequence[int], strides: Sequence[int]) -> tuple[Ints, Ints]:
    """Indices through the strides, the largest stride first and free to leave its dimension; and what is left over.

    Unlike `np.unravel_index` it has an answer for offsets outside: of shape (8,), offset 9 is [9] and -1 is [-1].
    """
    indices = np.zeros((max(len(shape), 1), *offsets.shape), np.int64)
    dimensions = [d for d, size in enumerate(shape) if size != 1 and strides[d] > 0]
    if not dimensions:
        indices[-1] = offsets
        return indices, np.zeros_like(offsets)
    rest = offsets
    for dimension in sorted(dimensions, key=lambda d: strides[d], reverse=True):
        indices[dimension], rest = np.divmod(rest, strides[dimension])
    return indices, rest


def members(offsets: Ints, shape: Sequence[int], strides: Sequence[int]) -> Ints:
    """Indices of the elements at `offsets`, all of which are inside, each once; of overlapping elements all."""
    found: Ints = np.argwhere(np.atleast_1d(np.isin(element_offsets(shape, strides), offsets))).T
    return found


def box(indices: Ints) -> Box:
    """The smallest box around the lanes, and whether they fill it."""
    flat = indices.reshape(len(indices), -1)
    if not flat.size:
        return Box((), (), True)
    first, last = flat.min(axis=1), flat.max(axis=1)
    bounds = Box(tuple(map(int, first)), tuple(map(int, last)), False)
    if bounds.elements > flat.shape[1]:
        return bounds
    distinct = np.unique(np.ravel_multi_index(tuple(flat - first[:, None]), tuple(last - first + 1))).size
    return Box(bounds.first, bounds.last, distinct == bounds.elements)


@dataclass(frozen=True)
class Tile:
    """A block of lanes read as a tile of the tensor: its indices, and which dimension each axis of the block walks."""

    indices: Ints
    axes: dict[int, int]


def tile(offsets: Ints, legal: Bools, shape: Sequence[int], strides: Sequence[int]) -> Tile | None:
    """Read a block's offsets the way the learner built them: a corner plus a step along each axis.

    Row 95, column 72 of a (96, 72) tensor is offset 6912, and so is row 96, column 0: only the block's steps tell
    which was meant. Dimensions of a single element have the stride of others: the last ones, in order, are meant. A
    one-axis block over several dimensions may be flat on purpose: it counts as a tile only if its `legal` lanes stay
    within the dimension they walk. None where the block is no tile.
    """
    corner = offsets[(0,) * offsets.ndim]
    start, rest = unravel(np.asarray(corner), shape, strides)
    indices, expected = start.reshape(-1, *(1,) * offsets.ndim), np.asarray(corner)
    axes: dict[int, int] = {}
    for axis, lanes in enumerate(offsets.shape):
        step = int(np.take(offsets, 1, axis).item(0)) - int(corner) if lanes > 1 else 0
        walk = np.arange(lanes).reshape(*(-1 if a == axis else 1 for a in range(offsets.ndim)))
        if step == 0:
            continue
        if abs(step) > _FAR:
            return None
        found = [d for d, stride in enumerate(strides) if stride == step and d not in axes]
        if not found:
            return None
        expected = expected + walk * step
        in_order = len(shape) - offsets.ndim + axis
        dimension = max(found, key=lambda d: (shape[d] > 1, d == in_order, d))
        axes[dimension] = axis
        unit = np.eye(len(indices), dtype=np.int64)[dimension].reshape(-1, *(1,) * offsets.ndim)
        indices = indices + walk * unit
    if rest or (expected != offsets).any():
        return None
    indices = np.broadcast_to(indices, (len(indices), *offsets.shape))
    if len(axes) == 1 and len(shape) > 1:
        walked = next(iter(axes))
        if ((indices[walked] < 0) | (indices[walked] >= shape[walked]))[legal].any():
            return None
    return Tile(indices, axes)
