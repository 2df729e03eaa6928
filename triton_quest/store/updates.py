"""What a new version of the quest means for a workspace: unedited files follow it, edited ones stay and are named."""

from __future__ import annotations

import os
from pathlib import Path

from triton_quest.course.level import Level
from triton_quest.store import files, given, workspace
from triton_quest.store.workspace import Workspace


def bring_up_to_date(space: Workspace) -> list[Path]:
    """Renew the files of an `init` workspace that nobody has edited, and add those that this version brings; their paths.

    A clone's files are git's to renew. What was edited or deleted stays so. Raises StoreTrouble.
    """
    if not space.made_by_init:
        return []
    renewed = []
    for path, text in workspace.wanted_files(space).items():
        was_given, there = given.text(space.root, path), given.content(path)
        if was_given == text.encode():
            continue
        is_new = was_given is None and not os.path.lexists(path)
        is_unedited = was_given is not None and there == was_given
        if is_new or is_unedited:
            files.write_atomically(path, text)
            renewed.append(path)
        if is_new or is_unedited or there == text.encode():
            given.note(space.root, path, text)
    if not os.path.exists(workspace.noted_python(space)):  # its environment was deleted or made anew elsewhere
        workspace.note_python(space)
    return renewed


def has_new_template(space: Workspace, level: Level) -> bool:
    """Whether the learner's file was begun from a template that has changed since."""
    path = space.file(level)
    began_as, there = given.text(space.root, path), given.content(path)
    if began_as is None or there is None:
        return False
    return workspace.level_template(level).encode() not in (began_as, there)
