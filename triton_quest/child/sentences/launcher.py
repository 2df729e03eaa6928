"""What a learner's launcher gets wrong in Python, told in a sentence. Pure."""

from __future__ import annotations

import ast
import re

from triton_quest.child import source

NOTHING = re.compile(r"'NoneType' object (has no attribute|is not (iterable|subscriptable))")
ADVICE = "Pass the tensor itself on: what the kernel wrote is in it."
NEW = ("empty", "zeros", "ones", "full", "empty_strided")  # functions of torch that allocate, on the CPU unless told


def of_nothing(message: str, text: str, line: str) -> str | None:
    """What is said of an exception over None, raised in `line`, where a launch's result has been given that name in `text`."""
    if not NOTHING.match(message):
        return None
    used = set(re.findall(r"[A-Za-z_]\w*", line))
    name = next((name for name in _given_by_launches(text) if name in used), None)
    return f"`{name}` is None, because a launch returns nothing." if name else None


def _given_by_launches(text: str) -> list[str]:
    """The names that are set to what `kernel[grid](...)` returns."""
    launches = [
        node
        for node in _nodes(text)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Subscript)
    ]
    return [target.id for node in launches for target in node.targets if isinstance(target, ast.Name)]


def on_the_cpu(text: str) -> list[str]:
    """A remark for each tensor that a function of this text allocates without a device."""
    calls = [node for node in _nodes(text) if isinstance(node, ast.Call)]
    return [
        f"Line {call.lineno}: `{name}` without `device=` allocates in the memory of the CPU, where a GPU's kernels can't reach it: "
        "pass the device of the inputs."
        for call in calls
        if (name := ast.unparse(call.func)) in {f"torch.{one}" for one in NEW}
        and not any(keyword.arg in ("device", None) for keyword in call.keywords)
    ]


def _nodes(text: str) -> list[ast.AST]:
    try:
        return list(ast.walk(source.tree_of(text)))
    except (SyntaxError, ValueError, RecursionError):
        return []
