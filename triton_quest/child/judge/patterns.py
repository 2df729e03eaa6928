"""What the wrong elements of an output have in common: swapped tensors, a constant factor, NaN, one side of the diagonal, later matrices.

Patterns are sought where no known mistake gives the output; `diagnosis` asks, and says in which order.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from triton_quest.child.judge import compare
from triton_quest.child.judge.watch import Run
from triton_quest.course.answer import Answer

ENOUGH = 8  # elements below which a match may be chance


@dataclass(frozen=True)
class Evidence:
    """One failing run of the learner's launcher, and which elements are wrong. Patterns are sought in the first wrong tensor."""

    run: Run
    marked: Answer

    @property
    def name(self) -> str:
        return self.marked.marked[0]

    @property
    def called(self) -> str:
        """How a sentence calls the wrong tensor."""
        return self.run.called(self.name) or "output"

    @property
    def wrong(self) -> torch.Tensor:
        return self.marked[self.name]

    @property
    def result(self) -> torch.Tensor:
        return self.run.result[self.name]

    @property
    def truth(self) -> torch.Tensor:
        return self.run.reference.truth[self.name]


@dataclass(frozen=True)
class Explanation:
    """What probably went wrong, in the learner's words, with what carries it."""

    says: str
    evidence: str
    finding: str | None = None
    hint: int | None = None
    unexplained: Run | None = None  # a failing run that goes wrong in another way as well


def pattern(seen: Sequence[Evidence]) -> Explanation | None:
    """What the wrong elements of the first run have in common, where they have."""
    if (swapped := _swapped(seen[0])) or (factor := _constant_ratio(seen)):
        return swapped or factor
    if coarse := next(filter(None, map(_coarse, seen)), None):
        return coarse
    patterns = (_all_nan, _large_for_infinite, _above_diagonal, _one_matrix)
    return next(filter(None, (describe(seen[0]) for describe in patterns)), None)


def _wrong_rows(seen: Evidence) -> int:
    return int(seen.wrong.flatten(0, -2).any(dim=-1).sum())


def _swapped(seen: Evidence) -> Explanation | None:
    """Two tensors in each other's place: each is what the other should be."""
    run, names = seen.run, seen.marked.marked
    for first, second in itertools.combinations(names, 2):
        shapes = {run.reference.truth[name].shape for name in (first, second)}
        ours = Answer({first: run.result[second], second: run.result[first]})
        if len(shapes) == 1 and not run.reference.wrong(ours).any():
            says = f"`{first}` and `{second}` stand in each other's place: each is what the other should be."
            return Explanation(says, f"Checked: all {ours.elements:,} elements of the two.")
    return None


def _constant_ratio(seen: Sequence[Evidence]) -> Explanation | None:
    """A ratio that rows have in common. A row that was divided by too large a sum has one of its own: a single row shows nothing."""
    several = (one for one in seen if one.wrong.numel() >= ENOUGH and (one.wrong.ndim < 2 or _wrong_rows(one) > 1))
    witness = next(several, None)
    ratio = _ratio(witness) if witness is not None else None
    if witness is None or ratio is None or _differs(_ratio(seen[0]), ratio):
        return None
    says = f"Your {witness.called} is {ratio:.4g} times what it should be, everywhere: look for a missing or an extra factor."
    return Explanation(says, "")


def _differs(first: float | None, ratio: float) -> bool:
    return first is None or abs(first - ratio) > 1e-2 * abs(ratio)


def _ratio(seen: Evidence) -> float | None:
    """How many times the truth the learner's tensor is, where that is the same everywhere."""
    comparable = torch.isfinite(seen.truth) & (seen.truth.abs() > 0)
    finite = comparable & torch.isfinite(seen.result)
    if not int(finite.sum()) or not torch.equal(finite, comparable):
        return None
    if bool((seen.wrong & ~torch.isfinite(seen.truth)).any()):
        return None  # an infinity is no multiple of a number
    ratios = seen.result.double()[finite] / seen.truth[finite]
    ratio = float(ratios.median())
    eps = torch.finfo(seen.result.dtype).eps
    if ratio == 0 or abs(ratio - 1) < 1e-2 or bool(((ratios - ratio).abs() > 16 * eps * abs(ratio)).any()):
        return None
    return ratio


def _coarse(seen: Evidence) -> Explanation | None:
    """Nothing is further off than a rounding on the way would make it, and every number is one that such a rounding gives."""
    result, truth = seen.result, seen.truth
    if result.numel() < ENOUGH or not bool(torch.isfinite(result).all()) or not bool(torch.isfinite(truth).all()):
        return None
    off = (result.double() - truth).abs()
    if bool((result == result.trunc()).all()) and bool((off < 2).all()) and bool((truth != truth.trunc()).any()):
        return Explanation(
            f"Your {seen.called} has whole numbers alone: the fractions were lost on the way, as by `.to(tl.int32)` or `//`.",
            "",
        )
    for dtype, name in ((torch.float16, "fp16"), (torch.bfloat16, "bf16")):
        narrow = torch.finfo(dtype)
        if torch.finfo(result.dtype).eps >= narrow.eps or not torch.equal(result.to(dtype).to(result.dtype), result):
            continue
        if bool((off <= 4 * narrow.eps * truth.abs() + narrow.smallest_normal).all()):
            return Explanation(
                f"Every number of your {seen.called} is one that {name} has: the results were rounded to {name} on the way.",
                "",
            )
    return None


def _all_nan(seen: Evidence) -> Explanation | None:
    unexpected = torch.isnan(seen.result) & ~torch.isnan(seen.truth)
    if not bool(unexpected.any()):
        return None
    says = (
        f"Your {seen.called} has NaN where there should be numbers: 0/0, inf - inf, or a value that was never loaded."
    )
    count = int(unexpected.sum())
    return Explanation(says, f"{count:,} elements are NaN." if count > 1 else "")


def _large_for_infinite(seen: Evidence) -> Explanation | None:
    """Nothing is wrong but that numbers, far from all others, stand for infinities."""
    missed = torch.isinf(seen.truth) & torch.isfinite(seen.result)
    if not bool(missed.any()) or not torch.equal(missed, seen.wrong):
        return None
    instead, others = seen.result.double()[missed], seen.truth[torch.isfinite(seen.truth)].abs()
    towards = instead * torch.sign(seen.truth[missed])
    if bool((towards <= (others.max() if others.numel() else 0)).any()):
        return None
    there, expected = compare.number(instead[0]), compare.number(seen.truth[missed][0])
    return Explanation(f"Your {seen.called} has numbers such as {there} where {expected} itself should stand.", "")


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
