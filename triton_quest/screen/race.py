"""A race as a table: every contender at every size, and what the learner's times mean."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from triton_quest.course.level import Level
from triton_quest.records.race import YOURS, Ceilings, DidNotRun, Timing
from triton_quest.report.race import Bound, Medal, RaceStanding
from triton_quest.screen.console import Glyphs
from triton_quest.screen.overview import MEDALS

BAR = 40  # columns of the fastest
WIDE = 2.0  # a spread of more than so many per cent is shown


def machine(ceilings: Ceilings) -> Text:
    """The GPU and what it can do, measured."""
    text = Text(ceilings.gpu, "heading")
    text.append(
        f"   copies {ceilings.copy_gbs:,.0f} GB/s, multiplies {ceilings.matmul_tflops:.0f} TFLOP/s in fp16", "soft"
    )
    text.append(f" (both measured just now); torch {ceilings.torch}, Triton {ceilings.triton}", "soft")
    return text


def race(
    level: Level,
    timings: Sequence[Timing],
    absent: Sequence[DidNotRun],
    found: Sequence[RaceStanding],
    medal: Medal | None,
    ratio: float | None,
    lesson: str,
    g: Glyphs,
) -> RenderableType:
    """One level's race."""
    heading = Text(f"Level {level.number}, {level.title}", "heading")
    if ratio is not None:
        heading.append(f"   {ratio:.2f} of the speed of PyTorch's best", "good" if ratio >= 1 else "")
    if medal is not None:
        heading.append(f"   {g.star} {medal.value}", MEDALS[medal.value])
    parts: list[RenderableType] = [heading, Text(), _table(timings, found)]
    if found:
        parts += [Text(), _bars(timings, found[-1].size, g)]
    parts += [Text(f"  {one.size}: {one.contender} left out: {one.says}", "soft") for one in _told_once(absent)]
    return Group(*parts, *([Text(), Text(lesson)] if found else []))


def _table(timings: Sequence[Timing], found: Sequence[RaceStanding]) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="soft")
    table.add_column("size", no_wrap=True)
    contenders = list(dict.fromkeys(timing.contender for timing in timings if timing.contender != YOURS))
    for name in (*contenders, YOURS, "rate", "of the bound", "ratio"):
        table.add_column(name, justify="right", no_wrap=True)
    at = {(timing.size, timing.contender): timing for timing in timings}
    standing = {one.size: one for one in found}
    for size in dict.fromkeys(timing.size for timing in timings):
        cells = [_time(at.get((size, name)), fastest=_is_best(standing.get(size), name)) for name in contenders]
        table.add_row(Text(size), *cells, *_yours(at.get((size, YOURS)), standing.get(size)))
    return table


def _bars(timings: Sequence[Timing], size: str, g: Glyphs) -> Table:
    """Everybody at one size, as bars: the longer the faster."""
    here = sorted((timing for timing in timings if timing.size == size), key=lambda timing: timing.time_ms)
    grid = Table.grid(padding=(0, 2))
    for timing in here:
        length = max(1, round(BAR * here[0].time_ms / timing.time_ms))
        rate = f"{timing.tflops:.0f} TFLOP/s" if timing.flops else f"{timing.gbs:,.0f} GB/s"
        is_yours = timing.contender == YOURS
        style = "good" if is_yours else "soft"
        sign = "#" if g.is_ascii else "\u2588"
        grid.add_row(
            Text(timing.contender, "bold" if is_yours else "soft"), Text(sign * length, style), Text(rate, style)
        )
    return grid


def _yours(timing: Timing | None, standing: RaceStanding | None) -> list[Text]:
    if timing is None or standing is None:
        return [Text("-", "soft")] * 4
    share = (
        Text("launch", "soft")
        if standing.bound is Bound.LAUNCH
        else Text(f"{standing.share:.0%} {standing.bound.value}")
    )
    ratio = (
        Text("-", "soft")
        if standing.ratio is None
        else Text(f"{standing.ratio:.2f}", "good" if standing.ratio >= 1 else "")
    )
    return [_time(timing, fastest=False).append(""), Text(standing.rate), share, ratio]


def _is_best(standing: RaceStanding | None, name: str) -> bool:
    return standing is not None and standing.best is not None and standing.best.contender == name


def _time(timing: Timing | None, fastest: bool) -> Text:
    if timing is None:
        return Text("-", "soft")
    text = Text(_milliseconds(timing.time_ms), "bold" if fastest else "")
    spread = 100 * (timing.high_ms - timing.low_ms) / 2 / timing.time_ms
    return text.append(f" ±{spread:.0f}%", "soft") if spread >= WIDE else text


def _milliseconds(time_ms: float) -> str:
    return f"{1000 * time_ms:.0f} µs" if time_ms < 1 else f"{time_ms:.2f} ms" if time_ms < 100 else f"{time_ms:.0f} ms"


def _told_once(absent: Sequence[DidNotRun]) -> list[DidNotRun]:
    """Each reason of each contender once, at the first size that has it."""
    return list({(one.contender, one.says): one for one in reversed(absent)}.values())[::-1]
