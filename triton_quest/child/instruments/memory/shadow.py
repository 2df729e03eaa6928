"""Shadow arrays: what the programs did to each cell of one torch storage. Knows neither arguments nor findings.

A cell is as many bytes as the smallest element through which the storage was accessed so far. Stamps: see `programs`.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .indices import Bools, Ints

Stamps = NDArray[np.int32]

_MOST_WAITING = 1 << 22  # lanes, 8 bytes each


class Shadow:
    """Keeps its storage alive, so that the address isn't handed out again while the shadow is consulted."""

    def __init__(self, storage: torch.UntypedStorage, unit: int) -> None:
        self.storage = storage
        self.address: int = storage.data_ptr()
        self.size: int = storage.nbytes()
        self.unit = unit
        self.first_written_in = 0  # base stamp of the first launch that stored here,
        self.written_in = 0  # and of the last
        count = -(-self.size // unit)
        self.writer: Stamps = np.zeros(count, np.int32)  # last program that stored
        self.changer: Stamps = np.zeros(count, np.int32)  # last program whose store changed the value
        self.reader: Stamps = np.zeros(count, np.int32)  # the program that loaded, as far as loads are sorted in
        self.author: Stamps | None = None  # who gave it a value; -1 nobody, 0 no program; None: 0 everywhere
        self.refused: Stamps | None = None  # last program whose store had a lane there, masked off; -1: perhaps one had
        self.refused_at: set[tuple[str, int]] = set()
        self.idle: dict[int, tuple[str, int]] = {}  # programs with a store whose mask was false in each lane, and where
        self.filled: Bools | None = None  # holds a constant of torch's, and nothing was written there since
        self._read_in = 0
        self._unsorted: list[tuple[Ints, int]] = []
        self._waiting = 0
        self._views: dict[Any, NDArray[Any]] = {}
        self._bytes: NDArray[np.uint8] = np.zeros(0, np.uint8)
        if self.size:
            self._bytes = np.ctypeslib.as_array((ctypes.c_uint8 * self.size).from_address(self.address))

    def is_current(self) -> bool:
        return (self.address, self.size) == (self.storage.data_ptr(), self.storage.nbytes())

    def values(self, dtype: Any) -> NDArray[Any]:
        """The memory itself, shared, as a flat array of `dtype` from the start of the storage."""
        view = self._views.get(dtype)
        if view is None:
            item = np.dtype(dtype).itemsize
            view = self._views[dtype] = self._bytes[: self.size // item * item].view(dtype)
        return view

    def cells(self, index: Ints, size: int) -> Ints:
        """The cells under the `index`-th elements of `size` bytes: in the shape of `index`, or with one axis more."""
        if size < self.unit:
            self._refine(size)
        if size == self.unit:
            return index
        parts = size // self.unit
        return index[..., None] * parts + np.arange(parts)

    def _refine(self, unit: int) -> None:
        parts, self.unit = self.unit // unit, unit
        self._unsorted = [((cells[..., None] * parts + np.arange(parts)), stamp) for cells, stamp in self._unsorted]
        self.writer, self.changer = np.repeat(self.writer, parts), np.repeat(self.changer, parts)
        self.reader = np.repeat(self.reader, parts)
        if self.author is not None and self.refused is not None:
            self.author, self.refused = np.repeat(self.author, parts), np.repeat(self.refused, parts)
        if self.filled is not None:
            self.filled = np.repeat(self.filled, parts)

    def undefine(self, cells: Ints) -> None:
        if self.author is None:
            self.author, self.refused = np.zeros_like(self.writer), np.zeros_like(self.writer)
        self.author[cells] = -1

    def define(self, cells: Ints, stamp: int) -> None:
        if self.author is not None:
            self.author[cells] = stamp
        if self.filled is not None:
            self.filled[cells] = False

    def fill(self, cells: Ints) -> None:
        self.define(cells, 0)
        if self.filled is None:
            self.filled = np.zeros(len(self.writer), np.bool_)
        self.filled[cells] = True

    def refuse(self, cells: Ints, stamp: int, at: tuple[str, int]) -> None:
        if self.refused is not None and cells.size:
            self.refused[cells] = stamp
            self.refused_at.add(at)

    def refuse_perhaps(self, cells: Ints) -> None:
        """Masked-off lanes of which nobody can tell where they were meant to be."""
        if self.refused is not None:
            self.refused[cells] = np.where(self.refused[cells] > 0, self.refused[cells], -1)

    def undefined(self, cells: Ints) -> Bools | None:
        """Which of `cells` nothing ever wrote; None if none."""
        if self.author is None:
            return None
        unknown = self.author.take(cells) < 0
        return unknown if unknown.any() else None

    def written_before(self, base: int) -> int:
        """The base stamp of the last launch before this one that stored anything here; 0: there is none."""
        return self.first_written_in if 0 < self.first_written_in < base else 0

    def note_read(self, cells: Ints, stamp: int, base: int) -> Stamps | None:
        """Record a load; return, for each cell, who else changed it in this launch (0: nobody), or None."""
        self._unsorted.append((cells, stamp))
        self._waiting += cells.size
        if self.written_in == base:
            return _others(self.changer.take(cells), stamp, base)
        if self._waiting > _MOST_WAITING:
            self._sort_reads(base)
        return None

    def note_write(self, cells: Ints, changed: Bools, stamp: int, base: int) -> tuple[Stamps | None, Stamps | None]:
        """Record a store; return, for each cell, who else wrote it and who else read it before it changed."""
        writers = _others(self.writer.take(cells), stamp, base) if self.written_in == base else None
        self._sort_reads(base)
        readers = _others(self.reader.take(cells), stamp, base - 1) if self._read_in == base else None
        if readers is not None:
            readers = readers * changed
        self.writer[cells] = stamp
        self.changer[cells[changed]] = stamp
        self.first_written_in, self.written_in = self.first_written_in or base, base
        return writers, readers if readers is not None and readers.any() else None

    def forget_reads(self) -> None:
        """The launch is over: no store can meet its loads any more."""
        self._unsorted.clear()
        self._waiting = 0

    def _sort_reads(self, base: int) -> None:
        """Enter loads into `reader`, where the first store needs them. Most storages see only loads, or only stores."""
        for cells, stamp in self._unsorted:
            seen = self.reader.take(cells)
            self.reader[cells] = np.where((seen < base) | (seen == stamp), stamp, base)
            self._read_in = base
        self.forget_reads()


def _others(stamps: Stamps, stamp: int, base: int) -> Stamps | None:
    """`stamps` of this launch that aren't `stamp`, 0 elsewhere; None if there is none."""
    others = np.where((stamps > base) & (stamps != stamp), stamps, 0)
    return others if others.any() else None
