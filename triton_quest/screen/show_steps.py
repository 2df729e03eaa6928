"""The tensors of a launch as pictures of cells: what a program, or one of its steps, loads and stores of each.

Pure. A cell is an element, or a block of them where the tensor is larger than the room. Loads and stores differ in sign and colour.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from triton_quest.records.show import ATOMIC, LOAD, STORE, Runs, Step, Tensor
from triton_quest.report import regions
from triton_quest.report.regions import Cell, cells
from triton_quest.report.show import CallTrace, Position, elements, plane_of
from triton_quest.screen.console import Glyphs
from triton_quest.screen.panels import GAP, Panel, Sign, beside, fitting, grid, inner_borders

ROWS, LANE_ROWS = 16, 8  # of cells, at the most
NARROWEST, WIDEST = 16, 64  # columns of a matrix

NOTHING, EARLIER, SOME, ALL, SOME_STORED, ALL_STORED, BOTH, MASKED, OUTSIDE = range(9)
LOOKS: dict[int, tuple[str, str, str, str]] = {  # Unicode, ASCII, style, meaning
    ALL: ("▒", "o", "place", "loaded"),
    SOME: ("░", "-", "place", "partly loaded"),
    ALL_STORED: ("█", "#", "star", "stored"),
    SOME_STORED: ("▄", "=", "star", "partly stored"),
    BOTH: ("▓", "@", "heading", "loaded and stored"),
    EARLIER: (":", ":", "", "in an earlier step"),
    NOTHING: ("·", ".", "soft", "untouched"),
    MASKED: ("x", "x", "soft", "masked off"),
    OUTSIDE: ("!", "!", "bad", "outside of the tensor"),
}


def tensors(
    trace: CallTrace, place: Position, width: int, g: Glyphs, rows: int = ROWS, only: int | None = None
) -> RenderableType:
    """Every tensor of the launch as cells, the lanes of a step that is chosen, and what the signs mean."""
    known = trace.launched(place).tensors
    numbers = [number for number in range(len(known)) if only in (None, number)]
    flat = {number: regions.matrix(known[number].shape)[0] == 1 for number in numbers}
    room, used = _share(width, len(numbers) - sum(flat.values())), set[int]()
    found = [
        _panel(trace, place, number, g, used, rows, min(width, WIDEST) if flat[number] else room) for number in numbers
    ]
    step = trace.step(place)
    if step is not None and (step.masked or step.outside):
        found.append(_lanes_panel(step, g, used, min(width, WIDEST) if len(step.block) < 2 else max(room, 32)))
    return Group(beside(found, 0 if all(flat.values()) else width), Text(), _legend(used, g))


def _share(width: int, panels: int) -> int:
    """The columns of each of so many panels side by side."""
    return max(NARROWEST, min(WIDEST, (width - GAP * (panels - 1)) // max(1, panels) - 2))


def _panel(trace: CallTrace, place: Position, number: int, g: Glyphs, used: set[int], rows: int, columns: int) -> Panel:
    tensor = trace.launched(place).tensors[number]
    chosen, earlier = trace.chosen(place), trace.earlier(place)
    plane = plane_of(tensor, number, chosen, trace.steps(place))
    height, width = regions.matrix(tensor.shape)
    starts = trace.borders(place.launch, number)
    cell_height = regions.cell_of(height, rows)
    cell_width, across = fitting(width, starts[1], columns)
    cell, borders = (cell_height, cell_width), (inner_borders(starts[0], cell_height, height), across)
    loaded, stored, before = (
        _Covered(elements(steps_, number, *actions), tensor.shape, plane, cell)
        for steps_, actions in ((chosen, (LOAD, ATOMIC)), (chosen, (STORE, ATOMIC)), (earlier, ()))
    )

    def sign(row: int, column: int) -> Sign:
        look = _look(loaded.at(row, column), stored.at(row, column), before.at(row, column))
        used.add(look)
        return _sign(look, g)

    drawn = grid(-(-height // cell[0]), -(-width // cell[1]), sign, borders, g)
    return Panel((*_title(tensor, plane), *drawn, _scale(cell, "element")))


def _title(tensor: Tensor, plane: tuple[int, ...]) -> tuple[Text, ...]:
    index = f"[{', '.join(map(str, plane))}]" if plane else ""
    called = f"{tensor.called}{index}" if tensor.called else index
    return Text(tensor.name, "heading"), Text(f"{called}  {regions.sides(tensor.shape[-2:])}".strip(), "soft")


def _scale(cell: Cell, noun: str) -> Text:
    return Text(f"a sign: {f'{cell[0]} x {cell[1]}' if cell != (1, 1) else f'one {noun}'}", "soft")


class _Covered:
    """How much of each cell is touched."""

    def __init__(self, runs: Runs, shape: Sequence[int], plane: tuple[int, ...], cell: Cell) -> None:
        self._counts, self._shape, self._cell = cells(runs, shape, plane, cell), shape, cell

    def at(self, row: int, column: int) -> int:
        count = self._counts.get((row, column), 0)
        if not count:
            return NOTHING
        return ALL if count == regions.capacity((row, column), self._shape, self._cell) else SOME


def _look(loaded: int, stored: int, before: int) -> int:
    if loaded and stored:
        return BOTH
    if stored:
        return ALL_STORED if stored == ALL else SOME_STORED
    return loaded or (EARLIER if before else NOTHING)


def _sign(look: int, g: Glyphs) -> Sign:
    sign, plain, style, _ = LOOKS[look]
    return (plain if g.is_ascii else sign), style


def _lanes_panel(step: Step, g: Glyphs, used: set[int], columns: int) -> Panel:
    """The block of lanes: which are at work, and which aren't."""
    width = regions.matrix(step.block)[1]
    height = step.lanes // width
    shape = (height, width)
    cell = regions.cell_of(height, LANE_ROWS), regions.cell_of(width, columns)
    masked, outside = (cells(runs, shape, (), cell) for runs in (step.masked, step.outside))
    full, part = (ALL_STORED, SOME_STORED) if step.action == STORE else (ALL, SOME)

    def sign(row: int, column: int) -> Sign:
        off = masked[row, column]
        whole = off == regions.capacity((row, column), shape, cell)
        look = OUTSIDE if outside[row, column] else MASKED if whole else part if off else full
        used.add(look)
        return _sign(look, g)

    drawn = grid(-(-height // cell[0]), -(-width // cell[1]), sign, ((), ()), g)
    title = Text("lanes of this step", "heading"), Text(regions.sides(step.block), "soft")
    return Panel((*title, *drawn, _scale(cell, "lane")))


def _legend(used: set[int], g: Glyphs) -> Text:
    text = Text()
    for look in LOOKS:
        if look in used:
            text.append("   " if text else "").append(*_sign(look, g)).append(f" {LOOKS[look][3]}", "soft")
    return text
