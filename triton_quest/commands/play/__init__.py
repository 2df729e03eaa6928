"""The live session: one stays in it, saves the file, and sees the verdict."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from triton_quest import environment
from triton_quest.commands.overview import next_words
from triton_quest.commands.shared.context import OK, TROUBLE, Context
from triton_quest.course.level import Level
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.parent import devices
from triton_quest.screen.console import write_plainly

NEEDED = ("textual", "watchfiles")


def run(context: Context, level: Level | None) -> int:
    refuse_what_cant_show_it(level)
    where = devices.choose(None)
    begun = context.level(level).level
    from triton_quest.commands.play.session import LiveSession
    from triton_quest.parent.standby import Standby
    from triton_quest.screen.session.app import SessionApp

    write_plainly(sys.__stderr__)  # which is where Textual draws
    with Standby(where) as standby:
        app = SessionApp(LiveSession(context, where, standby.judge, standby.run), begun)
        app.run()
    if app.return_code:  # it has shown its traceback
        return TROUBLE
    context.next(*next_words(context.progress.states()))
    return OK


def refuse_what_cant_show_it(level: Level | None) -> None:
    """Raises QuestError where there is no terminal, or what draws on it is missing."""
    words = Command("check", level.number) if level else "check"
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise QuestError("The live session needs a terminal, and this is none. The same verdict without one:", words)
    if os.environ.get("TERM", "dumb") == "dumb":
        raise QuestError("The live session needs a terminal that can move its cursor. The same verdict here:", words)
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        mend = environment.pip_line(" ".join(missing))
        raise QuestError(f"This Python ({sys.executable}) lacks {' and '.join(missing)}. Type: {mend}")
