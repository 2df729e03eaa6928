"""Start over, or start one level over, after a backup."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from triton_quest import invocation
from triton_quest.commands.shared.context import Context, print_json
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.store import workspace


def run(context: Context, level: Level | None, yes: bool, as_json: bool) -> None:
    everything = level is None
    chosen = [level] if level else [row for row in LEVELS if row.has_arrived]
    if level:
        context.progress.require_open(level)
    what = "all level files and your progress start" if everything else f"the file of level {chosen[0].number} starts"
    if not yes:
        if not sys.stdin.isatty() or as_json:
            sentence = f"With this, {what} over, after a backup. Nobody is here to confirm it: add --yes."
            raise QuestError(sentence, _reset_words(level, " --yes"))
        _confirm(f"With this, {what} anew. What you have is backed up first. Go on?")
    backups = [backup for one in chosen if (backup := _renew(context, one, as_json))]
    if everything:
        context.progress.start_over()
    if as_json:
        print_json({"schema": 1, "reset": [one.slug for one in chosen], "backups": [str(path) for path in backups]})
        return
    context.next("Begin again:", Command("start", chosen[0].number))


def _renew(context: Context, level: Level, quiet: bool) -> Path | None:
    """Renew the levels one by one, and report each backup at once: a later failure must not hide where the earlier backups are."""
    backup = workspace.renew(context.workspace, level)
    if not quiet:
        context.say(f"New: {invocation.short_path(context.workspace.file(level))}")
        if backup:
            context.say(f"Backup of what was there: {invocation.short_path(backup)}")
    return backup


def _confirm(question: str) -> None:
    try:
        agreed = click.confirm(question)
    except click.Abort:  # Ctrl-C or Ctrl-D at the question
        agreed = False
    if not agreed:
        raise QuestError("Stopped. Nothing was changed.", "")


def _reset_words(level: Level | None, option: str) -> str:
    return f"reset {level.number}{option}" if level else f"reset{option}"
