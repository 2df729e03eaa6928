"""What a profiler saw of a kernel: the few numbers that a learner can act on, each with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from triton_quest.course.level import Level
from triton_quest.records.race import Profiled
from triton_quest.screen.console import Glyphs

BUSY, IDLE, FEW_WARPS, MANY_REGISTERS = 0.8, 0.4, 0.25, 200


def profiled(level: Level, kernels: Sequence[Profiled], by: str, report: str, g: Glyphs) -> RenderableType:
    """A table of the kernels, advice, and where the trace is kept."""
    sizes = ", ".join(dict.fromkeys(kernel.size for kernel in kernels if kernel.size))
    heading = Text(f"Level {level.number}, {level.title}", "heading")
    heading.append(f"   {sizes or 'its largest size'} under {by}", "soft")
    parts: list[RenderableType] = [heading, Text(), _table(kernels), Text()]
    parts += [
        Text(f"{g.skipped} {line}") for line in dict.fromkeys(line for kernel in kernels for line in advice(kernel))
    ]
    trace = Text("The trace: ", no_wrap=True, overflow="ignore").append(report, "place")
    return Group(*parts, Text(), trace)


def _table(kernels: Sequence[Profiled]) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="soft")
    table.add_column("kernel", overflow="fold", min_width=14)
    for name in ("time", "registers", "shared", "warps", "memory", "compute", "tensor"):
        table.add_column(name, justify="right", no_wrap=True)
    for kernel in kernels:
        shares = [_share(share) for share in (kernel.occupancy, kernel.memory, kernel.compute, kernel.tensor)]
        time = f"{kernel.time_ms * 1000:,.1f} µs" if kernel.time_ms < 1 else f"{kernel.time_ms:,.2f} ms"
        table.add_row(kernel.kernel[:40], time, str(kernel.registers), f"{kernel.shared_bytes:,} B", *shares)
    return table


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def advice(kernel: Profiled) -> list[str]:
    """What stands out, and what one changes about it."""
    told = []
    if kernel.memory is not None and kernel.memory >= BUSY:
        told.append("The memory is busy: only fewer bytes would make it faster.")
    if kernel.tensor is not None and kernel.tensor >= BUSY:
        told.append("The tensor cores are busy: it is about as fast as it gets.")
    idle = kernel.memory is not None and kernel.compute is not None and max(kernel.memory, kernel.compute) < IDLE
    if idle:
        told.append(
            "Neither memory nor arithmetic is busy: it waits. More warps, or a larger num_stages, hide waiting."
        )
    if 0 < kernel.occupancy < FEW_WARPS and not told:
        told.append("Few warps are there at once: smaller tiles or fewer registers let in more programs.")
    if kernel.registers >= MANY_REGISTERS:
        told.append(
            f"{kernel.registers} registers a thread are near the most there is, 255: `compile` says whether they spill."
        )
    return told or ["Nothing stands out: `benchmark` says how far from the bound it is."]
