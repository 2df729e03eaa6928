"""Runs git's plumbing commands: commits, trees, the index. What it can't do is a NotUpdated with git's own reason."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from triton_quest.errors import NotUpdated

NOT_OURS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")  # set where git runs us, in a hook
MOVING = ("read-tree", "update-ref")  # Ctrl-C at the terminal doesn't reach these


@dataclass(frozen=True)
class TreeEntry:
    """A file as a commit or the index holds it; where it holds none, the mode is zeros."""

    path: str
    mode: str = "0"
    blob: str = "0" * 40

    @property
    def exists(self) -> bool:
        return self.mode.strip("0") != ""


@dataclass(frozen=True)
class TreeChange:
    """A file that differs between two commits."""

    old: TreeEntry
    new: TreeEntry

    @property
    def path(self) -> str:
        return self.new.path


class Git:
    """The repository whose working tree is `root`. Paths are relative to it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, *words: str, stdin: str = "", index: str = "", fails: str = "") -> str:
        """What git says to these words. Raises NotUpdated, with `fails` or else git's own reason."""
        environ = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        environ |= {"LC_ALL": "C", **({"GIT_INDEX_FILE": index} if index else {})}
        try:
            done = subprocess.run(
                ["git", *words],
                cwd=self.root,
                env=environ,
                input=os.fsencode(stdin),
                capture_output=True,
                start_new_session=words[0] in MOVING,
            )
        except FileNotFoundError:
            sentence = "git updates the quest, and git isn't installed. Type: apt install git   and then:"
            raise NotUpdated(sentence, "update") from None
        if done.returncode != 0:
            raise NotUpdated(fails or _reason(words[0], os.fsdecode(done.stderr)), "" if fails else "update")
        return os.fsdecode(done.stdout)

    def commit(self, name: str) -> str:
        return self("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}").strip()

    def text(self, entry: TreeEntry) -> str:
        return self("cat-file", "blob", entry.blob)

    def changes(self, old: str, new: str) -> list[TreeChange]:
        """What differs between two commits."""
        fields = self("diff-tree", "-r", "-z", "--no-renames", old, new).split("\0")
        found = []
        for line, path in zip(fields[::2], fields[1::2], strict=False):
            old_mode, new_mode, old_blob, new_blob, _ = line[1:].split()
            found.append(TreeChange(TreeEntry(path, old_mode, old_blob), TreeEntry(path, new_mode, new_blob)))
        return found

    def files(self, commit: str, folder: str) -> dict[str, TreeEntry]:
        """The files of a folder in a commit."""
        rows = [row.split("\t", 1) for row in self("ls-tree", "-z", commit, f"{folder}/").split("\0") if row]
        return {path: TreeEntry(path, about.split()[0], about.split()[2]) for about, path in rows}

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        """What git would store of the files that stand here."""
        found = [path for path in paths if (self.root / path).is_file()]
        blobs = self("hash-object", "--stdin-paths", stdin="".join(f"{path}\n" for path in found))
        return dict(zip(found, blobs.split(), strict=True))

    def edited(self, commit: str) -> set[str]:
        """The files that aren't, here or in the index, as the commit holds them. Files that git doesn't know aren't among them."""
        with contextlib.suppress(NotUpdated):  # the index may be locked: whoever writes it next is told so
            self("update-index", "-q", "--refresh")
        return set(self("diff-index", "-z", "--name-only", commit, "--").split("\0")) - {""}

    def indexed(self, paths: Iterable[str]) -> list[TreeEntry]:
        """What the index holds in these places."""
        rows = [row.split("\t", 1) for row in self("ls-files", "--stage", "-z").split("\0") if row]
        held = {path: TreeEntry(path, *about.split()[:2]) for about, path in rows}
        return [held.get(path, TreeEntry(path)) for path in paths]

    def tell_index(self, entries: Iterable[TreeEntry], index: str = "") -> None:
        """Write entries into the index, all or none; the files stay as they are."""
        lines = "".join(f"{entry.mode if entry.exists else 0} {entry.blob}\t{entry.path}\0" for entry in entries)
        self("update-index", "--add", "-z", "--index-info", stdin=lines, index=index)

    def tree(self, commit: str, entries: Iterable[TreeEntry]) -> str:
        """The tree of a commit with some entries in the place of its own."""
        with tempfile.TemporaryDirectory() as folder:
            index = os.path.join(folder, "index")
            self("read-tree", commit, index=index)
            self.tell_index(entries, index)
            return self("write-tree", index=index).strip()


def _reason(word: str, stderr: str) -> str:
    """git's failure as a sentence of ours."""
    lock = re.search(r"'([^']+\.lock)'", stderr)
    if lock:
        return (
            "Another git is at work in this clone, or one was killed and left its lock. Your files are as they were. "
            f"If there is none, type: rm {shlex.quote(lock[1])}   and then:"
        )
    said = " ".join(re.sub(r"^(fatal|error|hint): ", "", line).strip() for line in stderr.splitlines())
    what = "The new version can't be fetched" if word == "fetch" else f"git {word} failed"
    return f"{what}: {said.rstrip('.') or 'git gives no reason'}. Your files are as they were."
