"""Stage 4: the level's cases, tiny to large, against float64 PyTorch. The first wrong one is told in full."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from triton_quest.child.judge import code, compare
from triton_quest.course import parts
from triton_quest.course.case import DTYPES, Case, Draw
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

if TYPE_CHECKING:
    from triton_quest.child.judge.watch import Run, Subject

Launcher = Callable[..., Any]


def plan(level: Level, dtypes: tuple[str, ...]) -> Iterator[tuple[Case, str]]:
    """Every case in every dtype that it asks for: all of the first dtype before the next."""
    cases: tuple[Case, ...] = parts.part(level, "cases").CASES
    for dtype in dtypes:
        yield from ((case, dtype) for case in cases if dtype in case.dtypes)


Property = Callable[[Launcher, Draw], bool]


def failed_case(run: Run, wrong: torch.Tensor, blocks: tuple[int, ...]) -> v.Check:
    """The check that tells of a run with wrong elements."""
    check = case_check(run)
    tile = run.model.tile(run.returned)
    sides = (blocks, blocks) if tile is None else ((tile[0],), (tile[1],))
    mismatch = compare.describe(run.result, run.reference.truth, wrong, run.reference.budget, run.shown, sides)
    says = f"In {run.told} {_amount(mismatch)}."
    return v.failed(check, v.Outcome.WRONG, says, f"What this case is for: {run.case.purpose}.", mismatch=mismatch)


def case_check(run: Run) -> v.Check:
    """A passed case."""
    name = f"{run.case.name}, {run.dtype}"
    return v.Check(name, "numbers", v.State.PASSED, run.case.purpose, case=run.case.name, dtype=run.dtype)


def wrong_elements(run: Run) -> torch.Tensor:
    return compare.wrong_elements(run.result, run.reference.truth, run.reference.budget)


def raised(subject: Subject, run: Run) -> v.Check:
    """The check that tells of a run that ended with an exception."""
    assert run.trouble is not None
    check = v.Check(name="your kernel runs", kind="numbers", state=v.State.PASSED, case=run.case.name)
    return code.explain(check, run.trouble, subject.file, f"in {run.told}", v.Outcome.CRASH)


def misfit(subject: Subject, run: Run) -> v.Check | None:
    """The check that tells of a result that isn't what the launcher's contract says; None if it is."""
    says = contract_misfit(run.result, run.reference.pytorch, subject.level.launcher, run.shown)
    if not says:
        return None
    check = v.Check(name="the result has the right shape, dtype and device", kind="contract", state=v.State.PASSED)
    return v.failed(check, v.Outcome.CONTRACT, says, "The briefing says what the launcher returns.", case=run.case.name)


def _amount(mismatch: v.Mismatch) -> str:
    if mismatch.wrong == mismatch.total:
        return f"all {mismatch.total:,} elements are wrong" if mismatch.total > 1 else "the answer is wrong"
    verb = "is" if mismatch.wrong == 1 else "are"
    return f"{mismatch.wrong:,} of {mismatch.total:,} elements {verb} wrong: {mismatch.region}"


@dataclass(frozen=True)
class Reference:
    """What PyTorch says to one set of inputs."""

    truth: torch.Tensor  # in float64
    pytorch: torch.Tensor  # its own operator, in the dtype under test
    budget: compare.Budget


def reference(level: Level, inputs: tuple[Any, ...], case: Case, *, tf32: bool = False) -> Reference:
    """The truth, PyTorch's own result, and what a correct kernel may be off.

    tf32: the kernel leaves its fp32 dots to a GPU's default, which keeps as many digits as fp16; so does the budget.
    """
    function = parts.truth(level)
    doubled = _converted(inputs, torch.float64)
    truth, pytorch = function(*doubled, **case.keywords), function(*inputs, **case.keywords)
    if tf32:
        half = function(*_converted(inputs, torch.float16), **case.keywords)
        return Reference(truth, pytorch, compare.budget(truth, half))
    magnitude = getattr(parts.reference(level), "magnitude", None)
    bound = magnitude(*doubled, **case.keywords) if magnitude else None
    return Reference(truth, pytorch, compare.budget(truth, pytorch, bound))


def _converted(inputs: tuple[Any, ...], dtype: torch.dtype) -> tuple[Any, ...]:
    return tuple(x.to(dtype) if isinstance(x, torch.Tensor) and x.is_floating_point() else x for x in inputs)


def contract_misfit(result: Any, pytorch: torch.Tensor, launcher: str, shown: str) -> str:
    """A sentence if the result is no tensor of the right shape, dtype and device; else ""."""
    if not isinstance(result, torch.Tensor):
        what = "nothing (None)" if result is None else f"a {type(result).__name__}"
        return f"`{launcher}` returned {what} instead of a tensor."
    if result.layout is not torch.strided:
        return f"`{launcher}` returned a tensor of layout {result.layout}; it should be a dense (strided) one."
    if result.shape != pytorch.shape:
        return f"`{launcher}` returned a tensor of shape {tuple(result.shape)}; for {shown} it should be {tuple(pytorch.shape)}."
    if result.dtype != pytorch.dtype:
        return f"`{launcher}` returned {result.dtype}; for {shown} it should be {pytorch.dtype}."
    if result.device != pytorch.device:
        return f"`{launcher}` returned a tensor on {result.device}; its inputs are on {pytorch.device}."
    return ""


def describe_inputs(level: Level, inputs: tuple[Any, ...], case: Case) -> str:
    """ "x (1025,), y (1025,), fp16" """
    names = parameter_names(level)
    tensors = [(name, x) for name, x in zip(names, inputs, strict=False) if isinstance(x, torch.Tensor)]
    dtype = next(name for name, known in DTYPES.items() if known == tensors[0][1].dtype)
    shapes = [
        f"{name} {tuple(x.shape)}" + ("" if x.is_contiguous() else f" with strides {x.stride()}") for name, x in tensors
    ]
    keywords = [f"{name}={value}" for name, value in case.keywords.items()]
    return ", ".join([*shapes, *keywords, dtype])


def parameter_names(level: Level) -> tuple[str, ...]:
    function = parts.truth(level)
    return function.__code__.co_varnames[: function.__code__.co_argcount]
