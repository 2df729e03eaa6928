"""Killed, told to end or hung up on at 50 random moments during checks, hints, resets and restores, alone and with another
terminal beside it: the database stays sound, every text is still somewhere, and what a command had said was done is done."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import Any

import pytest

from tests.commands.players import END, ENDS, digest
from tests.conftest import ROOT, Quest, clean_environment
from triton_quest.course.table import LEVELS
from triton_quest.store import workspace as workspaces

SEED = 20261125
TOGETHER, ALONE = 20, 10  # rounds of two players and of one: 50 deaths
MOST_DONE = 8  # things that a player does at the most
LONGEST = 0.08  # seconds after the last of them at which it dies: about what a command takes


class Rounds:
    """What the players said they had done, over all rounds."""

    def __init__(self, quest: Quest) -> None:
        self.quest, self.random = quest, random.Random(SEED)
        self.edited: dict[int, set[str]] = {1: set(), 2: set()}
        self.checked: dict[int, set[str]] = {1: set(), 2: set()}
        self.passed: set[int] = set()
        self.hints = {1: 0, 2: 0}
        self.deaths = 0
        self.done: list[str] = []

    def play(self, number: int, players: int) -> None:
        """Let them play, and kill each at a moment of its own."""
        words = [sys.executable, "-m", "tests.commands.players", str(self.quest.workspace.root)]
        left = {player: self.random.randrange(MOST_DONE + 1) for player in range(1, players + 1)}
        pids: dict[int, int] = {}
        with subprocess.Popen(
            [*words, f"{SEED}.{number}", str(players)], cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE
        ) as run:
            assert run.stdout is not None
            for line in run.stdout:
                told = json.loads(line)
                player = told["player"]
                if told["done"] == "came":
                    pids[player] = told["pid"]
                else:
                    self.note(player, told)
                    left[player] -= 1
                if left[player] == 0:
                    time.sleep(self.random.uniform(0, LONGEST))
                    os.killpg(pids[player], self.random.choice(ENDS))
                    self.deaths += 1
        assert run.returncode == 0

    def note(self, level: int, told: dict[str, Any]) -> None:
        self.done.append(told["done"])
        if told["done"] == "edit":
            self.edited[level].add(told["text"])
        elif told["done"] == "check":
            self.checked[level].add(told["text"])
            self.passed |= {level} if told["passed"] else set()
        elif told["done"] == "hint":
            self.hints[level] += 1
        elif told["done"] == "about to reset everything":
            self.passed.clear()
            self.hints = {1: 0, 2: 0}

    def verify(self) -> None:
        """The database is sound, no text is lost, what was said to be done is done."""
        states = self.quest.progress.states()  # it warns, and thus fails, if it must set a database aside
        with closing(sqlite3.connect(self.quest.workspace.database)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for level in (1, 2):
            file, row = self.quest.file(level), LEVELS[level - 1]
            now = file.read_text()
            versions = {digest(version.text) for version in self.quest.progress.versions(row)}
            backups = {digest(path.read_text()) for path in self.quest.workspace.backups.glob(f"*/{file.name}")}
            assert now in (workspaces.level_template(row), "") or now.endswith(END), "half a file"
            assert self.checked[level] <= versions, "a checked text is lost"
            assert self.edited[level] <= versions | backups | {digest(now)}, "a text is lost"
            assert states[level - 1].hints_taken >= min(self.hints[level], 6), "a hint is forgotten"
            assert states[level - 1].is_done or level not in self.passed, "a pass is lost"


@pytest.mark.slow
def test_nothing_is_lost_at_fifty_random_deaths(quest: Quest) -> None:
    rounds = Rounds(quest)
    quest.pass_levels(1)  # so that the second player's level is open
    for number in range(TOGETHER + ALONE):
        rounds.play(number, 2 if number < TOGETHER else 1)
        rounds.verify()
    assert rounds.deaths == 50
    assert {"edit", "check", "hint", "reset", "restore", "about to reset everything"} <= set(rounds.done)
