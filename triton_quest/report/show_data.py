"""A traced call, or the map of a wrong answer, as the data of one page: short enough to be carried by it, complete enough to step through.

Programs are cut where the page would become too large, and `Page.says` tells which are drawn instead. Pure.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from triton_quest.records.show import ATOMIC, LOAD, STORE, ErrorMap, ErrorValues, Runs, Step, TensorValues
from triton_quest.records.verdict import Mismatch
from triton_quest.report.show import CallTrace, Position

MOST_CHARACTERS = 1_300_000  # of the data: with the file's text and the script a page stays below 1.5 MB
ACTIONS = (LOAD, STORE, ATOMIC)


@dataclass(frozen=True)
class Errors:
    """A map of a wrong answer with the numbers behind it; without a mismatch where it is the traced call's."""

    map: ErrorMap
    values: ErrorValues | None
    mismatch: Mismatch | None

    def as_json(self) -> dict[str, Any]:
        return {
            "map": asdict(self.map),
            "values": asdict(self.values) if self.values else None,
            "mismatch": asdict(self.mismatch) if self.mismatch else None,
        }


@dataclass(frozen=True)
class Page:
    """What the page's script is given, and what the reader is told of it."""

    data: dict[str, Any]
    says: tuple[str, ...] = ()


def page_data(
    trace: CallTrace,
    start: Position | None,
    records: Iterable[object],
    errors: Errors | None,
    most: int = MOST_CHARACTERS,
) -> Page:
    """`start` is where the page begins, None where nothing was traced. `most`: characters of JSON."""
    table = _Table()
    left_in = {one.launch: one.values for one in records if isinstance(one, TensorValues)}
    launches = [_launch(trace, number, left_in.get(number, ()), table) for number in range(len(trace.launches))]
    programs = {key: [list(key[1]), [_step(step, table) for step in steps]] for key, steps in trace.programs.items()}
    sizes = {key: len(json.dumps(one)) for key, one in programs.items()}
    fixed = len(json.dumps([launches, table.sites, table.loops, table.blocks, errors and errors.as_json()]))
    of_values, says = sum(map(len, table.values)), []
    if of_values and fixed + of_values + sum(sizes.values()) > most:
        table.values, of_values = [], 0
        says.append("With the elements' values the page would be too large: they are left out.")
    kept = _kept(sizes, most - fixed - of_values, (start.launch, start.program) if start else None)
    if len(kept) < len(programs):
        says.append(_cut(trace, kept, sum(sizes.values())))
    for key, one in programs.items():
        if key in kept:
            launches[key[0]]["programs"].append(one)
    data = {
        "launches": launches,
        "sites": table.sites,
        "loops": table.loops,
        "blocks": table.blocks,
        "values": table.values,
        "start": [start.launch, list(start.program), -1 if start.step is None else start.step] if start else None,
        "is_cut": len(kept) < len(programs),
        "errors": errors.as_json() if errors else None,
    }
    return Page(data, tuple(says))


Key = tuple[int, tuple[int, ...]]  # a launch and a program


def _kept(sizes: Mapping[Key, int], room: int, first: Key | None) -> frozenset[Key]:
    """The programs that there is room for, in the order in which they ran; `first` before all others."""
    kept = set[Key]()
    order = list(sizes)
    if first is not None and first in sizes:
        order.insert(0, first)
    for key in dict.fromkeys(order):
        room -= sizes[key]
        if room < 0:
            break
        kept.add(key)
    return frozenset(kept)


def _cut(trace: CallTrace, kept: frozenset[Key], size: int) -> str:
    """Which programs the page has instead of all."""
    counts = Counter(launch for launch, _ in kept)
    drawn = [
        f"{counts[number]:,} of {math.prod(launch.grid):,} programs of {launch.kernel}"
        for number, launch in enumerate(trace.launches)
    ]
    return (
        f"All loads and stores would take {size / 1e6:,.1f} MB, more than a page holds. Drawn instead are those of "
        f"{', '.join(drawn)}; larger blocks make fewer programs and fewer steps."
    )


class _Table:
    """What many steps share, each thing once: a step names its place in the list."""

    def __init__(self) -> None:
        self.sites: list[list[Any]] = []
        self.loops: list[list[list[str]]] = []
        self.blocks: list[list[int]] = []
        self.values: list[str] = []
        self._places: dict[Any, int] = {}

    def place(self, rows: list[Any], entry: Any, hashed: Any) -> int:
        key = (id(rows), hashed)
        if key not in self._places:
            self._places[key] = len(rows)
            rows.append(entry)
        return self._places[key]


def _launch(trace: CallTrace, number: int, values: Sequence[str], table: _Table) -> dict[str, Any]:
    launch = trace.launches[number]
    tensors = []
    for place, tensor in enumerate(launch.tensors):
        rows, columns = trace.borders(number, place)
        held = values[place] if place < len(values) else ""
        tensors.append(
            {
                "name": tensor.name,
                "called": tensor.called,
                "shape": list(tensor.shape),
                "dtype": tensor.dtype,
                "bytes": bytes_of(tensor.dtype),
                "rows": sorted(rows),
                "columns": sorted(columns),
                "values": table.place(table.values, held, held) if held else -1,
            }
        )
    return {
        "kernel": launch.kernel,
        "grid": list(launch.grid),
        "constants": dict(launch.constants),
        "is_whole": launch.is_whole,
        "tensors": tensors,
        "programs": [],
    }


def bytes_of(dtype: str) -> int:
    """Of one element: "fp32", "bf16", "int64", "float8_e4m3fn", "bool"."""
    bits = re.search(r"\d+", dtype)
    return max(1, int(bits.group()) // 8) if bits else 1


def _step(step: Step, table: _Table) -> list[Any]:
    """Its site, loops and block by their places, and its runs, each first and last one after the other."""
    site = (ACTIONS.index(step.action), step.tensor, step.line, step.source)
    return [
        table.place(table.sites, list(site), site),
        table.place(table.loops, [list(pair) for pair in step.loops], step.loops),
        table.place(table.blocks, list(step.block), step.block),
        *(_flat(runs) for runs in (step.touched, step.masked, step.outside)),
    ]


def _flat(runs: Runs) -> list[int]:
    return [number for run in runs for number in run]
