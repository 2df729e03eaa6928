"""updates.py: a workspace made by `init` follows a new version of the quest, and never at the cost of what its learner wrote."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.errors import StoreTrouble
from triton_quest.store import files, given, updates
from triton_quest.store import workspace as workspaces
from triton_quest.store.workspace import Workspace

MINE = "my kernel\n"


@pytest.fixture
def space(tmp_path: Path, levels: tuple[Level, ...], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace of the toy course."""
    monkeypatch.setattr(workspaces, "LEVELS", levels)
    return workspaces.init(tmp_path / "mine")[0]


def new_version(level: Level) -> str:
    """The level's template in a new version."""
    solution = level.folder / "solution.py"
    solution.write_text(solution.read_text().replace("What to do.", "What to do, in better words."))
    return workspaces.level_template(level)


def test_a_file_that_nobody_edited_follows_the_new_version(space: Workspace, levels: tuple[Level, ...]) -> None:
    text = new_version(levels[0])
    assert updates.bring_up_to_date(space) == [space.file(levels[0])]
    assert space.file(levels[0]).read_text() == text
    assert updates.bring_up_to_date(space) == []
    assert not updates.has_new_template(space, levels[0])


def test_an_edited_file_stays_and_is_said_to_have_a_new_template_until_a_reset(
    space: Workspace, levels: tuple[Level, ...]
) -> None:
    space.file(levels[0]).write_text(MINE)
    assert not updates.has_new_template(space, levels[0])
    text = new_version(levels[0])
    assert updates.bring_up_to_date(space) == []
    assert space.file(levels[0]).read_text() == MINE
    assert [updates.has_new_template(space, level) for level in levels[:3]] == [True, False, False]
    backup = workspaces.renew(space, levels[0])
    assert backup is not None and backup.read_text() == MINE
    assert space.file(levels[0]).read_text() == text
    space.file(levels[0]).write_text(MINE)
    assert not updates.has_new_template(space, levels[0])


def test_a_template_that_is_again_what_it_was_is_not_new(space: Workspace, levels: tuple[Level, ...]) -> None:
    space.file(levels[0]).write_text(MINE)
    before = (levels[0].folder / "solution.py").read_text()
    new_version(levels[0])
    (levels[0].folder / "solution.py").write_text(before)
    assert not updates.has_new_template(space, levels[0])


def test_a_level_that_arrives_is_given_and_one_that_was_deleted_is_not_given_again(
    space: Workspace, levels: tuple[Level, ...]
) -> None:
    space.file(levels[0]).unlink()
    levels[3].folder.mkdir()
    (levels[3].folder / "solution.py").write_text((levels[0].folder / "solution.py").read_text())
    assert updates.bring_up_to_date(space) == [space.file(levels[3])]
    assert space.file(levels[3]).read_text() == workspaces.level_template(levels[3])
    assert not space.file(levels[0]).exists()
    assert not updates.has_new_template(space, levels[0])


def test_a_file_of_ones_own_in_the_place_of_a_level_that_arrives_is_left_alone(
    space: Workspace, levels: tuple[Level, ...]
) -> None:
    space.file(levels[3]).write_text(MINE)
    levels[3].folder.mkdir()
    (levels[3].folder / "solution.py").write_text((levels[0].folder / "solution.py").read_text())
    assert updates.bring_up_to_date(space) == []
    assert space.file(levels[3]).read_text() == MINE


@pytest.mark.parametrize("name", ["quest.py", "README.md", "levels/quest_setup.py"])
def test_the_quests_own_files_follow_too_unless_they_were_edited(space: Workspace, name: str) -> None:
    path = space.root / name
    present = path.read_text()
    path.write_text("what an older version gave\n")
    given.note(space.root, path, "what an older version gave\n")
    assert updates.bring_up_to_date(space) == [path]
    assert path.read_text() == present
    given.note(space.root, path, "what an older version gave\n")
    path.write_text(MINE)
    assert updates.bring_up_to_date(space) == []
    assert path.read_text() == MINE


def test_an_update_that_is_killed_half_way_is_done_again(
    space: Workspace, levels: tuple[Level, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = new_version(levels[0])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as kill, pytest.raises(KeyboardInterrupt):
        kill.setattr(given, "note", killed)  # the file is written, what was given isn't noted yet
        updates.bring_up_to_date(space)
    assert space.file(levels[0]).read_text() == text
    updates.bring_up_to_date(space)
    space.file(levels[0]).write_text(MINE)
    assert not updates.has_new_template(space, levels[0])


def test_a_workspace_from_before_files_were_noted_is_left_as_it_is(space: Workspace, levels: tuple[Level, ...]) -> None:
    for path in (space.root / ".quest" / "given").rglob("*.py"):
        path.unlink()
    new_version(levels[0])
    before = space.file(levels[0]).read_text()
    assert updates.bring_up_to_date(space) == []
    assert space.file(levels[0]).read_text() == before
    assert not updates.has_new_template(space, levels[0])


def test_a_workspace_that_cannot_be_written_to_is_a_trouble_that_says_so(
    space: Workspace, levels: tuple[Level, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = space.file(levels[0]).read_text()
    new_version(levels[0])
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StoreTrouble, match="can't be written"):
        updates.bring_up_to_date(space)
    assert space.file(levels[0]).read_text() == before


def test_a_noted_python_that_is_gone_is_noted_anew(space: Workspace) -> None:
    note = space.root / ".quest" / "python"
    files.write_atomically(note, "/gone/bin/python\n/gone\n")
    updates.bring_up_to_date(space)
    assert note.read_text().splitlines() == [sys.executable, str(workspaces.PACKAGE.parent)]
    files.write_atomically(note, "/bin/sh\n/another/quest\n")
    updates.bring_up_to_date(space)
    assert note.read_text() == "/bin/sh\n/another/quest\n"


def test_a_clones_own_files_are_gits_to_renew(monkeypatch: pytest.MonkeyPatch, space: Workspace) -> None:
    monkeypatch.setattr(workspaces, "PACKAGE", space.root)
    assert not space.made_by_init
    (space.root / "quest.py").unlink()
    assert updates.bring_up_to_date(space) == []


def test_what_is_given_is_what_the_course_has() -> None:
    assert workspaces.wanted_files(Workspace(Path("/w")))[Path("/w/levels") / LEVELS[0].file] == (
        workspaces.level_template(LEVELS[0])
    )
