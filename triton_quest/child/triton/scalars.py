"""Scalars of a kernel that the interpreter hands out as Python numbers, made to answer as the compiler's scalars do.

Compiled, a loop variable, what `min` and `max` choose between and what `a, b = 0, 1` sets are scalars with `.to` and `.dtype`.
Interpreted, they are Python's own numbers. A kernel's syntax tree is changed before it is run; arithmetic stays Python's,
which is a hundred times faster than the interpreter's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

import triton.language as tl
from triton.runtime import interpreter

from .patching import Edits, Need, Patch

_INTERPRETER = "triton.runtime.interpreter"
_COUNTED, _CHOSEN = "_quest_counted", "_quest_chosen"  # what a rewritten kernel calls
_ARITHMETIC = "add sub mul and or xor lshift rshift"


class Counter(int):
    """A whole number of 32 bits: what a loop counts with, and what is made of it and other whole numbers."""

    _dtype = tl.int32

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python and NumPy ask for protocols that a number may lack
            raise AttributeError(name)
        return getattr(self._scalar(), name)

    def _scalar(self) -> Any:
        scalar = interpreter.interpreter_semantic.to_tensor(int(self))
        return scalar if scalar.dtype == self._dtype else scalar.to(self._dtype)

    def __truediv__(self, other: Any) -> Any:
        return self._scalar() / other

    def __floordiv__(self, other: Any) -> Any:
        return self._whole(int.__floordiv__(self, other))

    def __mod__(self, other: Any) -> Any:
        return self._whole(int.__mod__(self, other))

    def __neg__(self) -> Any:
        return self._whole(-int(self))

    def _whole(self, value: Any) -> Any:
        return value if value is NotImplemented else type(self)(value)


class WideCounter(Counter):
    """A whole number of 64 bits."""

    _dtype = tl.int64


def _arithmetic(method: str) -> Callable[[Counter, Any], Any]:
    compute = getattr(int, method)
    return lambda self, other: self._whole(compute(self, other))


for _name in _ARITHMETIC.split():
    for _method in (f"__{_name}__", f"__r{_name}__"):
        setattr(Counter, _method, _arithmetic(_method))


def _is_wide(value: Any) -> bool:
    return isinstance(value, WideCounter) or (isinstance(value, tl.tensor) and value.dtype.primitive_bitwidth == 64)


def counted(function: Any, *bounds: Any, **options: Any) -> Iterable[Any]:
    """What a loop over `function(*bounds)` runs over: counters in the place of Python's whole numbers."""
    values = function(*bounds, **options)
    if type(values) is not range:
        return values
    return map(WideCounter if any(map(_is_wide, bounds)) else Counter, values)


def chosen(function: Any, *values: Any, **options: Any) -> Any:
    """What `min` or `max` returns of these values: a scalar if one of them is, whichever it chooses."""
    choice = function(*values, **options)
    scalars = [value for value in values if isinstance(value, tl.tensor)]
    if function not in (min, max) or not scalars or isinstance(choice, tl.tensor):  # `tl.max` is called so in Triton
        return choice
    choice = interpreter.interpreter_semantic.to_tensor(choice)
    dtype = scalars[0].dtype
    return choice.to(dtype) if dtype.is_int() == choice.dtype.is_int() and choice.dtype != dtype else choice


class _Scalars(ast.NodeTransformer):
    """Run after Triton's own transformer, which puts `to_tensor(value, False)` around every value that is assigned."""

    def visit_For(self, node: ast.For) -> Any:
        self.generic_visit(node)
        called = node.iter.func if isinstance(node.iter, ast.Call) else None
        if isinstance(node.iter, ast.Call) and "range" in (getattr(called, "id", ""), getattr(called, "attr", "")):
            node.iter = _through(_COUNTED, node.iter)
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        return _through(_CHOSEN, node) if getattr(node.func, "id", "") in ("min", "max") else node

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        value = node.value.args[0] if isinstance(node.value, ast.Call) and node.value.args else None
        if isinstance(node.targets[0], ast.Tuple) and isinstance(value, ast.Tuple) and isinstance(node.value, ast.Call):
            to_tensor = node.value
            each = [ast.Call(func=to_tensor.func, args=[one, *to_tensor.args[1:]], keywords=[]) for one in value.elts]
            node.value = ast.copy_location(ast.Tuple(elts=list(each), ctx=ast.Load()), value)
        return node


def _through(name: str, call: ast.Call) -> ast.Call:
    """`f(x)` as `name(f, x)`, in the same place of the file."""
    through = ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[call.func, *call.args], keywords=call.keywords)
    return ast.copy_location(through, call)


def _hand_out_scalars(edits: Edits) -> None:
    rewriter = interpreter.FunctionRewriter
    transform = rewriter._transform_ast

    def transform_ast(self: Any, src: str) -> Any:
        tree = _Scalars().visit(transform(self, src))
        return ast.fix_missing_locations(tree)

    edits.set(rewriter, "_transform_ast", transform_ast)
    edits.set(interpreter, _COUNTED, counted)
    edits.set(interpreter, _CHOSEN, chosen)


PATCHES = (
    Patch(
        "loop variables are scalars",
        _hand_out_scalars,
        (
            Need(f"{_INTERPRETER}:FunctionRewriter._transform_ast", ("self", "src")),
            Need(f"{_INTERPRETER}:FunctionRewriter._compile_and_exec", ("self", "transformed_ast")),
            Need(f"{_INTERPRETER}:interpreter_semantic.to_tensor"),
        ),
    ),
)
