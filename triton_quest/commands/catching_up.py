"""What was not verified on a laptop is made up for when a GPU appears: levels that passed without one are judged on it."""

from __future__ import annotations

from rich.text import Text

from triton_quest import verdict as v
from triton_quest.commands.context import Context
from triton_quest.errors import QuestError
from triton_quest.execution.devices import judge_on
from triton_quest.execution.runner import Job
from triton_quest.levels import Level
from triton_quest.store import files


def catch_up(context: Context, seconds: float, quiet: bool) -> list[v.Verdict]:
    """Judge on the GPU every level that passed without one, and keep the attempts. Nothing relocks."""
    slugs = context.progress.passed_without_gpu()
    levels = [state.level for state in context.progress.states() if state.is_done and state.level.slug in slugs]
    return [verdict for level in levels if (verdict := _judge(context, level, seconds, quiet)) is not None]


def _judge(context: Context, level: Level, seconds: float, quiet: bool) -> v.Verdict | None:
    path = context.workspace.file(level)
    try:
        text = files.exact_text(path, f"reset {level.number}")
    except QuestError:
        return None  # the map and the level's own check tell of a file that is gone
    verdict = judge_on(("gpu",), Job(level, path, seconds))
    if verdict.outcome is v.Outcome.ERROR:
        return None
    context.progress.record_attempt(level, text, verdict)
    if not quiet:
        mark, style = (context.glyphs.passed, "good") if verdict.passed else (context.glyphs.failed, "bad")
        said = "passes" if verdict.passed else f"doesn't pass: {verdict.cause}"
        context.show(Text(f"{mark} level {level.number}, passed without a GPU before, {said} on this one", style))
    return verdict
