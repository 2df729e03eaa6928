"""Guards against files that aren't files, files of other names, and words that mean nothing: a sentence each, nothing opened or kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, Quest, clean_environment
from triton_quest import quest as entry
from triton_quest.commands import overview
from triton_quest.commands.shared import context as contexts
from triton_quest.store import files, workspace

OURS, NOT_YET = 2, 1


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def a_device(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


def a_large_file(file: Path) -> None:
    file.write_bytes(b"x = 1\n" * 200_000)


UNFIT: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (a_pipe, "is a pipe, and a file is needed in its place"),
    "a device": (a_device, "is a device, and a file is needed in its place"),
    "a large file": (a_large_file, "is too large for a level file (1,200,000 bytes; at most 1,000,000)"),
}


@pytest.mark.parametrize(("harm", "sentence"), UNFIT.values(), ids=UNFIT)
def test_what_is_no_level_file_is_refused_by_every_command_and_nothing_is_kept(
    quest: Quest, harm: Callable[[Path], None], sentence: str
) -> None:
    harm(quest.file(1))
    for line in ("start 1", "check 1"):
        answer = quest.inside(f"{line} --json")
        assert (answer.code, sentence in answer.json()["error"]) == (OURS, True), answer.said
    assert quest.inside().code == quest.inside("hint 1").code == 0
    assert (
        "attempts" not in quest.inside("history 1").said and quest.inside("history 1 --json").json()["versions"] == []
    )
    assert quest.inside("reset 1 --yes").code == 0
    assert quest.inside("check 1 --json").json()["outcome"] == "not_started"


def test_a_file_that_comes_through_a_pipe_is_read_once_and_judged(quest: Quest) -> None:
    command = [sys.executable, "quest.py", "check", "1", "--file", "/dev/stdin", "--json"]
    done = subprocess.run(
        command,
        cwd=quest.workspace.root,
        input="def broken(:\n",
        capture_output=True,
        text=True,
        env=clean_environment(),
    )
    told = json.loads(done.stdout)
    assert (done.returncode, told["outcome"]) == (NOT_YET, "syntax")
    assert "file_changed" not in told and told["remembered"] is False


@pytest.mark.parametrize("command", ["compile", "show", "traffic", "benchmark"])
def test_every_command_that_takes_a_file_reads_a_pipe_once(quest: Quest, command: str) -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, b"def broken(:\n")
    os.close(write_end)
    answer = quest.inside(f"{command} 1 --file /dev/fd/{read_end} --json")
    os.close(read_end)
    assert (answer.code, answer.json()["outcome"]) == (NOT_YET, "syntax")


def test_a_stream_without_end_is_refused(quest: Quest) -> None:
    answer = quest.inside("check 1 --file /dev/zero --json")
    assert (answer.code, "no end in sight" in answer.json()["error"]) == (OURS, True)


def test_no_module_beside_the_workspaces_files_takes_the_place_of_pythons_own(quest: Quest) -> None:
    trap = "raise SystemExit('the trap was imported')\n"
    for folder in (quest.workspace.root, quest.workspace.root / "levels"):
        for name in ("random", "json", "re", "pathlib", "torch", "rich", "triton_quest", "types"):
            (folder / f"{name}.py").write_text(trap)
    answer = quest.inside("check 1 --json")
    assert (answer.code, answer.json()["outcome"]) == (NOT_YET, "not_started"), answer.said


@pytest.mark.parametrize("limit", ["nan", "inf", "0", "-1", "soon"])
def test_a_limit_that_is_no_number_of_seconds_is_a_sentence(shared_quest: Quest, limit: str) -> None:
    answer = shared_quest.inside(f"check 1 --time-limit {limit} --json")
    assert (answer.code, "is no number of seconds" in answer.json()["error"]) == (OURS, True)


def test_a_workspace_without_a_name_is_a_sentence(quest: Quest, tmp_path: Path) -> None:
    answer = quest.inside("init '' --json")
    assert (answer.code, "a folder needs a name" in answer.json()["error"]) == (OURS, True)


def test_a_workspace_is_never_made_over_somebody_elses_quest_py(quest: Quest, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "quest.py").write_text("print('another quest')\n")
    answer = quest.inside(f"init {other} --json")
    assert (answer.code, "not of the quest's making" in answer.json()["error"]) == (OURS, True)
    assert [path.name for path in other.iterdir()] == ["quest.py"]
    assert quest.inside(f"init {quest.workspace.root}").code == 0, "the quest's own is no obstacle"


def test_a_fault_of_ours_is_json_where_json_was_asked_for(
    quest: Quest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("so be it")

    monkeypatch.setattr(overview, "run", fail)
    monkeypatch.setattr(sys, "argv", ["quest", "--workspace", str(quest.workspace.root), "--json"])
    assert contexts.run(entry.cli) == OURS
    assert "RuntimeError: so be it" in json.loads(capsys.readouterr().out)["error"]


def test_whether_a_verdict_is_remembered_is_said_in_json(quest: Quest) -> None:
    assert quest.inside("check 1 --json").json()["remembered"] is True
    file = quest.workspace.root / "mine.py"
    file.write_text(files.read_text(quest.file(1), ""))
    assert quest.inside("check 1 --file mine.py --json").json()["remembered"] is False


def test_a_workspace_may_have_a_name_that_is_no_text(tmp_path: Path) -> None:
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 \x1b]0;mine\x07"))
    space, _ = workspace.init(root)
    done = subprocess.run(
        [sys.executable, "quest.py", "start", "1"], cwd=space.root, capture_output=True, env=clean_environment()
    )
    assert (done.returncode, b"\x1b" in done.stdout + done.stderr) == (0, False), done.stderr
    done = subprocess.run(
        [sys.executable, "quest.py", "check", "1", "--json"],
        cwd=space.root,
        capture_output=True,
        env=clean_environment(),
    )
    assert json.loads(done.stdout)["outcome"] == "not_started", done.stderr


@pytest.mark.parametrize(
    "text", ["x = " + "(" * 5_000 + ")" * 5_000, "x = " + "-" * 100_000 + "1", "x = 1" + " + 1" * 50_000]
)
def test_a_text_that_is_too_deep_for_python_is_answered_by_every_command(quest: Quest, text: str) -> None:
    quest.file(1).write_text(text + "\n")
    started = quest.inside("start 1 --json")
    assert (started.code, started.json()["line"] >= 1) == (0, True)
    checked = quest.inside("check 1 --json")
    assert (checked.code, checked.json()["outcome"]) == (NOT_YET, "syntax")


def test_a_direct_run_names_the_file_that_hides_a_module(quest: Quest) -> None:
    levels = quest.workspace.root / "levels"
    (levels / "colorsys.py").write_text("")
    (levels / "helpers.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", "import quest_setup"],
        cwd=levels,
        capture_output=True,
        text=True,
        env=clean_environment(),
    )
    assert done.stderr.splitlines() == [
        f"{levels / 'colorsys.py'} hides the module colorsys from everything that runs here: rename it."
    ]


def test_a_package_without_what_it_needs_says_what_to_type(tmp_path: Path) -> None:
    blocked = "import sys; sys.modules['rich_click'] = None; sys.argv = ['quest']; import triton_quest.quest"
    done = subprocess.run(
        [sys.executable, "-c", blocked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**clean_environment(), "QUEST_ENTERED": "1"},
    )
    assert done.returncode == OURS and "Type: " in done.stderr and "Traceback" not in done.stderr
