"""Reads the Python files of a zip file, which anybody may have made: nothing is unpacked, and nothing is read beyond its limits."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

from triton_quest.errors import UnusableFile
from triton_quest.store import files

MOST_FILES = 20_000
MOST_BYTES = 1_000_000_000  # unpacked: a clone with a virtual environment has about as much, and no level file has
REPAIR = "grade --help"


def python_files(path: Path) -> list[tuple[str, bytes]]:
    """(name, content) of each Python file in the archive; a content longer than a level file's is cut one byte beyond that.

    Raises UnusableFile for an archive that is damaged, encrypted, or made to do harm.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_harm(path, members)
            return [(one.filename, _content(archive, one)) for one in members if _is_python_file(one)]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as trouble:
        raise UnusableFile(f"{path} can't be read as a zip file: {trouble}.", REPAIR) from None
    except OSError as trouble:
        raise UnusableFile(f"{path} can't be read: {trouble.strerror or trouble}.", REPAIR) from None


def _refuse_harm(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_FILES:
        raise UnusableFile(
            f"{path} holds {len(members):,} files (at most {MOST_FILES:,}): nothing of it was read.", REPAIR
        )
    size = sum(one.file_size for one in members)
    if size > MOST_BYTES:
        says = (
            f"{path} would unpack to {size / 1e6:,.0f} MB (at most {MOST_BYTES / 1e6:,.0f} MB): nothing of it was read."
        )
        raise UnusableFile(says, REPAIR)
    for one in members:
        if _climbs(one.filename):
            raise UnusableFile(
                f"{path} has a file outside of its own folder ({one.filename}): nothing of it was read.", REPAIR
            )
        if one.flag_bits & 1:
            raise UnusableFile(f"{path} is encrypted: nothing of it was read.", REPAIR)


def _climbs(name: str) -> bool:
    ways = PurePosixPath(name), PureWindowsPath(name)
    return any(".." in way.parts or way.is_absolute() or way.drive for way in ways)


def _is_python_file(one: zipfile.ZipInfo) -> bool:
    mode = one.external_attr >> 16
    return one.filename.lower().endswith(".py") and not one.is_dir() and not stat.S_ISLNK(mode)


def _content(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> bytes:
    with archive.open(one) as member:
        return member.read(files.LARGEST_BYTES + 1)
