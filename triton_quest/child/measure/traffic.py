"""Counts what a learner's kernels move and compute, in the interpreter, at growing sizes; sends a record for each.

In the child. Nothing is timed, and nothing is judged but whether the answer is right: a wrong kernel's counts are those of a wrong
kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from triton_quest.child.instruments.counting import Counts, counted
from triton_quest.child.instruments.launches import Launch, LaunchLog, observed
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.findings import Traffic
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.instruments.opspy import OpSpy
from triton_quest.child.judge import code, memory
from triton_quest.child.judge.abilities import abilities, unfit
from triton_quest.child.judge.given import Given, main_dtype
from triton_quest.child.judge.truth import reference
from triton_quest.child.measure import inputs
from triton_quest.child.triton.fake_driver import activate
from triton_quest.child.triton.interpreter import enable
from triton_quest.course.answer import Answer
from triton_quest.course.level import SIZES, Level
from triton_quest.records import measured as m
from triton_quest.records import verdict as v

Send = Callable[[v.Record], None]
STEPS = (1, 2, 4, 8)  # times the smallest size
LARGEST_UNIT = 2  # times the level's own smallest size, for a learner with larger blocks


def run(level: Level, file: Path, send: Send, seconds: float) -> v.Outcome:
    """Count at four sizes, each the double of the one before. `seconds` limits each."""
    able = abilities(enable())
    activate()
    try:
        if not able.memory:
            raise unfit("Bytes can't be counted")
        send(v.StageStarted("import", "importing your file", seconds))
        module = code.load(file)
        counting = Counting(level, file, code.launcher_of(module, level), send, seconds)
        for size in counting.sizes():
            send(counting.at(size))
    except code.Stopped as stopped:
        send(stopped.check)
        return stopped.check.outcome or v.Outcome.ERROR
    return v.Outcome.PASSED


class Counting:
    """One launcher, called and counted at one size after another."""

    def __init__(self, level: Level, file: Path, launcher: Callable[..., Any], send: Send, seconds: float) -> None:
        self.level, self.file, self.launcher, self.send, self.seconds = level, file, launcher, send, seconds
        self._launches: list[Launch] = []
        self._known: dict[int, m.Counted] = {}

    def sizes(self) -> Iterable[int]:
        """Multiples of the learner's largest block where it isn't too large: only then the counts follow one law."""
        smallest = SIZES[self.level.grown[0]].counted
        self.at(smallest)
        blocks = {size for launch in self._launches for size in launch.ranges}
        fitting = (block for block in blocks if smallest < block <= LARGEST_UNIT * smallest)
        unit = max(fitting, default=smallest)
        return [unit * step for step in STEPS]

    def at(self, size: int) -> m.Counted:
        """One call, counted. Raises Stopped for whatever keeps it from its end."""
        if size not in self._known:
            self._known[size] = self._count(size)
        return self._known[size]

    def _count(self, size: int) -> m.Counted:
        self.send(v.StageStarted("count", f"counting at {' = '.join(self.level.grown)} = {size:,}", self.seconds))
        sizes = inputs.counted_sizes(self.level, size)
        case = inputs.typical(self.level, sizes)
        given = inputs.given(self.level, case, self.level.counted_in)
        shown = inputs.described(given)
        model, log, spy = (
            MemoryModel(poison=False, cooperative=True, footprints=True),
            LaunchLog(),
            OpSpy("", given.tensors.values(), fill_uninitialised_with_nan=True),
        )
        try:
            with counted(arithmetic=True) as counts, model.active(), observed(spy, log), spy:
                returned, gradients = given.called(self.launcher)
        except IllegalAccess as trouble:
            raise code.Stopped(memory.told(trouble.finding, f"while counting with {shown}", case.name)) from None
        except BaseException as trouble:
            check = v.Check("your kernel runs", "traffic", v.State.PASSED)
            when = f"while counting with {shown}"
            raise code.Stopped(code.explain(check, trouble, self.file, when, v.Outcome.CRASH)) from trouble
        self._launches = log.launches
        answer = given.answer(returned, gradients)
        if not log.launches or answer is None:
            raise code.Stopped(_nothing_to_count(given, launched=bool(log.launches)))
        found = _record(size, shown, model.traffic, counts, given, answer, spy.allocated_bytes, len(log.launches))
        is_right = set(reference(given, tf32=_in_tf32(given, counts)).right_in(answer)) == set(answer)
        return replace(found, pattern=inputs.pattern(self.level, given, sizes), is_right=is_right)


def _in_tf32(given: Given, counts: Counts) -> bool:
    return bool(counts.tf32_dots) and main_dtype(given.inputs) == torch.float32


def _bytes(tensors: Iterable[torch.Tensor]) -> int:
    return sum(x.numel() * x.element_size() for x in tensors)


def _record(
    size: int,
    shown: str,
    traffic: list[Traffic],
    counts: Counts,
    given: Given,
    answer: Answer,
    allocated: int,
    launches: int,
) -> m.Counted:
    least_loaded, least_stored = _bytes(given.tensors.values()), _bytes(answer.values())
    return m.Counted(
        size,
        shown,
        _moved(traffic),
        least_loaded,
        least_stored,
        counts.dot_flops,
        counts.other_flops,
        counts.exponentials,
        max(0, allocated - least_stored),
        launches,
    )


def _moved(traffic: Iterable[Traffic]) -> tuple[m.Moved, ...]:
    """A row for each argument of each kernel, in the order of the first launches; what touched nothing is left out."""
    sums: dict[tuple[str, str], list[int]] = {}
    for one in traffic:
        parts = (one.loaded_bytes, one.stored_bytes, one.loaded_once or 0, one.stored_once or 0)
        known = sums.setdefault((one.kernel, one.argument), [0, 0, 0, 0])
        sums[one.kernel, one.argument] = [a + b for a, b in zip(known, parts, strict=True)]
    return tuple(m.Moved(*names, *parts) for names, parts in sums.items() if any(parts))


def _nothing_to_count(given: Given, launched: bool) -> v.Check:
    check = v.Check("a kernel is launched", "traffic", v.State.PASSED)
    names = given.judged
    no_answer = "returns no tensor" if len(names) == 1 else f"doesn't give {', '.join(names)}"
    says = (
        f"`{given.level.launcher}` "
        + (no_answer if launched else "launches no kernel")
        + ": there is nothing to count."
    )
    return v.failed(check, v.Outcome.RULES, says, "`check` says what the level asks for.")
