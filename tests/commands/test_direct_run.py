"""A level file that is run directly: exceptions in the judge's words, and prints that say which program they come from."""

from __future__ import annotations

import subprocess
import sys

from tests.commands import kernels
from tests.conftest import TRACEBACK, Quest, clean_environment

RAISING = kernels.RIGHT.replace("mask = offsets < n", "mask = offsets < m")


def run(quest: Quest, text: str, *words: str) -> tuple[int, str]:
    file = quest.file(1)
    file.write_text(text)
    line = [sys.executable, str(file.relative_to(quest.workspace.root)), *words]
    done = subprocess.run(
        line,
        cwd=quest.workspace.root,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_an_exception_is_told_with_its_line_and_without_a_traceback(quest: Quest) -> None:
    code, text = run(quest, RAISING)
    number = next(n for n, line in enumerate(RAISING.splitlines(), start=1) if "offsets < m" in line)
    assert code == 1 and TRACEBACK not in text
    assert f"    Line {number}: NameError: name 'm' is not defined\n      mask = offsets < m\n" in text
    assert text.rstrip().endswith(f"{quest.file(1).name} --traceback")


def test_an_exception_is_told_with_its_traceback_below_where_it_is_asked_for(quest: Quest) -> None:
    code, text = run(quest, RAISING, "--traceback")
    assert code == 1 and text.index("NameError: name 'm' is not defined") < text.index(TRACEBACK)


def test_a_print_says_which_program_prints_and_the_launcher_prints_as_it_is(quest: Quest) -> None:
    text = kernels.RIGHT.replace("    mask =", '    print("here", 1)\n    mask =')
    text = text.replace("    return out", '    print("launched")\n    return out')
    code, said = run(quest, text)
    lines = said.splitlines()
    assert code == 0 and "(program 0) here 1" in lines and "(program 4) here 1" in lines and "launched" in lines


def test_a_print_of_the_learners_own_is_left_alone(quest: Quest) -> None:
    text = kernels.RIGHT.replace("@triton.jit", "def print(*values):\n    pass\n\n\n@triton.jit")
    code, said = run(quest, text.replace("    mask =", '    print("here")\n    mask ='))
    assert code == 0 and "here" not in said
