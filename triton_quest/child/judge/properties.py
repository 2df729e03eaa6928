"""Stage 5: what must hold whatever the numbers. A property's docstring is the sentence that it asserts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch

from triton_quest.child.instruments.launches import LaunchLog, observed
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.opspy import OpSpy
from triton_quest.child.instruments.tuning import TuningLog, tuning
from triton_quest.child.judge import code, memory
from triton_quest.child.judge.given import Given, Launcher
from triton_quest.child.judge.watch import Subject
from triton_quest.course.call import CallRecord, KernelLaunch, Property, Tried
from triton_quest.course.case import DTYPES, Draw
from triton_quest.course.level import Level
from triton_quest.records import verdict as v


class NoAnswer(Exception):
    """A call of a property came to something else than the level's answer."""


class NeedsKernels(Exception):
    """A property asked for an answer where only launchers are looked at."""


class WatchedCall:
    """The learner's launcher as a property sees it: `course/call.py` says what it promises. `sees` watches its launches."""

    def __init__(
        self, level: Level, launcher: Launcher, sees: Callable[..., AbstractContextManager[Any]] = observed
    ) -> None:
        self.level, self.launcher, self.sees = level, launcher, sees

    def __call__(
        self, *inputs: Any, dout: torch.Tensor | None = None, wanted: tuple[str, ...] | None = None, **keywords: Any
    ) -> CallRecord:
        return self._called(inputs, dout, wanted, keywords, noop=False)

    def without_kernels(self, *inputs: Any, dout: torch.Tensor | None = None, **keywords: Any) -> CallRecord:
        return self._called(inputs, dout, None, keywords, noop=True)

    def _called(
        self,
        inputs: tuple[Any, ...],
        dout: torch.Tensor | None,
        wanted: tuple[str, ...] | None,
        keywords: dict[str, Any],
        noop: bool,
    ) -> CallRecord:
        asked = () if dout is None else self.level.gradients if wanted is None else wanted
        given = Given(self.level, inputs, keywords, asked, dout)
        spy, log, tuned = OpSpy("", given.tensors.values()), LaunchLog(), TuningLog()
        with self.sees(spy, log, tuned, noop=noop), tuning(tuned), spy:
            returned, gradients = given.called(self.launcher)
        answer = given.answer(returned, gradients)
        if answer is None:
            raise NoAnswer(f"`{self.level.launcher}` doesn't give {', '.join(given.judged)}")
        return CallRecord(
            answer.each(torch.Tensor.clone),
            tuple(_launch(launch, tuned) for launch in log.launches),
            tuple(_tried(*one) for one in tuned.timed),
            tuple(call.allocates for call in spy.calls if call.allocates),
        )


class WithoutKernels(WatchedCall):
    """For properties that a launcher shows alone, such as what it allocates: no kernel runs. Raises NeedsKernels for an answer."""

    def __call__(self, *inputs: Any, **keywords: Any) -> CallRecord:
        raise NeedsKernels


def _launch(launch: Any, tuned: TuningLog) -> KernelLaunch:
    made = tuned.made.get(id(launch))
    return KernelLaunch(launch.kernel, launch.grid, dict(launch.constexprs), _tried(*made) if made else None)


def _tried(tuner: Any, config: Any) -> Tried:
    return Tried(tuner.base_fn.__name__, config.all_kwargs(), tuner)


def holds(
    subject: Subject,
    statement: Property,
    dtypes: tuple[str, ...],
    blocks: tuple[int, ...],
    call: WatchedCall | None = None,
    device: str = "cpu",
) -> v.Check:
    """Check one property in every dtype, of `call` if it is given. Raises Stopped if it doesn't hold, NeedsKernels as `call` does."""
    call = call or WatchedCall(subject.level, subject.launcher)
    sentence = (statement.__doc__ or statement.__name__).strip().rstrip(".")
    found = v.Check(name=sentence, kind="property", state=v.State.PASSED, case=statement.__name__)
    for dtype in dtypes:
        draw = Draw(statement.__name__, DTYPES[dtype], blocks, device)
        when = f"while checking in {dtype}: {sentence}"
        try:
            with subject.model().active():
                held = statement(call, draw)
        except NeedsKernels:
            raise
        except IllegalAccess as trouble:
            raise code.Stopped(memory.told(trouble.finding, when, statement.__name__)) from None
        except NoAnswer as trouble:
            says, advice = f"{trouble}, {when}.", "The briefing says what the launcher returns."
            raise code.Stopped(v.failed(found, v.Outcome.CONTRACT, says, advice)) from None
        except BaseException as trouble:
            raise code.Stopped(code.explain(found, trouble, subject.file, when, v.Outcome.CRASH)) from trouble
        if held is not True:
            raise code.Stopped(_broken(found, held, sentence, dtype))
    return found


def _broken(found: v.Check, held: bool | str, sentence: str, dtype: str) -> v.Check:
    """The failed check: with the property's own sentence, where it has returned one."""
    if isinstance(held, str):
        return v.failed(found, v.Outcome.PROPERTY, held, f"What must hold: {sentence[0].lower()}{sentence[1:]}.")
    says = f"This must hold, and in {dtype} it doesn't: {sentence[0].lower()}{sentence[1:]}."
    return v.failed(
        found, v.Outcome.PROPERTY, says, "The numbers of the cases were right: look for what they had in common."
    )
