"""A clone of what git holds, in an empty folder: `./quest` makes its environment for real, then every way in works.

Needs git and pip's package index. torch, Triton and what they need are lent by the environment that runs the tests, once the
first try has failed for want of them; a survey downloads them, too, as `make test` itself does on a fresh machine.
"""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.commands import kernels
from tests.commands.conftest import Clone
from tests.conftest import ROOT, clean_environment, run_line

pytestmark = pytest.mark.slow
LEVEL = "levels/level1_vector_add.py"
LENT = ("torch", "triton", "sympy", "mpmath", "networkx", "numpy")
NO_INDEX = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}


def lend(site: Path) -> None:
    """Links to what takes long to download and to unpack."""
    for name in LENT:
        found = distribution(name)
        for entry in {path.parts[0] for path in found.files or ()} - {"__pycache__", ".."}:
            (site / entry).symlink_to(found.locate_file(entry))


@pytest.fixture(scope="module", params=["lent", pytest.param("downloaded", marks=pytest.mark.survey)])
def fresh(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The clone, after the first command of the README."""
    if not (ROOT / ".git").exists():
        pytest.skip("these files are no clone")
    made = Clone(tmp_path_factory.mktemp("fresh") / "a clone")
    subprocess.run(["git", "clone", "--quiet", ROOT, made.root], check=True)
    if request.param == "lent":
        answer = made.type("./quest", "--cpu", at=".", **NO_INDEX)
        assert answer.code == 2 and "pip could not install torch" in answer.err
        lend(next((made.root / ".venv" / "lib").glob("python*/site-packages")))
    answer = made.type("./quest", "--cpu", at=".")
    assert answer.code == 0, answer.err
    assert answer.err.startswith("Setting up the quest, once: a Python environment in .venv\n")
    assert "0.5 GB to download" in answer.err and answer.err.rstrip().endswith("Done.")
    assert answer.next_command == "./quest start 1"
    return made


def test_the_second_time_the_launcher_sets_nothing_up(fresh: Clone) -> None:
    answer = fresh.type("./quest", at=".")
    assert (answer.code, answer.err) == (0, "")


def test_only_the_environment_was_added_and_git_ignores_it(fresh: Clone) -> None:
    status = fresh.type("git", "status", "--porcelain", "--ignored", at=".")
    added = {line.split()[-1] for line in status.out.splitlines() if "__pycache__" not in line}
    assert added == {".venv/"}


def test_quest_py_and_a_level_file_go_on_there_when_typed_to_a_bare_python(fresh: Clone, bare_python: Path) -> None:
    assert fresh.type(bare_python, "quest.py").next_command == "python quest.py start 1"
    answer = fresh.type(bare_python, LEVEL)
    assert (answer.code, answer.err) == (1, "") and "Nothing is filled in yet" in answer.out


def test_the_installed_command_works_from_anywhere(fresh: Clone, tmp_path: Path) -> None:
    answer = run_line([str(fresh.root / ".venv" / "bin" / "quest")], tmp_path, clean_environment())
    assert answer.next_command == "quest start 1"


def test_doctor_finds_everything_that_it_needs(fresh: Clone) -> None:
    answer = fresh.type("./quest", "doctor", "--json", at=".").json()
    assert answer["healthy"] is True
    assert [finding["what"] for finding in answer["findings"] if not finding["ok"]] == ["GPU"]


def test_a_right_kernel_passes_by_the_launcher_and_run_directly(
    fresh: Clone, bare_python: Path, tmp_path: Path
) -> None:
    kernel = tmp_path / "kernel.py"
    kernel.write_text(kernels.RIGHT)
    assert fresh.type("./quest", "check", "1", "--file", kernel, at=".").code == 0
    level, template = fresh.package / LEVEL, (fresh.package / LEVEL).read_text()
    level.write_text(kernels.RIGHT)
    try:
        assert fresh.type(bare_python, LEVEL).code == 0
    finally:
        level.write_text(template)
