"""Sees what a kernel's own words mean otherwise on a GPU, where no address and no result of the interpreter shows it.

Hints that the values seen don't keep, functions of `tl.reduce` and `tl.associative_scan` that depend on the order, helpers
that return nothing on the path taken, the order of `tl.cat(can_reorder=True)`, and the arithmetic of `triton/arithmetic.py`.
What is found is in `Hazards.found`; sentences are left to `child/sentences/hazards.py`.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import os
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

import numpy as np
import triton
import triton.language as tl
from triton.runtime import interpreter

from triton_quest.child.triton import arithmetic
from triton_quest.child.triton.bf16 import decode, is_bf16
from triton_quest.child.triton.patching import Edits

from .memory.findings import Site
from .memory.frames import learner_frame, site

_TRITON = os.path.dirname(triton.__file__)


class HazardKind(Enum):
    NEGATIVE_STEP = "negative_step"
    TRUNCATED = "truncated_division"
    ROUNDED_DOWN = "two_roundings"
    NOT_COMMUTATIVE = "order_of_reduce"
    NOT_ASSOCIATIVE = "grouping_of_reduce"
    NOTHING_RETURNED = "nothing_returned"
    FALSE_MULTIPLE = "false_multiple_of"
    FALSE_CONTIGUOUS = "false_max_contiguous"
    FALSE_CONSTANCY = "false_max_constancy"
    FALSE_ASSUMPTION = "false_assume"
    REORDERED = "cat_reordered"


@dataclass(frozen=True)
class Hazard:
    """One line that means something else on a GPU. `name`: the function's; `hint`, `seen`: what was promised, and what is."""

    kind: HazardKind
    site: Site
    name: str = ""
    hint: int = 0
    seen: tuple[int, ...] = ()


@dataclass
class Hazards:
    """What was found, once for each kind and line. `reordered`: lines of `tl.cat` whose order was changed, no fault by itself."""

    reorders: bool = True
    found: list[Hazard] = field(default_factory=list)
    reordered: list[Hazard] = field(default_factory=list)
    _known: set[tuple[HazardKind, str, int]] = field(default_factory=set)

    def add(self, hazard: Hazard) -> None:
        key = (hazard.kind, hazard.site.file, hazard.site.line)
        if key not in self._known:
            self._known.add(key)
            (self.reordered if hazard.kind is HazardKind.REORDERED else self.found).append(hazard)

    @contextmanager
    def watched(self) -> Iterator[Hazards]:
        """Inside, the kernels of this process are looked at."""
        edits, told = Edits(), arithmetic.tell
        arithmetic.tell = self._tell
        try:
            _look_at_hints(self, edits)
            _look_at_functions(self, edits)
            _look_at_helpers(self, edits)
            _look_at_assumptions(self, edits)
            _reorder(self, edits)
            yield self
        finally:
            arithmetic.tell = told
            edits.undo()

    def _tell(self, what: str, place: arithmetic.Place) -> None:
        kinds = {"rounded_down": HazardKind.ROUNDED_DOWN, "truncated": HazardKind.TRUNCATED}
        file, line, _ = place
        is_tritons = file.startswith(_TRITON)  # `tl.cdiv` and the like: the line that calls it is the learner's
        at = _here() if is_tritons else Site(file, line, linecache.getline(file, line).strip())
        self.add(Hazard(kinds.get(what, HazardKind.NEGATIVE_STEP), at))


def _here() -> Site:
    return site(learner_frame())


# Hints


def _look_at_hints(hazards: Hazards, edits: Edits) -> None:
    handle = interpreter.TensorHandle
    set_attribute = handle.set_attr
    checks = {
        "tt.divisibility": (HazardKind.FALSE_MULTIPLE, "tl.multiple_of", _not_multiples),
        "tt.contiguity": (HazardKind.FALSE_CONTIGUOUS, "tl.max_contiguous", _not_contiguous),
        "tt.constancy": (HazardKind.FALSE_CONSTANCY, "tl.max_constancy", _not_constant),
    }

    def set_attr(self: Any, key: str, value: Any) -> None:
        if key in checks:
            kind, name, look = checks[key]
            for axis, hint in enumerate(value):
                seen = look(self.data, axis, int(hint)) if hint > 1 else ()
                if seen:
                    hazards.add(Hazard(kind, _here(), name, int(hint), tuple(map(int, seen[:4]))))
        set_attribute(self, key, value)

    edits.set(handle, "set_attr", set_attr)


def _not_multiples(data: Any, axis: int, hint: int) -> list[Any]:
    """What a block begins with along the axis, where that is no multiple: the compiler counts on the first of each run."""
    first = data if data.ndim == 0 else np.take(data, 0, axis=axis).ravel() if data.shape[axis] > 1 else data.ravel()
    wrong = np.atleast_1d(first)[np.atleast_1d(first) % hint != 0]
    return [wrong.item(0)] if wrong.size else []


def _groups(data: Any, axis: int, hint: int) -> Any:
    """(groups, lanes): the lanes along the axis in groups of `hint`."""
    lanes = np.moveaxis(data, axis, -1)
    hint = min(hint, lanes.shape[-1])
    return lanes.reshape(-1, hint) if lanes.shape[-1] % hint == 0 else lanes.reshape(-1, lanes.shape[-1])


def _not_contiguous(data: Any, axis: int, hint: int) -> list[Any]:
    """Lanes of a group that don't follow each other. One that starts again at 0 is `% M` or `tl.where` on rows that are masked."""
    groups = _groups(data, axis, hint)
    wrong = (np.diff(groups.astype(np.int64), axis=-1) != 1) & (groups[:, 1:] != 0)
    return list(groups[wrong.any(axis=-1)][0]) if wrong.any() else []


def _not_constant(data: Any, axis: int, hint: int) -> list[Any]:
    groups = _groups(data, axis, hint)
    wrong = (groups != groups[:, :1]).any(axis=-1)
    return list(groups[wrong][0]) if wrong.any() else []


def _look_at_assumptions(hazards: Hazards, edits: Edits) -> None:
    """`tl.assume`, at which Triton's interpreter stops with an exception that says nothing of a GPU."""

    def create_assume(self: Any, condition: Any) -> None:
        if not np.asarray(getattr(condition, "data", condition)).all():
            hazards.add(Hazard(HazardKind.FALSE_ASSUMPTION, _here(), "tl.assume"))

    edits.set(interpreter.InterpreterBuilder, "create_assume", create_assume)


# Functions that reduce and scan


def _look_at_functions(hazards: Hazards, edits: Edits) -> None:
    tried: set[Any] = set()

    def looking(method: Callable[..., Any], commutes: bool) -> Callable[..., Any]:
        def generic(self: Any, input: Any) -> Any:
            function = getattr(self.combine_fn, "fn", None)
            if function is not None and function not in tried and not str(function.__module__).startswith("triton."):
                blocks = input if isinstance(input, tuple) else tuple(input)
                kind = _order_matters(function, blocks, commutes)
                if kind is not None:
                    hazards.add(Hazard(kind, _here(), function.__name__))
                if kind is not _UNTRIED:
                    tried.add(function)
            return method(self, input)

        return generic

    edits.set(interpreter.ReduceOps, "generic_reduce", looking(interpreter.ReduceOps.generic_reduce, commutes=True))
    edits.set(interpreter.ScanOps, "generic_scan", looking(interpreter.ScanOps.generic_scan, commutes=False))


_UNTRIED = None
_LANES = 64


def _order_matters(function: Any, blocks: tuple[Any, ...], commutes: bool) -> HazardKind | None:
    """Tries the function on values of its own input and on random ones; what a GPU may do to it, or None."""
    for a, b, c in _drawn(blocks):
        left, right = _call(function, a, b), _call(function, b, a)
        if commutes and not _alike(left, right, (a, b)):
            return HazardKind.NOT_COMMUTATIVE
        grouped = _call(function, left, c), _call(function, a, _call(function, b, c))
        if not _alike(*grouped, (a, b, c)):
            return HazardKind.NOT_ASSOCIATIVE
    return None


def _drawn(blocks: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], ...]]:
    """Three tuples of blocks: lanes of the input in other orders, without those where the values that decide are equal."""
    random = np.random.default_rng(0)
    flat = [block.handle.data.ravel() for block in blocks]
    orders = [random.integers(0, flat[0].size, _LANES) for _ in range(3)]
    deciding = [number for number, block in enumerate(blocks) if block.dtype.is_floating()] or range(len(blocks))
    distinct = np.ones(_LANES, bool)
    for number in deciding:
        a, b, c = (flat[number][order] for order in orders)
        distinct &= (a != b) & (b != c) & (a != c)
    if int(distinct.sum()) >= 2:
        count = 1 << int(distinct.sum()).bit_length() - 1
        chosen = [order[distinct][:count] for order in orders]
        yield tuple(
            tuple(_block(data[order], block) for data, block in zip(flat, blocks, strict=True)) for order in chosen
        )


def _block(data: Any, like: Any) -> Any:
    """In fp64 where the input is floating: products of its values must neither overflow nor lose their digits to rounding."""
    if is_bf16(like.dtype):
        data = decode(data)
    dtype = tl.float64 if like.dtype.is_floating() else like.dtype.scalar
    values = np.array(data, np.float64) if dtype is tl.float64 else data.copy()
    return tl.tensor(interpreter.TensorHandle(values, dtype), tl.block_type(dtype, [data.size]))


def _call(function: Any, left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
    result = function(*left, *right)
    return result if isinstance(result, tuple) else (result,)


def _alike(left: tuple[Any, ...], right: tuple[Any, ...], inputs: tuple[tuple[Any, ...], ...]) -> bool:
    """Equal up to rounding: some eps of the largest value that took part."""
    for number, (one, other) in enumerate(zip(left, right, strict=True)):
        first, second = _floats(one), _floats(other)
        took_part = [first, second, *(_floats(block[number]) for block in inputs if number < len(block))]
        largest = max((np.abs(values[np.isfinite(values)]).max(initial=0.0) for values in took_part), default=0.0)
        # it may round to fp32 on its way
        bits = min(one.dtype.fp_mantissa_width, 23) if one.dtype.is_floating() else 52
        close = np.abs(first - second) <= 64 * 2.0**-bits * largest
        same = (first == second) | (np.isnan(first) & np.isnan(second)) | close
        if not same.all():
            return False
    return True


def _floats(block: Any) -> Any:
    data = decode(block.handle.data) if is_bf16(block.dtype) else block.handle.data
    return np.asarray(data, np.float64)


# Helpers


def _look_at_helpers(hazards: Hazards, edits: Edits) -> None:
    device_call = interpreter.InterpretedFunction.__call__

    def call(function: Any, *args: Any, **kwargs: Any) -> Any:
        result = device_call(function, *args, **kwargs)
        if result is None and _returns_a_value(function.fn):
            at = _here()
            if not at.source.startswith((f"{function.fn.__name__}(", "tl.static_print")):
                hazards.add(Hazard(HazardKind.NOTHING_RETURNED, at, function.fn.__name__))
        return result

    edits.set(interpreter.InterpretedFunction, "__call__", call)


@cache
def _returns_a_value(function: Any) -> bool:
    """Whether some path of the function returns something."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    returns = (node.value for node in ast.walk(tree) if isinstance(node, ast.Return))
    return any(not (value is None or isinstance(value, ast.Constant) and value.value is None) for value in returns)


# tl.cat


def _reorder(hazards: Hazards, edits: Edits) -> None:
    """`tl.cat(a, b, can_reorder=True)`: a GPU deals out both halves to its threads anew, so their lanes alternate."""
    builder = interpreter.InterpreterBuilder
    concatenate = builder.create_cat

    def create_cat(self: Any, lhs: Any, rhs: Any) -> Any:
        hazards.add(Hazard(HazardKind.REORDERED, _here()))
        whole = concatenate(self, lhs, rhs)
        if hazards.reorders:
            whole.data = np.stack([lhs.data, rhs.data], axis=-1).ravel()
        return whole

    edits.set(builder, "create_cat", create_cat)
