"""What one version of Triton has and another lacks: said for the version that is installed.

Read beside Triton 3.7.1, 3.8.0 and 3.9.0; `tests/execution/divergences/` holds the programs, which are run with all three.
"""

from __future__ import annotations

from dataclasses import dataclass

from triton_quest import environment
from triton_quest.child.triton.refusals import Refusal

from .facts import Facts
from .row import Row


@dataclass(frozen=True)
class _Change:
    """`since` a version a function is there, or an argument is gone; `instead` is what works with all of them."""

    since: tuple[int, int]
    instead: str


NEW_IN_TL = {
    "atomic_load": _Change((3, 9), "an atomic that changes nothing reads as well, `tl.atomic_add(pointer, 0)`"),
    "atomic_store": _Change(
        (3, 9), "an atomic whose answer is left alone stores as well, `tl.atomic_xchg(pointer, value)`"
    ),
    "atomic_poll": _Change((3, 9), "read in a loop, `while tl.atomic_add(pointer, 0) != value:`"),
}

GONE_ARGUMENTS = {
    name: _Change((3, 9), "give pointers a mask, as in `tl.load(pointers, mask=offsets < n, other=0.0)`")
    for name in ("boundary_check", "padding_option")
}


def _version(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _installed() -> tuple[int, ...]:
    return environment.installed_version("triton") or ()


def newer_in_tl(refusal: Refusal, groups: Facts) -> Facts | None:
    """Facts where a function of `tl` is there in a newer Triton only."""
    change = NEW_IN_TL.get(groups["name"])
    if change is None or _installed()[:2] >= change.since:
        return None
    return {"since": _version(change.since), "installed": _version(_installed()), "instead": change.instead}


def gone_argument(refusal: Refusal, groups: Facts) -> Facts | None:
    """Facts where an older Triton took this argument."""
    change = GONE_ARGUMENTS.get(groups["name"])
    return {"since": _version(change.since), "instead": change.instead} if change else None


def installed(refusal: Refusal, groups: Facts) -> Facts:
    return {"installed": _version(_installed())}


VERSIONS = (
    Row(
        "newer_function",
        "`tl.{name}` is new in Triton {since}, and this is {installed}: {instead}.",
        reason=r"module 'triton\.language\S*' has no attribute '(?P<name>\w+)'",
        fact=newer_in_tl,
        runs=False,
    ),
    Row(
        "gone_argument",
        "`{name}` is gone since Triton {since}, together with block pointers: {instead}.",
        reason=r"unexpected keyword argument '(?P<name>\w+)'",
        node="Call",
        fact=gone_argument,
    ),
    Row(
        "unknown_argument",
        "`tl.store` has no `other`: lanes that are masked off aren't written at all. Leave it out.",
        reason=r"unexpected keyword argument 'other'",
        node="Call",
        code=r"^tl\.store\(",
        runs=False,
    ),
    Row(
        "unknown_argument",
        "`{code}` names an argument `{name}`, which that function doesn't have in Triton {installed}: is it misspelt?",
        reason=r"unexpected keyword argument '(?P<name>\w+)'",
        node="Call",
        fact=installed,
        runs=False,
    ),
    Row(
        "comprehension_condition",
        "The `if` in `{code}` is left out before Triton 3.9: every element would be taken. Write the elements out, or a loop "
        "over `tl.static_range` with an `if` in it.",
        error="DifferentMeaning",
        reason="condition of a comprehension",
    ),
    Row(
        "block_pointers",
        "Block pointers are gone since Triton 3.9: use pointers with a mask, or a tensor descriptor.",
        reason="Block pointers have been removed",
    ),
)
