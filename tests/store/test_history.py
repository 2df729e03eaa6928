"""history.py: how versions differ, and that checks of one text are one entry."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triton_quest.store import history
from triton_quest.store.history import Change
from triton_quest.store.records import Version

ABC = "a\nb\nc\n"


def versions(*kept: tuple[str, str] | tuple[str, str, int]) -> tuple[Version, ...]:
    """(text, outcome) or (text, outcome, run) of each."""
    made = []
    for number, (text, outcome, *run) in enumerate(kept, start=1):
        made.append(Version(number, run[0] if run else 1, "2026-01-02T03:04:05", outcome, "", 1.0, text))
    return tuple(made)


def listed(*kept: tuple[str, str] | tuple[str, str, int]) -> list[tuple[int, int, int, int]]:
    """(id, checks, lines added, lines removed) of each entry."""
    return [(e.version.id, e.checks, e.change.added, e.change.removed) for e in history.entries(versions(*kept), ABC)]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (ABC, ABC, Change(0, 0, True)),
        (ABC, "a\nB\nc\n", Change(1, 1, False)),
        (ABC, "a\nc\n", Change(0, 1, False)),
        (ABC, "a\nb\nx\ny\nc\n", Change(2, 0, False)),
        (ABC, "a\r\nb\r\nc\r\n", Change(0, 0, False)),
        (ABC, "\ufeffa\nb\nc", Change(0, 0, False)),
        ("", ABC, Change(3, 0, False)),
        ("", "", Change(0, 0, True)),
    ],
)
def test_lines_that_came_and_went_are_counted(before: str, after: str, change: Change) -> None:
    assert history.change(before, after) == change


def test_each_version_is_compared_with_the_one_before_and_the_first_with_the_template() -> None:
    assert listed((ABC, "gaps"), ("a\nb\n", "wrong"), ("a\nb\nd\n", "passed")) == [
        *((1, 1, 0, 0), (2, 1, 0, 1), (3, 1, 1, 0))
    ]


def test_checks_of_one_text_that_ended_the_same_are_one_entry_that_keeps_its_id() -> None:
    assert listed(("x\n", "wrong"), ("x\n", "wrong"), ("x\n", "wrong"), ("y\n", "wrong")) == [
        *((1, 3, 1, 3), (4, 1, 1, 1))
    ]


def test_checks_of_one_text_that_ended_otherwise_or_in_another_run_are_entries_of_their_own() -> None:
    kept = ("x\n", "timeout"), ("x\n", "passed"), ("x\n", "passed", 2), ("y\n", "passed", 2), ("x\n", "passed", 2)
    assert [entry[0] for entry in listed(*kept)] == [1, 2, 3, 4, 5]


def test_no_version_is_no_entry() -> None:
    assert listed() == []


texts = st.text(st.sampled_from("abc \n"), max_size=60)


@given(texts, texts)
def test_the_counts_are_those_of_the_diff(before: str, after: str) -> None:
    lines = history.diff(before, after, "file.py", ("now", "then"))[2:]
    counted = tuple(sum(line.startswith(sign) for line in lines) for sign in "+-")
    change = history.change(before, after)
    assert counted == (change.added, change.removed)


def test_a_diff_can_be_applied(tmp_path: Path) -> None:
    if shutil.which("patch") is None:
        pytest.skip("patch isn't installed")
    before, after = (f"{'x' * 3}\nline {n}\n" * 20 for n in (1, 2))
    (tmp_path / "level file.py").write_text(before)
    lines = history.diff(before, after, "level file.py", ("your file now", "version 2"))
    told = "what came before\n\n" + "\n".join(lines) + "\n"
    subprocess.run(["patch", "-p0"], cwd=tmp_path, input=told, text=True, check=True, capture_output=True)
    assert (tmp_path / "level file.py").read_text() == after
