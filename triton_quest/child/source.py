"""The text of the learner's file as the history keeps it: what is judged, whatever is saved, reset or deleted meanwhile.

The worker holds it before anything reads the file; Python's tracebacks and Triton, which reads a kernel's source, get it too.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from triton_quest.errors import UnusableFile
from triton_quest.store import files

_held: dict[str, str] = {}
_own: dict[str, str] = {}  # the learner's own text, where another one stands in for it


def hold(file: Path, text: str) -> None:
    """From now on `text` is what stands in `file`, to this process."""
    _held[str(file)] = text
    lines = files.plain(text).splitlines(keepends=True)
    linecache.cache[str(file)] = (
        len(text),
        None,
        lines,
        str(file),
    )  # without a time it is never compared with the disk


@contextmanager
def standing_in(file: Path, text: str) -> Iterator[None]:
    """Meanwhile `text`, of as many lines, is what stands in `file`, to this process: the learner's own has open gaps."""
    held = _held.get(str(file))
    _own[str(file)] = read_text(file, "reset")
    hold(file, text)
    try:
        yield
    finally:
        del _own[str(file)], _held[str(file)], linecache.cache[str(file)]
        if held is not None:
            hold(file, held)


def own_line(file: Path, line: int) -> str:
    """A line of the learner's file, to be quoted, whatever text stands in for it; `linecache` may have been replaced."""
    lines = (_own.get(str(file)) or text_of(file)).split("\n")
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def exact_text(file: Path, repair: str) -> str:
    """To the byte. Raises UnusableFile, naming `repair` as the next command, if no text is held or can be read."""
    held = _held.get(str(file))
    return files.exact_text(file, repair) if held is None else held


def read_text(file: Path, repair: str) -> str:
    """With plain line ends, and without the mark that some editors begin with. Raises UnusableFile."""
    return files.plain(exact_text(file, repair))


@lru_cache(maxsize=4)  # one file is looked at from several sides
def tree_of(text: str) -> ast.Module:
    """The text parsed, to be looked at and never changed. Raises what ast.parse raises."""
    return ast.parse(text)


def text_of(file: Path) -> str:
    """As read_text; nothing where there is no text."""
    with contextlib.suppress(UnusableFile):
        return read_text(file, "reset")
    return ""
