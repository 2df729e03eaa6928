"""Guards the quest against what a learner's folders and PYTHON... variables put in the place of modules: neither the parent nor
the judge sees it, the editor of the live session does, and a direct run or `doctor` names what can't be kept out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import Clone
from tests.conftest import Quest, clean_environment
from triton_quest import isolation
from triton_quest.commands import doctor
from triton_quest.parent import process
from triton_quest.store import workspace as workspaces

OURS = 2
PYTHONS = (
    "re",
    "random",
    "json",
    "shlex",
    "pathlib",
    "contextlib",
    "types",
    "typing",
    "enum",
    "threading",
    "importlib/util",
)
INSTALLED = ("rich", "rich_click", "click", "triton_quest", "numpy")
CHANGED = {"PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error", "PYTHONINSPECT": "1"}


def set_traps(folder: Path, names: tuple[str, ...] = PYTHONS + INSTALLED) -> Path:
    """Modules that end whoever imports them."""
    for name in names:
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"raise SystemExit('the trap {name} was imported')\n")
    return folder


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (".", ["./quest"]),
        ("triton_quest", [sys.executable, "quest.py"]),
        (".", [sys.executable, "-c", "import sys; from triton_quest.__main__ import main; sys.exit(main())"]),
    ],
    ids=["./quest", "python quest.py", "the installed command"],
)
def test_no_way_in_meets_the_learners_modules_or_a_python_that_a_variable_changes(
    clone: Clone, tmp_path: Path, at: str, words: list[str]
) -> None:
    clone.make_environment()
    for folder in (clone.package, clone.levels):
        set_traps(folder, tuple(name for name in PYTHONS + INSTALLED if not (folder / f"{name}.py").exists()))
    beside = str(clone.root) if "-c" in words else ""  # where pip would have put the package
    path = os.pathsep.join(
        filter(None, [beside, str(set_traps(tmp_path / "trap", tuple(set(PYTHONS + INSTALLED) - {"triton_quest"})))])
    )
    answer = clone.type(*words, "check", "--help", at=at, PYTHONPATH=path, **CHANGED)
    assert (answer.code, answer.err) == (0, "")
    assert "Judge your file for a level" in answer.out, "PYTHONOPTIMIZE=2 takes the docstrings away"


def test_a_python_that_a_variable_would_kill_is_started_by_the_launcher(clone: Clone) -> None:
    clone.make_environment()
    assert clone.type("./quest", "--version", at=".", PYTHONHOME="/nowhere").code == 0


def test_the_quest_py_of_a_workspace_and_the_judge_meet_none_either(quest: Quest, tmp_path: Path) -> None:
    for folder in (quest.workspace.root, quest.workspace.root / "levels"):
        set_traps(folder)
    path = str(set_traps(tmp_path / "trap", PYTHONS + ("rich", "rich_click", "click", "triton_quest")))
    answer = quest("check 1 --json", PYTHONPATH=path, **CHANGED)
    assert (answer.code, answer.json()["outcome"]) == (1, "not_started")


def test_the_judge_takes_the_triton_of_pythonpath_and_pythons_own_modules_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stdlib, site = os.path.dirname(os.__file__), "/env/lib/site-packages"
    monkeypatch.setattr(sys, "path", ["/triton", stdlib, f"{stdlib}/lib-dynload", site])
    monkeypatch.setenv("PYTHONPATH", "/triton")
    assert isolation.path_of_the_child() == [stdlib, f"{stdlib}/lib-dynload", "/triton", site]
    assert isolation.path_of_the_quest() == [stdlib, f"{stdlib}/lib-dynload", site, "/triton"]


def test_the_editor_has_the_variables_as_they_were_and_none_of_the_quests(monkeypatch: pytest.MonkeyPatch) -> None:
    marks = {"QUEST_SET_ASIDE_PYTHONINSPECT": "1", "QUEST_INVOKED_AS": "./quest", "QUEST_ENTERED": "1"}
    for name, value in {**marks, "PYTHONPATH": "/mine", "PYTHONBREAKPOINT": "0"}.items():
        monkeypatch.setenv(name, value)
    theirs, childs = isolation.learners_environ(), process.child_environ()
    assert (theirs["PYTHONINSPECT"], theirs["PYTHONPATH"], theirs["PYTHONBREAKPOINT"]) == ("1", "/mine", "0")
    assert not theirs.keys() & marks.keys()
    assert childs["PYTHONPATH"] == "/mine" and not childs.keys() & {
        "PYTHONINSPECT",
        "PYTHONBREAKPOINT",
        *list(marks)[:1],
    }


def test_a_direct_run_names_what_hides_a_module_before_it_trips_over_it(quest: Quest, tmp_path: Path) -> None:
    levels = quest.workspace.root / "levels"
    set_traps(levels, ("re", "triton_quest"))
    (levels / "helpers.py").write_text("")
    other = set_traps(tmp_path / "trap", ("json", "torch"))
    done = subprocess.run(
        [sys.executable, "-c", "import quest_setup"],
        cwd=levels,
        capture_output=True,
        text=True,
        env=clean_environment(PYTHONPATH=str(other)),
    )
    said = " hides the module {0} from everything that runs here: rename it."
    named = ((levels, "re"), (levels, "triton_quest"), (other, "json"))
    assert done.stderr.splitlines()[:3] == [f"{folder / name}.py{said.format(name)}" for folder, name in named]
    assert done.stderr.splitlines()[3:] == ["the trap triton_quest was imported"]


def test_a_quest_setup_that_fails_is_told_with_the_way_to_have_it_back(quest: Quest) -> None:
    setup = quest.workspace.root / "levels" / "quest_setup.py"
    was = setup.read_text()
    setup.write_text("def broken(:\n")
    answer = quest()
    told, mend = answer.err.splitlines()
    assert (answer.code, answer.out) == (OURS, "") and told.startswith(f"{setup} fails: ")
    subprocess.run(["sh", "-c", mend.removeprefix("As it was given: ")], check=True)
    assert setup.read_text() == was and quest().code == 0


def test_an_edited_quest_setup_of_a_clone_is_found_with_the_way_to_have_it_back(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = ["git", "-C", str(clone.root), "-c", "user.name=x", "-c", "user.email=x@x"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "as it was"]):
        subprocess.run([*git, *words], check=True)
    monkeypatch.setattr(workspaces, "PACKAGE", clone.package)
    monkeypatch.setattr("triton_quest.environment.ROOT", str(clone.root))
    assert list(doctor._edited_in_clone(clone.package)) == []
    setup = clone.levels / "quest_setup.py"
    was = setup.read_text()
    setup.write_text(was + "# mine\n")
    (clone.levels / "level1_vector_add.py").write_text("# mine too\n")
    (found,) = doctor._edited_in_clone(clone.package)
    assert (found.ok, found.says) == (False, f"{setup} isn't as the quest gave it")
    subprocess.run(["sh", "-c", found.mend], check=True, capture_output=True)
    assert setup.read_text() == was and "# mine" in Path(f"{setup}.edited").read_text()
    assert list(doctor._edited_in_clone(clone.package)) == []


@pytest.mark.parametrize(
    "name", ["PYTHONOPTIMIZE", "QUEST_SET_ASIDE_PYTHONOPTIMIZE", "PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH"]
)
def test_doctor_names_each_variable_that_changes_python(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    (found,) = doctor._python_variables()
    assert (
        found.says.startswith(f"{name.removeprefix(isolation.ASIDE)} is set, which changes Python: ") and not found.ok
    )


def test_doctor_names_a_program_that_runs_before_every_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    custom = tmp_path / "usercustomize.py"
    custom.write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "usercustomize", type(sys)("usercustomize"))
    sys.modules["usercustomize"].__file__ = str(custom)
    assert [found.says.split(" is ")[0] for found in doctor._python_variables()] == ["PYTHONPATH", str(custom)]
