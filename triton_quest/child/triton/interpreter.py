"""Makes Triton's interpreter fast, and right where it is silently wrong: `enable()`, once in each child that uses it.

Call it after `TRITON_INTERPRET=1` and `import triton`, before the first kernel is launched (a launch without it leaves
parts of `triton.language` replaced) and before anything else of `adapt` is installed on top.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import triton

from . import acceptance, arithmetic, bf16, elementwise, fidelity, recording, scalars, speed
from .patching import Edits

PATCHES = (
    *speed.PATCHES,
    *bf16.PATCHES,
    *fidelity.PATCHES,
    *arithmetic.PATCHES,
    *scalars.PATCHES,
    *acceptance.PATCHES,
    *elementwise.PATCHES,
    *recording.PATCHES,
)
"""In the order in which they are laid over each other. `arithmetic` comes before whatever else rewrites the calls of `range`."""


@dataclass(frozen=True)
class Adaptation:
    """What was adapted on this version of Triton, and what was left out, as (name, reason)."""

    version: str
    applied: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


_edits = Edits()
_current: Adaptation | None = None


def enable(without: Collection[str] = ()) -> Adaptation:
    """Install every adaptation that fits this version; again, it changes nothing and returns the same."""
    global _current
    if _current is not None:
        return _current
    applied: list[str] = []
    left_out: list[tuple[str, str]] = []
    complaints = {patch.name: "not wanted" if patch.name in without else patch.complaint() for patch in PATCHES}
    for patch in PATCHES:
        reason = complaints[patch.name] or patch.apply(_edits)
        if reason is None:
            applied.append(patch.name)
        else:
            left_out.append((patch.name, reason))
    _current = Adaptation(triton.__version__, tuple(applied), tuple(left_out))
    return _current


def enabled() -> bool:
    return _current is not None


def disable() -> None:
    """Put Triton back as it was."""
    global _current
    _edits.undo()
    _current = None
