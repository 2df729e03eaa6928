"""What has changed from one profile of a level to the next, in a line a kernel: "registers 172 → 128, tensor cores 59 → 71 %". Pure."""

from __future__ import annotations

from collections.abc import Sequence

from triton_quest.records.profiling import KeptProfile, Profiled

NOISE = 0.03  # relative: times of one kernel wander by as much
SHARES = {
    "occupancy": "warps",
    "memory": "memory",
    "compute": "compute",
    "tensor": "tensor cores",
    "wgmma": "wgmma",
    "l2_hits": "L2 hits",
    "bank_conflicts": "bank conflicts",
}


def changes(before: KeptProfile, now: KeptProfile, arrow: str) -> list[str]:
    """What differs between two profiles of one size by one tool: a line for the call, and one for each kernel that both have."""
    lines = _of_kernels(before.kernels, now.kernels, arrow)
    if before.figures is None or now.figures is None:
        return lines
    pairs = {"the GPU works": "gpu_us", "the launcher takes": "launcher_us", "from call to call": "between_us"}
    told = [
        f"{name} {first:,.1f} {arrow} {second:,.1f} µs"
        for name, field in pairs.items()
        if _moved(first := getattr(before.figures, field), second := getattr(now.figures, field))
    ]
    return [f"a call: {', '.join(told)}", *lines] if told else lines


def _moved(first: float, second: float) -> bool:
    return first > 0 and abs(second - first) > NOISE * first


def _of_kernels(before: Sequence[Profiled], now: Sequence[Profiled], arrow: str) -> list[str]:
    older = {kernel.kernel: kernel for kernel in before}
    lines = []
    for kernel in now:
        old = older.get(kernel.kernel)
        changed = _changed(old, kernel, arrow) if old is not None and old.size == kernel.size else []
        if changed:
            lines.append(f"{kernel.kernel}: {', '.join(changed)}")
    return lines


def _changed(old: Profiled, new: Profiled, arrow: str) -> list[str]:
    told = []
    if _moved(old.time_ms, new.time_ms):
        told.append(f"time {old.time_ms * 1e3:,.1f} {arrow} {new.time_ms * 1e3:,.1f} µs")
    for field, name, unit in (("registers", "registers", ""), ("shared_bytes", "shared memory", " bytes")):
        first, second = getattr(old, field), getattr(new, field)
        if first != second:
            told.append(f"{name} {first:,} {arrow} {second:,}{unit}")
    for field, name in SHARES.items():
        first, second = getattr(old, field), getattr(new, field)
        if first is not None and second is not None and round(100 * first) != round(100 * second):
            told.append(f"{name} {100 * first:.0f} {arrow} {100 * second:.0f} %")
    return told
