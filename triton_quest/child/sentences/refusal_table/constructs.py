"""Pieces of Python that a kernel can't contain."""

from __future__ import annotations

from . import facts, products
from .row import Row

CONSTRUCTS = (
    Row(
        "break",
        "`break` inside a loop doesn't exist on the GPU: let the condition of the `while` end it.",
        node="Break",
        fact=facts.in_while_loop,
    ),
    Row("break", "`break` inside a loop doesn't exist on the GPU: bound the range instead.", node="Break"),
    Row(
        "continue",
        "`continue` doesn't exist on the GPU: put the rest of the loop's body under an `if`.",
        node="Continue",
    ),
    Row(
        "return_in_loop",
        "`return` inside a loop doesn't exist on the GPU: bound the range instead, or return before the loop.",
        reason="Cannot have `return` statements inside `while` or `for`",
    ),
    Row(
        "kernel_returns",
        "A kernel can't return a value: store it through a pointer.",
        reason="a kernel can't return a value",
    ),
    Row(
        "nested_function",
        "A function can't be defined inside a kernel: move it above the kernel, with @triton.jit.",
        reason="nested function definition",
    ),
    Row(
        "nested_function",
        "A function can't be defined inside a kernel: move it above the kernel, with @triton.jit.",
        error="StopIteration",
        node="arg",
    ),
    Row(
        "lambda",
        "A kernel can't contain a `lambda`: write a function with @triton.jit above the kernel.",
        node="Lambda",
    ),
    Row(
        "dict_or_set",
        "A kernel can't hold a dict or a set: use variables of their own names.",
        node="Dict|Set|DictComp|SetComp",
    ),
    Row("try", "A kernel can't catch errors, since a GPU raises none: take the `try` away.", node="Try"),
    Row("raise", "A kernel can't raise: check in the launcher, or use `tl.device_assert`.", node="Raise"),
    Row("import", "A kernel can't import: do so at the top of the file.", node="Import|ImportFrom"),
    Row("global", "A kernel can't set a global variable: store the value through a pointer.", node="Global|Nonlocal"),
    Row("yield", "A kernel can't yield: store each value through a pointer.", node="Yield|YieldFrom"),
    Row("del", "A kernel has no `del`: the compiler frees what isn't used any more.", node="Delete"),
    Row(
        "walrus",
        "`:=` doesn't exist in a kernel in this version of Triton: assign on a line of its own.",
        node="NamedExpr",
    ),
    Row(
        "list_changed",
        "A list in a kernel can't change: it is a tuple when compiled. Use variables, or one block.",
        error="AttributeError|ValueError",
        code=r"\.(append|extend|insert|pop|sort|remove|clear)$",
    ),
    Row(
        "list_comprehension",
        "A kernel can't build a list this way: use `tl.arange`, or a loop.",
        node="ListComp|GeneratorExp",
    ),
    Row(
        "loop_over_values",
        "A loop in a kernel runs over `range`, `tl.range` or `tl.static_range`, not over a list or tuple.",
        node="For",
        reason="object has no attribute 'func'|Only `range` and `static_range`",
    ),
    Row(
        "loop_else",
        "A loop in a kernel can't have an `else`.",
        node="For|While",
        reason="else after for|Not implemented",
    ),
    Row(
        "formatted_text",
        'A text that contains a run-time value can\'t be made on a GPU: write `tl.device_print("x", x)`.',
        node="JoinedStr",
    ),
    Row(
        "text_for_a_number",
        "`other` is a number, and `{text}` is a text: write `other={number}`.",
        reason="<class 'str'> to tensor",
        code=r"^tl\.load\(.*\bother=(?P<text>['\"][^'\"]*['\"])",
        fact=facts.number_in_a_text,
    ),
    Row("text", "A kernel can't keep a text in a variable.", reason="<class 'str'> to tensor"),
    Row(
        "print",
        '`print` needs a text first, then the values, as in `print("x", x)`; or take it out once the kernel works.',
        node="Call",
        code=r"^(print|tl\.device_print)\(",
    ),
    Row(
        "chained_comparison",
        "`a < b < c` doesn't compile: write `(a < b) & (b < c)`. Where `&` joins comparisons, each needs its own brackets.",
        reason="simultaneous multiple comparison",
    ),
    Row("in", "`in` doesn't exist in a kernel: compare with each value, and join with `|`.", reason="'(In|NotIn)'"),
    Row(
        "matmul_operator",
        "`@` doesn't exist in a kernel: write `{instead}`.",
        reason="'MatMult'",
        fact=products.dot_of_its_operands,
    ),
    Row("matmul_operator", "`@` doesn't exist in a kernel: write `tl.dot(a, b)`.", reason="'MatMult'"),
    Row(
        "power_operator",
        "`**` doesn't exist for blocks: multiply, or write `tl.exp2(y * tl.log2(x))`.",
        reason=r"__pow__|\*\*",
    ),
    Row("several_targets", "`a = b = x` doesn't exist in a kernel: write two lines.", reason="[Mm]ultiple assignment"),
    Row(
        "item_assignment",
        "An element of a block or behind a pointer can't be set: write `tl.store(pointer + offsets, value, mask=mask)` for memory, "
        "`tl.where(index == i, new, old)` for a block.",
        reason="__setitem__",
    ),
    Row(
        "pointer_index",
        "Neither a pointer nor a block is indexed: what a pointer leads to is read by `tl.load(pointer + offset)`, and a block is "
        "worked on as a whole, as in `x * y` and `tl.sum(x, axis=0)`.",
        node="Subscript",
        reason="Did you forget",
    ),
    Row(
        "block_index",
        "A block can't be indexed or sliced, except by `None` and `:`. "
        "Load the elements that you want, or pick by `tl.where` and `tl.sum`.",
        reason="unsupported tensor index",
    ),
    Row(
        "recursion",
        "`{name}` calls itself, which a GPU can't: write a loop.",
        error="KeyError",
        reason=r"\.(?P<name>[A-Za-z]\w*?)__",
        node="Call",
    ),
)
