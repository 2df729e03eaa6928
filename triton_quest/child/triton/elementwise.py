"""Operations on single elements that a GPU has and the interpreter lacks: libdevice's functions and `tl.map_elementwise`.

Inline assembly and functions of other libraries can't be interpreted: they raise `NotInterpretable`.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import triton.language as tl
from triton.runtime import interpreter

from . import libdevice
from .patching import Edits, Need, Patch
from .unverifiable import NotInterpretable

_INTERPRETER = "triton.runtime.interpreter"
_LIBDEVICE, _CUDA_LIBDEVICE = "triton.language.extra.libdevice", "triton.language.extra.cuda.libdevice"


class _NeedsOneElement(Exception):
    """A mapped function asks for a truth value, which a block has none of."""


def _compute_externals(edits: Edits) -> None:
    """`libdevice.exp(x)` has no body without a compiler: Triton's own wrapper for CUDA picks the symbol by the dtype."""
    generic, cuda = importlib.import_module(_LIBDEVICE), importlib.import_module(_CUDA_LIBDEVICE)
    for name, function in inspect.getmembers(cuda, inspect.isfunction):
        if function.__module__ != cuda.__name__:
            continue
        edits.set(cuda, name, _with_a_semantic(function, cuda))
        if hasattr(generic, name):
            edits.set(generic, name, _with_a_semantic(function, generic))
    edits.set(interpreter.InterpreterBuilder, "create_extern_elementwise", _create_extern_elementwise)
    edits.set(interpreter.InterpreterBuilder, "create_inline_asm", _refuse_inline_asm)


def _with_a_semantic(function: Callable[..., Any], module: ModuleType) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, _semantic: Any = None) -> Any:
        return function(*args, _semantic=_semantic or interpreter.interpreter_semantic)

    call.__module__ = module.__name__  # by this name the compiler finds the function of its own target
    return call


def _create_extern_elementwise(
    self: Any, library: str, path: str, symbol: str, arguments: list[Any], result_type: Any, is_pure: bool
) -> Any:
    function = libdevice.function_of(symbol)
    if function is None:
        raise NotInterpretable(f"`{symbol}` of a library")
    dtype = result_type.scalar
    data = function(*np.broadcast_arrays(*(argument.data for argument in arguments)))
    return interpreter.TensorHandle(np.asarray(data).astype(interpreter._get_np_dtype(dtype)), dtype)


def _refuse_inline_asm(self: Any, *args: Any) -> Any:
    raise NotInterpretable("inline assembly")


def map_elementwise(scalar_fn: Any, *args: Any, pack: int = 1, **_: Any) -> Any:
    """`tl.map_elementwise`, on whole blocks where the function doesn't branch, else element by element."""
    pack = getattr(pack, "value", pack)
    semantic = interpreter.interpreter_semantic
    blocks = semantic.broadcast_tensors(*map(semantic.to_tensor, args))
    shape = blocks[0].handle.data.shape
    lanes = [block.handle.data.reshape(-1, pack) for block in blocks]
    inputs = [(lane[:, place], block.dtype) for lane, block in zip(lanes, blocks, strict=True) for place in range(pack)]
    try:
        columns, single = _on_blocks(scalar_fn, inputs)
    except _NeedsOneElement:
        columns, single = _one_by_one(scalar_fn, inputs)
    results = [
        _tensor(np.stack([data for data, _ in columns[at : at + pack]], axis=1).reshape(shape), columns[at][1])
        for at in range(0, len(columns), pack)
    ]
    return results[0] if single else tuple(results)


def _tensor(data: Any, dtype: Any) -> Any:
    data = np.ascontiguousarray(data)
    return tl.tensor(
        interpreter.TensorHandle(data, dtype), tl.block_type(dtype, list(data.shape)) if data.ndim else dtype
    )


def _results(scalar_fn: Any, inputs: list[Any]) -> tuple[list[Any], bool]:
    """What the function returns, as tensors, and whether that is one and no tuple."""
    returned = scalar_fn(*inputs)
    several = returned if isinstance(returned, tuple) else (returned,)
    return [interpreter.interpreter_semantic.to_tensor(value) for value in several], several is not returned


def _on_blocks(scalar_fn: Any, inputs: list[tuple[Any, Any]]) -> tuple[list[tuple[Any, Any]], bool]:
    def refuse(block: Any) -> bool:
        if block.handle.data.size != 1:
            raise _NeedsOneElement
        return bool(block.handle.data)

    lanes, edits = len(inputs[0][0]), Edits()
    edits.set(tl.tensor, "__bool__", refuse)
    try:
        results, single = _results(scalar_fn, [_tensor(data, dtype) for data, dtype in inputs])
    except Exception as error:
        if isinstance(_first_cause(error), _NeedsOneElement):
            raise _NeedsOneElement from None
        raise
    finally:
        edits.undo()
    return [(np.broadcast_to(one.handle.data.reshape(-1), (lanes,)), one.dtype) for one in results], single


def _one_by_one(scalar_fn: Any, inputs: list[tuple[Any, Any]]) -> tuple[list[tuple[Any, Any]], bool]:
    rows, single = [], False
    for lane in range(len(inputs[0][0])):
        scalars = [interpreter.TensorHandle(data[lane : lane + 1].copy(), dtype) for data, dtype in inputs]
        results, single = _results(scalar_fn, [tl.tensor(handle, handle.dtype) for handle in scalars])
        rows.append(results)
    columns = zip(*rows, strict=True)
    joined = [(np.concatenate([one.handle.data.reshape(-1) for one in column]), column[0].dtype) for column in columns]
    return joined, single


def _first_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _map_in_the_language(edits: Edits) -> None:
    """Triton patches `tl.reduce` and `tl.associative_scan` for each launch, in the same way."""
    patch = interpreter._patch_reduce_scan

    def patch_reduce_scan(scope: Any) -> None:
        patch(scope)
        for module in (tl, tl.core):
            scope.set_attr(module, "map_elementwise", map_elementwise)

    edits.set(interpreter, "_patch_reduce_scan", patch_reduce_scan)


PATCHES = (
    Patch(
        "libdevice computed",
        _compute_externals,
        (
            Need(f"{_INTERPRETER}:InterpreterBuilder.create_extern_elementwise"),
            Need(f"{_INTERPRETER}:InterpreterBuilder.create_inline_asm"),
            Need(f"{_CUDA_LIBDEVICE}:exp", ("arg0", "_semantic")),
            Need(f"{_LIBDEVICE}:exp", ("arg0",)),
        ),
    ),
    Patch(
        "functions mapped",
        _map_in_the_language,
        (Need(f"{_INTERPRETER}:_patch_reduce_scan", ("scope",)), Need("triton.language:map_elementwise")),
    ),
)
