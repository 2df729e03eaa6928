"""`dev check` and `dev build` in a clone: what is wrong is named, what was edited is kept.

Every harm here is seen before anything is judged; tests/course/test_gate.py has all of them, and that the gate is open, `make gate` shows.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable

import pytest

from tests.commands.conftest import Clone
from tests.conftest import Answer
from triton_quest.course.table import LEVELS

FIRST = LEVELS[0]
pytestmark = pytest.mark.slow  # the gate imports torch


@pytest.fixture
def authors(clone: Clone) -> Clone:
    """A clone whose course has only its first level: what is written wrongly is seen before anything is judged."""
    table = clone.package / "course" / "table.py"
    for level in LEVELS[1:]:
        shutil.rmtree(clone.package / "course" / level.folder.name, ignore_errors=True)
        (clone.levels / level.file).unlink(missing_ok=True)
        line = f'            "{level.folder.name}",\n'
        assert line in table.read_text()
        table.write_text(table.read_text().replace(line, ""))
    return clone


def dev(clone: Clone, *words: str) -> Answer:
    return clone.type(sys.executable, "quest.py", "dev", *words)


def stale_level(clone: Clone) -> None:
    level = clone.levels / FIRST.file
    level.write_text(level.read_text() + "\n# left behind\n")


def unpaired_mark(clone: Clone) -> None:
    solution = clone.package / "course" / FIRST.folder.name / "solution.py"
    solution.write_text(solution.read_text().replace("# [end]", "# (end)", 1))


def folder_without_a_row(clone: Clone) -> None:
    stale_level(clone)
    shutil.copytree(clone.package / "course" / FIRST.folder.name, clone.package / "course" / "new-level")


STALE = f"vector-add: levels/{FIRST.file} is stale: quest dev build, then git add it"
COMPLAINTS = {
    "a stale level file": (stale_level, STALE),
    "a mark without its pair": (unpaired_mark, "vector-add: solution.py: line "),
}


@pytest.mark.parametrize(("harm", "complaint"), COMPLAINTS.values(), ids=COMPLAINTS)
def test_the_gate_names_what_is_wrong_and_exits_with_2(
    authors: Clone, harm: Callable[[Clone], None], complaint: str
) -> None:
    harm(authors)
    answer = dev(authors, "check", "--json")
    told = answer.json()
    assert (answer.code, told["passed"]) == (2, False)
    assert told["complaints"][0].startswith(complaint)


def test_the_gates_complaint_is_shown_whole(authors: Clone, expect_output: Callable[..., None]) -> None:
    folder_without_a_row(authors)
    answer = dev(authors, "check")
    expect_output("dev-check", Answer("python quest.py dev check", answer.code, answer.out, answer.err))


def test_build_writes_an_edited_level_anew_after_a_backup(authors: Clone) -> None:
    template = (authors.levels / FIRST.file).read_text()
    (authors.levels / FIRST.file).write_text("my kernel\n")
    answer = dev(authors, "build")
    assert answer.code == 0 and f"New: levels/{FIRST.file}" in answer.out
    assert (authors.levels / FIRST.file).read_text() == template
    backups = list((authors.package / ".quest" / "backups").glob(f"*/{FIRST.file}"))
    assert [backup.read_text() for backup in backups] == ["my kernel\n"]
    again = dev(authors, "build")
    assert "Every level file is as its solution says." in again.out
    assert dev(authors, "build", "--json").json()["written"] == []
