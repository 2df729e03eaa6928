"""A clone of the repository with an environment, as `./quest` would have made it, and a Python that lacks everything."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, Answer, clean_environment, run_line
from tests.snapshots import expect_output, expect_text  # noqa: F401
from triton_quest.course.table import LEVELS
from triton_quest.store import workspace as workspaces

NEEDED = ("quest", "pyproject.toml", "requirements.txt", "requirements-dev.txt")


def fitted_python(path: Path) -> Path:
    """A program at `path` that is this Python: it has all packages. It can't be a link: a link loses its packages."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    path.chmod(0o755)
    return path


@dataclass(frozen=True)
class Clone:
    root: Path

    @property
    def package(self) -> Path:
        return self.root / "triton_quest"

    @property
    def levels(self) -> Path:
        return self.package / "levels"

    def make_environment(self) -> None:
        """What `./quest` leaves behind when it is done."""
        fitted_python(self.root / ".venv" / "bin" / "python")
        shutil.copy(self.root / "requirements.txt", self.root / ".venv" / "quest-pins")

    def type(self, *words: object, at: str = "triton_quest", **environ: str) -> Answer:
        """Run a line in a folder of the clone."""
        return run_line([str(word) for word in words], self.root / at, clean_environment(**environ))


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A copy of the repository as it stands, unplayed and without an environment."""
    made = Clone(tmp_path / "clone")
    unwanted = shutil.ignore_patterns(".quest", "__pycache__")
    shutil.copytree(ROOT / "triton_quest", made.package, ignore=unwanted)
    for name in NEEDED:
        shutil.copy(ROOT / name, made.root / name)
    for level in LEVELS:
        if level.has_arrived:
            (made.levels / level.file).write_text(workspaces.level_template(level))
    return made
