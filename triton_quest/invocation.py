"""How the learner called us: so that every "type this next" can be typed as it stands."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

named_workspace: Path | None = None  # --workspace, as it was typed
NOTEBOOK = "%quest"  # the program, in a notebook


class Command(str):
    """A command as it is typed behind the program's name, "reset 1", which still knows its verb and its level."""

    verb: str
    level: int | None

    def __new__(cls, verb: str, level: int | None = None, *options: str) -> Command:
        words = [verb, *([] if level is None else [str(level)]), *options]
        self = super().__new__(cls, " ".join(word for word in words if word))
        self.verb, self.level = verb, level
        return self


def program() -> str:
    """`./quest`, `python quest.py`, `python -m triton_quest` or `quest`, as it was typed."""
    launcher = os.environ.get("QUEST_INVOKED_AS")
    if launcher:
        return shlex.quote(launcher)
    name = Path(sys.argv[0]).name
    return {"quest.py": f"python {shlex.quote(sys.argv[0])}", "__main__.py": "python -m triton_quest"}.get(
        name, "quest"
    )


def go_to(folder: str) -> str:
    """The command line that goes to a workspace and begins there."""
    enter = shlex.quote(folder)
    return f"%cd {enter}" if program() == NOTEBOOK else f"cd {enter} && python quest.py"


def command(words: str) -> str:
    """`words` as a whole command line: "check 1" becomes "python quest.py check 1"."""
    workspace = f" --workspace {shlex.quote(str(named_workspace))}" if named_workspace else ""
    return f"{program()}{workspace} {words}".strip()


def short_path(path: Path) -> str:
    """Relative to the current folder where it lies below, else absolute."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
