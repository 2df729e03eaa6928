"""Sees the launches that reach a real GPU: which kernel, with which constants, and what it was compiled to.

`observed` in `launches` is the interpreter's half; observers are told the same by both.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from triton.runtime.autotuner import Autotuner
from triton.runtime.jit import JITFunction

from triton_quest.child.triton.patching import Edits

from .launches import Launch, Observer, inside_launch, unseen

TF32_DOT = re.compile(r"tt\.dot\b.*inputPrecision = (tf32|bf16x3)\b.*xf32")  # as Triton's IR prints it


@dataclass
class GpuLog:
    """The launches in their order, and whether any makes an fp32 dot in TF32."""

    launches: list[Launch] = field(default_factory=list)
    kernels: list[Any] = field(default_factory=list)  # Triton's CompiledKernel of each
    uses_tf32: bool = False


@contextmanager
def logged(*observers: Observer, noop: bool = False) -> Iterator[GpuLog]:
    """Log every launch inside the block, and tell `observers` of it; with `noop`, nothing is launched.

    What the autotuner runs to choose a config, and what it allocates for that, is not seen.
    """
    log, edits, run, bench = GpuLog(), Edits(), JITFunction.run, Autotuner._bench

    def noted_run(function: JITFunction, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> Any:
        if warmup or inside_launch():
            with unseen():
                return run(function, *args, grid=grid, warmup=warmup, **kwargs)
        launch = _describe(function, args, kwargs)
        launch.replaced_by_noop = noop
        log.launches.append(launch)
        for observer in observers:
            observer.begin(launch)
        try:
            with unseen():
                kernel = None if noop else run(function, *args, grid=grid, warmup=warmup, **kwargs)
        finally:
            for observer in observers:
                observer.end(launch)
        log.kernels.append(kernel)
        if kernel is not None and not log.uses_tf32:
            log.uses_tf32 = bool(TF32_DOT.search(str(kernel.asm.get("ttir", ""))))
        return kernel

    def unseen_bench(tuner: Any, *args: Any, **kwargs: Any) -> Any:
        with unseen():
            return bench(tuner, *args, **kwargs)

    edits.set(JITFunction, "run", noted_run)
    edits.set(Autotuner, "_bench", unseen_bench)
    try:
        yield log
    finally:
        edits.undo()


def _describe(function: JITFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Launch:
    names = function.arg_names
    options = {name: value for name, value in kwargs.items() if name not in names}
    known = {name: value for name, value in kwargs.items() if name in names}
    try:
        arguments = inspect.signature(function.fn).bind_partial(*args, **known).arguments
    except TypeError:  # a wrong call: Triton's own error, raised a moment later, says it better
        arguments = known
    constants = {p.name: arguments[p.name] for p in function.params if p.is_constexpr and p.name in arguments}
    return Launch(function.fn.__name__, dict(arguments), constants, options)
