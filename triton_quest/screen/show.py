"""What one program touches: the grid of programs, its steps, and each argument of the kernel as a picture of cells.

Pure: from a trace and a place in it to something that rich can print.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from triton_quest.records.show import ATOMIC, LOAD, STORE, Launched, Step, Tensor, length
from triton_quest.report.regions import box, sides, slices
from triton_quest.report.show import CallTrace, Position, named
from triton_quest.screen.console import Glyphs
from triton_quest.screen.panels import Sign
from triton_quest.screen.show_steps import ROWS, tensors

LISTED = 12  # steps
WIDE = 60  # columns that a whole line about a step needs
PROGRAM_ROWS = 6  # of the grid of programs


def program_view(
    trace: CallTrace, place: Position, width: int, g: Glyphs, rows: int = ROWS, only: int | None = None
) -> RenderableType:
    """Everything about one program, or about one of its steps; of the tensors all, or `only` the one of that number."""
    parts: list[RenderableType] = []
    if len(trace.launches) > 1:
        parts += [launches(trace, place, g), Text()]
    parts += [programs(trace, place, width, g), Text(), heading(trace, place, g)]
    if trace.steps(place):
        parts += [Text(), tensors(trace, place, width, g, rows, only)]
    if place.step is None and trace.steps(place):
        parts += [Text(), steps(trace, place, width)]
    return Group(*parts)


# The programs


def launches(trace: CallTrace, place: Position, g: Glyphs) -> Text:
    """A line for each launch, the chosen one marked."""
    text = Text(f"{len(trace.launches)} launches, one after the other:", "soft")
    for number, launch in enumerate(trace.launches):
        mark = g.open if number == place.launch else " "
        style = "heading" if number == place.launch else "soft"
        text.append(f"\n{mark} {number + 1}  {launch.kernel}, {_programs_said(launch)}", style)
    return text


def _programs_said(launch: Launched) -> str:
    count = math.prod(launch.grid)
    grid_said = f"{' x '.join(map(str, launch.grid))} = {count:,}" if len(launch.grid) > 1 else f"{count:,}"
    return f"{grid_said} program" + ("" if count == 1 else "s")


def programs(trace: CallTrace, place: Position, width: int, g: Glyphs) -> Text:
    """The grid: axis 0 to the right, axis 1 downward, of axis 2 the chosen layer. Of a large one, what is around the chosen."""
    launch = trace.launched(place)
    text = Text(launch.kernel, "heading").append(f": {_programs_said(launch)}", "default")
    if launch.constants:
        text.append(", " + ", ".join(f"{name}={value}" for name, value in launch.constants), "soft")
    across, down, deep = (*launch.grid, 1, 1)[:3]
    x, y, z = (*place.program, 0, 0)[:3]
    if len(launch.grid) == 1 and across > width - 4:
        return text.append_text(_folded(trace, place, width - 4, g))
    columns, rows = _window(x, across, width - 8), _window(y, down, PROGRAM_ROWS)
    for row in rows:
        text.append("\n  ")
        text.append("..." if columns[0] else "", "soft")
        for column in columns:
            program = (column, row, z)[: len(launch.grid)]
            text.append(*_program_sign(trace, place, program, g))
        text.append("..." if columns[-1] < across - 1 else "", "soft")
    said = f"\n  axis 0 to the right{', axis 1 downward' if down > 1 else ''}" if len(launch.grid) > 1 else ""
    said += f"; rows {rows[0]} to {rows[-1]} of {down}" if len(rows) < down else ""
    said += f"; layer {z} of the {deep} along axis 2" if deep > 1 else ""
    return text.append(said, "soft")


def _folded(trace: CallTrace, place: Position, width: int, g: Glyphs) -> Text:
    """A long row of programs as several lines, in the order of their numbers."""
    (count,) = trace.launched(place).grid
    text = Text()
    for row in _window(place.program[0] // width, -(-count // width), PROGRAM_ROWS):
        text.append("\n  ")
        for program in range(row * width, min(count, (row + 1) * width)):
            text.append(*_program_sign(trace, place, (program,), g))
    return text


def _window(at: int, count: int, most: int) -> range:
    """What is shown of a long axis: `most` places around the chosen one."""
    first = max(0, min(at - most // 2, count - most))
    return range(first, min(count, first + most))


def _program_sign(trace: CallTrace, place: Position, program: tuple[int, ...], g: Glyphs) -> Sign:
    if program == place.program:
        return ("@", "bad.heading") if _goes_outside(trace, place) else ("@" if g.is_ascii else "◆", "command")
    if not trace.reaches(place.launch, program):
        return "?", "soft"
    return ("o" if g.is_ascii else "□", "") if (place.launch, program) in trace.programs else (".", "soft")


def _goes_outside(trace: CallTrace, place: Position) -> bool:
    return any(step.outside for step in trace.steps(place))


# One program


def heading(trace: CallTrace, place: Position, g: Glyphs) -> Text:
    """What is shown, in words: the program, and the step with its line and where it lies."""
    name = f"Program {named(place.program)}"
    all_steps, step = trace.steps(place), trace.step(place)
    if not all_steps:
        known = trace.reaches(place.launch, place.program)
        says = "touches no tensor" if known else "wasn't traced: the launch ended before, or did too much"
        return Text(f"{name} {says}.", "heading")
    if step is None:
        return Text(name, "heading").append(f": {_counted(all_steps)}", "default")
    tensor = _tensor(trace, place, step)
    verb = {LOAD: "loads from", STORE: "stores to", ATOMIC: "updates"}[step.action]
    text = Text(f"{name}, step {place.step + 1} of {len(all_steps)}", "heading")  # type: ignore[operator]
    text.append(f": {verb} {tensor.shown if tensor else 'no tensor at all'}", "default")
    text.append(", ".join(["", f"line {step.line}", *_round(step)]), "default")
    text.append(f"\n  {step.source}", "place")
    text.append(f"\n  {_where(step, tensor)}{_how_many(step, tensor)}; {_lanes(step)}", "default")
    return text


def _counted(all_steps: Sequence[Step]) -> str:
    counts = Counter(step.action for step in all_steps)
    parts = [f"{count} {action}{'' if count == 1 else 's'}" for action, count in counts.items()]
    return f"{len(all_steps)} step{'' if len(all_steps) == 1 else 's'} ({', '.join(parts)})"


def _round(step: Step) -> list[str]:
    """Where the loops around the step are: "start = 64"."""
    return [f"{name} = {value}" for name, value in step.loops]


def _tensor(trace: CallTrace, place: Position, step: Step) -> Tensor | None:
    return trace.launched(place).tensors[step.tensor] if step.tensor >= 0 else None


def _where(step: Step, tensor: Tensor | None) -> str:
    """The elements as Python's slices."""
    if tensor is None or not step.touched:
        return "no element"
    within = "" if box(step.touched, tensor.shape).is_full else "some of "
    return f"{within}{tensor.shown}[{slices(step.touched, tensor.shape)}]"


def _how_many(step: Step, tensor: Tensor | None) -> str:
    """ ": 64 elements", behind them; nothing where there are none."""
    count = length(step.touched)
    return f": {count:,} element{'' if count == 1 else 's'}" if tensor is not None and count else ""


def _lanes(step: Step) -> str:
    return f"{sides(step.block)} lane{'' if step.lanes == 1 else 's'}, {_off(step, ' masked off') or 'none masked off'}"


def _off(step: Step, masked_off: str) -> str:
    """The lanes that touch nothing, and those that miss the tensor."""
    masked, outside = length(step.masked), length(step.outside)
    parts = [f"{masked:,}{masked_off}"] if masked else []
    return ", ".join([*parts, f"{outside:,} outside"] if outside else parts)


def steps(trace: CallTrace, place: Position, width: int, listed: int = LISTED) -> RenderableType:
    """The steps of a program, a line each; where there is little room, without their loops and lanes."""
    wide = width >= WIDE
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="soft")
    for name in ("step", "line"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("", "", "elements", "masked off") if wide else ("", "elements"):
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    found = trace.steps(place)
    for number, step in enumerate(found[:listed], start=1):
        action = Text(step.action, "place" if step.action == LOAD else "star")
        where = _where(step, _tensor(trace, place, step))
        loops = (Text(", ".join(_round(step)), "soft"),) if wide else ()
        lanes = (_off(step, f" of {step.lanes:,}"),) if wide else ()
        table.add_row(str(number), str(step.line), *loops, action, Text(where), *lanes)
    if len(found) <= listed:
        return table
    return Group(table, Text(f"... and {len(found) - listed:,} more", "soft"))
