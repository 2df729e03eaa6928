"""Reading and writing the learner's files: whole or not at all, and never over something that has no backup."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from triton_quest.errors import StoreTrouble, UnusableFile


def read_text(path: Path, repair: str) -> str:
    """A level file's text. Raises UnusableFile, naming `repair` as the next command, if there is none to be had."""
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors begin with a mark, and Python reads past it
    except FileNotFoundError:
        raise UnusableFile(f"{path} is not there: it was moved, renamed or deleted.", repair) from None
    except IsADirectoryError:
        raise UnusableFile(f"{path} is a folder, and a file is needed in its place: move it away.", repair) from None
    except UnicodeDecodeError as trouble:
        sentence = f"{path} is not UTF-8 text (byte {trouble.start}): save it as UTF-8 in your editor."
        raise UnusableFile(sentence, repair) from None
    except OSError as trouble:
        raise UnusableFile(f"{path} can't be read: {trouble.strerror}.", repair) from None


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step: whoever looks sees the old text or the new one. Raises StoreTrouble."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode if path.exists() else 0o644
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as trouble:
        raise StoreTrouble(f"{path} can't be written: {trouble.strerror}. Nothing was changed.") from None


def back_up(path: Path, backups: Path) -> Path | None:
    """Copy what stands at `path` (a folder too) to a dated place in `backups`. None if nothing stands there."""
    if not path.exists():
        return None
    stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    target = backups / stamp / path.name
    attempt = 1
    while target.exists():
        attempt += 1
        target = backups / f"{stamp}_{attempt}" / path.name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target, symlinks=True)
        else:
            shutil.copy2(path, target)
    except OSError as trouble:
        raise StoreTrouble(f"No backup could be made at {target}: {trouble.strerror}. Nothing was changed.") from None
    return target
