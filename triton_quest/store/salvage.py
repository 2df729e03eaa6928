"""What can still be read of a database that is damaged, foreign or newer: by SQLite where it will, else byte by byte."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from triton_quest.store import pages, schema

Rows = dict[str, list[tuple[Any, ...]]]
REFUSALS = (sqlite3.Error, UnicodeDecodeError)  # the second where SQLite quotes what it can't understand


def read(path: Path, damaged: bool) -> Rows:
    """Every row of ours, as far as it can be read. Nothing is written, not even a journal rolled back."""
    found: Rows = {table: [] for table in schema.COLUMNS}
    if not path.is_file():
        return found
    how = "immutable=1" if damaged else "mode=ro"
    with suppress(*REFUSALS), closing(sqlite3.connect(f"{path.as_uri()}?{how}", uri=True)) as db:
        db.text_factory = _text
        for table, rows in found.items():
            with suppress(*REFUSALS):  # the rest of this table is left to the pages
                for row in db.execute(f"SELECT {', '.join(schema.COLUMNS[table])} FROM {table}"):
                    rows += [row] * schema.is_row(table, row)
    if damaged:
        for rowid, values in pages.rows(path.read_bytes()):
            row = (rowid, *values[1:]) if values[:1] == (None,) else values  # an INTEGER PRIMARY KEY is the rowid
            for table, rows in found.items():
                rows += [row] * schema.is_row(table, row)
    return found


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def fill(db: sqlite3.Connection, rows: Rows) -> None:
    """Put the rows into a new database, each once."""
    for table, found in rows.items():
        columns = ", ".join(schema.COLUMNS[table])
        places = ", ".join("?" * len(schema.COLUMNS[table]))
        how = "REPLACE" if table == "runs" else "IGNORE"  # a new database has its first run already
        db.executemany(f"INSERT OR {how} INTO {table} ({columns}) VALUES ({places})", found)
    # whatever was done was done in some run, also where the list of the runs is lost
    done = " UNION ALL ".join(f"SELECT run, at FROM {table}" for table in schema.COLUMNS if table != "runs")
    db.execute(f"INSERT OR IGNORE INTO runs (id, at) SELECT run, min(at) FROM ({done}) GROUP BY run")
