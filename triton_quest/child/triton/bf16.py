"""bfloat16 in Triton's interpreter, which keeps bf16 as uint16 and computes on the raw bits.

Here each operation is made on the float32 values and rounded once to bf16, nearest even, as PyTorch does on the CPU.
Moving data (transposing, broadcasting, selecting) is right on the bits and stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import triton.language as tl
from triton.runtime import interpreter

from .patching import Edits, Need, Patch

_INTERPRETER = "triton.runtime.interpreter"
_BITWISE = (np.bitwise_and, np.bitwise_or, np.bitwise_xor)


def decode(bits: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The float32 values of bf16 bit patterns; exact."""
    return (np.asarray(bits).astype(np.uint32) << np.uint32(16)).view(np.float32)


def encode(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The bf16 bit patterns nearest to the values, ties to even; infinities and NaN stay what they are."""
    values = np.asarray(values, dtype=np.float32)
    bits = values.view(np.uint32)
    high = bits >> np.uint32(16)
    rounded = ((bits + np.uint32(0x7FFF) + (high & np.uint32(1))) >> np.uint32(16)).astype(np.uint16)
    unordered = np.isnan(values)
    return np.where(unordered, high.astype(np.uint16) | np.uint16(0x40), rounded) if unordered.any() else rounded


def truncate(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The bf16 bit patterns next to the values towards zero."""
    values = np.asarray(values, dtype=np.float32)
    high = (values.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
    return np.where(np.isnan(values), high | np.uint16(0x40), high)


def is_bf16(dtype: Any) -> bool:
    return bool(dtype.scalar.name == tl.bfloat16.name)


def _handle(values: npt.NDArray[Any]) -> Any:
    return interpreter.TensorHandle(encode(values), tl.bfloat16)


def _widened(handle: Any) -> Any:
    return interpreter.TensorHandle(decode(handle.data), tl.float32) if is_bf16(handle.dtype) else handle


def _widened_tensor(tensor: Any) -> Any:
    ty = tl.block_type(tl.float32, list(tensor.type.shape)) if tensor.type.is_block() else tl.float32
    return tl.tensor(_widened(tensor.handle), ty)


def _narrowed_tensor(tensor: Any) -> Any:
    if tensor.dtype != tl.float32:  # the index beside a maximum
        return tensor
    ty = tl.block_type(tl.bfloat16, list(tensor.type.shape)) if tensor.type.is_block() else tl.bfloat16
    return tl.tensor(_handle(tensor.handle.data), ty)


def _compute_in_float32(edits: Edits) -> None:
    builder = interpreter.InterpreterBuilder
    binary, unary, ternary, fma = builder.binary_op, builder.unary_op, builder.ternary_op, builder.create_fma

    def binary_op(self: Any, lhs: Any, rhs: Any, op: Any) -> Any:
        if not is_bf16(lhs.dtype) or op in _BITWISE:
            return binary(self, lhs, rhs, op)
        values = op(decode(lhs.data), decode(rhs.data))
        return interpreter.TensorHandle(values, tl.int1) if values.dtype == np.bool_ else _handle(values)

    def unary_op(self: Any, arg: Any, op: Any) -> Any:
        return _handle(op(decode(arg.data))) if is_bf16(arg.dtype) else unary(self, arg, op)

    def ternary_op(self: Any, lhs: Any, rhs: Any, other: Any, op: Any) -> Any:
        if not is_bf16(lhs.dtype):  # `where` has a condition here, and is right on the bits
            return ternary(self, lhs, rhs, other, op)
        return _handle(op(decode(lhs.data), decode(rhs.data), decode(other.data)))

    def create_fma(self: Any, x: Any, y: Any, z: Any) -> Any:
        if not is_bf16(z.dtype):
            return fma(self, x, y, z)
        return _handle(fma(self, _widened(x), _widened(y), _widened(z)).data)

    edits.set(builder, "binary_op", binary_op)
    edits.set(builder, "unary_op", unary_op)
    edits.set(builder, "ternary_op", ternary_op)
    edits.set(builder, "create_fma", create_fma)


def _cast_through_float32(edits: Edits) -> None:
    builder = interpreter.InterpreterBuilder
    cast, convert = builder.cast_impl, builder.create_fp_to_fp

    def cast_impl(self: Any, src: Any, dst_type: Any) -> Any:
        if is_bf16(src.dtype) == is_bf16(dst_type):
            return cast(self, src, dst_type)
        if is_bf16(dst_type):
            return _handle(src.data.astype(np.float32))
        return cast(self, _widened(src), dst_type)

    def create_fp_to_fp(self: Any, src: Any, dst_type: Any, rounding_mode: Any) -> Any:
        one_byte = 8 in (src.dtype.scalar.primitive_bitwidth, dst_type.scalar.primitive_bitwidth)
        if one_byte or is_bf16(src.dtype) == is_bf16(dst_type):
            return convert(self, src, dst_type, rounding_mode)
        if rounding_mode == interpreter._ir.ROUNDING_MODE.RTZ and is_bf16(dst_type):
            return interpreter.TensorHandle(truncate(src.data), tl.bfloat16)
        return cast_impl(self, src, dst_type)

    def get_bf16(self: Any, value: float) -> Any:
        return _handle(np.array([value], dtype=np.float32))

    edits.set(builder, "cast_impl", cast_impl)
    edits.set(builder, "create_fp_to_fp", create_fp_to_fp)
    edits.set(builder, "get_bf16", get_bf16)


def _dot_in_float32(edits: Edits) -> None:
    builder = interpreter.InterpreterBuilder
    dot = builder.create_dot

    def create_dot(self: Any, a: Any, b: Any, d: Any, *rest: Any) -> Any:
        result = dot(self, _widened(a), _widened(b), _widened(d), *rest)
        return _handle(result.data) if is_bf16(d.dtype) else result

    edits.set(builder, "create_dot", create_dot)


def _reduce_in_float32(edits: Edits) -> None:
    """Only NumPy's own reductions need it: a combining function of the learner's computes in bf16 by itself."""

    def wrap(method: Callable[..., Any]) -> Callable[..., Any]:
        def reduce(self: Any, input: Any, *args: Any, **kwargs: Any) -> Any:
            block = input[0] if isinstance(input, tuple) else input
            if not is_bf16(block.dtype):
                return method(self, input, *args, **kwargs)
            found = method(self, _widened_tensor(block), *args, **kwargs)
            if isinstance(found, tl.tensor):
                return _narrowed_tensor(found)
            return type(found)([_narrowed_tensor(part) for part in found])

        return reduce

    for owner, name in (
        (interpreter.ReduceOps, "min_max"),
        (interpreter.ReduceOps, "sum"),
        (interpreter.ScanOps, "cumsum"),
        (interpreter.ScanOps, "cumprod"),
    ):
        edits.set(owner, name, wrap(getattr(owner, name)))


def _add_atomically(edits: Edits) -> None:
    """Triton's memory functions know no bf16 addition: compare and swap, lane by lane, as a GPU without one does."""
    builder = interpreter.InterpreterBuilder
    atomic = builder.create_atomic_rmw

    def create_atomic_rmw(self: Any, rmwOp: Any, ptr: Any, val: Any, mask: Any, sem: Any, scope: Any) -> Any:
        if not is_bf16(val.dtype):
            return atomic(self, rmwOp, ptr, val, mask, sem, scope)
        shape = ptr.data.shape
        values, active = (np.broadcast_to(part.data, shape) for part in (val, mask))
        before = np.zeros(shape, dtype=np.uint16)
        order = self.ir_sem_to_interpreter_sem[sem]
        nothing = np.zeros(1, dtype=np.uint16)
        for lane in zip(*np.nonzero(active), strict=True):
            address = ptr.data[lane].reshape(1)
            old = interpreter._interpreter.atomic_cas(address, nothing, nothing, order)
            new = encode(decode(old) + decode(values[lane].reshape(1)))
            interpreter._interpreter.atomic_cas(address, old, new, order)
            before[lane] = old[0]
        return interpreter.TensorHandle(before, tl.bfloat16)

    edits.set(builder, "create_atomic_rmw", create_atomic_rmw)


def _show_values(edits: Edits) -> None:
    """`print(x)` and `tl.device_print` in a kernel show values, not bit patterns."""
    patch_tensor, device_print = interpreter._patch_lang_tensor, interpreter.InterpreterBuilder.create_print

    def patch_lang_tensor(tensor: Any, scope: Any) -> None:
        patch_tensor(tensor, scope)
        scope.set_attr(tensor, "__repr__", lambda self: repr(_widened(self.handle).data))
        scope.set_attr(tensor, "__str__", lambda self: str(_widened(self.handle).data))

    def create_print(self: Any, prefix: Any, hex: Any, values: Any, isSigned: Any) -> Any:
        return device_print(self, prefix, hex, values if hex else [_widened(value) for value in values], isSigned)

    edits.set(interpreter, "_patch_lang_tensor", patch_lang_tensor)
    edits.set(interpreter.InterpreterBuilder, "create_print", create_print)


def _builder(name: str, *parameters: str) -> Need:
    return Need(f"{_INTERPRETER}:InterpreterBuilder.{name}", ("self", *parameters))


_HANDLE = Need(f"{_INTERPRETER}:TensorHandle.__init__", ("self", "data", "dtype", "attr"))

PATCHES = (
    Patch(
        "bf16 arithmetic",
        _compute_in_float32,
        (
            _HANDLE,
            _builder("binary_op", "lhs", "rhs", "op"),
            _builder("unary_op", "arg", "op"),
            _builder("ternary_op", "lhs", "rhs", "other", "op"),
            _builder("create_fma", "x", "y", "z"),
        ),
    ),
    Patch(
        "bf16 casts",
        _cast_through_float32,
        (
            _HANDLE,
            _builder("cast_impl", "src", "dst_type"),
            _builder("create_fp_to_fp", "src", "dst_type", "rounding_mode"),
            Need(f"{_INTERPRETER}:_ir.ROUNDING_MODE.RTZ"),
        ),
    ),
    Patch(
        "bf16 dot",
        _dot_in_float32,
        (_HANDLE, _builder("create_dot", "a", "b", "d", "input_precision", "max_num_imprecise_acc")),
    ),
    Patch(
        "bf16 reductions",
        _reduce_in_float32,
        (
            _HANDLE,
            Need(f"{_INTERPRETER}:ReduceOps.min_max", ("self", "input", "val_reduce_op", "idx_reduce_op")),
            Need(f"{_INTERPRETER}:ReduceOps.sum", ("self", "input")),
            Need(f"{_INTERPRETER}:ScanOps.cumsum", ("self", "input")),
            Need(f"{_INTERPRETER}:ScanOps.cumprod", ("self", "input")),
        ),
    ),
    Patch(
        "bf16 atomic addition",
        _add_atomically,
        (
            _HANDLE,
            _builder("create_atomic_rmw", "rmwOp", "ptr", "val", "mask", "sem", "scope"),
            _builder("create_atomic_cas", "ptr", "cmp", "val", "sem", "scope"),
            Need(f"{_INTERPRETER}:InterpreterBuilder.ir_sem_to_interpreter_sem"),
            Need(f"{_INTERPRETER}:_interpreter.atomic_cas"),
        ),
    ),
    Patch(
        "bf16 printed as values",
        _show_values,
        (
            Need(f"{_INTERPRETER}:_patch_lang_tensor", ("tensor", "scope")),
            _builder("create_print", "prefix", "hex", "values", "isSigned"),
        ),
    ),
)
