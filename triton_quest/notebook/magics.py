"""`%quest`, `%start`, `%hint` and the others, and `%%level N` over a cell: the command line of the workspace, answered in HTML.

    %load_ext triton_quest
    %quest                      the map; %quest and any command line does what that does in a terminal
    %start 3                    so do %hint, %show, %traffic, %compile, %solution
    %show 3 --html page.html    the page is in the cell, too

    %%level 3
    import torch                the cell becomes the level's file, and is judged
    ...

Needs nothing of IPython but the shell that it is given.
"""

from __future__ import annotations

import atexit
import os
import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any
from unittest import mock

from triton_quest.commands import check
from triton_quest.commands.shared.context import Context, run, tell_trouble
from triton_quest.commands.shared.parameters import LevelName
from triton_quest.errors import QuestError
from triton_quest.invocation import NOTEBOOK, Command
from triton_quest.notebook import cells
from triton_quest.parent import devices
from triton_quest.parent.runner import Cancelled, Job, OnRecord
from triton_quest.parent.standby import Standby
from triton_quest.quest import cli
from triton_quest.records.verdict import Verdict
from triton_quest.screen.console import glyphs
from triton_quest.screen.messages import next_step, notice
from triton_quest.screen.notebook import framed, html_console, mime_bundle

SHORTCUTS = ("start", "hint", "show", "traffic", "compile", "solution")
STEP_SECONDS = 30.0  # for any one step of the learner's code, as `check` gives it
STOPPED = "The check was stopped. The cell's text is the level's file, and the history has it."

_opened: dict[int, Door] = {}  # by the shell that each belongs to


class NotebookContext(Context):
    """As a command's, with a console whose output becomes HTML."""

    def __init__(self, explicit_workspace: Path | None = None) -> None:
        super().__init__(explicit_workspace)
        self.console = html_console()
        self.glyphs = glyphs(self.console)
        self.tell = lambda sentence: self.show(notice(sentence, self.glyphs))

    def next(self, sentence: str, words: str | None) -> None:
        """To have a level judged is to run its cell."""
        if isinstance(words, Command) and words == Command("check", words.level):
            self.console.print()
            self.show(
                next_step(
                    f"{sentence.removesuffix(':')}, run its cell:", f"%%level {words.level or ''}".strip(), self.glyphs
                )
            )
        else:
            super().next(sentence, words)


class Door:
    """The magics of one shell, and the process that judges its cells without the wait for torch."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._standby: Standby | None = None

    def open(self) -> None:
        register = self._shell.register_magic_function
        register(self.quest, magic_kind="line", magic_name="quest")
        for name in SHORTCUTS:
            register(self._shortcut(name), magic_kind="line", magic_name=name)
        register(self.level, magic_kind="cell", magic_name="level")
        atexit.register(self.close)
        try:
            print(f"Kernels are judged {self._judges().where}.")
        except QuestError as trouble:  # no torch, or none that works: said, and said again by %%level
            tell_trouble(trouble.sentence, trouble.next_command)

    def close(self) -> None:
        if self._standby is not None:
            self._standby.close()
            self._standby = None
        atexit.unregister(self.close)

    def quest(self, line: str) -> None:
        """`%quest check 3 --file other.py`: any command line of the quest."""
        self._command(shlex.split(line))

    def level(self, line: str, cell: str) -> None:
        """`%%level 3`: the cell becomes the file of that level, and is judged."""
        with self._shown() as make:
            run(lambda **_: self._judged(make(None), line.strip(), cell))

    def _shortcut(self, name: str) -> Callable[[str], None]:
        def magic(line: str) -> None:
            self._command([name, *shlex.split(line)])

        return magic

    def _command(self, words: list[str]) -> None:
        with self._shown() as make:
            run(lambda **options: cli.main(args=words, obj=make, **options))
        if "--html" in words[:-1]:
            page = Path(words[words.index("--html") + 1]).expanduser()
            if page.is_file():
                self._shell.display_pub.publish(framed(page.read_text(encoding="utf-8"), str(page)))

    @contextmanager
    def _shown(self) -> Iterator[Callable[[Path | None], Context]]:
        """Gives what makes a command's context; what went to its console is published at the end."""
        made: list[NotebookContext] = []

        def make(workspace: Path | None) -> Context:
            made.append(NotebookContext(workspace))
            return made[-1]

        with mock.patch.dict(os.environ, QUEST_INVOKED_AS=NOTEBOOK):
            yield make
        for context in made:
            bundle = mime_bundle(context.console)
            if bundle:
                self._shell.display_pub.publish(bundle)

    # A cell

    def _judged(self, context: Context, named: str, cell: str) -> int | None:
        """Write the cell into its file and judge that, in a thread: so that an interrupt ends the check and nothing else."""
        asked = LevelName().convert(named, None, None) if named else None
        level = context.level(asked).level
        standby, cancelled = self._judges().standby, Event()
        cells.put(context, level, cell)

        def judge(job: Job, tell: OnRecord) -> Verdict:
            return standby.judge(job, tell, cancelled)

        with ThreadPoolExecutor(1) as threads:
            done = threads.submit(check.run, context, level, None, STEP_SECONDS, None, False, False, judge)
            try:
                return done.result()
            except KeyboardInterrupt:
                cancelled.set()
        if isinstance(done.exception(), Cancelled):
            context.say(STOPPED)
            return None
        return done.result()

    def _judges(self) -> Judges:
        where = devices.choose(None)
        if self._standby is None:
            self._standby = Standby(where)
        return Judges(self._standby, where)


class Judges:
    """What judges, and where: in words."""

    def __init__(self, standby: Standby, devices: tuple[str, ...]) -> None:
        self.standby = standby
        self.where = (
            "in Triton's interpreter, and on the GPU" if "gpu" in devices else "in Triton's interpreter: no GPU here"
        )


def load(shell: Any) -> None:
    """Register the magics; once a shell."""
    unload(shell)
    _opened[id(shell)] = Door(shell)
    _opened[id(shell)].open()


def unload(shell: Any) -> None:
    """End the process that judges."""
    door = _opened.pop(id(shell), None)
    if door is not None:
        door.close()
