"""history and restore: every checked text can be seen and had back, whatever became of the file since."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import kernels
from tests.commands.test_bad_input import delete, folder_in_its_place, in_another_encoding, link_to_nowhere
from tests.conftest import Quest
from triton_quest.course.table import LEVELS
from triton_quest.records.verdict import Outcome, Verdict
from triton_quest.store import files

FIRST = LEVELS[0]


def keep(quest: Quest, *texts: str, level: int = 1, outcome: Outcome = Outcome.WRONG) -> None:
    """Note a check of each text, without judging anything."""
    for text in texts:
        row = LEVELS[level - 1]
        quest.progress.record_attempt(row, text, Verdict(level, row.slug, outcome, "interpreter", 0.1))


def ids(quest: Quest, line: str) -> list[int]:
    return [int(found) for found in re.findall(r"^ *(\d+)  \d{4}-", quest.inside(line).out, re.MULTILINE)]


# What is kept


@pytest.mark.parametrize(
    "data",
    [b"\xef\xbb\xbfx = ...\r\ny = ...\r\n", b"x = ...", b"", b"x = 1\n\0\n", b"caf\xc3\xa9\x0c\n\x1b[2J\n"],
    ids=["from Windows", "no newline at the end", "empty", "a null byte", "signs that terminals obey"],
)
def test_a_checked_text_is_brought_back_to_the_byte(quest: Quest, data: bytes) -> None:
    quest.file(1).write_bytes(data)
    quest.inside("check 1")
    quest.file(1).write_text("something else\n")
    assert quest.inside("history 1 1").code == 0
    assert quest.inside("restore 1 1").code == 0
    assert quest.file(1).read_bytes() == data


def test_a_check_of_another_file_is_not_kept(quest: Quest) -> None:
    quest.inside(f"check 1 --file {quest.file(1)}")
    assert quest.progress.versions(FIRST) == ()


# The list


def test_history_without_a_number_means_the_current_level(quest: Quest) -> None:
    keep(quest, "a\n", outcome=Outcome.PASSED)
    keep(quest, "b\n", level=2)
    assert "level 2, Matrix multiplication" in quest.inside("history").out


def test_a_long_history_shows_its_latest_and_all_of_it_on_demand(quest: Quest) -> None:
    keep(quest, *(f"x = {number}\n" for number in range(30)))
    answer = quest.inside("history 1")
    assert ids(quest, "history 1") == list(range(11, 31)) and "10 older: --all shows them" in answer.out
    assert ids(quest, "history 1 --all") == list(range(1, 31))
    assert len(quest.inside("history 1 --json").json()["versions"]) == 30


def test_history_says_which_version_the_file_is(quest: Quest) -> None:
    keep(quest, "a\n", "b\n", "b\n", "c\n")
    for text, says in (("b\n", "your file is version 2"), ("d\n", "your file, not checked yet")):
        quest.file(1).write_text(text)
        assert says in quest.inside("history 1").out
    quest.file(1).unlink()
    assert "your file can't be read" in quest.inside("history 1").out


def test_history_names_a_version_that_differs_from_the_file(quest: Quest) -> None:
    keep(quest, "a\n", "b\n")
    quest.file(1).write_text("b\n")
    assert quest.inside("history 1").next_command == "python quest.py history 1 1"


def test_the_history_of_a_locked_level_can_be_read_and_restored(quest: Quest) -> None:
    keep(quest, "a\n", outcome=Outcome.PASSED)
    keep(quest, "b\n", level=2)
    quest.inside("reset --yes")
    assert ids(quest, "history 2") == [2]
    answer = quest.inside("restore 2 2")
    assert quest.file(2).read_text() == "b\n"
    assert answer.next_command == "python quest.py start 1"  # what is locked stays so
    assert quest.inside("check 2").code == 2


def test_the_history_of_a_locked_level_without_one_names_the_next_step(quest: Quest) -> None:
    assert quest.inside("history 3").next_command == "python quest.py start 1"


@pytest.mark.parametrize("columns", [20, 40, 63, 64, 80, 110])
def test_the_list_fits_into_any_terminal(quest: Quest, columns: int) -> None:
    keep(quest, "a\n", "b\n" * 500, kernels.RIGHT)
    lines = quest.inside("history 1", COLUMNS=str(columns)).out.splitlines()[1:-1]  # a command is never broken
    assert max(len(line.rstrip()) for line in lines if "history" not in line) <= columns
    assert len([line for line in lines if re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", line)]) == 3


# One version


def test_a_version_of_another_level_is_none_of_this_one(quest: Quest) -> None:
    keep(quest, "a\n", outcome=Outcome.PASSED)
    keep(quest, "b\n", level=2)
    for line in ("history 1 2", "restore 1 2"):
        answer = quest.inside(line)
        assert answer.code == 2 and "Level 1 has no version 2." in answer.said
        assert answer.next_command == "python quest.py history 1"


def test_a_version_that_the_file_still_is_says_so(quest: Quest) -> None:
    quest.inside("check 1")
    answer = quest.inside("history 1 1")
    assert "Your file is the same now." in answer.out and answer.next_command == "python quest.py check 1"


def test_a_version_that_differs_in_line_ends_alone_says_so(quest: Quest) -> None:
    keep(quest, "a\nb\n")
    quest.file(1).write_bytes(b"a\r\nb\r\n")
    answer = quest.inside("history 1 1")
    assert "It differs from your file in its line ends alone." in answer.out
    assert answer.next_command == "python quest.py restore 1 1"


def test_a_piped_diff_is_never_wrapped(quest: Quest) -> None:
    long = f"x = '{'a' * 300}'\t# with a tab"
    keep(quest, f"{long}\n")
    assert f"\n+{long}\n" in quest.inside("history 1 1", COLUMNS="40").out


def test_the_whole_text_of_a_version_can_be_sent_into_a_file(quest: Quest) -> None:
    text = f"\ufeffx = '{'a' * 300}'\t#\n"
    keep(quest, text)
    assert quest.inside("history 1 1 --whole", COLUMNS="40").out == text


def test_a_whole_text_without_a_version_is_asked_for(quest: Quest) -> None:
    answer = quest.inside("history 1 --whole")
    assert (answer.code, answer.next_command) == (2, "python quest.py history 1")


# Restoring


def test_restoring_keeps_what_was_there_and_says_where(quest: Quest) -> None:
    keep(quest, "a\n")
    quest.file(1).write_text("mine, never checked\n")
    answer = quest.inside("restore 1 1")
    (backup,) = quest.workspace.backups.glob(f"*/{quest.file(1).name}")
    assert backup.read_text() == "mine, never checked\n"
    assert f"Backup of what was there: {backup.relative_to(quest.workspace.root)}\n" in answer.out
    assert quest.file(1).read_text() == "a\n"


@pytest.mark.parametrize("harm", [delete, folder_in_its_place, in_another_encoding, link_to_nowhere])
def test_a_version_is_seen_and_restored_whatever_stands_in_the_files_place(
    quest: Quest, harm: Callable[[Path], None]
) -> None:
    keep(quest, "a = 1\n")
    harm(quest.file(1))
    is_there = quest.file(1).exists()
    seen = quest.inside("history 1 1")
    assert seen.code == 0 and "All of version 1:\n\na = 1\n" in seen.out
    answer = quest.inside("restore 1 1")
    assert answer.code == 0 and quest.file(1).read_text() == "a = 1\n" and not quest.file(1).is_symlink()
    assert ("Backup of what was there" in answer.out) == is_there


def test_restoring_the_text_that_is_there_makes_no_backup(quest: Quest) -> None:
    quest.inside("check 1")
    assert "nothing was changed" in quest.inside("restore 1 1").out
    assert not quest.workspace.backups.exists()


def test_restoring_passes_and_opens_nothing(quest: Quest) -> None:
    keep(quest, kernels.RIGHT, outcome=Outcome.PASSED)
    quest.inside("reset --yes")
    before = quest.progress.states()
    quest.inside("restore 1 1")
    assert quest.progress.states() == before


def test_restoring_needs_a_level_and_a_version(quest: Quest) -> None:
    for line in ("restore", "restore 1", "restore 1 one"):
        answer = quest.inside(line)
        assert (answer.code, answer.next_command) == (2, "python quest.py restore --help")


def test_a_restore_without_room_for_the_backup_changes_nothing(quest: Quest, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(quest, "a\n")
    quest.file(1).write_text("mine\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.shutil, "copyfileobj", full)
    answer = quest.inside("restore 1 1", COLUMNS="200")
    assert answer.code == 2 and "No space left on device. Nothing was lost." in answer.said
    assert quest.file(1).read_text() == "mine\n"
