"""Says what the compiler can see of a kernel: its text, and what each name in it stands for, helpers with theirs.

Two kernels of the same contents compile alike, in whatever file they stand, and on whatever line: their helpers stand as far from them.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import triton.language as tl
from triton.runtime.interpreter import InterpretedFunction
from triton.runtime.jit import JITFunction

from .language import leaked_from_interpreter, place_of, twin_of, twin_of_function

_PLAIN = (int, float, bool, str, type(None))


class Unknown(Exception):
    """Something is in sight of the kernel of which can't be said what the compiler makes of it."""


def contents(kernel: JITFunction, seen: tuple[FunctionType, ...] = ()) -> Any:
    """A value that is equal for kernels of the same contents. Raises Unknown. `seen`: the functions that led here."""
    function: FunctionType = kernel.fn
    if function.__module__.startswith("triton."):
        return function.__module__, function.__qualname__
    if function in seen:
        return "itself", seen.index(function)
    if function.__closure__:
        raise Unknown
    names = sorted(set(_names(function.__code__)))
    meanings = [(name, _meaning(name, function, (*seen, function))) for name in names]
    return kernel.src, _place(kernel, seen), kernel.noinline, kernel.debug, tuple(meanings)


def _place(kernel: JITFunction, seen: tuple[FunctionType, ...]) -> Any:
    """Of a helper, how far it stands from the kernel, or else where."""
    if not seen:
        return 0
    file, line = place_of(kernel)
    first_file, first_line = place_of(twin_of_function(seen[0], {}))
    return line - first_line if file == first_file else (file, line)


def constants(values: dict[Any, Any]) -> Any:
    """The same of the arguments that are constants. Raises Unknown."""
    return tuple((str(path), _value(value)) for path, value in values.items())


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _meaning(name: str, function: FunctionType, seen: tuple[FunctionType, ...]) -> Any:
    if name not in function.__globals__:
        return "builtin" if hasattr(builtins, name) else "nothing"
    value = function.__globals__[name]
    if isinstance(value, ModuleType):
        return "module", value.__name__, leaked_from_interpreter(name, value, function.__code__.co_filename)
    if isinstance(value, InterpretedFunction):
        value = twin_of(value)
    return contents(value, seen) if isinstance(value, JITFunction) else _value(value)


def _value(value: Any) -> Any:
    if type(value) is tl.constexpr:
        return "constexpr", _value(value.value)
    if type(value) is tl.dtype:
        return "dtype", value.name
    if type(value) in _PLAIN:
        return type(value).__name__, repr(value)
    raise Unknown
