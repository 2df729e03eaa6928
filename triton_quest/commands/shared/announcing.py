"""Records newly earned achievements and announces each once: a line each, or one summary where there are many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from triton_quest import invocation
from triton_quest.commands.shared.context import Context
from triton_quest.course.level import Level
from triton_quest.errors import StoreTrouble, UnusableFile
from triton_quest.progress import achievements
from triton_quest.progress.achievements import Award
from triton_quest.records import verdict as v
from triton_quest.screen import achievements as screen
from triton_quest.store import files
from triton_quest.store.story import Feat


def announce(
    context: Context, quiet: bool = False, level: Level | None = None, measured: Iterable[v.Record] = ()
) -> list[Award]:
    """Record the achievements that are newly earned, show them unless `quiet`, and return them.

    Without a level, they follow from the story of the run. With a level, they follow from `measured`, the records that `compile`
    or `traffic` sent of the level's own file, and only if exactly this text has passed. If two processes find one achievement
    at the same time, the database gives it to one of them.
    """
    progress = context.progress
    try:
        story = progress.story()
        feats = _shown(context, level, measured) if level else achievements.reached(story)
        earned = achievements.awards(progress.earn(story.run, feats) if feats else (), progress.levels)
    except StoreTrouble:  # whatever called this says so itself, and the next call finds it all again
        return []
    if earned and not quiet:
        context.console.print()
        context.show(screen.announcement(earned, invocation.command("achievements"), context.glyphs))
    return list(earned)


def as_json(awards: Sequence[Award]) -> list[dict[str, Any]]:
    """What was newly earned, as the commands' JSON has it."""
    return [
        {
            "achievement": award.achievement.slug,
            "title": award.achievement.title,
            "level": award.level.number if award.level else None,
            "act": award.act or None,
            "xp": award.achievement.xp,
        }
        for award in awards
    ]


def _shown(context: Context, level: Level, measured: Iterable[v.Record]) -> tuple[Feat, ...]:
    found = achievements.shown_by(level, tuple(measured))
    return found if found and _has_passed(context, level) else ()


def _has_passed(context: Context, level: Level) -> bool:
    try:
        return context.progress.has_passed(level, files.exact_text(context.workspace.file(level), ""))
    except UnusableFile:
        return False
