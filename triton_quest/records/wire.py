"""Records as lines of JSON, and back: exactly what was written, or ValueError. Knows no record by name.

A record is a frozen dataclass of strings, numbers, enums, tuples and other such dataclasses, and says what it is called
on the wire in its class variable `record`. Its strings are cleaned and cut here, once: most of them may quote the learner's code.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from triton_quest.records.text import LONGEST, cleaned

T = TypeVar("T")
_dumps = json.dumps  # bound now: in the child, the learner's code may replace it


def encode(record: Any) -> bytes:
    """One line of JSON, with its newline."""
    values = _plain(record, getattr(record, "longest", LONGEST))
    return _dumps({"record": record.record, **values}).encode() + b"\n"


def _plain(value: Any, longest: int) -> Any:
    """A part of a record as JSON carries it, every string cleaned and at most about `longest`."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return cleaned(value, longest)
    if isinstance(value, (tuple, list)):
        return [_plain(part, longest) for part in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name), longest) for field in fields(value)}
    return value


def decode(line: bytes, kinds: Mapping[str, type[T]]) -> T:
    """The record of one line. Raises ValueError for anything that `encode` didn't write of one of these kinds."""
    try:
        values = json.loads(line)
        kind = kinds[values.pop("record")]
        record: T = _rebuilt(kind, values)
        return record
    except (TypeError, KeyError, AttributeError, RecursionError) as trouble:
        raise ValueError(f"not a record: {line[:80]!r}") from trouble


def _rebuilt(kind: Any, value: Any) -> Any:
    """`value`, as JSON carries it, as the type that a field asks for. Raises TypeError or ValueError."""
    if get_origin(kind) in (Union, types.UnionType):
        if value is None and type(None) in get_args(kind):
            return None
        (kind,) = (choice for choice in get_args(kind) if choice is not type(None))
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind), value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _rebuilt(hints[name], part) for name, part in value.items()})
    if issubclass(kind, Enum):
        return kind(value)
    fits = type(value) in ((int, float) if kind is float else (kind,))
    if not fits:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    if kinds[1:] == (...,):
        return tuple(_rebuilt(kinds[0], part) for part in value)
    return tuple(_rebuilt(kind, part) for kind, part in zip(kinds, value, strict=True))


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)
