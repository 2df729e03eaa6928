"""The clone: how it gets to a new version while every edited level file stays where it is, as it is.

git refuses to move over an edited file. So its index is set beforehand as if those files were as the new version has them: git then has
nothing to write there, a learner's text is at no moment anywhere but in its place, and an update that was cut off is simply done again.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from triton_quest.errors import NotUpdated
from triton_quest.store.git import Git, TreeChange, TreeEntry

LEVELS_FOLDER = "triton_quest/levels"
LEVEL_FILE = re.compile(rf"{LEVELS_FOLDER}/level\d\w*\.py")


@dataclass(frozen=True)
class Plan:
    """The way from the present commit to the new one."""

    head: str
    target: str
    commits: int  # that are new
    edited: tuple[str, ...]  # level files with the learner's work in them
    outdated: tuple[
        TreeEntry, ...
    ]  # those whose template is another one in the new version, as the templates that they began as
    settled: tuple[TreeEntry, ...]  # what the index says is there already, and git doesn't write
    missing: tuple[TreeEntry, ...]  # what was deleted here, and is written again


class Clone:
    """The working tree of the quest's repository at `root`. Paths are relative to it."""

    def __init__(self, root: Path) -> None:
        self.root, self.git = root, Git(root)

    def fetch(self) -> None:
        """Get the new version from where this clone came from. Raises NotUpdated."""
        if self.git("ls-files", "--unmerged"):
            raise NotUpdated("This clone is in the middle of a merge. Finish it (git status says how), then:", "update")
        self.git("fetch", "--quiet")

    def plan(self) -> Plan | None:
        """The way to the newest version, None if there is nothing new. Raises NotUpdated where other edits are in the way."""
        git = self.git
        head, newest = git.commit("HEAD"), self._newest()
        base = git("merge-base", head, newest, fails="This clone shares no history with what it follows.").strip()
        if base == newest:
            return None
        own = git.changes(base, head)
        target = self._joined(head, newest, own, git.changes(base, newest)) if own else newest
        changes = git.changes(head, target)
        in_place = {change.path for change in changes if not change.old.exists and self._is_there(change.path)}
        touched = git.edited(head) | in_place
        settled, missing = self._sort([change for change in changes if change.path in touched])
        edited, outdated = self._edited(base, newest, touched | {change.path for change in own})
        commits = int(git("rev-list", "--count", f"{head}..{newest}"))
        return Plan(head, target, commits, tuple(edited), tuple(outdated), tuple(settled), tuple(missing))

    def move(self, plan: Plan) -> None:
        """Move the clone to the new version. Ctrl-C waits meanwhile: half of one version and half of another would be none that works."""
        git = self.git
        from_here = git.tree(plan.head, plan.settled)
        told = [*plan.settled, *plan.missing]
        before = git.indexed(entry.path for entry in told)
        git.tell_index(told)
        with _undisturbed():
            try:
                git("read-tree", "-m", "-u", from_here, plan.target)
            except NotUpdated:
                git.tell_index(before)
                raise
            git("update-ref", "-m", "quest update", "HEAD", plan.target, plan.head)

    def _newest(self) -> str:
        for name in ("@{upstream}", "refs/remotes/origin/HEAD"):
            try:
                return self.git.commit(name)
            except NotUpdated:
                continue
        sentence = "This branch follows no other one. Type: git branch --set-upstream-to=origin/main   and then:"
        raise NotUpdated(sentence, "update")

    def _joined(self, head: str, newest: str, own: list[TreeChange], upstream: list[TreeChange]) -> str:
        """A commit of both, where the learner has committed work: the new version with their files in it."""
        theirs = {change.path: change.new for change in upstream if not LEVEL_FILE.fullmatch(change.path)}
        both = [change.path for change in own if theirs.get(change.path, change.new) != change.new]
        if both:
            merge = shlex.join(["git", "-C", str(self.root), "merge", newest[:12]])
            sentence = f"Your own commits and the new version change the same files: {', '.join(both)}. "
            raise NotUpdated(f"{sentence}Nothing was touched. Merge them by hand: {merge}")
        tree = self.git.tree(newest, [change.new for change in own])
        return self.git("commit-tree", tree, "-p", head, "-p", newest, "-m", "Merge the quest's new version").strip()

    def _is_there(self, path: str) -> bool:
        return os.path.lexists(self.root / path)

    def _sort(self, changes: list[TreeChange]) -> tuple[list[TreeEntry], list[TreeEntry]]:
        """Of files that were changed on both sides: what git mustn't write, and what it must write again.

        A file that is as the new version has it was written by an update that was cut off.
        """
        here = self.git.blobs(change.path for change in changes)
        settled: list[TreeEntry] = []
        missing: list[TreeEntry] = []
        in_the_way = []
        for change in changes:
            is_settled = here.get(change.path) == change.new.blob or LEVEL_FILE.fullmatch(change.path)
            if not self._is_there(change.path) and change.new.exists:
                missing.append(change.old)
            elif is_settled or not self._is_there(change.path):
                settled.append(change.new)
            else:
                in_the_way.append(change.path)
        if in_the_way:
            aside = shlex.join(["git", "-C", str(self.root), "stash", "push", "--include-untracked", "--", *in_the_way])
            sentence = f"The new version changes files that were changed here too: {', '.join(in_the_way)}. "
            raise NotUpdated(f"{sentence}Nothing was touched. Lay yours aside with: {aside}   and then:", "update")
        return settled, missing

    def _edited(self, base: str, newest: str, touched: set[str]) -> tuple[list[str], list[TreeEntry]]:
        """The level files with work in them, and those of them that began as another template than the new version's."""
        began, new = self.git.files(base, LEVELS_FOLDER), self.git.files(newest, LEVELS_FOLDER)
        blobs = self.git.blobs(path for path in sorted({*began, *new} & touched) if LEVEL_FILE.fullmatch(path))
        edited = [path for path, blob in blobs.items() if path not in new or blob != new[path].blob]
        outdated = [began[path] for path in edited if path in began and path in new and began[path] != new[path]]
        return edited, outdated


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C has to wait."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
