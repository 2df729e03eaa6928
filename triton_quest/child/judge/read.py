"""Stage 1: the file is text, it parses, and no gap is open. Imports neither torch nor triton."""

from __future__ import annotations

import re
from pathlib import Path

from triton_quest.child import source
from triton_quest.course import template
from triton_quest.course.level import Level
from triton_quest.errors import UnusableFile
from triton_quest.records import verdict as v


def examine(level: Level, file: Path) -> v.Check:
    """One check; its outcome is None if the file is ready to be judged."""
    check = v.Check(name="the file parses and no gap is open", kind="read", state=v.State.PASSED)
    try:
        text = source.read_text(file, f"reset {level.number}")
    except UnusableFile as trouble:
        return v.failed(
            check, v.Outcome.CONTRACT, trouble.sentence, "`reset` writes the level's file anew, after a backup."
        )
    if not text.strip():
        return v.failed(
            check, v.Outcome.CONTRACT, "The file is empty.", "`reset` writes the level's file anew, after a backup."
        )
    try:
        gaps = template.open_gaps(text)
    except SyntaxError as trouble:
        return _syntax(check, trouble, text)
    except ValueError as trouble:  # a null byte
        return v.failed(check, v.Outcome.SYNTAX, f"Python can't read the file: {trouble}.", "Save it as plain text.")
    if not gaps:
        return check
    solution = (level.folder / "solution.py").read_text(encoding="utf-8")
    total = len(template.open_gaps(template.strip_solution(solution)))
    places = tuple(v.Place(line, _task(text.splitlines(), line)) for line in gaps)
    lines = ("line " if len(gaps) == 1 else "lines ") + ", ".join(map(str, gaps))
    if len(gaps) >= total:
        says, outcome = f"Nothing is filled in yet: {total} gaps wait for you, at {lines}.", v.Outcome.NOT_STARTED
    else:
        says, outcome = f"{len(gaps)} of {total} gaps left: {lines}.", v.Outcome.GAPS
    advice = "Each `...` stands for code of yours; the TODO above it says what and how many lines."
    return v.failed(check, outcome, says, advice, places=places)


def _task(lines: list[str], gap: int) -> str:
    """What a gap asks for: the TODO above it, or else the placeholder itself."""
    for line in reversed(lines[max(0, gap - 6) : gap - 1]):
        if "# TODO" in line:
            return re.split(r"\s{2,}", line.partition("# ")[2].strip())[0]  # without the costs at its end
    return lines[gap - 1].strip()


def _syntax(check: v.Check, trouble: SyntaxError, text: str) -> v.Check:
    line = trouble.lineno
    if line is None:
        says = f"The file isn't Python yet: {trouble.msg}."
        return v.failed(check, v.Outcome.SYNTAX, says, "Write what is so deep in several statements.")
    lines = text.splitlines()
    place = v.Place(line, lines[line - 1].strip() if line <= len(lines) else "")
    says = f"Line {line} isn't Python yet: {trouble.msg}."
    return v.failed(
        check, v.Outcome.SYNTAX, says, "Often the cause is in the line above: a bracket or a colon.", places=(place,)
    )
