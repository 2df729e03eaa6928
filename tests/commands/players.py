"""Players who type one command after the other, each in a process of its own that is there to be killed.

    python -m tests.commands.players WORKSPACE SEED PLAYERS

Each keeps to the level of its number. The commands are the real ones; only the judge is not: whatever holds the word
"right" passes. On stdout each player says its pid, and then what it did, once that is done: a line of JSON each.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import signal
import sys
from pathlib import Path
from unittest import mock

from triton_quest.commands import check, hint, history, reset, restore  # noqa: F401  imported before they play
from triton_quest.commands.shared import context  # noqa: F401  imported before they play
from triton_quest.course.table import LEVELS
from triton_quest.parent import devices
from triton_quest.parent.runner import Job
from triton_quest.quest import cli
from triton_quest.records.verdict import Outcome, Verdict
from triton_quest.store.workspace import Workspace

END = "# the end\n"
ENDS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)  # of a player
STEPS = (  # after an edit; each has a command that keeps the text
    *(("check",), ("check", "check", "hint"), ("hint", "reset"), ("restore",), ("check", "reset", "restore")),
    ("check", "reset_everything"),
)


def quick_judge(job: Job, on_record: object = None, start: object = None) -> Verdict:
    outcome = Outcome.PASSED if "right" in job.file.read_text() else Outcome.WRONG
    return Verdict(job.level.number, job.level.slug, outcome, "interpreter", 0.1)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Player:
    """`alone`: it may start everything over."""

    def __init__(self, workspace: Workspace, number: int, seed: str, alone: bool) -> None:
        self.file, self.number, self.alone = workspace.file(LEVELS[number - 1]), number, alone
        self.random, self.name, self.texts = random.Random(seed), seed, 0

    def tell(self, done: str, **what: object) -> None:
        os.write(1, json.dumps({"player": self.number, "done": done, **what}).encode() + b"\n")

    def play(self) -> None:
        self.tell("came", pid=os.getpid())
        self.check()  # what the player before left behind
        while True:
            self.edit()
            for step in self.random.choice(STEPS if self.alone else STEPS[:-1]):
                getattr(self, step)()

    def edit(self) -> None:
        """As an editor saves: in one step."""
        self.texts += 1
        filler = f"{self.random.random()}\n" * self.random.choice([1, 100, 3000])
        text = f"# {self.random.choice(['right', 'wrong'])} {self.name}, text {self.texts}\n{filler}{END}"
        saved = self.file.with_name(f"editor-{os.getpid()}")
        saved.write_text(text)
        os.replace(saved, self.file)
        self.tell("edit", text=digest(text))

    def check(self) -> None:
        text = self.file.read_text()
        if self.type(f"check {self.number}") in (0, 1):
            self.tell("check", text=digest(text), passed="right" in text)

    def hint(self) -> None:
        if self.type(f"hint {self.number}") == 0:
            self.tell("hint")

    def reset(self) -> None:
        self.type(f"reset {self.number} --yes")
        self.tell("reset")

    def reset_everything(self) -> None:
        self.tell("about to reset everything")
        self.type("reset --yes")

    def restore(self) -> None:
        answer = io.StringIO()
        self.type(f"history {self.number} --json", answer)
        versions = json.loads(answer.getvalue())["versions"]
        self.type(f"restore {self.number} {self.random.choice(versions)['id']}")
        self.tell("restore")

    def type(self, line: str, out: io.StringIO | None = None) -> int:
        words = ["quest.py", *line.split()]
        with mock.patch.multiple(sys, argv=words, stdout=out or io.StringIO(), stderr=io.StringIO()):
            return context.run(cli)


def main(root: str, seed: str, players: int) -> None:
    os.chdir(root)
    mock.patch.object(devices, "judge", quick_judge).start()
    pids = []
    for number in range(1, players + 1):
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            Player(Workspace(Path(root)), number, f"{seed}.{number}", alone=players == 1).play()
        pids.append(pid)
    os.close(1)
    statuses = [os.waitpid(pid, 0)[1] for pid in pids]
    assert all(os.WIFSIGNALED(status) and os.WTERMSIG(status) in ENDS for status in statuses)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
