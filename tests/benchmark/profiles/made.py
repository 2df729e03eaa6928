"""The same two calls of a launcher as three profilers write them down: a copy and two kernels each, 100 µs from call to call.

In µs, from the beginning of a call: the launcher returns after 40; the copy works from 50 to 60, `first` from 60 to 80 and
`second` from 85 to 95. Before them stand a warm-up with a launch of its own, and behind them a rival's.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

CALLS = (1000, 1100)  # when they begin
RANGES = [("inputs", 0, 50), ("warm-up", 100, 900), *(("launcher", t, t + 40) for t in CALLS), ("eager", 1300, 1400)]
API = [  # name, start, end, correlation
    ("cuLaunchKernelEx", 110, 115, 1),
    *((name, t + 5 + 10 * i, t + 9 + 10 * i, t + i) for t in CALLS for i, name in enumerate(
        ("cudaMemcpyAsync", "cuLaunchKernelEx", "cuLaunchKernelEx"))),
    ("cudaLaunchKernel", 1310, 1315, 5),
]  # fmt: skip
KERNELS = [  # name, start, end, correlation
    ("warm", 120, 200, 1),
    *(one for t in CALLS for one in (("first", t + 60, t + 80, t + 1), ("second", t + 85, t + 95, t + 2))),
    ("rivals", 1320, 1390, 5),
]
COPIES = [(t + 50, t + 60, t, 4096) for t in CALLS]
SYSTEM = [("poll", 1010, 1012), ("read", 20, 30)]


def database(path: Path, *, without: tuple[str, ...] = ()) -> Path:
    """An export of Nsight Systems with the tables that its documentation describes, of them the columns that are read and some more."""
    names = sorted({row[0] for rows in (API, KERNELS, SYSTEM, RANGES) for row in rows})
    number = {name: place + 1 for place, name in enumerate(names)}
    tables: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
        "StringIds": ("id INTEGER, value TEXT", [(number[name], name) for name in names]),
        "CUPTI_ACTIVITY_KIND_KERNEL": (
            "start INTEGER, end INTEGER, deviceId INTEGER, correlationId INTEGER, shortName INTEGER, gridX INTEGER",
            [(1000 * s, 1000 * e, 0, c, number[name], 64) for name, s, e, c in KERNELS],
        ),
        "CUPTI_ACTIVITY_KIND_RUNTIME": (
            "start INTEGER, end INTEGER, globalTid INTEGER, correlationId INTEGER, nameId INTEGER",
            [(1000 * s, 1000 * e, 7, c, number[name]) for name, s, e, c in API],
        ),
        "CUPTI_ACTIVITY_KIND_MEMCPY": (
            "start INTEGER, end INTEGER, correlationId INTEGER, bytes INTEGER, copyKind INTEGER",
            [(1000 * s, 1000 * e, c, size, 8) for s, e, c, size in COPIES],
        ),
        "OSRT_API": (
            "start INTEGER, end INTEGER, globalTid INTEGER, nameId INTEGER",
            [(1000 * s, 1000 * e, 7, number[name]) for name, s, e in SYSTEM],
        ),
        "NVTX_EVENTS": (
            "start INTEGER, end INTEGER, eventType INTEGER, text TEXT, textId INTEGER, globalTid INTEGER",
            [  # a name stands in the row itself, or in StringIds; a mark has no end
                *((1000 * s, 1000 * e, 59, name, None, 7) for name, s, e in RANGES if name != "launcher"),
                *((1000 * s, 1000 * e, 59, None, number[name], 7) for name, s, e in RANGES if name == "launcher"),
                (5, None, 34, "a mark", None, 7),
            ],
        ),
    }  # fmt: skip
    with closing(sqlite3.connect(path)) as opened, opened:
        for name, (columns, rows) in tables.items():
            if name not in without:
                opened.execute(f"CREATE TABLE {name} ({columns})")
                opened.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns.split(',')))})", rows)
    return path


def torch_trace(path: Path) -> Path:
    """A trace of PyTorch's profiler."""

    def event(cat: str, name: str, start: int, end: int, **args: Any) -> dict[str, Any]:
        return {"ph": "X", "cat": cat, "name": name, "ts": float(start), "dur": float(end - start), "args": args}

    shape = {"registers per thread": 64, "shared memory": 1024, "est. achieved occupancy %": 50, "grid": [64, 1, 1]}
    events = [
        *(event("user_annotation", *row) for row in RANGES),
        *(
            event("cuda_driver" if row[0].startswith("cu") else "cuda_runtime", *row[:3], correlation=row[3])
            for row in API
        ),
        *(event("kernel", name, s, e, correlation=c, **shape) for name, s, e, c in KERNELS),
        *(event("gpu_memcpy", "Memcpy DtoD", s, e, correlation=c, bytes=size) for s, e, c, size in COPIES),
        {"ph": "M", "name": "process_name", "args": {"name": "python"}},
    ]
    path.write_text(json.dumps({"schemaVersion": 1, "traceEvents": events}))
    return path


def proton_tree(path: Path) -> Path:
    """A tree of Proton's: scopes with the FLOPs that were counted, kernels with their time."""

    def node(name: str, *children: Any, **metrics: Any) -> dict[str, Any]:
        told = {key.replace("_ns", " (ns)"): value for key, value in metrics.items()}
        return {"frame": {"name": name, "type": "function"}, "metrics": told, "children": list(children)}

    kernels = [
        node("first", count=10, time_ns=200_000),
        node("second", count=10, time_ns=100_000, flops16=5e9, bytes=3e6),
    ]
    metadata = node("__proton_launch_metadata", node("cast", count=10, time_ns=999))
    root = node(
        "ROOT",
        node("launcher", *kernels, metadata, flops=6e9, bytes=9e6),
        node("sdpa", node("flash", count=1, time_ns=50_000)),
    )
    device = {"CUDA": {"0": {"arch": "90", "num_sms": 132}}}
    path.write_text(json.dumps([root, device]))
    return path
