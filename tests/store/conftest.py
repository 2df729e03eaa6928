"""A table of levels of its own: two that have arrived, one that lies ahead. Nothing here knows the real course."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from triton_quest.course.level import Level
from triton_quest.course.table import table
from triton_quest.records.verdict import Check, Outcome, State, Verdict, failed
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


def judged(level: Level, outcome: Outcome = Outcome.PASSED) -> Verdict:
    check = Check("a check", "numbers", State.PASSED)
    if outcome is not Outcome.PASSED:
        check = failed(check, outcome, "The answer is wrong.")
    return Verdict(level.number, level.slug, outcome, "interpreter", 1.5, (check,))


def together(work: Callable[[int], Any], count: int = 8) -> list[Any]:
    """What `work` gave in each of `count` threads that began at once."""
    results: list[Any] = [None] * count
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = work(number)
        except Exception as trouble:
            results[number] = trouble

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
