"""Loads the modules of a level's folder: `reference`, `cases`, and what else it holds.

A course folder inside the package is imported like any module. One outside becomes a package of its own in `sys.modules`, so that its
modules may import each other.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from triton_quest.course.level import COURSE, Level
from triton_quest.errors import CourseTrouble


def part(level: Level, name: str) -> ModuleType:
    """A module of the level's folder. Raises CourseTrouble if the folder has no such file."""
    if not (level.folder / f"{name}.py").is_file():
        raise CourseTrouble(f"{level.folder / name}.py is missing", "dev check")
    return importlib.import_module(f"{_package(level)}.{name}")


def _package(level: Level) -> str:
    if level.course == COURSE:
        return f"triton_quest.course.{level.folder.name}"
    package = f"_course_{abs(hash(level.course)):x}_{level.folder.name}"
    if package not in sys.modules:
        made = ModuleType(package)
        made.__path__ = [str(level.folder)]
        sys.modules[package] = made
    return package


def reference(level: Level) -> ModuleType:
    return part(level, "reference")


def truth(level: Level) -> Callable[..., Any]:
    """The launcher's counterpart in PyTorch, in any floating dtype."""
    function: Callable[..., Any] = getattr(reference(level), level.launcher)
    return function
