"""`triton.language` as the compiler needs it, in a process where the interpreter has it patched.

Under TRITON_INTERPRET=1 `tl.sum` and its like are `InterpretedFunction`s, and every launch patches `tl`'s members;
what a device function patches is never put back. So the members are copied here, at import, which must come before the
first kernel runs, and `for_the_compiler()` puts the copies in place for a while. `twin_of` makes real `JITFunction`s.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import triton.language as tl
from triton import knobs
from triton.runtime import interpreter
from triton.runtime.interpreter import InterpretedFunction
from triton.runtime.jit import JITFunction

from triton_quest.child import source

_PATCHED_CLASSES = ("tensor", "dtype", "tensor_descriptor_base", "condition")


class LanguageAlreadyPatched(RuntimeError):
    """Imported too late: an interpreted kernel has already changed `triton.language` for good."""


def _copy_members() -> list[tuple[Any, dict[str, Any]]]:
    owners = [module for name, module in sys.modules.items() if name.split(".")[:2] == ["triton", "language"]]
    owners += [getattr(tl.core, name) for name in _PATCHED_CLASSES if hasattr(tl.core, name)]
    for owner in owners:
        for name, member in vars(owner).items():
            if isinstance(member, FunctionType) and member.__module__ == interpreter.__name__:
                raise LanguageAlreadyPatched(f"{owner.__name__}.{name}: import this before the first kernel runs")
    return [(owner, dict(vars(owner))) for owner in owners]


_UNPATCHED = _copy_members()


def _put(owner: Any, members: dict[str, Any]) -> None:
    present = dict(vars(owner))
    if isinstance(owner, type):  # a module only ever gains submodules, which may stay
        for name in present.keys() - members.keys():
            delattr(owner, name)
    for name, member in members.items():
        if name not in present or present[name] is not member:
            setattr(owner, name, member)


@contextmanager
def for_the_compiler() -> Iterator[None]:
    """Inside, `triton.language` is unpatched, and Triton doesn't take itself for an interpreter."""
    before = [(owner, dict(vars(owner))) for owner, _ in _UNPATCHED]
    try:
        for owner, members in _UNPATCHED:
            _put(owner, members)
        with knobs.runtime.scope():
            knobs.runtime.interpret = False
            yield
    finally:
        for owner, members in before:
            _put(owner, members)


@cache
def _names_bound_in(file: str) -> frozenset[str]:
    """Every name that the file sets, imports or defines somewhere; "*" where it imports all of something."""
    names: set[str] = set()
    for node in ast.walk(source.tree_of("".join(linecache.getlines(file)))):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return frozenset(names)


def leaked_from_interpreter(name: str, value: Any, file: str) -> bool:
    """The interpreter puts its own globals (`math`, `np`, ...) into a kernel's module when it first runs the kernel."""
    if name not in vars(interpreter) or vars(interpreter)[name] is not value:
        return False
    return not {name, "*"} & _names_bound_in(file)


_twins: dict[Callable[..., Any], JITFunction] = {}


def twin_of(interpreted: InterpretedFunction | JITFunction) -> JITFunction:
    """What @triton.jit would have made of the same function without TRITON_INTERPRET. Made once. Gluon's are real already."""
    if isinstance(interpreted, JITFunction):
        return interpreted
    return twin_of_function(interpreted.fn, interpreted.kwargs)


def twin_of_function(function: Callable[..., Any], options: dict[str, Any]) -> JITFunction:
    """`options`: what @triton.jit was given besides."""
    twin = _twins.get(function)
    if twin is None:
        twin = _twins[function] = JITFunction(function, **options)
    return twin


def rewrite_ahead(module: ModuleType) -> None:
    """Make of each kernel of the module what the interpreter runs, before its first launch."""
    for value in list(vars(module).values()):  # the interpreter adds its own names to them
        kernel = getattr(value, "fn", value) if not isinstance(value, InterpretedFunction) else value
        if isinstance(kernel, InterpretedFunction):
            kernel.rewrite()


def place_of(kernel: JITFunction) -> tuple[str, int]:
    """File and line of the kernel's `def`. Triton has a function for it in 3.6 and 3.7, and none in 3.8 and 3.9."""
    decorators = next((i for i, line in enumerate(kernel.raw_src) if line.strip().startswith("def ")), 0)
    return kernel.fn.__code__.co_filename, kernel.starting_line_number + decorators


def compilable(value: Any) -> Any:
    """`value`, or its twin where it is an interpreted function, also one behind `tensor.sum` or within a tuple."""
    if isinstance(value, InterpretedFunction):
        return twin_of(value)
    if type(value) is tuple:
        return tuple(compilable(item) for item in value)
    if isinstance(value, FunctionType) and value.__module__ == tl.core.__name__ and value.__closure__:
        content = value.__closure__[0].cell_contents
        return twin_of(content) if isinstance(content, InterpretedFunction) else value
    return value


def twins() -> list[JITFunction]:
    return list(_twins.values())
