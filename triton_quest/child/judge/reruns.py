"""Runs wrong versions of a level's solution, with the learner's own tile sizes in the place of the solution's."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.judge import code
from triton_quest.child.judge.watch import Run, Subject
from triton_quest.course import template
from triton_quest.course.answer import Answer
from triton_quest.course.level import Level
from triton_quest.course.mistake import Mistake, apply
from triton_quest.errors import CourseTrouble

Launcher = Callable[..., Any]


class Reruns:
    """The wrong versions of one solution, each loaded once; their files go into `folder`, which must stay for as long."""

    def __init__(self, level: Level, folder: Path) -> None:
        self._level, self._folder = level, folder
        self._loaded: dict[tuple[str, tuple[tuple[str, int], ...]], Launcher] = {}

    def output(self, mistake: Mistake, run: Run) -> Answer | None:
        """What the mistake gives on the run's inputs. None if it can't run there."""
        if not isinstance(run.model, MemoryModel):
            return None  # a wrong version must not touch memory unchecked
        paths, modules = list(sys.path), set(sys.modules)
        try:
            launcher = self._launcher(mistake, run.constants)
            with MemoryModel(poison=False).active():
                return run.given.answer(*run.given.called(launcher))
        except CourseTrouble:
            return None  # the gate's affair
        except (Exception, IllegalAccess):  # a mistake that crashes on this case isn't what the learner's kernel did
            return None
        finally:
            sys.path[:] = paths
            _forget(modules)

    def subject(self, mistake: Mistake, constants: dict[str, int]) -> Subject | None:
        """The mistake as something to watch, in the learner's place. None if it can't be loaded."""
        paths, modules = list(sys.path), set(sys.modules)
        try:
            launcher = self._launcher(mistake, constants)
            module = sys.modules[launcher.__module__]
        except (CourseTrouble, code.Stopped, KeyError):
            return None
        finally:
            sys.path[:] = paths
            _forget(modules)
        return Subject(self._level, Path(launcher.__code__.co_filename), module, launcher)

    def _launcher(self, mistake: Mistake, constants: dict[str, int]) -> Launcher:
        key = (mistake.key, tuple(sorted(constants.items())))
        if key not in self._loaded:
            text = apply(mistake.edits, (self._level.folder / "solution.py").read_text(encoding="utf-8"), mistake.key)
            path = self._folder / f"mistake_{len(self._loaded)}_{mistake.key}.py"
            tree = _WithConstants(constants).visit(ast.parse(template.without_texts(text)))
            path.write_text(ast.unparse(tree), encoding="utf-8")
            self._loaded[key] = getattr(code.load(path), self._level.launcher)
        return self._loaded[key]


def _forget(modules: set[str]) -> None:
    """Drop the modules that became of wrong versions, and no library that their run happened to import first."""
    for name in set(sys.modules) - modules:
        if name.startswith(code.LEARNER):
            del sys.modules[name]


class _WithConstants(ast.NodeTransformer):
    """Puts the learner's numbers into `NAME = 64` and `NAME, OTHER = 64, 32`, and behind `NAME, OTHER = TABLE[...]`."""

    def __init__(self, constants: dict[str, int]) -> None:
        self.constants = constants

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        if isinstance(node.value, ast.Subscript):
            targets = [
                name for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            ]
            known = [target.id for target in targets if target.id in self.constants]
            return [node, *(ast.parse(f"{name} = {self.constants[name]}").body[0] for name in known)]
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=False)
                node.value.elts = [self._number(name, value) for name, value in pairs]
            else:
                node.value = self._number(target, node.value)
        return node

    def _number(self, target: ast.expr, value: ast.expr) -> ast.expr:
        known = isinstance(target, ast.Name) and target.id in self.constants
        if known and isinstance(value, ast.Constant) and type(value.value) is int:
            return ast.copy_location(ast.Constant(self.constants[target.id]), value)  # type: ignore[attr-defined]
        return value
