"""What this machine and this workspace are fit for, and what to type to mend each trouble."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.status import Status as Spinner
from rich.text import Text

from triton_quest import __version__, environment, invocation, isolation
from triton_quest.commands import update
from triton_quest.commands.shared.context import OK, TROUBLE, Context, print_json
from triton_quest.commands.shared.templates import new_templates
from triton_quest.course.table import LEVELS
from triton_quest.errors import NotUpdated, NoWorkspace, StoreTrouble, UnusableFile
from triton_quest.invocation import Command
from triton_quest.parent import examination
from triton_quest.parent.examination import Examined
from triton_quest.store import files, given, workspace
from triton_quest.store.git import Git
from triton_quest.store.records import Status

TELLING = ("TRITON_", "QUEST_", "CUDA_", "PYTHON", "NO_COLOR", "COLUMNS", "LANG", "LC_")  # variables, for bug reports
REACH = {  # of variables that can't be set aside
    "PYTHONPATH": "its modules hide none of Python's own, and in the judge they come before the installed ones",
    "PYTHONHOME": "nothing but ./quest goes on without it",
    "PYTHONPLATLIBDIR": "nothing but ./quest goes on without it",
    "PYTHONSAFEPATH": "a level file that you run yourself doesn't find quest_setup.py",
}
PACKAGES = ("torch", "triton", "numpy", "rich", "rich-click", "click")


def run(context: Context, as_json: bool) -> int:
    if as_json or not context.console.is_terminal:
        findings = examine(context)
    else:
        with Spinner("running known kernels", console=context.console):
            findings = examine(context)
    healthy = all(finding.ok or not finding.mend for finding in findings)
    verified = {one for finding in findings if finding.ok for one in finding.verifies}
    here = [one for one in examination.EVERYTHING if one in verified]
    not_here = [one for one in examination.EVERYTHING if one not in verified]
    if as_json:
        print_json(_json(findings, healthy, here, not_here))
        return OK if healthy else TROUBLE
    for finding in findings:
        context.show(_line(context, finding))
    context.console.print()
    context.show(Text("verified here: ", "heading").append("; ".join(here) or "nothing"))
    context.show(Text("not verified here: ", "heading").append("; ".join(not_here) or "nothing"))
    if healthy:
        context.next("All is well.", "")
    return OK if healthy else TROUBLE


def examine(context: Context) -> list[Examined]:
    return [
        _quest(),
        *examination.versions(),
        *_packages(),
        *_python_variables(),
        *_workspace(context),
        *examination.machine(),
    ]


def _line(context: Context, finding: Examined) -> Text:
    g = context.glyphs
    mark, style = (g.passed, "good") if finding.ok else ((g.failed, "bad") if finding.mend else (g.unverified, "soft"))
    line = Text(f"{mark} ", style).append(f"{finding.what}: ", "heading").append(finding.says)
    if finding.mend:
        line.append(f"\n  {g.arrow} ", "soft").append(finding.mend, "command")
    return line


def _json(findings: list[Examined], healthy: bool, here: list[str], not_here: list[str]) -> dict[str, Any]:
    versions = {name: environment.installed_version(name) for name in PACKAGES}
    return {
        "schema": 1,
        "healthy": healthy,
        "quest": __version__,
        "findings": [asdict(finding) for finding in findings],
        "verified_here": here,
        "not_verified_here": not_here,
        "versions": {name: environment.dotted(version) if version else None for name, version in versions.items()},
        "environment": {name: value for name, value in sorted(os.environ.items()) if name.startswith(TELLING)},
    }


def _quest() -> Examined:
    root = Path(environment.ROOT)
    if not (root / ".git").exists():
        return Examined("quest", True, f"{__version__}, in {root}")
    try:
        commit = Git(root)("rev-parse", "--short", "HEAD").strip()
    except NotUpdated as trouble:
        return Examined("quest", False, f"{__version__}, a clone in {root}. {trouble.sentence}")
    return Examined("quest", True, f"{__version__}, a clone in {root}, at {commit}")


def _packages() -> Iterator[Examined]:
    """After an update that came past `./quest`."""
    in_venv = os.path.realpath(sys.prefix) == os.path.realpath(os.path.join(environment.ROOT, ".venv"))
    if in_venv and update.packages_changed():
        says = "this environment was made for another version of the quest"
        yield Examined("packages", False, says, f"./quest   (in {environment.ROOT})")


def _written_to(root: Path) -> Examined:
    """A file is written into each folder of the workspace, and taken away: rights alone don't tell of a full disk."""
    folders = [path for path in (root, root / "levels", root / ".quest") if path.exists()]
    if not all(os.access(path, os.W_OK) for path in folders):
        says = f"{root}: it can't be written to, so nothing is kept"
        return Examined("workspace", False, says, f"chmod -R u+w {shlex.quote(str(root))}")
    for folder in folders:
        probe = folder / ".quest-doctor"
        try:
            files.write_atomically(probe, "x" * 65_536)
            probe.unlink()
        except (StoreTrouble, OSError) as trouble:
            reason = trouble.sentence if isinstance(trouble, StoreTrouble) else str(trouble)
            where = shlex.quote(str(folder))
            return Examined("workspace", False, f"{root}: nothing is kept. {reason}", f"df -h {where}")
    return Examined("workspace", True, str(root))


def _edited(root: Path) -> Iterator[Examined]:
    """The files by which a workspace finds the quest, where somebody has changed them."""
    for path in (root / "levels" / "quest_setup.py", root / "quest.py"):
        was_given, there = given.text(root, path), given.content(path)
        if was_given is not None and there is not None and there != was_given:
            old, again = shlex.quote(f"{path}.edited"), invocation.command(f"init {shlex.quote(str(root))}")
            says = f"{path} isn't as the quest gave it"
            yield Examined("workspace", False, says, f"mv {shlex.quote(str(path))} {old} && {again}")


def _edited_in_clone(root: Path) -> Iterator[Examined]:
    """Of a clone git knows what was given; the other files are the authors' to edit."""
    clone, path = Path(environment.ROOT), root / "levels" / "quest_setup.py"
    if root != workspace.PACKAGE or not (clone / ".git").exists():
        return
    name = path.relative_to(clone).as_posix()
    with contextlib.suppress(NotUpdated):  # git is missing, or this is no commit: _quest says so
        if name in Git(clone).edited("HEAD"):
            old, again = shlex.quote(f"{path}.edited"), shlex.join(["git", "-C", str(clone), "checkout", "HEAD", "--"])
            says = f"{path} isn't as the quest gave it"
            yield Examined("workspace", False, says, f"mv {shlex.quote(str(path))} {old} && {again} {name}")


def _python_variables() -> Iterator[Examined]:
    """What changes the Pythons that are started here, and how far it reaches."""
    aside = {name.removeprefix(isolation.ASIDE) for name in os.environ if name.startswith(isolation.ASIDE)}
    for name in sorted(aside | set(os.environ) & {*isolation.CHANGES_PYTHON, *REACH}):
        reach = REACH.get(name, "the quest and its judge go on without it, a level file that you run yourself doesn't")
        yield Examined("environment", False, f"{name} is set, which changes Python: {reach} (unset {name})")
    for name in ("sitecustomize", "usercustomize"):
        file = getattr(sys.modules.get(name), "__file__", None) or ""
        if os.path.dirname(os.path.abspath(file)) in isolation.pythonpath():
            says = f"{file} is run by each Python before the quest begins: what it does can't be kept out (unset PYTHONPATH)"
            yield Examined("environment", False, says)


def _workspace(context: Context) -> Iterator[Examined]:
    try:
        root = context.workspace.root
    except NoWorkspace as trouble:
        yield Examined("workspace", False, trouble.sentence, invocation.command(trouble.next_command or ""))
        return
    yield _written_to(root)
    yield from _edited(root)
    yield from _edited_in_clone(root)
    try:
        states = context.progress.states()
    except StoreTrouble as trouble:  # what was damaged was set aside already: rights or room are missing
        folder = shlex.quote(str(context.workspace.database.parent))
        yield Examined("progress", False, trouble.sentence, f"ls -la {folder} && df -h {folder}")
        return
    passed = sum(state.is_done for state in states)
    yield Examined("progress", True, f"{passed} of {len(LEVELS)} levels passed")
    for level in (state.level for state in states if state.is_done or state.status is Status.OPEN):
        try:
            files.read_text(context.workspace.file(level), Command("reset", level.number))
        except UnusableFile as trouble:
            yield Examined("level file", False, trouble.sentence, invocation.command(trouble.next_command or ""))
    for state in new_templates(context, states):
        number = state.level.number
        says = f"level {number} has a new one; yours stays until you type {invocation.command(f'reset {number}')}"
        yield Examined("template", False, says)
