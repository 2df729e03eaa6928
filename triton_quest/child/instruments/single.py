"""Runs single programs of a launch in the interpreter, over tensors that have a shape and strides and no memory.

The caller stands in for memory itself: it says at which address a tensor lies, and has replaced `interpreter._interpreter`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import triton.language as tl
from triton.runtime import interpreter
from triton.runtime.jit import _normalize_ty

from triton_quest.child.triton.patching import Edits

from .memory.arguments import bare, tensors_of

Program = tuple[int, ...]


@contextmanager
def single_programs(
    admit: Callable[[str, Any], int], function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], grid: Any
) -> Iterator[tuple[Program, Callable[[Program], None]]]:
    """The sizes of the grid, and what runs the program of a place in it. `admit` gives each tensor its address."""
    kernel, builder = function.rewrite(), interpreter.interpreter_builder
    executor = interpreter.GridExecutor(kernel, function.arg_names, grid)
    known = {name: value for name, value in kwargs.items() if name in executor.arg_names}
    bound = inspect.getcallargs(kernel, *args, **known)
    convert = interpreter._implicit_cvt
    edits = Edits()
    names = iter(
        pair for name, value in bound.items() if name not in executor.constexprs for pair in tensors_of(name, value)
    )

    def implicit_cvt(value: Any) -> Any:
        converted = convert(value)
        if hasattr(value, "data_ptr") and not isinstance(value, int):
            name, _ = next(names, ("?", None))
            converted.handle.data = np.array([admit(name, bare(value))], np.uint64)
        return converted

    edits.set(interpreter, "_implicit_cvt", implicit_cvt)
    patched = interpreter._patch_lang(kernel)
    try:
        with np.errstate(all="ignore"):
            converted = {
                name: value if name in executor.constexprs else implicit_cvt(value) for name, value in bound.items()
            }
            for name, annotation in kernel.__annotations__.items():  # compiled, it decides; interpreted, the value does
                if _normalize_ty(annotation) == "i64" and name in converted:
                    converted[name] = converted[name].to(tl.int64)
            sizes = tuple(executor.grid(converted) if callable(executor.grid) else executor.grid)
            sizes = tuple(map(int, sizes)) + (1,) * (3 - len(sizes))
            builder.set_grid_dim(*sizes)

            def run(program: Program) -> None:
                builder.set_grid_idx(*program)
                kernel(**converted)

            yield sizes, run
    finally:
        patched.restore()
        edits.undo()
