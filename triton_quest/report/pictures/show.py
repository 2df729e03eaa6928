"""Draws what a program touches, and where an answer is wrong, as pictures: PNG or SVG by the file's name. Needs matplotlib."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triton_quest.records.show import ATOMIC, ERROR_SIGNS, LOAD, NOT_A_NUMBER, STORE, ErrorMap, length
from triton_quest.records.verdict import Mismatch
from triton_quest.report import regions
from triton_quest.report.pictures.traffic import DPI, INK, LEAST, PALE, STYLE
from triton_quest.report.show import CallTrace, Position, elements, named, plane_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNTOUCHED, EARLIER, LOADED, STORED, BOTH = range(5)
COLOURS = {UNTOUCHED: "#eef1f3", EARLIER: "#c3d9ea", LOADED: "#3c83b8", STORED: "#dd7a2a", BOTH: "#7d5ba6"}
MEANINGS = {LOADED: "loaded", STORED: "stored", BOTH: "loaded and stored", EARLIER: "touched in an earlier step"}
LINE, CHOSEN = "#7b8a97", "#c0392b"
LETTER, NOTE_LETTER = 0.095, 0.07  # inches of the title, and of what stands below
NUMBERED = 24  # steps of a program: more numbers would lie on each other
MOST_PROGRAMS = 32  # of the grid along an axis: of more, those around the chosen one
SCALE = (  # for each sign of an ErrorMap its colour and its meaning
    ("#e8f3ec", "right"),
    ("#fdebc8", "up to 3"),
    ("#fbd38d", "up to 10"),
    ("#f6ad55", "up to 30"),
    ("#ed8936", "up to 100"),
    ("#dd6b20", "up to 300"),
    ("#c53030", "up to 1,000"),
    ("#9b2c2c", "up to 3,000"),
    ("#63171b", "more"),
    ("#1c2833", "inf or nan"),
)


def save(path: Path, trace: CallTrace, place: Position, only: int | None, title: str) -> None:
    """Write the picture to `path`: the grid of programs, and the tensors with what the chosen one touches."""
    tensors = trace.launched(place).tensors
    numbers = [number for number in range(len(tensors)) if only in (None, number)]
    shapes = [regions.matrix(tensors[number].shape) for number in numbers]
    stacked = all(rows == 1 for rows, _ in shapes)
    ratios = [1.1, *(min(2.2, max(0.75, columns / rows)) for rows, columns in shapes)]
    size = (11.0, 1.1 + 0.95 * len(ratios)) if stacked else (max(7.0, 2.3 * sum(ratios)), 5.2)
    with _figure(path, size, title) as figure:
        if stacked:
            axes = figure.subplots(len(ratios), 1, squeeze=False)[:, 0]
        else:
            axes = figure.subplots(1, len(ratios), squeeze=False, width_ratios=ratios)[0]
        used = set[int]().union(
            *(_tensor(panel, trace, place, number) for number, panel in zip(numbers, axes[1:], strict=True))
        )
        _programs(axes[0], trace, place)
        _key(axes[0], used, beside=stacked)
        _note(figure, _caption(trace, place))


def save_errors(path: Path, found: ErrorMap, mismatch: Mismatch, title: str) -> None:
    """Write the map to `path`, with the worst element named."""
    rows, columns = found.shape
    size = (min(11.0, max(6.4, 1.8 + 5.2 * columns / max(rows, 1))), 5.6 if rows > 1 else 2.6)
    with _figure(path, size, title) as figure:
        axes = figure.subplots()
        levels = [
            [len(ERROR_SIGNS) if sign == NOT_A_NUMBER else ERROR_SIGNS.index(sign) for sign in row]
            for row in found.cells
        ]
        extent = (-0.5, len(levels[0]) * found.cell[1] - 0.5, len(levels) * found.cell[0] - 0.5, -0.5)
        _image(axes, levels, [colour for colour, _ in SCALE], extent)
        axes.set_xlim(-0.5, columns - 0.5)
        axes.set_ylim(rows - 0.5, -0.5)
        _lines(
            axes, *(range(0, side, tile) if tile else () for side, tile in zip(found.shape, found.tile, strict=True))
        )
        row, column = found.worst
        for colour, width in (("white", 3.2), (INK, 1.4)):  # to be seen on any colour
            axes.plot([column], [row], "o", markersize=13, fillstyle="none", color=colour, markeredgewidth=width)
        if rows == 1:
            axes.set_yticks([])
        whose = found.answer or "the answer"
        which = f"matrix [{', '.join(map(str, found.at))}] of {whose}, " if found.at else f"{found.answer} ".lstrip()
        axes.set_title(f"{which}{f'{rows:,} x ' if rows > 1 else ''}{columns:,}", loc="left", fontsize=10)
        _error_key(figure, levels)
        index = ", ".join(map(str, mismatch.index))
        numbers = f"expected {mismatch.expected}, got {mismatch.actual} (allowed error {mismatch.allowed})"
        lines = " Lines: what one program wrote." if any(found.tile) else ""
        _note(figure, f"In the circle the worst element, {mismatch.answer}[{index}]: {numbers}.{lines}")


@contextmanager
def _figure(path: Path, size: tuple[float, float], title: str) -> Iterator[Figure]:
    import matplotlib
    from matplotlib.figure import Figure

    width = max(size[0], LETTER * max(map(len, title.splitlines())))
    with matplotlib.rc_context():
        for name, value in STYLE.items():
            matplotlib.rcParams[name] = value
        figure = Figure(figsize=(width, size[1]))
        figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08)
        figure.suptitle(title, x=0.008, ha="left", fontsize=11, fontweight="bold")
        yield figure
        figure.savefig(path, dpi=DPI, metadata={"Date": None} if path.suffix == ".svg" else None)


def _image(axes: Axes, levels: Sequence[Sequence[int]], colours: Sequence[str], extent: Any = None) -> None:
    from matplotlib.colors import ListedColormap

    axes.imshow(
        levels, cmap=ListedColormap(list(colours)), vmin=-0.5, vmax=len(colours) - 0.5,
        interpolation="nearest", aspect="auto", extent=extent,
    )  # fmt: skip
    axes.tick_params(length=2, labelsize=7.5, colors=LEAST)


def _lines(axes: Axes, rows: Collection[int], columns: Collection[int]) -> None:
    """Where tiles begin."""
    for places, draw in ((rows, axes.axhline), (columns, axes.axvline)):
        for start in places:
            if start:
                draw(start - 0.5, color=LINE, linewidth=0.9)


def _note(figure: Figure, text: str) -> None:
    lines = textwrap.wrap(text, int(figure.get_figwidth() / NOTE_LETTER))
    figure.supxlabel("\n".join(lines), x=0.008, ha="left", fontsize=8, color=LEAST)


# The programs and the tensors


def _programs(axes: Axes, trace: CallTrace, place: Position) -> None:
    from matplotlib.patches import Rectangle

    launch = trace.launched(place)
    across, down = (*launch.grid, 1)[:2]
    x, y = (*place.program, 0)[:2]
    columns, rows = _around(x, across), _around(y, down)
    for column in columns:
        for row in rows:
            chosen = (column, row) == (x, y)
            face = CHOSEN if chosen else COLOURS[UNTOUCHED]
            axes.add_patch(Rectangle((column + 0.08, row + 0.08), 0.84, 0.84, facecolor=face, edgecolor=PALE))
    axes.set_xlim(columns[0], columns[-1] + 1)
    axes.set_ylim(rows[-1] + 1, rows[0])
    axes.set_aspect("equal", anchor="NW")
    axes.set_axis_off()
    grid = " x ".join(map(str, launch.grid))
    layer = f"\nlayer {place.program[2]} along axis 2" if len(place.program) > 2 else ""
    axes.set_title(f"{launch.kernel}\n{grid} programs\nin red: {named(place.program)}{layer}", loc="left", fontsize=9)


def _around(at: int, count: int) -> range:
    first = max(0, min(at - MOST_PROGRAMS // 2, count - MOST_PROGRAMS))
    return range(first, min(count, first + MOST_PROGRAMS))


def _tensor(axes: Axes, trace: CallTrace, place: Position, number: int) -> set[int]:
    """Draw one tensor; the looks that it has."""
    tensor = trace.launched(place).tensors[number]
    chosen = trace.chosen(place)
    plane = plane_of(tensor, number, chosen, trace.steps(place))
    rows, columns = regions.matrix(tensor.shape)
    levels = [[UNTOUCHED] * columns for _ in range(rows)]

    def paint(runs: Any, look: Callable[[int], int]) -> None:
        for row, first, last in regions.segments(runs, tensor.shape, plane):
            for column in range(first, last + 1):
                levels[row][column] = look(levels[row][column])

    paint(elements(trace.earlier(place), number), lambda _: EARLIER)
    paint(elements(chosen, number, LOAD, ATOMIC), lambda _: LOADED)
    paint(elements(chosen, number, STORE, ATOMIC), lambda before: BOTH if before == LOADED else STORED)
    _image(axes, levels, tuple(COLOURS.values()))
    _lines(axes, *_readable(trace.borders(place.launch, number), (rows, columns)))
    if rows == 1:
        axes.set_yticks([])
    if len(trace.steps(place)) <= NUMBERED:
        _number(axes, trace, place, number, plane)
    index = f"[{', '.join(map(str, plane))}]" if plane else ""
    shape = " x ".join(map(str, tensor.shape[-2:])) or "1"
    name = f"{tensor.name}: {tensor.called}{index}" if tensor.called else tensor.name
    axes.set_title(f"{name}\n{shape}" if rows > 1 else f"{name}, {shape}", loc="left", fontsize=9)
    return {look for row in levels for look in row}


def _readable(starts: tuple[Collection[int], Collection[int]], shape: tuple[int, int]) -> list[Collection[int]]:
    """No lines where there would be one for nearly every element."""
    return [places if len(places) <= max(2, size // 2) else () for places, size in zip(starts, shape, strict=True)]


def _number(axes: Axes, trace: CallTrace, place: Position, number: int, plane: regions.Plane) -> None:
    """The number of each step in the middle of what it touches; of several in one place, side by side."""
    from matplotlib.patheffects import withStroke

    tensor = trace.launched(place).tensors[number]
    names: dict[tuple[float, float], list[str]] = {}
    for at, step in enumerate(trace.steps(place)):
        if step.tensor != number or place.step not in (None, at):
            continue
        parts = list(regions.segments(step.touched, tensor.shape, plane))
        if parts:
            middle = (
                (min(part[1] for part in parts) + max(part[2] for part in parts)) / 2,
                (parts[0][0] + parts[-1][0]) / 2,
            )
            names.setdefault(middle, []).append(str(at + 1))
    for (x, y), numbers in names.items():
        text = axes.text(x, y, ", ".join(numbers), color="white", ha="center", va="center", fontweight="bold")
        text.set_path_effects([withStroke(linewidth=2.5, foreground=INK)])  # what is touched may be thinner than it


def _key(axes: Axes, used: Collection[int], beside: bool) -> None:
    """What the colours mean, below the grid of programs, or beside it."""
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(facecolor=COLOURS[look], label=MEANINGS[look]) for look in MEANINGS if look in used]
    if handles:
        axes.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(1.1, 1.0) if beside else (-0.06, -0.05),
            borderaxespad=0, frameon=False, fontsize=8.5,
        )  # fmt: skip


def _caption(trace: CallTrace, place: Position) -> str:
    step = trace.step(place)
    if step is None:
        return "Numbers: the program's loads and stores in their order. Lines: where tiles begin, of all programs."
    loops = "".join(f", {name} = {value}" for name, value in step.loops)
    outside = f" ({length(step.outside):,} lanes miss the tensor)" if step.outside else ""
    return f"Step {(place.step or 0) + 1} of {len(trace.steps(place))}, line {step.line}{loops}: {step.source}{outside}"


def _error_key(figure: Figure, levels: Sequence[Sequence[int]]) -> None:
    from matplotlib.patches import Patch

    used = sorted({level for row in levels for level in row})
    handles: list[Any] = [Patch(facecolor=SCALE[level][0], label=SCALE[level][1], edgecolor=PALE) for level in used]
    figure.legend(
        handles=handles, title="times the error\nthat is allowed", title_fontsize=8.5, alignment="left",
        loc="outside right center", frameon=False, fontsize=8.5,
    )  # fmt: skip
