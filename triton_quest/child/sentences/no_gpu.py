"""Says that there is no GPU here, where the learner's code needs one, and what to write that works with and without.

Pure: from an exception's words and the learner's source. The sentences are data.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

ON_THE_CPU = "there is no GPU here, so the tensors are on the CPU"
_TORCH_LACKS_ONE = re.compile(
    "not compiled with CUDA|compiled without CUDA|no NVIDIA driver|No CUDA GPUs|requires CUDA support|Expected a cuda device"
    "|accelerator device when none|dummy base class|_cuda_|NVTX|CUDA driver|CUDA build"
)
_ASKS_FOR_ONE = re.compile(r"\.is_cuda\b|[\"']cuda|torch\.cuda\b|torch\.version\.(cuda|hip)\b|\bget_device\(")


@dataclass(frozen=True)
class NoGpu:
    """`says` what the line asks for, without its number; `advice` what to write instead."""

    says: str
    advice: str


@dataclass(frozen=True)
class _Row:
    """Fits by a pattern in the code of the line; {x} in the advice is the launcher's first tensor."""

    code: str
    advice: str


_INSTEAD = (
    _Row(r"\.cuda\(", "Leave `.cuda()` out: what the launcher is given is where it should be."),
    _Row(r"\.to\(", "Leave the move out, or write `.to({x}.device)`, which is right with and without a GPU."),
    _Row(r"\b(device\s*=|[\"']cuda)", "Write `device={x}.device`, which is right with and without a GPU."),
    _Row("", "Do it only where there is one, under `if {x}.is_cuda:`."),
)


def explain(message: str, source: str, line: int) -> NoGpu | None:
    """What the exception that `line` of `source` raised has to do with there being no GPU; None if nothing."""
    statement = _statement_at(source, line)
    if statement is None:
        return None
    code, first = ast.unparse(statement), _first_parameter(source, line)
    if _TORCH_LACKS_ONE.search(message):
        advice = next(row.advice for row in _INSTEAD if re.search(row.code, code))
        return NoGpu(f"`{_short(code)}` needs a GPU, and there is none here.", advice.format(x=first))
    test = _test_of(source, statement)
    if test is None or not _ASKS_FOR_ONE.search(_with_constants(test, source)):
        return None
    asked = _short(ast.unparse(test))
    says = f"`{asked}` doesn't hold" if isinstance(statement, ast.Assert) else f"This is raised because of `if {asked}`"
    return NoGpu(f"{says}: {ON_THE_CPU}.", _instead_of(ast.unparse(test)))


def _instead_of(test: str) -> str:
    """What to write in the place of a check for a GPU."""
    names = list(dict.fromkeys(re.findall(r"([A-Za-z_]\w*)\.(?:is_cuda|device|get_device)\b", test)))
    if not names:
        return "Leave the check out: without a GPU, kernels run in Triton's interpreter."
    check = (
        f"{names[0]}.device == {names[1]}.device" if len(names) > 1 else f'{names[0]}.device.type in ("cuda", "cpu")'
    )
    return f"Leave the check out, or write `assert {check}`, which is right with and without a GPU."


def _short(code: str) -> str:
    line = code.splitlines()[0]
    return line if len(line) <= 80 else line[:77] + "..."


def _nodes_at(source: str, line: int, kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> list[ast.AST]:
    """Every node of this kind around the line, outermost first."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    nodes = [node for node in ast.walk(tree) if isinstance(node, kind)]
    return [node for node in nodes if getattr(node, "lineno", 0) <= line <= (getattr(node, "end_lineno", 0) or 0)]


def _statement_at(source: str, line: int) -> ast.AST | None:
    return next(reversed(_nodes_at(source, line, ast.stmt)), None)


def _test_of(source: str, statement: ast.AST) -> ast.expr | None:
    """What an assertion asserts, or the condition that a `raise` stands under; None where another part may be to blame."""
    if isinstance(statement, ast.Assert):
        return None if _joined_by(statement.test, ast.Or) else statement.test
    if not isinstance(statement, ast.Raise):
        return None
    tests = [node.test for node in _nodes_at(source, statement.lineno, ast.If) if isinstance(node, ast.If)]
    return None if not tests or _joined_by(tests[-1], ast.And) else tests[-1]


def _joined_by(test: ast.expr, operator: type[ast.boolop]) -> bool:
    return isinstance(test, ast.BoolOp) and isinstance(test.op, operator)


def _with_constants(test: ast.expr, source: str) -> str:
    """The test, and what the file's own names in it are set to: DEVICE may be torch.device("cuda")."""
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    settings = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    values = [ast.unparse(node.value) for node in settings if getattr(node.targets[0], "id", "") in names]
    return " ".join([ast.unparse(test), *values])


def _first_parameter(source: str, line: int) -> str:
    functions = [node for node in _nodes_at(source, line, ast.FunctionDef) if isinstance(node, ast.FunctionDef)]
    names = [arg.arg for function in functions for arg in function.args.args]
    return names[0] if names else "x"
