"""A table of levels of its own: two that have arrived, one that lies ahead. Nothing here knows the real course."""

from __future__ import annotations

from pathlib import Path

import pytest

from triton_quest.levels import Level, table
from triton_quest.store.progress import Progress

SOLUTION = '''\
"""# Level {number}

What to do.
"""


def kernel():
    # [gap: x]
    x = 1
    # [end]
    return x
'''


def row(slug: str, course: Path) -> Level:
    return Level(slug, slug.title(), "", "", f"{slug}.py", slug, course=course)


@pytest.fixture
def levels(tmp_path: Path) -> tuple[Level, ...]:
    """`first`, `second` and `third` have arrived, `fourth` lies ahead."""
    course = tmp_path / "course"
    rows = table(*(row(slug, course) for slug in ("first", "second", "third", "fourth")))
    for level in rows[:3]:
        level.folder.mkdir(parents=True)
        (level.folder / "solution.py").write_text(SOLUTION.format(number=level.number))
    return rows


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "quest" / ".quest" / "progress.db"


@pytest.fixture
def progress(database: Path, levels: tuple[Level, ...]) -> Progress:
    return Progress(database, levels)
