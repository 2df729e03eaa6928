"""What the gaps of a learner's file add to a failed check: which of them is at fault, and why none can be named."""

from __future__ import annotations

from dataclasses import replace

from triton_quest.child.judge import code, memory, read
from triton_quest.child.judge.at_fault import Fault, NotFound, Trials
from triton_quest.child.judge.gapped import Gapped
from triton_quest.course import template
from triton_quest.course.gaps import marked
from triton_quest.course.mistake import Mistake, apply
from triton_quest.records import verdict as v


def possible(mistakes: tuple[Mistake, ...], mine: Gapped | None, solution: str) -> tuple[Mistake, ...]:
    """Those that can be the learner's: not the ones in gaps where the reference's lines stand in."""
    if mine is None or mine.filled is None:
        return mistakes
    waiting = {gap.number for gap in mine.waiting}
    return tuple(one for one in mistakes if not touched(one, solution) <= waiting)


def touched(mistake: Mistake, solution: str) -> frozenset[int]:
    """The gaps that a mistake's patch changes; 0 stands for lines that are given."""
    wrong = apply(mistake.edits, solution, mistake.key)
    pairs = zip(marked(solution), marked(wrong), strict=False)
    changed = {right.number for right, other in pairs if right.lines != other.lines}
    given_too = template.strip_solution(solution) != template.strip_solution(wrong)
    return frozenset(changed | ({0} if given_too else set()))


def explained(
    stopped: code.Stopped, check: v.Check, mine: Gapped, trials: Trials, mistakes: tuple[Mistake, ...], solution: str
) -> tuple[v.Check, v.Gaps | None]:
    """`check`, with which `stopped` ended the judgement, with the gap at fault, and what is known of the gaps by that."""
    check = _of_stand_in(stopped, check, mine)
    found = _not_given(stopped, mine)
    if isinstance(found, NotFound):
        lines = template.open_gaps(mine.text)
        return read.waiting(mine.text, lines, len(mine.gaps), found.why), mine.record(v.Standing.NOT_TOLD, found.why)
    found = found or trials.fault([place.line for place in check.places])
    if isinstance(found, Fault):
        known = _named(check, mistakes)
        agrees = any(set(found.numbers) & touched(one, solution) for one in known)
        if check.cause.startswith("Probably") and not agrees:
            check, known = replace(check, cause="", hint=None), []  # it is in lines that were shown to be right
        if agrees or not known:
            told = _with_cause(check, found.says)
            others = v.Standing.NOT_TOLD if found.unknown else v.Standing.RIGHT
            return told, mine.record(others, found.unknown, wrong=found.numbers)
        found = NotFound("what went wrong and where the reference's lines help are not the same")
    return check, mine.record(v.Standing.NOT_TOLD, found.why) if mine.filled is not None else None


def _named(check: v.Check, mistakes: tuple[Mistake, ...]) -> list[Mistake]:
    """The known mistakes that the check's cause tells, and those that no output can tell apart from them."""
    told = [one for one in mistakes if check.cause and one.says[1:] in check.cause]
    keys = {key for one in told for key in (one.key, *one.same_output_as)}
    return [one for one in mistakes if {one.key, *one.same_output_as} & keys]


def _with_cause(check: v.Check, says: str) -> v.Check:
    if not check.cause:
        return replace(check, cause=says)
    return replace(check, evidence=f"{check.evidence} {says}".strip())


def _of_stand_in(stopped: code.Stopped, check: v.Check, mine: Gapped) -> v.Check:
    """Without a cure for a line that isn't the learner's."""
    finding = stopped.finding
    if mine.filled is None or finding is None or finding.line not in mine.filled.gap_of:
        return check
    return replace(check, says=check.says.replace(memory.in_words(finding), memory.in_words(finding, with_cure=False)))


def _not_given(stopped: code.Stopped, mine: Gapped) -> Fault | NotFound | None:
    """For a name that isn't there: the gap that is to give it; NotFound where the reference's lines alone need it."""
    trouble = code.root_cause(stopped)
    if not isinstance(trouble, NameError):
        return None
    name = trouble.name or ""
    number = mine.not_given(name)
    if number is not None:
        says = f"TODO {number} is to give `{name}`, and its lines don't: lines below need that name."
        return Fault((number,), says, f"without `{name}` nothing runs to its end")
    lines = {place.line for place in stopped.check.places}
    if mine.filled is not None and lines & set(mine.filled.gap_of):
        return NotFound(f"the lines that would stand in for an open gap need the name `{name}`")
    return None
