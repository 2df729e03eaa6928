"""Stage 1: the file is text, it parses, and no gap is open, or the open ones can be filled in. Imports neither torch nor triton."""

from __future__ import annotations

import re
from pathlib import Path

from triton_quest.child import source
from triton_quest.child.judge import gapped
from triton_quest.course import template
from triton_quest.course.level import Level
from triton_quest.errors import UnusableFile
from triton_quest.records import verdict as v

NAME = "the file parses and no gap is open"
UNSEEN = "only a check in Triton's interpreter looks at files with open gaps"
STOOD_IN = "In the open gaps stood lines of the judge's own: what was checked is what you wrote."
NOTHING_ELSE = "Nothing else was looked at yet: mend this line, and check again."
SYNTAX_ADVICE = {  # what Python's own message leaves unsaid
    "invalid syntax": "Often the cause is in the line above: a bracket or a colon.",
    "positional argument follows keyword argument": "Move what has a name, such as `mask=mask`, to the end of the brackets.",
}
ADVICE = "Each `...` stands for code of yours; the TODO above it says what and how many lines."


def examine(level: Level, file: Path) -> v.Check:
    """One check; its outcome is None if the file is finished."""
    return examined(level, file)[0]


def examined(level: Level, file: Path, may_have_gaps: bool = False) -> tuple[v.Check, v.Gaps | None]:
    """One check, and what is known of the gaps where some are open; its outcome is None if the file is ready to be judged.

    `may_have_gaps`: a file is ready, too, in which the reference's lines can stand in for the open gaps.
    """
    check = v.Check(name=NAME, kind="read", state=v.State.PASSED)
    way_back = "`reset` writes the level's file anew, after a backup."
    try:
        text = source.read_text(file, f"reset {level.number}")
    except UnusableFile as trouble:
        return v.failed(check, v.Outcome.CONTRACT, trouble.sentence, way_back), None
    if not text.strip():
        return v.failed(check, v.Outcome.CONTRACT, "The file is empty.", way_back), None
    try:
        lines = template.open_gaps(text)
    except SyntaxError as trouble:
        return _syntax(check, trouble, text), None
    except ValueError as trouble:  # a null byte
        says = f"Python can't read the file: {trouble}."
        return v.failed(check, v.Outcome.SYNTAX, says, "Save it as plain text."), None
    if not lines:
        return check, None
    found = gapped.of_text(level, text)
    why = found.trouble if found is not None else ""
    solution = (level.folder / "solution.py").read_text(encoding="utf-8")
    total = len(template.open_gaps(template.strip_solution(solution)))
    waits = waiting(text, lines, total, why)
    if may_have_gaps and waits.outcome is v.Outcome.GAPS and found is not None and found.filled is not None:
        return v.Check(name="the file parses", kind="read", state=v.State.PASSED), None
    return waits, found.record(v.GapStanding.NOT_TOLD, why or UNSEEN) if found is not None else None


def waiting(text: str, gaps: tuple[int, ...], total: int, why: str) -> v.Check:
    """The failed check of a file with open gaps, in these lines. `why` what is written by now can't be judged; "" if it can."""
    check = v.Check(name=NAME, kind="read", state=v.State.PASSED)
    places = places_of(text, gaps)
    lines = ("line " if len(gaps) == 1 else "lines ") + ", ".join(map(str, gaps))
    if len(gaps) >= total:
        says = f"Nothing is filled in yet: {total} gaps wait for you, at {lines}."
        return v.failed(check, v.Outcome.NOT_STARTED, says, ADVICE, places=places)
    advice = f"{ADVICE} What you have by now can be judged when no gap is open: {why}." if why else ADVICE
    return v.failed(check, v.Outcome.GAPS, f"{len(gaps)} of {total} gaps left: {lines}.", advice, places=places)


def right_so_far(text: str, states: v.Gaps) -> v.Check:
    """The failed check of a file in which nothing is wrong but that gaps are open."""
    check = v.Check(name="no gap is open", kind="read", state=v.State.PASSED)
    places = places_of(text, template.open_gaps(text))
    return v.failed(check, v.Outcome.GAPS, f"{gapped.summary(states.gaps)}.", f"{STOOD_IN}\n{ADVICE}", places=places)


def places_of(text: str, gaps: tuple[int, ...]) -> tuple[v.Place, ...]:
    """These open gaps, each with what it asks for."""
    return tuple(v.Place(line, _task(text.splitlines(), line)) for line in gaps)


def _task(lines: list[str], gap: int) -> str:
    """What a gap asks for: the TODO above it, to the end of the sentence in which its first line breaks off; or else the placeholder."""
    for at in range(gap - 2, max(-1, gap - 7), -1):
        if "# TODO" in lines[at]:
            task, *more = (_without_cost(line) for line in lines[at : gap - 1])
            for line in more:
                if task.endswith("."):
                    break
                task += " " + re.split(r"(?<=\.)\s", line)[0]
            return task
    return lines[gap - 1].strip()


def _without_cost(comment: str) -> str:
    """A comment's words: what a line costs stands at its end, behind a gap of spaces."""
    return re.split(r"\s{2,}", comment.partition("#")[2].strip())[0]


def _syntax(check: v.Check, trouble: SyntaxError, text: str) -> v.Check:
    line = trouble.lineno
    if line is None:
        says = f"The file isn't Python yet: {trouble.msg}."
        return v.failed(check, v.Outcome.SYNTAX, says, "Write what is so deep in several statements.")
    lines = text.splitlines()
    place = v.Place(line, lines[line - 1].strip() if line <= len(lines) else "")
    says = f"Line {line} isn't Python yet: {trouble.msg}."
    return v.failed(check, v.Outcome.SYNTAX, says, SYNTAX_ADVICE.get(trouble.msg, NOTHING_ELSE), places=(place,))
