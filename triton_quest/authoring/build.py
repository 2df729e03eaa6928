"""Writes the package's own level files from the solutions. Learners' workspaces get theirs from `reset` and `init`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from triton_quest.course.table import LEVELS
from triton_quest.store import workspace


@dataclass(frozen=True)
class Written:
    path: Path
    backup: Path | None


def write_levels() -> list[Written]:
    """Renew every level file that differs from its template; what was there is backed up."""
    clone = workspace.Workspace(workspace.PACKAGE)
    written = []
    for level in LEVELS:
        if not level.has_arrived:
            continue
        path = clone.file(level)
        if not path.is_file() or path.read_bytes() != workspace.level_template(level).encode():
            written.append(Written(path, workspace.renew(clone, level)))
    return written
