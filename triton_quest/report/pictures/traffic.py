"""Draws the traffic as a picture, PNG or SVG by the file's name. Needs matplotlib, which the quest itself doesn't."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triton_quest.machine.gpus import Gpu
from triton_quest.report.growth import Sums, Tally, charted_sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".png", ".svg")
COLOURS = ("#c0392b", "#d68910", "#1e8449")
MARKERS = (("o", 5.5), ("^", 9.0), ("s", 5.0))  # with sizes: where they lie on each other, each still shows
LEAST, INK, PALE = "#566573", "#1c2833", "#aab7b8"
DPI = 160
COUNTED = 4  # sizes that all counted
STYLE: dict[Any, Any] = {
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": PALE,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "quest",  # the same numbers make the same file
}
UNITS = ("B", "KB", "MB", "GB", "TB")


def can_draw() -> bool:
    return find_spec("matplotlib") is not None


def save(path: Path, tallies: Sequence[Tally], title: str, gpu: Gpu) -> None:
    """Write the picture to `path`: how the bytes grow, and where the kernels stand under the GPU's roofline."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        for name, value in STYLE.items():
            matplotlib.rcParams[name] = value
        figure = Figure(figsize=(13.5, 4.9))
        figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08)
        asked, once, roof = figure.subplots(1, 3)
        figure.suptitle(title, x=0.008, ha="left", fontsize=13, fontweight="bold")
        _growth(asked, tallies, "asked", "What loads and stores ask for", "every access counts, cached or not")
        _growth(once, tallies, "once", "What memory must move", "each byte once a launch, if caches are perfect")
        _roofline(roof, tallies, gpu)
        letter = tallies[0].letter
        note = (
            f"Solid: counted in Triton's interpreter, byte by byte. Hollow: by the law in {letter} that the counted sizes follow. "
            f"Nothing is a time. {gpu.name}: {gpu.source}."
        )
        figure.supxlabel(note, x=0.008, ha="left", fontsize=8, color=LEAST)
        figure.savefig(path, dpi=DPI, metadata={"Date": None} if path.suffix == ".svg" else None)


def _growth(axes: Axes, tallies: Sequence[Tally], field: str, title: str, subtitle: str) -> None:
    sizes = charted_sizes(tallies, COUNTED)
    ends: list[tuple[float, str, str]] = []
    least = [(sums.size, float(sums.least)) for size in sizes if (sums := tallies[0].at(size))]
    axes.plot(*zip(*least, strict=True), color=LEAST, linewidth=1.2, linestyle=(0, (1, 1.5)), zorder=1)
    for tally, colour, marker in zip(tallies, cycle(COLOURS), cycle(MARKERS), strict=False):
        found = [sums for size in sizes if (sums := tally.at(size))]
        _path(axes, [(sums.size, getattr(sums, field), sums.is_counted) for sums in found], colour, marker)
        ends.append((float(getattr(found[-1], field)), tally.name, colour))
    ends.append((least[-1][1], "least possible", LEAST))
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=35 if len(sizes) > 5 else 0)
    axes.minorticks_off()
    axes.set_xlim(sizes[0] / 1.25, sizes[-1] * 1.25)
    axes.yaxis.set_major_formatter(lambda value, _: _bytes(value))
    axes.set_xlabel(tallies[0].letter)
    axes.grid(axis="y", color="#e5e8e8", linewidth=0.8)
    axes.set_axisbelow(True)
    _titled(axes, title, subtitle)
    _name_ends(axes, sizes[-1] * 1.35, ends)


def _path(axes: Axes, points: Sequence[tuple[float, float, bool]], colour: str, marker: tuple[str, float]) -> None:
    """Solid where both ends were counted, dashed where the law goes on; hollow markers there."""
    for (x0, y0, known0), (x1, y1, known1) in zip(points, points[1:], strict=False):
        style = "-" if known0 and known1 else (0, (4, 2.5))
        axes.plot([x0, x1], [y0, y1], color=colour, linewidth=1.8, linestyle=style, zorder=2)
    for x, y, known in points:
        face = colour if known else "white"
        axes.plot([x], [y], marker[0], color=colour, markersize=marker[1], markerfacecolor=face, zorder=3)


def _name_ends(axes: Axes, x: float, ends: Sequence[tuple[float, str, str]]) -> None:
    """A name at the right end of each line; names that would lie on each other are stacked."""
    low, high = axes.get_ylim()
    step = (high / low) ** 0.055
    taken: list[float] = []
    for y, name, colour in sorted(ends, key=lambda end: -end[0]):
        place = min([y, *(other / step for other in taken)])
        axes.text(x, place, name, color=colour, va="center", ha="left", fontsize=9.5, fontweight="bold", clip_on=False)
        taken.append(place)


def _roofline(axes: Axes, tallies: Sequence[Tally], gpu: Gpu) -> None:
    """The roof of the GPU, and each kernel at each size: right is less memory for the same work, and up is faster."""
    from triton_quest.report.roofline import bound

    places = {tally.name: _under_the_roof(tally, charted_sizes(tallies, COUNTED)) for tally in tallies}
    xs = [sums.intensity for found in places.values() for sums in found] + [gpu.ridge]
    low, high = min(xs) / 3, max(max(xs) * 3, 12 * gpu.ridge)
    axes.plot(
        [low, gpu.ridge, high], [low * gpu.memory_tbs, gpu.tensor_tflops, gpu.tensor_tflops], color=INK, linewidth=1.6
    )
    axes.plot([gpu.fp32_tflops / gpu.memory_tbs, high], [gpu.fp32_tflops] * 2, color=PALE, linewidth=1.2, zorder=1)
    for (name, found), colour, marker in zip(places.items(), cycle(COLOURS), cycle(MARKERS), strict=False):
        bounds = [(sums, found_bound) for sums in found if (found_bound := bound(gpu, sums))]
        _path(axes, [(sums.intensity, one.tflops, sums.is_counted) for sums, one in bounds], colour, marker)
        if bounds:
            last, one = bounds[-1]
            axes.annotate(
                name, (last.intensity, one.tflops), (6, -6), textcoords="offset points", color=colour,
                ha="left", va="top", fontsize=9.5, fontweight="bold",
            )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(top=gpu.tensor_tflops * 2)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes.set_xlabel("operations a byte of memory")
    axes.set_ylabel("TFLOP/s, at the most")
    axes.grid(color="#e5e8e8", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.text(high, gpu.tensor_tflops * 1.12, "tensor cores", ha="right", fontsize=8.5)
    axes.text(high, gpu.fp32_tflops * 1.12, "fp32 units", ha="right", fontsize=8.5, color=LEAST)
    _titled(axes, f"What an {gpu.name}'s roofline allows", "bounds from its data sheet, no measurements")


def _under_the_roof(tally: Tally, sizes: Sequence[int]) -> list[Sums]:
    return [sums for size in sizes if (sums := tally.at(size)) and sums.work]


def _titled(axes: Axes, title: str, subtitle: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=20)
    axes.text(0, 1.03, subtitle, transform=axes.transAxes, fontsize=8.5, color=LEAST)


def _bytes(value: float) -> str:
    power = 0
    while value >= 1000 and power < len(UNITS) - 1:
        value, power = value / 1000, power + 1
    return f"{value:g} {UNITS[power]}"
