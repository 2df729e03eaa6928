"""Books on the storages that a launcher uses: which there are, who wrote them, which contents left torch.

Storages are numbered 1, 2, 3 in the order in which they are first seen, and kept alive, so that an address means one
storage. Negative numbers stand for Python numbers that left torch.
"""

from __future__ import annotations

import ctypes
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from triton.tools.tensor_descriptor import TensorDescriptor

from .dataflow import OUTSIDE, FlowStep
from .torchcalls import TorchCall

_TRIVIAL = frozenset({0.0, 1.0, -1.0})
_MOST_VALUES = 1024


def tensors_in(*values: Any) -> Iterator[torch.Tensor]:
    """The tensors with a storage of their own; a sparse one has none. Of a descriptor, the tensor that it describes."""
    for value in values:
        if isinstance(value, torch.Tensor):
            if value.layout == torch.strided:
                yield value
        elif isinstance(value, (list, tuple)):
            yield from tensors_in(*value)
        elif isinstance(value, dict):
            yield from tensors_in(*value.values())
        elif isinstance(value, TensorDescriptor):
            yield from tensors_in(value.base)


def numbers_in(value: Any) -> Iterator[float]:
    """The floats in a Python value that could be recognised again. Integers are sizes and offsets as a rule."""
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from numbers_in(part)
    elif isinstance(value, float) and value not in _TRIVIAL:
        yield value


def _bytes_of(storage: torch.UntypedStorage) -> bytes:
    return ctypes.string_at(storage.data_ptr(), storage.nbytes()) if storage.nbytes() else b""


@dataclass(frozen=True)
class _Export:
    """A storage whose memory NumPy shares, with its bytes as torch last knew them."""

    contents: bytes
    call: TorchCall


class Ledger:
    """`inputs` are the tensors handed to the launcher; if given, any other storage not seen made is from outside."""

    def __init__(self, inputs: Iterable[torch.Tensor] = ()) -> None:
        self.steps: list[FlowStep] = []
        self._numbers: dict[int, int] = {}
        self._storages: list[torch.UntypedStorage] = []
        self._uninitialised: set[int] = set()
        self._exports: dict[int, _Export] = {}
        self._values: dict[float, int] = {}
        self._complete = False
        for tensor in inputs:
            self.number(tensor)
        self._complete = bool(self._storages)

    def number(self, tensor: torch.Tensor) -> int:
        """The number of a tensor that is read."""
        size = len(self._storages)
        number, _ = self.made(tensor)
        if self._complete and len(self._storages) > size:
            self.steps.append(FlowStep(frozenset({OUTSIDE}), frozenset({number})))
        return number

    def made(self, tensor: torch.Tensor) -> tuple[int, int]:
        """The number of a tensor that a call returned, and the bytes that it allocated if it is new."""
        storage = tensor.untyped_storage()
        known = self._numbers.get(storage._cdata)
        if known is not None:
            return known, 0
        self._storages.append(storage)
        number = self._numbers[storage._cdata] = len(self._storages)
        return number, storage.nbytes()

    def add(self, step: FlowStep, *, initialises: bool = True) -> None:
        """Note a step that has happened."""
        self.steps.append(step)
        if initialises:
            self._uninitialised -= step.outputs
        for number in step.outputs & self._exports.keys():
            self._exports[number] = _Export(_bytes_of(self._storages[number - 1]), self._exports[number].call)

    # memory that nobody has written

    def mark_uninitialised(self, numbers: Collection[int]) -> None:
        self._uninitialised |= set(numbers)

    @property
    def uninitialised_addresses(self) -> frozenset[int]:
        return frozenset(self._storages[number - 1].data_ptr() for number in self._uninitialised)

    # contents outside torch

    def export(self, tensor: torch.Tensor, call: TorchCall) -> None:
        """From now on NumPy can write this storage unseen."""
        if tensor.device.type == "cpu":
            self._exports[self.number(tensor)] = _Export(_bytes_of(tensor.untyped_storage()), call)

    def settle(self, numbers: Collection[int]) -> None:
        """Note what NumPy has written into these storages since torch last knew them."""
        for number in self._exports.keys() & set(numbers):
            export = self._exports[number]
            if _bytes_of(self._storages[number - 1]) != export.contents:
                self.add(FlowStep(frozenset({OUTSIDE}), frozenset({number}), export.call))

    def values_left(self, value: Any) -> frozenset[int]:
        """Remember the numbers in what `.item()` or `.tolist()` returned."""
        values = list(dict.fromkeys(numbers_in(value)))[:_MOST_VALUES]
        return frozenset(self._values.setdefault(value, -1 - len(self._values)) for value in values)

    def values_returned(self, value: Any) -> frozenset[int]:
        """Those of the numbers in a Python value that left torch before."""
        return frozenset(self._values[number] for number in numbers_in(value) if number in self._values)
