"""Autotuned kernels: every config that pruning leaves is forced in turn, and a tuning is rehearsed with each.

Without a GPU nothing is timed and the first config is all that runs by itself; on one, any may be chosen, after the kernel
has run many times on the same tensors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from triton_quest.child.instruments.tuning import Forcing, TunedLaunch
from triton_quest.child.judge import code, numbers
from triton_quest.child.judge.blocks import block_sizes
from triton_quest.child.judge.watch import Run, Subject, watched
from triton_quest.child.sentences import tuning as sentences
from triton_quest.records import verdict as v

NAME = "every config of an autotuned kernel gives the right answer"
SECONDS = 0.2  # of the processor, for a config: no further case is begun after it
Accept = Callable[[Run], None]
"""Raises Stopped for what is wrong with a run, its numbers apart."""


def examine(subject: Subject, runs: Sequence[Run], accept: Accept) -> v.Check | None:
    """Raises Stopped for a config that is wrong. None where no kernel is tuned. `runs`: those of the first dtype."""
    configs = max((len(launch.configs) for run in runs for launch in run.forcing.launches), default=0)
    if not configs:
        return None
    quick = sorted((run for run in runs if run.case.quick), key=lambda run: -run.reference.truth.elements)
    for config in range(configs):
        _force(subject, config, [*quick, *(run for run in runs if not run.case.quick)], accept)
    return v.Check(name=NAME, kind="rules", state=v.State.PASSED)


def _force(subject: Subject, config: int, runs: Sequence[Run], accept: Accept) -> None:
    """The smallest case first, which shows the config's blocks; then those that are ragged around them, while there is time."""
    began = time.process_time()
    smallest = min(runs, key=lambda run: run.reference.truth.elements)
    first = _judged(subject, smallest, (), Forcing(config), accept)
    blocks = block_sizes(first.launches)
    for number, run in enumerate(run for run in runs if run is not smallest):
        if number and (time.process_time() - began > SECONDS or not config):
            return
        _judged(subject, run, blocks, Forcing(config, rehearses=number == 0), accept)


def _judged(subject: Subject, like: Run, blocks: tuple[int, ...], forcing: Forcing, accept: Accept) -> Run:
    run = watched(subject, like.case, like.dtype, blocks, forcing=forcing)
    unstable = next((launch for launch in forcing.launches if launch.unstable), None)
    if unstable is not None:
        raise _refused(sentences.not_reset(unstable), "not_reset", unstable, run)
    if _drops_out(run):
        return run
    try:
        accept(run)
        wrong = numbers.wrong_elements(run)
        if wrong.any():
            check = numbers.failed_case(run, wrong, blocks)
            unstored = all(bool((run.model.not_stored(run.answer[name]) | ~wrong[name]).all()) for name in wrong.marked)
            raise code.Stopped(replace(check, finding="unwritten" if unstored else check.finding))
    except code.Stopped as stopped:
        raise _blamed(stopped.check, run) from None
    return run


def _drops_out(run: Run) -> bool:
    """A `tl.static_assert` that fails: Triton leaves the config out."""
    return run.trouble is not None and isinstance(code.root_cause(run.trouble), AssertionError)


def _refused(says: str, finding: str, launch: TunedLaunch, run: Run) -> code.Stopped:
    check = v.Check(name=NAME, kind="rules", state=v.State.PASSED)
    places = (v.Place(launch.line, "@triton.autotune"),)
    failed = v.failed(check, v.Outcome.RULES, says, f"This was tried in {run.told}.", places=places)
    return code.Stopped(replace(failed, finding=finding, case=run.case.name))


def _blamed(check: v.Check, run: Run) -> code.Stopped:
    """`check`, told of the config with which it failed; and of the grid, where it leaves elements out that no store came to."""
    launches = run.forcing.launches
    if not any(launch.chosen for launch in launches):  # the first config: it is told as ever
        return code.Stopped(check)
    says, finding, cause = sentences.with_config(launches, _lower(check.says)), check.finding, check.cause
    fixed = next((launch for launch in launches if launch.same_grid), None)
    if fixed is not None and check.finding == "unwritten":
        finding, cause = "fixed_grid", sentences.fixed_grid(fixed)
    advice = f"{sentences.ANY_CONFIG} {check.advice}"
    return code.Stopped(replace(check, says=says, finding=finding or "config", cause=cause, advice=advice))


def _lower(says: str) -> str:
    return says[:1].lower() + says[1:] if says[:3] in ("In ", "No ", "The", "Pro") else says
