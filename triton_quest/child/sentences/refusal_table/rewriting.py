"""Writes a refused expression anew, as Triton takes it: what the learner may type in the place of it. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from triton_quest.child.triton.refusals import Refusal

from .facts import Facts

KEYWORDS = {"dim": "axis", "keepdim": "keep_dims", "keepdims": "keep_dims", "precision": "input_precision"}
Scaled = tuple[ast.expr, str]
_FUNCTION = {name: ast.parse(f"tl.{name}", mode="eval").body for name in ("arange", "load")}
FP32 = ast.parse("tl.float32", mode="eval").body


def _call(refusal: Refusal) -> ast.Call | None:
    try:
        node = ast.parse(refusal.code, mode="eval").body
    except SyntaxError:
        return None
    return node if isinstance(node, ast.Call) else None


def _written(node: ast.AST) -> Facts:
    text = ast.unparse(ast.fix_missing_locations(node))
    return {"instead": text if '"' in text else text.replace("'", '"')}


def _parameters(refusal: Refusal) -> dict[str, bool]:
    """The names of the function's parameters, and whether each is a `tl.constexpr`."""
    try:
        tree = ast.parse(refusal.source)
    except SyntaxError:
        return {}
    function = next((node for node in tree.body if isinstance(node, ast.FunctionDef)), None)
    arguments = function.args.args if function is not None else []
    return {one.arg: one.annotation is not None and "constexpr" in ast.unparse(one.annotation) for one in arguments}


def _names(node: ast.AST) -> Iterator[str]:
    return (one.id for one in ast.walk(node) if isinstance(one, ast.Name))


def _is_dtype(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute)


def block_for_a_range(refusal: Refusal, groups: Facts) -> Facts | None:
    """`range(n)` in the refused line as a block: `tl.arange(0, n)`."""
    calls = _calls_of(refusal, "range")
    if len(calls) != 1 or not 1 <= len(calls[0].args) <= 2:
        return None
    start, end = ([ast.Constant(0), *calls[0].args])[-2:]
    return _written(ast.Call(_FUNCTION["arange"], [start, end], []))


def joined_pointer(refusal: Refusal, groups: Facts) -> Facts | None:
    """`tl.load(x_ptr, offsets, mask=mask)` with pointer and offsets added, and the first argument that Triton takes by its place."""
    call = _call(refusal)
    if call is None or len(call.args) < 2:
        return None
    place = ast.BinOp(call.args[0], ast.Add(), call.args[1])
    return {
        "offsets": ast.unparse(call.args[1]),
        **_written(ast.Call(call.func, [place, *call.args[2:]], call.keywords)),
    }


def never_loaded(refusal: Refusal, groups: Facts) -> Facts | None:
    """A name in the refused code that holds an address, pointer plus offsets, and the load that would fetch what is there."""
    parameters, at = _parameters(refusal), refusal.line - refusal.first_line + 1
    try:
        used, tree = set(_names(ast.parse(refusal.code, mode="eval"))), ast.parse(refusal.source)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or node.lineno >= at or not isinstance(node.targets[0], ast.Name):
            continue
        name, value = node.targets[0].id, node.value
        is_address = isinstance(value, ast.BinOp) and any(
            one in refusal.pointers and one in parameters for one in _names(value)
        )
        if name in used and is_address and not name.endswith(("ptr", "ptrs")) and "load(" not in ast.unparse(value):
            return {
                "name": name,
                "made": str(node.lineno + refusal.first_line - 1),
                **_written(ast.Call(_FUNCTION["load"], [value], [])),
            }
    return None


def length_of_a_block(refusal: Refusal, groups: Facts) -> Facts | None:
    """A size of the kernel's own in the place of a length that is known only when it runs: `n` by the one constant, `M` by `BLOCK_M`."""
    call, parameters = _call(refusal), _parameters(refusal)
    if call is None:
        return None
    constants = [name for name, is_constant in parameters.items() if is_constant]
    wrong = [name for name in dict.fromkeys(_names(call)) if parameters.get(name) is False]
    instead = {name: f"BLOCK_{name}" if f"BLOCK_{name}" in constants else constants[0] for name in wrong if constants}
    if not instead or (len(constants) > 1 and any(f"BLOCK_{name}" not in constants for name in wrong)):
        return None
    for node in ast.walk(call):
        if isinstance(node, ast.Name):
            node.id = instead.get(node.id, node.id)
    return {"name": wrong[0], **_written(call)}


def _calls_of(refusal: Refusal, name: str) -> list[ast.Call]:
    try:
        tree = ast.parse(refusal.code, mode="eval")
    except SyntaxError:
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == name]


def with_a_tuple(refusal: Refusal, groups: Facts) -> Facts | None:
    """`tl.zeros(ROWS, COLUMNS)`, whose shape stands there as numbers, with a tuple."""
    call = _call(refusal)
    if call is None or not call.args or isinstance(call.args[0], (ast.Tuple, ast.List)):
        return None
    keywords = {one.arg: one.value for one in call.keywords}
    given = list(call.args)
    dtype = keywords.get("dtype") or (given.pop() if len(given) > 1 and _is_dtype(given[-1]) else FP32)
    value = keywords.get("value")
    is_full = ast.unparse(call.func) == "tl.full"
    if is_full and value is None:
        if len(given) < 2:
            return None
        value = given.pop()
    arguments: list[ast.expr] = [ast.Tuple(given, ast.Load())]
    if is_full and value is not None:
        arguments.append(value)
    return _written(ast.Call(call.func, arguments, [ast.keyword("dtype", dtype)]))


def with_a_dtype(refusal: Refusal, groups: Facts) -> Facts | None:
    call = _call(refusal)
    if call is None:
        return None
    return _written(ast.Call(call.func, call.args, [*call.keywords, ast.keyword("dtype", FP32)]))


def whole_division(refusal: Refusal, groups: Facts) -> Facts | None:
    """`int(a / b)` is `a // b`."""
    call = _call(refusal)
    inner = call.args[0] if call is not None and call.args else None
    if not isinstance(inner, ast.BinOp) or not isinstance(inner.op, ast.Div):
        return None
    return _written(ast.BinOp(inner.left, ast.FloorDiv(), inner.right))


def start_added(refusal: Refusal, groups: Facts) -> Facts | None:
    """`tl.arange(pid * BLOCK, (pid + 1) * BLOCK)` is `pid * BLOCK + tl.arange(0, BLOCK)`; the length is the only constant in it."""
    call = _call(refusal)
    if call is None or len(call.args) != 2 or isinstance(call.args[0], ast.Constant):
        return None
    start, end = call.args
    constants = {name for name, is_constant in _parameters(refusal).items() if is_constant}
    if set(_names(start)) <= constants:
        return None
    lengths = ({*_names(start)} & constants) or ({*_names(end)} & constants)
    if len(lengths) != 1:
        return None
    lanes = ast.Call(call.func, [ast.Constant(0), ast.Name(lengths.pop())], [])
    return _written(ast.BinOp(start, ast.Add(), lanes))


def length_by_an_argument(refusal: Refusal, groups: Facts) -> Facts | None:
    """The length that the launch passes, in the place of the `len` of a pointer."""
    call, parameters = _call(refusal), _parameters(refusal)
    if call is None or not call.args or not isinstance(call.args[0], ast.Name) or call.args[0].id not in parameters:
        return None
    argument = call.args[0].id
    numbers = [
        name
        for name, is_constant in parameters.items()
        if not (is_constant or name == argument or "ptr" in name or "stride" in name)
    ]
    passed = f"write `{numbers[0]}`, which the launch passes" if len(numbers) == 1 else "let the launch pass it"
    return {"argument": argument, "instead": passed}


def first_of_its_shape(refusal: Refusal, groups: Facts) -> Facts | None:
    call = _call(refusal)
    if call is None or not call.args:
        return None
    return _written(ast.Subscript(ast.Attribute(call.args[0], "shape", ast.Load()), ast.Constant(0), ast.Load()))


def mask_reduced(refusal: Refusal, groups: Facts) -> Facts | None:
    """`mask.any()` by the largest of its elements as integers, `mask.all()` by the smallest."""
    try:
        node = ast.parse(refusal.code, mode="eval").body
    except SyntaxError:
        return None
    attribute = node.func if isinstance(node, ast.Call) else node
    if not isinstance(attribute, ast.Attribute):
        return None
    whole = ast.Call(ast.Attribute(attribute.value, "to", ast.Load()), [ast.parse("tl.int32", mode="eval").body], [])
    reduce = ast.parse("tl.max" if groups["name"] == "any" else "tl.min", mode="eval").body
    return _written(ast.Compare(ast.Call(reduce, [whole], []), [ast.Gt()], [ast.Constant(0)]))


def argument_renamed(refusal: Refusal, groups: Facts) -> Facts | None:
    call = _call(refusal)
    if call is None:
        return None
    for keyword in call.keywords:
        keyword.arg = KEYWORDS.get(keyword.arg or "", keyword.arg)
    return {"known": KEYWORDS[groups["name"]], **_written(call)}


def scaled_product(refusal: Refusal, groups: Facts) -> Facts | None:
    """A dot of which one operand was multiplied by an argument of the kernel: the product of the plain operands, times that."""
    call, parameters = _call(refusal), _parameters(refusal)
    if call is None or len(call.args) < 2:
        return None
    arguments = {name for name, is_constant in parameters.items() if not is_constant and "ptr" not in name}
    for place, operand in enumerate(call.args[:2]):
        scaled = _made_by(refusal, operand, lambda made: _scaled(made, arguments))
        if scaled is not None:
            plain, scale = scaled
            call.args[place] = plain
            return {"scale": scale, **_written(ast.BinOp(call, ast.Mult(), ast.Name(scale)))}
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
    call = _call(refusal)
    if call is None or len(call.args) < 2 or all(isinstance(operand, ast.Name) for operand in call.args[:2]):
        return None
    wide = 1 if groups["other"] == "fp32" else 0
    dtype = ast.Attribute(call.args[1 - wide], "dtype", ast.Load())
    call.args[wide] = ast.Call(ast.Attribute(call.args[wide], "to", ast.Load()), [dtype], [])
    return _written(call)


def cast_of_an_operand(refusal: Refusal, groups: Facts) -> Facts | None:
    """Both operands of a dot by their names, and the cast of the one that is fp32 to the type of the other."""
    try:
        call = ast.parse(refusal.code, mode="eval").body
    except SyntaxError:
        return None
    names = [node.id for node in call.args[:2] if isinstance(node, ast.Name)] if isinstance(call, ast.Call) else []
    if len(names) != 2:
        return None
    first, second = names
    narrow, wide = (first, second) if groups["other"] == "fp32" else (second, first)
    return {"first": first, "second": second, "cast": f"{wide}.to({narrow}.dtype)"}


def load_through_a_pointer(refusal: Refusal, groups: Facts) -> Facts | None:
    """`x_ptr[i]`, of a parameter, by a load."""
    parameters = _parameters(refusal)
    try:
        node = ast.parse(refusal.code, mode="eval").body
    except SyntaxError:
        return None
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name) or node.value.id not in parameters:
        return None
    if isinstance(node.slice, (ast.Slice, ast.Tuple)):
        return None
    place = ast.BinOp(node.value, ast.Add(), node.slice)
    return {"pointer": node.value.id, **_written(ast.Call(ast.parse("tl.load", mode="eval").body, [place], []))}


def dtype_asked_for(refusal: Refusal, groups: Facts) -> Facts:
    """The type in `name.to(tl.int64)`, of which the compiler names `name.to` alone."""
    asked = re.search(rf"\b{re.escape(groups['name'])}\.to\((?P<dtype>[\w.]+)", refusal.source_line)
    return {"dtype": asked["dtype"] if asked else "tl.int64"}
