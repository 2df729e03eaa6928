"""Finds launch arguments that stand in the place of another one, by their names: `q` where the kernel takes `k_ptr`.

Pure: from the learner's source. It is told beside a failure, so that a kernel which works with such an order is left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

POINTER, STRIDE = "_ptr", "stride_"
MOST_TOLD = 3


@dataclass(frozen=True)
class Misplaced:
    """`passed` stands where the kernel takes `parameter`."""

    kernel: str
    line: int
    passed: str
    parameter: str


@dataclass(frozen=True)
class _Passed:
    """One argument: its code, and the variable that it is or is the stride of."""

    text: str
    root: str = ""
    is_stride: bool = False


def tell(text: str) -> str:
    """A sentence on the first launch of a file that passes arguments in another order than its kernel takes; "" where none does."""
    found = list(misplaced(text))
    if not found:
        return ""
    first = found[0]
    theirs = [one for one in found if (one.kernel, one.line) == (first.kernel, first.line)]
    told = [f"`{one.passed}` for `{one.parameter}`" for one in theirs[:MOST_TOLD]]
    listed = f"{', '.join(told[:-1])} and {told[-1]}" if len(told) > 1 else told[0]
    return (
        f"Your launch of `{first.kernel}` in line {first.line} passes {listed}: "
        "look at the order of the kernel's parameters."
    )


def misplaced(text: str) -> Iterator[Misplaced]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    kernels = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef) and _is_kernel(node)}
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Subscript):
            continue
        name = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
        bound = _bound(call, kernels[name]) if name in kernels else None
        if bound:
            yield from (Misplaced(name, call.lineno, passed.text, to) for to, passed in _out_of_place(bound))


def _is_kernel(function: ast.FunctionDef) -> bool:
    return any("jit" in ast.unparse(decorator) for decorator in function.decorator_list)


def _bound(call: ast.Call, kernel: ast.FunctionDef) -> dict[str, _Passed] | None:
    """What each parameter gets; None where that can't be told."""
    parameters = [one.arg for one in kernel.args.args]
    named = {keyword.arg: _passed(keyword.value) for keyword in call.keywords if keyword.arg in parameters}
    if any(keyword.arg is None for keyword in call.keywords):
        return None
    unnamed = [one for one in parameters if one not in named]
    single = [argument for argument in call.args if not isinstance(argument, ast.Starred)]
    several = [argument.value for argument in call.args if isinstance(argument, ast.Starred)]
    each, rest = divmod(len(unnamed) - len(single), len(several)) if several else (0, len(unnamed) - len(single))
    if rest or each < 0 or any(not _is_method(value, "stride") for value in several):
        return None
    passed: list[_Passed] = []
    for argument in call.args:
        if isinstance(argument, ast.Starred):
            root = _root(argument.value)
            passed += [_Passed(f"{root}.stride({axis})", root, True) for axis in range(each)]
        else:
            passed.append(_passed(argument))
    return {**dict(zip(unnamed, passed, strict=True)), **{str(name): one for name, one in named.items()}}


def _passed(node: ast.expr) -> _Passed:
    text = ast.unparse(node)
    if isinstance(node, ast.Name):
        return _Passed(text, node.id)
    if _is_method(node, "stride"):
        return _Passed(text, _root(node), True)
    return _Passed(text)


def _is_method(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name


def _root(node: ast.expr) -> str:
    value = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    return value.id if isinstance(value, ast.Name) else ""


def _out_of_place(bound: dict[str, _Passed]) -> Iterator[tuple[str, _Passed]]:
    """Each parameter that gets what its name says is another one's; where pointers do, these alone: strides follow them."""
    pointers = {parameter: passed for parameter, passed in bound.items() if parameter.endswith(POINTER)}
    wrong = [
        (parameter, passed) for parameter, passed in pointers.items() if _has_another_home(parameter, passed, bound)
    ]
    yield from wrong
    for parameter, passed in bound.items():
        if not wrong and parameter not in pointers and passed.root and _is_another_ones(parameter, passed, bound):
            yield parameter, passed


def _is_another_ones(parameter: str, passed: _Passed, bound: dict[str, _Passed]) -> bool:
    if not passed.is_stride:
        return _has_another_home(parameter, passed, bound)
    if parameter.startswith(STRIDE):
        return _is_of_another_tensor(parameter.removeprefix(STRIDE), passed, bound)
    return any(other.root == parameter for other in bound.values())


def _has_another_home(parameter: str, passed: _Passed, bound: dict[str, _Passed]) -> bool:
    """Whether another parameter has the name of what is passed, and gets something else."""
    home = next((name for name in (passed.root, passed.root + POINTER) if name in bound and not passed.is_stride), None)
    return home is not None and home != parameter and bound[home].text != passed.text


def _is_of_another_tensor(named: str, passed: _Passed, bound: dict[str, _Passed]) -> bool:
    """Whether a stride is that of the tensor of another pointer than the parameter `stride_<named>` is named for."""
    pointers = {parameter: one.root for parameter, one in bound.items() if parameter.endswith(POINTER)}
    theirs = [one for one in pointers if named.startswith(one.removesuffix(POINTER))]
    theirs = theirs or [one for one in pointers if one[0] == named[0]]
    return len(theirs) == 1 and pointers[theirs[0]] not in ("", passed.root) and passed.root in pointers.values()
