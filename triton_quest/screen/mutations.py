"""The gate's table: level, mistake, which check rejected it, and the sentence a learner reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from triton_quest.screen.console import Glyphs

if TYPE_CHECKING:
    from triton_quest.authoring.mutation import Judged


def mutations(rows: Sequence[Judged], g: Glyphs) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="soft")
    for name in ("", "level", "mistake or variant", "rejected by", "sentence"):
        table.add_column(name, overflow="fold")
    for row in rows:
        mark = Text(g.passed, "good") if row.ok else Text(g.failed, "bad")
        says = "" if row.got == "passed" else row.says
        table.add_row(mark, str(row.mutant.level.number), row.mutant.key, row.got, Text(says))
    return table
