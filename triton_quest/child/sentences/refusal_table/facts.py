"""What the learner's own source adds to a refusal: where a name is set, what a size is, how a type reads. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from triton_quest.child.triton.refusals import Refusal
from triton_quest.machine.targets import find, name_of

from .instead import FORMS, IN_THE_LAUNCHER, IN_TL, INSTEAD, METHODS, NOT_IN_TL

Facts = dict[str, str]


def _function(refusal: Refusal) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(refusal.source)
    except SyntaxError:
        return None
    return next((node for node in tree.body if isinstance(node, ast.FunctionDef)), None)


def expression(refusal: Refusal) -> ast.expr | None:
    """The refused code; None where it is no expression."""
    try:
        return ast.parse(refusal.code, mode="eval").body
    except SyntaxError:
        return None


def _assignments(
    node: ast.AST, name: str, within: tuple[ast.stmt, ...] = ()
) -> Iterator[tuple[int, tuple[ast.stmt, ...]]]:
    """The line of each assignment to `name`, and the loops and branches around it, outermost first."""
    if isinstance(node, (ast.For, ast.While, ast.If)):
        within = (*within, node)
    if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
        yield node.lineno, within
    for child in ast.iter_child_nodes(node):
        yield from _assignments(child, name, within)


def _set_only_within(refusal: Refusal, name: str, kinds: tuple[type[ast.stmt], ...]) -> Facts | None:
    """Facts where `name` is set inside a block of one of these kinds that the refused line stands outside of."""
    function = _function(refusal)
    used = refusal.line - refusal.first_line + 1
    for line, within in _assignments(function, name) if function is not None else ():
        left = [block for block in within if not block.lineno <= used <= (block.end_lineno or 0)]
        if left and isinstance(left[0], kinds):
            return {"set_line": str(line + refusal.first_line - 1)}
    return None


def set_in_loop(refusal: Refusal, groups: Facts) -> Facts | None:
    return _set_only_within(refusal, groups["name"], (ast.For, ast.While))


def set_in_branch(refusal: Refusal, groups: Facts) -> Facts | None:
    return _set_only_within(refusal, groups["name"], (ast.If,))


def in_while_loop(refusal: Refusal, groups: Facts) -> Facts | None:
    """Facts where the innermost loop around the refused line is a `while`."""
    function, at = _function(refusal), refusal.line - refusal.first_line + 1
    loops = [
        node
        for node in (ast.walk(function) if function is not None else ())
        if isinstance(node, (ast.For, ast.While)) and node.lineno <= at <= (node.end_lineno or 0)
    ]
    innermost = max(loops, key=lambda loop: loop.lineno, default=None)
    return {} if isinstance(innermost, ast.While) else None


def attribute_of(refusal: Refusal, groups: Facts) -> Facts | None:
    """`cfg.BLOCK`, where that is how the function uses `cfg`."""
    function = _function(refusal)
    for node in ast.walk(function) if function is not None else ():
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == groups["name"]:
            return {"attribute": ast.unparse(node)}
    return None


def names_in_backticks(refusal: Refusal, groups: Facts) -> Facts | None:
    return {"names": groups["names"].replace("'", "`")}


def usual_form(refusal: Refusal, groups: Facts) -> Facts | None:
    """How the called function of `tl` is written, where it is one of the usual ones."""
    called = re.match(r"tl\.(\w+)\(", refusal.code)
    form = FORMS.get(called[1]) if called else None
    return {"names": groups["names"].replace("'", "`"), "form": form} if form else None


def name_in_tl(refusal: Refusal, groups: Facts) -> Facts | None:
    """What an undefined name may have meant: `int64` is `tl.int64`."""
    name = groups["name"]
    if name == "inf":
        return {"instead": 'float("inf")'}
    return {"instead": f"tl.{name}"} if name in IN_TL else None


def not_in_tl(refusal: Refusal, groups: Facts) -> Facts | None:
    instead = NOT_IN_TL.get(groups["name"])
    return {"instead": instead} if instead else None


def name_alike(refusal: Refusal, groups: Facts) -> Facts | None:
    """The parameter or variable of the function that is spelt nearly like an undefined name."""
    function = _function(refusal)
    if function is None:
        return None
    set_there = [
        node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return _alike(groups["name"], [*(arg.arg for arg in function.args.args), *set_there])


def function_alike(refusal: Refusal, groups: Facts) -> Facts | None:
    return _alike(groups["name"], IN_TL)


def dtype_of_torch(refusal: Refusal, groups: Facts) -> Facts | None:
    """The one type of torch's that stands in the line, where Triton has it too."""
    found = set(re.findall(r"\btorch\.((?:u?int|b?float)\d+)\b", refusal.source_line))
    return {"name": found.pop()} if len(found) == 1 else None


def kernel_function(refusal: Refusal, groups: Facts) -> Facts | None:
    return {} if groups["name"] in IN_TL else None


def _alike(name: str, known: Iterable[str]) -> Facts | None:
    """The one known name that begins with this one, as `n_cols` with `n`, or else the one that is spelt most like it."""
    longer = [one for one in dict.fromkeys(known) if one.startswith(f"{name}_")]
    if len(longer) == 1:
        return {"instead": longer[0]}
    found = get_close_matches(name, [one for one in dict.fromkeys(known) if one != name], n=1, cutoff=0.7)
    return {"instead": found[0]} if found else None


def instead_of_method(refusal: Refusal, groups: Facts) -> Facts:
    return {"instead": METHODS.get(groups["name"], "look for a function of `tl` that does it")}


def without_division(refusal: Refusal, groups: Facts) -> Facts | None:
    """Facts where neither the refused code divides nor what its variables were made of, so that a float comes from elsewhere."""
    function, used = _function(refusal), refusal.line - refusal.first_line + 1
    wanted = [node for node in (expression(refusal),) if node is not None]
    seen: set[str] = set()
    while wanted:
        nodes = list(ast.walk(wanted.pop()))
        if any(isinstance(node, ast.Div) for node in nodes):
            return None
        names = {node.id for node in nodes if isinstance(node, ast.Name)} - seen
        seen |= names
        made = [node for node in ast.walk(function) if isinstance(node, ast.Assign)] if function is not None else []
        wanted += [one.value for one in made if one.lineno < used and {ast.unparse(to) for to in one.targets} & names]
    return None if "/" in refusal.code.replace("//", "") else {}


def pointer_as_a_factor(refusal: Refusal, groups: Facts) -> Facts | None:
    """The parameter that is multiplied or divided, or multiplies, and is a pointer: a pointer is something to add to."""
    node = expression(refusal)
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, (ast.Mult, ast.Div)):
        return None
    factors = [operand.id for operand in (node.left, node.right) if isinstance(operand, ast.Name)]
    name = next((name for name in factors if name in refusal.pointers and refusal.function == refusal.kernel), None)
    return {"name": name} if name else None


def instead_in_the_launcher(refusal: Refusal, groups: Facts) -> Facts | None:
    """For a function of `tl` that the launcher calls: what it calls instead."""
    instead = IN_THE_LAUNCHER.get(refusal.kernel)
    return {"instead": instead} if instead and f"tl.{refusal.kernel}(" in refusal.source_line else None


def number_in_a_text(refusal: Refusal, groups: Facts) -> Facts | None:
    """The number that stands in quotation marks, as a kernel takes it."""
    meant = groups["text"][1:-1].strip()
    try:
        value = float(meant)
    except ValueError:
        return None
    if value in (float("inf"), -float("inf")):
        return {"number": '-float("inf")' if value < 0 else 'float("inf")'}
    return {"number": repr(value)} if value == value else {"number": 'float("nan")'}


def pointer_set_anew(refusal: Refusal, groups: Facts) -> Facts | None:
    """The line above the refused one that gives other values to a pointer of the kernel."""
    function, used = _function(refusal), refusal.line - refusal.first_line + 1
    if function is None or groups["name"] not in {one.arg for one in function.args.args}:
        return None
    lines = [line for line, _ in _assignments(function, groups["name"]) if line < used]
    return {"set_line": str(max(lines) + refusal.first_line - 1)} if lines else None


def argument_that_is_1(refusal: Refusal, groups: Facts) -> Facts | None:
    """Facts where the name is an argument that became a constant without being declared as one, since it equals 1."""
    function, constants = _function(refusal), {name for name, _ in refusal.constants}
    if function is None or refusal.function != refusal.kernel:
        return None
    return {} if groups["name"] in {one.arg for one in function.args.args} - constants else None


def parameter_that_divides(refusal: Refusal, groups: Facts) -> Facts | None:
    """The parameter that the number of a program is divided by, as in `pid // H`: of the two, only what a launch passes can be a float."""
    function = _function(refusal)
    node = expression(refusal)
    if function is None or not isinstance(node, ast.BinOp) or refusal.function != refusal.kernel:
        return None
    if not isinstance(node.right, ast.Name) or not isinstance(node.left, ast.Name):
        return None
    parameters, constants = {one.arg for one in function.args.args}, {name for name, _ in refusal.constants}
    is_passed = node.right.id in parameters - constants
    return {"name": node.right.id} if is_passed and _is_program_id(function, node.left.id) else None


def _is_program_id(function: ast.FunctionDef, name: str) -> bool:
    values = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets)
    ]
    return bool(values) and all(ast.unparse(value).startswith("tl.program_id(") for value in values)


def function_of_a_whole_number(refusal: Refusal, groups: Facts) -> Facts | None:
    """The only function of a float in the line, and its argument: the compiler names neither."""
    found = re.findall(r"\btl\.(sqrt|rsqrt|exp2?|log2?|sin|cos)\((\w+)\)", refusal.source_line)
    return {"name": found[0][0], "argument": found[0][1]} if len(found) == 1 else None


def two_shapes(refusal: Refusal, groups: Facts) -> Facts:
    return {name: " × ".join(re.findall(r"\d+", groups[name])) for name in ("value", "pointers")}


def python_builtin(refusal: Refusal, groups: Facts) -> Facts | None:
    instead = INSTEAD.get(groups["name"])
    return {"instead": instead} if instead else None


_BLOCK = re.compile(r"<\[(?P<shape>[^\]]*)\], (?P<element>.+)>")
_TENSOR = re.compile(r"(?P<element>[\w<>]+)\[(?P<shape>.*)\]")


def read_type(text: str) -> tuple[str, tuple[str, ...]]:
    """Element type and shape of a type as Triton writes it: `<['16'], fp16>`, `fp16[constexpr[16]]`, `int32`."""
    match = _BLOCK.fullmatch(text) or _TENSOR.fullmatch(text)
    if match is None:
        return text.removeprefix("triton.language."), ()
    return match["element"], tuple(re.findall(r"\d+", match["shape"]))


def say_type(text: str) -> str:
    """`<['16', '32'], fp16>` → "a block of 16 × 32 fp16"; `fp32` → "a single fp32"."""
    element, shape = read_type(text)
    pointed = re.fullmatch(r"pointer<(.+)>", element)
    if pointed:
        return f"a block of {' × '.join(shape)} pointers" if shape else "a single pointer"
    return f"a block of {' × '.join(shape)} {element}" if shape else f"a single {element}"


def change_of_type(refusal: Refusal, groups: Facts) -> Facts | None:
    """Both types in words: by their element type alone where only that differs."""
    (was, was_shape), (becomes, becomes_shape) = read_type(groups["was"]), read_type(groups["becomes"])
    if was_shape == becomes_shape:
        return {"was": was, "becomes": becomes, **_where_set(refusal, groups["name"])}
    return None


def change_of_shape(refusal: Refusal, groups: Facts) -> Facts | None:
    words = {"was": say_type(groups["was"]), "becomes": say_type(groups["becomes"])}
    return {**words, **_where_set(refusal, groups["name"])}


def starts_as_integer(refusal: Refusal, groups: Facts) -> Facts | None:
    facts = change_of_type(refusal, groups)
    is_whole = facts is not None and re.match(r"u?int\d", facts["was"]) and re.match(r"(fp|bf)\d", facts["becomes"])
    return facts if is_whole else None


def _where_set(refusal: Refusal, name: str) -> Facts:
    """` on line 7`, or ` (set on line 7)`, for where `name` is first set, ` (line 9)` for where the refused block does it again."""
    function, first = _function(refusal), refusal.first_line - 1
    lines = sorted(line + first for line, _ in _assignments(function, name)) if function is not None else []
    before = [line for line in lines if line < refusal.line]
    after = [line for line in lines if line >= refusal.line]
    return {
        "set_at": f" on line {before[-1]}" if before else "",
        "set_before": f" (set on line {before[-1]})" if before else "",
        "again_at": f" (line {after[0]})" if after else "",
    }


def _names_in(code: str) -> list[str]:
    try:
        return [node.id for node in ast.walk(ast.parse(code, mode="eval")) if isinstance(node, ast.Name)]
    except SyntaxError:
        return []


def parameter_without_constexpr(refusal: Refusal, groups: Facts) -> Facts | None:
    """The first parameter that the refused expression uses and that isn't declared `tl.constexpr`."""
    function = _function(refusal)
    if function is None:
        return None
    used = _names_in(refusal.code)
    plain = [arg.arg for arg in function.args.args if "constexpr" not in ast.unparse(arg.annotation or ast.Name("-"))]
    name = next((name for name in plain if name in used), None)
    return {"name": name} if name else None


def first_argument(refusal: Refusal, groups: Facts) -> Facts | None:
    """The called function and its first argument, as the learner wrote them."""
    call = expression(refusal)
    if not isinstance(call, ast.Call) or not call.args:
        return None
    argument = ast.unparse(call.args[0])
    is_simple = isinstance(call.args[0], (ast.Name, ast.Call, ast.Attribute, ast.Subscript))
    return {
        "called": ast.unparse(call.func),
        "argument": argument,
        "operand": argument if is_simple else f"({argument})",
    }


def kilobytes(refusal: Refusal, groups: Facts) -> Facts | None:
    target = find(refusal.target)
    chip = target.an_example if target else name_of(refusal.target)
    needed, has = (f"{int(groups[name]) / 1024:.0f} KB" for name in ("required", "limit"))
    return {"required": needed, "limit": has, "chip": chip}


def reassigned(refusal: Refusal, groups: Facts) -> Facts | None:
    return {"name": groups["name"] or groups["other"]}


def lower_what(refusal: Refusal, groups: Facts) -> Facts | None:
    return {"what": groups["what"].lower()}


def constants_asserted(refusal: Refusal, groups: Facts) -> Facts | None:
    """The condition of a `tl.static_assert`, and the values of the constants in it."""
    call = expression(refusal)
    if not isinstance(call, ast.Call) or not call.args:
        return None
    names = {node.id for node in ast.walk(call.args[0]) if isinstance(node, ast.Name)}
    values = [f"`{name}` is {value}" for name, value in refusal.constants if name in names]
    return {"condition": ast.unparse(call.args[0]), "values": " and ".join(values)} if values else None
