"""Triton's AST-to-IR visitor, taught three things: to find a helper's real function where the interpreter put its own,
to name the line where the dependencies of a kernel are refused, and to refuse what compiles into something else than
the interpreter ran. Replaces `code_generator.CodeGenerator` and `jit.DependenciesFinder` inside `generating()`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import triton
from triton.compiler import code_generator
from triton.compiler.code_generator import BoundJITMethod, CodeGenerator
from triton.compiler.errors import CompilationError, UnsupportedLanguageConstruct
from triton.language import core
from triton.language.core import base_value, int1, tensor
from triton.runtime import jit
from triton.runtime.interpreter import InterpretedFunction, TensorHandle, interpreter_builder
from triton.runtime.jit import DependenciesFinder, JITFunction

from . import arithmetic
from .language import compilable, leaked_from_interpreter, twin_of


class DifferentMeaning(UnsupportedLanguageConstruct):
    """Compiles, and computes something else than the interpreter did."""


def _is_block(value: Any) -> bool:
    return isinstance(value, tensor) and value.type.is_block()


def _is_mask(value: Any) -> bool:
    return isinstance(value, tensor) and value.dtype == int1


def _is_number(value: Any) -> bool:
    return isinstance(value, tensor) and not _is_mask(value)


def _interpreter_saturates() -> bool:
    """Before 3.9 the interpreter adds masks as NumPy does (True + True is True); a GPU adds one bit."""
    true = TensorHandle(np.array([True]), int1)
    return bool(interpreter_builder.create_add(true, true).data[0])


VERSION = tuple(int(part) for part in triton.__version__.split(".")[:2])
HEEDS_CONDITIONS = (3, 9)  # of a comprehension: the first version that doesn't take every element
_INTERPRETER_SATURATES = _interpreter_saturates()
_MIN_MAX = (min, max, core.builtin_min, core.builtin_max)


class _Finder(DependenciesFinder):
    def __init__(self, name: str, globals: dict[str, Any], nonlocals: dict[str, Any], src: str) -> None:
        super().__init__(name, globals, nonlocals, src)
        self._text = src

    def record_reference(self, val: Any, var_dict: Any = None, name: Any = None) -> None:
        super().record_reference(compilable(val), var_dict, name)

    def visit(self, node: ast.AST) -> Any:
        try:
            return super().visit(node)
        except CompilationError:
            raise
        except Exception as error:
            raise CompilationError(self._text, node, str(error)) from error


class _Generator(CodeGenerator):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._kept: dict[int, Any] = {}
        self._conditions: set[int] = set()
        self._ended_counters: list[tensor] = []
        super().__init__(*args, **kwargs)
        self._is_learners = not self.jit_fn.module.startswith("triton.")

    def _define_name_lookup(self) -> Callable[[str], Any]:
        lookup = super()._define_name_lookup()

        def lookup_compilable(name: str) -> Any:
            value = self.gscope.get(name)
            if isinstance(value, InterpretedFunction):
                self.gscope[name] = twin_of(value)
            elif self._is_learners and leaked_from_interpreter(name, value, self.file_name):
                del self.gscope[name]
            return lookup(name)

        return lookup_compilable

    def get_Attribute(self, lhs: Any, attr: str) -> Any:
        value = super().get_Attribute(lhs, attr)
        function = compilable(value.__func__ if inspect.ismethod(value) else value)
        if not isinstance(function, JITFunction) or isinstance(value, BoundJITMethod):
            return value
        return BoundJITMethod(lhs, function) if isinstance(lhs, base_value) else function

    def call_Function(self, node: ast.AST, fn: Any, args: list[Any], kws: dict[str, Any]) -> Any:
        fn = compilable(fn)
        if self._is_learners and any(fn is builtin for builtin in _MIN_MAX) and any(map(_is_block, args)):
            raise self._different(node, "Python's min and max don't work element by element")
        return super().call_Function(node, fn, args, kws)

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, (ast.If, ast.While, ast.IfExp, ast.Assert)):
            self._conditions.add(id(node.test))
        value = super().visit(node)
        if id(node) in self._kept:
            self._kept[id(node)] = value
        return value

    def _values_of(self, nodes: list[ast.expr], visit: Callable[[Any], Any], parent: ast.AST) -> tuple[Any, list[Any]]:
        """What `visit(parent)` returns, and the values that its operands `nodes` had on the way."""
        self._kept.update((id(node), None) for node in nodes)
        try:
            result = visit(parent)
        finally:
            values = [self._kept.pop(id(node)) for node in nodes]
        return result, values

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        is_condition = id(node) in self._conditions
        if is_condition:
            self._conditions.update(map(id, node.values))
        result, values = self._values_of(node.values, super().visit_BoolOp, node)
        if self._is_learners and any(map(_is_block, values[:-1])):
            raise self._different(node, "`and` and `or` in Python take one truth value, not one per element")
        if self._is_learners and not is_condition and any(map(_is_number, values)):
            raise self._different(node, "`and` and `or` in Python return an operand, here they return 0 or 1")
        return result

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            self._conditions.add(id(node.operand))
        result, values = self._values_of([node.operand], super().visit_UnaryOp, node)
        if self._is_learners and isinstance(node.op, ast.Not) and any(map(_is_block, values)):
            raise self._different(node, "`not` in Python takes one truth value, not one per element")
        return result

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        result, values = self._values_of([node.left, node.right], super().visit_BinOp, node)
        adds = isinstance(node.op, (ast.Add, ast.Sub)) and _INTERPRETER_SATURATES
        if self._is_learners and adds and all(map(_is_mask, values)):
            raise self._different(node, "True + True is False in one bit")
        if isinstance(node.op, (ast.FloorDiv, ast.Mod)):
            arithmetic.note_division(values, self._place(node))
        return result

    def visit_ListComp(self, node: ast.ListComp) -> Any:
        if self._is_learners and VERSION < HEEDS_CONDITIONS and any(part.ifs for part in node.generators):
            raise self._different(node, "the condition of a comprehension is dropped")
        return super().visit_ListComp(node)

    def visit_Return(self, node: ast.Return) -> Any:
        result, values = self._values_of([node.value] if node.value else [], super().visit_Return, node)
        if self.is_kernel and any(isinstance(v, base_value) and not isinstance(v, core.constexpr) for v in values):
            raise self._unsupported(node, "a kernel can't return a value")  # left alone, this fails far from its line
        return result

    def visit_For(self, node: ast.For) -> Any:
        step = arithmetic.step_of(node.iter)
        _, values = self._values_of([step] if step else [], super().visit_For, node)
        if step and any(isinstance(value, tensor) for value in values):
            arithmetic.compiled.run_time_steps.add(self._place(step))
        ended = self.lscope.get(getattr(node.target, "id", ""))
        if isinstance(ended, tensor):
            self._ended_counters.append(ended)

    def visit_Name(self, node: ast.Name) -> Any:
        value = super().visit_Name(node)
        if self._is_learners and any(value is ended for ended in self._ended_counters):
            raise self._different(node, "the loop variable has no value after the loop")
        return value

    def _place(self, node: ast.expr) -> arithmetic.Place:
        return self.file_name, self.begin_line + node.lineno, node.col_offset

    def _different(self, node: ast.AST, message: str) -> DifferentMeaning:
        return DifferentMeaning(self.jit_fn.src, node, message)


@contextmanager
def generating() -> Iterator[None]:
    """Inside, whatever Triton compiles goes through the taught visitors."""
    code_generator.CodeGenerator, jit.DependenciesFinder = _Generator, _Finder
    try:
        yield
    finally:
        code_generator.CodeGenerator, jit.DependenciesFinder = CodeGenerator, DependenciesFinder
