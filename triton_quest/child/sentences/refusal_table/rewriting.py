"""Writes a refused expression anew, as Triton takes it: what the learner may type in the place of it. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from triton_quest.child.triton.refusals import Refusal

from .facts import Facts, expression

KEYWORDS = {"dim": "axis", "keepdim": "keep_dims", "keepdims": "keep_dims", "precision": "input_precision"}
_FUNCTION = {name: ast.parse(f"tl.{name}", mode="eval").body for name in ("arange", "load")}
FP32 = ast.parse("tl.float32", mode="eval").body


def call_of(refusal: Refusal) -> ast.Call | None:
    node = expression(refusal)
    return node if isinstance(node, ast.Call) else None


def written(node: ast.AST) -> Facts:
    text = ast.unparse(ast.fix_missing_locations(node))
    return {"instead": text if '"' in text else text.replace("'", '"')}


def parameters_of(refusal: Refusal) -> dict[str, bool]:
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
    return written(ast.Call(_FUNCTION["arange"], [start, end], []))


def joined_pointer(refusal: Refusal, groups: Facts) -> Facts | None:
    """`tl.load(x_ptr, offsets, mask=mask)` with pointer and offsets added, and the first argument that Triton takes by its place."""
    call = call_of(refusal)
    if call is None or len(call.args) < 2:
        return None
    place = ast.BinOp(call.args[0], ast.Add(), call.args[1])
    return {
        "offsets": ast.unparse(call.args[1]),
        **written(ast.Call(call.func, [place, *call.args[2:]], call.keywords)),
    }


def never_loaded(refusal: Refusal, groups: Facts) -> Facts | None:
    """A name in the refused code that holds an address, pointer plus offsets, and the load that would fetch what is there."""
    parameters, at = parameters_of(refusal), refusal.line - refusal.first_line + 1
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
                **written(ast.Call(_FUNCTION["load"], [value], [])),
            }
    return None


def length_of_a_block(refusal: Refusal, groups: Facts) -> Facts | None:
    """A size of the kernel's own in the place of a length that is known only when it runs: `n` by the one constant, `M` by `BLOCK_M`."""
    call, parameters = call_of(refusal), parameters_of(refusal)
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
    return {"name": wrong[0], **written(call)}


def _calls_of(refusal: Refusal, name: str) -> list[ast.Call]:
    whole = expression(refusal)
    nodes = ast.walk(whole) if whole is not None else ()
    return [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == name]


def with_a_tuple(refusal: Refusal, groups: Facts) -> Facts | None:
    """`tl.zeros(ROWS, COLUMNS)`, whose shape stands there as numbers, with a tuple."""
    call = call_of(refusal)
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
    return written(ast.Call(call.func, arguments, [ast.keyword("dtype", dtype)]))


def converted(refusal: Refusal, groups: Facts) -> Facts | None:
    """The first `tl.int64(x)` in the refused line as `x.to(tl.int64)`."""
    found = re.search(r"\b(?P<called>tl\.\w*\d+)\((?P<argument>[\w.]+)\)", refusal.source_line)
    return {"called": found["called"], "instead": f"{found['argument']}.to({found['called']})"} if found else None


def with_a_dtype(refusal: Refusal, groups: Facts) -> Facts | None:
    call = call_of(refusal)
    if call is None:
        return None
    return written(ast.Call(call.func, call.args, [*call.keywords, ast.keyword("dtype", FP32)]))


def whole_division(refusal: Refusal, groups: Facts) -> Facts | None:
    """`int(a / b)` is `a // b`."""
    call = call_of(refusal)
    inner = call.args[0] if call is not None and call.args else None
    if not isinstance(inner, ast.BinOp) or not isinstance(inner.op, ast.Div):
        return None
    return written(ast.BinOp(inner.left, ast.FloorDiv(), inner.right))


def start_added(refusal: Refusal, groups: Facts) -> Facts | None:
    """`tl.arange(pid * BLOCK, (pid + 1) * BLOCK)` is `pid * BLOCK + tl.arange(0, BLOCK)`; the length is the only constant in it."""
    call = call_of(refusal)
    if call is None or len(call.args) != 2 or isinstance(call.args[0], ast.Constant):
        return None
    start, end = call.args
    constants = {name for name, is_constant in parameters_of(refusal).items() if is_constant}
    if set(_names(start)) <= constants:
        return None
    lengths = ({*_names(start)} & constants) or ({*_names(end)} & constants)
    if len(lengths) != 1:
        return None
    lanes = ast.Call(call.func, [ast.Constant(0), ast.Name(lengths.pop())], [])
    return written(ast.BinOp(start, ast.Add(), lanes))


def length_by_an_argument(refusal: Refusal, groups: Facts) -> Facts | None:
    """The length that the launch passes, in the place of the `len` of a pointer."""
    call, parameters = call_of(refusal), parameters_of(refusal)
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
    call = call_of(refusal)
    if call is None or not call.args:
        return None
    return written(ast.Subscript(ast.Attribute(call.args[0], "shape", ast.Load()), ast.Constant(0), ast.Load()))


def mask_reduced(refusal: Refusal, groups: Facts) -> Facts | None:
    """`mask.any()` by the largest of its elements as integers, `mask.all()` by the smallest."""
    node = expression(refusal)
    attribute = node.func if isinstance(node, ast.Call) else node
    if not isinstance(attribute, ast.Attribute):
        return None
    whole = ast.Call(ast.Attribute(attribute.value, "to", ast.Load()), [ast.parse("tl.int32", mode="eval").body], [])
    reduce = ast.parse("tl.max" if groups["name"] == "any" else "tl.min", mode="eval").body
    return written(ast.Compare(ast.Call(reduce, [whole], []), [ast.Gt()], [ast.Constant(0)]))


def argument_renamed(refusal: Refusal, groups: Facts) -> Facts | None:
    call = call_of(refusal)
    if call is None:
        return None
    for keyword in call.keywords:
        keyword.arg = KEYWORDS.get(keyword.arg or "", keyword.arg)
    return {"known": KEYWORDS[groups["name"]], **written(call)}


def load_through_a_pointer(refusal: Refusal, groups: Facts) -> Facts | None:
    """`x_ptr[i]`, of a parameter, by a load."""
    parameters = parameters_of(refusal)
    node = expression(refusal)
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name) or node.value.id not in parameters:
        return None
    if isinstance(node.slice, (ast.Slice, ast.Tuple)):
        return None
    if isinstance(node.slice, ast.Compare) or "mask" in ast.unparse(node.slice):
        instead = f"tl.load({node.value.id} + offsets, mask={ast.unparse(node.slice)})"
        return {"pointer": node.value.id, "instead": instead}
    place = ast.BinOp(node.value, ast.Add(), node.slice)
    return {"pointer": node.value.id, **written(ast.Call(ast.parse("tl.load", mode="eval").body, [place], []))}


def dtype_asked_for(refusal: Refusal, groups: Facts) -> Facts:
    """The type in `name.to(tl.int64)`, of which the compiler names `name.to` alone."""
    asked = re.search(rf"\b{re.escape(groups['name'])}\.to\((?P<dtype>[\w.]+)", refusal.source_line)
    return {"dtype": asked["dtype"] if asked else "tl.int64"}
