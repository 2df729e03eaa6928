"""Runs wrong versions of a level's solution, with the learner's own tile sizes in the place of the solution's."""

from __future__ import annotations

import ast
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from triton_quest.child import source
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.judge import code
from triton_quest.child.judge.watch import Run, Subject
from triton_quest.child.triton.language import rewrite_ahead
from triton_quest.course import template
from triton_quest.course.answer import Answer
from triton_quest.course.level import Level
from triton_quest.course.mistake import Mistake, apply
from triton_quest.errors import CourseTrouble

Launcher = Callable[..., Any]


Key = tuple[str, tuple[tuple[str, int], ...]]  # of a mistake with constants


@dataclass(frozen=True)
class _Wrong:
    """A wrong version that is loaded, as a module."""

    file: Path
    module: ModuleType
    launcher: Launcher


_prepared: dict[Level, dict[Key, _Wrong]] = {}
"""What a worker that forks has loaded ahead, for the children that judge one level."""
_numbers = itertools.count()


def prepare(level: Level, mistakes: Iterable[Mistake], tilings: Iterable[dict[str, int]]) -> None:
    """Load these mistakes with each of these launch constants, and rewrite their kernels for the interpreter."""
    reruns = Reruns(level)
    _prepared.clear()
    for mistake, constants in itertools.product(mistakes, tilings):
        wrong = reruns.loaded(mistake, constants)
        if wrong is not None:
            rewrite_ahead(wrong.module)
    _prepared[level] = reruns.versions


class Reruns:
    """The wrong versions of one solution, each loaded once. No file is written: `source` holds their texts."""

    def __init__(self, level: Level) -> None:
        self._level = level
        self.versions: dict[Key, _Wrong] = dict(_prepared.get(level, {}))

    def output(self, mistake: Mistake, run: Run) -> Answer | None:
        """What the mistake gives on the run's inputs. None if it can't run there."""
        if not isinstance(run.model, MemoryModel):
            return None  # a wrong version must not touch memory unchecked
        wrong = self.loaded(mistake, run.constants)
        if wrong is None:
            return None
        try:
            with _learner_left_alone(), MemoryModel(poison=False).active():
                return run.given.answer(*run.given.called(wrong.launcher))
        except (Exception, IllegalAccess):  # a mistake that crashes on this case isn't what the learner's kernel did
            return None

    def subject(self, mistake: Mistake, constants: dict[str, int]) -> Subject | None:
        """The mistake as something to watch, in the learner's place. None if it can't be loaded."""
        wrong = self.loaded(mistake, constants)
        return None if wrong is None else Subject(self._level, wrong.file, wrong.module, wrong.launcher)

    def loaded(self, mistake: Mistake, constants: dict[str, int]) -> _Wrong | None:
        """None if the mistake's patch doesn't apply, which is the gate's affair, or its module raises."""
        key = (mistake.key, tuple(sorted(constants.items())))
        if key not in self.versions:
            try:
                with _learner_left_alone():
                    self.versions[key] = self._load(mistake, constants)
            except (CourseTrouble, code.Stopped, AttributeError):
                return None
        return self.versions[key]

    def _load(self, mistake: Mistake, constants: dict[str, int]) -> _Wrong:
        text = apply(mistake.edits, (self._level.folder / "solution.py").read_text(encoding="utf-8"), mistake.key)
        tree = _WithConstants(constants).visit(ast.parse(template.without_texts(text)))
        file = self._level.folder / f"mistake_{next(_numbers)}_{mistake.key}.py"
        source.hold(file, ast.unparse(tree))
        module = code.load(file)
        return _Wrong(file, module, getattr(module, self._level.launcher))


@contextmanager
def _learner_left_alone() -> Iterator[None]:
    """Of the modules and paths that a wrong version brings, none stays where the learner's imports look.

    A library that it happened to import first stays.
    """
    paths, modules = list(sys.path), set(sys.modules)
    try:
        yield
    finally:
        sys.path[:] = paths
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
