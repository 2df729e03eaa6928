"""Stage 5: what must hold whatever the numbers. A property's docstring is the sentence that it asserts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from triton_quest.child.instruments.launches import observed
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.opspy import OpSpy
from triton_quest.child.judge import code, memory, numbers
from triton_quest.child.judge.watch import Subject
from triton_quest.course.case import DTYPES, Draw
from triton_quest.records import verdict as v


def allocated_bytes(launcher: numbers.Launcher, *inputs: Any, **keywords: Any) -> int:
    """What one call of the launcher allocates in torch, in bytes, freed or not. No kernel runs."""
    spy = OpSpy("", [x for x in inputs if isinstance(x, torch.Tensor)])
    with observed(spy, noop=True), spy:
        launcher(*inputs, **keywords)
    return spy.allocated_bytes


def allocation_grows_linearly(
    launcher: numbers.Launcher, inputs: Callable[[int], tuple[Any, ...]], length: int = 256, **keywords: Any
) -> bool:
    """Whether four times the length allocates at most four times the bytes; a square matrix takes sixteen times.

    inputs: length -> the launcher's arguments. Lengths that are padded to whole blocks, and scratch of a fixed size, pass.
    """
    short, long = (allocated_bytes(launcher, *inputs(n), **keywords) for n in (length, 4 * length))
    return long <= 4 * short


def holds(subject: Subject, statement: numbers.Property, dtypes: tuple[str, ...], blocks: tuple[int, ...]) -> v.Check:
    """Check one property in every dtype. Raises Stopped if it doesn't hold."""
    sentence = (statement.__doc__ or statement.__name__).strip().rstrip(".")
    found = v.Check(name=sentence, kind="property", state=v.State.PASSED, case=statement.__name__)
    for dtype in dtypes:
        draw = Draw(statement.__name__, DTYPES[dtype], blocks)
        when = f"while checking in {dtype}: {sentence}"
        try:
            with subject.model().active():
                held = statement(subject.launcher, draw)
        except IllegalAccess as trouble:
            raise code.Stopped(memory.told(trouble.finding, when, statement.__name__)) from None
        except BaseException as trouble:
            raise code.Stopped(code.explain(found, trouble, subject.file, when, v.Outcome.CRASH)) from trouble
        if not held:
            says = f"This must hold, and in {dtype} it doesn't: {sentence[0].lower()}{sentence[1:]}."
            advice = "The numbers of the cases were right: look for what they had in common."
            raise code.Stopped(v.failed(found, v.Outcome.PROPERTY, says, advice))
    return found
