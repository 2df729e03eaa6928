"""Nsight Compute: the command line, and what its table of numbers says. Pure.

Metrics that not every GPU or version has are asked for by the sections that hold them, and looked for among the columns that came.
"""

from __future__ import annotations

import csv
import json
import re
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
SECTIONS = ("WarpStateStats", "MemoryWorkloadAnalysis", "MemoryWorkloadAnalysis_Tables", "ComputeWorkloadAnalysis")
_STALL = re.compile(r"smsp__average_warps?_(?:latency_)?issue_stalled_(?P<reason>\w+?)_per_issue_active")
_NO_REASON = frozenset({"selected"})  # the warp whose instruction was issued
_WGMMA = re.compile(r"sm__\w*pipe_tensor\w*gmma\w*\.\S*pct_of_peak_sustained_active")
_L2_HITS = re.compile(r"lts__(?:average_)?t_sectors?_hit_rate\.pct")
_CONFLICTS = re.compile(r"l1tex__data_bank_conflicts_pipe_lsu_mem_shared\.sum")
_PASSES = re.compile(r"l1tex__data_pipe_lsu_wavefronts_mem_shared\.sum")
_DRAM = re.compile(r"dram__bytes(?P<way>_read|_write)?\.sum")
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
    metrics = ["--metrics", ",".join(METRICS.values()), "--export", str(report), "--print-summary", "none"]
    sections = [word for name in SECTIONS for word in ("--section", name)]
    return ["ncu", *options, *metrics, *sections, *child_program("triton_quest.child.measure.profile_kernel"), job]


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

    def share(pattern: re.Pattern[str]) -> float | None:
        return next((_number(row, units, name) for name in row if pattern.fullmatch(name)), None)

    conflicts, passes = share(_CONFLICTS), share(_PASSES)
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
        wgmma=share(_WGMMA),
        l2_hits=share(_L2_HITS),
        bank_conflicts=conflicts / passes if conflicts is not None and passes else None,
        dram_bytes=_dram_bytes(row, units),
        stalls=_stalls(row, units),
    )


def _number(row: Mapping[str, str], units: Mapping[str, str], name: str) -> float | None:
    """A cell in our unit; None where there is no number."""
    try:
        number = float(row.get(name, "").replace(",", ""))
    except ValueError:
        return None
    return number * {**UNIT_FACTORS, **BYTES}.get(units.get(name, ""), 1.0)


def _dram_bytes(row: Mapping[str, str], units: Mapping[str, str]) -> int | None:
    found = {match["way"] or "": _number(row, units, name) for name in row if (match := _DRAM.fullmatch(name))}
    parts = [found[""]] if found.get("") is not None else [found.get("_read"), found.get("_write")]
    return None if None in parts else int(sum(part for part in parts if part is not None))


def _stalls(row: Mapping[str, str], units: Mapping[str, str]) -> tuple[Stall, ...]:
    """The reasons why warps waited, the largest first."""
    found: dict[str, float] = {}
    for name in row:
        match = _STALL.match(name)
        number = _number(row, units, name) if match else None
        if match and number and match["reason"] not in _NO_REASON:
            found[match["reason"]] = max(number, found.get(match["reason"], 0.0))
    return tuple(Stall(*item) for item in sorted(found.items(), key=lambda item: -item[1]))
