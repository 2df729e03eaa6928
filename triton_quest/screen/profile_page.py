"""A profile as one HTML page that asks nothing of any network: the timeline of the calls, and the kernel's place under the roofline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader

from triton_quest.course.level import Level
from triton_quest.machine.gpus import GPUS, Gpu
from triton_quest.records.profiling import LAUNCHER, Event, KeptProfile, Kind
from triton_quest.screen.profile_kernel import says

WIDTH, HEIGHT, LEFT, ROW = 960, 320, 90, 34  # pixels
MOST_CALLS, MOST_BOXES = 3, 600  # that are drawn
LANES = {Kind.RANGE: "calls", Kind.API: "CUDA", Kind.SYSTEM: "system", Kind.KERNEL: "kernels", Kind.COPY: "copies"}


@dataclass(frozen=True)
class TimelineBox:
    """Something that took time, in its lane. `tells` shows when the pointer rests on it."""

    kind: str
    x: float
    y: float
    width: float
    tells: str


@dataclass(frozen=True)
class Point:
    """A rate at so many operations for each byte."""

    x: float
    y: float
    kind: str
    tells: str


@dataclass(frozen=True)
class Roofline:
    name: str
    roof: str  # the points of a line: "x,y x,y"
    points: tuple[Point, ...]
    ticks: tuple[tuple[float, str], ...]  # of the x axis
    levels: tuple[tuple[float, str], ...]  # of the y axis


def render(level: Level, profile: KeptProfile, by: str, events: Sequence[Event], changes: Sequence[str]) -> str:
    """The page's text."""
    boxes, span_us = _boxes(events)
    pages = Environment(loader=PackageLoader("triton_quest.screen", "pages"), autoescape=True, trim_blocks=True)
    return pages.get_template("profile.html").render(
        title=f"Level {level.number}, {level.title}: a profile",
        workload=profile.workload,
        by=by,
        when=profile.when,
        boxes=boxes,
        lanes=[(20 + ROW * place, name) for place, name in enumerate(LANES.values())] if boxes else [],
        span_us=span_us,
        roofline=_roofline(profile),
        kernels=profile.kernels,
        scopes=profile.scopes,
        says=says(profile),
        changes=changes,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        row=ROW,
    )


def _boxes(events: Sequence[Event]) -> tuple[list[TimelineBox], float]:
    """The first calls of the launcher and what happened meanwhile, and how many µs that is."""
    calls = sorted((e for e in events if e.kind is Kind.RANGE and e.name == LAUNCHER), key=lambda e: e.start_ns)
    calls = calls[:MOST_CALLS]
    if not calls:
        return [], 0.0
    asked = {
        e.correlation for e in events if e.kind is Kind.API and calls[0].start_ns <= e.start_ns <= calls[-1].end_ns
    }
    done = [e.end_ns for e in events if e.kind in (Kind.KERNEL, Kind.COPY) and e.correlation in asked]
    first, last = calls[0].start_ns, max([calls[-1].end_ns, *done])
    scale = (WIDTH - LEFT - 10) / max(1, last - first)
    lanes, drawn = list(LANES), []
    for event in events:
        if event.end_ns < first or event.start_ns > last or (event.kind is Kind.RANGE and event.name != LAUNCHER):
            continue
        begins, ends = max(event.start_ns, first), min(event.end_ns, last)
        x, width = LEFT + (begins - first) * scale, max(1.0, (ends - begins) * scale)
        tells = f"{event.name}: {event.ns / 1e3:,.1f} µs"
        drawn.append(
            TimelineBox(event.kind.value, round(x, 2), 8 + ROW * lanes.index(event.kind), round(width, 2), tells)
        )
    return sorted(drawn, key=lambda box: -box.width)[:MOST_BOXES], (last - first) / 1e3


def _roofline(profile: KeptProfile) -> Roofline | None:
    """None where the GPU's peaks aren't known, the level has no FLOPs, or no time was measured."""
    gpu = next((one for one in sorted(GPUS, key=lambda g: -len(g.name)) if one.name in profile.workload.gpu), None)
    time_ms, work = _time_ms(profile), profile.workload
    if gpu is None or not work.flops or not time_ms:
        return None
    rate = work.flops / time_ms / 1e9
    measured = sum(kernel.dram_bytes or 0 for kernel in profile.kernels)
    x_counted = work.flops / work.least_bytes
    points = [_point(gpu, x_counted, rate, "counted", "each input read once, each output written once")]
    if measured:
        points.append(_point(gpu, work.flops / measured, rate, "measured", "bytes that the memory moved"))
    ridge = gpu.ridge
    corners = [(0.1, 0.1 * gpu.memory_tbs), (ridge, gpu.tensor_tflops), (10_000.0, gpu.tensor_tflops)]
    return Roofline(
        gpu.name,
        " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in corners),
        tuple(points),
        tuple((_x(10.0**power), f"{10.0**power:g}") for power in range(-1, 5)),
        tuple((_y(10.0**power), f"{10.0**power:g}") for power in range(-1, 4)),
    )


def _time_ms(profile: KeptProfile) -> float:
    """Of one call, on the GPU."""
    if profile.figures is not None:
        return profile.figures.gpu_us / 1e3
    return sum(kernel.time_ms for kernel in profile.kernels)


def _point(gpu: Gpu, intensity: float, rate: float, kind: str, what: str) -> Point:
    most = min(gpu.tensor_tflops, intensity * gpu.memory_tbs)
    tells = f"{rate:,.1f} TFLOP/s at {intensity:,.1f} FLOP a byte ({what}): {rate / most:.0%} of the roof"
    return Point(round(_x(intensity), 1), round(_y(rate), 1), kind, tells)


def _x(intensity: float) -> float:
    """Pixels: a tenth of an operation a byte is at the left, 10,000 at the right."""
    return LEFT + (math.log10(min(max(intensity, 0.1), 1e4)) + 1) / 5 * (WIDTH - LEFT - 20)


def _y(rate: float) -> float:
    """Pixels: 0.1 TFLOP/s is at the bottom, 10,000 at the top."""
    return HEIGHT - 30 - (math.log10(min(max(rate, 0.1), 1e4)) + 1) / 5 * (HEIGHT - 50)
