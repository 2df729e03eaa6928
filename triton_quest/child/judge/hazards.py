"""Lines that run here and mean something else on a GPU, as checks with the learner's sentence."""

from __future__ import annotations

from dataclasses import replace

from triton_quest.child.instruments.hazards import Hazard
from triton_quest.child.judge import code, memory
from triton_quest.child.judge.watch import Run, Subject, watched
from triton_quest.child.sentences.hazards import tell
from triton_quest.course.answer import Answer
from triton_quest.records import verdict as v

NAME = "the kernels mean on a GPU what they mean here"


def refused(hazard: Hazard, run: Run) -> code.Stopped:
    check = v.Check(name=NAME, kind="compile", state=v.State.PASSED)
    places = (v.Place(hazard.site.line, hazard.site.source),) if hazard.site.line else ()
    failed = v.failed(check, v.Outcome.COMPILE, tell(hazard), f"This was seen in {run.told}.", places=places)
    return code.Stopped(replace(failed, finding=hazard.kind.value, case=run.case.name))


def examine(run: Run) -> None:
    """Raises Stopped for the first line that means something else on a GPU, whatever came of it here."""
    for hazard in run.hazards.found:
        raise refused(hazard, run)


def examine_order(subject: Subject, run: Run, wrong: Answer, blocks: tuple[int, ...]) -> None:
    """Raises Stopped if elements are wrong because `tl.cat` was free to reorder: kept in order, others are."""
    if run.hazards.reordered and memory.differs(
        run, wrong, watched(subject, run.case, run.dtype, blocks, reorders=False)
    ):
        raise refused(run.hazards.reordered[0], run)
