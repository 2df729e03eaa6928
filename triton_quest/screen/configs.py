"""The configs of tuned kernels as a table: how fast each is at a size, and what it takes of the GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from triton_quest.machine.targets import Target, find
from triton_quest.records.measured import Compiled
from triton_quest.records.race import ConfigTiming
from triton_quest.report import configs as report
from triton_quest.report.occupancy import estimate
from triton_quest.screen.console import Glyphs

TAKES = ("warps", "stages", "registers", "spilled", "shared KB", "occupancy")
SHOWN = 2  # sizes that have a table of their own: the first and the last


def raced(configs: Sequence[ConfigTiming], g: Glyphs) -> list[RenderableType]:
    """A table for the first and for the last size, and a line for each that says what the tuner took."""
    sizes = list(dict.fromkeys(one.size for one in configs))
    parts: list[RenderableType] = []
    for size in sizes if len(sizes) <= SHOWN else (sizes[0], sizes[-1]):
        spread = report.spread(configs, size)
        heading = Text(f"Every config at {size}", "heading")
        heading.append(f"   the slowest takes {spread:.1f} times as long as the fastest" if spread else "", "soft")
        parts += [Text(), heading, Text(), _times(report.at(configs, size), g)]
        parts += [Text(report.choice(configs, size), "soft")]
    return parts


def _times(rows: Sequence[ConfigTiming], g: Glyphs) -> Table:
    names = report.varying(one.constants for one in rows)
    table = _table(names, ("time", "TFLOP/s", *TAKES))
    for one in rows:
        style = "good" if one.taken else "" if one.time_ms else "soft"
        mark = f" {g.star}" if one.taken else ""
        measured = [f"{one.time_ms:.3f} ms", f"{one.tflops:.0f}"] if one.time_ms else ["-", "-"]
        target = find(one.arch)
        takes = _taken(one, target) if one.registers else [str(one.warps), str(one.stages)]
        says = [Text(one.says, "soft")] if one.says else []
        cells = [*measured, *takes, *[""] * (len(TAKES) - len(takes))]
        table.add_row(
            Text(f"{one.place}{mark}", style), Text(report.tile(one.constants, names), style),
            *(Text(cell, style) for cell in cells), *says,
        )  # fmt: skip
    return table


def compiled(kernels: Sequence[Compiled], target: Target) -> RenderableType:
    """What each config was compiled to, for one GPU."""
    names = report.varying(one.constants for one in kernels)
    table = _table(names, TAKES)
    for one in kernels:
        style = "bad" if one.spilled_bytes else ""
        number = one.config.split()[1] if one.config else ""
        cells = [number, report.tile(one.constants, names), *_taken(one, target)]
        table.add_row(*(Text(cell, style) for cell in cells))
    return Group(Text(f"{target.name} ({target.chip})", "soft"), table)


def by_target(kernels: Sequence[Compiled]) -> Mapping[str, list[Compiled]]:
    """The configs of each target, in the order of the list."""
    found: dict[str, list[Compiled]] = {}
    for one in kernels:
        found.setdefault(one.target, []).append(one)
    return found


def _table(names: Sequence[str], columns: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="soft")
    table.add_column("config", no_wrap=True)
    table.add_column(_heading(names), no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    return table


def _heading(names: Sequence[str]) -> str:
    """ "BLOCK_MxNxK": what the names share is said once"""
    first = names[0].rpartition("_")[0] if names else ""
    if first and all(name.startswith(f"{first}_") for name in names):
        return f"{first}_" + "x".join(name.removeprefix(f"{first}_") for name in names)
    return "x".join(names)


def _taken(one: ConfigTiming | Compiled, target: Target | None) -> list[str]:
    spilled = str(one.spilled_bytes) if one.spilled_bytes else "-"
    occupancy = estimate(one, target) if target else None
    return [
        str(one.warps),
        str(one.stages),
        str(one.registers),
        spilled,
        f"{one.shared_bytes / 1024:.0f}",
        f"{occupancy.warps} of {occupancy.most}" if occupancy else "-",
    ]
