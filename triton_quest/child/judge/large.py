"""Offsets in tensors of more than 2^31 elements: refused where the level teaches int64, else a remark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from triton_quest.child.instruments.vast import Overflow, overflows
from triton_quest.child.judge import code
from triton_quest.child.judge.given import drawn
from triton_quest.child.judge.watch import Subject
from triton_quest.course.case import DTYPES, Case, Draw
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

NAME = "offsets fit tensors of more than 2^31 elements"


def examine(subject: Subject, cases: Sequence[Case]) -> v.Check:
    """Raises Stopped for an offset that wraps around in one of the cases, which are too large to run as a whole."""
    passed = v.Check(name=NAME, kind="memory", state=v.State.PASSED)
    for case in cases:
        given = drawn(subject.level, case, Draw(case.name, DTYPES["fp16"]))
        found = overflows(lambda given=given: given.called(subject.launcher))  # type: ignore[misc]
        if not found:
            continue
        if not _teaches_int64(subject.level):
            return v.remark(_remark(found[0], case))
        says = _tell(found[0])
        advice = f"What this was tried with: {case.purpose}. None of it was allocated: single programs were run."
        places = (v.Place(found[0].site.line, found[0].site.source),)
        failed = v.failed(passed, v.Outcome.MEMORY, says, advice, places=places)
        raise code.Stopped(replace(failed, finding="offset_beyond_int32", case=case.name))
    return passed


def _teaches_int64(level: Level) -> bool:
    return "tl.int64" in (level.folder / "solution.py").read_text(encoding="utf-8")


def _remark(found: Overflow, case: Case) -> str:
    return (
        f"Line {found.site.line}: where {case.purpose}, the offset computed here passes what 32 bits hold. "
        "A later level computes it in int64."
    )


def _tell(found: Overflow) -> str:
    where = f"{found.before:,} elements before it" if found.before else "behind it"
    return (
        f"Line {found.site.line}: an offset passes 2^31 - 1, the largest whole number of 32 bits, and wraps around. With "
        f"{found.argument} of shape {found.shape}, program {found.program} is then {where}. Compute it in int64: "
        "`.to(tl.int64)` on the index before it is multiplied."
    )
