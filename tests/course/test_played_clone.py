"""Guards that playing turns nothing red: the gate of a clone looks at what git holds, and playing changes no other file."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, arrived, clean_environment, run_line
from tests.course.toy import git
from triton_quest.authoring import gate
from triton_quest.course import template
from triton_quest.store import workspace

pytestmark = pytest.mark.slow
LEFT_ALONE = shutil.ignore_patterns("__pycache__", ".quest", "level[0-9]*.py")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `git clone` would bring if this working tree were committed with its level files unplayed."""
    if shutil.which("git") is None:
        pytest.skip("git isn't installed")
    root = tmp_path_factory.mktemp("played") / "clone"
    shutil.copytree(ROOT / "triton_quest", root / "triton_quest", ignore=LEFT_ALONE)
    for name in (".gitignore", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    for level in arrived():
        (root / "triton_quest" / "levels" / level.file).write_text(workspace.level_template(level), encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    return root


def play(clone: Path, number: int, text: str) -> Path:
    path = clone / "triton_quest" / "levels" / arrived()[number - 1].file
    path.write_text(text, encoding="utf-8")
    return path


def quest(clone: Path, *words: str):  # type: ignore[no-untyped-def]
    environ = {name: value for name, value in clean_environment().items() if not name.startswith("GIT_")}
    return run_line([sys.executable, os.path.join("triton_quest", "quest.py"), *words], clone, environ)


@pytest.mark.usefixtures("kind_judge")
def test_the_gate_over_a_played_level_stays_open(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    level = arrived()[0]
    played = play(clone, 1, template.clean_solution(workspace.course_text(level, "solution.py")))
    text = played.read_text(encoding="utf-8")
    assert quest(clone, "check", "1", "--json").json()["passed"]
    assert quest(clone, "hint", "1", "--json").code == 0
    play(clone, 1, text + "\nbroken = (\n")
    for name in [name for name in os.environ if name.startswith("GIT_")]:  # set while git runs a hook
        monkeypatch.delenv(name)
    monkeypatch.setattr(workspace, "PACKAGE", clone / "triton_quest")
    assert gate.run(course=clone / "triton_quest" / "course") == []
    changed = git(clone, "diff", "--name-only").split()
    assert changed == [f"triton_quest/levels/{level.file}"], "playing changes the learner's own file"
    assert git(clone, "ls-files", "--others", "--exclude-standard") == "", "and leaves nothing for git to see"
