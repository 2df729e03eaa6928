"""Which file of which level a command looks into: the learner's own, or with --file any other."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from triton_quest import environment
from triton_quest.commands.shared.context import Context
from triton_quest.course.level import Level
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.parent.runner import Job
from triton_quest.store import files


@dataclass(frozen=True)
class LevelFile:
    """A file for a level that is open. `is_outside`: it was named, so there are no locks and no records.

    `repair` is the command to type where the file can't be read; `text` what stood in it, once it has been read.
    """

    level: Level
    path: Path
    is_outside: bool
    repair: str
    text: str | None = None

    def read(self) -> str:
        """The text, of a pipe too, which gives it once. Raises UnusableFile."""
        return (files.text_read_once if self.is_outside else files.settled_text)(self.path, self.repair)

    def command(self, verb: str, *options: str) -> Command:
        """A command for this very file."""
        file = ("--file", shlex.quote(str(self.path))) if self.is_outside else ()
        return Command(verb, self.level.number, *file, *options)

    def job(self, kind: str, seconds: float, **asked: Any) -> Job:
        """What the child is to do with the text."""
        return Job(self.level, self.path, seconds, kind, asked, self.text)


def choose(context: Context, level: Level | None, file: Path | None, command: str) -> LevelFile:
    """What `command` was asked to look into. Raises QuestError if that can't be, or no kernel can be run here."""
    found = locate(context, level, file, command)
    require_versions()
    return replace(found, text=found.read())


def locate(context: Context, level: Level | None, file: Path | None, command: str) -> LevelFile:
    """The file that `command` was asked to look into, before its text and the installed versions are checked."""
    if file is not None and level is None:
        raise QuestError("Which level is this file for? Name it before --file.", f"{command} 1 --file {file}")
    chosen = level if file is not None and level else context.level(level).level
    if not chosen.has_arrived:
        context.progress.require_open(chosen)
    path = Path(os.path.abspath((file if file is not None else context.workspace.file(chosen)).expanduser()))
    repair = Command("reset" if file is None else command, chosen.number)
    return LevelFile(chosen, path, file is not None, repair)


def require_versions() -> None:
    """Raises QuestError where torch or Triton is missing or can't work."""
    trouble = environment.trouble_with_versions()
    if trouble:
        raise QuestError(trouble)
