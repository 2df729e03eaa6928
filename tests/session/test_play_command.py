"""`quest play` at a real terminal, and where there is none."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.commands import kernels
from tests.conftest import TRACEBACK, Quest, clean_environment
from triton_quest.course.table import LEVELS

# The parent of a pty is forked; that pytest may have threads by then is no concern of a child that is replaced at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

SECONDS = 60


@pytest.fixture
def terminal(quest: Quest) -> Iterator[pexpect.spawn]:
    environ = clean_environment(TERM="xterm-256color")
    del environ["COLUMNS"]
    child = pexpect.spawn(
        sys.executable,
        ["quest.py", "play"],
        cwd=str(quest.workspace.root),
        env=environ,
        encoding="utf-8",
        dimensions=(24, 80),
        timeout=SECONDS,
    )
    yield child
    with contextlib.suppress(OSError):  # a test has closed it
        child.close(force=True)


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    children = [int(word) for word in found.stdout.split()]
    return [*children, *(below for child in children for below in descendants(child))]


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for_the_end(pids: list[int]) -> None:
    for pid in pids:
        if is_alive(pid):
            handle = os.pidfd_open(pid)
            try:
                assert select.select([handle], [], [], SECONDS)[0], f"{pid} lives on"
            finally:
                os.close(handle)


@pytest.mark.slow
def test_the_whole_loop_in_a_terminal_that_is_restored_with_no_process_left(
    quest: Quest, terminal: pexpect.spawn
) -> None:
    terminal.expect("save it to judge it")
    quest.file(1).write_text(kernels.WRONG)
    terminal.expect("wrong numbers")
    quest.file(1).write_text(kernels.RIGHT)
    terminal.expect("You passed level 1")
    terminal.send("n")
    terminal.expect("level2_matmul.py")
    pids = descendants(terminal.pid)
    assert pids  # the one that is warm
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.close()
    said = terminal.before
    assert terminal.exitstatus == 0 and TRACEBACK not in said
    for switched_on, off in (("?1049h", "?1049l"), ("?25l", "?25h"), ("?1003h", "?1003l"), ("?2004h", "?2004l")):
        assert said.rfind(f"\x1b[{off}") > said.rfind(f"\x1b[{switched_on}")  # screen, cursor, mouse, pasting
    assert said.rindex("Your next step:") > said.rindex("\x1b[?1049l")  # on the terminal as it was before
    wait_for_the_end(pids)
    assert quest.progress.states()[0].is_done


@pytest.mark.slow
def test_a_closed_terminal_leaves_no_process_and_loses_no_text(quest: Quest, terminal: pexpect.spawn) -> None:
    terminal.expect("save it to judge it")
    quest.file(1).write_text(kernels.HANGING)
    terminal.expect("judging")
    while not quest.progress.versions(LEVELS[0]):
        terminal.expect(".")
    pids = [terminal.pid, *descendants(terminal.pid)]
    os.close(terminal.child_fd)  # as a terminal's window does
    terminal.closed = True
    wait_for_the_end(pids)
    assert [version.text for version in quest.progress.versions(LEVELS[0])] == [kernels.HANGING]


@pytest.mark.slow
def test_a_session_that_is_told_to_end_gives_the_terminal_back(terminal: pexpect.spawn) -> None:
    terminal.expect("save it to judge it")
    pids = descendants(terminal.pid)
    os.kill(terminal.pid, signal.SIGTERM)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0 and "\x1b[?1049l" in terminal.before and TRACEBACK not in terminal.before
    wait_for_the_end(pids)


def test_without_a_terminal_it_names_the_command_that_does_without(quest: Quest) -> None:
    answer = quest.inside("play")
    assert answer.code == 2 and answer.next_command == "python quest.py check"
    assert "The live session needs a terminal, and this is none." in answer.said
    assert quest.inside("play 1").next_command == "python quest.py check 1"


@pytest.mark.parametrize(("line", "says"), [("play 3", "needs a terminal"), ("play 99", "There is no level")])
def test_a_wrong_level_is_a_sentence(quest: Quest, line: str, says: str) -> None:
    answer = quest.inside(line)
    assert answer.code == 2 and says in answer.said


def test_no_other_command_imports_what_the_session_is_drawn_with(quest: Quest) -> None:
    program = (
        "import sys; from triton_quest.commands.shared import context; from triton_quest.quest import cli; "
        "sys.argv = ['quest', *sys.argv[1:]]; context.run(cli); "
        "sys.exit(bool({'textual', 'watchfiles'} & sys.modules.keys()))"
    )
    environ = clean_environment(PYTHONPATH=os.pathsep.join(sys.path))
    for line in ("", "start 1", "hint 1", "reset 1 --yes", "history 1", "achievements", "play"):
        words = [sys.executable, "-c", program, *line.split()]
        done = subprocess.run(words, cwd=quest.workspace.root, env=environ, capture_output=True, check=False)
        assert done.returncode == 0, (line, done.stderr)
