"""Python's warnings while a file is judged: each is said once, in a line; what Triton warns of is kept for a remark.

The interpreter enters `warnings.catch_warnings` at each launch, after which Python has forgotten what it said before.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import triton

from .wording import learner_frame

_TRITONS = str(Path(triton.__file__).parent)
_MOST = 20  # different ones, of which a loop may make any number


class Warned:
    """`of_triton`: a sentence for each line of the learner's that Triton warns of."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._said: set[str] = set()
        self.of_triton: list[str] = []

    def show(
        self, message: Any, category: type[Warning], filename: str, lineno: int, file: Any = None, line: Any = None
    ) -> None:
        """In the place of `warnings.showwarning`."""
        frame = learner_frame(sys._getframe(1), self._path)
        place = f"line {frame.f_lineno}" if frame is not None else "a warning"
        text = " ".join(str(message).split())
        from_triton = filename.startswith(_TRITONS)
        said = f"{place.capitalize()}: Triton warns: {text}" if from_triton else f"{place}: {category.__name__}: {text}"
        if said in self._said or len(self._said) >= _MOST:
            return
        self._said.add(said)
        if from_triton:
            self.of_triton.append(said)
        else:
            print(said, file=sys.stderr)


@contextmanager
def warnings_once(path: str) -> Iterator[Warned]:
    """While the block runs, Python's warnings go through what is yielded. `path` is the learner's file."""
    warned, shown = Warned(path), warnings.showwarning
    warnings.showwarning = warned.show
    try:
        yield warned
    finally:
        warnings.showwarning = shown
