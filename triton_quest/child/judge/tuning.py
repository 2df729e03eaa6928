"""Autotuned kernels: every config that pruning leaves is forced in turn, and a tuning is rehearsed with each.

Without a GPU nothing is timed and the first config is all that runs by itself; on one, any may be chosen, after the kernel
has run many times on the same tensors. What only levels ask for that teach tuning is in `lists.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from triton_quest.child.instruments.launches import observed
from triton_quest.child.instruments.tuning import Forcing, TunedLaunch
from triton_quest.child.judge import code, numbers, one_run
from triton_quest.child.judge.blocks import block_sizes
from triton_quest.child.judge.given import drawn_for
from triton_quest.child.judge.watch import Run, Subject, watched
from triton_quest.child.sentences import tuning as sentences
from triton_quest.child.triton.fake_driver import activated
from triton_quest.course.case import DEFAULT_BLOCKS, Case
from triton_quest.records import verdict as v

NAME = "every config of an autotuned kernel gives the right answer"
SECONDS = 0.1  # of the processor, for a config: no further case is begun after it
LARGEST = 90  # the architecture whose programs have the most shared memory: pruning for it leaves the most
Accept = Callable[[Run], None]
"""Raises Stopped for what is wrong with a run, its numbers apart."""
Repeats = Callable[[one_run.Step], None]
"""Is told of each step, so that it can be repeated on another text."""


def examine(
    subject: Subject, runs: Sequence[Run], dtypes: tuple[str, ...], accept: Accept, repeats: Repeats = lambda step: None
) -> v.Check | None:
    """Raises Stopped for a config that is wrong. None where no kernel is tuned. `runs`: those of the first dtype."""
    tuned = [launch for run in runs for launch in run.forcing.launches]
    if not tuned:
        return None
    longest = max(tuned, key=lambda launch: len(launch.configs)).configs
    with activated(LARGEST):
        forced = _Forced(subject, [run.case for run in runs], dtypes, accept, repeats)
        for place in range(len(longest)):
            forced.one(place, _likely_blocks(longest[place].kwargs.values()))
    return v.Check(name=NAME, kind="rules", state=v.State.PASSED)


def forcing(case: Case, dtype: str, blocks: tuple[int, ...], place: int) -> one_run.Step:
    """The step that runs a case with one config, rehearsed."""

    def step(subject: Subject) -> None:
        with activated(LARGEST):
            _Forced(subject, [case], (dtype,), lambda run: one_run.examine(subject, run)).judged(
                case, dtype, blocks, place, rehearses=True
            )

    return step


def told_with_config(stopped: code.Stopped, run: Run) -> code.Stopped:
    """What stops a run that nothing forced, told of the config with which a tuned kernel ran, and of a grid that is too small for it."""
    launches = run.forcing.launches
    if not launches or run.forcing.config is not None:
        return stopped
    check = stopped.check
    fixed = _fixed_grid(check, run)
    if fixed is not None and not check.cause:
        check = replace(check, finding="fixed_grid", cause=sentences.fixed_grid(fixed))
    advice = f"{check.advice} Here {sentences.running(launches)}, the first that pruning leaves.".strip()
    return code.Stopped(replace(check, advice=advice), stopped.finding)


@dataclass
class _Forced:
    """The cases of a level, run with one config after the other."""

    subject: Subject
    cases: Sequence[Case]
    dtypes: tuple[str, ...]
    accept: Accept
    repeats: Repeats = lambda step: None
    _left: dict[tuple[str, str, tuple[int, ...]], frozenset[int]] = field(default_factory=dict)

    def one(self, place: int, blocks: tuple[int, ...]) -> None:
        """A small case first, then those that are ragged around the config's blocks, while there is time."""
        began = time.process_time()
        tries = self._tries(place, blocks)
        number = 0
        while (found := next(tries, None)) is not None:
            case, dtype = found
            if number > 1 and time.process_time() - began > SECONDS:
                return
            self.repeats(forcing(case, dtype, blocks, place))
            run = self.judged(case, dtype, blocks, place, rehearses=number == 0)
            number += 1
            seen = block_sizes(run.launches)
            if number == 1 and seen[-1] != blocks[-1]:
                blocks, tries = seen, self._tries(place, seen)

    def _tries(self, place: int, blocks: tuple[int, ...]) -> Iterator[tuple[Case, str]]:
        """The cases and dtypes for which pruning leaves the config: a small one, then the largest of the quick ones, then all others.

        A case comes a second time, in another dtype, after all have been.
        """
        again: list[tuple[Case, str]] = []
        given: set[str] = set()
        for is_quick in (True, False):
            for dtype in self.dtypes:
                cases = [case for case in self.cases if case.quick is is_quick and dtype in case.dtypes]
                left = [case for case in cases if place in self._left_of(case, dtype, blocks)]
                for case in left if given else [*left[:1], *reversed(left[1:])]:
                    if case.name in given:
                        again.append((case, dtype))
                        continue
                    given.add(case.name)
                    yield case, dtype
        yield from again

    def _left_of(self, case: Case, dtype: str, blocks: tuple[int, ...]) -> frozenset[int]:
        """The places of the configs that pruning leaves in a call in which no kernel runs."""
        key = case.name, dtype, blocks
        if key not in self._left:
            seen = Forcing()
            try:
                with observed(noop=True), seen.watched():
                    drawn_for(self.subject.level, case, dtype, blocks).called(self.subject.launcher)
            except Exception:  # the run that follows tells it
                pass
            self._left[key] = frozenset(place for launch in seen.launches for place in launch.left)
        return self._left[key]

    def judged(self, case: Case, dtype: str, blocks: tuple[int, ...], place: int, rehearses: bool) -> Run:
        """Raises Stopped for whatever is wrong with the case in this config."""
        forced = Forcing(place, rehearses)
        run = watched(self.subject, case, dtype, blocks, forcing=forced)
        unstable = next((launch for launch in forced.launches if launch.unstable), None)
        if unstable is not None:
            raise _refused(sentences.not_reset(unstable), "not_reset", unstable, run)
        if _drops_out(run) or (run.trouble is None and not forced.took_place):
            return run
        try:
            self.accept(run)
            wrong = numbers.wrong_elements(run)
            if wrong.any():
                check = numbers.failed_case(run, wrong, blocks)
                unstored = all(bool((run.model.not_stored(run.answer[n]) | ~wrong[n]).all()) for n in wrong.marked)
                raise code.Stopped(replace(check, finding="unwritten" if unstored else check.finding))
        except code.Stopped as stopped:
            raise blamed(stopped.check, run) from stopped.__cause__
        return run


def _likely_blocks(constants: Iterable[object]) -> tuple[int, ...]:
    """The powers of two among a config's constants: what the first case is drawn around."""
    values = [value for value in constants if isinstance(value, int) and not isinstance(value, bool)]
    return tuple(sorted({value for value in values if value >= 16 and value & (value - 1) == 0})) or DEFAULT_BLOCKS


def _drops_out(run: Run) -> bool:
    """A `tl.static_assert` that fails: Triton leaves the config out."""
    return run.trouble is not None and isinstance(code.root_cause(run.trouble), AssertionError)


def _refused(says: str, finding: str, launch: TunedLaunch, run: Run) -> code.Stopped:
    check = v.Check(name=NAME, kind="rules", state=v.State.PASSED)
    places = (v.Place(launch.line, "@triton.autotune"),)
    failed = v.failed(check, v.Outcome.RULES, says, f"This was tried in {run.told}.", places=places)
    return code.Stopped(replace(failed, finding=finding, case=run.case.name))


def blamed(check: v.Check, run: Run) -> code.Stopped:
    """`check`, told of the config with which it failed; and of the grid, where it leaves elements out that no store came to."""
    launches = run.forcing.launches
    if not launches:
        return code.Stopped(check)
    says, finding, cause = sentences.with_config(launches, _lower(check.says)), check.finding, check.cause
    fixed = _fixed_grid(check, run)
    if fixed is not None:
        finding, cause = "fixed_grid", sentences.fixed_grid(fixed)
    advice = f"{sentences.ANY_CONFIG} {check.advice}"
    return code.Stopped(replace(check, says=says, finding=finding or "config", cause=cause, advice=advice))


def _fixed_grid(check: v.Check, run: Run) -> TunedLaunch | None:
    """The launch whose grid takes no notice of the config, where some of several elements of the answer are unwritten."""
    if check.finding != "unwritten" or run.reference.truth.elements < 2:
        return None
    return next((launch for launch in run.forcing.launches if launch.fixed_grid), None)


def _lower(says: str) -> str:
    return says[:1].lower() + says[1:] if says[:3] in ("In ", "No ", "The", "Pro") else says
