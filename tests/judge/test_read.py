"""Guards the first stage: what a file is that isn't ready, told by line, before anything is imported or run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.execution.learner import solved
from triton_quest.child.judge import read
from triton_quest.course import template
from triton_quest.course.level import Level
from triton_quest.records import verdict as v
from triton_quest.store import workspace

Examine = Callable[[str | bytes], v.Check]


@pytest.fixture
def examine(level: Level, tmp_path: Path) -> Examine:
    """examine(text): the check on a file that holds it."""

    def examined(text: str | bytes) -> v.Check:
        file = tmp_path / "mine.py"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read.examine(level, file)

    return examined


def filled(level: Level, count: int) -> str:
    """The level's file with its first `count` gaps filled in."""
    kept, closing, seen = [], False, 0
    for line in workspace.course_text(level, "solution.py").splitlines():
        opens, closes = template.GAP.match(line), template.END.match(line)
        seen += bool(opens)
        if seen <= count and (opens or closes):
            closing = closes is None
            continue
        kept.append(line)
    assert not closing, "every gap that was opened is closed"
    return template.strip_solution("\n".join(kept))


def assert_refused(check: v.Check, outcome: v.Outcome) -> None:
    assert check.state is v.State.FAILED and check.outcome is outcome, check.says
    assert check.says and check.advice


# Files that are no text


def test_a_missing_file_is_told_with_its_path_and_the_way_back(level: Level, tmp_path: Path) -> None:
    check = read.examine(level, tmp_path / "gone.py")
    assert_refused(check, v.Outcome.CONTRACT)
    assert str(tmp_path / "gone.py") in check.says and "reset" in check.advice


def test_a_folder_in_the_files_place_is_called_a_folder(level: Level, tmp_path: Path) -> None:
    check = read.examine(level, tmp_path)
    assert_refused(check, v.Outcome.CONTRACT)
    assert "folder" in check.says


def test_a_link_that_leads_nowhere_or_to_itself_is_told_in_a_sentence(level: Level, tmp_path: Path) -> None:
    (tmp_path / "nowhere.py").symlink_to(tmp_path / "gone.py")
    (tmp_path / "circle.py").symlink_to(tmp_path / "circle.py")
    assert_refused(read.examine(level, tmp_path / "nowhere.py"), v.Outcome.CONTRACT)
    assert_refused(read.examine(level, tmp_path / "circle.py"), v.Outcome.CONTRACT)


def test_bytes_that_are_no_utf8_are_told_with_their_place(examine: Examine) -> None:
    check = examine(b"x = 1  # caf\xe9\n")
    assert_refused(check, v.Outcome.CONTRACT)
    assert "UTF-8" in check.says and "12" in check.says


@pytest.mark.parametrize("text", ["", "\n", "  \n\t\n"])
def test_an_empty_file_is_called_empty(examine: Examine, text: str) -> None:
    check = examine(text)
    assert_refused(check, v.Outcome.CONTRACT)
    assert "empty" in check.says


# Text that is no Python


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = (\n", 1),
        ("x = 1\ny = = 2\n", 2),
        ("def f():\nreturn 1\n", 2),
        ("if True:\n    x = 1\n   y = 2\n", 3),
        ("x = 'unended\n", 1),
        ('"""unended\n', 1),
    ],
)
def test_a_syntax_error_is_told_with_its_line(examine: Examine, text: str, line: int) -> None:
    check = examine(text)
    assert_refused(check, v.Outcome.SYNTAX)
    assert [place.line for place in check.places] == [line]
    assert check.places[0].source == text.splitlines()[line - 1].strip()
    assert f"ine {line}" in check.says


def test_a_syntax_error_behind_the_last_line_is_told_in_a_sentence(examine: Examine) -> None:
    check = examine("def f():\n")
    assert_refused(check, v.Outcome.SYNTAX)


def test_a_null_byte_is_told_in_a_sentence(examine: Examine) -> None:
    assert_refused(examine("x = 1\0\n"), v.Outcome.SYNTAX)


# Gaps


def test_the_untouched_file_is_not_started_and_every_gap_is_named_with_its_task(examine: Examine, level: Level) -> None:
    text = workspace.level_template(level)
    gaps = template.open_gaps(text)
    check = examine(text)
    assert_refused(check, v.Outcome.NOT_STARTED)
    assert tuple(place.line for place in check.places) == gaps
    assert all(re.match(rf"TODO {n}\b", place.source) for n, place in enumerate(check.places, start=1))
    assert str(len(gaps)) in check.says and all(str(gap) in check.says for gap in gaps)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_gaps_that_are_left_are_counted_and_named_by_line(examine: Examine, level: Level, count: int) -> None:
    total = len(template.open_gaps(workspace.level_template(level)))
    text = filled(level, count)
    left = template.open_gaps(text)
    check = examine(text)
    assert len(left) == total - count
    assert_refused(check, v.Outcome.GAPS)
    assert check.says.startswith(f"{total - count} of {total} gaps left")
    assert tuple(place.line for place in check.places) == left


def test_a_file_without_a_gap_is_ready(examine: Examine, level: Level) -> None:
    check = examine(solved(level))
    assert (check.state, check.outcome, check.places) == (v.State.PASSED, None, ())


def test_a_solved_file_with_windows_line_endings_is_ready(examine: Examine, level: Level) -> None:
    assert examine(solved(level).replace("\n", "\r\n")).outcome is None


def test_a_solved_file_with_a_byte_order_mark_is_ready(examine: Examine, level: Level) -> None:
    assert examine(b"\xef\xbb\xbf" + solved(level).encode()).outcome is None, "Python itself reads such a file"


def test_dots_of_the_learners_own_are_no_gaps(examine: Examine, level: Level) -> None:
    own = "\n\ndef column(x) -> tuple[int, ...]:\n    y = x[..., None]\n    return y.shape\n"
    assert examine(solved(level) + own).outcome is None
