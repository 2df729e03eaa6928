"""From a notebook's cell to a level's file: what can't be one is refused, and no text of the learner's is lost."""

from __future__ import annotations

import ast

from triton_quest.commands.shared.context import Context
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.errors import QuestError, UnusableFile
from triton_quest.invocation import Command
from triton_quest.store import files, workspace

FIRST_LINE = "# the line of %%level: lines are counted as in the notebook's cell\n"
MAGIC = ("%", "!")


def put(context: Context, level: Level, cell: str) -> None:
    """Let the cell be the level's file. Raises QuestError, before anything is written, where it can't be."""
    refuse(level, cell)
    text = FIRST_LINE + cell
    before = _text_of(context, level)
    if before == text:
        return
    path = context.workspace.file(level)
    if before is not None and _is_kept(context, level, before):
        files.write_atomically(path, text)
        return
    backup = workspace.put_text(context.workspace, level, text)
    if backup is not None:
        context.say(f"Backup of what was in {path.name}: {backup}")


def refuse(level: Level, cell: str) -> None:
    """Raises QuestError for a cell with a magic inside, or with another level's code."""
    try:
        tree = ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as trouble:
        number = getattr(trouble, "lineno", None) or 0
        lines = cell.splitlines()
        found = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        if found.startswith(MAGIC):
            says = (
                f"Line {number + 1} of the cell, `{found[:60]}`, is a command of the notebook's. A level's cell becomes a "
                "Python file: give that line a cell of its own."
            )
            raise QuestError(says) from None
        return  # the judge says what is wrong with it
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    others = [other for other in LEVELS if other.launcher in defined]
    if others and level.launcher not in defined:
        says = (
            f"This cell defines `{others[0].launcher}`, the launcher of level {others[0].number}, and not `{level.launcher}`, "
            f"that of level {level.number}: nothing was written. Begin it with %%level {others[0].number}, or see the task:"
        )
        raise QuestError(says, Command("start", level.number))


def _text_of(context: Context, level: Level) -> str | None:
    try:
        return files.exact_text(context.workspace.file(level), "")
    except UnusableFile:
        return None


def _is_kept(context: Context, level: Level, text: str) -> bool:
    """Whether the text can be had again: from the history, or as the template."""
    return text == workspace.level_template(level) or any(
        version.text == text for version in context.progress.versions(level)
    )
