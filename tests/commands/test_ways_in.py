"""The ways into the quest: `python quest.py`, `python levels/...` and `./quest`, also typed to a Python that has nothing."""

from __future__ import annotations

import ast
import shutil
import sys
from pathlib import Path

import pytest

from tests.commands import kernels
from tests.commands.conftest import Clone
from tests.conftest import clean_environment, run_line
from triton_quest.course.table import LEVELS
from triton_quest.store import workspace as workspaces
from triton_quest.store.workspace import Workspace

FILE = LEVELS[0].file
LEVEL = f"levels/{FILE}"


# Before there is an environment


def test_a_bare_python_in_a_fresh_clone_names_the_one_command_to_type(clone: Clone, bare_python: Path) -> None:
    for script in ("quest.py", LEVEL):
        answer = clone.type(bare_python, script)
        assert (answer.code, answer.out) == (2, "")
        assert answer.err.count("\n") == 1
        assert f"This Python ({bare_python}) lacks " in answer.err
        assert answer.err.endswith(f"Type: ./quest   (in {clone.root})\n")


def test_a_python_without_the_quest_says_what_to_install_where_there_is_no_clone(
    workspace: Workspace, bare_python: Path
) -> None:
    (workspace.root / ".quest" / "python").write_text("/nowhere/python\n")
    for script in ("quest.py", LEVEL):
        answer = run_line([str(bare_python), script], workspace.root, clean_environment())
        assert (answer.code, answer.out) == (2, "")
        assert answer.err.startswith(f"This Python ({bare_python}) lacks the quest. Type: pip install ")


def test_an_environment_that_lacks_a_package_itself_is_no_endless_circle(clone: Clone, bare_python: Path) -> None:
    clone.make_environment()
    python = clone.root / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{bare_python}" "$@"\n')
    answer = clone.type(bare_python, "quest.py")
    assert answer.code == 2 and "lacks rich_click. Type: ./quest" in answer.err


# Typed to a bare Python, after the environment was made


def test_quest_py_goes_on_in_the_environment_of_the_clone(clone: Clone, bare_python: Path) -> None:
    clone.make_environment()
    answer = clone.type(bare_python, "quest.py")
    assert (answer.code, answer.next_command) == (0, "python quest.py start 1")
    answer = clone.type(bare_python, "triton_quest/quest.py", "start", "1", "--json", at=".")
    assert answer.json()["file"] == str(clone.levels / FILE)


def test_a_python_without_site_packages_goes_on_too(clone: Clone) -> None:
    clone.make_environment()
    assert clone.type(sys.executable, "-S", "-E", "quest.py").next_command == "python quest.py start 1"


def test_quest_py_of_a_workspace_goes_on_in_the_python_that_init_noted(workspace: Workspace, bare_python: Path) -> None:
    answer = run_line([str(bare_python), "quest.py", "start"], workspace.root, clean_environment())
    assert (answer.code, answer.next_command) == (0, "python quest.py check 1")
    assert f"{LEVEL}:" in answer.out


def test_words_reach_the_environment_as_they_were_typed(clone: Clone, bare_python: Path) -> None:
    clone.make_environment()
    answer = clone.type(bare_python, "quest.py", "start", "no such 'level' *")
    assert "There is no level “no such 'level' *”" in answer.said


def test_a_level_file_that_isnt_filled_in_says_which_lines_wait(workspace: Workspace, bare_python: Path) -> None:
    answer = run_line([str(bare_python), LEVEL], workspace.root, clean_environment())
    assert (answer.code, answer.err) == (1, "")
    assert "Nothing is filled in yet: 6 gaps wait for you, at lines " in answer.said


def test_a_right_level_file_passes_its_quick_run_and_print_works_in_the_kernel(
    workspace: Workspace, bare_python: Path
) -> None:
    workspace.file(LEVELS[0]).write_text(kernels.PRINTING)
    answer = run_line([str(bare_python), LEVEL], workspace.root, clean_environment())
    assert (answer.code, answer.err) == (0, "")
    assert "this is program" in answer.out
    assert answer.out.startswith("Vector addition: a quick run in Triton's interpreter, on the CPU\n")
    assert sum("interpreter" in line for line in answer.out.splitlines()) == 1


@pytest.mark.slow
def test_a_wrong_level_file_shows_the_first_wrong_case(workspace: Workspace, bare_python: Path) -> None:
    workspace.file(LEVELS[0]).write_text(kernels.WRONG)
    answer = run_line([str(bare_python), LEVEL], workspace.root, clean_environment())
    assert (answer.code, answer.err) == (1, "")
    assert "one element: x (1,), y (1,), fp32 wrong: the only element. At [0] it should be " in answer.said
    assert "17 elements" not in answer.said


@pytest.mark.slow
def test_a_level_file_of_the_clone_runs_in_the_clones_environment_from_any_folder(
    clone: Clone, bare_python: Path
) -> None:
    clone.make_environment()
    answer = clone.type(bare_python, FILE, at="triton_quest/levels")
    assert (answer.code, answer.err) == (1, "") and "Nothing is filled in yet" in answer.out


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1"])
def test_a_right_level_file_passes_its_quick_run_in_any_encoding(workspace: Workspace, encoding: str) -> None:
    workspace.file(LEVELS[0]).write_text(kernels.RIGHT)
    environ = clean_environment(PYTHONIOENCODING=encoding)
    assert run_line([sys.executable, LEVEL], workspace.root, environ).code == 0


@pytest.mark.slow
def test_what_a_right_level_file_says_to_type_next_can_be_typed(clone: Clone, bare_python: Path) -> None:
    clone.make_environment()
    (clone.levels / FILE).write_text(kernels.RIGHT)
    answer = clone.type(bare_python, LEVEL)
    assert "python quest.py check 1" in answer.out  # nothing called `quest` is on a bare Python's path


def test_playing_in_a_clone_leaves_no_other_files_than_progress(clone: Clone, bare_python: Path) -> None:
    clone.make_environment()
    before = {path for path in clone.package.rglob("*") if "__pycache__" not in path.parts}
    assert clone.type(bare_python, "quest.py", "check", "1").code == 1
    after = {path for path in clone.package.rglob("*") if "__pycache__" not in path.parts}
    assert {path.relative_to(clone.package).parts[0] for path in after - before} == {".quest"}


# ./quest


def test_the_launcher_goes_straight_in_and_next_commands_name_it(clone: Clone) -> None:
    clone.make_environment()
    assert clone.type("./quest", at=".").next_command == "./quest start 1"
    assert clone.type("../quest", "start", "1").next_command == "../quest check 1"
    assert clone.type("./quest", "start", "no such level", at=".").code == 2


def test_the_launcher_works_through_a_link(clone: Clone, tmp_path: Path) -> None:
    clone.make_environment()
    (tmp_path / "q").symlink_to(clone.root / "quest")
    answer = run_line(["./q", "--json"], tmp_path, clean_environment())
    assert answer.json()["workspace"] == str(clone.package)


def test_the_launcher_without_any_python_says_what_to_install(clone: Clone, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "dirname", "readlink", "cmp"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    answer = clone.type(str(clone.root / "quest"), at=".", PATH=str(tools))
    assert (answer.code, answer.out) == (2, "")
    assert "The quest needs Python 3.10 or newer. On Debian and Ubuntu: apt install python3 python3-venv" in answer.said


def test_the_launcher_makes_the_environment_anew_when_the_pins_have_changed(clone: Clone, tmp_path: Path) -> None:
    clone.make_environment()
    (clone.root / "requirements.txt").write_text("torch==9.9.9\n")
    maker = clone.package / "environment.py"
    maker.write_text("import sys\nprint('making it', *sys.argv[1:])\nsys.exit(3)\n")
    answer = clone.type("./quest", "start", "1", at=".")
    assert (answer.code, answer.out) == (3, "making it\n")


def test_the_launcher_makes_the_environment_anew_when_its_python_is_gone(clone: Clone) -> None:
    clone.make_environment()
    (clone.root / ".venv" / "bin" / "python").unlink()  # the system's Python was upgraded, and the link leads nowhere
    (clone.package / "environment.py").write_text("import sys\nprint('making it')\nsys.exit(3)\n")
    assert clone.type("./quest", "start", "1", at=".").out == "making it\n"


@pytest.mark.parametrize("option", ["--cpu", "--cuda", "--dev"])
def test_the_launcher_hands_the_options_of_the_first_run_to_the_setup(clone: Clone, option: str) -> None:
    clone.make_environment()
    (clone.package / "environment.py").write_text("import sys\nprint('making it', *sys.argv[1:])\nsys.exit(3)\n")
    assert clone.type("./quest", option, at=".").out == f"making it {option}\n"


# On any Python 3

SEEN_BY_ANY_PYTHON = (
    "quest.py",
    "environment.py",
    "isolation.py",
    "__main__.py",
    "levels/quest_setup.py",
    "__init__.py",
)


@pytest.mark.parametrize("name", SEEN_BY_ANY_PYTHON)
def test_what_an_old_python_meets_parses_there(name: str) -> None:
    ast.parse((workspaces.PACKAGE / name).read_text(), feature_version=(3, 6))


def test_what_an_old_python_meets_in_a_workspace_parses_there() -> None:
    ast.parse(workspaces.QUEST_PY, feature_version=(3, 6))


@pytest.mark.parametrize("script", ["quest.py", LEVEL])
@pytest.mark.parametrize(
    ("pretend", "sentence"),
    [
        ("sys.platform = 'darwin'", "Triton has no wheels for macOS. In a Linux container it works: docker run"),
        ("sys.version_info = (3, 9, 18)", "The quest needs Python 3.10 or newer, and this is 3.9.18. Install one"),
    ],
    ids=["macOS", "Python 3.9"],
)
def test_where_triton_cannot_run_a_sentence_says_what_works_there(
    clone: Clone, bare_python: Path, script: str, pretend: str, sentence: str
) -> None:
    run = f"import os, sys; {pretend}; sys.argv = ['{script}']; sys.path.insert(0, os.path.dirname('{script}') or '.')"
    read = f"exec(compile(open('{script}').read(), '{script}', 'exec'), dict(__name__='__main__', __package__=None, "
    answer = clone.type(bare_python, "-c", f"{run}; {read}__file__='{script}'))")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(sentence) and answer.err.count("\n") == 1


# Out of a clone into a workspace


def test_a_workspace_made_from_a_clone_without_installing_it_finds_the_way_back(
    clone: Clone, bare_python: Path, tmp_path: Path
) -> None:
    made = clone.type(sys.executable, "quest.py", "init", tmp_path / "mine", "--json").json()
    for python in (sys.executable, bare_python):
        answer = run_line([str(python), "quest.py"], Path(made["workspace"]), clean_environment())
        assert (answer.code, answer.next_command) == (0, "python quest.py start 1")


def test_a_clone_and_its_environment_may_lie_in_a_folder_of_any_name_in_any_locale(
    clone: Clone, bare_python: Path, tmp_path: Path
) -> None:
    moved = Clone(clone.root.rename(tmp_path / "mein Übungsheft ☃"))
    moved.make_environment()
    plain = {"LANG": "", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert moved.type(bare_python, "quest.py", "init", "../../mine", **plain).code == 0
    answer = run_line([str(bare_python), "quest.py"], tmp_path / "mine", clean_environment(**plain))
    assert answer.code == 0 and "Your next step" in answer.out
