"""A workspace outside the clone."""

from __future__ import annotations

from pathlib import Path

from triton_quest import invocation
from triton_quest.commands.shared.context import Context, print_json
from triton_quest.screen import messages
from triton_quest.store import workspace


def run(context: Context, folder: Path, as_json: bool) -> None:
    made_workspace, made = workspace.init(folder)
    if as_json:
        print_json({"schema": 1, "workspace": str(made_workspace.root), "made": [str(path) for path in made]})
        return
    there = "" if made else " Everything was there already; nothing was changed."
    context.console.print(f"Your workspace: {made_workspace.root}.{there}", soft_wrap=True, markup=False)
    context.console.print()
    context.show(messages.next_step("Go there and begin:", invocation.go_to(str(folder)), context.glyphs))
