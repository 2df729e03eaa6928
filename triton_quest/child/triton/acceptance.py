"""What a GPU runs and Triton's interpreter refuses, made to run: captured constants, grids in lists, products of bf16 parts.

`scalars` and `elementwise` do so for single operations of a kernel.
"""

from __future__ import annotations

import ast
import dataclasses
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt
import triton.language as tl
from triton.runtime import interpreter
from triton.runtime.jit import JITFunction

from .bf16 import decode, encode
from .patching import Edits, Need, Patch
from .unverifiable import NotInterpretable

_INTERPRETER = "triton.runtime.interpreter"
_REWRITER = f"{_INTERPRETER}:FunctionRewriter"
_MAKER = "_quest_maker"
BF16_PARTS = {"BF16x3": 3, "BF16x6": 6}  # products of parts, by the member of Triton's INPUT_PRECISION


def _keep_captured_variables(edits: Edits) -> None:
    """A kernel made in a function captures that function's variables; rewritten by itself, it has lost them."""
    rewriter = interpreter.FunctionRewriter
    compile_and_exec = rewriter._compile_and_exec

    def compile_with_captured(self: Any, transformed_ast: Any) -> Any:
        captured = self.fn.__code__.co_freevars
        if not captured:
            return compile_and_exec(self, transformed_ast)
        maker = _made_within(transformed_ast.body[0], self.fn.__name__, captured)
        transformed_ast.body = [maker]
        name, self.fn.__name__ = self.fn.__name__, _MAKER  # Triton returns what it finds by this name
        try:
            made = compile_and_exec(self, transformed_ast)(*captured)
        finally:
            self.fn.__name__ = name
        cells = dict(zip(captured, self.fn.__closure__, strict=True))
        closure = tuple(cells[name] for name in made.__code__.co_freevars)
        function = FunctionType(made.__code__, made.__globals__, name, self.fn.__defaults__, closure)
        function.__kwdefaults__, function.__annotations__ = self.fn.__kwdefaults__, self.fn.__annotations__
        return function

    edits.set(rewriter, "_compile_and_exec", compile_with_captured)


def _made_within(function: ast.FunctionDef, name: str, captured: tuple[str, ...]) -> ast.FunctionDef:
    """A function whose parameters are the captured variables, and that returns the kernel. Defaults are taken over later."""
    function.decorator_list = []
    function.args.defaults = [ast.Constant(value=None) for _ in function.args.defaults]
    function.args.kw_defaults = [default and ast.Constant(value=None) for default in function.args.kw_defaults]
    for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
        argument.annotation = None
    maker = ast.parse(f"def {_MAKER}({', '.join(captured)}):\n    return {name}").body[0]
    assert isinstance(maker, ast.FunctionDef)
    maker.body.insert(0, function)
    return ast.fix_missing_locations(maker)


def _take_grids_in_lists(edits: Edits) -> None:
    """On a GPU a grid is any sequence; the interpreter adds a tuple to it."""
    construct = interpreter.GridExecutor.__init__

    def init(self: Any, fn: Any, arg_names: Any, grid: Any, pre_run_hooks: Any = ()) -> None:
        construct(self, fn, arg_names, grid, pre_run_hooks)
        self.grid = (lambda args: _as_tuple(grid(args))) if callable(grid) else _as_tuple(grid)

    edits.set(interpreter.GridExecutor, "__init__", init)


def _as_tuple(grid: Any) -> Any:
    return tuple(grid) if isinstance(grid, list) else grid


def _multiply_bf16_parts(edits: Edits) -> None:
    """`input_precision="bf16x3"` and "bf16x6" split fp32 into bf16 parts and add the products of the larger ones."""
    builder = interpreter.interpreter_builder
    known = builder.options.allowed_dot_input_precisions
    precisions = interpreter._ir.INPUT_PRECISION
    parts = {getattr(precisions, name): count for name, count in BF16_PARTS.items() if hasattr(precisions, name)}
    wanted = (*known, *(name.lower() for name in BF16_PARTS if hasattr(precisions, name)))
    dot = interpreter.InterpreterBuilder.create_dot

    def create_dot(self: Any, a: Any, b: Any, d: Any, input_precision: Any, *rest: Any) -> Any:
        products = parts.get(input_precision)
        if products is None or a.dtype.scalar != tl.float32:
            return dot(self, a, b, d, input_precision, *rest)
        return interpreter.TensorHandle(_product_of_parts(a.data, b.data, products) + d.data, d.dtype.scalar)

    edits.set(builder, "options", dataclasses.replace(builder.options, allowed_dot_input_precisions=wanted))
    edits.set(interpreter.InterpreterBuilder, "create_dot", create_dot)


def _product_of_parts(a: npt.NDArray[Any], b: npt.NDArray[Any], products: int) -> npt.NDArray[Any]:
    """The smallest first, as the compiler adds them: 3 products of two parts each, or 6 of three."""
    (a0, a1, a2), (b0, b1, b2) = _parts(a), _parts(b)
    pairs = [(a2, b0), (a1, b1), (a0, b2)] if products == 6 else []
    total = np.zeros((*a.shape[:-1], b.shape[-1]), dtype=np.float32)
    for left, right in (*pairs, (a1, b0), (a0, b1), (a0, b0)):
        total = total + np.matmul(left, right)
    return total


def _parts(values: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    parts, rest = [], values
    for _ in range(3):
        parts.append(decode(encode(rest)))
        rest = rest - parts[-1]
    return parts


def _stop_at_compiled_kernels(edits: Edits) -> None:
    """A kernel in Gluon is compiled whatever TRITON_INTERPRET says, and there is no GPU to launch it on."""

    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotInterpretable(f"`{self.fn.__name__}`, a kernel in Gluon")

    edits.set(JITFunction, "run", run)


PATCHES = (
    Patch(
        "captured variables kept",
        _keep_captured_variables,
        (Need(f"{_REWRITER}._compile_and_exec", ("self", "transformed_ast")),),
    ),
    Patch(
        "grids in lists",
        _take_grids_in_lists,
        (Need(f"{_INTERPRETER}:GridExecutor.__init__", ("self", "fn", "arg_names", "grid", "pre_run_hooks")),),
    ),
    Patch("no launch of compiled kernels", _stop_at_compiled_kernels, (Need("triton.runtime.jit:JITFunction.run"),)),
    Patch(
        "products of bf16 parts",
        _multiply_bf16_parts,
        (
            Need(f"{_INTERPRETER}:interpreter_builder.options.allowed_dot_input_precisions"),
            Need(f"{_INTERPRETER}:InterpreterBuilder.create_dot"),
        ),
    ),
)
