"""One call of the learner's launcher with everybody watching: its launches, its memory accesses, its torch calls.

What was seen is judged elsewhere: `rules.py`, `memory.py`, `numbers.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from triton_quest.child.instruments.counting import counted
from triton_quest.child.instruments.hazards import Hazards
from triton_quest.child.instruments.launches import Launch, LaunchLog, observed
from triton_quest.child.instruments.memory.findings import Box, Finding
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.instruments.memory.trace import Trace
from triton_quest.child.instruments.opspy import OpSpy
from triton_quest.child.instruments.tuning import Tuning
from triton_quest.child.judge import numbers
from triton_quest.child.judge.tampering import Snapshot
from triton_quest.course.case import DTYPES, Case, Draw
from triton_quest.course.level import Level

Launcher = Callable[..., Any]


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

    def unwritten(self, tensor: torch.Tensor) -> Finding | None:
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
    inputs: tuple[Any, ...]
    kept: tuple[Any, ...]  # copies of the inputs as they were
    shown: str  # "x (1025,), y (1025,), fp32"
    reference: numbers.Reference
    model: MemoryModel | Unchecked
    spy: OpSpy
    returned: Any = None
    result: Any = None  # what was returned, as it was then
    trouble: BaseException | None = None
    launches: list[Launch] = field(default_factory=list)
    uses_tf32: bool = False  # fp32 dots that a GPU would make in TF32
    hazards: Hazards = field(default_factory=Hazards)  # lines that mean something else on a GPU
    tuning: Tuning = field(default_factory=Tuning)  # what was launched of autotuned kernels
    replaced: list[str] = field(default_factory=list)  # members of torch and others that the code replaced

    @property
    def told(self) -> str:
        """The case in a sentence."""
        return f"the case “{self.case.name}” ({self.shown})"

    @property
    def constants(self) -> dict[str, int]:
        """The learner's own launch constants, by name."""
        return {name: size for launch in self.launches for name, size in launch.blocks.items()}


def _is_plain(returned: Any) -> bool:
    return isinstance(returned, torch.Tensor) and returned.layout is torch.strided and returned.device.type == "cpu"


def copied(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(x.clone() if isinstance(x, torch.Tensor) else x for x in inputs)


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
    tuning: Tuning | None = None,
) -> Run:
    """Call the launcher on the case's inputs; with `noop`, no kernel runs, with `traced`, the model keeps every access.

    `reorders`: `tl.cat` changes the order where it may. `tuning` forces a config of the autotuned kernels.
    """
    inputs = case.inputs(Draw(case.name, DTYPES[dtype], blocks))
    return called_with(
        subject, case, dtype, inputs,
        poison=poison, poison_only=poison_only, noop=noop, traced=traced, reorders=reorders, tuning=tuning,
    )  # fmt: skip


def called_with(
    subject: Subject,
    case: Case,
    dtype: str,
    inputs: tuple[Any, ...],
    *,
    poison: bool = True,
    poison_only: Finding | None = None,
    noop: bool = False,
    traced: bool = False,
    reorders: bool = True,
    tuning: Tuning | None = None,
) -> Run:
    """Call the launcher on these inputs, in the name of a case."""
    level = subject.level
    shown = numbers.describe_inputs(level, inputs, case)
    reference = numbers.reference(level, inputs, case)
    model = subject.model(poison=poison, poison_only=poison_only, traced=traced)
    spy = OpSpy(
        str(subject.file),
        [x for x in inputs if isinstance(x, torch.Tensor)],
        fill_uninitialised_with_nan=True,
        on_uninitialised=model.mark_uninitialised,
        on_written=model.mark_initialised,
        on_filled=None if level.fills_count else model.mark_filled,
    )
    run = Run(case, dtype, inputs, copied(inputs), shown, reference, model, spy)
    run.hazards.reorders, run.tuning = reorders, tuning or run.tuning
    log, members = LaunchLog(), Snapshot()
    try:
        with (
            counted() as counts,
            run.hazards.watched(),
            run.tuning.watched(),
            model.active(),
            observed(spy, log, noop=noop),
            spy,
        ):
            run.returned = subject.launcher(*inputs, **case.keywords)
    except BaseException as trouble:  # whatever the learner's code raises is the verdict's matter
        run.trouble = trouble
    run.replaced = members.undo()
    run.launches = log.launches
    run.result = (
        run.returned.clone() if _is_plain(run.returned) else run.returned
    )  # it may be written anew by the next call
    if counts.tf32_dots and dtype == "fp32":
        run.uses_tf32, run.reference = True, numbers.reference(level, run.kept, case, tf32=True)
    return run
