"""What a profiler saw of a kernel: the few numbers that a learner can act on, each with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from triton_quest.course.level import Level
from triton_quest.records.profiling import Figures, KeptProfile, Profiled, Scope
from triton_quest.report import timeline
from triton_quest.report.profile_advice import advice
from triton_quest.screen.console import Glyphs


def profiled(
    level: Level, profile: KeptProfile, by: str, report: str, changes: Sequence[str], g: Glyphs
) -> RenderableType:
    """Tables of what was seen, advice, what has changed since the profile before, and where the trace is kept."""
    heading = Text(f"Level {level.number}, {level.title}", "heading")
    heading.append(f"   {profile.workload.size} under {by}, {profile.workload.gpu}", "soft")
    parts: list[RenderableType] = [heading]
    if profile.figures is not None:
        parts += [Text(), _figures(profile.figures)]
    if profile.scopes:
        parts += [Text(), _scopes(profile.scopes)]
    if profile.kernels:
        parts += [Text(), _table(profile.kernels)]
    told = says(profile)
    parts += [Text(), *(Text(f"{g.skipped} {line}") for line in told)] if told else []
    if changes:
        parts += [Text(), Text("Since the profile before", "heading"), *(Text(f"  {line}") for line in changes)]
    trace = Text("The trace: ", no_wrap=True, overflow="ignore").append(report, "place")
    return Group(*parts, Text(), trace)


def says(profile: KeptProfile) -> list[str]:
    """What stands out of all that was seen, each sentence once."""
    of_the_call = timeline.sentences(profile.figures) if profile.figures is not None else []
    of_kernels = [line for kernel in profile.kernels for line in advice(kernel)]
    return list(dict.fromkeys([*of_the_call, *of_kernels]))


def _figures(found: Figures) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="soft")
    us = "{:,.1f} µs".format
    rows = [
        ("from call to call", us(found.between_us), f"{found.calls} calls, one after the other"),
        ("the GPU works", us(found.gpu_us), f"{found.busy:.0%} of it"),
        ("the launcher takes", us(found.launcher_us), "of the CPU, until it returns"),
        ("gaps", us(found.gaps_us), "between one thing that the GPU does for a call and the next"),
        ("kernels", f"{found.launches:g}", "launched in a call"),
        ("copies", f"{found.copies:g}", f"{found.copied_bytes:,.0f} bytes in a call"),
        ("longest kernel", us(found.longest_us), found.longest),
    ]
    rows += [("in CUDA's", us(each), name) for name, each in found.api]
    rows += [("in the system's", us(each), name) for name, each in found.system]
    for name, number, what in rows:
        table.add_row(f"  {name}", number, what)
    return table


def _scopes(scopes: Sequence[Scope]) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="soft")
    table.add_column("scope", overflow="fold", min_width=14)
    for name in ("calls", "time", "TFLOP/s", "GB/s"):
        table.add_column(name, justify="right", no_wrap=True)
    for scope in scopes:
        rates = [f"{rate:,.0f}" if rate else "-" for rate in (scope.tflops, scope.gbs)]
        name = "  " * (len(scope.path) - 1) + scope.path[-1]
        table.add_row(name[:48], str(scope.count), _time(scope.time_ms), *rates)
    return table


def _table(kernels: Sequence[Profiled]) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="soft")
    table.add_column("kernel", overflow="fold", min_width=14)
    for name in ("time", "registers", "shared", "warps", "memory", "compute", "tensor"):
        table.add_column(name, justify="right", no_wrap=True)
    for kernel in kernels:
        shares = [_share(share) for share in (kernel.occupancy, kernel.memory, kernel.compute, kernel.tensor)]
        table.add_row(
            kernel.kernel[:40], _time(kernel.time_ms), str(kernel.registers), f"{kernel.shared_bytes:,} B", *shares
        )
    return table


def _time(ms: float) -> str:
    return f"{ms * 1000:,.1f} µs" if ms < 1 else f"{ms:,.2f} ms"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
