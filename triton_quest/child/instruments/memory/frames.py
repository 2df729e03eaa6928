"""Reads the stack: the learner's line that an access is on, and what the learner calls things there."""

from __future__ import annotations

import dis
import linecache
import os
import re
import sys
from types import FrameType
from typing import Any

import numpy as np
import torch
import triton
from numpy.typing import NDArray

from .findings import Site

_INSTRUCTION, _CACHE = 2, 0  # bytes; what stands behind a call for Python's own use
_CHILD = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_OURS = (os.path.join(_CHILD, "instruments"), os.path.join(_CHILD, "triton"))
_NOT_THEIRS = tuple(
    folder + os.sep
    for folder in (*(os.path.dirname(os.path.abspath(str(m.__file__))) for m in (triton, np, torch)), *_OURS)
)


def learner_frame() -> FrameType | None:
    """The innermost frame that belongs neither to Triton, torch or NumPy nor to what watches and adapts them."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_NOT_THEIRS):
        frame = frame.f_back
    return frame


def result_is_dropped(frame: FrameType | None) -> bool:
    """Whether the call that the frame is in stands as a statement of its own."""
    if frame is None:
        return False
    code, at = frame.f_code.co_code, frame.f_lasti + _INSTRUCTION
    while at < len(code) and code[at] == _CACHE:
        at += _INSTRUCTION
    return at < len(code) and code[at] == dis.opmap["POP_TOP"]


def position(frame: FrameType | None) -> tuple[str, int]:
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("?", 0)


def site(frame: FrameType | None) -> Site:
    file, line = position(frame)
    return Site(file, line, linecache.getline(file, line).strip())


def names_of_tensors() -> dict[int, str]:
    """By `id`, what the launcher calls each tensor in its local variables; its own names before its callers'."""
    frame = learner_frame()
    file, _ = position(frame)
    names: dict[int, str] = {}
    while frame is not None and frame.f_code.co_filename == file:
        for name, value in frame.f_locals.items():
            if isinstance(value, torch.Tensor):
                names.setdefault(id(value), name)
        frame = frame.f_back
    return names


def name_of_index(index: NDArray[np.int64], axis: int | None, frame: FrameType | None) -> str | None:
    """The kernel's variable that holds these indices, if only one does.

    `index` is a whole block, or of a block with two axes what runs along `axis`: then the kernel must also use the
    variable along that axis, as in `offs_m[:, None]`, since two tiles often hold the same numbers.
    """
    if frame is None or index.size < 2:
        return None
    spread = {None: "", 0: r"\[\s*:\s*,\s*None\s*\]", 1: r"\[\s*None\s*,\s*:\s*\]"}.get(axis)
    text = _text(frame)
    found = [name for name, value in frame.f_locals.items() if _is_index(value, index)]
    used = [name for name in found if spread is not None and re.search(rf"\b{re.escape(name)}{spread}", text)]
    return used[0] if len(used) == 1 else None


def _is_index(value: Any, index: NDArray[np.int64]) -> bool:
    data = integers(value)
    return data is not None and data.size == index.size and bool((data.ravel() == index.ravel()).all())


def _text(frame: FrameType) -> str:
    """The source of the function that the frame runs."""
    code = frame.f_code
    last = max(line or 0 for *_, line in code.co_lines())
    return "".join(linecache.getlines(code.co_filename)[code.co_firstlineno - 1 : last])


def name_of_size(size: int, frame: FrameType | None) -> str | None:
    """The kernel's parameter that holds this size, if only one does: not counting strides, constexprs last."""
    if frame is None:
        return None
    values = {name: frame.f_locals.get(name) for name in frame.f_code.co_varnames[: frame.f_code.co_argcount]}
    holders = [name for name, value in values.items() if "stride" not in name and _holds(value, size)]
    at_run_time = [name for name in holders if hasattr(values[name], "handle")]  # constexprs are plain integers
    holders = at_run_time or holders
    return holders[0] if len(holders) == 1 else None


def _holds(value: Any, size: int) -> bool:
    data = integers(value)
    return data is not None and data.size == 1 and int(data.item()) == size


def integers(value: Any) -> NDArray[Any] | None:
    """The numbers in a kernel's integer or block of integers; None for anything else, pointers among it."""
    dtype = getattr(getattr(value, "dtype", None), "scalar", None)
    if isinstance(value, bool) or (dtype is not None and dtype.is_ptr()):
        return None
    data = getattr(getattr(value, "handle", None), "data", value)
    if not isinstance(data, (int, np.ndarray)):
        return None
    numbers = np.asarray(data)
    return numbers if numbers.dtype.kind in "iu" else None
