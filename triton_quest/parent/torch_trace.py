"""The trace of PyTorch's profiler, in Chrome's format: what the launcher's calls did, when."""

from __future__ import annotations

import json
from pathlib import Path

from triton_quest.records.profiling import Event, Kind

_KINDS = {
    "kernel": Kind.KERNEL,
    "gpu_memcpy": Kind.COPY,
    "gpu_memset": Kind.COPY,
    "cuda_runtime": Kind.API,
    "cuda_driver": Kind.API,
    "user_annotation": Kind.RANGE,
}


def events_of(trace: Path) -> list[Event]:
    """Everything that took time. Raises ValueError for what is no such trace."""
    found = []
    for event in json.loads(trace.read_text(encoding="utf-8")).get("traceEvents", ()):
        kind = _KINDS.get(event.get("cat", ""))
        if kind is None or "dur" not in event:
            continue
        told, start = event.get("args", {}), round(1000 * float(event["ts"]))
        end = start + round(1000 * float(event["dur"]))
        found.append(Event(kind, event["name"], start, end, int(told.get("correlation", 0)), int(told.get("bytes", 0))))
    return found
