"""A learner at a terminal: what is typed and what is read, on a real pty, from the first look to the backup."""

from __future__ import annotations

import os
import re
import select
import sys
from pathlib import Path

import pexpect
import pytest

from tests.commands import kernels
from tests.conftest import TRACEBACK, Quest, clean_environment
from triton_quest.course import gaps, template
from triton_quest.course.table import LEVELS
from triton_quest.store import workspace

# The parent of a pty is forked; that pytest may have threads by then is no concern of a child that is replaced at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x1b\x07]*(?:\x1b\\|\x07)")
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
SECONDS = 60


class Terminal:
    """One command at a time, in a terminal of 80 columns."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.environ = clean_environment(TERM="xterm-256color", **{"PAGER": "cat", **environ})
        del self.environ["COLUMNS"]
        self.code: int | None = None
        self.raw = ""

    def start(self, line: str) -> pexpect.spawn:
        words = [*line.split()]
        return pexpect.spawn(
            sys.executable,
            ["quest.py", *words],
            cwd=str(self.folder),
            env=self.environ,
            encoding="utf-8",
            dimensions=(50, 80),
            timeout=SECONDS,
        )

    def finish(self, child: pexpect.spawn) -> str:
        """What was still said, as one reads it; the exit code is kept."""
        child.expect(pexpect.EOF)
        child.close()
        self.code = child.exitstatus
        self.raw = child.before
        plain = ESCAPES.sub("", self.raw).replace("\r\n", "\n")
        lines = [line.rpartition("\r")[2].rstrip() for line in plain.split("\n")]  # what a spinner drew is overwritten
        text = "\n".join(lines)
        assert TRACEBACK not in text
        return text

    def type(self, line: str) -> str:
        return self.finish(self.start(line))

    def answer(self, line: str, question: str, answer: str) -> str:
        """Type a line, wait for its question, and answer it."""
        child = self.start(line)
        child.expect(question)
        child.sendline(answer)
        return self.finish(child)


@pytest.fixture
def terminal(quest: Quest) -> Terminal:
    return Terminal(quest.workspace.root)


@pytest.mark.slow
def test_a_session_from_the_first_look_to_the_backup(quest: Quest, terminal: Terminal) -> None:
    file = quest.file(1)

    text = terminal.type("")
    assert f"0 of {len(LEVELS)} levels passed   0 of {3 * len(LEVELS)} ★" in text
    assert re.search(r"^ *1  ▶  Vector addition +open", text, re.MULTILINE)
    assert text.endswith("Your next step: → python quest.py start 1\n")

    text = terminal.type("start 1")
    first_gap = next(n for n, line in enumerate(file.read_text().splitlines(), start=1) if line.endswith("= ..."))
    assert "Level 1: Vector addition" in text
    assert f"Your file: levels/{file.name}:{first_gap}\n" in text
    assert text.endswith("Fill the gaps, then: → python quest.py check 1\n")

    text = terminal.type("check 1")
    assert terminal.code == 1
    assert "Level 1, Vector addition: not started yet" in text
    assert "Nothing is filled in yet: 6 gaps wait for you" in text

    text = terminal.type("hint 1")
    assert (terminal.code, text.startswith("hint 1 of 6 ")) == (0, True)

    file.write_text(kernels.WRONG)
    text = terminal.type("check 1")
    assert terminal.code == 1
    assert "Level 1, Vector addition: wrong numbers" in text
    assert "In the case “one element” (x (1,), y (1,), fp32) the answer is wrong." in text
    assert text.endswith("Stuck? Hint 5 speaks of this (costs a star): → python quest.py hint 1 --number 5\n")

    file.write_text(kernels.RIGHT)
    text = terminal.type("check 1")
    assert terminal.code == 0
    assert "Level 1, Vector addition: passed" in text and "★★★" in text
    assert "Your next step: → python quest.py start 2\n" in text

    text = terminal.type("")
    assert f"1 of {len(LEVELS)} levels passed   3 of {3 * len(LEVELS)} ★" in text
    assert re.search(r"^ *2  ▶  Matrix multiplication +open", text, re.MULTILINE)

    text = terminal.answer("reset", r"Go on\? \[y/N\]", "y")
    assert terminal.code == 0 and "Backup of what was there: .quest/backups/" in text
    backups = list(quest.workspace.backups.glob(f"*/{file.name}"))
    assert [backup.read_text() for backup in backups] == [kernels.RIGHT]
    assert "pid = ..." in file.read_text()
    assert f"0 of {len(LEVELS)} levels passed" in terminal.type("")


@pytest.mark.parametrize("answer", ["n", "", "what?\nn"])
def test_a_reset_that_isnt_confirmed_changes_nothing(quest: Quest, terminal: Terminal, answer: str) -> None:
    quest.file(1).write_text(kernels.RIGHT)
    quest.pass_levels(1)
    text = terminal.answer("reset", r"Go on\?", answer)
    assert terminal.code == 2 and "Stopped. Nothing was changed." in text
    assert quest.file(1).read_text() == kernels.RIGHT
    assert quest.progress.states()[0].is_done and not quest.workspace.backups.exists()


def test_ctrl_d_at_the_question_changes_nothing(quest: Quest, terminal: Terminal) -> None:
    child = terminal.start("reset 1")
    child.expect(r"Go on\?")
    child.sendeof()  # unlike Ctrl-C it can't come between the question and the reading of its answer
    assert "Stopped. Nothing was changed." in terminal.finish(child)
    assert terminal.code == 2 and not quest.workspace.backups.exists()


@pytest.mark.slow
def test_ctrl_c_stops_a_hanging_kernel_and_gives_the_terminal_back(quest: Quest, terminal: Terminal) -> None:
    running = quest.workspace.root / "running"
    os.mkfifo(running)
    quest.file(1).write_text(
        kernels.HANGING.replace("    while True", f"    open('{running}', 'w').write('x')\n    while True")
    )
    child = terminal.start("check 1")
    reader = os.open(running, os.O_RDONLY | os.O_NONBLOCK)
    assert select.select([reader], [], [], SECONDS)[0], "the kernel was never run"
    os.close(reader)
    child.sendintr()
    text = terminal.finish(child)
    assert terminal.code == 2 and "Stopped." in text
    assert terminal.raw.rindex("\x1b[?25h") > terminal.raw.rfind("\x1b[?25l")  # the cursor is seen again
    assert quest.progress.states()[0].attempts == 0
    assert terminal.type("").endswith("Your next step: → python quest.py start 1\n")
    assert "? no verdict" in terminal.type("history 1")
    assert [version.text for version in quest.progress.versions(LEVELS[0])] == [quest.file(1).read_text()]


def test_a_terminal_gets_colours_and_a_file_that_it_can_open(terminal: Terminal) -> None:
    terminal.type("start 1")
    assert COLOUR.search(terminal.raw)
    link = f"\x1b]8;[^;]*;{re.escape((terminal.folder / 'levels').as_uri())}/level1_vector_add.py\x1b"
    assert re.search(link, terminal.raw)


def test_a_diff_is_coloured_by_its_signs(quest: Quest, terminal: Terminal) -> None:
    quest.progress.begin_attempt(LEVELS[0], "a\nold\x1b[2J\n--- c\n")
    quest.file(1).write_text("a\nnew\n-- c\n")
    text = terminal.type("history 1 1")
    assert "\x1b[31m-new" in terminal.raw and "\x1b[32m+old?[2J" in terminal.raw and "\n a\n" in text
    assert "\x1b[31m--- c" in terminal.raw  # a line that went, and no heading


@pytest.mark.parametrize("line", ["", "check 1", "start 99", "history 1"])
def test_no_color_means_no_colour(quest: Quest, line: str) -> None:
    terminal = Terminal(quest.workspace.root, NO_COLOR="1")
    terminal.type(line)
    assert not COLOUR.search(terminal.raw)


def test_a_dumb_terminal_gets_no_escapes(quest: Quest) -> None:
    terminal = Terminal(quest.workspace.root)
    terminal.environ["TERM"] = "dumb"
    for line in ("", "start 1", "check 1"):
        terminal.type(line)
        assert "\x1b" not in terminal.raw


def test_the_verdicts_heading_is_the_most_visible_line(terminal: Terminal) -> None:
    terminal.type("check 1")
    heading = next(line for line in terminal.raw.split("\n") if "Level 1, Vector addition: " in line)
    assert "\x1b[1;31m" in heading  # bold and red


def test_json_at_a_terminal_is_json_and_nothing_else(terminal: Terminal) -> None:
    text = terminal.type("check 1 --json")
    assert "\x1b" not in terminal.raw
    assert text.startswith('{"schema": 1, ') and text.count("\n") == 1


def test_long_instructions_come_in_the_learners_pager_and_the_next_step_after_it(quest: Quest, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\ncat > {tmp_path}/paged\necho BEHIND THE PAGER\n")
    pager.chmod(0o755)
    terminal = Terminal(quest.workspace.root, PAGER=str(pager))
    text = terminal.type("start 1")
    assert "Level 1: Vector addition" in (tmp_path / "paged").read_text() and "Level 1: Vector addition" not in text
    assert text.index("BEHIND THE PAGER") < text.index("Your file: ") < text.index("Fill the gaps, then:")


def test_no_pager_prints_all_of_it(quest: Quest) -> None:
    text = Terminal(quest.workspace.root, PAGER="false").type("start 1 --no-pager")
    assert "Level 1: Vector addition" in text and "Fill the gaps, then:" in text


def test_a_pass_is_followed_by_the_learners_lines_beside_the_solutions(quest: Quest) -> None:
    level = LEVELS[0]
    solution = workspace.course_text(level, "solution.py")
    template_text = template.strip_solution(solution)
    right = gaps.fill(template_text, gaps.find(solution, template_text)).text
    quest.file(1).write_text(right.replace("mask = offsets < n", "mask = n > offsets"))
    quest.pass_levels(1)
    text = Terminal(quest.workspace.root).type("solution 1")
    third = text[text.index("TODO 3") : text.index("TODO 4")]
    assert re.search(r"yours\s+mask = n > offsets\s+the solution\s+mask = offsets < n", third), third
    assert "TODO 1   as in the solution\n" in text and text.endswith("→ python quest.py solution 1 --whole\n")
    whole = Terminal(quest.workspace.root).type("solution 1 --whole")
    assert "def vector_add" in whole and "TODO 3   " not in whole


def test_lines_that_cannot_be_told_apart_bring_the_whole_solution_and_why(quest: Quest) -> None:
    quest.file(1).write_text(kernels.NOT_PYTHON)
    quest.pass_levels(1)
    text = Terminal(quest.workspace.root).type("solution 1")
    assert "def vector_add" in text and text.endswith("Your lines don't stand beside it: your file isn't Python.\n")
