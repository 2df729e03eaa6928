"""files.py: written whole or not at all, backed up before anything is replaced, and unreadable files named."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from tests.store.conftest import together
from triton_quest.errors import StoreTrouble, UnusableFile
from triton_quest.store import files


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "levels" / "level.py"
    path.parent.mkdir()
    path.write_text("old é\n", encoding="utf-8")
    return path


def around(path: Path) -> list[str]:
    return sorted(other.name for other in path.parent.iterdir())


# Writing


def test_writing_replaces_the_text_and_leaves_nothing_else(file: Path) -> None:
    files.write_atomically(file, "new ☃\n")
    assert file.read_bytes() == "new ☃\n".encode()
    assert around(file) == ["level.py"]


def test_writing_makes_the_folders_that_are_missing(tmp_path: Path) -> None:
    files.write_atomically(tmp_path / "a" / "b" / "c.py", "x\n")
    assert (tmp_path / "a" / "b" / "c.py").read_text() == "x\n"


@pytest.mark.parametrize("mode", [0o600, 0o755])
def test_writing_keeps_the_files_permissions(file: Path, mode: int) -> None:
    file.chmod(mode)
    files.write_atomically(file, "new\n")
    assert file.stat().st_mode & 0o777 == mode


def test_a_new_file_can_be_read_by_its_owners_other_programs(tmp_path: Path) -> None:
    files.write_atomically(tmp_path / "new.py", "x\n")
    assert (tmp_path / "new.py").stat().st_mode & 0o777 == 0o644  # mkstemp's 0600 would surprise an editor


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize("harm", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "Ctrl-C"])
def test_writing_that_fails_half_way_leaves_the_old_text(
    file: Path, monkeypatch: pytest.MonkeyPatch, step: str, harm: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise harm

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(StoreTrouble if isinstance(harm, OSError) else KeyboardInterrupt) as trouble:
        files.write_atomically(file, "new\n")
    assert file.read_text(encoding="utf-8") == "old é\n"
    assert around(file) == ["level.py"]
    if isinstance(trouble.value, StoreTrouble):
        assert trouble.value.sentence == f"{file} can't be written: No space left on device. Nothing was lost."


def test_a_text_is_written_and_read_to_the_byte(file: Path) -> None:
    for text in ("\ufeffa\r\nb\rc\n", "no end", "", "\0\x0c\u2028"):
        files.write_atomically(file, text)
        assert file.read_bytes() == text.encode()
        assert files.exact_text(file, "") == text


def test_what_a_killed_process_left_half_written_is_swept_away_and_nothing_else_is(file: Path) -> None:
    strays = [file.with_name(f".{file.name}.abc{files.UNFINISHED_SUFFIX}{ending}") for ending in ("", "-journal")]
    others = [file.with_name(name) for name in (f".{file.name}.swp", f".other.py.abc{files.UNFINISHED_SUFFIX}")]
    being_written = file.with_name(f".{file.name}.def{files.UNFINISHED_SUFFIX}")
    for path in (*strays, *others, being_written):
        path.write_text("x")
        os.utime(path, (0, 0))
    os.utime(being_written)
    files.write_atomically(file, "new\n")
    assert not any(path.exists() for path in strays)
    assert all(path.exists() for path in (*others, being_written))


def test_writing_below_a_file_is_a_sentence(file: Path) -> None:
    with pytest.raises(StoreTrouble, match="can't be written"):
        files.write_atomically(file / "below.py", "x\n")
    assert file.read_text(encoding="utf-8") == "old é\n"


# Backups


@pytest.fixture
def one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands still."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2026, 1, 2, 3, 4, 5)

    monkeypatch.setattr(files, "datetime", Clock)


@pytest.mark.usefixtures("one_second")
def test_a_backup_never_overwrites_another(file: Path, tmp_path: Path) -> None:
    made = []
    for number in range(4):
        file.write_text(f"version {number}\n")
        made.append(files.back_up(file, tmp_path / "backups"))
    assert [path.read_text() for path in made if path] == [f"version {number}\n" for number in range(4)]
    assert [path.relative_to(tmp_path / "backups").parts[0] for path in made if path] == [
        *("2026-01-02_03-04-05", "2026-01-02_03-04-05_2", "2026-01-02_03-04-05_3", "2026-01-02_03-04-05_4")
    ]


@pytest.mark.usefixtures("one_second")
def test_terminals_that_back_up_at_once_never_share_a_backup(file: Path, tmp_path: Path) -> None:
    def work(number: int) -> Path | None:
        mine = tmp_path / str(number) / file.name
        mine.parent.mkdir()
        mine.write_text(f"of terminal {number}\n")
        return files.back_up(mine, tmp_path / "backups")

    made = together(work)
    assert [path.read_text() for path in made] == [f"of terminal {number}\n" for number in range(8)]


@pytest.mark.usefixtures("one_second")
def test_files_backed_up_together_lie_in_one_folder(file: Path, tmp_path: Path) -> None:
    other = file.with_name("other.py")
    other.write_text("other\n")
    made = [files.back_up(path, tmp_path / "backups") for path in (file, other)]
    assert {path.parent for path in made if path} == {tmp_path / "backups" / "2026-01-02_03-04-05"}


def test_a_backup_is_a_copy_byte_for_byte_and_the_file_stays(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"\xff\x00\r\n")
    backup = files.back_up(file, tmp_path / "backups")
    assert backup is not None and backup.read_bytes() == file.read_bytes() == b"\xff\x00\r\n"


def test_a_folder_is_backed_up_with_all_that_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "level.py"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "notes.txt").write_text("mine\n")
    (folder / "link").symlink_to("nowhere")
    backup = files.back_up(folder, tmp_path / "backups")
    assert backup is not None and (backup / "inner" / "notes.txt").read_text() == "mine\n"
    assert (folder / "inner" / "notes.txt").exists()


def test_nothing_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    assert files.back_up(tmp_path / "level.py", tmp_path / "backups") is None
    assert not (tmp_path / "backups").exists()


def test_a_backup_that_fails_is_a_sentence_and_nothing_was_changed(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(StoreTrouble, match=r"No backup could be made at .*: No space left.*Nothing was lost\.$"):
        files.back_up(file, tmp_path / "backups")
    assert file.read_text(encoding="utf-8") == "old é\n"
    assert [path for path in (tmp_path / "backups").rglob("*") if path.is_file()] == []  # half a backup is none


def test_a_file_in_the_backups_place_is_a_sentence(file: Path, tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("in the way")
    with pytest.raises(StoreTrouble, match="No backup could be made"):
        files.back_up(file, tmp_path / "backups")


# Reading


def test_reading_gives_the_text(file: Path) -> None:
    assert files.read_text(file, "reset 1") == "old é\n"


def test_reading_gives_plain_line_ends_and_no_byte_order_mark(file: Path) -> None:
    file.write_bytes("\ufeffa\r\nb\rc\n".encode())
    assert files.read_text(file, "reset 1") == "a\nb\nc\n"


def test_what_cannot_be_read_is_named_with_what_mends_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def says(path: Path) -> str:
        with pytest.raises(UnusableFile) as trouble:
            files.read_text(path, "reset 1")
        assert trouble.value.next_command == "reset 1"
        assert trouble.value.sentence.startswith(f"{path} ")
        return trouble.value.sentence

    assert "is not there: it was moved, renamed or deleted." in says(file.with_name("other.py"))
    assert "is a folder, and a file is needed in its place" in says(file.parent)
    file.write_bytes("é".encode("latin-1") + b"abc")
    assert "is not UTF-8 text (byte 0): save it as UTF-8" in says(file)
    assert "can't be read: Not a directory." in says(file / "below.py")

    def forbidden(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    assert "can't be read: Permission denied." in says(file)
