"""Nsight Systems: the command line, and its SQLite export read by the tables that its documentation describes.

"Nsight Systems User Guide", chapter "SQLite Schema Reference". Names are numbers there, to be looked up in StringIds; a table is there
only if something of its kind was seen.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from triton_quest.course.level import Level
from triton_quest.parent.process import child_program
from triton_quest.records.profiling import Event, Kind

_EVENTS = {  # the kind, its table, and the columns that hold its name, its correlation and its bytes
    Kind.KERNEL: ("CUPTI_ACTIVITY_KIND_KERNEL", "shortName", "correlationId", "0"),
    Kind.API: ("CUPTI_ACTIVITY_KIND_RUNTIME", "nameId", "correlationId", "0"),
    Kind.SYSTEM: ("OSRT_API", "nameId", "0", "0"),
}
_MEMORY = {"copy": "CUPTI_ACTIVITY_KIND_MEMCPY", "memset": "CUPTI_ACTIVITY_KIND_MEMSET"}


def command(level: Level, file: Path, size: str | None, report: Path) -> list[str]:
    """Records several calls of the launcher, and what comes before and beside them; `report` ends in .nsys-rep."""
    job = json.dumps({"level": level.as_row(), "file": str(file), "size": size, "tool": "nsys"})
    options = ["--trace=cuda,nvtx,osrt", "--sample=none", "--cpuctxsw=none", "--force-overwrite=true"]
    program = child_program("triton_quest.child.measure.profile_kernel")
    return ["nsys", "profile", *options, f"--output={report.with_suffix('')}", *program, job]


def export_command(report: Path, database: Path) -> list[str]:
    return ["nsys", "export", "--type=sqlite", "--force-overwrite=true", f"--output={database}", str(report)]


def events_of(database: Path) -> list[Event]:
    """Everything that took time. Raises sqlite3.Error for what is no database, ValueError where columns are missing."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        try:
            return list(_events(opened, tables))
        except sqlite3.OperationalError as trouble:
            raise ValueError(f"{database.name} has other columns than are documented: {trouble}") from trouble


def _events(opened: sqlite3.Connection, tables: set[str]) -> Iterator[Event]:
    for kind, (table, name, correlation, size) in _EVENTS.items():
        if table in tables:
            asked = f"SELECT s.value, t.start, t.end, {correlation}, {size} FROM {table} t JOIN StringIds s ON s.id = t.{name}"
            yield from (Event(kind, *row) for row in opened.execute(asked))
    for name, table in _MEMORY.items():
        if table in tables:
            rows = opened.execute(f"SELECT start, end, correlationId, bytes FROM {table}")
            yield from (Event(Kind.COPY, name, *row) for row in rows)
    if "NVTX_EVENTS" in tables:
        asked = "SELECT COALESCE(t.text, s.value), t.start, t.end FROM NVTX_EVENTS t LEFT JOIN StringIds s ON s.id = t.textId"
        for name, start, end in opened.execute(asked):
            if name is not None and end is not None:
                yield Event(Kind.RANGE, name, start, end)
