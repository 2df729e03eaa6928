"""What three profilers leave is read alike: a timeline of the launcher's calls, told in figures that one can act on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmark.profiles.made import database, proton_tree, torch_trace
from triton_quest.child.measure.profile_kernel import kernels_of
from triton_quest.course.table import LEVELS
from triton_quest.parent import nsight_systems
from triton_quest.parent import torch_trace as trace_reader
from triton_quest.parent.proton import scopes_of
from triton_quest.records.profiling import Event, Figures, KeptProfile, Kind, Profiled, Scope, Stall, Workload
from triton_quest.report.profile_advice import STALLS, advice
from triton_quest.report.profile_changes import changes
from triton_quest.report.timeline import figures, sentences
from triton_quest.screen import profile_page
from triton_quest.store import profiles

WORK = Workload("S 4096", 10**9, 10**6, "NVIDIA H200")
KERNEL = Profiled("first", "S 4096", 0.02, 2, 172, 1024, 0.5, tensor=0.59)
CALL = Figures(10, 100.0, 95.0, 40.0, 5.0, 1, 0, 0, "first", 90.0, (("cuLaunchKernelEx", 5.0),))


# Reading


@pytest.mark.parametrize(
    "events",
    [
        lambda folder: nsight_systems.events_of(database(folder / "a.sqlite")),
        lambda folder: trace_reader.events_of(torch_trace(folder / "a.json")),
    ],
    ids=["Nsight Systems", "PyTorch"],
)
def test_a_timeline_tells_what_the_launchers_calls_asked_for_and_nothing_else(
    events: Callable[[Path], list[Event]], tmp_path: Path
) -> None:
    found = figures(events(tmp_path))
    assert found is not None
    assert replace(found, system=()) == Figures(
        calls=2, between_us=97.5, gpu_us=40.0, launcher_us=40.0, gaps_us=5.0, launches=2, copies=1, copied_bytes=4096,
        longest="first", longest_us=20.0, api=(("cuLaunchKernelEx", 8.0), ("cudaMemcpyAsync", 4.0)),
    )  # fmt: skip


def test_nsight_systems_tells_what_the_cpu_did_in_the_system_meanwhile(tmp_path: Path) -> None:
    found = figures(nsight_systems.events_of(database(tmp_path / "a.sqlite")))
    assert found is not None and found.system == (("poll", 1.0),)


@pytest.mark.parametrize(
    "table", ["OSRT_API", "CUPTI_ACTIVITY_KIND_MEMCPY", "CUPTI_ACTIVITY_KIND_KERNEL", "NVTX_EVENTS"]
)
def test_a_table_is_missing_where_nothing_of_its_kind_was_seen(tmp_path: Path, table: str) -> None:
    found = figures(nsight_systems.events_of(database(tmp_path / "a.sqlite", without=(table,))))
    assert (found is None) is (table in ("CUPTI_ACTIVITY_KIND_KERNEL", "NVTX_EVENTS"))


def test_a_database_with_other_columns_or_none_is_an_error_that_says_so(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.sqlite") as opened:
        opened.execute("CREATE TABLE NVTX_EVENTS (label TEXT)")
    with pytest.raises(ValueError, match="other columns than are documented"):
        nsight_systems.events_of(tmp_path / "other.sqlite")
    (tmp_path / "none.sqlite").write_text("this is no database, but long enough to look like one. " * 20)
    with pytest.raises(sqlite3.Error):
        nsight_systems.events_of(tmp_path / "none.sqlite")


def test_the_kernels_of_a_trace_are_those_that_the_launcher_starts(tmp_path: Path) -> None:
    kernels = kernels_of(json.loads(torch_trace(tmp_path / "a.json").read_text()), "S 4096")
    assert [(kernel.kernel, kernel.launches, kernel.time_ms) for kernel in kernels] == [
        ("first", 2, 0.02),
        ("second", 2, 0.01),
    ]
    assert (kernels[0].registers, kernels[0].shared_bytes, kernels[0].occupancy, kernels[0].grid) == (
        64,
        1024,
        0.5,
        (64, 1, 1),
    )


def test_protons_tree_is_read_with_sums_and_without_protons_own_kernels(tmp_path: Path) -> None:
    launcher, first, second, rival, flash = scopes_of(proton_tree(tmp_path / "a.hatchet"))
    assert launcher == Scope(("launcher",), pytest.approx(0.3), 20, 6e9, 9e6)
    assert (first.path, second) == (("launcher", "first"), Scope(("launcher", "second"), 0.1, 10, 5e9, 3e6))
    assert (rival.time_ms, flash.path, rival.flops) == (0.05, ("sdpa", "flash"), 0.0)
    assert (launcher.tflops, second.gbs) == (pytest.approx(20.0), pytest.approx(30.0))


def test_protons_tree_of_a_real_run_is_read() -> None:
    launcher, kernel, rival, _ = scopes_of(Path(__file__).parent / "profiles" / "h200_proton.json")
    assert (launcher.path, launcher.count, kernel.path[-1]) == (("launcher",), 5, "flash_attention_kernel")
    assert launcher.time_ms == kernel.time_ms == 1.545248 and rival.time_ms == 0.269216


@pytest.mark.parametrize("text", ["{}", "no JSON"])
def test_what_is_no_tree_of_protons_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.hatchet").write_text(text)
    with pytest.raises(ValueError):
        scopes_of(tmp_path / "a.hatchet")


# What is said


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (CALL, ["The GPU works nearly all the time"]),
        (replace(CALL, gpu_us=20.0, launcher_us=95.0), ["the Python around the kernel costs more than the kernel"]),
        (replace(CALL, gpu_us=20.0), []),
        (replace(CALL, gpu_us=60.0, launches=3, gaps_us=40.0), ["launches 3 kernels, and the GPU waits 40 µs"]),
        (replace(CALL, gpu_us=60.0, copies=2, copied_bytes=8192), ["copies or sets memory 2 times, 8,192 bytes"]),
        (replace(CALL, gpu_us=60.0, api=(("cudaStreamSynchronize", 30.0),)), ["30 µs of each call in cudaStreamSynchronize"]),
    ],
    ids=["busy", "the launcher is slower", "idle, for a reason that nothing shows", "gaps", "copies", "waits"],
)  # fmt: skip
def test_only_what_the_figures_carry_is_said(found: Figures, words: list[str]) -> None:
    told = sentences(found)
    assert len(told) == len(words) and all(word in one for word, one in zip(words, told, strict=True))


def test_why_warps_waited_is_said_of_the_largest_reason_in_words() -> None:
    stalls = (Stall("long_scoreboard", 3.0), Stall("wait", 1.0))
    assert "Of the warps that wait, 75% wait for data from global memory" in " ".join(
        advice(replace(KERNEL, stalls=stalls))
    )
    assert "(new_reason, in the profiler's word)" in " ".join(
        advice(replace(KERNEL, stalls=(Stall("new_reason", 1.0),)))
    )
    assert all(not says.endswith(".") for says in STALLS.values())


def test_bank_conflicts_l2_misses_and_wgmma_have_a_sentence_each_where_they_count() -> None:
    counted = replace(KERNEL, bank_conflicts=0.4, l2_hits=0.3, memory=0.6, wgmma=0.031)
    told = " ".join(advice(counted))
    assert "40% of the passes over shared memory" in told and "The L2 held 30%" in told and "3.1% are wgmma" in told
    assert "bank" not in " ".join(advice(replace(counted, bank_conflicts=0.05)))
    assert "The L2" not in " ".join(advice(replace(counted, memory=0.1)))


# Since the profile before


def test_what_changed_is_told_and_what_wanders_is_not() -> None:
    before = KeptProfile("1", "ncu", WORK, (KERNEL,), CALL)
    faster = replace(KERNEL, registers=128, tensor=0.71, time_ms=0.0202)
    now = replace(
        before, when="2", kernels=(faster, replace(KERNEL, kernel="new")), figures=replace(CALL, launcher_us=20.0)
    )
    assert changes(before, now, "→") == [
        "a call: the launcher takes 40.0 → 20.0 µs",
        "first: registers 172 → 128, tensor cores 59 → 71 %",
    ]
    assert changes(before, before, "→") == []


def test_the_profile_before_is_the_latest_of_the_same_tool_size_and_gpu(tmp_path: Path) -> None:
    kept = [
        KeptProfile("2026-01-01", "ncu", WORK, (KERNEL,)),
        KeptProfile("2026-01-02", "ncu", WORK, (replace(KERNEL, stalls=(Stall("wait", 1.0),)),), CALL),
        KeptProfile("2026-01-03", "nsys", WORK, (), CALL),
        KeptProfile("2026-01-04", "ncu", replace(WORK, size="S 1024")),
        KeptProfile("2026-01-05", "ncu", replace(WORK, gpu="NVIDIA A100")),
    ]
    for one in kept:
        profiles.keep(tmp_path / f"flash-attention-{one.when}", one)
    (tmp_path / "flash-attention-2026-01-06.record").write_text("damaged")
    now = KeptProfile("2026-01-07", "ncu", WORK)
    assert profiles.before(tmp_path, "flash-attention", now) == kept[1]
    assert profiles.before(tmp_path, "attention", now) is None


# The page


def test_the_page_draws_the_calls_and_the_place_under_the_roof_and_needs_no_network(tmp_path: Path) -> None:
    events = nsight_systems.events_of(database(tmp_path / "a.sqlite"))
    measured = replace(KERNEL, kernel="<first>", dram_bytes=5 * 10**6)
    profile = KeptProfile("now", "nsys", WORK, (measured,), figures(events))
    text = profile_page.render(LEVELS[7], profile, "Nsight Systems", events, ["registers 172 → 128"])
    assert text.count('<rect class="kernel"') == 4 and text.count('<rect class="range"') == 2
    assert "<title>first: 20.0 µs</title>" in text and "warm" not in text and "rivals" not in text
    assert (
        "counted: 25.0 TFLOP/s at 1,000.0 FLOP a byte" in text and "measured: 25.0 TFLOP/s at 200.0 FLOP a byte" in text
    )
    assert "registers 172 → 128" in text and "&lt;first&gt;" in text and "<first>" not in text
    assert "http" not in text and "<script" not in text


def test_a_page_without_a_timeline_or_known_peaks_draws_what_there_is() -> None:
    profile = KeptProfile(
        "now", "proton", replace(WORK, gpu="a new GPU"), (KERNEL,), None, (Scope(("launcher",), 1.0, 3),)
    )
    text = profile_page.render(LEVELS[7], profile, "Proton", [Event(Kind.SYSTEM, "poll", 1, 2)], [])
    assert "<svg" not in text and "launcher" in text
