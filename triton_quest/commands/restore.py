"""A checked version of a level's file, brought back after a backup of what is there."""

from __future__ import annotations

from pathlib import Path

from triton_quest import invocation
from triton_quest.commands.history import find, next_check
from triton_quest.commands.shared.context import Context, print_json
from triton_quest.course.level import Level
from triton_quest.errors import UnusableFile
from triton_quest.screen import history as screen
from triton_quest.store import files, workspace
from triton_quest.store.records import Version


def run(context: Context, level: Level, number: int, as_json: bool) -> None:
    version = find(context, level, number)
    path = context.workspace.file(level)
    changed, backup = bring_back(context, level, version)
    if as_json:
        told = {"level": level.number, "slug": level.slug, "version": version.id, "file": str(path), "changed": changed}
        print_json({"schema": 1, **told, "backup": str(backup) if backup else None})
        return
    context.say(report(version, invocation.short_path(path), changed))
    if backup:
        context.say(f"Backup of what was there: {invocation.short_path(backup)}")
    next_check(context, level, "Judge it again:")


def bring_back(context: Context, level: Level, version: Version) -> tuple[bool, Path | None]:
    """Let this version be the level's file, after a backup: whether that changed anything, and where the backup is."""
    if _holds(context, level, version.text):
        return False, None
    return True, workspace.put_text(context.workspace, level, version.text)


def report(version: Version, file: str, changed: bool) -> str:
    """What was restored, in a sentence."""
    if not changed:
        return f"{file} is version {version.id} already: nothing was changed."
    return f"Restored: {file} is version {version.id} now ({screen.when(version)}, {screen.outcome(version.outcome)})."


def _holds(context: Context, level: Level, text: str) -> bool:
    """Whether the level's file is this text to the byte."""
    try:
        return files.exact_text(context.workspace.file(level), "") == text
    except UnusableFile:
        return False
