"""Finds the gap that is at fault, by substitution: the one with whose lines replaced by the reference's everything is right.

A trial repeats the step that failed on the changed text, then some cases in fp32: the level's quick ones, and one more that failed, if
one did. All trials together get a second or two of the processor's time; where that isn't enough, no gap is named.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from triton_quest.child.judge import code, one_run
from triton_quest.child.judge.gapped import Gapped
from triton_quest.child.judge.watch import Subject
from triton_quest.course.case import Case
from triton_quest.course.level import Level

FEW, MORE = 1.0, 2.0  # seconds of the processor for all trials: where cases are small, and from level LARGE_CASES on
LARGE_CASES = 6


@dataclass(frozen=True)
class Fault:
    """The gaps that don't go right; `says` tells it. `unknown`: why nothing is known of the others; "" where they are right."""

    numbers: tuple[int, ...]
    says: str
    unknown: str = ""


@dataclass(frozen=True)
class NotFound:
    """No gap explains the answer; `why` the trials don't."""

    why: str


def _alone(number: int) -> Fault:
    return Fault((number,), f"TODO {number} is where it goes wrong: with other lines there, everything is right.")


class _OutOfTime(BaseException):
    pass


class _Limit:
    """A limit of the processor's time that ends a trial, too, which would run on and on."""

    def __init__(self) -> None:
        self.is_reached = False

    def _reach(self, number: int, frame: FrameType | None) -> None:
        self.is_reached = True
        raise _OutOfTime

    @contextlib.contextmanager
    def holding(self, seconds: float) -> Iterator[None]:
        before = signal.signal(signal.SIGPROF, self._reach)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)


class Trials:
    """Texts with the reference's lines in some more gaps, each put through the step that failed."""

    def __init__(
        self, level: Level, gapped: Gapped, step: one_run.Step | None, cases: Sequence[Case], blocks: tuple[int, ...]
    ):
        self._level, self._gapped, self._step, self._blocks = level, gapped, step, blocks
        self._cases = [case for case in cases if "fp32" in case.dtypes]
        self._limit = _Limit()
        self._cures: list[int] = []  # gaps with whose lines replaced everything was right, the nearest first
        self.missing: dict[tuple[int, ...], str] = {}  # the name that isn't given where these gaps alone are replaced

    def fault(self, lines: Collection[int] = (), suspects: Collection[int] = ()) -> Fault | NotFound:
        """The gap at fault. `lines` are where what is wrong was seen: a gap there is looked at first, after the `suspects`."""
        if self._step is None or not self._gapped.written:
            return NotFound("the check that failed can't be repeated with other lines")
        seconds = FEW if self._level.number < LARGE_CASES else MORE
        try:
            with tempfile.TemporaryDirectory() as folder, _silence(), self._limit.holding(seconds):
                return self._found(Path(folder), tuple(dict.fromkeys((*suspects, *self._gapped.with_lines(lines)))))
        except _OutOfTime:
            return _alone(self._cures[0]) if self._cures else NotFound("looking for the gap at fault takes too long")
        except OSError:  # the learner's code may delete what isn't its own
            return NotFound("there is no place left to try other lines in")

    def _found(self, folder: Path, suspects: Sequence[int]) -> Fault | NotFound:
        written = self._gapped.written
        first = suspects if len(written) > 1 else ()  # of an only one it is asked whether it goes wrong every time
        for suspect in first:
            if self._is_right(folder, (suspect,)):
                return _alone(suspect)
        for number in self._nearest(first):
            if self._is_right(folder, (number,)):
                self._cures.append(number)
        single = tuple(sorted(self._cures))
        if len(single) == len(written) - len(first) and self._is_right(folder, ()):
            return NotFound("it doesn't go wrong every time")
        if len(single) == 1:
            return _alone(single[0])
        if single:
            listed = " and ".join(f"TODO {number}" for number in single)
            says = f"{listed} don't fit together: with other lines in one of them, everything is right."
            return Fault(single, f"{says} Look at TODO {single[0]} first.")
        for pair in itertools.combinations(written, 2):
            if self._is_right(folder, pair):
                name = next((self.missing[one,] for one in pair if (one,) in self.missing), None)
                if name is not None:
                    return NotFound(
                        f"TODO {pair[0]} and TODO {pair[1]} can only be tried together: they share `{name}`"
                    )
                says = f"Two gaps are wrong: TODO {pair[0]} and TODO {pair[1]}; look at TODO {pair[0]} first."
                return Fault(pair, says)
        if self.missing:
            name = list(self.missing.values())[-1]
            return NotFound(f"other lines can't stand beside yours: they need the name `{name}`")
        return NotFound("no other lines in one or two of the gaps make everything right")

    def _nearest(self, first: Sequence[int]) -> list[int]:
        """The other written gaps: those above the line in which it was seen, from there upwards, then those below."""
        others = [number for number in self._gapped.written if number not in first]
        above = [number for number in others if first and number < first[-1]]
        return [*reversed(above), *(number for number in others if number not in above)]

    def _is_right(self, folder: Path, numbers: tuple[int, ...]) -> bool:
        path = folder / f"gaps_{'_'.join(map(str, numbers))}.py"
        path.write_text(self._gapped.with_reference(numbers), encoding="utf-8")
        try:
            subject = _loaded(self._level, path)
            if self._step is not None:
                self._step(subject)
            for case in self._cases:
                one_run.is_right(subject, case, "fp32", self._blocks)
        except code.Stopped as stopped:
            root = code.root_cause(stopped)
            if isinstance(root, NameError) and root.name:
                self.missing[numbers] = root.name
            return False
        except Exception:  # the text came to something that no run of a learner's does: it isn't right
            return False
        finally:
            if self._limit.is_reached:  # whatever became of the exception on its way through the trial
                raise _OutOfTime
        return True


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """What the learner's code prints in a trial it has printed before, in the run that failed."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        yield


def _loaded(level: Level, path: Path) -> Subject:
    """Raises Stopped."""
    paths, modules = list(sys.path), set(sys.modules)
    try:
        module = code.load(path)
        return Subject(level, path, module, code.launcher_of(module, level))
    finally:
        sys.path[:] = paths
        for name in set(sys.modules) - modules:
            if name.startswith(code.LEARNER):
                del sys.modules[name]
