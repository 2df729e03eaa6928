"""Guards `quest profile`: which profiler looks, what is shown, kept and compared, and what is said where a tool can't do its part."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.benchmark import profiles
from tests.benchmark.profiles.made import database, proton_tree, torch_trace
from tests.conftest import Quest
from triton_quest.commands import profile_kernel
from triton_quest.errors import QuestError
from triton_quest.parent import nsight_compute, profilers
from triton_quest.parent.runner import Ending, Job
from triton_quest.records import verdict as v
from triton_quest.records.profiling import Profiled, Workload

WORK = Workload("n = 2^24", 10**9, 10**6, "NVIDIA H200")
KERNEL = Profiled("add_kernel", "n = 2^24", 0.06, 10, 26, 1024, 0.88)
RAW = Path(profiles.__file__).parent / "h200_ncu.csv"  # of a real run


@pytest.fixture
def gpu(quest: Quest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """A GPU that isn't there: the child's job is played, and tools are scripts in a folder that is all of PATH's new beginning."""
    played: dict[str, Any] = {"records": [WORK, KERNEL], "jobs": [], "bin": tmp_path / "bin"}
    played["bin"].mkdir()

    def run_and_show(console: object, job: Job, first: str, quiet: bool) -> Ending:
        played["jobs"].append(job)
        trace = Path(job.asked["trace"])
        if job.asked["tool"] == "torch":
            torch_trace(trace)
        elif job.asked["tool"] == "proton":
            proton_tree(trace)
        return Ending(v.Outcome.PASSED, 1.0, tuple(played["records"]))

    monkeypatch.setattr("triton_quest.environment.can_use_gpu", lambda: True)
    monkeypatch.setattr(profile_kernel, "run_and_show", run_and_show)
    monkeypatch.setenv("PATH", f"{played['bin']}{os.pathsep}{os.environ['PATH']}")
    return played


def tool(gpu: dict[str, Any], name: str, script: str) -> None:
    file = gpu["bin"] / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def nsys(gpu: dict[str, Any], folder: Path, *, exports: bool = True, leaves: str = ".nsys-rep") -> None:
    """`nsys profile --output=STEM` leaves a report, `nsys export --output=FILE` a database."""
    made = database(folder / "made.sqlite")
    export = f'cp {made} "$out"' if exports else "echo 'the importer is missing' >&2; exit 1"
    tool(gpu, "nsys", f"""
for word in "$@"; do case "$word" in --output=*) out="${{word#--output=}}";; esac; done
case "$1" in profile) touch "$out{leaves}";; export) {export};; esac""")  # fmt: skip


def kept(quest: Quest, pattern: str) -> list[Path]:
    return sorted((quest.workspace.root / ".quest" / "profiles").glob(pattern))


def test_the_best_that_is_here_looks_and_the_next_profile_is_compared_with_it(
    quest: Quest, gpu: dict[str, Any]
) -> None:
    first = quest.inside("profile 1")
    assert first.code == 0 and "n = 2^24 under PyTorch's profiler, NVIDIA H200" in first.said
    assert "the launcher takes" in first.said and "Since the profile before" not in first.said
    (record,) = kept(quest, "vector-add-*.record")
    record.rename(record.with_name("vector-add-2020-01-01.record"))  # both may be of one second
    text = (record.with_name("vector-add-2020-01-01.record")).read_text()
    when = record.name.removeprefix("vector-add-").removesuffix(".record")
    record.with_name("vector-add-2020-01-01.record").write_text(text.replace(when, "2020-01-01"))
    gpu["records"] = [WORK, replace(KERNEL, registers=40)]
    second = quest.inside("profile 1")
    assert "add_kernel: registers 26 → 40" in second.said


def test_ncus_counters_are_told_as_reasons(quest: Quest, gpu: dict[str, Any]) -> None:
    tool(gpu, "ncu", f"cat {RAW}")
    told = quest.inside("profile 1 --json").json()
    assert told["profiler"] == "Nsight Compute" and gpu["jobs"][0].asked["tool"] == "ncu"
    (kernel,) = told["kernels"]
    assert (kernel["kernel"], kernel["registers"], kernel["shared_bytes"]) == ("flash_attention_kernel", 172, 115_712)
    assert (kernel["bank_conflicts"], kernel["wgmma"]) == pytest.approx((0.01388, 0.03061), abs=1e-5)
    assert 0.9 < kernel["l2_hits"] < 0.95 and kernel["dram_bytes"] == 127_480_576
    assert [stall["reason"] for stall in kernel["stalls"][:3]] == ["wait", "barrier", "long_scoreboard"]
    assert "wait for the fixed time that an instruction takes" in told["says"] and "3.1% are wgmma" in told["says"]


def test_nsys_draws_a_timeline_and_keeps_its_report(quest: Quest, gpu: dict[str, Any], tmp_path: Path) -> None:
    nsys(gpu, tmp_path)
    page = tmp_path / "page.html"
    told = quest.inside(f"profile 1 --with nsys --html {page} --json").json()
    assert (told["figures"]["calls"], told["figures"]["gpu_us"], told["trace"][-9:]) == (2, 40.0, ".nsys-rep")
    assert told["page"] == str(page) and '<rect class="kernel"' in page.read_text()
    assert len(kept(quest, "*.nsys-rep")) == 1


def test_protons_tree_is_shown_with_rates(quest: Quest, gpu: dict[str, Any]) -> None:
    shown = quest.inside("profile 1 --with proton").said
    assert "TFLOP/s" in shown and "launcher" in shown and "flash" in shown


# What can't be done


def test_a_tool_that_isnt_here_says_how_to_get_it_and_what_is_here(quest: Quest, gpu: dict[str, Any]) -> None:
    answer = quest.inside("profile 1 --with nsys")
    assert answer.code == 2 and "Nsight Systems isn't here. It comes with the CUDA toolkit" in answer.said
    assert answer.next_command == "python quest.py profile 1 --with torch" and not gpu["jobs"]


@pytest.mark.parametrize("leaves", [".nsys-rep", ".qdstrm"])
def test_an_nsys_that_cannot_export_keeps_what_there_is(
    quest: Quest, gpu: dict[str, Any], tmp_path: Path, leaves: str
) -> None:
    nsys(gpu, tmp_path, exports=False, leaves=leaves)
    answer = quest.inside("profile 1 --with nsys")
    assert answer.code == 2 and "can't export its report here: the importer is missing" in answer.said
    assert len(kept(quest, f"*{leaves}")) == 1 and f"{leaves}: open it in Nsight Systems' window" in answer.said


def test_an_ncu_without_permission_names_the_drivers_setting(quest: Quest, gpu: dict[str, Any]) -> None:
    tool(gpu, "ncu", f"echo '==ERROR== {nsight_compute.NO_PERMISSION} - The user does not have permission'; exit 1")
    answer = quest.inside("profile 1")
    assert answer.code == 2 and "NVreg_RestrictProfilingToAdminUsers=0" in answer.said
    assert answer.next_command == "python quest.py profile 1 --with torch"


def test_a_tool_that_sees_no_kernel_or_leaves_no_report_is_told_in_its_own_words(
    quest: Quest, gpu: dict[str, Any]
) -> None:
    tool(gpu, "ncu", "echo '==ERROR== Failed to connect'; exit 1")
    assert "saw no kernel: ==ERROR== Failed to connect" in quest.inside("profile 1 --with ncu").said
    tool(gpu, "nsys", "echo 'no agent' >&2; exit 1")
    assert "left no report: no agent" in quest.inside("profile 1 --with nsys").said


def test_a_wrong_kernel_is_not_profiled(quest: Quest, gpu: dict[str, Any]) -> None:
    tool(gpu, "ncu", "touch $0.ran")
    wrong = v.Check("the result is PyTorch's", "gpu", v.State.FAILED, "It isn't PyTorch's.", outcome=v.Outcome.WRONG)
    gpu["records"] = [wrong]
    answer = quest.inside("profile 1")
    assert (answer.code, answer.next_command) == (1, "python quest.py check 1") and "It isn't PyTorch's." in answer.said
    assert quest.inside("profile 1 --json").json()["says"] == "It isn't PyTorch's."
    assert not (gpu["bin"] / "ncu.ran").exists() and kept(quest, "*") == []


def test_more_than_a_gigabyte_is_kept_and_not_read(
    quest: Quest, gpu: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profilers, "LARGEST_BYTES", 10)
    answer = quest.inside("profile 1 --with torch")
    assert answer.code == 2 and "no more than 1 GB is read" in answer.said and len(kept(quest, "*.json")) == 1


def test_a_page_needs_a_pages_name_before_anything_runs(quest: Quest, gpu: dict[str, Any]) -> None:
    answer = quest.inside("profile 1 --html page.txt")
    assert answer.code == 2 and "is no page" in answer.said and not gpu["jobs"]


@pytest.mark.parametrize("ends", [KeyboardInterrupt, subprocess.TimeoutExpired("sh", 1.0)], ids=["ctrl-c", "time"])
def test_nothing_of_a_tool_goes_on_after_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: BaseException | type[BaseException]
) -> None:
    """`run_tool` reads its pipes to their end, which comes when the last process that holds them is gone."""
    started = tmp_path / "started"
    os.mkfifo(started)
    communicate = subprocess.Popen.communicate

    def interrupted(process: Any, timeout: float | None = None) -> tuple[str, str]:
        if timeout is None:
            return communicate(process, timeout=60.0)
        assert started.read_text() == "yes\n"
        raise ends

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt if ends is KeyboardInterrupt else QuestError):
        profilers.run_tool(["sh", "-c", f"sleep 600 & echo yes > {started}; wait"], "A tool", 300.0)
