"""What kernels move and compute: by argument, as it grows with the size, and under the roofline of some GPUs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from triton_quest.machine.gpus import GPUS, Gpu
from triton_quest.records.measured import Counted
from triton_quest.report.growth import Sums, Tally, charted_sizes, shown_sizes
from triton_quest.report.roofline import bound
from triton_quest.screen.chart import Curve, chart
from triton_quest.screen.console import Glyphs

COUNTED = 3  # sizes, of those that were counted, beside those beyond
NAMES, NUMBERS, LAW, PEAKS = 18, 9, 17, 72  # columns of the terminal
LOOKS = (("●", "n", "bad"), ("▲", "u", "star"), ("■", "f", "good"))
LEAST = ("◆", "l", "soft")
WORK = "in tl.dot, or where there is none, all"
LIMITS = {"memory": "memory", "tensor cores": "tensor", "fp32 units": "fp32"}


@dataclass(frozen=True)
class Measure:
    """A number that grows: the count it is, its heading, and what it means."""

    field: str
    heading: str
    says: str


ASKED = Measure("asked", "Loads and stores ask for", "every access counts, cached or not")
ONCE = Measure("once", "Memory must move", "each byte once a launch, if caches are perfect")


# By argument


def by_argument(counted: Counted) -> RenderableType:
    """Each argument of each kernel, beside the least possible."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="soft")
    table.add_column("", overflow="fold")
    for name in ("loaded", "stored", "once a launch"):
        table.add_column(name, justify="right")
    before = ""
    for one in counted.moved:
        if one.kernel != before:
            table.add_row(Text(one.kernel, "heading"))
        sizes = (one.loaded, one.stored, one.loaded_once + one.stored_once)
        table.add_row(f"  {one.argument}", *(bytes_shown(size) if size else "" for size in sizes))
        before = one.kernel
    loaded, stored = (sum(getattr(one, what) for one in counted.moved) for what in ("loaded", "stored"))
    table.add_row("together", *map(bytes_shown, (loaded, stored, counted.once)), style="heading")
    least = (counted.least_loaded, counted.least_stored, counted.least)
    table.add_row("least possible", *map(bytes_shown, least), style="good")
    return Group(table, Text(), _arithmetic(counted))


def _arithmetic(counted: Counted) -> Text:
    parts = [f"{operations_shown(counted.dot_flops)} in tl.dot" if counted.dot_flops else "no tl.dot"]
    parts.append(f"{operations_shown(counted.other_flops)} elsewhere")
    if counted.exponentials:
        parts.append(f"{counted.exponentials:,} exponentials")
    scratch = f"{bytes_shown(counted.scratch)} of memory besides the answer's own." if counted.scratch else ""
    return Text(f"Arithmetic: {', '.join(parts)}.").append(f"\nAllocated: {scratch}" if scratch else "")


# As it grows


def growth(tallies: Sequence[Tally], width: int, g: Glyphs) -> RenderableType:
    """The counts at growing sizes, side by side, as a table and, where there is something to see, as charts."""
    parts: list[RenderableType] = [_Growth(tallies, width).table()]
    if len(tallies) > 1:
        parts += [Text(), Text(_lesson(tallies), "good")]
    if all(one.asked == one.least for tally in tallies for one in tally.counted):
        is_right = all(one.is_right for tally in tallies for one in tally.counted)
        saved = [Text(), Text("Each byte is moved once: there is none left to save.", "good")]
        return Group(*parts, *(saved if is_right else ()))
    for measure in (ASKED, ONCE) if len(tallies) > 1 else (ASKED,):
        lines = [
            _line(tally, tally.name, measure.field, tallies, look)
            for tally, look in zip(tallies, cycle(LOOKS), strict=False)
        ]
        lines.append(_line(tallies[0], "least", "least", tallies, LEAST))
        drawn = chart(lines, tallies[0].letter.partition(" ")[0], lambda size: bytes_shown(size, exact=False), width, g)
        parts += [Text(), _heading(measure.heading, measure.says, width), drawn]
    return Group(*parts)


def _lesson(tallies: Sequence[Tally]) -> str:
    """How far apart they are at the largest size, in one sentence."""
    size = shown_sizes(tallies, COUNTED)[-1]
    at = {tally.name: sums for tally in tallies if (sums := tally.at(size))}

    def apart(field: str, differ: str, agree: str) -> str:
        counts = {name: int(getattr(sums, field)) for name, sums in at.items()}
        least, most = min(counts.values()), max(counts.values())
        lowest, highest = (" and ".join(name for name in at if counts[name] == count) for count in (least, most))
        return (agree if least == most else differ).format(highest, number_shown(most / least), lowest)

    moved = apart("once", "memory must move {1} times as much for {0} as for {2}", "memory must move the same for {0}")
    asked = apart("asked", "{0} asks for {1} times as much as {2}", "{0} ask for the same")
    return f"At {tallies[0].letter} = {size:,} {moved}; {asked}."


class _Growth:
    """The table: lines of its own, since a heading spans all columns."""

    def __init__(self, tallies: Sequence[Tally], width: int) -> None:
        self.tallies, self.letter, self.width = tallies, tallies[0].letter, width
        sizes = shown_sizes(tallies, COUNTED)
        self.with_law = width >= NAMES + len(sizes) * NUMBERS + LAW
        fitting = max(1, (width - NAMES) // NUMBERS)
        self.sizes = sizes[-fitting:]
        self.beyond = [size for size in self.sizes if not all(size in tally.sizes for tally in tallies)]

    def table(self) -> RenderableType:
        names = (f"{size:,}" + ("*" if size in self.beyond else "") for size in self.sizes)
        text = Text(no_wrap=True, overflow="ignore")
        text.append_text(self._row(f"{self.letter} =", names, "in bytes", style="soft")[1:])
        for measure in (ASKED, ONCE):
            text.append("\n").append_text(_heading(measure.heading, measure.says, self.width))
            for tally in self.tallies:
                text.append_text(self._bytes(called(tally), tally, measure.field))
        text.append_text(self._bytes("least possible", self.tallies[0], "least", "good"))
        text.append("\n").append_text(_heading("Operations for each of these bytes", WORK, self.width))
        for tally in self.tallies:
            sums = (tally.at(size) for size in self.sizes)
            text.append_text(self._row(called(tally), (number_shown(one.intensity) if one else "" for one in sums)))
        return Group(text, Text(self._footnote(), "soft"))

    def _bytes(self, name: str, tally: Tally, field: str, style: str = "") -> Text:
        sums = (tally.at(size) for size in self.sizes)
        law = tally.laws[field]
        cells = (bytes_shown(getattr(one, field)) if one else "" for one in sums)
        return self._row(name, cells, law.shown(tally.letter) if law else "", style)

    def _row(self, name: str, cells: Iterator[str], law: str = "", style: str = "") -> Text:
        line = f"\n  {name:<{NAMES - 2}}" + "".join(f"{cell:>{NUMBERS}}" for cell in cells)
        return Text(line, style).append(f"  {law}".rstrip() if self.with_law else "", "soft")

    def _footnote(self) -> str:
        if self.beyond:
            return (
                f"* by {'the law on the right' if self.with_law else 'a law'}, which every counted size follows exactly"
            )
        return f"Nothing is extrapolated: these counts follow no law of the second degree in {self.letter}."


def _heading(heading: str, says: str, width: int) -> Text:
    """With what it means, where there is room for it."""
    fits = len(heading) + 2 + len(says) <= width
    return Text(heading, "heading").append(f"  {says}" if fits else "", "soft")


def called(tally: Tally) -> str:
    """ "flash, yours" """
    return f"{tally.name}, {tally.whose}" if tally.whose else tally.name


def _line(tally: Tally, name: str, field: str, tallies: Sequence[Tally], look: tuple[str, str, str]) -> Curve:
    found = (tally.at(size) for size in charted_sizes(tallies, COUNTED))
    points = tuple((sums.size, float(getattr(sums, field)), sums.is_counted) for sums in found if sums)
    sign, plain, style = look
    return Curve(name, sign, plain, style, points)


# Under the roofline


def roofline(tallies: Sequence[Tally], width: int) -> RenderableType:
    """What some GPUs would allow at the most, at the largest size that is shown. The peaks only where there is room."""
    size = shown_sizes(tallies, COUNTED)[-1]
    at = [(tally, sums) for tally in tallies if (sums := tally.at(size)) is not None]
    title = f"What the roofline allows at {tallies[0].letter} = {size:,}"
    heading = _heading(title, "in TFLOP/s: bounds, no measurements", width)
    names = ("TB/s", "tensor", "fp32", "FLOP/B") if width >= PEAKS else ()
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="soft")
    table.add_column("  GPU", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for tally, _ in at:
        table.add_column(tally.name)
    for gpu in GPUS:
        peaks = (gpu.memory_tbs, gpu.tensor_tflops, gpu.fp32_tflops, gpu.ridge)[: len(names)]
        table.add_row(f"  {gpu.name}", *map(number_shown, peaks), *(_allowed(sums, gpu) for _, sums in at))
    meaning = "  A roofline: what the memory can feed, or the units compute; the lower counts.\n"
    if names:
        meaning += "  FLOP/B: operations a byte from which on the tensor cores are the limit\n"
    sources = "\n".join(f"  {gpu.name}: {gpu.source}" for gpu in GPUS)
    return Group(heading, table, Text(meaning + sources, "soft"))


def _allowed(sums: Sums, gpu: Gpu) -> Text:
    found = bound(gpu, sums)
    if found is None:
        return Text("")
    return Text(number_shown(found.tflops)).append(f" {LIMITS[found.limit]}", "soft")


# Numbers


def number_shown(value: float) -> str:
    """Three digits, and whole numbers whole."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def bytes_shown(size: float, exact: bool = True) -> str:
    """ "34.1 MB": decimal units, as memory is sold. Not `exact`: no more digits than a power of ten needs."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if size >= scale:
            return f"{size / scale:#.3g}".rstrip(".") + f" {unit}" if exact else f"{size / scale:g} {unit}"
    return f"{size:,.0f} B"


def operations_shown(count: int) -> str:
    for unit, scale in (("TFLOP", 1e12), ("GFLOP", 1e9), ("MFLOP", 1e6), ("kFLOP", 1e3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count:,} FLOP"
