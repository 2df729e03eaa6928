"""Killed at any line of the store: nothing is lost, nothing is half there, and the next command goes on as if nothing were.

Each test does its work once for every line of the store's modules that it comes through, in a process that ends there.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.store.conftest import judged
from triton_quest.course.level import Level
from triton_quest.records.verdict import Outcome
from triton_quest.store import database, files, schema, workspace
from triton_quest.store.progress import Progress
from triton_quest.store.workspace import Workspace

# Forked while the tests' runner may have threads: the child replaces nothing and ends without returning.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")]

WATCHED = {module.__file__ for module in (database, files, workspace)}
MINE = "my kernel\n" + "x = 1\n" * 2000


def run_until_line(number: int, work: Callable[[], object]) -> bool:
    """Do the work in a process that is killed at its nth line of the store. False if it came to its end before."""
    pid = os.fork()
    if pid == 0:
        left = number

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal left
            if frame.f_code.co_filename not in WATCHED:
                return None
            if event == "line":
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        try:
            sys.settrace(trace)
            work()
        finally:
            os._exit(0)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


class Place:
    """A workspace that is made anew, as it was at first, before each time."""

    def __init__(self, root: Path, levels: tuple[Level, ...]) -> None:
        self.first, self.levels = root / "first", levels
        self.workspace = Workspace(root / "now")
        (self.first / "levels").mkdir(parents=True)
        (self.first / ".quest").mkdir()
        Workspace(self.first).file(levels[0]).write_text(MINE)
        self.told: list[str] = []

    @property
    def progress(self) -> Progress:
        return Progress(self.workspace.database, self.levels, tell=self.told.append)

    @property
    def file(self) -> Path:
        return self.workspace.file(self.levels[0])

    def play(self) -> None:
        progress = Progress(Workspace(self.first).database, self.levels)
        progress.record_attempt(self.levels[0], "first text\n", judged(self.levels[0]))
        progress.take_hint(self.levels[0])

    def kill_at_every_line(self, work: Callable[[], object], at_least: int) -> Any:
        """Yields after each death, in the workspace as it was left then."""
        for number in count(1):
            shutil.rmtree(self.workspace.root, ignore_errors=True)
            shutil.copytree(self.first, self.workspace.root)
            self.told.clear()
            if not run_until_line(number, work):
                assert number > at_least, "the work came through fewer lines than it must"
                return
            yield number

    def backups(self) -> list[str]:
        return [path.read_text() for path in self.workspace.backups.rglob("*.*") if path.is_file()]

    def is_sound(self) -> bool:
        with closing(sqlite3.connect(self.workspace.database)) as db:
            return bool(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok")


@pytest.fixture
def place(tmp_path: Path, levels: tuple[Level, ...]) -> Place:
    return Place(tmp_path / "place", levels)


def test_a_reset_loses_nothing(place: Place) -> None:
    template = workspace.level_template(place.levels[0])
    seen = set()
    for _ in place.kill_at_every_line(lambda: workspace.renew(place.workspace, place.levels[0]), at_least=40):
        now = place.file.read_text()
        assert now == MINE or (now == template and MINE in place.backups())
        seen.add(now)
        assert workspace.renew(place.workspace, place.levels[0]) is not None
        assert place.file.read_text() == template and MINE in place.backups()
    assert seen == {MINE, template}


def test_a_restore_in_a_folders_place_loses_nothing(place: Place) -> None:
    first = Workspace(place.first).file(place.levels[0])
    first.unlink()
    first.mkdir()
    (first / "notes.txt").write_text(MINE)
    put = lambda: workspace.put_text(place.workspace, place.levels[0], "old text\n")  # noqa: E731
    for _ in place.kill_at_every_line(put, at_least=40):
        assert MINE in place.backups() or (place.file / "notes.txt").read_text() == MINE
        put()
        assert place.file.read_text() == "old text\n" and MINE in place.backups()


def test_a_first_check_is_kept_or_hasnt_begun(place: Place) -> None:
    level = place.levels[0]

    def check() -> None:
        begun = place.progress.begin_attempt(level, MINE)
        place.progress.record_attempt(level, MINE, judged(level), begun)

    seen = []
    for _ in place.kill_at_every_line(check, at_least=40):
        kept = [(version.text, version.outcome) for version in place.progress.versions(level)]
        assert kept in ([], [(MINE, "unjudged")], [(MINE, "passed")])
        assert place.progress.states()[0].is_done == ((MINE, "passed") in kept)
        seen.append(kept)
        place.progress.record_attempt(level, "next\n", judged(level, Outcome.WRONG))
        assert place.is_sound() and place.told == []
    assert {len(kept) for kept in seen} == {0, 1} and seen[-1] == [(MINE, "passed")]


@pytest.mark.parametrize("command", ["take_hint", "start_over"])
def test_a_hint_and_starting_over_happen_or_dont(place: Place, command: str) -> None:
    place.play()
    work = {"take_hint": lambda: place.progress.take_hint(place.levels[0]), "start_over": place.progress.start_over}
    seen = set()
    for _ in place.kill_at_every_line(work[command], at_least=15):
        state = place.progress.states()[0]
        seen.add((state.is_done, state.hints_taken))
        assert [version.text for version in place.progress.versions(place.levels[0])] == ["first text\n"]
        work[command]()
        assert place.is_sound() and place.told == []
    assert seen == {(True, 1), (True, 2) if command == "take_hint" else (False, 0)}


def test_setting_a_damaged_database_aside_keeps_it_and_all_that_was_in_it(place: Place) -> None:
    place.play()
    first = Workspace(place.first).database
    first.write_bytes(b"damaged" + first.read_bytes()[7:])
    harmed = first.read_bytes()
    rebuilt = 0
    for _ in place.kill_at_every_line(lambda: place.progress.states(), at_least=60):
        kept = [path.read_bytes() for path in place.workspace.database.parent.glob("progress*.db")]
        assert harmed in kept, "the damaged file is gone"
        state = place.progress.states()[0]
        assert (state.is_done, state.stars, state.hints_taken) == (True, 3, 1)
        assert [version.text for version in place.progress.versions(place.levels[0])] == ["first text\n"]
        assert place.is_sound() and place.workspace.database.read_bytes() != harmed
        rebuilt += not place.told
    assert rebuilt, "it never died behind the last step"


def test_moving_to_a_newer_schema_keeps_the_old_database(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.play()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE later (slug TEXT)",)))
    moved = set()
    for _ in place.kill_at_every_line(lambda: place.progress.states(), at_least=40):
        with closing(sqlite3.connect(place.workspace.database)) as db:
            moved.add(db.execute("PRAGMA user_version").fetchone()[0])
        state = place.progress.states()[0]
        assert (state.is_done, state.hints_taken) == (True, 1) and place.is_sound()
        copies = list(place.workspace.database.parent.glob("progress.version-*.db"))
        assert copies
        for copy in copies:
            with closing(sqlite3.connect(copy)) as db:
                assert db.execute("SELECT text FROM attempts").fetchall() == [("first text\n",)]
    assert moved == {schema.newest() - 1, schema.newest()}
