"""Notices that a level's file was saved, however the editor writes.

The file system's events (watchfiles) only say when to look; reading the folder shows what was saved: a file that another was
renamed over, one that was truncated and written, several events at once, a folder that was deleted and made again all look
alike, and where there are no events (no inotify watch left, a network file system) looking now and then is enough.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import watchfiles
from watchfiles._rust_notify import WatchfilesRustInternalError

from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.machine import host

STEP_MS = 20  # events that follow each other within this belong to one save
DEBOUNCE_MS = 200  # and no save takes longer
LOOK_MS = 200  # between two looks where no event comes
EMPTY_SECONDS = 0.3  # for so long an empty file is one that is being written

FileStamps = dict[str, tuple[int, int, int]]  # file name -> inode, time in ns, size


async def saves(folder: Path, rows: Sequence[Level] = LEVELS) -> AsyncGenerator[tuple[Level, ...], None]:
    """The levels of the table `rows` whose files in `folder` were saved, as they are saved. Never ends.

    Nothing in the tuple: only a module beside them was saved, which any of them may import.
    """
    levels = {level.file: level for level in rows}
    seen, empty_since = look(folder), dict[str, float]()
    async with contextlib.aclosing(moments(folder)) as times:
        async for _ in times:
            now, at = look(folder), time.monotonic()
            saved = {name for name in now if now[name] != seen.get(name)} | (empty_since.keys() & now.keys())
            seen = {**seen, **now}  # what is away for a moment may be being replaced
            empty_since = {name: empty_since.get(name, at) for name in saved if now[name][2] == 0}
            empty_since = {name: since for name, since in empty_since.items() if at < since + EMPTY_SECONDS}
            saved -= empty_since.keys()
            if saved:
                yield tuple(level for name, level in levels.items() if name in saved)


def look(folder: Path) -> FileStamps:
    """The Python files in `folder`; an editor's own files, such as `.#level.py` and `level.py~`, are none."""
    seen = {}
    with contextlib.suppress(OSError):  # the folder is away
        for entry in os.scandir(folder):
            if not entry.name.endswith(".py") or entry.name.startswith("."):
                continue
            with contextlib.suppress(OSError):  # the file is away
                status = entry.stat()
                seen[entry.name] = (status.st_ino, status.st_mtime_ns, status.st_size)
    return seen


async def moments(folder: Path) -> AsyncGenerator[None, None]:
    """When to look: after each burst of events in `folder`, and every LOOK_MS."""
    while True:
        if not host.REPORTS_CHANGES:
            await asyncio.sleep(LOOK_MS / 1000)
            yield
            continue
        with contextlib.suppress(OSError, WatchfilesRustInternalError):  # not there, or no room for one more watch
            async with contextlib.aclosing(_events(folder)) as events:
                async for _ in events:
                    yield
        await asyncio.sleep(LOOK_MS / 1000)
        yield


async def _events(folder: Path) -> AsyncGenerator[None, None]:
    """Each burst of events in `folder`, until another folder has its path.

    Raises OSError or WatchfilesRustInternalError if it can't be watched.
    """
    with host.folder_handle(folder) as is_the_same:
        watch = watchfiles.awatch(
            folder,
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
            recursive=False,
            force_polling=False,  # watchfiles' own looks see whole seconds only
        )
        async with contextlib.aclosing(watch) as bursts:
            async for _ in bursts:
                yield
                if not is_the_same():
                    return
