"""Commands in any order: no text once checked is ever unreachable, locks follow passes, and no text that a command replaced
is lost. The commands are the real ones; the judge is one that passes whatever holds the word "right"."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.commands.players import quick_judge
from tests.conftest import Answer, Quest, arrived
from triton_quest.course.level import HINTS_A_LEVEL
from triton_quest.parent import devices
from triton_quest.store import workspace as workspaces

LEVELS = arrived()[:3]
numbers = st.sampled_from([level.number for level in LEVELS])
texts = st.lists(st.sampled_from(["right", "x = 1\n", "\r\n", "\ufeff", "é ☃", "\0", "..."]), max_size=6).map("".join)


class Learner(RuleBasedStateMachine):
    """Beside the quest, what must be true of it: texts and runs as plain lists."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.quest = Quest(workspaces.init(self.folder / "quest")[0])
        self.judge = mock.patch.object(devices, "judge", quick_judge)
        self.judge.start()
        self.checked: dict[int, list[str]] = {level.number: [] for level in LEVELS}
        self.replaced: list[tuple[str, bytes]] = []  # file name and content
        self.passed: set[int] = set()
        self.hints = dict.fromkeys(self.checked, 0)

    def teardown(self) -> None:
        """At last each version is looked at, brought back, and is what was checked."""
        for number, kept in self.checked.items():
            for version, text in zip(self.quest.progress.versions(LEVELS[number - 1]), kept, strict=True):
                assert self.type(f"history {number} {version.id} --json").json()["version"]["text"] == text
                assert self.type(f"restore {number} {version.id}").code == 0
                assert self.quest.file(number).read_bytes() == text.encode()
        self.judge.stop()
        shutil.rmtree(self.folder)

    def type(self, line: str) -> Answer:
        return self.quest.inside(line)

    def is_open(self, number: int) -> bool:
        return all(before in self.passed for before in range(1, number))

    def content(self, number: int) -> bytes | None:
        """What stands in the level's place, also if it is a folder; None if nothing does."""
        file = self.quest.file(number)
        if file.is_dir():
            return (file / "notes.txt").read_bytes()
        return file.read_bytes() if file.exists() else None

    def text(self, number: int) -> str | None:
        """The level file's text, if it is one."""
        try:
            return self.quest.file(number).read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            return None

    def note_replaced(self, number: int) -> None:
        content = self.content(number)
        if content is not None:
            self.replaced.append((self.quest.file(number).name, content))

    def clear(self, number: int) -> Path:
        file = self.quest.file(number)
        if file.is_dir():
            shutil.rmtree(file)
        return file

    # What a learner does

    @rule(number=numbers, text=texts)
    def edit(self, number: int, text: str) -> None:
        self.clear(number).write_bytes(text.encode())

    @rule(number=numbers, how=st.sampled_from(["deleted", "not text", "a folder"]))
    def spoil(self, number: int, how: str) -> None:
        file = self.clear(number)
        if how == "not text":
            file.write_bytes(b"caf\xe9")
            return
        file.unlink(missing_ok=True)
        if how == "a folder":
            file.mkdir()
            (file / "notes.txt").write_text("mine")

    @rule(number=numbers)
    def start(self, number: int) -> None:
        expected = 0 if self.is_open(number) and self.text(number) is not None else 2
        assert self.type(f"start {number}").code == expected

    @rule(number=numbers)
    def check(self, number: int) -> None:
        text = self.text(number)
        code = self.type(f"check {number}").code
        if not self.is_open(number) or text is None:
            assert code == 2
            return
        assert code == (0 if "right" in text else 1)
        self.checked[number].append(text)
        self.passed |= {number} if "right" in text else set()

    @rule(number=numbers)
    def pass_it(self, number: int) -> None:
        """The shortest way on, so that the later levels come into play."""
        self.edit(number, "right")
        self.check(number)

    @rule(number=numbers)
    def hint(self, number: int) -> None:
        is_there = self.is_open(number) and self.hints[number] < HINTS_A_LEVEL
        assert self.type(f"hint {number}").code == (0 if is_there else 2)
        self.hints[number] += is_there

    @rule(number=numbers)
    def reset(self, number: int) -> None:
        if self.is_open(number):
            self.note_replaced(number)
        assert self.type(f"reset {number} --yes").code == (0 if self.is_open(number) else 2)
        if self.is_open(number):
            assert self.text(number) == workspaces.level_template(LEVELS[number - 1])

    @rule()
    def reset_everything(self) -> None:
        for number in self.checked:
            self.note_replaced(number)
        assert self.type("reset --yes").code == 0
        self.passed.clear()
        self.hints = dict.fromkeys(self.hints, 0)

    @precondition(lambda self: any(self.checked.values()))
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([number for number, kept in self.checked.items() if kept]))
        versions = self.quest.progress.versions(LEVELS[number - 1])
        version = data.draw(st.sampled_from(versions))
        if self.text(number) != version.text:
            self.note_replaced(number)
        assert self.type(f"restore {number} {version.id}").code == 0
        assert self.quest.file(number).read_bytes() == version.text.encode()

    # What is always so

    @invariant()
    def every_checked_text_is_kept(self) -> None:
        for number, kept in self.checked.items():
            assert [version.text for version in self.quest.progress.versions(LEVELS[number - 1])] == kept

    @invariant()
    def locks_follow_passes(self) -> None:
        for state in self.quest.progress.states()[: len(LEVELS)]:
            number = state.level.number
            assert state.is_done == (number in self.passed)
            assert (state.status.value == "locked") == (not state.is_done and not self.is_open(number))
            assert state.hints_taken == self.hints[number]

    @invariant()
    def what_was_replaced_has_a_backup(self) -> None:
        found = []
        for path in self.quest.workspace.backups.glob("*/*"):
            found.append((path.name, (path / "notes.txt" if path.is_dir() else path).read_bytes()))
        for one in self.replaced:
            assert one in found
            found.remove(one)


@pytest.mark.slow
class TestAnyOrder(Learner.TestCase):  # type: ignore[misc]
    settings = settings(max_examples=6, stateful_step_count=25, deadline=None)


@pytest.mark.survey
class TestManyOrders(Learner.TestCase):  # type: ignore[misc]
    settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
