"""One call of the learner's launcher with everybody watching: its launches, its memory accesses, its torch calls.

What was seen is judged elsewhere: `rules.py`, `memory.py`, `numbers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from triton_quest.child.instruments.counting import Counts, counted
from triton_quest.child.instruments.hazards import Hazards
from triton_quest.child.instruments.launches import Launch, LaunchLog, observed
from triton_quest.child.instruments.memory.findings import Box, Finding
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.instruments.memory.trace import Trace
from triton_quest.child.instruments.opspy import OpSpy
from triton_quest.child.instruments.pace import Pace
from triton_quest.child.instruments.tuning import Forcing
from triton_quest.child.judge import blocks as tiles
from triton_quest.child.judge import truth
from triton_quest.child.judge.given import Given, Launcher, drawn_for
from triton_quest.child.judge.tampering import Snapshot
from triton_quest.course.answer import Answer
from triton_quest.course.case import Case
from triton_quest.course.level import Level

NO_ANSWER = Answer({})


class Unchecked:
    """In the place of the memory model, on a Triton that it doesn't fit: sees nothing."""

    findings: tuple[Finding, ...] = ()
    poison_sites: tuple[Finding, ...] = ()
    fatal: Finding | None = None
    trace: Trace | None = None

    def active(self) -> AbstractContextManager[None]:
        return nullcontext()

    def mark_uninitialised(self, tensor: torch.Tensor) -> None: ...

    def mark_initialised(self, tensor: torch.Tensor) -> None: ...

    def mark_filled(self, tensor: torch.Tensor) -> None: ...

    def filled_only(self, tensor: torch.Tensor) -> Box | None:
        return None

    def not_stored(self, tensor: torch.Tensor) -> torch.Tensor:
        return torch.zeros(tensor.shape, dtype=torch.bool)

    def name_of(self, tensor: torch.Tensor) -> str | None:
        return None

    def tile(self, tensor: torch.Tensor) -> tuple[int, int] | None:
        return None

    def unwritten(self, tensor: torch.Tensor, name: str | None = None) -> Finding | None:
        return None


@dataclass(frozen=True)
class Subject:
    """What is judged: the learner's file as a module, and its launcher."""

    level: Level
    file: Path
    module: ModuleType
    launcher: Launcher
    checks_memory: bool = True

    def model(
        self, *, poison: bool = True, poison_only: Finding | None = None, traced: bool = False
    ) -> MemoryModel | Unchecked:
        if not self.checks_memory:
            return Unchecked()
        return MemoryModel(poison=poison, poison_only=poison_only, traced=traced)


@dataclass
class Run:
    """What one call did. `trouble` is the exception that it ended with, `result` what it returned otherwise."""

    case: Case
    dtype: str
    given: Given
    kept: Given  # copies of what was given, as it was
    reference: truth.Reference
    model: MemoryModel | Unchecked
    spy: OpSpy
    returned: Any = None
    gradients: Mapping[str, torch.Tensor | None] = field(default_factory=dict)  # what the backward pass gave
    answer: Answer = NO_ANSWER  # both by name, if they are tensors, in their own memory
    result: Answer = (
        NO_ANSWER  # the answer as it was when the call ended: its memory may be written anew by the next one
    )
    went_backward: bool = False  # the launcher has returned, and the backward pass begun
    trouble: BaseException | None = None
    launches: list[Launch] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    uses_tf32: bool = False  # fp32 dots that a GPU would make in TF32
    hazards: Hazards = field(default_factory=Hazards)  # lines that mean something else on a GPU
    forcing: Forcing = field(default_factory=Forcing)  # what was launched of autotuned kernels
    replaced: list[str] = field(default_factory=list)  # members of torch and others that the code replaced

    @property
    def shown(self) -> str:
        return self.given.shown

    @property
    def told(self) -> str:
        """The case in a sentence."""
        return f"the case “{self.case.name}” ({self.shown})"

    @property
    def where(self) -> str:
        """Where the call ended, if with an exception."""
        return f"in the backward pass of {self.told}" if self.went_backward else f"in {self.told}"

    def called(self, name: str) -> str:
        """How a sentence calls one of the answers: not at all where there is a single one."""
        return f"`{name}`" if len(self.given.judged) > 1 else ""

    @property
    def constants(self) -> dict[str, int]:
        """The learner's launch constants: tile lengths by the names that the levels give them, whatever the learner calls them."""
        last = next((int(x.shape[-1]) for x in self.given.tensors.values() if x.ndim), 1)
        return tiles.constants(self.launches, last)


_references: dict[tuple[Level, int, str, tuple[int, ...]], tuple[Case, truth.Reference]] = {}
"""What PyTorch says to a case, by its id: whenever it is drawn for these blocks in this dtype, the numbers are the same."""


def watched(
    subject: Subject,
    case: Case,
    dtype: str,
    blocks: tuple[int, ...],
    *,
    poison: bool = True,
    poison_only: Finding | None = None,
    noop: bool = False,
    traced: bool = False,
    reorders: bool = True,
    forcing: Forcing | None = None,
) -> Run:
    """Call the launcher on the case's inputs; with `noop`, no kernel runs, with `traced`, the model keeps every access.

    `reorders`: `tl.cat` changes the order where it may. `forcing` forces a config of the autotuned kernels.
    """
    given = drawn_for(subject.level, case, dtype, blocks)
    drawn = subject.level, id(case), dtype, blocks
    if drawn not in _references:
        _references[drawn] = case, truth.reference(given)
    return called_with(
        subject, case, dtype, given, reference=_references[drawn][1],
        poison=poison, poison_only=poison_only, noop=noop, traced=traced, reorders=reorders, forcing=forcing,
    )  # fmt: skip


def called_with(
    subject: Subject,
    case: Case,
    dtype: str,
    given: Given,
    *,
    reference: truth.Reference | None = None,
    poison: bool = True,
    poison_only: Finding | None = None,
    noop: bool = False,
    traced: bool = False,
    reorders: bool = True,
    forcing: Forcing | None = None,
) -> Run:
    """Call the launcher on what is given, in the name of a case, and where its answer is differentiated, go backward."""
    reference = reference or truth.reference(given)
    model = subject.model(poison=poison, poison_only=poison_only, traced=traced)
    spy = OpSpy(
        str(subject.file),
        given.tensors.values(),
        fill_uninitialised_with_nan=True,
        on_uninitialised=model.mark_uninitialised,
        on_written=model.mark_initialised,
        on_filled=None if subject.level.fills_count else model.mark_filled,
    )
    run = Run(case, dtype, given, given.each(torch.Tensor.clone), reference, model, spy)
    run.hazards.reorders, run.forcing = reorders, forcing or run.forcing
    log, pace, members = LaunchLog(), Pace(), Snapshot()
    try:
        with (
            counted() as counts,
            run.hazards.watched(),
            run.forcing.watched(),
            model.active(),
            observed(spy, log, pace, noop=noop),
            pace.watched(),
            spy,
        ):
            arguments = given.arguments()
            run.returned = subject.launcher(*arguments, **given.keywords)
            run.went_backward = bool(given.wanted)
            run.gradients = given.backward(run.returned, arguments)
    except BaseException as trouble:  # whatever the learner's code raises is the verdict's matter
        run.trouble = trouble
    run.replaced = members.undo()
    run.launches, run.counts = log.launches, counts
    run.answer = given.answer(run.returned, run.gradients) or NO_ANSWER
    run.result = run.answer.each(torch.Tensor.clone)
    if counts.tf32_dots and dtype == "fp32":
        run.uses_tf32, run.reference = True, truth.reference(run.kept, tf32=True)
    return run
