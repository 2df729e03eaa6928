"""Start over, or start one level over, after a backup."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from triton_quest import invocation
from triton_quest.commands.context import Context, print_json
from triton_quest.errors import QuestError
from triton_quest.levels import LEVELS, Level
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
        click.confirm(f"With this, {what} anew. What you have is backed up first. Go on?", abort=True)
    backups = [workspace.renew(context.workspace, one) for one in chosen]
    if everything:
        context.progress.start_over()
    kept = [str(backup) for backup in backups if backup]
    if as_json:
        print_json({"schema": 1, "reset": [one.slug for one in chosen], "backups": kept})
        return
    for one in chosen:
        context.console.print(f"New: {invocation.short_path(context.workspace.file(one))}", soft_wrap=True)
    for backup in kept:
        context.console.print(f"Backup of what was there: {invocation.short_path(Path(backup))}", soft_wrap=True)
    context.next("Begin again:", f"start {chosen[0].number}")


def _reset_words(level: Level | None, option: str) -> str:
    return f"reset {level.number}{option}" if level else f"reset{option}"
