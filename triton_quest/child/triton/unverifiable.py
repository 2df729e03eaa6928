"""What a GPU runs and nothing here can: Triton's interpreter stops there, and the compiler's word is all there is."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import triton
from triton.runtime import interpreter

_TRITONS = str(Path(triton.__file__).parent)
_BY_BUILDER = {"create_dot_scaled": "`tl.dot_scaled`", "new_block": "a function that is mapped or reduced by"}


class NotInterpretable(NotImplementedError):
    """Raised by the adapted interpreter; the message is what can't be run, as in "inline assembly"."""


def what_is_lacking(error: BaseException) -> str | None:
    """What the interpreter can't run, in a few words, if that is why `error` was raised; else None."""
    if isinstance(error, NotInterpretable):
        return str(error)
    if isinstance(error, AttributeError) and isinstance(error.obj, interpreter.InterpreterBuilder):
        return _BY_BUILDER.get(error.name or "", "this operation")
    if isinstance(error, ValueError) and "`_semantic` argument must be provided" in str(error):
        return "this function of Triton's"
    if isinstance(error, NotImplementedError) and _raised_in(error.__traceback__).startswith(_TRITONS):
        return "this operation"
    return None


def _raised_in(traceback: TracebackType | None) -> str:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_code.co_filename if traceback is not None else ""
