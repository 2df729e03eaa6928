"""Sees the launches that reach a real GPU: which kernel, with which constants, and what it was compiled to."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from triton.runtime.jit import JITFunction

from .launches import Launch

TF32_DOT = re.compile(r"tt\.dot\b.*inputPrecision = (tf32|bf16x3)\b.*xf32")  # as Triton's IR prints it


@dataclass
class GpuLog:
    """The launches in their order, and whether any makes an fp32 dot in TF32."""

    launches: list[Launch] = field(default_factory=list)
    uses_tf32: bool = False


@contextmanager
def logged() -> Iterator[GpuLog]:
    """Log every launch inside the block."""
    log, run = GpuLog(), JITFunction.run

    def noted_run(function: JITFunction, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> Any:
        kernel = run(function, *args, grid=grid, warmup=warmup, **kwargs)
        log.launches.append(_describe(function, args, kwargs))
        if kernel is not None and not log.uses_tf32:
            log.uses_tf32 = bool(TF32_DOT.search(str(kernel.asm.get("ttir", ""))))
        return kernel

    JITFunction.run = noted_run
    try:
        yield log
    finally:
        JITFunction.run = run


def _describe(function: JITFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Launch:
    names = function.arg_names
    options = {name: value for name, value in kwargs.items() if name not in names}
    known = {name: value for name, value in kwargs.items() if name in names}
    arguments = inspect.signature(function.fn).bind_partial(*args, **known).arguments
    constants = {p.name: arguments[p.name] for p in function.params if p.is_constexpr and p.name in arguments}
    return Launch(function.fn.__name__, dict(arguments), constants, options)
