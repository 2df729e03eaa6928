"""workspace.py: whose files are played with, what `init` makes and leaves alone, and what a reset renews."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.errors import NoWorkspace, StoreTrouble
from triton_quest.store import workspace as workspaces
from triton_quest.store.workspace import Workspace

ARRIVED = [level for level in LEVELS if level.has_arrived]


def make(folder: Path) -> Path:
    """The least that is a workspace."""
    (folder / "levels").mkdir(parents=True)
    (folder / ".quest").mkdir()
    return folder


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package were installed somewhere and no clone."""
    monkeypatch.setattr(workspaces, "is_clone", lambda: False)


# Finding one


def test_the_named_one_comes_before_the_environments_and_before_the_folders(tmp_path: Path) -> None:
    named, environs, here = (make(tmp_path / name) for name in ("named", "environs", "here"))
    environ = {"QUEST_WORKSPACE": str(environs)}
    assert workspaces.find(named, environ, here).root == named
    assert workspaces.find(None, environ, here).root == environs
    assert workspaces.find(None, {"QUEST_WORKSPACE": ""}, here).root == here
    assert workspaces.find(None, {}, here).root == here


def test_the_nearest_folder_upward_is_taken(tmp_path: Path) -> None:
    outer = make(tmp_path / "outer")
    inner = make(outer / "a" / "inner")
    assert workspaces.find(None, {}, inner / "levels").root == inner
    assert workspaces.find(None, {}, outer / "a").root == outer


def test_a_folder_with_only_half_of_a_workspace_is_none(tmp_path: Path) -> None:
    outer = make(tmp_path / "outer")
    (outer / "half" / ".quest").mkdir(parents=True)
    (outer / "other-half" / "levels").mkdir(parents=True)
    assert workspaces.find(None, {}, outer / "half").root == outer
    assert workspaces.find(None, {}, outer / "other-half").root == outer


def test_a_clone_is_its_own_workspace_where_there_is_no_other(tmp_path: Path) -> None:
    assert workspaces.find(None, {}, tmp_path).root == workspaces.PACKAGE


@pytest.mark.usefixtures("installed")
def test_an_installed_package_without_a_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoWorkspace) as trouble:
        workspaces.find(None, {}, tmp_path)
    assert trouble.value.next_command == "init my-quest"


@pytest.mark.parametrize("environ", [{}, {"QUEST_WORKSPACE": "there"}])
def test_a_named_folder_that_is_no_workspace_is_never_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    monkeypatch.chdir(make(tmp_path / "here"))
    (tmp_path / "here" / "there").mkdir()
    with pytest.raises(NoWorkspace) as trouble:
        workspaces.find(None if environ else Path("there"), environ, Path.cwd())
    assert trouble.value.sentence == f"{tmp_path / 'here' / 'there'} is no workspace: it has no levels/ folder."
    assert trouble.value.next_command == "init there"


def test_a_named_workspace_may_be_relative_or_begin_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert workspaces.find(Path("mine"), {}, Path.cwd()).root == tmp_path / "mine"
    assert workspaces.find(None, {"QUEST_WORKSPACE": "~/mine"}, Path.cwd()).root == tmp_path / "mine"


def test_a_package_that_cannot_be_written_to_is_no_workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copy(workspaces.PACKAGE.parent / "pyproject.toml", tmp_path)
    monkeypatch.setattr(workspaces, "PACKAGE", tmp_path / "triton_quest")
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    assert workspaces.is_clone()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert not workspaces.is_clone()


def test_a_project_file_that_another_package_left_beside_the_installed_one_makes_it_no_clone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "something-else"\n')
    monkeypatch.setattr(workspaces, "PACKAGE", tmp_path / "triton_quest")
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    assert not workspaces.is_clone()


# Making one


def test_init_writes_every_level_and_notes_its_python(tmp_path: Path) -> None:
    workspace, made = workspaces.init(tmp_path / "a" / "mine")
    assert {path.relative_to(workspace.root).as_posix() for path in made} == {
        *("quest.py", "README.md", "levels/quest_setup.py"),
        *(f"levels/{level.file}" for level in ARRIVED),
    }
    for level in ARRIVED:
        assert workspace.file(level).read_text() == workspaces.level_template(level)
    noted = (workspace.root / ".quest" / "python").read_text().splitlines()
    assert noted == [sys.executable, str(workspaces.PACKAGE.parent)]
    assert workspaces.find(None, {}, workspace.root / "levels").root == workspace.root


def test_init_leaves_every_file_that_is_there_as_it_is(tmp_path: Path) -> None:
    workspace, _ = workspaces.init(tmp_path)
    for path in (workspace.file(ARRIVED[0]), workspace.root / "quest.py", workspace.root / "README.md"):
        path.write_text("mine\n")
    again, made = workspaces.init(tmp_path)
    assert (again, made) == (workspace, [])
    for path in (workspace.file(ARRIVED[0]), workspace.root / "quest.py", workspace.root / "README.md"):
        assert path.read_text() == "mine\n"


def test_init_adds_only_what_is_missing(tmp_path: Path) -> None:
    workspace, _ = workspaces.init(tmp_path)
    workspace.file(ARRIVED[0]).unlink()
    assert workspaces.init(tmp_path)[1] == [workspace.file(ARRIVED[0])]


@pytest.mark.parametrize("in_the_way", ["mine", "mine/levels", "mine/.quest"])
def test_init_where_a_file_is_in_the_way_is_a_sentence_and_keeps_the_file(tmp_path: Path, in_the_way: str) -> None:
    path = tmp_path / in_the_way
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine\n")
    with pytest.raises(StoreTrouble):
        workspaces.init(tmp_path / "mine")
    assert path.read_text() == "mine\n"


# Renewing a level


@pytest.fixture
def played(tmp_path: Path, levels: tuple[Level, ...]) -> Workspace:
    workspace = Workspace(make(tmp_path / "mine"))
    workspace.file(levels[0]).write_text("my kernel\n")
    return workspace


def test_renewing_writes_the_template_and_keeps_what_was_there(played: Workspace, levels: tuple[Level, ...]) -> None:
    backup = workspaces.renew(played, levels[0])
    assert backup is not None and backup.read_text() == "my kernel\n"
    assert backup.is_relative_to(played.backups)
    assert "    x = ...\n" in played.file(levels[0]).read_text()


def test_renewing_a_file_that_is_gone_writes_it(played: Workspace, levels: tuple[Level, ...]) -> None:
    shutil.rmtree(played.root / "levels")
    assert workspaces.renew(played, levels[1]) is None
    assert played.file(levels[1]).read_text() == workspaces.level_template(levels[1])


def test_renewing_where_a_folder_stands_keeps_the_folder(played: Workspace, levels: tuple[Level, ...]) -> None:
    played.file(levels[1]).mkdir()
    (played.file(levels[1]) / "notes.txt").write_text("mine\n")
    backup = workspaces.renew(played, levels[1])
    assert backup is not None and (backup / "notes.txt").read_text() == "mine\n"
    assert played.file(levels[1]).is_file()


def test_a_link_is_renewed_and_what_it_led_to_stays(played: Workspace, levels: tuple[Level, ...]) -> None:
    elsewhere = played.root / "elsewhere.py"
    elsewhere.write_text("my kernel, kept elsewhere\n")
    played.file(levels[1]).symlink_to(elsewhere)
    backup = workspaces.renew(played, levels[1])
    assert backup is not None and backup.read_text() == elsewhere.read_text() == "my kernel, kept elsewhere\n"


def test_a_link_to_a_folder_is_renewed_and_the_folder_stays(played: Workspace, levels: tuple[Level, ...]) -> None:
    elsewhere = played.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "notes.txt").write_text("mine\n")
    played.file(levels[1]).symlink_to(elsewhere)
    workspaces.renew(played, levels[1])
    assert played.file(levels[1]).is_file()
    assert (elsewhere / "notes.txt").read_text() == "mine\n"


def test_without_a_backup_nothing_is_renewed(
    played: Workspace, levels: tuple[Level, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(StoreTrouble):
        workspaces.renew(played, levels[0])
    assert played.file(levels[0]).read_text() == "my kernel\n"
