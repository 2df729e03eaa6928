"""Lines that compile and mean something else on a GPU than in the interpreter."""

from __future__ import annotations

from .row import Row

MEANING = (
    Row(
        "and_or_on_blocks",
        "`and` and `or` mean something else on blocks: write `&` and `|`, with parentheses around each comparison, "
        "as in `(a < b) & (c < d)`.",
        error="DifferentMeaning",
        reason="`and` and `or` .* one truth value",
    ),
    Row(
        "not_on_block",
        "`not` means something else on a block: write `~`, with parentheses, as in `~(a < b)`.",
        error="DifferentMeaning",
        reason="`not` in Python",
    ),
    Row(
        "or_as_default",
        "On a GPU `and` and `or` give true or false, not one of their operands: write `tl.where(condition, a, b)`.",
        error="DifferentMeaning",
        reason="return an operand",
    ),
    Row(
        "min_max_on_blocks",
        "Python's `min` and `max` don't work on blocks: the largest element of one is `tl.max(x, axis=0)`, and of two, lane by lane, "
        "`tl.maximum(a, b)`; likewise `tl.min` and `tl.minimum`.",
        error="DifferentMeaning",
        reason="min and max",
    ),
    Row(
        "masks_added",
        "A mask has one bit, so on a GPU true + true is false: write `|` for either, `&` for both, `^` for just one.",
        error="DifferentMeaning",
        reason="one bit",
    ),
    Row(
        "counter_after_loop",
        "`{code}` has no value after its loop on a GPU: keep what you need in a variable of its own.",
        error="DifferentMeaning",
        reason="after the loop",
    ),
)
