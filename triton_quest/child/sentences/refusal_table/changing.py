"""Variables that change their type or shape between branches or iterations, and conditions that can't decide."""

from __future__ import annotations

from . import facts
from .row import Row

_CARRIED = (
    r"[Ll]oop-carried variable (?P<name>\w+) has initial type (?P<was>.+?) "
    r"but is re-assigned to (?P<becomes>.+?) in loop"
)
_REDEFINED = (
    r"initial value for `(?P<name>\w+)` is of type (?P<was>.+?), "
    r"but the (?:then|else) block redefines it as (?P<becomes>.+)"
)
_BRANCHES = r"Mismatched type for (?P<name>\w+) between then block \((?P<was>.+)\) and else block \((?P<becomes>.+)\)"

CHANGES = (
    Row(
        "starts_as_integer",
        "`{name}` starts as {was}{set_at} and becomes {becomes} in the loop{again_at}: "
        "create it as {becomes}, as in `{name} = 0.0`.",
        reason=_CARRIED,
        fact=facts.starts_as_integer,
    ),
    Row(
        "loop_changes_type",
        "`{name}` starts as {was}{set_at} and becomes {becomes} in the loop{again_at}: create it as {becomes}.",
        reason=_CARRIED,
        fact=facts.change_of_type,
    ),
    Row(
        "loop_changes_shape",
        "`{name}` starts as {was}{set_at} and becomes {becomes} in the loop{again_at}: "
        "it must have one shape, before the loop and in it.",
        reason=_CARRIED,
        fact=facts.change_of_shape,
    ),
    Row(
        "branch_changes_type",
        "`{name}` is {was} before the `if`{set_before} and becomes {becomes} in a branch{again_at}: "
        "create it as {becomes}.",
        reason=_REDEFINED,
        fact=facts.change_of_type,
    ),
    Row(
        "branch_changes_shape",
        "`{name}` is {was} before the `if`{set_before} and becomes {becomes} in a branch{again_at}: "
        "give it the same shape in both.",
        reason=_REDEFINED,
        fact=facts.change_of_shape,
    ),
    Row(
        "branches_differ",
        "`{name}` is {was} in one branch and {becomes} in the other: give it the same type and shape in both.",
        reason=_BRANCHES,
        fact=facts.change_of_type,
    ),
    Row(
        "branches_differ",
        "`{name}` is {was} in one branch and {becomes} in the other: give it the same type and shape in both.",
        reason=_BRANCHES,
        fact=facts.change_of_shape,
    ),
    Row(
        "branches_differ",
        "`{code}` is {was} or {becomes}: give it the same type and shape on both sides.",
        reason="Ternary expression with dynamic condition has inconsistent types (?P<was>.+) and (?P<becomes>.+)",
    ),
    Row(
        "returns_differ",
        "`{function}` returns {was} in one place and {becomes} in another: return the same type everywhere.",
        reason=r"(?:Return type mismatch|Inconsistent return types): (?P<was>\S+) and (?P<becomes>[^.\s]+)",
    ),
    Row(
        "constexpr_changed",
        "`{name}` is a compile-time constant, and such can't be set twice: use another name.",
        reason=r"^(?P<name>\w+) is already defined|cannot reassign constexpr (?P<other>\w+)",
        fact=facts.reassigned,
    ),
    Row(
        "constexpr_changed",
        "`{name}` is a compile-time constant, which a loop can't change: copy it to a variable of another name before.",
        reason=r"Loop carried variable (?P<name>\w+) is not a triton value|variable (?P<other>\w+) changed type",
        fact=facts.reassigned,
    ),
)

CONDITIONS = (
    Row(
        "if_on_block",
        "`if` needs one condition, and this one has a value per element: choose by `tl.where`, or use it as a mask.",
        reason="Boolean value of Tensor with more than one value",
    ),
    Row(
        "if_on_block",
        "This needs one condition and gets one per element: choose by `tl.where`, or use it as a mask.",
        reason=r"'scf\.(if|condition)' op operand #0 must be 1-bit",
    ),
    Row(
        "loop_bounds",
        "The bounds of a loop must be integers; here they are {types}. Use `//` or `tl.cdiv` instead of `/`.",
        reason=r"For loop bounds and step must all be ints, are \((?P<types>.*)\)",
    ),
    Row(
        "static_range",
        "`tl.static_range` unrolls the loop, so its bounds must be `tl.constexpr`: use `tl.range` if they vary.",
        reason="used as tl.static_range",
    ),
    Row(
        "static_assert",
        "`tl.static_assert` can only look at `tl.constexpr` values: use `tl.device_assert`, or check in the launcher.",
        reason="Assertion condition could not be determined at compile-time",
    ),
    Row(
        "static_assert_fails",
        "`{condition}` doesn't hold in this launch, where {values}.",
        error="CompileTimeAssertionFailure",
        fact=facts.constants_asserted,
    ),
    Row("static_assert_fails", "`{code}` doesn't hold in this launch.", error="CompileTimeAssertionFailure"),
)
