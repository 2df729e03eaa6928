"""The wheel, in an environment of its own outside of the repository: everything works, and nothing is written where it is installed.

torch and Triton are lent to it by the environment that runs the tests, so that nothing is downloaded.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, Answer, Quest, arrived, clean_environment, run_line
from triton_quest.course import template
from triton_quest.course.table import LEVELS
from triton_quest.store import workspace

pytestmark = pytest.mark.slow
FIRST = LEVELS[0]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and a workspace made by it."""

    bin: Path
    site: Path
    workspace: Path

    def type(self, *words: str, at: Path | None = None) -> Answer:
        environ = clean_environment(PATH=f"{self.bin}{os.pathsep}{os.environ['PATH']}", COLUMNS="110")
        return run_line([str(self.bin / words[0]), *words[1:]], at or self.workspace, environ)

    def file(self, number: int = 1) -> Path:
        return self.workspace / "levels" / LEVELS[number - 1].file

    def written(self) -> dict[str, tuple[int, int]]:
        """Every file of the environment's packages, with what changes when it is written."""
        paths = [path for path in self.site.rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in paths}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a wheel is built from, unplayed."""
    root = tmp_path_factory.mktemp("sources")
    unwanted = shutil.ignore_patterns("__pycache__", ".quest", "level[0-9]*.py")
    shutil.copytree(ROOT / "triton_quest", root / "triton_quest", ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root / name)
    for level in arrived():
        (root / "triton_quest" / "levels" / level.file).write_text(workspace.level_template(level), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def wheel(sources: Path) -> Path:
    words = [
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--wheel-dir",
        sources / "dist",
        sources,
    ]
    subprocess.run([*PIP, *words], check=True)
    return next((sources / "dist").iterdir())


def environment(folder: Path) -> Path:
    """A new environment to which this one's packages are lent; where its own are."""
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    site = next((folder / "lib").glob("python*/site-packages"))
    lent = [entry for entry in sys.path if entry.endswith("-packages")]
    (site / "lent.pth").write_text("\n".join(lent))
    return site


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    root = tmp_path_factory.mktemp("installed")
    site = environment(root / "env")
    python = root / "env" / "bin" / "python"
    subprocess.run([*PIP, "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    folders = [site, *(path for path in site.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield Installed(python.parent, site, root / "my-quest")
    for folder in folders:
        folder.chmod(0o755)


def test_the_wheel_holds_the_whole_package(wheel: Path, sources: Path) -> None:
    package = sources / "triton_quest"
    wanted = {path.relative_to(sources).as_posix() for path in package.rglob("*") if path.is_file()}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("triton_quest/")}
    assert held == wanted
    assert {f"triton_quest/course/{level.folder.name}/hints.md" for level in arrived()} <= held


def test_a_learner_of_an_installed_quest_gets_from_init_to_a_pass(installed: Installed, bare_python: Path) -> None:
    before = installed.written()
    answer = installed.type("quest", at=installed.bin.parent)
    assert (answer.code, answer.next_command) == (2, "quest init my-quest")
    answer = installed.type("quest", "init", "my-quest", at=installed.workspace.parent)
    assert answer.next_command == "cd my-quest && python quest.py"
    assert installed.type("python", "quest.py").next_command == "python quest.py start 1"
    assert installed.type("python", "-m", "triton_quest").next_command == "python -m triton_quest start 1"
    assert f"Your file: levels/{FIRST.file}:" in installed.type("quest", "start").out
    assert installed.type("quest", "check", "--json").json()["outcome"] == "not_started"
    assert installed.type("quest", "hint").out.startswith("hint 1 of 6")

    solution = template.clean_solution(workspace.course_text(FIRST, "solution.py"))
    installed.file().write_text(solution, encoding="utf-8")
    assert installed.type("python", f"levels/{FIRST.file}").code == 0
    other = run_line([str(bare_python), "quest.py", "check", "1", "--json"], installed.workspace, clean_environment())
    assert other.json()["passed"], "whichever Python runs the workspace's quest.py"
    assert "def vector_add" in installed.type("quest", "solution", "1").out
    assert installed.type("quest", "reset", "1", "--yes").code == 0
    assert installed.type("quest", "start", "2").code == 0
    assert installed.written() == before, "nothing is ever written where the package is installed"


def test_a_learner_of_an_installed_quest_passes_the_last_level_but_one(installed: Installed, tmp_path: Path) -> None:
    """As good as any: the wheel has what the sources have. tests/course/test_play_through.py plays them all, to the end."""
    before, space, level = installed.written(), tmp_path / "later", arrived()[-2]
    installed.type("quest", "init", str(space), at=tmp_path)
    solution = template.clean_solution(workspace.course_text(level, "solution.py"))
    (space / "levels" / level.file).write_text(solution, encoding="utf-8")
    Quest(workspace.Workspace(space)).pass_levels(*range(1, level.number))
    answer = installed.type("quest", "check", at=space)
    assert answer.code == 0 and answer.next_command == f"quest start {level.number + 1}"
    assert installed.written() == before, "nothing is ever written where the package is installed"


def test_what_needs_a_clone_says_so_and_writes_nothing(installed: Installed) -> None:
    before = installed.written()
    answer = installed.type("quest", "update", at=installed.bin)
    assert (
        answer.code == 2
        and f"{installed.bin / 'python'} -m pip install --upgrade triton-attention-quest" in answer.said
    )
    answer = installed.type("quest", "dev", "build", at=installed.bin)
    assert answer.code == 2 and "in a clone of the repository, and this quest was installed" in answer.said
    assert installed.written() == before


def test_an_upgrade_leaves_an_edited_level_and_renews_the_others(installed: Installed, tmp_path: Path) -> None:
    space = tmp_path / "upgraded"
    installed.type("quest", "init", str(space), at=tmp_path)
    (space / "levels" / FIRST.file).write_text("# my kernel\n")
    solutions = [installed.site / "triton_quest" / "course" / level.folder.name / "solution.py" for level in arrived()]
    texts = [path.read_text(encoding="utf-8") for path in solutions]
    for path, text in zip(solutions, texts, strict=True):  # as pip would, with a new version
        path.write_text(text.replace("# Level ", "# Better told: level ", 1), encoding="utf-8")
    try:
        answer = installed.type("quest", at=space)
        assert "Level 1 has a new template since you began your file" in answer.said
        assert (space / "levels" / FIRST.file).read_text() == "# my kernel\n"
        for level in arrived()[1:]:
            assert f"# Better told: level {level.number}" in (space / "levels" / level.file).read_text(encoding="utf-8")
        assert installed.type("quest", "reset", "1", "--yes", at=space).code == 0
        assert "# Better told: level 1" in (space / "levels" / FIRST.file).read_text(encoding="utf-8")
        assert "new template" not in installed.type("quest", at=space).out
    finally:
        for path, text in zip(solutions, texts, strict=True):
            path.write_text(text, encoding="utf-8")


def test_a_clone_installed_in_editable_mode_is_its_own_workspace(sources: Path, tmp_path: Path) -> None:
    site = environment(tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    clone = shutil.copytree(sources, tmp_path / "clone")
    words = ["install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--editable", clone]
    subprocess.run([*PIP, "--python", python, *words], check=True)
    for words, at in ((["quest"], tmp_path), (["python", "quest.py"], clone / "triton_quest")):
        answer = Installed(python.parent, site, clone).type(*words, "--json", at=at)
        assert answer.json()["workspace"] == str(clone / "triton_quest")
