"""Explains a wrong output: the known mistake that gives exactly this output, or else the pattern of what is wrong.

An explanation is given only where the numbers carry it: the learner's output must equal the mistake's within the
budget of the case, everywhere. Where few numbers speak, or several mistakes would give the same, it is told as probable.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from triton_quest.child.judge import compare
from triton_quest.child.judge.patterns import ENOUGH, Evidence, Explanation, pattern
from triton_quest.child.judge.reruns import Reruns
from triton_quest.child.judge.watch import Run
from triton_quest.course.answer import Answer
from triton_quest.course.level import Level
from triton_quest.course.mistake import Mistake

WITNESSES = 3  # failing runs that a rerun must fit, the largest among them; all of them, where several fit
SAME_ELEMENTS = 0.9  # the share of the wrong elements that must be wrong in both: rounding decides over the rest


Chosen = Callable[[list[Mistake]], list[Mistake]]


@dataclass(frozen=True)
class Lines:
    """What the learner's lines say of mistakes: `written`, those that stand there; `possible`, those whose lines aren't the solution's."""

    written: Chosen = lambda mistakes: []
    possible: Chosen = lambda mistakes: mistakes


def explain(
    level: Level,
    mistakes: tuple[Mistake, ...],
    seen: Sequence[Evidence],
    right: Sequence[Run],
    lines: Lines | None = None,
) -> Explanation | None:
    """The best explanation of the failing runs `seen` (the one that is shown comes first), or None.

    `right` are runs whose result was right: a mistake that would have shown there isn't the learner's.
    """
    partly: list[_Match] = []
    reruns = Reruns(level)
    for candidates, witnesses in _rounds(mistakes, seen):
        match = _matching(reruns, candidates, seen, witnesses)
        match.drop(lambda mistake: any(_would_show(reruns, mistake, run) for run in right))
        match.look_at(lines or Lines())
        if match.mistakes and match.unexplained is None:
            return _told(match)
        partly.append(match)
    return next((_told_in_part(match) for match in partly if match.carries), None) or pattern(seen)


def _rounds(
    mistakes: tuple[Mistake, ...], seen: Sequence[Evidence]
) -> Iterator[tuple[tuple[Mistake, ...], list[Evidence]]]:
    """Which mistakes are compared, and with which failing runs at least: the first ones of those that are returned.

    A formula costs hardly anything, so it is compared with all of them; one that explains them all spares the reruns.
    """
    known = tuple(mistake for mistake in mistakes if mistake.caught_by in ("numbers", "property"))
    yield tuple(mistake for mistake in known if mistake.formula), list(seen)
    yield rerun(mistakes), _witnesses(seen)


def rerun(mistakes: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """The mistakes that show in numbers and have no formula: they are run."""
    return tuple(one for one in mistakes if one.caught_by in ("numbers", "property") and not one.formula)


def _witnesses(seen: Sequence[Evidence]) -> list[Evidence]:
    """The first failing runs, and of the others the largest, in which a second fault shows most likely."""
    first, others = list(seen[: WITNESSES - 1]), seen[WITNESSES - 1 :]
    return [*first, max(others, key=lambda evidence: evidence.run.result.elements)] if others else first


@dataclass
class _Match:
    """The mistakes whose output is the learner's in the runs `compared`; `unexplained`: the first run in which none of them fits."""

    mistakes: list[Mistake]
    compared: list[Evidence]
    unexplained: Evidence | None = None

    def drop(self, isnt: Callable[[Mistake], bool]) -> None:
        self.mistakes = [mistake for mistake in self.mistakes if not isnt(mistake)]

    def look_at(self, lines: Lines) -> None:
        """Keeps those that stand in the learner's lines, if any. Where the answers are NaN everywhere, which many a slip gives, no other
        is kept; where all that is wrong is NaN, none whose lines the learner has right.
        """
        written = lines.written(self.mistakes)
        if written or all(bool(torch.isnan(evidence.result).all()) for evidence in self.compared):
            self.mistakes = written
        elif all(bool(torch.isnan(evidence.result[evidence.wrong]).all()) for evidence in self.compared):
            self.mistakes = lines.possible(self.mistakes)

    @property
    def elements(self) -> int:
        return sum(evidence.run.result.elements for evidence in self.compared)

    @property
    def is_one(self) -> bool:
        return bool(self.mistakes) and all(other.says == self.mistakes[0].says for other in self.mistakes)

    @property
    def carries(self) -> bool:
        """Whether it may be told although further cases are wrong in another way."""
        return self.unexplained is not None and self.is_one and self.elements >= ENOUGH


def _told(match: _Match) -> Explanation:
    mistake = match.mistakes[0]
    sure = match.elements >= ENOUGH and match.is_one
    says = mistake.says if sure else _probably(mistake)
    told = f"Checked: that mistake explains all {match.elements:,} elements that were compared." if sure else ""
    return Explanation(says, told, mistake.key, mistake.hint)


def _told_in_part(match: _Match) -> Explanation:
    assert match.unexplained is not None
    mistake, other = match.mistakes[0], match.unexplained.run.case.name
    rest = f"That alone doesn't explain the case “{other}”: there is more to it. Mend this first, and check again."
    told = f"Checked: that mistake explains all {match.elements:,} elements here, but not those of “{other}”."
    return Explanation(f"{_probably(mistake)} {rest}", told, mistake.key, mistake.hint, match.unexplained.run)


def _probably(mistake: Mistake) -> str:
    return f"Probably: {mistake.says[0].lower()}{mistake.says[1:]}"


def _matching(
    reruns: Reruns, mistakes: tuple[Mistake, ...], seen: Sequence[Evidence], witnesses: list[Evidence]
) -> _Match:
    """The mistakes whose output is the learner's, and where that was looked at: most drop out at the first, smallest run.

    Beyond the witnesses a run is looked at only as long as several mistakes are left.
    """
    match = _Match(list(mistakes), [])
    further = [evidence for evidence in seen if not any(evidence is one for one in witnesses)]
    for number, evidence in enumerate([*witnesses, *further]):
        if number < len(witnesses) or _several(match.mistakes):
            left = [mistake for mistake in match.mistakes if _gives(reruns, mistake, evidence)]
            if not left and number:
                return _Match(match.mistakes, match.compared, evidence)
            match = _Match(left, [*match.compared, evidence])
    return match


def _several(matching: list[Mistake]) -> bool:
    """Whether a further case may tell these mistakes apart."""
    alike = {key for mistake in matching[:1] for key in (mistake.key, *mistake.same_output_as)}
    return any(not alike & {mistake.key, *mistake.same_output_as} for mistake in matching)


def _gives(reruns: Reruns, mistake: Mistake, seen: Evidence) -> bool:
    """Whether this mistake gives the learner's output, and a wrong one."""
    output = _output(reruns, mistake, seen.run)
    if output is None:
        return False
    theirs = seen.run.reference.wrong(output)
    either = sum(int((theirs[name] | wrong).sum()) for name, wrong in seen.marked.items())
    both = sum(int((theirs[name] & wrong).sum()) for name, wrong in seen.marked.items())
    if not both or both < SAME_ELEMENTS * either:
        return False  # it is right here, or wrong elsewhere
    return all(_same(seen.run, name, tensor) for name, tensor in output.items())


def _same(run: Run, name: str, output: torch.Tensor) -> bool:
    """Whether the learner's tensor of that name is this one but for rounding."""
    scale = torch.nan_to_num(output.double(), nan=0.0, posinf=0.0, neginf=0.0).abs()
    slack = torch.finfo(output.dtype).eps * scale  # both were rounded once more
    allowed = run.reference.budgets[name].allowed
    within = compare.Budget(2 * _enlarged(output.double(), run.reference.truth[name]) * allowed + slack)
    return not bool(compare.wrong_elements(run.result[name], output.double(), within).any())


def _enlarged(output: torch.Tensor, truth: torch.Tensor) -> float:
    """How many times as large as the truth a wrong output is, in the median: so many times its rounding errors are."""
    comparable = torch.isfinite(output) & torch.isfinite(truth) & (truth != 0)
    ratios = (output[comparable] / truth[comparable]).abs()
    return max(1.0, float(ratios.median())) if ratios.numel() else 1.0


def _would_show(reruns: Reruns, mistake: Mistake, run: Run) -> bool:
    output = _output(reruns, mistake, run)
    return output is not None and run.reference.wrong(output).any()


def _output(reruns: Reruns, mistake: Mistake, run: Run) -> Answer | None:
    """What the mistake gives on this run's inputs, in its dtypes; None if it can't be told."""
    if mistake.formula and run.constants.keys() >= set(_constants_asked_for(mistake.formula)):
        output = _by_formula(mistake.formula, run)
    else:
        output = reruns.output(mistake, run)
    pytorch = run.reference.pytorch
    if output is None or any(output[name].shape != pytorch[name].shape for name in pytorch):
        return None
    return Answer({name: tensor.to(pytorch[name].dtype) for name, tensor in output.items()})


def _by_formula(formula: Callable[..., Any], run: Run) -> Answer | None:
    """The formula's result: a tensor, or a tuple of the answers and of all gradients. For gradients it takes `dout` last; where none is
    handed over, zeros."""
    asked = {name: run.constants[name] for name in _constants_asked_for(formula)}
    level, judged = run.given.level, run.given.judged
    given = run.given.dout if run.given.dout is not None else torch.zeros_like(run.reference.truth[level.answers[0]])
    dout = (_doubled(given),) if level.gradients else ()
    try:
        output = formula(*map(_doubled, run.given.inputs), *dout, **run.given.keywords, **asked)
    except (RuntimeError, ValueError, IndexError):  # a formula that doesn't fit these shapes explains nothing
        return None
    everything = Answer.of(output, level.judged())
    return None if everything is None else Answer({name: everything[name] for name in judged})


def _constants_asked_for(formula: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(formula).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


def _doubled(x: Any) -> Any:
    """A tensor in float64 with the same layout, gaps in memory included: some mistakes read what lies between."""
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        return x
    memory = torch.empty(0, dtype=x.dtype).set_(x.untyped_storage())
    return memory.double().as_strided(x.shape, x.stride(), x.storage_offset())
