"""Explains a wrong output: the known mistake that gives exactly this output, or else the pattern of what is wrong.

An explanation is given only where the numbers carry it: the learner's output must equal the mistake's within the
budget of the case, everywhere. Where few numbers speak, or several mistakes would give the same, it is told as probable.
"""

from __future__ import annotations

import ast
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from triton_quest.errors import CourseTrouble
from triton_quest.execution.adapt.memory.accesses import IllegalAccess
from triton_quest.execution.adapt.memory.model import MemoryModel
from triton_quest.judge import code, compare
from triton_quest.judge.mistake import Mistake, apply
from triton_quest.judge.watch import Run
from triton_quest.levels import Level

WITNESSES = 3  # failing runs that a rerun must fit; all of them, where several fit
SAME_ELEMENTS = 0.9  # the share of the wrong elements that must be wrong in both: rounding decides over the rest
ENOUGH = 8  # elements below which a match may be chance


@dataclass(frozen=True)
class Evidence:
    """One failing run of the learner's launcher, and which elements are wrong."""

    run: Run
    wrong: torch.Tensor

    @property
    def result(self) -> torch.Tensor:
        result: torch.Tensor = self.run.result
        return result

    @property
    def truth(self) -> torch.Tensor:
        return self.run.reference.truth

    @property
    def allowed(self) -> torch.Tensor:
        return self.run.reference.budget.allowed


@dataclass(frozen=True)
class Explanation:
    """What probably went wrong, in the learner's words, with what carries it."""

    says: str
    evidence: str
    finding: str | None = None
    hint: int | None = None


def explain(
    level: Level, mistakes: tuple[Mistake, ...], seen: Sequence[Evidence], right: Sequence[Run]
) -> Explanation | None:
    """The best explanation of the failing runs `seen` (the one that is shown comes first), or None.

    `right` are runs whose result was right: a mistake that would have shown there isn't the learner's.
    """
    for candidates, least in _rounds(mistakes, seen):
        matching, compared = _matching(level, candidates, seen, least)
        matching = [mistake for mistake in matching if not any(_would_show(level, mistake, run) for run in right)]
        if matching:
            return _told(matching, compared)
    return _pattern(seen[0])


def _rounds(mistakes: tuple[Mistake, ...], seen: Sequence[Evidence]) -> Iterator[tuple[tuple[Mistake, ...], int]]:
    """Which mistakes are compared, and with how many failing runs at least.

    A formula costs hardly anything, so it is compared with all of them; one that explains them all spares the reruns.
    """
    known = tuple(mistake for mistake in mistakes if mistake.caught_by in ("numbers", "property"))
    yield tuple(mistake for mistake in known if mistake.formula), len(seen)
    yield known, WITNESSES


def _told(matching: list[Mistake], compared: list[Evidence]) -> Explanation:
    mistake = matching[0]
    elements = sum(evidence.result.numel() for evidence in compared)
    sure = elements >= ENOUGH and all(other.says == mistake.says for other in matching)
    says = mistake.says if sure else f"Probably: {mistake.says[0].lower()}{mistake.says[1:]}"
    told = f"Checked: that mistake explains all {elements:,} elements that were compared." if sure else ""
    return Explanation(says, told, mistake.key, mistake.hint)


def _matching(
    level: Level, mistakes: tuple[Mistake, ...], seen: Sequence[Evidence], least: int
) -> tuple[list[Mistake], list[Evidence]]:
    """The mistakes whose output is the learner's, and where that was looked at: most drop out at the first, smallest run."""
    matching = list(mistakes)
    compared: list[Evidence] = []
    for number, evidence in enumerate(seen):
        if number < least or len(matching) > 1:
            matching = [mistake for mistake in matching if _gives(level, mistake, evidence)]
            compared.append(evidence)
    return matching, compared


def _gives(level: Level, mistake: Mistake, seen: Evidence) -> bool:
    """Whether this mistake gives the learner's output, and a wrong one."""
    output = _output(level, mistake, seen.run)
    if output is None:
        return False
    theirs = compare.wrong_elements(output, seen.truth, seen.run.reference.budget)
    either, both = int((theirs | seen.wrong).sum()), int((theirs & seen.wrong).sum())
    if not both or both < SAME_ELEMENTS * either:
        return False  # it is right here, or wrong elsewhere
    scale = torch.nan_to_num(output.double(), nan=0.0, posinf=0.0, neginf=0.0).abs()
    slack = torch.finfo(output.dtype).eps * scale  # both were rounded once more
    within = compare.Budget(2 * seen.allowed + slack)
    return not bool(compare.wrong_elements(seen.result, output.double(), within).any())


def _would_show(level: Level, mistake: Mistake, run: Run) -> bool:
    output = _output(level, mistake, run)
    return output is not None and _is_wrong(output, run)


def _is_wrong(output: torch.Tensor, run: Run) -> bool:
    return bool(compare.wrong_elements(output, run.reference.truth, run.reference.budget).any())


def _output(level: Level, mistake: Mistake, run: Run) -> torch.Tensor | None:
    """What the mistake gives on this run's inputs, in its dtype; None if it can't be told."""
    output = _by_formula(mistake, run) if mistake.formula else _by_rerun(level, mistake, run)
    if output is None or output.shape != run.reference.truth.shape:
        return None
    return output.to(run.reference.pytorch.dtype)


def _by_formula(mistake: Mistake, run: Run) -> torch.Tensor | None:
    assert mistake.formula is not None
    try:
        output = mistake.formula(*map(_doubled, run.inputs), **run.case.keywords)
    except (RuntimeError, ValueError, IndexError):  # a formula that doesn't fit these shapes explains nothing
        return None
    return output if isinstance(output, torch.Tensor) else None


def _doubled(x: Any) -> Any:
    """A tensor in float64 with the same layout, gaps in memory included: some mistakes read what lies between."""
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        return x
    memory = torch.empty(0, dtype=x.dtype).set_(x.untyped_storage())
    return memory.double().as_strided(x.shape, x.stride(), x.storage_offset())


def _by_rerun(level: Level, mistake: Mistake, run: Run) -> torch.Tensor | None:
    """Run the wrong version of the solution with the learner's tile sizes. None if it can't run here."""
    if not isinstance(run.model, MemoryModel):
        return None  # a wrong version must not touch memory unchecked
    try:
        text = apply(mistake.edits, (level.folder / "solution.py").read_text(encoding="utf-8"), mistake.key)
    except CourseTrouble:
        return None  # the gate's affair
    text = ast.unparse(_WithConstants(run.constants).visit(ast.parse(text)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"mistake_{mistake.key}.py"
        path.write_text(text, encoding="utf-8")
        paths, modules = list(sys.path), set(sys.modules)
        try:
            launcher = getattr(code.load(path), level.launcher)
            with MemoryModel(poison=False).active():
                output = launcher(*run.inputs, **run.case.keywords)
        except (Exception, IllegalAccess):  # a mistake that crashes on this case isn't what the learner's kernel did
            return None
        finally:
            sys.path[:] = paths
            for name in set(sys.modules) - modules:
                del sys.modules[name]
    return output if isinstance(output, torch.Tensor) else None


class _WithConstants(ast.NodeTransformer):
    """Puts the learner's numbers into `NAME = 64` and `NAME, OTHER = 64, 32`."""

    def __init__(self, constants: dict[str, int]) -> None:
        self.constants = constants

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
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


def _pattern(seen: Evidence) -> Explanation | None:
    """What the wrong elements have in common, where they have."""
    for describe in (_constant_ratio, _all_nan, _above_diagonal, _one_matrix):
        explanation = describe(seen)
        if explanation is not None:
            return explanation
    return None


def _constant_ratio(seen: Evidence) -> Explanation | None:
    comparable = torch.isfinite(seen.truth) & (seen.truth.abs() > 0)
    finite = comparable & torch.isfinite(seen.result)
    if int(finite.sum()) < ENOUGH or not torch.equal(finite, comparable):
        return None
    ratios = seen.result.double()[finite] / seen.truth[finite]
    ratio = float(ratios.median())
    eps = torch.finfo(seen.result.dtype).eps
    if ratio == 0 or abs(ratio - 1) < 1e-2 or bool(((ratios - ratio).abs() > 16 * eps * abs(ratio)).any()):
        return None
    return Explanation(
        f"Your output is {ratio:.4g} times what it should be, everywhere: look for a missing or an extra factor.", ""
    )


def _all_nan(seen: Evidence) -> Explanation | None:
    unexpected = torch.isnan(seen.result) & ~torch.isnan(seen.truth)
    if not bool(unexpected.any()):
        return None
    says = "Your output has NaN where there should be numbers: 0/0, inf - inf, or a value that was never loaded."
    return Explanation(says, f"{int(unexpected.sum()):,} elements are NaN.")


def _above_diagonal(seen: Evidence) -> Explanation | None:
    if seen.wrong.ndim < 2 or seen.wrong.shape[-1] != seen.wrong.shape[-2] or seen.wrong.shape[-1] < ENOUGH:
        return None
    below, above = torch.tril(seen.wrong), torch.triu(seen.wrong, diagonal=1)
    if bool(above.any()) and not bool(below.any()):
        return Explanation("Only elements above the diagonal are wrong, where the key comes after the query.", "")
    return None


def _one_matrix(seen: Evidence) -> Explanation | None:
    """Right in the first matrix of a batch and wrong in later ones: an offset by batch or head."""
    if seen.wrong.ndim < 3:
        return None
    flat = seen.wrong.flatten(0, -3).flatten(1).any(dim=1)
    if flat.numel() > 1 and not bool(flat[0]) and bool(flat[1:].all()):
        says = "The first matrix of the batch is right and all others are wrong: look at how a program finds its batch and head."
        return Explanation(says, "")
    return None
