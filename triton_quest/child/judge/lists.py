"""Where autotuning is the lesson: each config that pruning leaves on a GPU fits it, and neighbouring programs share what they read.

Nothing is run for it but single programs: the launcher is called with tensors that have no memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from triton_quest.child.instruments.launches import observed
from triton_quest.child.instruments.neighbours import neighbours
from triton_quest.child.instruments.tuning import Forcing, TunedLaunch
from triton_quest.child.judge import code, compiling
from triton_quest.child.judge.watch import Subject
from triton_quest.child.sentences import tuning as sentences
from triton_quest.child.sentences.compiling import explain, is_too_large
from triton_quest.child.triton.fake_driver import activated
from triton_quest.child.triton.frontend import TARGETS, compile_front_end
from triton_quest.course import parts
from triton_quest.course.case import DTYPES, Case, Draw
from triton_quest.machine.targets import Arch, find, name_of
from triton_quest.records import verdict as v

FITS = "every config that pruning leaves on a GPU fits it (sm_80 and sm_90, fp16)"
SHARES = "neighbouring programs share what they read, in every config"
LEAVES = "pruning leaves a config for any shape"
DTYPE = "fp16"
MOST = 2.5  # times the bytes of a compact patch


def fits(subject: Subject) -> v.Check:
    """Raises Stopped for a config that pruning leaves on a target and that doesn't compile for it, or is too large."""
    cases: Sequence[Case] = parts.part(subject.level, "cases").TUNED
    where: dict[int, tuple[Case, TunedLaunch, list[Arch]]] = {}
    for arch in TARGETS:
        with activated(arch):
            left = {place: (case, launch) for case in reversed(cases) for place, launch in _left(subject, case)}
        for place, (case, launch) in left.items():
            where.setdefault(place, (case, launch, []))[2].append(arch)
    for place, (case, launch, archs) in sorted(where.items()):
        _fits(subject, case, launch, place, archs)
    return v.Check(name=FITS, kind="compile", state=v.State.PASSED)


def shares(subject: Subject) -> v.Check:
    """Raises Stopped for a config in which programs that run at the same time read much more than a compact patch of tiles needs."""
    case: Case = parts.part(subject.level, "cases").NEIGHBOURS
    a, b = inputs = case.inputs(Draw(case.name, DTYPES[DTYPE]))
    with activated(TARGETS[-1]):
        for place, _ in _left(subject, case):
            forced = Forcing(place)

            def call(forced: Forcing = forced) -> None:
                with forced.watched():
                    subject.launcher(*inputs)

            for found in neighbours(call, a.shape[0] * b.shape[1]):
                launch = next((one for one in forced.launches if one.kernel == found.kernel), None)
                if launch is not None and found.times > MOST:
                    shape = f"a product of {a.shape[0]} x {a.shape[1]} x {b.shape[1]}"
                    says = sentences.shares_little(launch, found.first, found.last, found.times, shape)
                    check = v.Check(name=SHARES, kind="property", state=v.State.PASSED)
                    failed = v.failed(check, v.Outcome.PROPERTY, says, sentences.SHARES_LITTLE)
                    raise code.Stopped(replace(failed, finding="programs_apart"))
    return v.Check(name=SHARES, kind="property", state=v.State.PASSED)


def repeating(step: Callable[[Subject], v.Check]) -> Callable[[Subject], None]:
    """`step` as one that a trial repeats."""

    def repeated(subject: Subject) -> None:
        step(subject)

    return repeated


def _left(subject: Subject, case: Case) -> Iterator[tuple[int, TunedLaunch]]:
    """The place of each config that pruning leaves for a case, with the launch that it is left for; no kernel runs. Raises Stopped."""
    seen = Forcing()
    try:
        with observed(noop=True), seen.watched():
            subject.launcher(*case.inputs(Draw(case.name, DTYPES[DTYPE])), **case.keywords)
    except Exception as trouble:
        check = v.Check(name=LEAVES, kind="rules", state=v.State.PASSED)
        shapes = " and ".join(str(tuple(x.shape)) for x in case.inputs(Draw(case.name, DTYPES[DTYPE])))
        raise code.Stopped(
            code.explain(check, trouble, subject.file, f"with matrices of {shapes}", v.Outcome.CRASH)
        ) from trouble
    for launch in seen.launches:
        yield from ((place, replace(launch, chosen=place)) for place in launch.left)


def _fits(subject: Subject, case: Case, launch: TunedLaunch, place: int, archs: Sequence[Arch]) -> None:
    def call() -> None:
        with Forcing(place, insists=True).watched():
            subject.launcher(*case.inputs(Draw(case.name, DTYPES[DTYPE])), **case.keywords)

    for refusal in compile_front_end(call, subject.module, archs).refusals:
        target = find(refusal.target)
        chip = f"{target.an_example} ({target.name})" if target else name_of(refusal.target)
        check = v.Check(name=FITS, kind="compile", state=v.State.PASSED)
        if is_too_large(refusal):
            needs, limit = map(int, re.findall(r"(?:Required|Hardware limit): (\d+)", refusal.reason))
            says = sentences.too_large(launch, chip, needs, limit)
            failed = v.failed(check, v.Outcome.COMPILE, says, sentences.TOO_LARGE, finding="too_large")
            raise code.Stopped(failed)
        (found,) = explain([refusal])
        stopped = compiling.refused(found)
        says = sentences.with_config([launch], found.says)
        raise code.Stopped(replace(stopped.check, says=says))
