"""Nsight Compute, where it is installed: the command line, and what its table of numbers says. Pure but for `is_here`."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from triton_quest.course.level import Level
from triton_quest.parent.process import child_program
from triton_quest.records.race import Profiled

METRICS = {  # field of `Profiled`: Nsight Compute's name
    "time_ms": "gpu__time_duration.sum",
    "registers": "launch__registers_per_thread",
    "shared_bytes": "launch__shared_mem_per_block",
    "occupancy": "sm__warps_active.avg.pct_of_peak_sustained_active",
    "memory": "dram__throughput.avg.pct_of_peak_sustained_elapsed",
    "compute": "sm__throughput.avg.pct_of_peak_sustained_elapsed",
    "tensor": "sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active",
}
UNIT_FACTORS = {"ns": 1e-6, "nsecond": 1e-6, "us": 1e-3, "usecond": 1e-3, "ms": 1.0, "msecond": 1.0, "%": 0.01}
BYTES = {"byte/block": 1, "Kbyte/block": 1e3, "Mbyte/block": 1e6}


def is_here() -> bool:
    return shutil.which("ncu") is not None


def command(level: Level, file: Path, size: str | None, report: Path) -> list[str]:
    """Profiles one call of the launcher, keeps the report, and prints one line of CSV for each kernel and metric."""
    job = json.dumps({"level": level.as_row(), "file": str(file), "size": size})
    options = ["--profile-from-start", "off", "--clock-control", "none", "--csv", "--page", "raw", "--force-overwrite"]
    metrics = ["--metrics", ",".join(METRICS.values()), "--export", str(report), "--print-summary", "none"]
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
        name = METRICS[field]
        text = row.get(name, "").replace(",", "")
        if not text:
            return None
        unit = units.get(name, "")
        return float(text) * {**UNIT_FACTORS, **BYTES}.get(unit, 1.0)

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
    )
