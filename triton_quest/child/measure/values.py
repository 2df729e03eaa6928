"""The numbers behind a page of `show`: what is in each tensor when a launch ends, and what a wrong answer has in each cell of its map."""

from __future__ import annotations

import base64

import numpy as np
import torch
from numpy.typing import NDArray

from triton_quest.child.instruments.memory.arguments import Argument
from triton_quest.child.instruments.memory.trace import Left, Walk
from triton_quest.child.judge.watch import Run
from triton_quest.records import show as show_records

ROUNDED_OFF = np.uint32(0x80)  # half of the lowest byte, which isn't sent
LARGEST = np.uint32(0x7F7FFF7F)  # the largest fp32, without its sign, that rounding doesn't make infinite


def tensor_values(number: int, walk: Walk) -> show_records.TensorValues:
    pairs = zip(walk.arguments, walk.left, strict=False)
    return show_records.TensorValues(number, tuple(_values(argument, left) for argument, left in pairs))


def _values(argument: Argument, left: Left | None) -> str:
    if left is None or argument.dtype.is_complex:
        return ""
    numbers = torch.frombuffer(bytearray(left.data), dtype=argument.dtype) if left.data else torch.zeros(0)
    bits: NDArray[np.uint32] = numbers.float().numpy().view(np.uint32).copy()
    rounds = (bits & np.uint32(0x7FFFFFFF)) <= LARGEST
    bits[rounds] += ROUNDED_OFF
    bits >>= np.uint32(8)
    bits[left.unwritten] = show_records.NEVER_WRITTEN
    return base64.b64encode(bits.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()).decode()


def error_values(run: Run, name: str, found: show_records.ErrorMap, off: torch.Tensor) -> show_records.ErrorValues:
    """Of the matrix that `found` maps; `off` says of its elements how far off they are."""
    rows, columns = found.shape
    truth, actual = (tensor[found.at].reshape(-1) for tensor in (run.reference.truth[name], run.result[name]))
    places = [
        int(part.argmax()) // part.shape[1] * columns + int(part.argmax()) % part.shape[1] + top * columns + left
        for top, band in zip(range(0, rows, found.cell[0]), torch.split(off, found.cell[0], dim=0), strict=True)
        for left, part in zip(range(0, columns, found.cell[1]), torch.split(band, found.cell[1], dim=1), strict=True)
    ]
    chosen = torch.tensor(places)
    return show_records.ErrorValues(tuple(places), *(_in_fp32(numbers[chosen]) for numbers in (truth, actual)))


def _in_fp32(numbers: torch.Tensor) -> str:
    return base64.b64encode(numbers.float().numpy().astype("<f4").tobytes()).decode()
