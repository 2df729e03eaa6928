"""The newest version of the quest in a clone, around the level files that the learner has edited."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from rich.text import Text

from triton_quest import environment, invocation
from triton_quest.commands.shared.context import Context, print_json
from triton_quest.course.table import LEVELS
from triton_quest.errors import NotUpdated
from triton_quest.screen import messages
from triton_quest.store import files, given, workspace
from triton_quest.store.clone import Clone, Plan

ROOT = Path(environment.ROOT)


def run(context: Context, as_json: bool) -> None:
    refuse_what_is_no_clone()
    clone = Clone(ROOT)
    if context.console.is_terminal and not as_json:
        context.console.print("[soft]fetching the newest version[/]")
    clone.fetch()
    plan = clone.plan()
    backups = keep(clone, plan) if plan else []
    if plan:
        clone.move(plan)
    if as_json:
        print_json(
            {
                "schema": 1,
                "updated": plan is not None,
                "commits": plan.commits if plan else 0,
                "kept": [str(ROOT / path) for path in plan.edited] if plan else [],
                "new_templates": [str(ROOT / entry.path) for entry in plan.outdated] if plan else [],
                "backups": [str(backup) for backup in backups],
            }
        )
    else:
        _tell(context, plan, backups)


def refuse_what_is_no_clone() -> None:
    """Raises NotUpdated, saying how this copy of the quest is updated."""
    if not workspace.is_clone():
        pip = f"{shlex.quote(sys.executable)} -m pip install --upgrade triton-attention-quest"
        raise NotUpdated(f"This quest was installed by pip, and pip updates it; your workspaces follow. Type: {pip}")
    if not os.path.exists(ROOT / ".git"):
        raise NotUpdated(
            f"{ROOT} has no git history: it was downloaded, not cloned. Download the new version beside it, "
            "and copy triton_quest/levels/level*.py and the folder triton_quest/.quest over into it."
        )


def keep(clone: Clone, plan: Plan) -> list[Path]:
    """Before anything moves: a backup of each edited level file whose template changes, and a note of what it began as."""
    played = workspace.Workspace(workspace.PACKAGE)
    edited = {ROOT / path for path in plan.edited}
    for level in LEVELS:
        if played.file(level) not in edited:
            given.forget(played.root, played.file(level))
    backups = []
    for entry in plan.outdated:
        path = ROOT / entry.path
        if given.text(played.root, path) is None:
            given.note(played.root, path, clone.git.text(entry))
        backups.append(files.back_up(path, played.backups))
    return [backup for backup in backups if backup]


def _tell(context: Context, plan: Plan | None, backups: list[Path]) -> None:
    g = context.glyphs
    if plan is None:
        says = "This is the newest version already."
    else:
        says = f"The newest version is here: {plan.commits} {'change' if plan.commits == 1 else 'changes'}."
    context.show(Text(f"{g.passed} ", "good").append(says))
    new = {entry.path for entry in plan.outdated} if plan else set()
    for path in plan.edited if plan else ():
        context.show(
            Text(f"{Path(path).name} stays as you wrote it{', and its template is new' if path in new else ''}.")
        )
    for backup in backups:
        context.console.print(f"Backup: {invocation.short_path(backup)}", soft_wrap=True, markup=False)
    context.console.print()
    if packages_changed():
        step = ("It needs newer packages. This installs them and goes on:", environment.install_command())
    else:
        step = ("Go on:", invocation.command(""))
    context.show(messages.next_step(*step, g))


def packages_changed() -> bool:
    """Whether the environment that `./quest` made was made for other packages than the new version's."""
    made_for = given.content(ROOT / ".venv" / "quest-pins")
    return made_for is not None and made_for != given.content(ROOT / "requirements.txt")
