"""The checked versions of a level's file: all of them, or one beside the file as it is now."""

from __future__ import annotations

import sys
from typing import Any

from triton_quest import invocation
from triton_quest.commands.overview import next_words
from triton_quest.commands.shared.context import Context, print_json
from triton_quest.course.level import Level
from triton_quest.errors import QuestError, UnusableFile
from triton_quest.invocation import Command
from triton_quest.screen import history as screen
from triton_quest.screen import texts
from triton_quest.store import files, workspace
from triton_quest.store import history as versions
from triton_quest.store.records import Status, Version

LATEST = 20  # how many are shown without --all


def run(
    context: Context, level: Level | None, number: int | None, everything: bool, whole: bool, as_json: bool
) -> None:
    level = level or context.progress.current().level
    if number is None:
        if whole:
            raise QuestError("Which version? Name its id before --whole.", Command("history", level.number))
        _list(context, level, everything, as_json)
    else:
        _show(context, level, find(context, level, number), whole, as_json)


def find(context: Context, level: Level, number: int) -> Version:
    """The level's version of this id. Raises QuestError."""
    found = next((version for version in context.progress.versions(level) if version.id == number), None)
    if found is None:
        raise QuestError(f"Level {level.number} has no version {number}.", Command("history", level.number))
    return found


def _list(context: Context, level: Level, everything: bool, as_json: bool) -> None:
    kept = context.progress.versions(level)
    template = workspace.level_template(level) if level.has_arrived else ""
    entries = versions.entries(kept, template)
    if as_json:
        listed = [_entry_json(entry) for entry in entries]
        print_json({"schema": 1, "level": level.number, "slug": level.slug, "versions": listed})
        return
    if not kept:
        context.say(f"No version of level {level.number} was checked yet.")
        next_check(context, level, "Once you have written something:")
        return
    shown = entries if everything else entries[-LATEST:]
    text, says = _file_now(context, level, entries)
    now = versions.change(kept[-1].text, text) if text is not None else None
    older = len(entries) - len(shown)
    context.show(screen.entries(level, shown, older, now, says, context.glyphs, context.console.width))
    chosen = next((entry for entry in reversed(entries) if entry.version.text != text), entries[-1])
    context.next("Look at one:", Command("history", level.number, str(chosen.version.id)))


def _file_now(context: Context, level: Level, entries: tuple[versions.Entry, ...]) -> tuple[str | None, str]:
    """The text that stands in the level's file, if any, and a few words on it."""
    try:
        text = files.exact_text(context.workspace.file(level), Command("reset", level.number))
    except UnusableFile:
        return None, "your file can't be read"
    same = next((entry.version for entry in reversed(entries) if entry.version.text == text), None)
    return text, f"your file is version {same.id}" if same else "your file, not checked yet"


def _show(context: Context, level: Level, version: Version, whole: bool, as_json: bool) -> None:
    path = context.workspace.file(level)
    try:
        text, trouble = files.exact_text(path, Command("restore", level.number, str(version.id))), ""
    except UnusableFile as unusable:
        text, trouble = None, unusable.sentence
    file = invocation.short_path(path)
    names = ("your file now", f"version {version.id}")
    lines = versions.diff(text, version.text, file, names) if text is not None else ()
    if as_json:
        told = {**_version_json(version), "text": version.text, "diff": "\n".join(lines) if text is not None else None}
        print_json({"schema": 1, "level": level.number, "slug": level.slug, "file": str(path), "version": told})
        return
    if whole:
        _print_whole(context, version)
        return
    context.show(screen.version(level, version, context.glyphs))
    restore = Command("restore", level.number, str(version.id))
    if text is None:
        context.say(f"\n{trouble} All of version {version.id}:\n")
        _print_whole(context, version)
        context.next("Bring this version back:", restore)
    elif text == version.text:
        context.say("\nYour file is the same now.")
        next_check(context, level, "Judge it again:")
    else:
        context.console.print()
        _print_diff(context, lines)
        context.next("Bring it back, after a backup of your file:", restore)


def next_check(context: Context, level: Level, sentence: str) -> None:
    """Name `check` as the next command, or what comes first while the level is locked."""
    states = context.progress.states()
    is_shut = states[level.number - 1].status in (Status.LOCKED, Status.AHEAD)
    context.next(*(next_words(states) if is_shut else (sentence, Command("check", level.number))))


def _print_diff(context: Context, lines: tuple[str, ...]) -> None:
    if not lines:
        context.say("It differs from your file in its line ends alone.")
    elif context.console.is_terminal:
        context.show(screen.diff(lines))
    else:
        sys.stdout.write("\n".join(lines) + "\n")  # as `patch` takes it


def _print_whole(context: Context, version: Version) -> None:
    if context.console.is_terminal:
        context.show(texts.code(screen.printable(files.plain(version.text))))
    else:
        sys.stdout.write(version.text)


def _version_json(version: Version) -> dict[str, Any]:
    keys = ("id", "run", "at", "outcome", "cause", "seconds")
    return {key: getattr(version, key) for key in keys}


def _entry_json(entry: versions.Entry) -> dict[str, Any]:
    change = entry.change
    return {
        **_version_json(entry.version),
        "checks": entry.checks,
        "lines_added": change.added,
        "lines_removed": change.removed,
    }
