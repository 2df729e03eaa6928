"""Writes a refused product of two tiles anew, as `tl.dot` takes it. Pure."""

from __future__ import annotations

import ast
from collections.abc import Callable

from triton_quest.child.triton.refusals import Refusal

from .facts import Facts, expression
from .rewriting import call_of, parameters_of, written

Scaled = tuple[ast.expr, str]


def scaled_product(refusal: Refusal, groups: Facts) -> Facts | None:
    """A dot of which one operand was multiplied by an argument of the kernel: the product of the plain operands, times that."""
    call, parameters = call_of(refusal), parameters_of(refusal)
    if call is None or len(call.args) < 2:
        return None
    arguments = {name for name, is_constant in parameters.items() if not is_constant and "ptr" not in name}
    for place, operand in enumerate(call.args[:2]):
        scaled = _made_by(refusal, operand, lambda made: _scaled(made, arguments))
        if scaled is not None:
            plain, scale = scaled
            call.args[place] = plain
            return {"scale": scale, **written(ast.BinOp(call, ast.Mult(), ast.Name(scale)))}
    return None


def _made_by(refusal: Refusal, operand: ast.expr, look: Callable[[ast.expr], Scaled | None]) -> Scaled | None:
    """What `look` finds in an operand itself, or in the last line before the refused one that sets a variable of this name."""
    found = look(operand)
    if found is not None or not isinstance(operand, ast.Name):
        return found
    at = refusal.line - refusal.first_line + 1
    made = [
        node
        for node in ast.walk(ast.parse(refusal.source))
        if isinstance(node, ast.Assign) and node.lineno < at and operand.id in [ast.unparse(t) for t in node.targets]
    ]
    return look(max(made, key=lambda node: node.lineno).value) if made else None


def _scaled(made: ast.expr, arguments: set[str]) -> Scaled | None:
    """`x * scale`: x, and the name of the scale, one of the kernel's `arguments`."""
    if not isinstance(made, ast.BinOp) or not isinstance(made.op, ast.Mult):
        return None
    for plain, scale in ((made.left, made.right), (made.right, made.left)):
        if isinstance(scale, ast.Name) and scale.id in arguments and isinstance(plain, ast.Name):
            return plain, scale.id
    return None


def wide_operand_cast(refusal: Refusal, groups: Facts) -> Facts | None:
    """The dot with its fp32 operand in the type of the other; None where both are names, which is told by their names."""
    call = call_of(refusal)
    if call is None or len(call.args) < 2 or all(isinstance(operand, ast.Name) for operand in call.args[:2]):
        return None
    wide = 1 if groups["other"] == "fp32" else 0
    dtype = ast.Attribute(call.args[1 - wide], "dtype", ast.Load())
    call.args[wide] = ast.Call(ast.Attribute(call.args[wide], "to", ast.Load()), [dtype], [])
    return written(call)


def cast_of_an_operand(refusal: Refusal, groups: Facts) -> Facts | None:
    """Both operands of a dot by their names, and the cast of the one that is fp32 to the type of the other."""
    call = expression(refusal)
    names = [node.id for node in call.args[:2] if isinstance(node, ast.Name)] if isinstance(call, ast.Call) else []
    if len(names) != 2:
        return None
    first, second = names
    narrow, wide = (first, second) if groups["other"] == "fp32" else (second, first)
    return {"first": first, "second": second, "cast": f"{wide}.to({narrow}.dtype)"}


def operands_as_loaded(refusal: Refusal, groups: Facts) -> Facts | None:
    """Both operands and the cast, as above, where each was loaded through a pointer of its own, with nothing done to it since."""
    told = cast_of_an_operand(refusal, groups)
    if told is None:
        return None
    first, second = (_pointer_of(refusal, told[place]) for place in ("first", "second"))
    if not first or not second or first == second:
        return None
    return {**told, "first_pointer": first, "second_pointer": second}


def _pointer_of(refusal: Refusal, name: str, *, of_a_load: bool = True) -> str:
    """The kernel's pointer that a variable was loaded through, or that an address was made of; "" where that can't be told."""
    at = refusal.line - refusal.first_line + 1
    made = [
        node
        for node in ast.walk(ast.parse(refusal.source))
        if isinstance(node, ast.Assign)
        and node.lineno < at
        and name in [ast.unparse(target) for target in node.targets]
    ]
    value = max(made, key=lambda node: node.lineno).value if made else None
    if of_a_load:
        value = value.args[0] if isinstance(value, ast.Call) and ast.unparse(value.func) == "tl.load" else None
    names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)] if value is not None else []
    pointers = [one for one in names if one in refusal.pointers]
    if pointers or not of_a_load:
        return pointers[0] if len(pointers) == 1 else ""
    return _pointer_of(refusal, names[0], of_a_load=False) if len(names) == 1 else ""


def dot_of_its_operands(refusal: Refusal, groups: Facts) -> Facts | None:
    """The only `a @ b` in the refused code as `tl.dot(a, b)`."""
    whole = expression(refusal)
    nodes = ast.walk(whole) if whole is not None else ()
    products = [node for node in nodes if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)]
    if len(products) != 1:
        return None
    return written(ast.Call(ast.parse("tl.dot", mode="eval").body, [products[0].left, products[0].right], []))
