"""`update` in a real clone of the quest: what it says, what the map says then, and that `reset` takes the new template."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands.conftest import NEEDED, Clone
from tests.conftest import ROOT, Answer, arrived, clean_environment, run_line
from tests.course.toy import git
from triton_quest.commands import update
from triton_quest.course import template
from triton_quest.errors import NotUpdated
from triton_quest.store import workspace

Expect = Callable[..., None]
MINE = "# my kernel\n"
GIT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b"}
GIT |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


@dataclass(frozen=True)
class Published:
    """The repository that a learner has cloned, and the clone."""

    origin: Path
    clone: Clone

    def release(self, path: str, old: str, new: str) -> None:
        """A new version, in which `old` has become `new` in one file, and the level files are as their solutions say."""
        file = self.origin / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
        for level in arrived():
            solution = (self.origin / "triton_quest" / "course" / level.folder.name / "solution.py").read_text()
            (self.origin / "triton_quest" / "levels" / level.file).write_text(template.strip_solution(solution))
        git(self.origin, "commit", "--quiet", "--all", "--message", "a new version")

    def quest(self, *words: str) -> Answer:
        environ = {**clean_environment(), **GIT}
        answer = run_line([sys.executable, "quest.py", *words], self.clone.package, environ)
        return Answer(f"python quest.py {' '.join(words)}".strip(), answer.code, answer.out, answer.err)

    def file(self, number: int) -> Path:
        return self.clone.levels / arrived()[number - 1].file


@pytest.fixture(scope="module")
def first_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This working tree, unplayed, as a repository."""
    if shutil.which("git") is None:
        pytest.skip("git isn't installed")
    root = tmp_path_factory.mktemp("origin") / "quest"
    shutil.copytree(
        ROOT / "triton_quest", root / "triton_quest", ignore=shutil.ignore_patterns("__pycache__", ".quest")
    )
    for name in (*NEEDED, ".gitignore"):
        shutil.copy(ROOT / name, root / name)
    for level in arrived():
        (root / "triton_quest" / "levels" / level.file).write_text(workspace.level_template(level), encoding="utf-8")
    git(root, "init", "--quiet", "--initial-branch=main")
    for name, value in (("user.name", "a"), ("user.email", "a@b")):
        git(root, "config", name, value)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "the first version")
    return root


@pytest.fixture
def published(first_version: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Published:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # set while git runs a hook
        monkeypatch.delenv(name, raising=False)
    for source, target in ((first_version, "origin"), (tmp_path / "origin", "clone")):
        subprocess.run(["git", "clone", "--quiet", source, tmp_path / target], check=True)
    for name, value in (("user.name", "a"), ("user.email", "a@b")):
        git(tmp_path / "origin", "config", name, value)
    return Published(tmp_path / "origin", Clone(tmp_path / "clone"))


SOLUTION = "triton_quest/course/vector_add/solution.py"


def test_an_update_keeps_an_edited_level_and_the_map_offers_its_new_template(
    published: Published, expect_output: Expect
) -> None:
    published.file(1).write_text(MINE)
    published.release(SOLUTION, "# Level 1: Vector addition", "# Level 1: Vector addition, told better")
    expect_output("update", published.quest("update"))
    assert published.file(1).read_text() == MINE
    backups = list((published.clone.package / ".quest" / "backups").rglob("*.py"))
    assert [backup.read_text() for backup in backups] == [MINE]
    expect_output("update-again", published.quest("update"))
    remark = "Level 1 has a new template since you began your file, which stays as it is.\n"
    remark += "To start over with the new one, after a backup of yours:\n→ python quest.py reset 1\n\nYour next step: "
    assert remark in published.quest().out
    assert "Level 1 has a new template since you began your file" in published.quest("start", "1").said

    assert published.quest("reset", "1", "--yes").code == 0
    assert "# Level 1: Vector addition, told better" in published.file(1).read_text()
    assert "new template" not in published.quest().out
    assert git(published.clone.root, "status", "--porcelain") == ""


def test_the_new_version_is_what_runs_then_and_its_levels_are_what_git_holds(published: Published) -> None:
    published.file(1).write_text(MINE)
    published.release("triton_quest/__init__.py", "__version__ = ", '__version__ = "99" or ')
    published.release(SOLUTION, "# Level 1: Vector addition", "# Level 1: Vector addition, told better")
    answer = published.quest("update", "--json").json()
    assert (answer["updated"], answer["commits"]) == (True, 2)
    assert answer["kept"] == answer["new_templates"] == [str(published.file(1))]
    assert [Path(backup).read_text() for backup in answer["backups"]] == [MINE]
    assert published.quest("--version").out == "quest, version 99\n"
    levels = published.quest("--json").json()["levels"]
    assert [level["new_template"] for level in levels] == [True, *[False] * (len(levels) - 1)]
    held = git(published.clone.root, "show", f":triton_quest/levels/{arrived()[0].file}")
    assert "told better" in held  # so that the gate finds nothing stale
    assert published.quest("update", "--json").json()["updated"] is False


def test_a_level_that_nobody_edited_is_new_without_a_word(published: Published) -> None:
    published.release(SOLUTION, "# Level 1: Vector addition", "# Level 1: Vector addition, told better")
    assert published.quest("update").code == 0
    published.file(1).write_text(MINE)
    assert "new template" not in published.quest().out


def test_newer_packages_are_installed_by_the_command_that_is_named(published: Published) -> None:
    published.clone.make_environment()
    assert published.quest("update").next_command == "python quest.py"
    published.release("requirements.txt", "torch==", "torch==9")
    answer = published.quest("update")
    assert answer.next_command == f"./quest   (in {published.clone.root})"
    assert "It needs newer packages" in answer.said


def test_without_a_way_to_the_origin_nothing_is_lost_and_the_reason_is_told(published: Published) -> None:
    published.file(1).write_text(MINE)
    published.origin.rename(published.origin.with_name("gone"))
    answer = published.quest("update")
    assert (answer.code, answer.out, answer.next_command) == (2, "", "python quest.py update")
    assert "The new version can't be fetched: " in answer.said
    assert published.file(1).read_text() == MINE


def test_a_downloaded_copy_says_what_to_carry_over(clone: Clone) -> None:
    answer = clone.type(sys.executable, "quest.py", "update")
    assert (answer.code, answer.out) == (2, "")
    assert "it was downloaded, not cloned" in answer.said and "triton_quest/levels/level*.py" in answer.said


def test_an_installed_quest_is_updated_by_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "is_clone", lambda: False)
    with pytest.raises(NotUpdated, match="installed by pip") as trouble:
        update.refuse_what_is_no_clone()
    assert trouble.value.sentence.endswith(f"Type: {sys.executable} -m pip install --upgrade triton-attention-quest")
