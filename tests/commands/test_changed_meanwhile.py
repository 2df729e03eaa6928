"""Guards `check` of a file that is saved while it is judged: the history holds what was judged, and the learner hears of the other text."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT, Quest
from triton_quest.course.table import LEVELS
from triton_quest.parent import process
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
