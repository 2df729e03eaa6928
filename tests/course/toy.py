"""A course of one level in a repository of its own, to be broken one thing at a time."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from triton_quest.authoring import gate
from triton_quest.course import template
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS, table

MODEL = LEVELS[0]
ENTRY = re.compile(r"^(?=###? )", re.MULTILINE)
RIGHT = "## Right variants"


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


def keep_few(folder: Path) -> None:
    """Of a level's mistakes and variants leave as many as the gate asks for: the first ones, and no variant that is a file."""
    path = folder / "mistakes.md"
    wrong, heading, right = path.read_text(encoding="utf-8").partition(RIGHT)
    assert heading
    few = [*ENTRY.split(wrong)[: gate.LEAST_MISTAKES + 2], heading, *ENTRY.split(right)[: gate.LEAST_VARIANTS + 1]]
    path.write_text("".join(few).rstrip("`\n") + "\n```\n", encoding="utf-8")
    shutil.rmtree(folder / "variants", ignore_errors=True)


class ToyQuest:
    """`root` looks like a clone: triton_quest/course/<slug>/, triton_quest/levels/, and an index that holds both."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.package = root / "triton_quest"
        self.course = self.package / "course"
        self.levels = table(replace(MODEL, course=self.course))
        self.folder = self.levels[0].folder
        self.level_file = self.package / "levels" / MODEL.file
        shutil.copytree(MODEL.folder, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.level_file.parent.mkdir()
        for name in ("__init__.py", "quest_setup.py"):
            (self.level_file.parent / name).write_text("")
        self.build()
        git(root, "init", "--quiet")
        self.add()

    @property
    def level(self) -> Level:
        return self.levels[0]

    @property
    def solution(self) -> Path:
        return self.folder / "solution.py"

    def build(self) -> None:
        """Write the level file from the solution, as `dev build` does."""
        self.level_file.write_text(template.strip_solution(self.solution.read_text()))

    def add(self) -> None:
        git(self.root, "add", "--all", "--force")

    def edit(self, name: str, old: str, new: str) -> None:
        """In a file of the course folder, `old` becomes `new` at its first place."""
        path = self.folder / name
        text = path.read_text()
        assert old in text, f"{old!r} doesn't stand in {name}"
        path.write_text(text.replace(old, new, 1))
