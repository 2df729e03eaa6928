"""Stage 3: what the memory model saw in a run, as checks with the learner's sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from triton_quest.child import source
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.findings import WITHIN_A_PROGRAM, Finding, Kind
from triton_quest.child.judge import code
from triton_quest.child.judge.template_code import mask_is_given
from triton_quest.child.judge.watch import Run, Subject, watched
from triton_quest.child.sentences.memory import tell
from triton_quest.course.answer import Answer
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

NAME = "every load and store stays inside its tensor, and every element is written once"


def passed() -> v.Check:
    return v.Check(name=NAME, kind="memory", state=v.State.PASSED)


def told(finding: Finding, when: str, case: str) -> v.Check:
    """The failed check that tells of a finding."""
    places = (v.Place(finding.line, finding.site.source),) if finding.line else ()
    found = v.failed(passed(), v.Outcome.MEMORY, in_words(finding), f"This was {when}.", places=places)
    return replace(found, finding=finding.name, case=case)


def in_words(finding: Finding, with_cure: bool = True) -> str:
    """The finding as a sentence that begins with a capital letter, or with a name of the learner's, which stays as it is."""
    says = tell(finding, with_cure)
    names = [name for name in (finding.tensor, finding.argument) if name]
    begins_with_name = any(says.startswith((f"{name} ", f"{name}[")) for name in names)
    return says if begins_with_name else says[0].upper() + says[1:]


def refused(finding: Finding, run: Run) -> code.Stopped:
    return code.Stopped(told(finding, f"in {run.told}", run.case.name), finding)


def examine_accesses(run: Run) -> None:
    """Raises Stopped for the first access that is wrong."""
    fatal = run.model.fatal or (run.trouble.finding if isinstance(run.trouble, IllegalAccess) else None)
    if fatal is not None:
        raise refused(fatal, run)
    wrong = [one for one in run.model.findings if not one.is_remark and one.kind is not Kind.POISONED_LANE]
    if wrong:  # a barrier is no cure where other programs come to the elements, too
        raise refused(min(wrong, key=lambda finding: finding.kind in WITHIN_A_PROGRAM), run)


def examine_answer(run: Run) -> None:
    """Raises Stopped for elements of the answer that nobody wrote."""
    for name, tensor in run.answer.items():
        unwritten = run.model.unwritten(tensor, run.model.name_of(tensor) or (name if run.called(name) else None))
        if unwritten is not None:
            unwritten = without_blaming_the_template(unwritten, run.given.level)
            raise code.Stopped(_of_the_answer(refused(unwritten, run).check, unwritten, run, name), unwritten)


def without_blaming_the_template(finding: Finding, level: Level) -> Finding:
    """A finding that names no line where the mask of that line is the template's."""
    if not finding.line or not mask_is_given(level, source.read_text(Path(finding.file), "reset"), finding.line):
        return finding
    return replace(finding, mask_is_given=True, site=replace(finding.site, line=0))


def _of_the_answer(check: v.Check, finding: Finding, run: Run, name: str) -> v.Check:
    """`check`, with the name under which the tensor is returned, where the learner calls it otherwise."""
    if not run.called(name) or finding.tensor == name:
        return check
    return replace(check, says=f"{check.says} It is returned as `{name}`.")


def examine_masked_lanes(subject: Subject, run: Run, wrong: Answer, blocks: tuple[int, ...]) -> None:
    """Raises Stopped if the wrong elements come from lanes that a load masked off without saying what they hold."""
    if not run.model.poison_sites:
        return
    if differs(run, wrong, watched(subject, run.case, run.dtype, blocks, poison=False)):
        for site in run.model.poison_sites:
            alone = watched(subject, run.case, run.dtype, blocks, poison_only=site)
            if len(run.model.poison_sites) == 1 or not differs(run, wrong, alone):
                raise _about_lanes(site, run)
        raise _about_lanes(run.model.poison_sites[0], run)


def _about_lanes(site: Finding, run: Run) -> code.Stopped:
    return code.Stopped(replace(refused(site, run).check, name="lanes that are masked off don't reach the answer"))


def differs(run: Run, wrong: Answer, other: Run) -> bool:
    """Whether a wrong element has another value in the other run, which poisons fewer loads or none."""
    for name in wrong.marked:
        ours, theirs = run.result[name], other.result.get(name)
        if theirs is None or theirs.shape != ours.shape:
            continue
        same = (ours == theirs) | (torch.isnan(ours) & torch.isnan(theirs))
        if bool((wrong[name] & ~same).any()):
            return True
    return False
