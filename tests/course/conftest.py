"""For the tests of the course and its gate."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Serving
from tests.course.toy import ToyQuest
from triton_quest.authoring import gate, mutation
from triton_quest.authoring.mutation import Judged, Mutant
from triton_quest.parent import runner
from triton_quest.parent.runner import Ending, Job
from triton_quest.records import verdict as v
from triton_quest.store import workspace


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serving: Serving) -> ToyQuest:
    """A complete course of one level; the gate looks at it instead of this repository, and judges in children of one warm worker."""
    if shutil.which("git") is None:
        pytest.skip("git isn't installed")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # set while git runs a hook
        monkeypatch.delenv(name, raising=False)
    quest = ToyQuest(tmp_path / "clone")
    monkeypatch.setattr(workspace, "PACKAGE", quest.package)
    monkeypatch.setattr(runner, "Worker", serving)
    return quest


def says(job: Job, outcome: v.Outcome) -> v.Verdict:
    return v.Verdict(job.level.number, job.level.slug, outcome, "interpreter", 0.0, detail="so it was told")


@pytest.fixture
def kind_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate's judge finds every solution right, every template unfinished and every mutant as it should be, at once.

    And every kernel compiles.
    """

    def judge(job: Job) -> v.Verdict:
        is_solution = job.file.name == "solution.py"
        return says(job, v.Outcome.PASSED if is_solution else v.Outcome.NOT_STARTED)

    def judge_all(population: tuple[Mutant, ...], folder: Path) -> Iterator[Judged]:
        return (Judged(mutant, mutant.expected, "", ok=True) for mutant in population)

    def compiled(job: Job) -> Ending:
        return Ending(v.Outcome.PASSED, 0.0)

    monkeypatch.setattr(gate, "judge", judge)
    monkeypatch.setattr(gate, "run_job", compiled)
    monkeypatch.setattr(mutation, "judge_all", judge_all)
