"""Counts the arithmetic that matters while kernels run: matrix products, exponentials, and dots in TF32.

With `arithmetic`, also what is done element by element or over an axis: additions, subtractions, multiplications,
divisions, minima and maxima of floating-point numbers, masked-off lanes among them, since a GPU computes those too.
Comparisons, `tl.where`, conversions, integers and scans are not counted.

Beside these: the products by the shapes of their tiles, loads of tiles under a mask, and which of Triton's own functions the
learner's code calls, such as `tl.softmax`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import triton.language as tl
from triton.language.semantic import TritonSemantic
from triton.runtime import interpreter

from triton_quest.child.instruments.memory.findings import Site
from triton_quest.child.instruments.memory.frames import learner_frame, site
from triton_quest.child.triton.patching import Edits

_OPERATIONS = {"create_fadd": 1, "create_fsub": 1, "create_fmul": 1, "create_fdiv": 1, "create_precise_divf": 1,
               "create_fma": 2, "create_maximumf": 1, "create_maxnumf": 1, "create_minimumf": 1, "create_minnumf": 1}  # fmt: skip
_REDUCTIONS = ("sum", "min_max")


@dataclass
class Counts:
    """Summed over all launches inside the block."""

    dot_flops: int = 0  # 2 * M * N * K for each tl.dot
    exponentials: int = 0  # elements
    tf32_dots: int = 0  # fp32 dots that a GPU makes in TF32, as it does unless told "ieee", or of two bf16 parts
    other_flops: int = 0  # an operation on an element each; counted only with `arithmetic`
    tiles: Counter[tuple[int, ...]] = field(default_factory=Counter)  # products by (M, K, N)
    masked_tiles: int = 0  # loads of blocks with two dimensions, under a mask
    library: dict[str, Site] = field(
        default_factory=dict
    )  # Triton's own jitted functions, and where the learner first calls each


@contextmanager
def counted(arithmetic: bool = False) -> Iterator[Counts]:
    """Count while the block runs."""
    counts, edits = Counts(), Edits()
    _count_dots(counts, edits)
    _count_exponentials(counts, edits)
    _count_masked_tiles(counts, edits)
    _note_library(counts, edits)
    if arithmetic:
        _count_operations(counts, edits)
        _count_reductions(counts, edits)
    try:
        yield counts
    finally:
        edits.undo()


def _count_dots(counts: Counts, edits: Edits) -> None:
    builder = interpreter.InterpreterBuilder
    dot, precisions = builder.create_dot, interpreter._ir.INPUT_PRECISION
    coarse = [getattr(precisions, name) for name in ("TF32", "BF16x3") if hasattr(precisions, name)]

    def create_dot(self: Any, a: Any, b: Any, d: Any, input_precision: Any, *rest: Any) -> Any:
        counts.dot_flops += 2 * a.data.size * b.data.shape[-1]
        counts.tiles[(a.data.shape[-2], a.data.shape[-1], b.data.shape[-1])] += 1
        counts.tf32_dots += a.dtype.scalar == tl.float32 and input_precision in coarse
        return dot(self, a, b, d, input_precision, *rest)

    edits.set(builder, "create_dot", create_dot)


def _count_masked_tiles(counts: Counts, edits: Edits) -> None:
    load = TritonSemantic.load

    def counted_load(self: Any, ptr: Any, mask: Any, *rest: Any, **options: Any) -> Any:
        counts.masked_tiles += mask is not None and len(getattr(ptr, "shape", ())) > 1
        return load(self, ptr, mask, *rest, **options)

    edits.set(TritonSemantic, "load", counted_load)


def _note_library(counts: Counts, edits: Edits) -> None:
    call = interpreter.InterpretedFunction.__call__

    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        name = self.fn.__name__
        if name not in counts.library and self.fn.__module__.startswith("triton.language"):
            counts.library[name] = site(learner_frame())
        return call(self, *args, **kwargs)

    edits.set(interpreter.InterpretedFunction, "__call__", noted)


def _count_exponentials(counts: Counts, edits: Edits) -> None:
    builder = interpreter.InterpreterBuilder

    def counting(create: Any) -> Any:
        def exponential(self: Any, arg: Any) -> Any:
            counts.exponentials += arg.data.size
            return create(self, arg)

        return exponential

    edits.set(builder, "create_exp", counting(builder.create_exp))
    edits.set(builder, "create_exp2", counting(builder.create_exp2))


def _count_operations(counts: Counts, edits: Edits) -> None:
    builder = interpreter.InterpreterBuilder

    def counting(create: Any, flops: int) -> Any:
        def operation(self: Any, arg: Any, *others: Any) -> Any:
            counts.other_flops += flops * arg.data.size
            return create(self, arg, *others)

        return operation

    for name, flops in _OPERATIONS.items():
        edits.set(builder, name, counting(getattr(builder, name), flops))


def _count_reductions(counts: Counts, edits: Edits) -> None:
    """A reduction of n elements to one is n - 1 operations. One with a function of the learner's counts by itself."""
    reductions = interpreter.ReduceOps

    def counting(reduce: Any) -> Any:
        def reduction(self: Any, input: Any, *args: Any, **kwargs: Any) -> Any:
            result = reduce(self, input, *args, **kwargs)
            whole, rest = _first(input), _first(result)
            if whole.dtype.scalar.is_floating():
                counts.other_flops += whole.handle.data.size - rest.handle.data.size
            return result

        return reduction

    for name in _REDUCTIONS:
        edits.set(reductions, name, counting(getattr(reductions, name)))


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value
