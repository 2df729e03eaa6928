"""Stage 4: the level's cases, tiny to large, against float64 PyTorch. The first wrong one is told in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from triton_quest.child.instruments.pace import TILE, TooManyPrograms
from triton_quest.child.judge import code, compare, contract
from triton_quest.child.judge.watch import Run, Subject
from triton_quest.course import parts
from triton_quest.course.answer import Answer
from triton_quest.course.case import Case
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

LARGEST_FP16 = 65504.0
UNFIT_GRADIENT = ("returned an invalid gradient", "returned an incorrect number of gradients")  # torch's words


def plan(level: Level, dtypes: tuple[str, ...]) -> Iterator[tuple[Case, str]]:
    """Every case in every dtype that it asks for: all of the first dtype before the next."""
    cases: tuple[Case, ...] = parts.part(level, "cases").CASES
    for dtype in dtypes:
        yield from ((case, dtype) for case in cases if dtype in case.dtypes)


def failed_case(run: Run, wrong: Answer, blocks: tuple[int, ...]) -> v.Check:
    """The check that tells of a run with wrong elements: of the first wrong tensor in full."""
    check = case_check(run)
    name, *others = wrong.marked
    tile = run.model.tile(run.answer[name])
    sides = (blocks, blocks) if tile is None else ((tile[0],), (tile[1],))
    truth, budget = run.reference.truth[name], run.reference.budgets[name]
    mismatch = compare.describe(run.result[name], truth, wrong[name], budget, run.shown, sides)
    mismatch = replace(mismatch, answer=name if run.called(name) else "")
    also = f"; so {'are' if len(others) > 1 else 'is'} {' and '.join(map(run.called, others))}" if others else ""
    says = f"In {run.told}{',' if mismatch.answer else ''} {_amount(mismatch)}{also}."
    return v.failed(check, v.Outcome.WRONG, says, f"What this case is for: {run.case.purpose}.", mismatch=mismatch)


def case_check(run: Run) -> v.Check:
    """A passed case."""
    name = f"{run.case.name}, {run.dtype}"
    return v.Check(name, "numbers", v.State.PASSED, run.case.purpose, case=run.case.name, dtype=run.dtype)


def wrong_elements(run: Run) -> Answer:
    return run.reference.wrong(run.result)


def through_fp16(run: Run, wrong: Answer) -> str:
    """The cause where all that is wrong became infinite because fp16 ends before it; else ""."""
    if run.dtype == "fp16" or not all(_is_beyond_fp16(run, name, wrong[name]) for name in wrong.marked):
        return ""
    return (
        f"Every result beyond {LARGEST_FP16:,.0f} is infinite: the numbers go through fp16, which ends there. Take out `.to(tl.float16)`, "
        "or write the dtype of the answer: `.to(out_ptr.dtype.element_ty)`."
    )


def _is_beyond_fp16(run: Run, name: str, wrong: torch.Tensor) -> bool:
    truth, result = run.reference.truth[name], run.result[name]
    beyond = (truth.abs() > LARGEST_FP16) & torch.isinf(result) & (torch.sign(result) == torch.sign(truth))
    return not bool((wrong & ~beyond).any())


def raised(subject: Subject, run: Run) -> v.Check:
    """The check that tells of a run that ended with an exception."""
    assert run.trouble is not None
    if isinstance(run.trouble, TooManyPrograms):
        return too_many_programs(run, run.trouble)
    check = v.Check(name="your kernel runs", kind="numbers", state=v.State.PASSED, case=run.case.name)
    return of_the_backward_pass(run, code.explain(check, run.trouble, subject.file, run.where, v.Outcome.CRASH))


def too_many_programs(run: Run, stopped: TooManyPrograms) -> v.Check:
    check = v.Check("your code comes to an end", "process", v.State.PASSED, case=run.case.name)
    each = "one element" if stopped.elements == 1 else f"{stopped.elements} elements"
    says = (
        f"In {run.told} `{stopped.kernel}` was stopped after {stopped.done:,} of its {stopped.programs:,} programs, which store {each} "
        f"each: it would take too long, and a GPU is fast only with far fewer programs that do more."
    )
    tiles = f"{stopped.tiles:,} programs" if stopped.tiles > 1 else "one program"
    advice = f"Give a program a tile, {TILE:,} elements for example: {tiles} would do here. The grid shrinks with it (triton.cdiv)."
    return v.failed(check, v.Outcome.TIMEOUT, says, advice)


def of_the_backward_pass(run: Run, found: v.Check) -> v.Check:
    """`found`, as a breach of contract where autograd refused what the learner's backward returned."""
    if run.went_backward and any(words in found.says for words in UNFIT_GRADIENT):
        return replace(found, kind="contract", outcome=v.Outcome.CONTRACT, advice=contract.NO_GRADIENT)
    return found


def misfit(subject: Subject, run: Run) -> v.Check | None:
    """The check that tells of a result that isn't what the launcher's contract says; None if it is."""
    found = contract.misfit(run.given, run.returned, run.gradients, run.reference.pytorch, run.shown)
    if found is None:
        return None
    check = v.Check(name="the result has the right shape, dtype and device", kind="contract", state=v.State.PASSED)
    return v.failed(check, v.Outcome.CONTRACT, found.says, found.advice, case=run.case.name)


def _amount(mismatch: v.Mismatch) -> str:
    if mismatch.answer:
        if mismatch.wrong == mismatch.total:
            return f"`{mismatch.answer}` is wrong in {mismatch.region}"
        return f"`{mismatch.answer}` is wrong in {mismatch.wrong:,} of {mismatch.total:,} elements: {mismatch.region}"
    if mismatch.wrong == mismatch.total:
        return f"all {mismatch.total:,} elements are wrong" if mismatch.total > 1 else "the answer is wrong"
    verb = "is" if mismatch.wrong == 1 else "are"
    return f"{mismatch.wrong:,} of {mismatch.total:,} elements {verb} wrong: {mismatch.region}"
