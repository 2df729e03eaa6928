"""Whole numbers on which the interpreter and the compiler part: `//` and `%` of negative ones, steps of loops.

The interpreter can't see which numbers are constants for the compiler, and the compiler can't see their values. So the
front end notes its part here, by the place in the file (`generator.py`), and a rewritten kernel asks with the values.
Compiled, constants round down as Python's whole numbers do, and everything else towards zero; a loop whose step is
negative runs only if the step is a constant. What is found goes to `tell`, which `instruments.hazards` sets.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import triton.language as tl
from triton.runtime import interpreter

from .patching import Edits, Need, Patch

_INTERPRETER = "triton.runtime.interpreter"
_DIVIDED, _REMAINDER, _STEP = "_quest_divided", "_quest_remainder", "_quest_step"  # what a rewritten kernel calls

Place = tuple[str, int, int]
"""File, line and column of an operation."""


@dataclass
class Compiled:
    """What the front end saw so far of the operations of this process's kernels."""

    rounded_down: set[Place] = field(default_factory=set)  # divisions of constants that differ from those at run time
    truncated: set[Place] = field(default_factory=set)  # divisions that are made at run time
    run_time_steps: set[Place] = field(default_factory=set)

    def absorb(self, other: Compiled) -> None:
        for mine, theirs in zip(self._sets(), other._sets(), strict=True):
            mine |= theirs

    def moved(self, start: tuple[str, int], to: tuple[str, int]) -> Compiled:
        """The same places, those in the file of `start` as far from its line as they will be from that of `to`."""
        return Compiled(*({_moved(place, start, to) for place in places} for places in self._sets()))

    def _sets(self) -> tuple[set[Place], ...]:
        return self.rounded_down, self.truncated, self.run_time_steps


def _moved(place: Place, start: tuple[str, int], to: tuple[str, int]) -> Place:
    file, line, column = place
    return (to[0], line - start[1] + to[1], column) if file == start[0] else place


compiled = Compiled()
tell: Callable[[str, Place], None] | None = None
"""Called with `rounded_down`, `truncated` or `negative_step`: what a GPU does there, and the place."""


@contextmanager
def noted() -> Iterator[Compiled]:
    """What the front end sees inside, for itself; afterwards it is part of `compiled`."""
    global compiled
    before, inside = compiled, Compiled()
    compiled = inside
    try:
        yield inside
    finally:
        compiled = before
        compiled.absorb(inside)


def note_division(operands: list[Any], place: Place) -> None:
    """The front end's part: what the operands of a `//` or `%` are to it."""
    if not all(isinstance(operand, tl.constexpr) for operand in operands):
        compiled.truncated.add(place)
    elif _inexact_and_negative(*(operand.value for operand in operands)):
        compiled.rounded_down.add(place)


def _number(value: Any) -> Any:
    """A Python number or the interpreter's array behind a tensor."""
    return value.handle.data if isinstance(value, tl.tensor) else value


def _inexact_and_negative(dividend: Any, divisor: Any) -> bool:
    """Whether rounding down and rounding towards zero differ for any lane."""
    try:
        left, right = np.asarray(_number(dividend)), np.asarray(_number(divisor))
        if left.dtype.kind != "i" or right.dtype.kind not in "iu" or not (right != 0).all():
            return False
        return bool((((left < 0) != (right < 0)) & (left % np.where(right == 0, 1, right) != 0)).any())
    except (TypeError, ValueError):  # no numbers: Triton says what is wrong with them
        return False


def _look_at_division(dividend: Any, divisor: Any, place: Place) -> None:
    if tell is None:
        return
    is_tensor = isinstance(dividend, tl.tensor) or isinstance(divisor, tl.tensor)
    elsewhere = compiled.rounded_down if is_tensor else compiled.truncated
    if place in elsewhere and _inexact_and_negative(dividend, divisor):
        tell("rounded_down" if is_tensor else "truncated", place)


def divided(dividend: Any, divisor: Any, *place: Any) -> Any:
    _look_at_division(dividend, divisor, (place[0], place[1], place[2]))
    return dividend // divisor


def remainder(dividend: Any, divisor: Any, *place: Any) -> Any:
    _look_at_division(dividend, divisor, (place[0], place[1], place[2]))
    return dividend % divisor


def step(value: Any, *place: Any) -> Any:
    at: Place = (place[0], place[1], place[2])
    if tell is not None and at in compiled.run_time_steps and int(value) < 0:
        tell("negative_step", at)
    return value


def step_of(call: ast.expr) -> ast.expr | None:
    """The step in `range(start, end, step)`, in `tl.range` and with a keyword too; None where there is none."""
    if not isinstance(call, ast.Call) or "range" not in (
        getattr(call.func, "id", ""),
        getattr(call.func, "attr", ""),
    ):
        return None
    if len(call.args) > 2:
        return call.args[2]
    return next((keyword.value for keyword in call.keywords if keyword.arg == "step"), None)


class _Asking(ast.NodeTransformer):
    """Lets divisions and steps ask, with their place in the file."""

    def __init__(self, file: str) -> None:
        self._file = file

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.generic_visit(node)
        if not isinstance(node.op, (ast.FloorDiv, ast.Mod)):
            return node
        name = _DIVIDED if isinstance(node.op, ast.FloorDiv) else _REMAINDER
        return self._asking(name, node, node.left, node.right)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        """`n //= 2` becomes `n = n // 2`, as in the compiler, which takes the place of the whole statement."""
        self.generic_visit(node)
        if not isinstance(node.op, (ast.FloorDiv, ast.Mod)) or not isinstance(node.target, ast.Name):
            return node
        name = _DIVIDED if isinstance(node.op, ast.FloorDiv) else _REMAINDER
        old = ast.copy_location(ast.Name(id=node.target.id, ctx=ast.Load()), node.target)
        new = self._asking(name, node, old, node.value)
        return ast.copy_location(ast.Assign(targets=[node.target], value=new), node)

    def visit_For(self, node: ast.For) -> Any:
        found = step_of(node.iter)
        self.generic_visit(node)
        if found is not None and isinstance(node.iter, ast.Call) and not isinstance(found, ast.Constant):
            asking = self._asking(_STEP, found, found)
            if len(node.iter.args) > 2:
                node.iter.args[2] = asking
            for keyword in node.iter.keywords:
                keyword.value = asking if keyword.arg == "step" else keyword.value
        return node

    def _asking(self, name: str, at: ast.expr | ast.stmt, *values: ast.expr) -> ast.expr:
        place = [ast.Constant(value=self._file), ast.Constant(value=at.lineno), ast.Constant(value=at.col_offset)]
        call = ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[*values, *place], keywords=[])
        return ast.copy_location(call, at)


def _ask_on_the_way(edits: Edits) -> None:
    rewriter = interpreter.FunctionRewriter
    transform = rewriter._transform_ast

    def transform_ast(self: Any, src: str) -> Any:
        tree = _Asking(self.filename).visit(transform(self, src))
        return ast.fix_missing_locations(tree)

    edits.set(rewriter, "_transform_ast", transform_ast)
    edits.set(interpreter, _DIVIDED, divided)
    edits.set(interpreter, _REMAINDER, remainder)
    edits.set(interpreter, _STEP, step)


PATCHES = (
    Patch(
        "divisions and steps looked at",
        _ask_on_the_way,
        (
            Need(f"{_INTERPRETER}:FunctionRewriter._transform_ast", ("self", "src")),
            Need(f"{_INTERPRETER}:FunctionRewriter._compile_and_exec", ("self", "transformed_ast")),
        ),
    ),
)
