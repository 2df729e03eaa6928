"""Counts the arithmetic that matters while kernels run: matrix products, exponentials, and dots in TF32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import triton.language as tl
from triton.runtime import interpreter

from .patching import Edits


@dataclass
class Counts:
    """Summed over all launches inside the block."""

    dot_flops: int = 0  # 2 * M * N * K for each tl.dot
    exponentials: int = 0  # elements
    tf32_dots: int = 0  # fp32 dots that a GPU makes in TF32, as it does unless told "ieee"


@contextmanager
def counted() -> Iterator[Counts]:
    """Count while the block runs."""
    builder, counts, edits = interpreter.InterpreterBuilder, Counts(), Edits()
    dot, tf32 = builder.create_dot, interpreter._ir.INPUT_PRECISION.TF32

    def create_dot(self: Any, a: Any, b: Any, d: Any, input_precision: Any, *rest: Any) -> Any:
        counts.dot_flops += 2 * a.data.size * b.data.shape[-1]
        counts.tf32_dots += a.dtype.scalar == tl.float32 and input_precision == tf32
        return dot(self, a, b, d, input_precision, *rest)

    def counting(create: Any) -> Any:
        def exponential(self: Any, arg: Any) -> Any:
            counts.exponentials += arg.data.size
            return create(self, arg)

        return exponential

    edits.set(builder, "create_dot", create_dot)
    edits.set(builder, "create_exp", counting(builder.create_exp))
    edits.set(builder, "create_exp2", counting(builder.create_exp2))
    try:
        yield counts
    finally:
        edits.undo()
