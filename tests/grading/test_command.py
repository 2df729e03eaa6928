"""Guards what `quest grade` says, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands import kernels
from tests.commands.test_json_page import GRADE, sections
from tests.conftest import Quest
from triton_quest.commands import grade as command
from triton_quest.course.table import LEVELS
from triton_quest.grading import sandbox

FILE = LEVELS[0].file


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two people's files, one of which isn't Python: neither needs torch to be judged."""
    for who in ("ann", "bob"):
        (tmp_path / "class" / who).mkdir(parents=True)
    (tmp_path / "class" / "ann" / FILE).write_text("def f(:\n")
    (tmp_path / "class" / "bob" / "level99.py").write_text("")
    return tmp_path / "class"


def test_a_folder_without_level_files_or_none_at_all(quest: Quest, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    answer = quest(f"grade {empty} --no-sandbox")
    assert answer.code == 2 and "holds no level file" in answer.said
    answer = quest(f"grade {tmp_path / 'nowhere'} --no-sandbox")
    assert answer.code == 2 and "isn't there" in answer.said and answer.next_command.endswith("grade --help")


def test_without_bubblewrap_nothing_runs_unless_asked(monkeypatch: pytest.MonkeyPatch, people: Path) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    asked = command.GradeOptions(people, None, "text", None, "local", None, False, False, 30.0)
    with pytest.raises(command.QuestError, match="bubblewrap isn't installed.*--no-sandbox"):
        command.run(command.Context(), asked)


def test_engines_and_stages_that_there_are_not(quest: Quest, people: Path) -> None:
    assert "There is no engine “spark”" in quest(f"grade {people} --on spark --no-sandbox").said
    assert (
        "can't run in the sandbox" in quest(f"grade {people} --gpu").said
        or sandbox.shutil.which(sandbox.PROGRAM) is None
    )


@pytest.mark.slow
def test_a_class_is_graded_kept_and_printed(quest: Quest, people: Path, tmp_path: Path) -> None:
    (people / "level1_eve.py").write_text(kernels.RIGHT)
    answer = quest(f"grade {people} --no-sandbox --report {tmp_path / 'report'}")
    assert answer.code == 2  # one file can't be judged
    assert "3 files of 3 people: 1 passed, 1 not yet, 1 not judged" in answer.said
    assert "There is no level 99" in answer.said and "--no-sandbox" in answer.err
    assert (tmp_path / "report" / "index.html").is_file()
    kept = (people / "grades.jsonl").read_text()
    again = quest(f"grade {people} --no-sandbox --json")
    assert (people / "grades.jsonl").read_text() == kept
    lines = [json.loads(line) for line in again.out.splitlines()]
    assert all(set(line) == sections()[GRADE] for line in lines)
    assert [(line["who"], line["outcome"]) for line in lines] == [
        ("ann", "syntax"),
        ("bob", "not_judged"),
        ("eve", "passed"),
    ]
