"""What the gaps of a learner's file add to a failed check: which of them is at fault, and why none can be named."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace

from triton_quest.child.instruments.memory.findings import Finding
from triton_quest.child.judge import code, hints, memory, read
from triton_quest.child.judge.at_fault import Fault, NotFound, Trials
from triton_quest.child.judge.gapped import Gapped
from triton_quest.course import template
from triton_quest.course.gaps import marked
from triton_quest.course.mistake import Mistake, apply
from triton_quest.records import verdict as v

GUESS = re.compile(r": is it `\w+`\?")  # what a name that isn't there may have meant
Among = Callable[[tuple[Mistake, ...]], v.Check]  # the check with the cause that one of these mistakes gives it


def possible(mistakes: tuple[Mistake, ...], mine: Gapped | None, solution: str) -> tuple[Mistake, ...]:
    """Those that can be the learner's: not the ones in gaps where the reference's lines stand in."""
    if mine is None or mine.filled is None:
        return mistakes
    waiting = frozenset(gap.number for gap in mine.waiting)
    return tuple(one for one in mistakes if not hints.touched(one, solution) <= waiting)


def explained(
    stopped: code.Stopped,
    check: v.Check,
    mine: Gapped,
    trials: Trials,
    mistakes: tuple[Mistake, ...],
    solution: str,
    among: Among | None = None,
) -> tuple[v.Check, v.Gaps | None]:
    """`check`, with which `stopped` ended the judgement, with the gap at fault, and what is known of the gaps by that.

    Where all known mistakes together took too long or said too much, those of the gap at fault are gone through once more, with `among`.
    """
    check = _of_stand_in(stopped, check, mine)
    found = _not_given(stopped, mine)
    if isinstance(found, NotFound):
        lines = template.open_gaps(mine.text)
        return read.waiting(mine.text, lines, len(mine.gaps), found.why), mine.record(v.GapStanding.NOT_TOLD, found.why)
    if found is not None:
        check = replace(check, says=GUESS.sub(".", check.says))  # it isn't misspelt: a gap is to give it
    suspects = [number for number in mine.written if _as_written((number,), mine, mistakes, solution)]
    found = found or trials.fault(lines_told(check), suspects)
    if isinstance(found, Fault):
        if not check.cause and among is not None:
            again = among(tuple(one for one in mistakes if set(found.numbers) & hints.touched(one, solution)))
            check = replace(check, cause=again.cause, hint=again.hint) if again.cause else check
        known = _named(check, mistakes)
        in_them = [one for one in known if set(found.numbers) & hints.touched(one, solution)]
        is_probable = check.cause.startswith("Probably")
        same = _as_written(found.numbers, mine, mistakes, solution) if is_probable or not in_them else None
        if same is not None:
            evidence = check.evidence if same in known else ""
            check = replace(check, cause=f"Probably: {_lower_first(same.says)}", evidence=evidence, hint=same.hint)
            known = in_them = [same]
        elif is_probable and not in_them:  # it is in lines that were shown to be right
            finding = None if check.kind == "numbers" else check.finding
            check, known = replace(check, cause="", evidence="", hint=None, finding=finding), []
        check = _cured_in(found.numbers, stopped, check, mine)
        told = _with_cause(_without_others(check, known, in_them), found.says)
        if not in_them:  # a mistake elsewhere that gives the same answer, or none that is known
            told = replace(told, hint=hints.of_gaps(found.numbers, told.hint, mistakes, solution))
        elif told.hint not in [one.hint for one in in_them]:
            told = replace(told, hint=in_them[0].hint)
        others = v.GapStanding.NOT_TOLD if found.unknown else v.GapStanding.RIGHT
        return told, mine.record(others, found.unknown, wrong=found.numbers)
    return check, mine.record(v.GapStanding.NOT_TOLD, found.why) if mine.filled is not None else None


def lines_told(check: v.Check) -> list[int]:
    """The lines that a check shows, and those that it speaks of, as in "starts as fp16 on line 233"."""
    return [*(place.line for place in check.places), *map(int, re.findall(r"\bline (\d+)", check.says))]


def _as_written(numbers: tuple[int, ...], mine: Gapped, mistakes: tuple[Mistake, ...], solution: str) -> Mistake | None:
    """The known mistake whose lines stand in the gap at fault, and which has none elsewhere: there, the learner's lines are right."""
    if len(numbers) != 1:
        return None
    number = numbers[0]
    gap = mine.gaps[number - 1]
    theirs = _meaning(mine.text.splitlines()[gap.first - 1 : gap.last])
    there = (one for one in mistakes if hints.touched(one, solution) == {number})
    wrong = ((one, marked(apply(one.edits, solution, one.key))[number - 1].lines) for one in there)
    return next((one for one, lines in wrong if _meaning(lines) == theirs), None)


def _meaning(lines: Sequence[str]) -> str:
    """The statements of these lines, however they are formatted."""
    try:
        return ast.dump(ast.parse(textwrap.dedent("\n".join(lines))))
    except SyntaxError:
        return ""


def _lower_first(says: str) -> str:
    return says[:1].lower() + says[1:]


def _named(check: v.Check, mistakes: tuple[Mistake, ...]) -> list[Mistake]:
    """The known mistakes that the check's cause tells, and those that no output can tell apart from them."""
    told = [one for one in mistakes if check.cause and one.says[1:] in check.cause]
    keys = {key for one in told for key in (one.key, *one.same_output_as)}
    return [one for one in mistakes if {one.key, *one.same_output_as} & keys]


def _without_others(check: v.Check, known: list[Mistake], in_them: list[Mistake]) -> v.Check:
    """`check` without the known mistakes that are in lines which were shown to be right, where it tells of several."""
    told = [one for one in in_them if one.says[1:] in check.cause]
    if not told or len(in_them) == len(known) or not check.cause.startswith("Probably"):
        return check
    of_them = {one.hint for one in in_them}
    sentences = dict.fromkeys(_lower_first(one.says) for one in told)
    return replace(
        check, cause="Probably: " + " Or: ".join(sentences), hint=of_them.pop() if len(of_them) == 1 else check.hint
    )


def _with_cause(check: v.Check, says: str) -> v.Check:
    if not check.cause:
        return replace(check, cause=says)
    return replace(check, evidence=f"{check.evidence} {says}".strip())


def _of_stand_in(stopped: code.Stopped, check: v.Check, mine: Gapped) -> v.Check:
    """Without a cure for a line that isn't the learner's."""
    finding = stopped.finding
    if mine.filled is None or finding is None or finding.line not in mine.filled.gap_of:
        return check
    return _without_cure(check, finding)


def _cured_in(numbers: tuple[int, ...], stopped: code.Stopped, check: v.Check, mine: Gapped) -> v.Check:
    """Without a cure for a line that was shown to be right: neither that line nor a mask is in the gaps at fault."""
    finding = stopped.finding
    at_fault = [mine.gaps[number - 1] for number in numbers]
    if finding is None or any(g.first <= finding.line <= g.last or "mask" in " ".join(g.names) for g in at_fault):
        return check
    return _without_cure(check, finding)


def _without_cure(check: v.Check, finding: Finding) -> v.Check:
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
