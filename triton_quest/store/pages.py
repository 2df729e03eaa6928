"""The rows in the bytes of a SQLite file, page by page: for files that SQLite itself refuses. Pure.

Only the leaves of tables are read, wherever they lie; a row that isn't whole is left out. After "Database File Format",
sections 1.5 and 1.6 (sqlite.org/fileformat2.html).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

LEAF_OF_TABLE = 0x0D
FILE_HEADER = 100  # bytes before the first page's own header
USUAL_PAGE = 4096
INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # by serial type


class Broken(Exception):
    """These bytes are no row."""


def rows(data: bytes) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """(rowid, values) of every row that is whole."""
    size = _page_size(data)
    for start in range(0, len(data), size):
        header = start + (FILE_HEADER if start == 0 else 0)
        if len(data) < header + 8 or data[header] != LEAF_OF_TABLE:
            continue
        cells = int.from_bytes(data[header + 3 : header + 5], "big")
        for pointer in range(header + 8, header + 8 + 2 * cells, 2):
            cell = start + int.from_bytes(data[pointer : pointer + 2], "big")
            try:
                yield _row(data, cell, size)
            except (Broken, IndexError, struct.error, UnicodeDecodeError):
                continue


def _page_size(data: bytes) -> int:
    size = int.from_bytes(data[16:18], "big")
    size = 65536 if size == 1 else size
    return size if 512 <= size <= 65536 and size & (size - 1) == 0 else USUAL_PAGE


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where the next thing begins."""
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | data[at + 8], at + 9


def _row(data: bytes, at: int, size: int) -> tuple[int, tuple[Any, ...]]:
    length, at = _varint(data, at)
    rowid, at = _varint(data, at)
    if length > len(data):
        raise Broken
    return rowid, _values(_payload(data, at, length, size))


def _payload(data: bytes, at: int, length: int, size: int) -> bytes:
    """A row's bytes: those in its cell, and those in the chain of pages behind it."""
    most, least = size - 35, (size - 12) * 32 // 255 - 23
    here = least + (length - least) % (size - 4)
    here = length if length <= most else (here if here <= most else least)
    payload = bytearray(data[at : at + here])
    following = int.from_bytes(data[at + here : at + here + 4], "big")
    while len(payload) < length:
        start = (following - 1) * size
        if following < 1 or start + 4 >= len(data):
            raise Broken
        payload += data[start + 4 : start + min(size, 4 + length - len(payload))]
        following = int.from_bytes(data[start : start + 4], "big")
    return bytes(payload)


def _values(payload: bytes) -> tuple[Any, ...]:
    end, at = _varint(payload, 0)
    if end > len(payload):
        raise Broken
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise Broken
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (0, 8, 9):
        return {0: None, 8: 0, 9: 1}[kind], at
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    length = INTEGER_BYTES.get(kind) or (kind - 12) // 2
    if kind in (10, 11) or at + length > len(payload):
        raise Broken
    value = payload[at : at + length]
    if kind in INTEGER_BYTES:
        return int.from_bytes(value, "big", signed=True), at + length
    return value if kind % 2 == 0 else value.decode("utf-8"), at + length
