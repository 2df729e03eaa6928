"""Draws how fast each config of a tuned kernel is at each size: a field for each, the darker the nearer to that size's best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from triton_quest.course.level import Level
from triton_quest.records.race import ConfigTiming
from triton_quest.report import configs as report
from triton_quest.report.pictures.traffic import INK, PALE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TAKEN = "#c0392b"
DARK = 0.6  # share of the best from which on the field is dark, and its number white


def draw(axes: Axes, level: Level, configs: Sequence[ConfigTiming]) -> None:
    """A row a config, a column a size; the number is TFLOP/s, and what the tuner took is framed."""
    from matplotlib.patches import Rectangle

    sizes = list(dict.fromkeys(one.size for one in configs))
    places = sorted({one.place for one in configs})
    names = report.varying(one.constants for one in configs)
    best = {size: max((one.tflops for one in configs if one.size == size), default=0.0) for size in sizes}
    labels = {one.place: f"{report.tile(one.constants, names)},  {one.warps}, {one.stages}" for one in configs}
    shares = [[0.0] * len(sizes) for _ in places]
    for one in configs:
        row, column = places.index(one.place), sizes.index(one.size)
        shares[row][column] = one.tflops / best[one.size] if best[one.size] else 0.0
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.05, aspect="auto")
    for one in configs:
        row, column = places.index(one.place), sizes.index(one.size)
        colour = "white" if shares[row][column] > DARK else INK
        text = f"{one.tflops:.0f}" if one.time_ms else one.says if len(one.says) < 8 else "not run"
        axes.text(column, row, text, ha="center", va="center", fontsize=7, color=colour if one.time_ms else PALE)
        if one.taken:
            frame = Rectangle((column - 0.47, row - 0.45), 0.94, 0.9, fill=False, edgecolor=TAKEN, linewidth=1.8)
            axes.add_patch(frame)
    axes.set_title(
        f"{level.number}. {level.title}: every config, TFLOP/s", loc="left", fontsize=10.5, fontweight="bold"
    )
    axes.set_xticks(range(len(sizes)), [broken(size) for size in sizes], fontsize=7)
    axes.set_yticks(range(len(places)), [labels[place] for place in places], fontsize=7)
    axes.set_ylabel(f"{', '.join(names)},\nwarps, stages", fontsize=7)
    axes.set_xlabel("darker: nearer to the size's best; framed: what the tuner took", fontsize=7, color=INK)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def broken(size: str) -> str:
    """A size below its column or its bars: broken into lines where it may be."""
    for before, after in ((", ", "\n"), (" x ", "\n x "), (" rows of ", " rows\nof ")):
        size = size.replace(before, after)
    return size
