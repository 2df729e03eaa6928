"""`show --html`: the trace, or the map of a wrong answer, as one page for a browser."""

from __future__ import annotations

from pathlib import Path

from triton_quest import invocation
from triton_quest.commands.shared import subject
from triton_quest.invocation import Command
from triton_quest.parent.runner import Ending
from triton_quest.records import verdict as v
from triton_quest.records.show import Answered, ErrorMap, ErrorValues
from triton_quest.report.show import CallTrace, Position
from triton_quest.report.show_data import Errors, page_data
from triton_quest.screen.show_page import render


def write(path: Path, chosen: subject.LevelFile, ended: Ending, title: str, start: Position | None) -> None:
    """Write the page of a call that was traced, and begins at `start`, or of a wrong answer's map alone. May raise OSError."""
    trace = CallTrace.of(ended.records)
    page = page_data(trace, start, ended.records, _errors(ended))
    shown = invocation.command(Command("show", chosen.level.number, "" if start else "--errors"))
    inputs = f"{_inputs(ended, trace)}. {'Traced' if start else 'Run'} in Triton's interpreter."
    text = render(title, inputs, _sentences(ended), shown, chosen.text or "", trace, page)
    path.write_text(text, encoding="utf-8")


def _inputs(ended: Ending, trace: CallTrace) -> str:
    mismatch = ended.failure.mismatch if ended.failure else None
    return trace.inputs or (mismatch.inputs if mismatch else "")


def _sentences(ended: Ending) -> list[str]:
    """Why the call didn't come to its end, or that its answer is wrong."""
    if ended.outcome is not v.Outcome.PASSED:
        return [ended.failure.says if ended.failure else ended.detail.strip()]
    answered = ended.all(Answered)
    if answered and answered[0].wrong:
        return [f"{answered[0].wrong:,} of {answered[0].total:,} elements of the answer are wrong."]
    return []


def _errors(ended: Ending) -> Errors | None:
    maps, values = ended.all(ErrorMap), ended.all(ErrorValues)
    if not maps:
        return None
    return Errors(maps[0], values[0] if values else None, ended.failure.mismatch if ended.failure else None)
