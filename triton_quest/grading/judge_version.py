"""What decides a verdict besides the file: the judge and the course, and the libraries that they run on.

A line of results says which judge it comes from, so that a file is judged again when the judge has changed, and two machines
with different judges aren't taken for one.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from triton_quest import __version__, environment

ROOMS = ("child", "course", "records", "machine", "parent", "utils")  # of the package: what has a say in a verdict
SUFFIXES = (".py", ".md")
LIBRARIES = ("torch", "triton", "numpy")


@cache
def versions() -> tuple[tuple[str, str], ...]:
    """(name, version) of the quest, of Python, and of what the judge runs on; "none" for what isn't installed."""
    return (
        ("quest", __version__),
        ("python", platform.python_version()),
        *((name, _version(name)) for name in LIBRARIES),
    )


@cache
def judge_version() -> str:
    """Twelve hexadecimal digits, the same wherever the same judge runs on the same libraries."""
    digest = hashlib.sha256(repr(versions()).encode())
    for path in _sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def _sources() -> Iterator[Path]:
    package = Path(environment.ROOT) / "triton_quest"
    for room in ROOMS:
        yield from sorted(path for path in (package / room).rglob("*") if path.suffix in SUFFIXES)
