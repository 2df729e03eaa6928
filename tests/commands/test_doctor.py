"""doctor: every trouble that it knows is recognised, named, and mended by what it says to type."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.commands import kernels
from tests.conftest import Quest
from triton_quest import environment
from triton_quest.commands import doctor
from triton_quest.parent import examination, process
from triton_quest.parent.examination import COMPILING, GPU, INTERPRETER, Examined
from triton_quest.parent.runner import Job
from triton_quest.records.verdict import Outcome, Verdict
from triton_quest.store import files as store_files
from triton_quest.store import given

FINE = {"torch": (2, 13, 0), "triton": (3, 7, 1), "numpy": (2, 4, 6), "rich": (15, 0, 0)}
RIGHT = [{"name": "one", "ok": True, "detail": ""}, {"name": "another", "ok": True, "detail": ""}]
H200 = "NVIDIA H200, 580.65.06, 9.0\n"


class Machine:
    """What the examination meets. As it stands: no GPU, and everything else fine."""

    def __init__(self) -> None:
        self.installed: dict[str, tuple[int, ...] | None] = dict(FINE)
        self.gpus, self.nvidia_smi, self.torch_has_cuda = 0, "", False
        self.self_test: str | Exception = json.dumps(RIGHT)
        self.accepts: Callable[[Job], bool] = lambda job: True
        self.judged: list[str] = []

    def run(self, words: list[str], **_: Any) -> Any:
        if words[0] == "nvidia-smi":
            if not self.nvidia_smi:
                raise FileNotFoundError(words[0])
            return SimpleNamespace(stdout=self.nvidia_smi, stderr="", returncode=0)
        if isinstance(self.self_test, Exception):
            raise self.self_test
        return SimpleNamespace(stdout=self.self_test, stderr="Traceback\nImportError: it broke\n", returncode=0)

    def judge(self, job: Job) -> Verdict:
        self.judged.append(job.kind)
        passed = self.accepts(job)
        outcome = Outcome.PASSED if passed else Outcome.ERROR
        return Verdict(1, "vector-add", outcome, "interpreter", 1.0, detail="" if passed else "so it went")

    def findings(self) -> list[Examined]:
        return [*examination.versions(), *examination.machine()]

    def trouble(self) -> list[tuple[str, str]]:
        """What is said of each thing that isn't ok, and what mends it."""
        return [(finding.says, finding.mend) for finding in self.findings() if not finding.ok]

    def verified(self) -> set[str]:
        return {one for finding in self.findings() if finding.ok for one in finding.verifies}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(environment, "installed_version", lambda name: made.installed.get(name))
    monkeypatch.setattr(environment, "nvidia_gpus", lambda: made.gpus)
    monkeypatch.setattr(environment, "torch_has_cuda", lambda: made.torch_has_cuda)
    monkeypatch.setattr(environment, "install_command", lambda: "install it")
    monkeypatch.setattr(environment, "pip_line", lambda packages: f"pip install {packages}")
    monkeypatch.setattr(examination, "judge", made.judge)
    monkeypatch.setattr(subprocess, "run", made.run)
    for name in ("TRITON_INTERPRET", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    return made


NO_GPU = ("none found", "")


def test_a_fine_machine_without_a_gpu_verifies_all_but_the_gpu(machine: Machine) -> None:
    assert machine.trouble() == [NO_GPU]
    assert machine.verified() == {INTERPRETER, COMPILING}


# Versions


def test_triton_3_6_with_a_newer_numpy_verifies_all_of_it_on_a_gpu_machine(machine: Machine) -> None:
    machine.installed |= {"triton": (3, 6, 0), "numpy": (2, 5, 2)}
    machine.gpus, machine.torch_has_cuda = 1, True
    assert machine.trouble() == []
    assert machine.verified() == {INTERPRETER, COMPILING, GPU}


@pytest.mark.parametrize("name", ["torch", "triton"])
@pytest.mark.parametrize(("version", "says"), [(None, " has no "), ((2, 0, 0), " is too old: the quest needs ")])
def test_a_missing_or_old_package_is_mended_by_installing_it(
    machine: Machine, name: str, version: tuple[int, ...] | None, says: str
) -> None:
    machine.installed[name] = version
    troubles = machine.trouble()
    assert {mend for _, mend in troubles} == {"install it"} and says in troubles[-1][0]
    assert machine.judged == []


# Kernels


def test_each_known_kernel_that_is_wrong_is_named(machine: Machine) -> None:
    machine.self_test = json.dumps([*RIGHT, {"name": "a loop", "ok": False, "detail": "off by 3"}])
    counted, wrong, _ = machine.trouble()
    assert counted == ("2 of 3 are right, in every mode of the interpreter", "")
    assert wrong == ("a loop: off by 3", "install it")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("no JSON", "ImportError: it broke"), (subprocess.TimeoutExpired("python", 120), "no answer within 120 s")],
    ids=["it breaks", "it hangs"],
)
def test_known_kernels_that_cannot_be_run_are_a_trouble(machine: Machine, answer: str | Exception, reason: str) -> None:
    machine.self_test = answer
    assert machine.trouble()[0] == (f"they could not be run: {reason}", "install it")


def test_a_right_level_that_is_not_accepted_is_a_trouble(machine: Machine) -> None:
    machine.accepts = lambda job: False
    assert machine.trouble()[0] == ("a known right kernel was not accepted: so it went", "install it")
    assert machine.verified() == set()


def test_without_a_folder_for_temporary_files_nothing_is_run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert machine.trouble() == [("no folder for them can be written to", 'export TMPDIR="$HOME"')]
    assert machine.judged == []


# GPUs


def test_a_gpu_is_named_and_judged_on(machine: Machine) -> None:
    machine.gpus, machine.torch_has_cuda, machine.nvidia_smi = 1, True, "NVIDIA L4, 550.1, 8.9\n"
    found = {finding.what: finding.says for finding in machine.findings() if finding.ok}
    assert found["GPU"] == "NVIDIA L4, driver 550.1, sm_89: level 1's solution was judged right in 1.0 s"
    assert machine.trouble() == [] and machine.verified() == {INTERPRETER, COMPILING, GPU}


def test_a_gpu_that_fails_a_right_kernel_is_told_apart_from_the_interpreter(machine: Machine) -> None:
    machine.gpus, machine.torch_has_cuda = 1, True
    machine.accepts = lambda job: job.kind == "judge"
    says = "an NVIDIA GPU: a known right kernel was not accepted: so it went"
    assert machine.trouble() == [(says, "nvidia-smi")]
    assert machine.verified() == {INTERPRETER, COMPILING}


def test_a_gpu_that_a_cpu_build_of_torch_cannot_use_is_mended_by_the_other_build(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine.gpus = 1
    assert machine.trouble()[0][1] == f"./quest --cuda   (in {environment.ROOT})"
    monkeypatch.setattr(environment, "ROOT", str(tmp_path))
    assert machine.trouble()[0][1] == "pip install torch==2.13.0"


@pytest.mark.parametrize(("triton", "traps"), [((3, 6, 0), 1), ((3, 7, 1), 2), ((3, 9, 0), 1)])
def test_what_is_known_to_go_wrong_on_hopper_is_a_remark_there(
    machine: Machine, triton: tuple[int, ...], traps: int
) -> None:
    machine.installed |= {"triton": triton, "numpy": (2, 4, 6)}
    machine.gpus, machine.torch_has_cuda, machine.nvidia_smi = 1, True, H200
    remarks = machine.trouble()
    assert len(remarks) == traps and {mend for _, mend in remarks} == {""}
    machine.nvidia_smi = "NVIDIA L4, 550.1, 8.9\n"
    assert machine.trouble() == []


def test_a_gpu_that_is_hidden_is_not_called_missing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.nvidia_smi = H200
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert machine.trouble() == [("none found (CUDA_VISIBLE_DEVICES hides what is here)", "")]


def test_a_variable_that_keeps_levels_from_running_is_found(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRITON_INTERPRET", "0")
    assert machine.trouble()[-1][1] == "unset TRITON_INTERPRET"
    machine.gpus, machine.torch_has_cuda = 1, True
    assert machine.trouble() == []


def test_the_other_build_is_the_one_that_is_pinned() -> None:
    assert "torch==2.13.0" in environment.pins("requirements.txt") and "torch==2.13.0" in environment.PACKAGES


# The workspace


@pytest.fixture
def told(machine: Machine, quest: Quest) -> Callable[[], list[tuple[str, str]]]:
    """What doctor says of the workspace when asked there: of each trouble, and what mends it."""

    def ask() -> list[tuple[str, str]]:
        findings = quest.inside("doctor --json").json()["findings"]
        return [(f["says"], f["mend"]) for f in findings if not f["ok"] and (f["says"], f["mend"]) != NO_GPU]

    return ask


def test_a_level_file_that_is_gone_is_mended_by_a_reset(told: Callable[[], Any], quest: Quest) -> None:
    assert told() == []
    quest.file(1).unlink()
    ((says, mend),) = told()
    assert "is not there" in says and mend == "python quest.py reset 1"


def test_a_new_template_is_a_remark_that_names_the_reset(told: Callable[[], Any], quest: Quest) -> None:
    quest.file(1).write_text(kernels.RIGHT)
    given.note(quest.workspace.root, quest.file(1), "an older template\n")
    assert told() == [("level 1 has a new one; yours stays until you type python quest.py reset 1", "")]


def test_a_workspace_that_cannot_be_written_to_is_found(
    told: Callable[[], Any], quest: Quest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    ((says, mend),) = told()
    assert says.endswith("it can't be written to, so nothing is kept")
    assert mend == f"chmod -R u+w {quest.workspace.root}"


def test_a_progress_without_room_is_mended_by_looking_at_rights_and_room_and_never_moved_away(
    told: Callable[[], Any], quest: Quest, monkeypatch: pytest.MonkeyPatch
) -> None:
    quest.workspace.database.write_bytes(b"no database at all\n" * 100)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_files, "put_in_place", full)
    folder = quest.workspace.database.parent
    (written, _), (says, mend) = told()
    assert "nothing is kept" in written and "No space left on device" in written
    assert "It can't be set aside: No space left on device. Nothing was lost." in says
    assert mend == f"ls -la {folder} && df -h {folder}"


def test_without_a_workspace_the_command_that_makes_one_is_named(
    machine: Machine, quest: Quest, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = quest.inside("--workspace /nowhere doctor")
    assert answer.code == 2 and "/nowhere is no workspace" in answer.said
    assert "python quest.py init /nowhere" in answer.said


def test_packages_of_another_version_are_mended_by_the_launcher(
    told: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(environment, "ROOT", str(tmp_path))
    monkeypatch.setattr(doctor.update, "ROOT", tmp_path)
    monkeypatch.setattr(doctor.sys, "prefix", str(tmp_path / ".venv"))
    for name, text in ((".venv/quest-pins", "torch==1\n"), ("requirements.txt", "torch==2\n")):
        (tmp_path / name).write_text(text)
    assert told()[0] == (
        "this environment was made for another version of the quest",
        f"./quest   (in {tmp_path})",
    )


# The whole


def test_trouble_is_shown_with_what_mends_it_and_the_exit_code_says_so(machine: Machine, quest: Quest) -> None:
    machine.installed |= {"triton": (3, 1, 0)}
    answer = quest.inside("doctor")
    assert answer.code == 2 and answer.next_command == "install it"
    assert "verified here: nothing" in answer.said and f"{INTERPRETER}; {COMPILING}; {GPU}" in answer.said


def test_json_for_bug_reports_has_versions_and_the_variables_that_matter(machine: Machine, quest: Quest) -> None:
    answer = quest.inside("doctor --json", TRITON_CACHE_DIR="/elsewhere", SECRET_TOKEN="mine").json()
    assert (answer["healthy"], answer["versions"]["triton"], answer["versions"]["click"]) == (True, "3.7.1", None)
    assert answer["verified_here"] == [INTERPRETER, COMPILING] and answer["not_verified_here"] == [GPU]
    assert answer["environment"]["TRITON_CACHE_DIR"] == "/elsewhere"
    assert "SECRET_TOKEN" not in answer["environment"]


def test_an_edited_quest_setup_is_found_with_the_way_to_have_it_back(told: Callable[[], Any], quest: Quest) -> None:
    setup = quest.workspace.root / "levels" / "quest_setup.py"
    was = setup.read_text()
    setup.write_text(was + "# mine\n")
    ((says, mend),) = told()
    assert says == f"{setup} isn't as the quest gave it"
    assert mend == f"mv {setup} {setup}.edited && python quest.py init {quest.workspace.root}"
    setup.rename(f"{setup}.edited")
    assert quest.inside(f"init {quest.workspace.root}").code == 0
    assert setup.read_text() == was and told() == []


@pytest.mark.parametrize("name", ["PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONPATH"])
def test_a_variable_that_changes_python_is_named(
    machine: Machine, quest: Quest, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    findings = quest.inside("doctor --json", **{name: "1"}).json()["findings"]
    (says,) = [found["says"] for found in findings if found["what"] == "environment"]
    assert says.startswith(f"{name} is set, which changes Python")
    monkeypatch.setenv(name, "1")
    assert (name in process.child_environ()) is (name == "PYTHONPATH")


def test_doctor_leaves_nothing_behind_where_it_tried_to_write(told: Callable[[], Any], quest: Quest) -> None:
    told()
    assert not list(quest.workspace.root.rglob(".quest-doctor*"))
