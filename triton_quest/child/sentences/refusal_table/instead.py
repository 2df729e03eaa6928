"""What a kernel has in the place of what Python, NumPy and PyTorch have, by its name there. Data."""

INSTEAD = {
    "abs": "write `tl.abs`",
    "sum": "write `tl.sum`",
    "any": "write `tl.max(mask.to(tl.int32)) > 0`",
    "all": "write `tl.min(mask.to(tl.int32)) > 0`",
    "sorted": "write `tl.sort`",
    "round": "write `tl.floor(x + 0.5)`",
    "pow": "multiply, or write `tl.exp2(y * tl.log2(x))`",
    "bool": "compare instead: `x != 0`",
    "divmod": "write `//` and `%`",
    "slice": "compute offsets with `tl.arange`, and load those",
    "enumerate": "count with `tl.static_range`",
    "zip": "count with `tl.static_range`, and index both",
    "reversed": "count down with `range(n - 1, -1, -1)`",
    "dict": "use variables of their own names",
    "set": "use variables of their own names",
    "str": "a kernel has no text",
    "open": "files are the launcher's affair",
    "input": "a kernel can't ask; it helps while you look around in the interpreter, so take it out again",
    "breakpoint": "it helps while you look around in the interpreter, so take it out again",
}

FORMS = {
    "arange": "tl.arange(0, size)",
    "program_id": "tl.program_id(axis=0)",
    "where": "tl.where(condition, x, y)",
    "maximum": "tl.maximum(x, y)",
    "minimum": "tl.minimum(x, y)",
    "cdiv": "tl.cdiv(x, y)",
    "dot": "tl.dot(a, b)",
    "store": "tl.store(pointers, values, mask=mask)",
}

IN_TL = (
    "arange", "bfloat16", "cdiv", "constexpr", "dot", "exp", "exp2", "float16", "float32", "full", "int32", "int64", "load", "log",
    "log2", "maximum", "minimum", "num_programs", "program_id", "sqrt", "store", "trans", "where", "zeros",
)  # fmt: skip

IN_THE_LAUNCHER = {
    "cdiv": "triton.cdiv",
    "max": "max",
    "min": "min",
    "sum": "sum",
}  # in the place of a function of `tl`

NOT_IN_TL = {
    "inf": 'write `float("inf")`',
    "fp16": "write `tl.float16`",
    "fp32": "write `tl.float32`",
    "bf16": "write `tl.bfloat16`",
    "float": "write `tl.float32`",
    "int": "write `tl.int32`",
    "matmul": "write `tl.dot(a, b)`",
    "mean": "write `tl.sum`, and divide",
    "tril": "compare two vectors of indices, as in `rows[:, None] >= cols[None, :]`",
    "triu": "compare two vectors of indices, as in `rows[:, None] <= cols[None, :]`",
    "transpose": "write `tl.trans`",
    "amax": "write `tl.max`",
    "empty": "write `tl.zeros`",
    "full_like": "write `tl.full`",
    "pow": "multiply, or write `tl.exp2(y * tl.log2(x))`",
}

METHODS = {
    "masked_fill": "write `tl.where(mask, value, x)`",
    "unsqueeze": "write `x[:, None]` or `x[None, :]`",
    "float": "write `x.to(tl.float32)`",
    "half": "write `x.to(tl.float16)`",
    "transpose": "write `tl.trans(x)`",
    "t": "write `tl.trans(x)`",
    "amax": "write `tl.max(x, axis=0)`",
    "mean": "write `tl.sum`, and divide",
    "size": "its sizes are in `.shape`, as in `x.shape[0]`",
    "values": "the values are what `max` and `min` give: take `.values` away",
    "clamp": "write `tl.minimum(tl.maximum(x, low), high)`",
}
