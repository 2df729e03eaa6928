"""The magics, with a shell that only registers and publishes: a cell is the level's file, and whatever is wrong with it is a sentence."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any
from unittest import mock

import pytest

import triton_quest
from tests.commands import kernels
from tests.conftest import Quest, clean_environment
from triton_quest.course.table import LEVELS
from triton_quest.notebook import magics
from triton_quest.parent import runner
from triton_quest.parent.runner import Cancelled, Job
from triton_quest.parent.warm import Warm
from triton_quest.records.verdict import Outcome
from triton_quest.store import workspace as workspaces


class Standby:
    """In its place: judges in a child of the tests' warm worker."""

    def __init__(self, warm: Warm) -> None:
        self.warm, self.closed = warm, 0

    def judge(self, job: Job, on_record: Any, cancelled: Event) -> Any:
        return runner.judge(job, on_record, self.warm.start, cancelled.is_set)

    def close(self) -> None:
        self.closed += 1


class Shell:
    """As much of IPython's as the magics use."""

    def __init__(self) -> None:
        self.magics: dict[tuple[str, str], Callable[..., None]] = {}
        self.published: list[dict[str, str]] = []
        self.display_pub = self

    def register_magic_function(self, function: Callable[..., None], magic_kind: str, magic_name: str) -> None:
        self.magics[magic_kind, magic_name] = function

    def publish(self, data: dict[str, str]) -> None:
        self.published.append(data)

    def run(self, line: str, cell: str | None = None) -> str:
        """Run a magic; all that it published, as text."""
        name, _, rest = line.lstrip("%").partition(" ")
        self.published.clear()
        self.magics["line", name](rest) if cell is None else self.magics["cell", name](rest, cell)
        return " ".join(" ".join(one["text/plain"] for one in self.published).split())

    @property
    def html(self) -> str:
        return "".join(one["text/html"] for one in self.published)


@pytest.fixture
def standby(warm: Warm) -> Standby:
    return Standby(warm)


@pytest.fixture
def shell(quest: Quest, standby: Standby, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A notebook in the folder of a fresh workspace."""
    monkeypatch.chdir(quest.workspace.root)
    monkeypatch.setattr(magics, "Standby", lambda where: standby)
    monkeypatch.setattr(runner, "Worker", quest._worker)
    made = Shell()
    with mock.patch.dict(os.environ, clean_environment(), clear=True):
        triton_quest.load_ipython_extension(made)
        yield made
        triton_quest.unload_ipython_extension(made)
    assert standby.closed == 1


def test_a_cell_becomes_the_file_with_its_history_and_is_judged(shell: Shell, quest: Quest) -> None:
    said = shell.run("%%level 1", kernels.WRONG)
    assert "wrong" in said and "expected" in said and "→ %quest hint 1" in said
    assert shell.html.startswith("<pre") and "<span" in shell.html
    said = shell.run("%%level 1", kernels.RIGHT)
    assert "Vector addition: passed" in said and "3 stars" in said
    assert quest.file(1).read_text().endswith(kernels.RIGHT)
    versions = quest.progress.versions(LEVELS[0])
    assert [version.outcome for version in versions] == [Outcome.WRONG.value, Outcome.PASSED.value]
    assert "passed" in quest.inside("history 1").out, "what passed in the notebook isn't passed in the terminal"


def test_lines_are_counted_as_in_the_cell(shell: Shell) -> None:
    assert "Line 3 isn't Python yet" in shell.run("%%level 1", "import torch\ndef x(:\n")


def test_open_gaps_are_listed_and_the_price_of_a_hint_is_said(shell: Shell) -> None:
    said = shell.run("%%level 1", workspaces.level_template(LEVELS[0]))
    assert "6 of 6 gaps left" in said or "six gaps" in said or "TODO 1" in said
    assert "cost" in shell.run("%hint 1") or "free" in shell.run("%hint 1")


def test_commands_are_those_of_the_terminal(shell: Shell, quest: Quest) -> None:
    assert "Vector addition" in shell.run("%quest") and "%quest start 1" in shell.run("%quest")
    assert "→ %%level 1" in shell.run("%start 1"), "to have it judged is to run its cell"
    quest.file(1).write_text(kernels.RIGHT)
    assert "Program (2,)" in shell.run("%show 1 --program 2")
    assert "page.html" in shell.run("%show 1 --html page.html") and '<iframe title="page.html" srcdoc="' in shell.html
    assert "add_kernel" in shell.run("%solution 1 --give-up")


@pytest.mark.parametrize(
    ("line", "cell", "says"),
    [
        ("%%level 1", "%time x\n" + kernels.RIGHT, "Line 2 of the cell, `%time x`, is a command of the notebook's"),
        ("%%level 1", "def matmul(a, b):\n    return a\n", "the launcher of level 2"),
        ("%%level 2", "def matmul(a, b):\n    return a\n", "is locked"),
        ("%%level 99", "x = 1\n", "99"),
        ("%%level one two", "x = 1\n", "one two"),
    ],
)
def test_a_cell_that_cant_be_the_file_is_refused_and_nothing_is_written(
    shell: Shell, quest: Quest, capsys: pytest.CaptureFixture[str], line: str, cell: str, says: str
) -> None:
    before = {number: quest.file(number).read_text() for number in (1, 2)}
    assert shell.run(line, cell) == ""
    assert says in " ".join(capsys.readouterr().err.split())
    assert {number: quest.file(number).read_text() for number in (1, 2)} == before


def test_a_text_that_nothing_holds_is_backed_up_before_a_cell_replaces_it(shell: Shell, quest: Quest) -> None:
    quest.file(1).write_text("mine = 'edited in the terminal, never checked'\n")
    said = shell.run("%%level 1", kernels.UNFINISHED)
    assert "Backup of what was in level1_vector_add.py" in said
    assert [path.read_text() for path in quest.workspace.backups.rglob("*.py")] == [
        "mine = 'edited in the terminal, never checked'\n"
    ]
    assert "Backup" not in shell.run("%%level 1", kernels.WRONG), "the cell before is in the history"


def test_without_a_workspace_the_sentence_says_how_to_make_one(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workspaces, "is_clone", lambda: False)
    shell.run("%%level 1", kernels.RIGHT)
    assert "%quest init my-quest" in capsys.readouterr().err
    assert "→ %cd my-quest" in shell.run("%quest init my-quest")


def test_an_interrupt_ends_the_check_and_says_where_the_text_is(
    shell: Shell, quest: Quest, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(job: Job, on_record: Any, cancelled: Event) -> Any:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        assert cancelled.wait(60), "nobody cancelled the check"
        raise Cancelled

    monkeypatch.setattr(standby, "judge", hang)
    assert "The check was stopped." in shell.run("%%level 1", kernels.HANGING)
    assert kernels.HANGING in quest.file(1).read_text()
    assert kernels.HANGING in quest.progress.versions(LEVELS[0])[-1].text


def test_json_is_printed_as_it_is(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert shell.run("%quest --json") == ""
    assert capsys.readouterr().out.startswith('{"schema": 1')
