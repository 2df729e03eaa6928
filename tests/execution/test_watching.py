"""Guards the eyes on the level files: every way of saving is seen once, whole, and as the level that it is; nothing else is.

Each test that asks whether events are understood goes without the look that comes now and then, and the other way round.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import watchfiles
from watchfiles._rust_notify import WatchfilesRustInternalError

from tests.execution.conftest import PATIENCE_SECONDS
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.parent import watching

ONE, TWO = LEVELS[:2]
NEVER = 10**7
Saves = AsyncGenerator[tuple[Level, ...], None]
Play = Callable[["Eyes"], Awaitable[None]]


class Eyes:
    """Whoever waits for saves in a folder that holds a file of the first level and one of the second."""

    def __init__(self, folder: Path, saves: Saves) -> None:
        self.folder, self.file, self.other = folder, folder / ONE.file, folder / TWO.file
        self._saves = saves
        self._next: asyncio.Task[tuple[Level, ...]] | None = None

    async def open(self) -> None:
        """From now on whatever is saved is seen."""
        self._next = self._next or asyncio.create_task(anext(self._saves))
        await asyncio.sleep(0)  # the task has looked, and waits

    async def seen(self) -> tuple[Level, ...]:
        assert self._next is not None
        saved = await self._next
        self._next = None
        await self.open()
        return saved

    async def nothing_more(self) -> None:
        """Fails if anything was seen before what is saved now."""
        self.other.write_text("the end")
        assert await self.seen() == (TWO,)

    async def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "levels"
    folder.mkdir()
    for level in (ONE, TWO):
        (folder / level.file).write_text("as it was")
    return folder


@pytest.fixture
def only_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_MS", NEVER)


def watch(folder: Path, play: Play) -> None:
    """Play to open eyes."""

    async def played() -> None:
        async with aclosing(watching.saves(folder)) as saves:
            eyes = Eyes(folder, saves)
            try:
                await eyes.open()
                await play(eyes)
            finally:
                await eyes.close()

    asyncio.run(asyncio.wait_for(played(), PATIENCE_SECONDS))


# How editors write


def in_place(file: Path, text: str) -> None:
    file.write_text(text)


def truncated_and_then_written(file: Path, text: str) -> None:
    file.write_text("")
    with file.open("a") as opened:
        opened.write(text)


def renamed_over(file: Path, text: str) -> None:
    fresh = file.with_name(f".{file.name}.Xy12")
    fresh.write_text(text)
    os.replace(fresh, file)


def renamed_over_with_the_old_time(file: Path, text: str) -> None:
    status, fresh = file.stat(), file.with_name("fresh")
    fresh.write_text(text.ljust(status.st_size)[: status.st_size])
    os.utime(fresh, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(fresh, file)


def as_vim_does(file: Path, text: str) -> None:
    """With `backup` and a `backupcopy` of no: tries whether it may write, moves the old file away, writes a new one."""
    trial, backup = file.with_name("4913"), file.with_name(f"{file.name}~")
    trial.touch()
    trial.unlink()
    os.rename(file, backup)
    file.write_text(text)
    file.chmod(0o644)
    backup.unlink()


def as_emacs_does(file: Path, text: str) -> None:
    lock = file.with_name(f".#{file.name}")
    lock.symlink_to("somebody@somewhere.1:1")  # to nowhere
    file.with_name(f"#{file.name}#").write_text(text)
    os.rename(file, file.with_name(f"{file.name}~"))
    file.write_text(text)
    lock.unlink()


def deleted_and_made_again(file: Path, text: str) -> None:
    file.unlink()
    file.write_text(text)


WAYS = (
    in_place,
    truncated_and_then_written,
    renamed_over,
    renamed_over_with_the_old_time,
    as_vim_does,
    as_emacs_does,
    deleted_and_made_again,
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.usefixtures("only_events")
def test_a_save_is_seen_once_whichever_way_it_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, way: Callable[[Path, str], None]
) -> None:
    monkeypatch.setattr(watching, "EMPTY_SECONDS", PATIENCE_SECONDS)

    async def play(eyes: Eyes) -> None:
        for text in ("import one", "import two"):
            way(eyes.file, text)
            assert await eyes.seen() == (ONE,)
            assert eyes.file.read_text().startswith(text[:9])
        await eyes.nothing_more()

    watch(folder, play)


@pytest.mark.usefixtures("only_events")
def test_an_editors_own_files_and_what_is_no_text_are_not_seen(folder: Path) -> None:
    async def play(eyes: Eyes) -> None:
        name = eyes.file.name
        for other in (f"{name}~", f".{name}.swp", "4913", f"#{name}#", f"{name}.bak", f"{name}.tmp", "notes.md"):
            (folder / other).write_text("not a save")
        (folder / f".#{name}").symlink_to("nowhere")
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__" / f"{name}c").write_bytes(b"\0")
        eyes.file.chmod(0o600)
        eyes.file.read_text()
        await eyes.nothing_more()

    watch(folder, play)


@pytest.mark.usefixtures("only_events")
def test_levels_that_are_saved_together_are_all_seen(folder: Path) -> None:
    async def play(eyes: Eyes) -> None:
        eyes.file.write_text("one")
        eyes.other.write_text("two")
        seen: set[Level] = set()
        while seen != {ONE, TWO}:
            saved = await eyes.seen()
            assert saved and not seen & set(saved)
            seen.update(saved)

    watch(folder, play)


@pytest.mark.usefixtures("only_events")
def test_a_module_beside_the_levels_is_seen_as_no_level(folder: Path) -> None:
    async def play(eyes: Eyes) -> None:
        (folder / "my_blocks.py").write_text("BLOCK = 64")
        assert await eyes.seen() == ()
        await eyes.nothing_more()

    watch(folder, play)


# Moments in between


@pytest.mark.usefixtures("only_events")
def test_a_file_that_is_empty_for_a_moment_is_seen_when_its_text_is_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "EMPTY_SECONDS", PATIENCE_SECONDS)
    look, looked_at_nothing = watching.look, asyncio.Event()

    def looking(folder: Path) -> Any:
        seen = look(folder)
        if seen[ONE.file][2] == 0:
            looked_at_nothing.set()
        return seen

    monkeypatch.setattr(watching, "look", looking)

    async def play(eyes: Eyes) -> None:
        with eyes.file.open("w") as file:
            await looked_at_nothing.wait()
            file.write("the text")
        assert await eyes.seen() == (ONE,)
        assert eyes.file.read_text() == "the text"
        await eyes.nothing_more()

    watch(folder, play)


def test_a_file_that_stays_empty_is_seen_empty(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_MS", 20)
    monkeypatch.setattr(watching, "EMPTY_SECONDS", 0.05)

    async def play(eyes: Eyes) -> None:
        eyes.file.write_text("")
        assert await eyes.seen() == (ONE,)
        await eyes.nothing_more()

    watch(folder, play)


@pytest.mark.usefixtures("only_events")
def test_a_deleted_file_is_no_save_until_it_is_there_again(folder: Path) -> None:
    async def play(eyes: Eyes) -> None:
        eyes.file.unlink()
        await eyes.nothing_more()
        eyes.file.write_text("back")
        assert await eyes.seen() == (ONE,)

    watch(folder, play)


# The folder


def deleted(folder: Path) -> None:
    shutil.rmtree(folder)


def moved(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


@pytest.mark.parametrize("go", [deleted, moved])
def test_a_folder_that_was_away_is_watched_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, go: Callable[[Path], None]
) -> None:
    watches, awatch = asyncio.Queue[None](), watchfiles.awatch

    def told(*paths: Path, **how: Any) -> Any:
        watches.put_nowait(None)
        return awatch(*paths, **how)

    def told_and_without_looks(*paths: Path, **how: Any) -> Any:
        return told(*paths, **{**how, "rust_timeout": NEVER})

    monkeypatch.setattr(watchfiles, "awatch", told)

    async def play(eyes: Eyes) -> None:
        await watches.get()
        monkeypatch.setattr(watchfiles, "awatch", told_and_without_looks)
        go(folder)
        folder.mkdir()
        eyes.file.write_text("in the new folder")
        assert await eyes.seen() == (ONE,)
        await watches.get()
        eyes.file.write_text("and there again")
        assert await eyes.seen() == (ONE,)

    watch(folder, play)


def test_a_folder_that_is_not_there_yet_is_watched_when_it_is(folder: Path) -> None:
    deleted(folder)

    async def play(eyes: Eyes) -> None:
        folder.mkdir()
        eyes.file.write_text("new")
        assert await eyes.seen() == (ONE,)

    watch(folder, play)


def test_a_file_that_lies_elsewhere_is_seen_through_its_link(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("as it was")
    (folder / ONE.file).unlink()
    (folder / ONE.file).symlink_to(elsewhere)

    async def play(eyes: Eyes) -> None:
        elsewhere.write_text("changed")
        assert await eyes.seen() == (ONE,)
        await eyes.nothing_more()

    watch(folder, play)


@pytest.mark.parametrize(
    "trouble",
    [
        OSError("OS file watch limit reached. about ['levels']"),
        WatchfilesRustInternalError("Error creating recommended watcher: Too many open files (os error 24)"),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_where_nothing_can_be_watched_looking_is_enough(
    folder: Path, monkeypatch: pytest.MonkeyPatch, way: Callable[[Path, str], None], trouble: Exception
) -> None:
    monkeypatch.setattr(watching, "LOOK_MS", 20)
    monkeypatch.setattr(watching, "EMPTY_SECONDS", PATIENCE_SECONDS)

    def no_room(*_: Any, **__: Any) -> Any:
        raise trouble

    monkeypatch.setattr(watchfiles, "awatch", no_room)

    async def play(eyes: Eyes) -> None:
        for text in ("import one", "import two"):  # within one second, and of one size
            way(eyes.file, text)
            assert await eyes.seen() == (ONE,)
        await eyes.nothing_more()

    watch(folder, play)


def test_closed_eyes_hold_nothing_open(folder: Path) -> None:
    async def play(eyes: Eyes) -> None:
        await eyes.nothing_more()

    watch(folder, play)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        watch(folder, play)
    assert len(os.listdir("/proc/self/fd")) < before + 10  # what was closed last may still be closing
