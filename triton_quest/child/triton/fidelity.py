"""Where Triton's interpreter silently differs from a GPU, or refuses what a GPU accepts: made the same here.

What is said of a GPU's numbers was seen on an H200, beside the interpreter. What differs loudly (a kernel that doesn't
compile) is for the front end.
"""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import triton.language as tl
from triton.runtime import interpreter

from .bf16 import decode, encode, is_bf16
from .patching import Edits, Need, Patch

_INTERPRETER = "triton.runtime.interpreter"


def _silence_numpy(edits: Edits) -> None:
    """`-inf - -inf` is NaN on a GPU, without a word; NumPy warns of it, in two different ways."""
    launch = interpreter.GridExecutor.__call__

    def run_launch(executor: Any, *args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return launch(executor, *args, **kwargs)

    edits.set(interpreter.GridExecutor, "__call__", run_launch)


def _type_scalar_arguments(edits: Edits) -> None:
    """A float argument is an fp32 scalar on a GPU: `fp16 * scale` is fp32 there. A bool argument is an int1."""
    convert = interpreter._implicit_cvt

    def implicit_cvt(arg: Any) -> Any:
        if isinstance(arg, bool):
            return tl.tensor(interpreter.TensorHandle(np.array([arg], dtype=np.bool_), tl.int1), tl.int1)
        if isinstance(arg, float):
            return tl.tensor(interpreter.TensorHandle(np.array([arg], dtype=np.float32), tl.float32), tl.float32)
        return convert(arg)

    edits.set(interpreter, "_implicit_cvt", implicit_cvt)


def _wrap_booleans(edits: Edits) -> None:
    """An int1 is an integer of one bit: 1 + 1 is 0, and 0 - 1 is 1. NumPy says `or`, and refuses to subtract."""
    builder = interpreter.InterpreterBuilder
    binary = builder.binary_op

    def binary_op(self: Any, lhs: Any, rhs: Any, op: Any) -> Any:
        if op in (np.add, np.subtract) and lhs.data.dtype == rhs.data.dtype == np.bool_:
            op = np.logical_xor
        return binary(self, lhs, rhs, op)

    edits.set(builder, "binary_op", binary_op)


def _drop_nan_in_extremes(edits: Edits) -> None:
    """`tl.maximum(x, nan)` is x on a GPU unless told to propagate NaN."""
    builder = interpreter.InterpreterBuilder
    edits.set(builder, "create_minnumf", lambda self, lhs, rhs: self.binary_op(lhs, rhs, np.fmin))
    edits.set(builder, "create_maxnumf", lambda self, lhs, rhs: self.binary_op(lhs, rhs, np.fmax))


def _index_rows_of_nan(edits: Edits) -> None:
    """`tl.argmax` never raises: among NaN the index is any, so the first number wins, or lane 0 where there is none."""
    reduce = interpreter.ReduceOps
    min_max = reduce.min_max

    def total(pick: Callable[..., Any], worst: float) -> Callable[..., Any]:
        return lambda data, **kwargs: pick(np.where(np.isnan(data), worst, data), **kwargs)

    by_index = {
        np.argmin: (np.nanmin, total(np.argmin, np.inf)),
        np.nanargmin: (np.nanmin, total(np.argmin, np.inf)),
        np.argmax: (np.nanmax, total(np.argmax, -np.inf)),
        np.nanargmax: (np.nanmax, total(np.argmax, -np.inf)),
    }

    def min_max_of(self: Any, input: Any, val_reduce_op: Any, idx_reduce_op: Any = None) -> Any:
        block = input[0] if isinstance(input, tuple) else input
        if block.dtype.is_floating():
            val_reduce_op, idx_reduce_op = by_index.get(idx_reduce_op, (val_reduce_op, idx_reduce_op))
        return min_max(self, input, val_reduce_op, idx_reduce_op)

    edits.set(reduce, "min_max", min_max_of)


def _sum_by_halves(values: npt.NDArray[Any], axis: int | None, rounded: Callable[[Any], Any]) -> npt.NDArray[Any]:
    rows = values.ravel() if axis is None else np.moveaxis(values, axis, 0)
    while len(rows) > 1 and len(rows) % 2 == 0:
        half = len(rows) // 2
        rows = rounded(rows[:half] + rows[half:])
    return np.asarray(rows[0] if len(rows) == 1 else rounded(rows.sum(axis=0, dtype=np.float32)))


def _round_half_sums(edits: Edits) -> None:
    """A GPU adds fp16 and bf16 blocks as a tree and rounds each partial sum; NumPy rounds once, at the end."""
    reduce = interpreter.ReduceOps
    add_up = reduce.sum

    def sum_of(self: Any, input: Any) -> Any:
        if not (is_bf16(input.dtype) or input.dtype == tl.float16):
            return add_up(self, input)
        data = input.handle.data
        if is_bf16(input.dtype):
            total = encode(_sum_by_halves(decode(data), self.axis, lambda sums: decode(encode(sums))))
        else:
            total = _sum_by_halves(data, self.axis, lambda sums: sums.astype(np.float16))
        if self.keep_dims:
            total = total.reshape([1] * data.ndim) if self.axis is None else np.expand_dims(total, self.axis)
        return self.to_tensor(total, input.dtype)

    edits.set(reduce, "sum", sum_of)


def _wrap_integer_results(edits: Edits) -> None:
    """A sum of int32 wraps around on a GPU; NumPy makes it an int64, which Triton 3.6 and 3.7 then refuse to narrow."""
    reduce_scan = interpreter.ReduceScanOpInterface
    convert = reduce_scan.to_tensor

    def to_tensor(self: Any, ret: Any, dtype: Any) -> Any:
        if not np.ndim(ret) and np.asarray(ret).dtype.kind in "iu":
            ret = np.asarray(ret).astype(interpreter._get_np_dtype(dtype))[()]
        return convert(self, ret, dtype)

    edits.set(reduce_scan, "to_tensor", to_tensor)


def _invert_unsigned(edits: Edits) -> None:
    """`~x` on an unsigned block: NumPy has no -1 there."""
    builder = interpreter.InterpreterBuilder
    all_ones = builder.get_all_ones_value

    def get_all_ones_value(self: Any, type: Any) -> Any:
        dtype = interpreter._get_np_dtype(type)
        if dtype.kind != "u" or is_bf16(type):
            return all_ones(self, type)
        return interpreter.TensorHandle(np.full(1, np.iinfo(dtype).max, dtype=dtype), type.scalar)

    edits.set(builder, "get_all_ones_value", get_all_ones_value)


def _index_with_scalars(edits: Edits) -> None:
    """NumPy 2.4 turns no array of one element into an int any more; Triton 3.6 asks it to for each loop bound."""
    patch_tensor = interpreter._patch_lang_tensor

    def patch_lang_tensor(tensor: Any, scope: Any) -> None:
        patch_tensor(tensor, scope)
        scope.set_attr(tensor, "__index__", lambda self: int(self.handle.data.item()))

    edits.set(interpreter, "_patch_lang_tensor", patch_lang_tensor)


def _find_def_by_parsing(edits: Edits) -> None:
    """Triton takes the last line that starts with "def " for the function's own, in a docstring too."""
    rewriter = interpreter.FunctionRewriter
    find_def = rewriter._find_def

    def find(self: Any, lines: list[str]) -> int:
        places = [number for number, line in enumerate(lines, start=1) if line.lstrip().startswith("def ")]
        if len(places) == 1:
            return places[0]
        try:
            return ast.parse(textwrap.dedent("".join(lines))).body[0].lineno
        except (SyntaxError, IndexError):
            return int(find_def(self, lines))

    edits.set(rewriter, "_find_def", find)


def _leave_no_names(edits: Edits) -> None:
    """Rewriting a kernel fills its module with Triton's own names: a forgotten `import math` would work, here only."""
    rewriter = interpreter.FunctionRewriter
    compile_and_exec = rewriter._compile_and_exec

    def compile_and_clean(self: Any, transformed_ast: Any) -> Any:
        names = self.fn.__globals__
        before = set(names)
        function = compile_and_exec(self, transformed_ast)
        rewritten = {node.id for node in ast.walk(transformed_ast) if isinstance(node, ast.Name)}
        needed = rewritten - set(self.fn.__code__.co_names) | {"tl"}  # Triton looks for `tl` at each launch
        for name in set(names) - before - needed:
            del names[name]
        return function

    edits.set(rewriter, "_compile_and_exec", compile_and_clean)


def _builder(name: str, *parameters: str) -> Need:
    return Need(f"{_INTERPRETER}:InterpreterBuilder.{name}", ("self", *parameters))


_HANDLE = Need(f"{_INTERPRETER}:TensorHandle.__init__", ("self", "data", "dtype", "attr"))
_MIN_MAX = Need(f"{_INTERPRETER}:ReduceOps.min_max", ("self", "input", "val_reduce_op", "idx_reduce_op"))
_LAUNCH = Need(f"{_INTERPRETER}:GridExecutor.__call__", ("self", "args_dev", "kwargs"))
_REWRITER = f"{_INTERPRETER}:FunctionRewriter"

PATCHES = (
    Patch("no NumPy warnings", _silence_numpy, (_LAUNCH,)),
    Patch(
        "scalar arguments typed",
        _type_scalar_arguments,
        (_HANDLE, Need(f"{_INTERPRETER}:_implicit_cvt", ("arg",))),
    ),
    Patch("booleans wrap around", _wrap_booleans, (_builder("binary_op", "lhs", "rhs", "op"),)),
    Patch("NaN dropped by minimum and maximum", _drop_nan_in_extremes, (_builder("binary_op", "lhs", "rhs", "op"),)),
    Patch("argmax among NaN", _index_rows_of_nan, (_MIN_MAX,)),
    Patch(
        "half sums rounded",
        _round_half_sums,
        (
            Need(f"{_INTERPRETER}:ReduceOps.sum", ("self", "input")),
            Need(f"{_INTERPRETER}:ReduceOps.to_tensor", ("self", "ret", "dtype")),
        ),
    ),
    Patch(
        "integer sums wrap around",
        _wrap_integer_results,
        (Need(f"{_INTERPRETER}:ReduceScanOpInterface.to_tensor", ("self", "ret", "dtype")),),
    ),
    Patch("unsigned inversion", _invert_unsigned, (_HANDLE, _builder("get_all_ones_value", "type"))),
    Patch(
        "runtime loop bounds",
        _index_with_scalars,
        (Need(f"{_INTERPRETER}:_patch_lang_tensor", ("tensor", "scope")),),
    ),
    Patch("def found by parsing", _find_def_by_parsing, (Need(f"{_REWRITER}._find_def", ("self", "lines")),)),
    Patch(
        "no names left behind",
        _leave_no_names,
        (Need(f"{_REWRITER}._compile_and_exec", ("self", "transformed_ast")),),
    ),
)
