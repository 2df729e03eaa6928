"""Nsight Compute: the command line, and what its table of numbers says. Pure.

Metrics that this GPU doesn't have are left out of the table by Nsight Compute, without an error.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from triton_quest.course.level import Level
from triton_quest.parent.process import child_program
from triton_quest.records.profiling import Profiled, Stall

METRICS = {  # field of `Profiled`: Nsight Compute's name
    "time_ms": "gpu__time_duration.sum",
    "registers": "launch__registers_per_thread",
    "shared_bytes": "launch__shared_mem_per_block",
    "occupancy": "sm__warps_active.avg.pct_of_peak_sustained_active",
    "memory": "dram__throughput.avg.pct_of_peak_sustained_elapsed",
    "compute": "sm__throughput.avg.pct_of_peak_sustained_elapsed",
    "tensor": "sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active",
}
REASONS = (  # why a warp waits, in Nsight Compute's words
    "barrier", "branch_resolving", "dispatch_stall", "drain", "gmma", "imc_miss", "lg_throttle", "long_scoreboard", "math_pipe_throttle",
    "membar", "mio_throttle", "misc", "no_instruction", "not_selected", "short_scoreboard", "sleeping", "tex_throttle", "wait",
)  # fmt: skip
STALL = "smsp__average_warps_issue_stalled_{}_per_issue_active.ratio"
L2_HITS, DRAM_BYTES = "lts__t_sector_hit_rate.pct", "dram__bytes.sum"
CONFLICTS, PASSES = (
    "l1tex__data_bank_conflicts_pipe_lsu_mem_shared.sum",
    "l1tex__data_pipe_lsu_wavefronts_mem_shared.sum",
)
WGMMA, INSTRUCTIONS = "smsp__inst_executed_pipe_tensor_op_gmma.sum", "smsp__inst_executed.sum"
COUNTERS = (L2_HITS, DRAM_BYTES, CONFLICTS, PASSES, WGMMA, INSTRUCTIONS, *map(STALL.format, REASONS))
NO_PERMISSION = "ERR_NVGPUCTRPERM"
UNIT_FACTORS = {"ns": 1e-6, "nsecond": 1e-6, "us": 1e-3, "usecond": 1e-3, "ms": 1.0, "msecond": 1.0, "%": 0.01}
BYTES = {
    **{f"{prefix}byte/block": factor for prefix, factor in (("", 1), ("K", 1e3), ("M", 1e6))},
    **{f"{prefix}byte": factor for prefix, factor in (("", 1), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12))},
}


def command(level: Level, file: Path, size: str | None, report: Path) -> list[str]:
    """Profiles one call of the launcher, keeps the report, and prints one line of CSV for each kernel and metric."""
    job = json.dumps({"level": level.as_row(), "file": str(file), "size": size, "tool": "ncu"})
    options = ["--profile-from-start", "off", "--clock-control", "none", "--csv", "--page", "raw", "--force-overwrite"]
    names = ",".join((*METRICS.values(), *COUNTERS))
    metrics = ["--metrics", names, "--export", str(report), "--print-summary", "none"]
    return ["ncu", *options, *metrics, *child_program("triton_quest.child.measure.profile_kernel"), job]


def kernels_of(lines: Iterable[str], size: str) -> list[Profiled]:
    """The kernels of the raw page: a row of names, a row of units, a row for each launch."""
    table = list(csv.reader(line for line in lines if line.startswith('"')))
    if len(table) < 3:
        return []
    names, units = table[0], table[1]
    return [
        _kernel(dict(zip(names, row, strict=False)), dict(zip(names, units, strict=False)), size) for row in table[2:]
    ]


def _kernel(row: dict[str, str], units: dict[str, str], size: str) -> Profiled:
    def value(field: str) -> float | None:
        return _number(row, units, METRICS[field])

    def share(part: str, whole: str) -> float | None:
        first, second = _number(row, units, part), _number(row, units, whole)
        return first / second if first is not None and second else None

    moved = _number(row, units, DRAM_BYTES)
    grid = tuple(int(part) for part in row.get("Grid Size", "").strip("() ").split(",") if part.strip().isdigit())
    return Profiled(
        kernel=row.get("Kernel Name", "?"),
        size=size,
        time_ms=value("time_ms") or 0.0,
        launches=1,
        registers=int(value("registers") or 0),
        shared_bytes=int(value("shared_bytes") or 0),
        occupancy=value("occupancy") or 0.0,
        grid=grid,
        memory=value("memory"),
        compute=value("compute"),
        tensor=value("tensor"),
        wgmma=share(WGMMA, INSTRUCTIONS),
        l2_hits=_number(row, units, L2_HITS),
        bank_conflicts=share(CONFLICTS, PASSES),
        dram_bytes=None if moved is None else int(moved),
        stalls=_stalls(row, units),
    )


def _number(row: Mapping[str, str], units: Mapping[str, str], name: str) -> float | None:
    """A cell in our unit; None where there is no number."""
    try:
        number = float(row.get(name, "").replace(",", ""))
    except ValueError:
        return None
    return number * {**UNIT_FACTORS, **BYTES}.get(units.get(name, ""), 1.0)


def _stalls(row: Mapping[str, str], units: Mapping[str, str]) -> tuple[Stall, ...]:
    """The reasons why warps waited, the largest first."""
    found = {reason: _number(row, units, STALL.format(reason)) or 0.0 for reason in REASONS}
    return tuple(Stall(*item) for item in sorted(found.items(), key=lambda item: -item[1]) if item[1])
