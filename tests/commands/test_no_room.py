"""A workspace that can't be written to, and a disk without room: what can be read is shown, what can't be written is told in
a sentence that names the file, a verdict is given all the same, and every file stays as it was."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Answer, Quest, clean_environment, run_line

pytestmark = pytest.mark.slow

DATABASE = "/.quest/progress.db can't be used: "
BACKUP = "No backup could be made at "
SAYS = {
    "": (0, ""),
    "start 1": (0, ""),
    "history 1": (0, ""),
    "history 1 1": (0, ""),
    "check 1": (1, DATABASE),
    "check 1 --json": (1, DATABASE),
    "hint 1": (2, DATABASE),
    "solution 1 --give-up": (2, DATABASE),
    "reset 1 --yes": (2, BACKUP),
    "reset --yes": (2, BACKUP),
    "restore 1 1": (2, BACKUP),
    "init other": (2, "/other/quest.py can't be written: "),
    "init .": (2, "/.quest/python can't be written: "),
}


def snapshot(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def begun(quest: Quest) -> Quest:
    """Something was checked, and edited since."""
    quest.inside("check 1")
    quest.file(1).write_text(quest.file(1).read_text() + "# mine\n")
    return quest


def without_rights(quest: Quest) -> list[str]:
    """How to run a program that may not write into the workspace: root may, unless it gives that up."""
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may write anywhere, and there is no setpriv to give that up with")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@pytest.fixture
def write_protected(begun: Quest) -> Iterator[Quest]:
    places = [begun.workspace.root, *begun.workspace.root.rglob("*")]
    for place in places:
        place.chmod(place.stat().st_mode & ~0o222)
    yield begun
    for place in places:
        place.chmod(place.stat().st_mode | 0o200)


def type_there(quest: Quest, before: list[str], line: str) -> Answer:
    words = [*before, sys.executable, "quest.py", *line.split()]
    return run_line(words, quest.workspace.root, clean_environment(COLUMNS="500"))


def verify(answer: Answer, line: str) -> None:
    code, sentence = SAYS[line]
    assert answer.code == code, answer.said
    assert sentence in answer.said and ("Nothing was lost." in answer.said) == bool(sentence)
    assert bool(answer.out) == (code != 2)


@pytest.mark.parametrize("line", SAYS)
def test_in_a_write_protected_workspace(write_protected: Quest, line: str) -> None:
    before = snapshot(write_protected.workspace.root)
    verify(type_there(write_protected, without_rights(write_protected), line), line)
    assert snapshot(write_protected.workspace.root) == before


@pytest.mark.parametrize("line", SAYS)
def test_on_a_disk_without_room(begun: Quest, line: str) -> None:
    before = snapshot(begun.workspace.root)
    verify(type_there(begun, ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"], line), line)
    assert snapshot(begun.workspace.root) == before


def test_a_damaged_database_that_cant_be_set_aside_stays_where_it_is(begun: Quest) -> None:
    begun.workspace.database.write_bytes(b"no database at all\n" * 100)
    before = snapshot(begun.workspace.root)
    answer = type_there(begun, ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"], "hint 1")
    assert answer.code == 2 and "progress.db is damaged" in answer.said and "It can't be set aside: " in answer.said
    assert snapshot(begun.workspace.root) == before


@pytest.mark.parametrize(("mode", "line", "code"), [(0o555, "check 1", 1), (0, "", 2), (0, "check 1 --json", 2)])
def test_a_closed_quest_folder_is_named(quest: Quest, mode: int, line: str, code: int) -> None:
    folder = quest.workspace.database.parent
    folder.chmod(mode)
    answer = type_there(quest, without_rights(quest), line)
    folder.chmod(0o755)
    assert answer.code == code and str(folder) in answer.said
    assert "can't be used: Permission denied. Nothing was lost." in answer.said
    assert ("not started yet" in answer.out) == (mode == 0o555)
