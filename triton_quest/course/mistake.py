"""The known mistakes and the right variants of a level, as data: `course/<slug>/mistakes.py`.

A mistake is the solution after a named edit. It serves twice: in the gate every one must be rejected by the check that is meant to,
and at run time it is named where it leads to the learner's wrong output, wrong access or refused line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from triton_quest.errors import CourseTrouble


@dataclass(frozen=True)
class Edit:
    """`old` becomes `new` in the solution's text; it must occur exactly `count` times."""

    old: str
    new: str
    count: int = 1


@dataclass(frozen=True)
class Mistake:
    """A wrong version. `says` is true of every kernel whose output equals this one's, or that goes wrong at the same access with the
    same words; `hint` speaks of it.

    `formula` gives the wrong result in float64, from the launcher's arguments. Where it depends on the tiling, it takes the
    learner's launch constants as keyword-only parameters of the same names (`*, BLOCK_N`). Without one, the mistake is run.
    """

    key: str
    edits: tuple[Edit, ...]
    caught_by: str  # the kind of the check that must reject it: memory, rules, numbers, property, compile, contract
    says: str
    hint: int | None = None
    formula: Callable[..., Any] | None = None
    same_output_as: tuple[str, ...] = ()  # mistakes that no output can tell from this one: either may be named
    finding: str = ""  # what a check of memory or rules must call it; a check that calls it so, points to this hint


@dataclass(frozen=True)
class Variant:
    """A right version, written differently: it must pass. `says` is why it is right."""

    key: str
    edits: tuple[Edit, ...]
    says: str


def apply(edits: tuple[Edit, ...], text: str, key: str) -> str:
    """The edited text. Raises CourseTrouble for an edit that no longer applies."""
    for edit in edits:
        found = text.count(edit.old)
        if found != edit.count:
            raise CourseTrouble(
                f"mistakes.py, {key}: {edit.old!r} occurs {found} times in the solution, not {edit.count}"
            )
        text = text.replace(edit.old, edit.new)
    return text
