"""Reading and writing the learner's files: whole or not at all, and never over something that has no backup."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

from triton_quest.errors import StoreTrouble, UnusableFile

UNFINISHED_SUFFIX = ".quest-tmp"  # ends the name of a file that is still being written
EMPTY_SECONDS, LOOK_SECONDS = 0.3, 0.02  # for so long an empty file is one that is being written
LARGEST_BYTES = 1_000_000  # of a level file: what is larger is none, and the history keeps every text
AN_HOUR = 3600.0  # after which nobody is writing it any more: its writer was killed


def exact_text(path: Path, repair: str) -> str:
    """A level file's text to the byte. Raises UnusableFile, naming `repair` as the next command, if there is none."""
    return _text(path, repair, is_read_once=False)


def text_read_once(path: Path, repair: str) -> str:
    """As settled_text; also what a pipe or a terminal gives, up to its end. Raises UnusableFile."""
    return _text(path, repair, is_read_once=True) if is_stream(path) else settled_text(path, repair)


def is_stream(path: Path) -> bool:
    """Whether this is there and neither a file nor a folder: what is read of it is gone."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _text(path: Path, repair: str, is_read_once: bool) -> str:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) and not is_read_once:
            raise UnusableFile(
                f"{path} is {_kind(found.st_mode)}, and a file is needed in its place: move it away.", repair
            )
        data = b"" if found.st_size > LARGEST_BYTES else _beginning(path)
        if max(len(data), found.st_size) > LARGEST_BYTES:
            size = f"{found.st_size:,} bytes" if found.st_size else "no end in sight"
            raise _too_large(path, size, repair)
    except FileNotFoundError:
        raise UnusableFile(f"{path} is not there: it was moved, renamed or deleted.", repair) from None
    except OSError as trouble:
        raise UnusableFile(f"{path} can't be read: {trouble.strerror}.", repair) from None
    return decoded(data, path, repair)


def decoded(data: bytes, path: Path, repair: str) -> str:
    """The text that these bytes of a level file are. Raises UnusableFile where they are none, or too many."""
    if len(data) > LARGEST_BYTES:
        raise _too_large(path, "more than that", repair)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as trouble:
        sentence = f"{path} is not UTF-8 text (byte {trouble.start}): save it as UTF-8 in your editor."
        raise UnusableFile(sentence, repair) from None


def _too_large(path: Path, size: str, repair: str) -> UnusableFile:
    return UnusableFile(f"{path} is too large for a level file ({size}; at most {LARGEST_BYTES:,}).", repair)


def _beginning(path: Path) -> bytes:
    """All of it, or so much that it is known to be too large."""
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES + 1)


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def settled_text(path: Path, repair: str) -> str:
    """As exact_text; an empty file is looked at again while it is new: some editors truncate it and then write."""
    deadline = time.monotonic() + EMPTY_SECONDS
    while True:
        text = exact_text(path, repair)
        if text or time.monotonic() >= deadline or time.time() > path.stat().st_mtime + EMPTY_SECONDS:
            return text
        time.sleep(LOOK_SECONDS)


def read_text(path: Path, repair: str) -> str:
    """A level file's text with plain line ends, and without the mark that some editors begin with. Raises UnusableFile."""
    return plain(exact_text(path, repair))


def plain(text: str) -> str:
    """Text as Python reads it: every line ends in a newline alone, and no byte order mark comes first."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step: whoever looks sees the old text or the new one. Raises StoreTrouble."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(path) as new:
            with open(new, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            put_in_place(new, path)
    except OSError as trouble:
        raise StoreTrouble(f"{path} can't be written: {trouble.strerror}. Nothing was lost.") from None


@contextlib.contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A new file beside `path`, with its permissions; gone in the end unless it was put in place."""
    _sweep(path)
    mode = path.stat().st_mode if path.is_file() else 0o644
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED_SUFFIX)
    new = Path(name)
    try:
        os.close(handle)
        os.chmod(new, mode & 0o777)
        yield new
    finally:
        new.unlink(missing_ok=True)


def put_in_place(new: Path, path: Path) -> None:
    """Let `new` take the place and the name of `path`, in one step that outlives a power cut."""
    os.replace(new, path)
    with contextlib.suppress(OSError):  # some file systems know no syncing of folders
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(path: Path) -> None:
    """Take away what a killed process left half written beside `path`."""
    for stray in path.parent.glob(f".{glob.escape(path.name)}.*{UNFINISHED_SUFFIX}*"):
        with contextlib.suppress(FileNotFoundError):  # another terminal sweeps too
            if time.time() - stray.stat().st_mtime > AN_HOUR:
                stray.unlink()


def stamp() -> str:
    """Now, as it stands in a file's name."""
    return datetime.now().strftime("%Y-%m-%d_%H-%M-%S")


def back_up(path: Path, backups: Path) -> Path | None:
    """Copy what stands at `path` (a folder too) to a dated place in `backups`. None if nothing that can be kept stands there."""
    if not path.exists() or is_stream(path):
        return None
    now = stamp()
    target = backups / now / path.name
    try:
        for attempt in count(2):
            target.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):  # one backup never overwrites another
                copy(path, target)
                break
            target = backups / f"{now}_{attempt}" / path.name
    except OSError as trouble:
        sentence = f"No backup could be made at {target}: {trouble.strerror or trouble}. Nothing was lost."
        raise StoreTrouble(sentence) from None
    return target


def copy(path: Path, target: Path) -> None:
    """Copy a file or a folder to where nothing stands yet. Raises FileExistsError."""
    if path.is_dir():
        shutil.copytree(path, target, symlinks=True)
        return
    with open(path, "rb") as source, open(target, "xb") as made:
        try:
            shutil.copyfileobj(source, made)
            made.flush()
            os.fsync(made.fileno())
            shutil.copystat(path, target)
        except BaseException:
            target.unlink()
            raise
