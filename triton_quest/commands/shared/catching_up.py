"""Levels that were passed before are judged again: on the first GPU that appears, and all of them at the end of the game.

What was not verified on a laptop is made up for when a GPU appears. Nothing relocks.
"""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text

from triton_quest.commands.shared.context import Context
from triton_quest.course.level import Level
from triton_quest.errors import UnusableFile
from triton_quest.invocation import Command
from triton_quest.parent.devices import judge_on
from triton_quest.parent.runner import Job
from triton_quest.records import verdict as v
from triton_quest.store import files

Judge = Callable[[Job], v.Verdict]


def judge_again(context: Context, level: Level, seconds: float, judge: Judge) -> v.Verdict:
    """Judge the level's present file and keep the attempt. Raises UnusableFile if there is no text to be judged."""
    path = context.workspace.file(level)
    text = files.exact_text(path, Command("reset", level.number))
    verdict = judge(Job(level, path, seconds, text=text))
    if verdict.outcome is not v.Outcome.ERROR:
        context.progress.record_attempt(level, text, verdict)
    return verdict


def on_gpu(job: Job) -> v.Verdict:
    return judge_on(("gpu",), job)


def catch_up(context: Context, seconds: float, quiet: bool, judge: Judge = on_gpu) -> list[v.Verdict]:
    """Judge on the GPU every level that passed without one; what came of those that could be judged."""
    slugs = context.progress.passed_without_gpu()
    verdicts = []
    for state in context.progress.states():
        if not state.is_done or state.level.slug not in slugs:
            continue
        try:
            verdict = judge_again(context, state.level, seconds, judge)
        except UnusableFile:
            continue  # the level's own check tells of it
        if verdict.outcome is v.Outcome.ERROR:
            continue
        verdicts.append(verdict)
        if not quiet:
            _tell(context, verdict)
    return verdicts


def _tell(context: Context, verdict: v.Verdict) -> None:
    mark, style = (context.glyphs.passed, "good") if verdict.passed else (context.glyphs.failed, "bad")
    context.show(Text(f"{mark} level {told(verdict)}", style))


def told(verdict: v.Verdict) -> str:
    """What came of it, to be put behind "level "."""
    said = "passes" if verdict.passed else f"doesn't pass: {verdict.cause}"
    return f"{verdict.level}, passed without a GPU before, {said} on this one"
