"""Speed-ups for Triton's interpreter that change no result: they leave out work whose outcome is known.

The interpreter costs Python time per `tl` operation, hardly any per element; so that is where they save.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import triton.language as tl
from triton.runtime import interpreter

from .language import place_of, twin_of_function
from .patching import Edits, Need, Patch

_INTERPRETER = "triton.runtime.interpreter"
_CORE = "triton.language.core"


def _skip_overflow_checks(edits: Edits) -> None:
    """Every integer operation is computed again in int64 for an assertion that the interpreter never makes."""
    builder = interpreter.interpreter_builder
    if builder.options.debug:
        raise ValueError("the assertions are active")
    edits.set(builder, "options", dataclasses.replace(builder.options, sanitize_overflow=False))


class _NothingToRestore:
    def restore(self) -> None: ...


class _LanguagePatches:
    """Patches each language module once per launch, and puts all of them back when the outermost launch ends.

    Triton walks through every member of `tl`, `tl.tensor` and `tl.math` for the kernel and again for each call of a
    device function (`tl.sum` and `tl.zeros` are such), and never puts those later ones back.
    """

    def __init__(self, patch: Callable[[Any], Any]) -> None:
        self._patch = patch
        self._depth = 0  # of launches and device functions inside each other
        self._patched: set[Any] = set()
        self._scopes: list[Any] = []
        self._visible: dict[Any, frozenset[Any]] = {}

    @property
    def running(self) -> bool:
        return self._depth > 0

    def patch(self, fn: Any) -> Any:
        if not self.running:
            return self._patch(fn)
        modules = self._visible.get(fn)
        if modules is None:
            shown = [value for value in fn.__globals__.values() if inspect.ismodule(value)]
            modules = self._visible[fn] = frozenset(module for module in shown if module in (tl, tl.core))
        if not modules or not modules <= self._patched:
            self._scopes.append(self._patch(fn))
            self._patched |= modules
        return _NothingToRestore()

    @contextmanager
    def launch(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                self._patched.clear()
                while self._scopes:
                    self._scopes.pop().restore()


def _patch_language_once(edits: Edits) -> None:
    patches = _LanguagePatches(interpreter._patch_lang)
    launch, device_call = interpreter.GridExecutor.__call__, interpreter.InterpretedFunction.__call__

    def run_launch(executor: Any, *args: Any, **kwargs: Any) -> Any:
        with patches.launch():
            return launch(executor, *args, **kwargs)

    def run_device_function(function: Any, *args: Any, **kwargs: Any) -> Any:
        if patches.running:
            return device_call(function, *args, **kwargs)
        with patches.launch():  # called from the host: without this, `tl` would stay patched
            return device_call(function, *args, **kwargs)

    edits.set(interpreter, "_patch_lang", patches.patch)
    edits.set(interpreter.GridExecutor, "__call__", run_launch)
    edits.set(interpreter.InterpretedFunction, "__call__", run_device_function)


def _remember_numpy_dtypes(edits: Edits) -> None:
    """Triton builds a dictionary of twenty types for each question of which NumPy type one of its own is."""
    look_up = interpreter._get_np_dtype
    address = np.dtype(np.uint64)
    known: dict[str, np.dtype[Any]] = {}

    def numpy_dtype(tt_dtype: Any) -> np.dtype[Any]:
        element = tt_dtype.element_ty if isinstance(tt_dtype, tl.block_type) else tt_dtype
        if isinstance(element, tl.pointer_type):
            return address
        found = known.get(element.name)
        if found is None:
            found = known[element.name] = look_up(element)
        return found

    edits.set(interpreter, "_get_np_dtype", numpy_dtype)


def _remember_block_types(edits: Edits) -> None:
    """Name, shape and size of a block type follow from its element's name and its shape: work them out once."""
    construct = tl.block_type.__init__
    known: dict[tuple[Any, ...], dict[str, Any]] = {}
    if set(vars(tl.block_type(tl.int32, [2]))) != {"element_ty", "shape", "numel", "name"}:
        raise ValueError("a block type holds other fields than those known")

    def init(self: Any, element_ty: Any, shape: Any) -> None:
        sizes = [getattr(size, "value", size) for size in shape]
        if not all(type(size) is int for size in sizes):
            construct(self, element_ty, shape)  # a mistake: Triton's own error says which
            return
        key = (element_ty.name, *sizes)
        fields = known.get(key)
        if fields is None:
            construct(self, element_ty, shape)
            known[key] = dict(vars(self))
        else:
            vars(self).update(fields)
            self.element_ty = element_ty

    edits.set(tl.block_type, "__init__", init)


def _remember_tensor_shapes(edits: Edits) -> None:
    """The constexpr objects of a tensor's shape are the same for each tensor of that shape."""
    construct = tl.tensor.__init__
    known: dict[tuple[Any, ...], tuple[Any, Any]] = {}
    if set(vars(tl.tensor(None, tl.int32))) != {"handle", "shape", "numel", "type", "dtype"}:
        raise ValueError("a tensor holds other fields than those known")

    def init(self: Any, handle: Any, type: Any) -> None:
        key = tuple(type.shape) if type.is_block() else ()
        shared = known.get(key)
        if shared is None:
            construct(self, handle, type)
            known[key] = (self.shape, self.numel)
        else:
            self.handle, self.type, self.dtype = handle, type, type.scalar
            self.shape, self.numel = shared

    edits.set(tl.tensor, "__init__", init)


def _check_handles_quickly(edits: Edits) -> None:
    """How wide the numbers of a type may be is worked out once for each type."""
    handle, pointer = interpreter.TensorHandle, tl.pointer_type
    construct, most = handle.__init__, dict[str, int]()
    if set(vars(handle(np.zeros(1, np.int32), tl.int32))) != {"data", "dtype", "attr"}:
        raise ValueError("a handle holds other fields than those known")

    def init(self: Any, data: Any, dtype: Any, attr: Any = None) -> None:
        widest = most.get(dtype.name)
        if widest is None:
            is_pointer = isinstance(dtype, pointer)
            widest = most[dtype.name] = 1 << 30 if is_pointer else max(8, dtype.primitive_bitwidth) // 8
        if data.itemsize > widest:
            construct(self, data, dtype)  # raises
        self.data, self.dtype, self.attr = data, dtype, {} if attr is None else attr

    edits.set(handle, "__init__", init)


def _read_source_once(edits: Edits) -> None:
    """To find the line of a kernel Triton makes a whole JITFunction of it, and reads its source again: the compiler's serves."""
    rewriter = interpreter.FunctionRewriter

    def file_and_line(self: Any) -> tuple[str, int]:
        return place_of(twin_of_function(self.fn, self.kwargs))

    edits.set(rewriter, "_get_jit_fn_file_line", file_and_line)


def _copy_nothing_onto_itself(edits: Edits) -> None:
    """What the interpreter gets of a tensor on the CPU is the tensor's own memory: nothing has to be copied back."""
    restore = interpreter.GridExecutor._restore_args_dev

    def is_shared(given: Any, taken: Any) -> bool:
        if not hasattr(given, "data_ptr"):
            return not isinstance(given, tuple) and not hasattr(given, "base")  # a number
        return bool(hasattr(taken, "data_ptr") and given.data_ptr() == taken.data_ptr())

    def restore_args(self: Any, args_dev: Any, args_hst: Any, kwargs: Any, kwargs_hst: Any) -> None:
        pairs = [*zip(args_dev, args_hst, strict=False), *((kwargs[name], kwargs_hst[name]) for name in kwargs)]
        if not all(is_shared(given, taken) for given, taken in pairs):
            restore(self, args_dev, args_hst, kwargs, kwargs_hst)

    edits.set(interpreter.GridExecutor, "_restore_args_dev", restore_args)


PATCHES = (
    Patch(
        "no overflow checks",
        _skip_overflow_checks,
        (Need(f"{_INTERPRETER}:interpreter_builder.options.sanitize_overflow"),),
    ),
    Patch(
        "language patched once per launch",
        _patch_language_once,
        (
            Need(f"{_INTERPRETER}:_patch_lang", ("fn",)),
            Need(f"{_INTERPRETER}:_LangPatchScope.restore", ("self",)),
            Need(f"{_INTERPRETER}:GridExecutor.__call__", ("self", "args_dev", "kwargs")),
            Need(f"{_INTERPRETER}:InterpretedFunction.__call__", ("self", "args", "kwargs")),
        ),
    ),
    Patch(
        "nothing copied onto itself",
        _copy_nothing_onto_itself,
        (
            Need(
                f"{_INTERPRETER}:GridExecutor._restore_args_dev",
                ("self", "args_dev", "args_hst", "kwargs", "kwargs_hst"),
            ),
        ),
    ),
    Patch("NumPy types remembered", _remember_numpy_dtypes, (Need(f"{_INTERPRETER}:_get_np_dtype", ("tt_dtype",)),)),
    Patch(
        "block types remembered",
        _remember_block_types,
        (Need(f"{_CORE}:block_type.__init__", ("self", "element_ty", "shape")),),
    ),
    Patch(
        "tensor shapes remembered",
        _remember_tensor_shapes,
        (Need(f"{_CORE}:tensor.__init__", ("self", "handle", "type")),),
    ),
    Patch(
        "handles checked quickly",
        _check_handles_quickly,
        (
            Need(f"{_INTERPRETER}:TensorHandle.__init__", ("self", "data", "dtype", "attr")),
            Need(f"{_INTERPRETER}:TensorHandle.__post_init__", ("self",)),
            Need(f"{_INTERPRETER}:_validate_np_data_size", ("np_array", "tl_dtype")),
        ),
    ),
    Patch(
        "source read once",
        _read_source_once,
        (
            Need(f"{_INTERPRETER}:FunctionRewriter._get_jit_fn_file_line", ("self",)),
            Need(f"{_INTERPRETER}:FunctionRewriter.__init__", ("self", "fn", "kwargs")),
        ),
    ),
)
