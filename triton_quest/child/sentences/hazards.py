"""Tells the learner of a line that means something else on a GPU: what happens there, and what to write instead. Pure text."""

from __future__ import annotations

from triton_quest.child.instruments.hazards import Hazard, HazardKind

_SAYS = {
    HazardKind.NEGATIVE_STEP: (
        "the step of this loop is negative and known only when the kernel runs: on a GPU the loop then makes no turn. "
        "Write the step as a number (`range(n - 1, -1, -1)`), make it a `tl.constexpr`, or count up and compute `n - 1 - i`."
    ),
    HazardKind.TRUNCATED: (
        "here `//` or `%` meets a negative number. On a GPU the result is rounded towards zero (-1 // 2 is 0, -1 % 2 is -1), in Python "
        "it is rounded down. Keep what is divided at 0 or above: add a multiple of the divisor first, or compare."
    ),
    HazardKind.ROUNDED_DOWN: (
        "here `//` or `%` meets a negative number, and is rounded in two ways on a GPU: towards zero when the kernel runs, but down where "
        "the compiler knows all numbers, and an argument that equals 1 is known to it. Keep what is divided at 0 or above."
    ),
    HazardKind.NOT_COMMUTATIVE: (
        "`tl.reduce` combines the lanes in any order on a GPU, and `{name}(a, b)` isn't `{name}(b, a)`. Use a function for which they are "
        "the same; to pick one lane, write `tl.sum(tl.where(lanes == which, x, 0.0), axis=0)`."
    ),
    HazardKind.NOT_ASSOCIATIVE: (
        "lanes are combined in groups of any size on a GPU, and `{name}({name}(a, b), c)` isn't `{name}(a, {name}(b, c))`. "
        "Use a function for which they are the same, or carry the result through a loop."
    ),
    HazardKind.NOTHING_RETURNED: (
        "`{name}` came to its end without a `return`, and what it gives is used here: on a GPU that may be any value. "
        "Return something on every path of `{name}`."
    ),
    HazardKind.FALSE_MULTIPLE: (
        "`{name}` promises multiples of {hint}, and the values begin with {first}. A GPU's compiler believes it, and loads or stores "
        "several elements at a place that isn't aligned. Promise what always holds, or leave `{name}` out."
    ),
    HazardKind.FALSE_CONTIGUOUS: (
        "`{name}` promises {hint} values that each follow the one before, and they are {seen}. A GPU's compiler believes it, and loads "
        "or stores neighbours of the first instead. Promise what always holds, or leave `{name}` out."
    ),
    HazardKind.FALSE_CONSTANCY: (
        "`{name}` promises {hint} equal values in a row, and they are {seen}. A GPU's compiler believes it, and takes the first for all "
        "of them. Promise what always holds, or leave `{name}` out."
    ),
    HazardKind.FALSE_ASSUMPTION: (
        "what `{name}` promises doesn't hold here. A GPU's compiler believes it, and leaves out what only other values need. "
        "Promise what always holds, or leave `{name}` out."
    ),
    HazardKind.REORDERED: (
        "`tl.cat(..., can_reorder=True)` doesn't keep the order on a GPU: an element of the first half may come out anywhere. "
        "Leave `can_reorder` out (then the order is kept), or store the two halves one by one."
    ),
}


def tell(hazard: Hazard) -> str:
    seen = ", ".join(map(str, hazard.seen)) + (", ..." if len(hazard.seen) > 3 else "")
    first = hazard.seen[0] if hazard.seen else ""
    says = _SAYS[hazard.kind].format(name=hazard.name, hint=hazard.hint, seen=seen, first=first)
    return f"Line {hazard.site.line}: {says}"
