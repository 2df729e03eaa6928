"""Guards `check` of a file that is saved while it is judged: the history holds what was judged, and the learner hears of the other text."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.commands import kernels
from tests.conftest import ROOT, Quest
from triton_quest.commands.play.session import LiveSession
from triton_quest.commands.shared.context import Context
from triton_quest.course.table import LEVELS
from triton_quest.parent import devices, process, runner
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v
from triton_quest.store import files, given
from triton_quest.store.workspace import Workspace


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that passes whatever runs to its end."""
    monkeypatch.setattr(process, "WORKER", ROOT / "tests" / "execution" / "quick_worker.py")


@pytest.fixture
def quest(workspace: Workspace) -> Quest:
    """Whose commands start a worker for each job."""
    return Quest(workspace)


@pytest.mark.usefixtures("quick")
def test_a_file_that_changes_during_its_check_is_remembered_as_it_was_judged(quest: Quest) -> None:
    judged = f"open({str(quest.file(1))!r}, 'w').write('x = 1')  # while it is judged\n"
    quest.file(1).write_text(judged)
    answer = quest.inside("check 1 --device interpreter")
    assert "changed while it was judged" in " ".join(answer.out.split())
    assert quest.file(1).read_text() == "x = 1"
    assert [version.text for version in quest.progress.versions(LEVELS[0])] == [judged]
    quest.file(1).write_text(judged)
    assert quest.inside("check 1 --device interpreter --json").json()["file_changed"] is True


@pytest.mark.usefixtures("quick")
def test_nothing_is_said_of_a_file_that_stays(quest: Quest) -> None:
    quest.file(1).write_text("x = 1\n")
    assert "changed while" not in quest.inside("check 1 --device interpreter").out
    assert "file_changed" not in quest.inside("check 1 --device interpreter --json").json()


# At 200 random moments

SEED = 20261129
CHECKS = 50  # live, and as many in `check`
PASSING = frozenset({20, CHECKS + 20})  # the numbers of the texts that are right
VERDICT = "Line {line}: ValueError: text {number}"


def text_of(number: int) -> str:
    """A text whose verdict no other text gets: it fails in a line and with a message of its own, or passes."""
    if number in PASSING:
        return f"# text {number}\n{kernels.RIGHT}"
    return "\n" * number + f"raise ValueError('text {number}')\n"


class Typist:
    """Saves another text at a random moment of a check: before its child begins, at one of its records, or behind the last."""

    def __init__(self, file: Path) -> None:
        self.file, self.random = file, random.Random(SEED)
        self.waits, self.moments = 0, Counter[str]()
        self.ways = (self.write, self.replace, self.truncate_first, self.file.unlink)

    def begin(self, number: int) -> None:
        self.file.write_text(text_of(number))
        self.number, self.waits = number, self.random.randrange(8)

    def moment(self, name: str) -> None:
        if self.waits == 0:
            self.moments[name] += 1
            self.random.choice(self.ways)()
        self.waits -= 1

    def write(self) -> None:
        self.file.write_text(text_of(self.number + 1000))

    def replace(self) -> None:
        files.write_atomically(self.file, text_of(self.number + 1000))

    def truncate_first(self) -> None:
        self.file.write_text("")
        self.file.write_text(text_of(self.number + 1000))

    def starting(self, start: runner.Start) -> runner.Start:
        def started(*job: Any) -> process.Forked:
            self.moment("before the child")
            child = start(*job)
            self.moment("after its fork")
            return child

        return started

    def hearing(self, tell: runner.OnRecord) -> runner.OnRecord:
        def heard(record: v.Record) -> None:
            tell(record)
            self.moment(type(record).__name__)

        return heard


@pytest.mark.slow
def test_each_verdict_belongs_to_its_bytes_whenever_the_file_is_saved(
    quest: Quest, warm: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    typist = Typist(quest.file(1))
    monkeypatch.setattr(files.os, "fsync", lambda fd: None)  # no power is cut here

    def judge(job: runner.Job, tell: runner.OnRecord, _: Event) -> v.Verdict:
        return runner.judge(job, typist.hearing(tell), typist.starting(warm.start))

    def judge_on(where: tuple[str, ...], job: runner.Job, tell: runner.OnRecord) -> v.Verdict:
        return judge(job, tell, Event())

    live = LiveSession(Context(quest.workspace.root), ("interpreter",), judge)
    monkeypatch.setattr(devices, "judge_on", judge_on)
    for number in range(2 * CHECKS):
        typist.begin(number)
        if number < CHECKS:
            judged = live.judge(LEVELS[0], lambda record: None, Event())
            changed = judged is not None and judged.verdict.file_changed
        else:
            changed = "file_changed" in quest.inside("check 1 --json").json()
        assert changed is (given.content(typist.file) != text_of(number).encode())
    versions = quest.progress.versions(LEVELS[0])
    assert [version.text for version in versions] == [text_of(number) for number in range(2 * CHECKS)]
    for number, version in enumerate(versions):
        told = ("passed", "") if number in PASSING else ("import", VERDICT.format(line=number + 1, number=number))
        assert (version.outcome, version.cause[: len(told[1])]) == told
    assert set(typist.moments) >= {"before the child", "after its fork", "Check", "StageStarted", "Finished"}, (
        typist.moments
    )
