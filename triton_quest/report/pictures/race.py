"""Draws races as a picture, PNG or SVG by the file's name: a panel a level, a bar for each contender at each size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from triton_quest.course.level import Level
from triton_quest.records.race import YOURS, ConfigTiming, Timing
from triton_quest.report.pictures import landscape
from triton_quest.report.pictures.traffic import DPI, INK, PALE, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {YOURS: "#c0392b", "eager": "#aab7b8", "compile": "#7fb3d5", "cudnn": "#1e8449", "flash": "#d68910"}
MORE_COLOURS = ("#5b2c6f", "#2e4053", "#a04000", "#117864")
PANEL_WIDTH, PANEL_HEIGHT, A_ROW = 6.4, 3.4, 2
MANY = 8  # sizes, from which on they are labelled smaller


def save(
    path: Path,
    races: Mapping[Level, Sequence[Timing]],
    gpu: str,
    note: str = "",
    configs: Mapping[Level, Sequence[ConfigTiming]] | None = None,
) -> None:
    """Write the picture of all races to `path`, with a panel more for the `configs` of a level that is tuned.

    `note` stands below, for the date and the versions.
    """
    import matplotlib
    from matplotlib.figure import Figure

    landscapes = {level: found for level, found in (configs or {}).items() if any(one.time_ms for one in found)}
    parts = [(level, part) for level, timings in races.items() for part in by_unit(timings)]
    count = len(parts) + len(landscapes)
    rows = -(-count // A_ROW)
    columns = min(A_ROW, count)
    with matplotlib.rc_context():
        for name, value in STYLE.items():
            matplotlib.rcParams[name] = value
        figure = Figure(figsize=(PANEL_WIDTH * columns, PANEL_HEIGHT * rows + 0.6))
        figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
        panels = figure.subplots(rows, columns, squeeze=False).flatten()
        figure.suptitle(f"Against PyTorch on the {gpu}", x=0.01, ha="left", fontsize=13, fontweight="bold")
        for panel, (level, part) in zip(panels, parts, strict=False):
            _panel(panel, level, part)
        for panel, (level, found) in zip(panels[len(parts) :], landscapes.items(), strict=False):
            landscape.draw(panel, level, found)
        for panel in panels[count:]:
            panel.set_axis_off()
        if note:
            figure.supxlabel(note, fontsize=8, color=INK, x=0.01, ha="left")
        figure.savefig(path, dpi=DPI)


def by_unit(timings: Sequence[Timing]) -> list[list[Timing]]:
    """The timings in TFLOP/s and those in GB/s, which stand on no common axis; a level's first kind first."""
    kinds = dict.fromkeys(bool(timing.flops) for timing in timings)
    return [[timing for timing in timings if bool(timing.flops) is kind] for kind in kinds]


def _panel(axes: Axes, level: Level, timings: Sequence[Timing]) -> None:
    sizes = list(dict.fromkeys(timing.size for timing in timings))
    names = list(dict.fromkeys(timing.contender for timing in timings))
    width = 0.84 / len(names)
    for number, name in enumerate(names):
        mine = {timing.size: timing for timing in timings if timing.contender == name}
        places = [place for place, size in enumerate(sizes) if size in mine]
        heights = [_rate(mine[sizes[place]]) for place in places]
        at = [place - 0.42 + (number + 0.5) * width for place in places]
        colour = COLOURS.get(name) or MORE_COLOURS[number % len(MORE_COLOURS)]
        axes.bar(at, heights, width * 0.92, color=colour, label=name)
    unit = "TFLOP/s" if timings[0].flops else "GB/s of the least bytes"
    axes.set_title(f"{level.number}. {level.title}", loc="left", fontsize=10.5, fontweight="bold")
    axes.set_ylabel(unit)
    axes.set_xticks(
        range(len(sizes)), [landscape.broken(size) for size in sizes], fontsize=7.5 if len(sizes) < MANY else 5.5
    )
    axes.grid(axis="y", color=PALE, linewidth=0.5, alpha=0.6)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, fontsize=7.5, ncols=3, loc="upper left")
    axes.set_ylim(top=1.25 * max(map(_rate, timings)))


def _rate(timing: Timing) -> float:
    return timing.tflops if timing.flops else timing.gbs
