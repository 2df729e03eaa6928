"""What every command shares: the console, the workspace, the progress, and the reporting of troubles."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import rich_click as click
from rich.console import Console, RenderableType

from triton_quest import invocation
from triton_quest.course.level import Level
from triton_quest.errors import NoWorkspace, QuestError, StoreTrouble
from triton_quest.screen import messages
from triton_quest.screen.console import glyphs, make_console
from triton_quest.store import updates, workspace
from triton_quest.store.progress import Progress
from triton_quest.store.records import LevelState

OK, NOT_YET, TROUBLE = 0, 1, 2
COMPLETE = "_QUEST_COMPLETE"  # set by the shell when it asks for completions


class Context:
    """What every command needs: the console, the workspace, the progress in it."""

    def __init__(self, explicit_workspace: Path | None = None) -> None:
        self._explicit = explicit_workspace
        self.console: Console = make_console()
        self.glyphs = glyphs(self.console)
        self.tell: Callable[[str], object] = tell_notice  # what the learner should know and needn't mend

    @cached_property
    def workspace(self) -> workspace.Workspace:
        try:
            cwd = Path.cwd()
        except FileNotFoundError:
            raise NoWorkspace("The current folder is gone: change to another one.", "") from None
        found = workspace.find(self._explicit, os.environ, cwd)
        invocation.named_workspace = self._explicit
        with contextlib.suppress(StoreTrouble):  # one that can't be written to is played as it is
            updates.bring_up_to_date(found)
        return found

    @cached_property
    def progress(self) -> Progress:
        return Progress(self.workspace.database, tell=lambda sentence: self.tell(sentence))

    def show(self, renderable: RenderableType) -> None:
        self.console.print(renderable, crop=False)

    def page(self, renderable: RenderableType) -> None:
        """In the learner's pager ($PAGER), where somebody sits at a terminal and the text is longer than the screen."""
        with self.console.capture() as captured:
            self.show(renderable)
        text = captured.get()
        is_read = self.console.is_terminal and sys.stdin.isatty() and sys.stdout.isatty()
        if is_read and text.count("\n") > self.console.height:
            click.echo_via_pager(text)
        else:
            self.show(renderable)

    def say(self, sentence: str) -> None:
        """A line that names files: as it is, and never wrapped."""
        self.console.print(sentence, soft_wrap=True, markup=False)

    def next(self, sentence: str, words: str | None) -> None:
        """The last line: what to type now."""
        self.console.print()
        self.show(messages.next_step(sentence, invocation.command(words) if words else "", self.glyphs))

    def level(self, level: Level | None) -> LevelState:
        """The level asked for, or the current one. Raises LockedLevel or LevelAhead."""
        return self.progress.require_open(level) if level else self.progress.current()


def run(cli: Callable[..., Any]) -> int:
    """Run the command line; every trouble becomes a sentence, on stderr or as JSON, and an exit code."""
    as_json = "--json" in sys.argv[1:]
    if not os.environ.get("COLUMNS", "1").strip("0"):  # a terminal that claims to have no columns
        del os.environ["COLUMNS"]
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    try:
        code = cli(standalone_mode=False, prog_name=invocation.program(), complete_var=COMPLETE)
        return code if isinstance(code, int) else OK
    except QuestError as trouble:
        return _tell(trouble.sentence, trouble.next_command, as_json)
    except click.UsageError as trouble:
        path = trouble.ctx.command_path.removeprefix(invocation.program()) if trouble.ctx else ""
        return _tell(trouble.format_message(), f"{path} --help".strip(), as_json)
    except click.ClickException as trouble:
        return _tell(trouble.format_message(), None, as_json)
    except (click.Abort, KeyboardInterrupt):
        return _tell("Stopped. Nothing was lost.", "", as_json)
    except BrokenPipeError:
        _silence_stdout()
        return OK
    except OSError as trouble:
        if trouble.filename is not None:
            return _tell(f"{trouble.filename} can't be used: {trouble.strerror}. Nothing was lost.", "doctor", as_json)
        if trouble.errno != errno.ENOSPC:
            return _tell(f"The system refused: {trouble.strerror or trouble}. Nothing was lost.", "doctor", as_json)
        _silence_stdout()
        return _tell("The output can't be written: the disk is full.", None, as_json)
    except Exception as trouble:  # a fault of ours: said in the form that was asked for, and in full for a report
        import traceback

        sys.stderr.write(traceback.format_exc())
        return _tell(
            f"The quest itself failed ({type(trouble).__name__}: {trouble}). Nothing was lost.", "doctor", as_json
        )


def _silence_stdout() -> None:
    """What is still buffered has nowhere to go, and Python would complain about it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(sentence: str, words: str | None, as_json: bool) -> int:
    if as_json:
        command = invocation.command(words) if words is not None else ""
        print_json({"schema": 1, "outcome": "error", "error": sentence, "next": command})
    else:
        tell_trouble(sentence, words)
    return TROUBLE


def tell_trouble(sentence: str, words: str | None) -> None:
    """Print a trouble on stderr, so that stdout holds the answer alone."""
    command = invocation.command(words) if words is not None else ""
    console = make_console(sys.stderr)
    console.print(messages.trouble(sentence, command, glyphs(console)), crop=False)


def tell_notice(sentence: str) -> None:
    """What the learner should know and needn't mend, on stderr."""
    console = make_console(sys.stderr)
    with contextlib.suppress(OSError):  # nobody reads it
        console.print(messages.notice(sentence, glyphs(console)), crop=False)


def print_json(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer, ensure_ascii=True) + "\n")
