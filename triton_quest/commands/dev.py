"""For the authors of levels: the gate, and building the level files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from triton_quest import invocation
from triton_quest.authoring import build as building
from triton_quest.commands.shared.context import OK, TROUBLE, Context, print_json
from triton_quest.course.level import Level
from triton_quest.errors import QuestError
from triton_quest.screen.mutations import mutations
from triton_quest.store import workspace

if TYPE_CHECKING:
    from triton_quest.authoring.mutation import Judged


def check(context: Context, level: Level | None, with_table: bool, as_json: bool) -> int:
    """Run the gate, over one level or all; a line per complaint, and with `with_table` a line per mistake and variant."""
    from triton_quest.authoring import gate

    g = context.glyphs

    def tell(what: str) -> None:
        if not as_json:
            context.console.print(f"  [soft]{what}[/]")

    table: list[Judged] = []
    complaints = gate.run(tell, show=table.append, only=level)
    if as_json:
        rows = [_row_json(row) for row in table]
        print_json({"schema": 1, "passed": not complaints, "complaints": complaints, "table": rows})
    else:
        if with_table:
            context.show(mutations(table, g))
        for complaint in complaints:
            context.show(Text(f"{g.failed} ", "bad").append(complaint))
        if not complaints:
            context.show(Text(f"{g.passed} the gate is open: nothing to complain about", "good"))
    return TROUBLE if complaints else OK


def _row_json(row: Judged) -> dict[str, object]:
    mutant = row.mutant
    return {
        "level": mutant.level.number,
        "mutant": mutant.key,
        "expected": mutant.expected,
        "got": row.got,
        "says": row.says,
        "ok": row.ok,
    }


def build(context: Context, as_json: bool) -> None:
    """Write the level files anew from their solutions. Raises QuestError where there is no clone to write into."""
    if not workspace.is_clone():
        raise QuestError("Level files are built in a clone of the repository, and this quest was installed.", "start")
    written = building.write_levels()
    if as_json:
        print_json(
            {
                "schema": 1,
                "written": [str(item.path) for item in written],
                "backups": [str(i.backup) for i in written if i.backup],
            }
        )
        return
    for item in written:
        context.console.print(f"New: {invocation.short_path(item.path)}", soft_wrap=True)
        if item.backup:
            context.console.print(f"  It had been edited. Backup: {invocation.short_path(item.backup)}", soft_wrap=True)
    context.next("Every level file is as its solution says." if not written else "Then:", "dev check")
