"""`quest profile` on a GPU: each profiler that is here sees the solution's kernel, and a wrong kernel is seen by none."""

from __future__ import annotations

from pathlib import Path

import pytest

from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.parent import nsight_compute, profilers, proton, torch_trace
from triton_quest.parent.runner import Ending, Job, run
from triton_quest.records import verdict as v
from triton_quest.records.profiling import Profiled, Workload
from triton_quest.report.timeline import figures

pytestmark = pytest.mark.gpu
FLASH = LEVELS[7]
SECONDS = 300.0


def profiled(level: Level, file: Path, tool: str, trace: Path) -> Ending:
    asked = {"size": None, "trace": str(trace), "tool": tool}
    return run(Job(level, file, SECONDS, "profile", asked), lambda record: None)


def test_pytorchs_profiler_sees_the_kernel_and_the_calls(tmp_path: Path) -> None:
    ended = profiled(FLASH, FLASH.folder / "solution.py", "torch", tmp_path / "trace.json")
    assert ended.outcome is v.Outcome.PASSED, ended.detail
    (work,), (kernel,) = ended.all(Workload), ended.all(Profiled)
    assert work.flops and kernel.launches == 10 and kernel.registers > 16
    found = figures(torch_trace.events_of(tmp_path / "trace.json"))
    assert found is not None and found.calls == 10 and found.launches == 1 and 0 < found.busy <= 1


def test_proton_counts_the_sizes_work_in_the_launchers_scope(tmp_path: Path) -> None:
    trace = tmp_path / f"trace{proton.SUFFIX}"
    ended = profiled(FLASH, FLASH.folder / "solution.py", "proton", trace)
    assert ended.outcome is v.Outcome.PASSED, ended.detail
    launcher = proton.scopes_of(trace)[0]
    assert launcher.path == ("launcher",) and launcher.count == 10
    assert launcher.flops == pytest.approx(10 * ended.all(Workload)[0].flops)


@pytest.mark.skipif(not profilers.PROFILERS["ncu"].is_here(), reason="Nsight Compute isn't here")
def test_nsight_compute_counts_why_warps_waited(tmp_path: Path) -> None:
    words = nsight_compute.command(FLASH, FLASH.folder / "solution.py", None, tmp_path / "report.ncu-rep")
    done = profilers.run_tool(words, "Nsight Compute", SECONDS)
    (kernel,) = nsight_compute.kernels_of(done.stdout.splitlines(), "")
    assert kernel.stalls and kernel.dram_bytes and kernel.l2_hits is not None, done.stdout[-2000:]


def test_a_wrong_kernel_is_not_profiled(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    text = (LEVELS[0].folder / "solution.py").read_text()
    assert text.count("x + y, mask=mask") == 1
    file.write_text(text.replace("x + y, mask=mask", "x - y, mask=mask"))
    ended = profiled(LEVELS[0], file, "torch", tmp_path / "trace.json")
    assert ended.outcome is v.Outcome.WRONG and not (tmp_path / "trace.json").exists()
