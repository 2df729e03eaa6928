"""The tensors of one launch, each in an address window of its own.

A kernel gets virtual addresses. No arithmetic on one argument's pointer can land in another's window, so that every
access is attributed exactly, and no address reaches real memory before it was checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from triton.tools.tensor_descriptor import TensorDescriptor

from .findings import Traffic
from .indices import Bools, Ints, extent, present
from .shadow import Shadow

Addresses = NDArray[np.uint64]

WINDOW_BITS = 50  # real addresses are below 2**48: they are in window 0, which belongs to no argument
_MIDDLE = 1 << (WINDOW_BITS - 1)  # negative offsets stay in the window too
_ALIGNED_BITS = 12  # the low bits of the real address are kept, for checks of alignment


def bare(argument: Any) -> Any:
    """The tensor under `triton.reinterpret`'s wrapper."""
    return argument.base if hasattr(argument, "base") and hasattr(argument.base, "data_ptr") else argument


def tensors_of(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The tensors in one argument, with names, in the order in which the interpreter converts them."""
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        for place, part in enumerate(value):
            yield from tensors_of(f"{name}.{fields[place]}" if fields else f"{name}[{place}]", part)
    elif isinstance(value, TensorDescriptor):
        yield from tensors_of(name, value.base)
    elif hasattr(value, "data_ptr"):
        yield name, bare(value)


class Footprint:
    """Which elements of an argument one launch has touched: what a cache would have to fetch that forgets nothing."""

    def __init__(self, extent: int, item: int) -> None:
        self._touched, self._item = np.zeros(extent, bool), item

    def add(self, relative: Ints, size: int) -> None:
        """Accesses of `size` bytes, each so many bytes from the tensor's first element."""
        for part in range(0, size, min(size, self._item)):
            self._touched[(relative + part) // self._item] = True

    @property
    def bytes(self) -> int:
        return int(np.count_nonzero(self._touched)) * self._item


class Argument:
    """One tensor as one launch sees it: `start` and `end` count bytes from the start of its storage."""

    def __init__(
        self, slot: int, name: str, tensor_name: str | None, tensor: Any, shadow: Shadow, footprints: bool = False
    ) -> None:
        self.name, self.tensor_name, self.shadow = name, tensor_name, shadow
        self.shape, self.strides = tuple(map(int, tensor.shape)), tuple(map(int, tensor.stride()))
        self.item: int = tensor.element_size()
        self.dtype: torch.dtype = tensor.dtype
        self.start: int = tensor.storage_offset() * self.item
        self.extent = extent(self.shape, self.strides)
        self.end = self.start + self.extent * self.item
        self.address = (slot << WINDOW_BITS) + _MIDDLE + tensor.data_ptr() % (1 << _ALIGNED_BITS)
        self.origin = np.uint64(self.address - self.start)
        self.present = None if tensor.is_contiguous() else present(self.shape, self.strides)
        self.loaded_bytes = self.stored_bytes = 0
        self._loaded, self._stored = (Footprint(self.extent, self.item) if footprints else None for _ in range(2))

    def note_loaded(self, offsets: Ints, size: int) -> None:
        self.loaded_bytes += offsets.size * size
        if self._loaded is not None:
            self._loaded.add(offsets - self.start, size)

    def note_stored(self, offsets: Ints, size: int) -> None:
        self.stored_bytes += offsets.size * size
        if self._stored is not None:
            self._stored.add(offsets - self.start, size)

    def traffic(self, kernel: str, launch: int) -> Traffic:
        once = (None if footprint is None else footprint.bytes for footprint in (self._loaded, self._stored))
        return Traffic(kernel, launch, self.name, self.loaded_bytes, self.stored_bytes, *once)

    def offsets(self, addresses: Addresses, size: int) -> Ints | None:
        """Bytes from the start of the storage; None if any lane's access of `size` bytes isn't legal."""
        offsets = addresses - self.origin  # below the origin it wraps around to a huge number
        last = self.end - size
        if last < self.start or np.maximum.reduce(offsets, axis=None) > last:
            return None
        if self.start and np.minimum.reduce(offsets, axis=None) < self.start:
            return None
        if size > 1 and int(np.bitwise_or.reduce(offsets, axis=None)) % size:
            return None
        signed: Ints = offsets.view(np.int64)
        if self.present is not None and not self._covered(signed - self.start, size).all():
            return None
        return signed

    def illegal(self, addresses: Addresses, size: int) -> tuple[Bools, Bools]:
        """For each lane, whether it touches bytes that aren't the tensor's; and whether it is misaligned."""
        offsets = (addresses - self.origin).view(np.int64)
        outside = (offsets < self.start) | (offsets > self.end - size)
        if self.present is not None:
            outside[~outside] = ~self._covered(offsets[~outside] - self.start, size)
        return outside, offsets % size != 0

    def elements(self, addresses: Addresses) -> Ints:
        """Offsets in elements, counted from the tensor's first."""
        return self.element_of((addresses - self.origin).view(np.int64))

    def element_of(self, offsets: Ints) -> Ints:
        return (offsets - self.start) // self.item

    def _covered(self, relative: Ints, size: int) -> Bools:
        assert self.present is not None
        covered = self.present.take(relative // self.item)
        for part in range(self.item, size, self.item):
            covered &= self.present.take((relative + part) // self.item)
        return covered
