"""Loads the modules of a level's folder, `reference`, `cases` and what else it holds, and its known mistakes with their formulas.

A course folder inside the package is imported like any module. One outside becomes a package of its own in `sys.modules`, so that its
modules may import each other.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

from triton_quest.course import mistake
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


def known(level: Level) -> mistake.Known:
    """The level's mistakes and variants, each mistake with its formula where `formulas.py` has one. Raises CourseTrouble."""
    held = mistake.read(level.folder)
    if not (level.folder / "formulas.py").is_file():
        return held
    formulas: dict[str, Callable[..., Any]] = part(level, "formulas").FORMULAS
    return replace(held, mistakes=tuple(replace(one, formula=formulas.get(one.key)) for one in held.mistakes))


def reference(level: Level) -> ModuleType:
    return part(level, "reference")


def truth(level: Level) -> Callable[..., Any]:
    """The launcher's counterpart in PyTorch, in any floating dtype."""
    function: Callable[..., Any] = getattr(reference(level), level.launcher)
    return function
