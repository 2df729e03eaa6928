"""Names the known mistake behind a wrong access, or behind a line that a GPU's compiler refuses: the one that leads to the same.

A finding says what happened; what is to blame is often another line. For a wrong access the mistakes are run, with the learner's
constants on the same inputs, those first that stand in the learner's file word for word, and none whose lines the learner has as
the solution has them. For a refused line only those word for word are compiled, and those that name such a refusal as their finding.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from triton_quest.child import source
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.findings import Finding
from triton_quest.child.judge import code, compiling, hints, memory
from triton_quest.child.judge.diagnosis import Lines
from triton_quest.child.judge.reruns import Reruns
from triton_quest.child.judge.watch import Run, Subject, watched
from triton_quest.child.sentences.compiling import CompileFinding
from triton_quest.child.sentences.memory import tell_without_line
from triton_quest.course.mistake import Mistake, apply
from triton_quest.errors import CourseTrouble
from triton_quest.records import verdict as v

SECONDS = 2.0  # of the processor, for all reruns together; where they take longer, nothing is named


def named(
    mistakes: tuple[Mistake, ...],
    check: v.Check,
    finding: Finding | None,
    subject: Subject,
    run: Run,
    blocks: tuple[int, ...],
) -> v.Check:
    """`check`, with the sentence and the hint of the mistake that leads to its finding; as it is where none does, or more than two.

    The cure that fits such a finding in general stays only where it is a matter of this line's mask.
    """
    if finding is None:
        return check
    solution = _solution(subject)
    fitting = [one for one in mistakes if one.caught_by == "memory" and one.finding in ("", check.finding)]
    candidates = _not_ruled_out(fitting, source.read_text(subject.file, "reset"), solution)
    written = _as_written(candidates, subject)
    others = [one for one in candidates if one not in written]
    same = _leading_to(finding, written, subject, run, blocks) or _leading_to(finding, others, subject, run, blocks)
    sentences = list(dict.fromkeys(mistake.says for mistake in same))
    if not 1 <= len(sentences) <= 2:
        return check
    about_the_mask = all("mask" in one.says and hints.changes_the_line(one, check, solution) for one in same)
    says = check.says if about_the_mask else memory.in_words(finding, with_cure=False)
    of_them = {mistake.hint for mistake in same}
    hint = of_them.pop() if len(of_them) == 1 else check.hint
    return replace(check, says=says, cause="Probably: " + " Or: ".join(map(_lower_first, sentences)), hint=hint)


def refused_alike(
    mistakes: tuple[Mistake, ...],
    refusal: CompileFinding,
    subject: Subject,
    compile_it: Callable[[Subject], Sequence[CompileFinding]],
) -> v.Check:
    """The check of a refusal, with the sentence and the hint of the mistake that is refused alike: probably that one where the learner
    wrote it in another way.
    """
    check = compiling.refused(refusal).check
    candidates = [one for one in mistakes if one.caught_by == "compile"]
    written = _as_written(candidates, subject)[:2]
    alike = [one for one in candidates if one.finding == refusal.construct and one not in written]
    reruns = Reruns(subject.level)
    for mistake in (*written, *alike[:2]):
        wrong = reruns.subject(mistake, {})
        found = compile_it(wrong) if wrong is not None else ()
        if found and (found[0].construct, found[0].facts) == (refusal.construct, refusal.facts):
            says = mistake.says if mistake in written else f"Probably: {_lower_first(mistake.says)}"
            return replace(check, cause=says, hint=mistake.hint)
    return check


def lines_of(subject: Subject) -> Lines:
    """What the learner's lines say of mistakes that give the same numbers."""
    text, solution = source.read_text(subject.file, "reset"), _solution(subject)
    return Lines(
        written=lambda mistakes: _as_written(mistakes, subject),
        possible=lambda mistakes: _not_ruled_out(mistakes, text, solution),
    )


def _leading_to(
    finding: Finding, candidates: list[Mistake], subject: Subject, run: Run, blocks: tuple[int, ...]
) -> list[Mistake]:
    """The mistakes of which the memory checks say the same on this run's inputs. None if looking takes too long."""
    began, same, told = time.process_time(), [], tell_without_line(finding)
    reruns = Reruns(subject.level)
    for mistake in candidates:
        if time.process_time() - began > SECONDS:
            return []
        other = _found_in(reruns.subject(mistake, run.constants), run, blocks)
        if other is not None and tell_without_line(other) == told:
            same.append(mistake)
    return same


def _found_in(subject: Subject | None, run: Run, blocks: tuple[int, ...]) -> Finding | None:
    """What the memory checks find in a wrong version; None if nothing."""
    if subject is None:
        return None
    other = watched(subject, run.case, run.dtype, blocks)
    try:
        memory.examine_accesses(other)
        if other.trouble is None:
            memory.examine_answer(other)
    except code.Stopped as stopped:
        return stopped.finding
    except IllegalAccess:
        return None
    return None


def _not_ruled_out(mistakes: list[Mistake], text: str, solution: str) -> list[Mistake]:
    """Those that can be the learner's: not the ones that change lines which stand in the learner's file as in the solution."""
    theirs, right = _lines(text), _lines(solution)
    possible = []
    for mistake in mistakes:
        changed = sum((_lines(edit.old) - _lines(edit.new) for edit in mistake.edits), Counter())
        if not changed or any(theirs[line] < right[line] for line in changed):
            possible.append(mistake)
    return possible


def _lines(text: str) -> Counter[str]:
    """The lines of code, without their place, their layout and what is said behind them."""
    return Counter(filter(None, (re.sub(r"(^|\s+)#.*$", "", line).strip() for line in text.splitlines())))


def _as_written(mistakes: list[Mistake], subject: Subject) -> list[Mistake]:
    """Those of the mistakes whose own statements stand in the learner's file; of one that is part of another, the other."""
    solution = _solution(subject)
    theirs, right = _statements(source.read_text(subject.file, "reset")), _statements(solution)
    wrong = {}
    for mistake in mistakes:
        with contextlib.suppress(CourseTrouble):  # the gate's affair
            text = apply(mistake.edits, solution, mistake.key)
            try:
                wrong[mistake.key] = _statements(_changed_part(text, solution)) - right
            except SyntaxError:  # what was edited reaches beyond its own function
                wrong[mistake.key] = _statements(text) - right
    stand = {key: statements for key, statements in wrong.items() if statements and statements <= theirs}
    whole = {key for key, statements in stand.items() if not any(statements < other for other in stand.values())}
    return [mistake for mistake in mistakes if mistake.key in whole]


def _solution(subject: Subject) -> str:
    return (subject.level.folder / "solution.py").read_text(encoding="utf-8")


def _statements(text: str) -> set[str]:
    """The statements of a file, however they are laid out; of a loop its head."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr, ast.Return)):
            found.add(ast.unparse(node))
        elif isinstance(node, ast.For):
            found.add(f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}")
    return found


def _changed_part(text: str, solution: str) -> str:
    """The functions, and what else stands at the margin, that the edited text doesn't share with the solution."""
    lines, others = text.splitlines(), solution.splitlines()
    before = len(os.path.commonprefix([lines, others]))
    behind = len(os.path.commonprefix([lines[before:][::-1], others[before:][::-1]]))
    ranges = _at_the_margin(solution)
    first = max((last for _, last in ranges if last <= before), default=0)
    last = min((first - 1 for first, _ in ranges if first > len(others) - behind), default=len(others))
    return "\n".join(lines[first : len(lines) - (len(others) - last)])


@cache
def _at_the_margin(text: str) -> tuple[tuple[int, int], ...]:
    """The first and the last line of each statement that stands in no other."""
    found = []
    for node in ast.parse(text).body:
        decorators = getattr(node, "decorator_list", [])
        found.append((min(one.lineno for one in (node, *decorators)), node.end_lineno or node.lineno))
    return tuple(found)


def _lower_first(says: str) -> str:
    return says[0].lower() + says[1:]
