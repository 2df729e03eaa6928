"""What the tests share: a fresh workspace, and the command line as people type it. Outputs compared whole: tests/snapshots.py."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import re
import shlex
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import click
import pytest

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # a bare `pytest` puts only the tests there
    sys.path.insert(0, str(ROOT))

from tests.whole_suite import (  # noqa: E402, F401
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_sessionfinish,
    pytest_terminal_summary,
)
from triton_quest.course.level import Level  # noqa: E402
from triton_quest.course.table import LEVELS  # noqa: E402
from triton_quest.parent import runner  # noqa: E402
from triton_quest.parent.process import Forked  # noqa: E402
from triton_quest.parent.warm import Warm  # noqa: E402
from triton_quest.records.verdict import Outcome, Verdict  # noqa: E402
from triton_quest.store import workspace as workspaces  # noqa: E402
from triton_quest.store.progress import Progress  # noqa: E402

pytest.register_assert_rewrite("tests.snapshots")  # its assertion shows what differs

TRACEBACK = "Traceback (most recent call last)"
OURS_TO_SET = re.compile(
    r"QUEST_|TRITON_|PYTHON|LC_|LANG|RICH_|CLICOLOR|(NO_COLOR|FORCE_COLOR|COLUMNS|LINES|TERM|COLORTERM)$"
)


def clean_environment(**changes: str) -> dict[str, str]:
    """This process's environment without what changes the quest's output; no GPU is seen in it."""
    kept = {name: value for name, value in os.environ.items() if not OURS_TO_SET.match(name)}
    return {**kept, "LANG": "C.UTF-8", "CUDA_VISIBLE_DEVICES": "", "COLUMNS": "80", **changes}


@dataclass(frozen=True)
class Answer:
    """What a command line said, and how it ended."""

    line: str
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything in one line: what a person reads, however it was wrapped."""
        return " ".join((self.out + " " + self.err).split())

    @property
    def next_command(self) -> str:
        """The command after the last arrow."""
        found = re.findall(r"(?:→|->) (.*)$", self.out + self.err, re.MULTILINE)
        assert found, f"names no next command:\n{self.out}{self.err}"
        return str(found[-1]).strip()

    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout; fails if anything else was said."""
        assert self.err == "", f"--json said on stderr: {self.err}"
        assert self.out.endswith("\n") and self.out.count("\n") == 1, f"--json printed more than one line: {self.out}"
        answer = json.loads(self.out)
        assert isinstance(answer, dict) and answer["schema"] == 1
        return answer


def run_line(words: list[str], cwd: Path, environ: Mapping[str, str], shown: str = "") -> Answer:
    """Run a program to its end, with nobody at its input. Fails on a traceback, whatever was typed."""
    done = subprocess.run(
        words, cwd=cwd, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False
    )
    out, err = done.stdout.decode(errors="surrogateescape"), done.stderr.decode(errors="surrogateescape")
    answer = Answer(shown or shlex.join(words), done.returncode, out, err)
    assert TRACEBACK not in out + err, f"{answer.line} ended in a traceback:\n{out}{err}"
    return answer


class Serving:
    """In the place of the worker that a command starts for its one job: a child of a warm one, started by the first such job.

    The child is the same; what is spared is the seconds that torch takes to load.
    """

    def __init__(self) -> None:
        self._warm: Warm | None = None

    def __call__(self, device: str, mode: str, output_fd: int) -> Serving:
        assert device == "interpreter"
        return self

    @property
    def warm(self) -> Warm:
        if self._warm is None:
            before = os.getcwd()
            os.chdir(ROOT)  # and not in the folder of some test
            try:
                with mock.patch.dict(os.environ, clean_environment(), clear=True):
                    self._warm = Warm()
            finally:
                os.chdir(before)
        return self._warm

    def start(self, job: str, report_fd: int, crash_fd: int, output_fd: int) -> Forked:
        self.warm.wait()
        return self.warm._worker.start(job, report_fd, crash_fd, output_fd)

    def close(self) -> None:
        """Called after each job: the next one needs the worker."""

    def end(self) -> None:
        if self._warm is not None:
            self._warm.close()


class Quest:
    """The command line of one workspace, typed there: quest("check 1") is `python quest.py check 1`."""

    def __init__(self, workspace: workspaces.Workspace, serving: Serving | None = None) -> None:
        self.workspace = workspace
        self._worker = serving or runner.Worker

    def __call__(self, line: str = "", **environ: str) -> Answer:
        words = [sys.executable, "quest.py", *shlex.split(line)]
        return run_line(words, self.workspace.root, clean_environment(**environ), f"python quest.py {line}".strip())

    def inside(self, line: str = "", script: str = "quest.py", **environ: str) -> Answer:
        """The same within this process and, where kernels run, in a child of a warm worker: many times as fast."""
        from triton_quest.commands.shared import context
        from triton_quest.quest import cli

        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        before = os.getcwd()
        with (
            open(os.devnull) as nothing,
            mock.patch.dict(os.environ, clean_environment(**environ), clear=True),
            mock.patch.multiple(sys, argv=[script, *shlex.split(line)], stdin=nothing, stdout=out, stderr=err),
            mock.patch.object(runner, "Worker", self._worker),
        ):
            os.chdir(self.workspace.root)
            try:
                code = context.run(cli)
            finally:
                os.chdir(before)
        texts = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
        assert TRACEBACK not in "".join(texts), f"{line} ended in a traceback:\n{texts}"
        return Answer(f"python quest.py {line}".strip(), code, *texts)

    @property
    def progress(self) -> Progress:
        return Progress(self.workspace.database)

    def file(self, number: int = 1) -> Path:
        """The learner's file for a level."""
        return self.workspace.file(LEVELS[number - 1])

    def pass_levels(self, *numbers: int) -> None:
        """Note a pass of each level, without judging anything."""
        for number in numbers:
            level = LEVELS[number - 1]
            verdict = Verdict(number, level.slug, Outcome.PASSED, "interpreter", 0.0)
            self.progress.record_attempt(level, "", verdict)


@pytest.fixture
def workspace(tmp_path: Path) -> workspaces.Workspace:
    """A fresh workspace, as `quest init` makes it."""
    return workspaces.init(tmp_path / "my-quest")[0]


@pytest.fixture(scope="session")
def serving() -> Iterator[Serving]:
    """One warm worker for all commands that are typed within this process."""
    serving = Serving()
    yield serving
    serving.end()


@pytest.fixture(scope="session")
def warm(serving: Serving) -> Warm:
    """One warm process for all tests that harm none."""
    return serving.warm


@pytest.fixture
def quest(workspace: workspaces.Workspace, serving: Serving) -> Quest:
    """The command line in a fresh workspace."""
    return Quest(workspace, serving)


@pytest.fixture(scope="module")
def shared_quest(tmp_path_factory: pytest.TempPathFactory, serving: Serving) -> Quest:
    """A workspace for the whole module: for tests that change nothing in it."""
    return Quest(workspaces.init(tmp_path_factory.mktemp("shared") / "my-quest")[0], serving)


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has nothing installed, not even pip."""
    folder = tmp_path_factory.mktemp("bare")
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    return folder / "bin" / "python"


def arrived() -> list[Level]:
    """The levels whose course is here."""
    return [level for level in LEVELS if level.has_arrived]


def maker(name: str, folder: str = "docs") -> ModuleType:
    """A program of docs/ that writes a page, or of another folder, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / folder / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def command_table() -> dict[str, click.Command]:
    """Every command of the real command line by the words that call it; "" is the quest itself."""
    from triton_quest.quest import cli

    table: dict[str, click.Command] = {}

    def add(command: click.Command, path: tuple[str, ...]) -> None:
        table[" ".join(path)] = command
        for name, below in getattr(command, "commands", {}).items():
            add(below, (*path, name))

    add(cli, ())
    return table
