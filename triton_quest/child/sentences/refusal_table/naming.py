"""Names that a kernel can't use, or not there."""

from __future__ import annotations

from . import facts
from .row import Row

NAMES = (
    Row(
        "torch_call",
        "`{code}` is no function for kernels: use Triton's own, from `tl`.",
        reason="Unsupported function referenced",
        code=r"^(torch|np|numpy|F|math)\.",
    ),
    Row(
        "undecorated_helper",
        "`{code}` is a plain Python function: add @triton.jit above its `def`.",
        reason="Unsupported function referenced",
    ),
    Row(
        "global_object",
        "`{name}` is a Python object, which a kernel can't read: pass `{attribute}` as an argument.",
        reason=r"Cannot access global variable (?P<name>\w+)",
        fact=facts.attribute_of,
    ),
    Row(
        "global_variable",
        "`{name}` is a Python variable outside the kernel, which a kernel can't read: write `{name} = tl.constexpr(...)` where it is set, "
        "or pass it as an argument.",
        reason=r"Cannot access global variable (?P<name>\w+)",
    ),
    Row(
        "set_in_loop",
        "`{name}` is set inside a loop (line {set_line}), which may not run at all: give it a value before the loop.",
        reason=r"^(?P<name>\w+) is not defined",
        fact=facts.set_in_loop,
    ),
    Row(
        "set_in_branch",
        "`{name}` is set in one branch only (line {set_line}): give it a value before the `if`, or in the `else` too.",
        reason=r"^(?P<name>\w+) is not defined",
        fact=facts.set_in_branch,
    ),
    Row(
        "python_builtin",
        "Python's `{name}` doesn't exist in a kernel: {instead}.",
        reason=r"^(?P<name>\w+) is not defined",
        fact=facts.python_builtin,
    ),
    Row(
        "forgotten_import",
        "`{name}` isn't imported: the interpreter knows it by chance. Add the `import` at the top of the file.",
        reason=r"^(?P<name>math|np|triton|tl|torch) is not defined",
    ),
    Row(
        "unknown_name",
        "`{name}` isn't defined: write `{instead}`.",
        reason=r"^(?P<name>\w+) is not defined",
        fact=facts.name_in_tl,
        runs=False,
    ),
    Row(
        "unknown_name",
        "`{name}` isn't defined: is it `{instead}`?",
        reason=r"^(?P<name>\w+) is not defined",
        fact=facts.name_alike,
        runs=False,
    ),
    Row("unknown_name", "`{name}` isn't defined.", reason=r"^(?P<name>\w+) is not defined", runs=False),
    Row(
        "unknown_function",
        "`{module}` has no `{name}`: is it misspelt, or newer than this Triton?",
        reason=r"module 'triton\.(language\.extra|experimental)\S*' has no attribute '(?P<name>\w+)'",
        code=r"^(?P<module>\w+)\.",
        runs=False,
    ),
    Row(
        "unknown_function",
        "`tl` has no `{name}`: {instead}.",
        reason=r"module 'triton\.language\S*' has no attribute '(?P<name>\w+)'",
        fact=facts.not_in_tl,
        runs=False,
    ),
    Row(
        "unknown_function",
        "`tl` has no `{name}`: is it `tl.{instead}`?",
        reason=r"module 'triton\.language\S*' has no attribute '(?P<name>\w+)'",
        fact=facts.function_alike,
        runs=False,
    ),
    Row(
        "unknown_function",
        "`triton` has no `{name}`: in a kernel write `tl.{name}`.",
        reason=r"module 'triton' has no attribute '(?P<name>\w+)'",
        fact=facts.kernel_function,
        runs=False,
    ),
    Row(
        "unknown_function",
        "`tl` has no `{name}`: is it misspelt, or newer than this Triton?",
        reason=r"module 'triton\.language\S*' has no attribute '(?P<name>\w+)'",
        runs=False,
    ),
    Row(
        "launcher_function",
        "`triton.{name}` is for the launcher; in a kernel write `tl.{name}`.",
        reason="Did you forget to add @triton.jit",
        code=r"^triton\.(?P<name>cdiv)\(",
    ),
    Row(
        "reduces_one_block",
        "`tl.{name}` looks through one block, as in `tl.{name}(x, axis=0)`: of two values write `tl.{name}imum(x, y)`.",
        reason="Did you forget to add @triton.jit",
        code=r"^tl\.(?P<name>max|min)\(",
    ),
    Row(
        "launcher_function",
        "`{called}` works only with numbers that are known when the kernel is compiled, as `tl.constexpr`.",
        reason="Did you forget to add @triton.jit",
        code=r"^triton\.",
        fact=facts.first_argument,
    ),
    Row(
        "math_module",
        "`math.{name}` works only with compile-time numbers: write `tl.{name}`.",
        code=r"^math\.(?P<name>\w+)\(",
    ),
)
