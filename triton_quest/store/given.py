"""What the quest gave: a copy of each file that it wrote into a workspace, in `.quest/given/`.

The copy shows whether anybody has edited a file, and which template an edited level file was begun from. A clone needs copies only of the
level files that were edited when it was updated: git holds what the others began as.
"""

from __future__ import annotations

from pathlib import Path

from triton_quest.store import files


def note(root: Path, path: Path, text: str) -> None:
    """Remember that `text` was given as `path`, a file of the workspace `root`. Raises StoreTrouble."""
    files.write_atomically(_copy(root, path), text)


def forget(root: Path, path: Path) -> None:
    """From now on `path` counts as begun from the present template."""
    _copy(root, path).unlink(missing_ok=True)


def text(root: Path, path: Path) -> bytes | None:
    """What was given as `path`; None if nothing is noted."""
    return content(_copy(root, path))


def content(path: Path) -> bytes | None:
    """What stands in a file; None where there is none that can be read, or one that is too large to be of the quest."""
    try:
        is_small_file = path.is_file() and path.stat().st_size <= files.LARGEST_BYTES
        return path.read_bytes() if is_small_file else None
    except OSError:
        return None


def _copy(root: Path, path: Path) -> Path:
    return root / ".quest" / "given" / path.relative_to(root)
