"""clone.py: whatever happens, an edited level file stays where it is, and the clone gets to the new version or says why not."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from triton_quest.errors import NotUpdated
from triton_quest.store.clone import Clone, Plan
from triton_quest.store.git import Git

ENGINE, PINS = "triton_quest/engine.py", "requirements.txt"
FIRST, SECOND, THIRD = (f"triton_quest/levels/level{n}_{n}.py" for n in (1, 2, 3))
MINE = "my kernel\n"
MOVING = 6  # which of a move's calls of git writes the files


class Repository:
    """A working tree, and git in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.root, capture_output=True, text=True, check=True)
        return done.stdout.rstrip("\n")

    def write(self, **texts: str | None) -> None:
        """write(FIRST="..."): files by the names of this module's constants; None deletes."""
        for name, text in texts.items():
            path = self.root / globals()[name]
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    def commit(self, **texts: str | None) -> str:
        self.write(**texts)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a step")
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def text(self, path: str) -> str:
        return (self.root / path).read_text()

    def status(self) -> str:
        return self.git("status", "--porcelain")


def repository(root: Path) -> Repository:
    made = Repository(root)
    made.git("config", "user.name", "A Learner")
    made.git("config", "user.email", "learner@example.org")
    return made


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Where new versions come from."""
    if shutil.which("git") is None:
        pytest.skip("git isn't installed")
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", tmp_path / "origin"], check=True)
    made = repository(tmp_path / "origin")
    made.commit(ENGINE="1\n", PINS="1\n", FIRST="first\n", SECOND="second\n")
    return made


@pytest.fixture
def mine(origin: Repository, tmp_path: Path) -> Repository:
    """The learner's clone."""
    subprocess.run(["git", "clone", "--quiet", origin.root, tmp_path / "mine"], check=True)
    return repository(tmp_path / "mine")


def update(repository: Repository) -> Plan | None:
    clone = Clone(repository.root)
    clone.fetch()
    plan = clone.plan()
    if plan:
        clone.move(plan)
    return plan


def untouched(repository: Repository, path: str) -> tuple[int, int, bytes]:
    """What changes when a file is written, even with the same text."""
    file = repository.root / path
    return file.stat().st_ino, file.stat().st_mtime_ns, file.read_bytes()


# To the new version


def test_a_clone_without_edits_becomes_the_new_version(origin: Repository, mine: Repository) -> None:
    origin.commit(ENGINE="2\n")
    head = origin.commit(FIRST="first, better\n", THIRD="third\n", SECOND=None)
    plan = update(mine)
    assert plan is not None and (plan.commits, plan.edited, plan.outdated) == (2, (), ())
    assert (mine.head, mine.status(), mine.text(FIRST)) == (head, "", "first, better\n")
    assert update(mine) is None


def test_an_edited_level_is_not_even_written_whether_its_template_changes_or_not(
    origin: Repository, mine: Repository
) -> None:
    mine.write(FIRST=MINE, SECOND=MINE)
    before = untouched(mine, FIRST), untouched(mine, SECOND)
    head = origin.commit(ENGINE="2\n", FIRST="first, better\n")
    plan = update(mine)
    assert plan is not None and plan.edited == (FIRST, SECOND)
    assert [Git(mine.root).text(entry) for entry in plan.outdated] == ["first\n"]
    assert (untouched(mine, FIRST), untouched(mine, SECOND)) == before
    assert (mine.head, mine.text(ENGINE)) == (head, "2\n")
    assert mine.status() == f" M {FIRST}\n M {SECOND}"


@pytest.mark.parametrize("new", [None, "third\n"], ids=["its level is gone", "a level arrives in its place"])
def test_a_file_of_ones_own_stays_where_the_new_version_has_none_or_another(
    origin: Repository, mine: Repository, new: str | None
) -> None:
    mine.write(SECOND=MINE, THIRD=MINE)
    head = origin.commit(SECOND=None, **({"THIRD": new} if new else {}))
    plan = update(mine)
    assert plan is not None and SECOND in plan.edited
    assert (mine.head, mine.text(SECOND), mine.text(THIRD)) == (head, MINE, MINE)


def test_a_deleted_level_whose_template_changes_is_written_again(origin: Repository, mine: Repository) -> None:
    mine.write(FIRST=None)
    mine.git("rm", "--quiet", SECOND)
    origin.commit(FIRST="first, better\n", SECOND="second, better\n")
    update(mine)
    assert (mine.text(FIRST), mine.text(SECOND), mine.status()) == ("first, better\n", "second, better\n", "")


def test_an_edit_that_was_added_to_the_index_stays(origin: Repository, mine: Repository) -> None:
    mine.write(FIRST=MINE)
    mine.git("add", FIRST)
    head = origin.commit(FIRST="first, better\n")
    update(mine)
    assert (mine.head, mine.text(FIRST)) == (head, MINE)


def test_a_level_file_that_became_a_link_or_executable_stays_so(origin: Repository, mine: Repository) -> None:
    (mine.root / "kernel.py").write_text(MINE)
    (mine.root / FIRST).unlink()
    (mine.root / FIRST).symlink_to(mine.root / "kernel.py")
    (mine.root / SECOND).chmod(0o755)
    head = origin.commit(FIRST="first, better\n", SECOND="second, better\n")
    update(mine)
    assert (mine.head, mine.text(FIRST), (mine.root / FIRST).is_symlink()) == (head, MINE, True)
    assert os.access(mine.root / SECOND, os.X_OK)


def test_line_ends_that_git_turns_around_are_no_edits(origin: Repository, mine: Repository) -> None:
    mine.git("config", "core.autocrlf", "true")
    mine.git("rm", "--cached", "-r", "--quiet", ".")
    mine.git("reset", "--hard", "--quiet")
    assert (mine.root / FIRST).read_bytes() == b"first\r\n"
    origin.commit(FIRST="first, better\n", ENGINE="2\n")
    plan = update(mine)
    assert plan is not None and plan.edited == ()
    assert (mine.root / FIRST).read_bytes() == b"first, better\r\n"


# Committed work


def test_committed_levels_are_joined_with_the_new_version(origin: Repository, mine: Repository) -> None:
    own = mine.commit(FIRST=MINE)
    head = origin.commit(FIRST="first, better\n", ENGINE="2\n")
    plan = update(mine)
    assert plan is not None and plan.edited == (FIRST,)
    assert [Git(mine.root).text(entry) for entry in plan.outdated] == ["first\n"]
    assert (mine.text(FIRST), mine.text(ENGINE), mine.status()) == (MINE, "2\n", "")
    assert mine.git("rev-parse", "HEAD^1", "HEAD^2").split() == [own, head]
    origin.commit(FIRST="first, best\n", ENGINE="3\n")  # and once more, with edits on top of the committed ones
    mine.write(FIRST=MINE * 2)
    update(mine)
    assert (mine.text(FIRST), mine.text(ENGINE), mine.status()) == (MINE * 2, "3\n", f" M {FIRST}")


def test_commits_on_a_branch_of_ones_own_are_joined_too(origin: Repository, mine: Repository) -> None:
    mine.git("switch", "--quiet", "--create", "my-solutions")
    mine.commit(FIRST=MINE)
    origin.commit(ENGINE="2\n")
    update(mine)
    assert (mine.text(FIRST), mine.text(ENGINE), mine.git("branch", "--show-current")) == (MINE, "2\n", "my-solutions")


def test_own_commits_alone_are_no_reason_to_move(mine: Repository) -> None:
    head = mine.commit(FIRST=MINE)
    assert update(mine) is None
    assert mine.head == head


def test_a_clone_at_a_tag_goes_to_the_newest_version(origin: Repository, mine: Repository) -> None:
    mine.git("checkout", "--quiet", "--detach")
    head = origin.commit(ENGINE="2\n")
    update(mine)
    assert mine.head == head


# Not to the new version


def refused(mine: Repository) -> NotUpdated:
    """The trouble with which an update ends; nothing was touched."""
    texts = {path: untouched(mine, path) for path in (FIRST, SECOND, ENGINE)}
    before = mine.head, mine.status(), texts
    with pytest.raises(NotUpdated) as trouble:
        update(mine)
    assert (mine.head, mine.status(), {path: untouched(mine, path) for path in texts}) == before
    return trouble.value


def test_other_edits_in_the_way_are_named_with_a_command_that_lays_them_aside(
    origin: Repository, mine: Repository
) -> None:
    mine.write(ENGINE="mine\n", FIRST=MINE)
    (mine.root / "new.py").write_text("mine\n")
    (origin.root / "new.py").write_text("theirs\n")
    head = origin.commit(ENGINE="2\n", FIRST="first, better\n")
    trouble = refused(mine)
    assert f"changed here too: new.py, {ENGINE}. " in trouble.sentence and trouble.next_command == "update"
    command = trouble.sentence.partition("Lay yours aside with: ")[2].partition("   and then:")[0]
    subprocess.run(shlex.split(command), check=True, capture_output=True)
    update(mine)
    assert (mine.head, mine.text(FIRST), mine.text(ENGINE)) == (head, MINE, "2\n")
    assert mine.git("show", f"stash@{{0}}:{ENGINE}") == "mine"


def test_other_edits_that_are_not_in_the_way_stay(origin: Repository, mine: Repository) -> None:
    mine.write(ENGINE="mine\n")
    origin.commit(PINS="2\n")
    update(mine)
    assert (mine.text(ENGINE), mine.text(PINS)) == ("mine\n", "2\n")


def test_own_commits_to_the_same_other_files_are_left_to_their_author(origin: Repository, mine: Repository) -> None:
    mine.commit(ENGINE="mine\n", FIRST=MINE)
    origin.commit(ENGINE="2\n")
    assert f"change the same files: {ENGINE}. Nothing was touched." in refused(mine).sentence


def test_without_a_way_to_the_origin_gits_reason_is_told(origin: Repository, mine: Repository) -> None:
    mine.write(FIRST=MINE)
    origin.root.rename(origin.root.with_name("moved"))
    sentence = refused(mine).sentence
    assert sentence.startswith("The new version can't be fetched: ") and "does not appear to be a git repo" in sentence
    assert sentence.endswith("Your files are as they were.")


def test_a_branch_that_follows_none_is_told_what_to_type(mine: Repository) -> None:
    mine.git("remote", "remove", "origin")
    assert "Type: git branch --set-upstream-to=origin/main" in refused(mine).sentence


def test_a_history_of_another_origin_is_a_sentence(mine: Repository, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", other], check=True)
    repository(other).commit(ENGINE="other\n")
    mine.git("remote", "set-url", "origin", str(other))
    assert "shares no history" in refused(mine).sentence


def test_a_merge_that_is_not_finished_comes_first(origin: Repository, mine: Repository) -> None:
    origin.commit(ENGINE="2\n")
    mine.commit(ENGINE="mine\n")
    subprocess.run(["git", "pull", "--quiet", "--no-rebase"], cwd=mine.root, capture_output=True)
    assert "in the middle of a merge" in refused(mine).sentence


def test_a_lock_that_a_killed_git_left_is_named_with_what_removes_it(origin: Repository, mine: Repository) -> None:
    mine.write(FIRST=MINE)
    head = origin.commit(ENGINE="2\n", FIRST="first, better\n")
    lock = mine.root / ".git" / "index.lock"
    lock.touch()
    with pytest.raises(NotUpdated, match="or one was killed and left its lock") as trouble:
        update(mine)
    command = trouble.value.sentence.partition("type: ")[2].partition("   and then:")[0]
    subprocess.run(shlex.split(command), check=True)
    update(mine)
    assert (mine.head, mine.text(FIRST)) == (head, MINE)


def test_without_git_it_is_said_what_to_install(mine: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotUpdated, match="git isn't installed"):
        update(mine)


def test_git_pull_itself_refuses_and_leaves_the_edited_level(origin: Repository, mine: Repository) -> None:
    mine.write(FIRST=MINE)
    head = mine.head
    origin.commit(FIRST="first, better\n")
    done = subprocess.run(["git", "pull", "--quiet"], cwd=mine.root, capture_output=True, text=True)
    assert done.returncode != 0 and "would be overwritten" in done.stderr
    assert (mine.head, mine.text(FIRST)) == (head, MINE)


# Cut off


class Killed(BaseException):
    """The end of the process, at a place of the test's choice."""


def at_call(number: int, happens: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Before the number-th call of git something happens. The calls are listed."""
    calls: list[str] = []
    ask = Git.__call__

    def call(git: Git, *words: str, **options: str) -> str:
        calls.append(words[0])
        if len(calls) == number:
            happens()
        return ask(git, *words, **options)

    monkeypatch.setattr(Git, "__call__", call)
    return calls


def kill() -> None:
    raise Killed


def test_an_update_that_is_killed_between_any_two_steps_loses_nothing_and_is_done_again(
    origin: Repository, mine: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine.write(FIRST=MINE, THIRD=MINE)
    before = untouched(mine, FIRST), untouched(mine, THIRD)
    head = origin.commit(ENGINE="2\n", FIRST="first, better\n", SECOND=None, THIRD="third\n")
    number, start = 0, mine.head
    while mine.head != head:
        number += 1
        mine.git("reset", "--quiet", start)  # the index as it was; files stay as they are
        mine.write(ENGINE="1\n", SECOND="second\n")
        with monkeypatch.context() as patch:
            calls = at_call(number, kill, patch)
            try:
                update(mine)
            except Killed:
                assert mine.head == start
        assert (untouched(mine, FIRST), untouched(mine, THIRD)) == before
        if len(calls) == number:
            assert update(mine) is not None, f"killed before {calls[-1]}"
            assert (mine.head, mine.text(ENGINE)) == (head, "2\n")
            assert (untouched(mine, FIRST), untouched(mine, THIRD)) == before
            mine.git("update-ref", "HEAD", start)
    assert number > 15 and calls[-2:] == ["read-tree", "update-ref"]


def test_a_version_of_which_only_half_was_written_is_completed(origin: Repository, mine: Repository) -> None:
    mine.write(FIRST=MINE)
    head = origin.commit(ENGINE="2\n", FIRST="first, better\n", SECOND=None, THIRD="third\n")
    mine.write(ENGINE="2\n", SECOND=None, THIRD="third\n")  # as git leaves it when it is killed at its work
    plan = update(mine)
    assert plan is not None and plan.edited == (FIRST,)
    assert (mine.head, mine.text(FIRST), mine.status()) == (head, MINE, f" M {FIRST}")


def test_a_move_that_git_refuses_leaves_the_index_as_it_was(
    origin: Repository, mine: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine.write(FIRST=MINE, THIRD=MINE)
    origin.commit(ENGINE="2\n", FIRST="first, better\n", THIRD="third\n")

    def refuse() -> None:
        raise NotUpdated("no", "update")

    clone = Clone(mine.root)
    clone.fetch()
    plan = clone.plan()
    assert plan is not None
    with monkeypatch.context() as patch:
        calls = at_call(MOVING, refuse, patch)
        with pytest.raises(NotUpdated, match="no"):
            clone.move(plan)
    assert calls[MOVING - 1 :] == ["read-tree", "update-index"]
    assert mine.status() == f" M {FIRST}\n?? {THIRD}"


def test_ctrl_c_does_not_stop_it_between_two_versions(
    origin: Repository, mine: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = origin.commit(ENGINE="2\n")
    clone = Clone(mine.root)
    clone.fetch()
    plan = clone.plan()
    assert plan is not None
    before = signal.getsignal(signal.SIGINT)
    calls = at_call(MOVING, lambda: os.kill(os.getpid(), signal.SIGINT), monkeypatch)
    clone.move(plan)
    assert calls[MOVING - 1] == "read-tree" and mine.head == head
    assert signal.getsignal(signal.SIGINT) is before  # a run in the background ignores it
