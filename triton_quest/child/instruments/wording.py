"""The piece of the learner's own file that is running, in their words: `a @ b`, `x.softmax(-1)`.

Python 3.11 knows the columns of each instruction; before it, the syntax tree of the line is searched for what fits.
"""

from __future__ import annotations

import ast
import linecache
import sys
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from types import CodeType, FrameType

from triton_quest.child import source

_LONGEST = 60
_OPERATORS: dict[str, tuple[type[ast.AST], ...]] = {
    "matmul": (ast.MatMult,),
    "mm": (ast.MatMult,),
    "bmm": (ast.MatMult,),
    "mv": (ast.MatMult,),
    "dot": (ast.MatMult,),
    "add": (ast.Add,),
    "sub": (ast.Sub,),
    "rsub": (ast.Sub,),
    "mul": (ast.Mult,),
    "div": (ast.Div,),
    "true_divide": (ast.Div,),
    "reciprocal": (ast.Div,),
    "floor_divide": (ast.FloorDiv,),
    "remainder": (ast.Mod,),
    "pow": (ast.Pow,),
    "neg": (ast.USub,),
    "bitwise_and": (ast.BitAnd,),
    "bitwise_or": (ast.BitOr,),
    "bitwise_xor": (ast.BitXor,),
    "bitwise_not": (ast.Invert,),
    "lt": (ast.Lt,),
    "le": (ast.LtE,),
    "gt": (ast.Gt,),
    "ge": (ast.GtE,),
    "eq": (ast.Eq,),
    "ne": (ast.NotEq,),
}
_Phrase = ast.Call | ast.BinOp | ast.UnaryOp | ast.Compare | ast.Subscript | ast.Attribute | ast.AugAssign | ast.Assign


@dataclass(frozen=True)
class RunningExpression:
    """A line of the learner's file, and the expression in it that is running; empty where it can't be told."""

    line: int
    text: str


def learner_frame(frame: FrameType | None, path: str) -> FrameType | None:
    """The innermost frame at or above `frame` that runs code of that file."""
    while frame is not None and frame.f_code.co_filename != path:
        frame = frame.f_back
    return frame


def _is_phrase(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript)
    return isinstance(node, _Phrase)


@lru_cache(maxsize=2)  # one file is looked at in every run of a judgement
def _phrases_of(text: str) -> tuple[_Phrase, ...]:
    try:
        tree = source.tree_of(text)
    except SyntaxError:
        return ()
    return tuple(node for node in ast.walk(tree) if _is_phrase(node))  # type: ignore[misc]


def _fits(node: ast.AST, name: str) -> bool:
    """Whether this phrase may be what torch calls `name`: the same name, or the operator for it."""
    name = name.strip("_")
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return called.strip("_") == name
    if isinstance(node, ast.Compare):
        return any(isinstance(op, _OPERATORS.get(name, ())) for op in node.ops)
    operator = getattr(node, "op", None)
    return operator is not None and isinstance(operator, _OPERATORS.get(name, ()))


class Wording:
    """Reads the learner's file once, and remembers what each instruction was called."""

    def __init__(self, path: str) -> None:
        self.path = path
        linecache.checkcache(path)  # the file may have changed since it was last read
        self._lines = linecache.getlines(path)
        self._phrases = _phrases_of("".join(self._lines))
        self._known: dict[tuple[CodeType, int, str], RunningExpression] = {}

    def place(self, frame: FrameType | None, name: str) -> RunningExpression:
        """Where the learner's code stands, seen from `frame`; `name` is what torch calls the operation."""
        frame = learner_frame(frame, self.path)
        if frame is None:
            return RunningExpression(0, "")
        key = (frame.f_code, frame.f_lasti, name)
        if key not in self._known:
            node = self._by_columns(frame) or self._by_name(frame.f_lineno, name)
            self._known[key] = RunningExpression(frame.f_lineno, self._text(node) if node else "")
        return self._known[key]

    def _by_columns(self, frame: FrameType) -> _Phrase | None:
        if sys.version_info < (3, 11):
            return None
        position = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
        if None in position:
            return None
        line, end_line, column, end_column = position
        ends_here = [
            node
            for node in self._phrases
            if (node.end_lineno, node.end_col_offset) == (end_line, end_column)
            and (node.lineno, node.col_offset) <= (line, column)
        ]
        whole = [node for node in self._phrases if isinstance(node, ast.Assign) and node.targets[0] in ends_here]
        return max(whole or ends_here, key=lambda node: (node.lineno, node.col_offset), default=None)

    def _by_name(self, line: int, name: str) -> _Phrase | None:
        here = [node for node in self._phrases if node.lineno <= line <= (node.end_lineno or node.lineno)]
        return next((node for node in here if _fits(node, name)), None)

    def _text(self, node: _Phrase) -> str:
        if node.lineno == node.end_lineno:  # columns count bytes
            text = self._lines[node.lineno - 1].encode()[node.col_offset : node.end_col_offset].decode()
        else:
            text = ast.unparse(node)
        return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
