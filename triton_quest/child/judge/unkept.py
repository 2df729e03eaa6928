"""Remarks on lines of a kernel that change nothing or nearly the right thing: read off the source, nothing is run.

A value that no name keeps, as in `x.to(tl.float32)` on a line of its own, and a quotient of `/` that is cut to a whole number: a GPU
rounds its division, so that it may come out one too small.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from triton_quest.child import source
from triton_quest.records import verdict as v

VALUES = frozenset(
    {
        "abs", "arange", "cast", "cdiv", "dot", "exp", "exp2", "full", "load", "log", "log2", "max", "maximum", "min", "minimum",
        "num_programs", "program_id", "sqrt", "sum", "to", "trans", "where", "zeros",
    }
)  # fmt: skip
WHOLE = ("int", "uint")  # how the names of whole types begin


def remarks(file: Path) -> list[v.Check]:
    """A remark a line. None where the file can't be read: its other checks say so."""
    try:
        tree = source.tree_of(source.read_text(file, "reset"))
    except (SyntaxError, ValueError):
        return []
    kernels = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and _is_kernel(node)]
    told = [says for kernel in kernels for says in (*_thrown_away(kernel), *_cut_quotients(kernel))]
    return [v.remark(says) for says in told]


def _is_kernel(function: ast.FunctionDef) -> bool:
    return any("jit" in ast.unparse(decorator) for decorator in function.decorator_list)


def _thrown_away(kernel: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(kernel):
        if isinstance(node, ast.Expr) and _is_value(node.value):
            yield f"Line {node.lineno}: nothing keeps what `{ast.unparse(node.value)}` gives, and it changes no variable: assign it to one."


def _is_value(node: ast.expr) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in VALUES
    return isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript))


def _cut_quotients(kernel: ast.FunctionDef) -> Iterator[str]:
    """Quotients whose conversion to a whole type stands at them or at the name that they were given."""
    quotients = {
        target.id: node.value
        for node in ast.walk(kernel)
        if isinstance(node, ast.Assign) and _is_quotient(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    seen: dict[int, ast.expr] = {}
    for node in ast.walk(kernel):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "to" and node.args:
            is_whole = ast.unparse(node.args[0]).rpartition(".")[2].startswith(WHOLE)
            cut = quotients.get(ast.unparse(node.func.value)) or node.func.value
            if is_whole and _is_quotient(cut):
                seen[cut.lineno] = cut
    for line, cut in seen.items():
        whole = ast.unparse(cut).replace(" / ", " // ")
        yield f"Line {line}: `/` gives a float, which a GPU may round to below the whole number that is meant: write `{whole}`."


def _is_quotient(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
