"""Tests the judge by mutation: every known mistake of a level must be rejected by the intended check, every right variant accepted.

Right variants are the patches of `mistakes.md` and the whole files in `variants/`. The judging is done in warm children.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from triton_quest.course.level import Level
from triton_quest.course.mistake import Mistake, apply, read
from triton_quest.parent.runner import Job, judge
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v
from triton_quest.store import workspace

RIGHT = "right: "  # before the key of what must pass


@dataclass(frozen=True)
class Mutant:
    """A wrong or a right answer to a level, and what the judge must say to it. `expected` is a kind of check, or "passed"."""

    level: Level
    key: str
    text: str
    expected: str
    findings: tuple[str, ...] = ()  # any of which must be named; empty: not asked for


@dataclass(frozen=True)
class Judged:
    """One row of the gate's table."""

    mutant: Mutant
    got: str
    says: str
    ok: bool


def mutants(level: Level) -> tuple[Mutant, ...]:
    """Every mistake and every right variant of the level. Raises CourseTrouble for a patch that can't be read or doesn't apply."""
    known, solution = read(level.folder), workspace.course_text(level, "solution.py")
    wrong = [Mutant(level, m.key, apply(m.edits, solution, m.key), m.caught_by, _findings(m)) for m in known.mistakes]
    right = [Mutant(level, RIGHT + v.key, apply(v.edits, solution, v.key), "passed") for v in known.variants]
    whole = [
        Mutant(level, RIGHT + path.stem, path.read_text(encoding="utf-8"), "passed") for path in whole_variants(level)
    ]
    return (*wrong, *right, *whole)


def whole_variants(level: Level) -> list[Path]:
    """The level's right variants that are files of their own: too far from the solution for a patch."""
    return sorted((level.folder / "variants").glob("*.py"))


def _findings(mistake: Mistake) -> tuple[str, ...]:
    if mistake.caught_by == "numbers":
        return mistake.key, *mistake.same_output_as
    return (mistake.finding,) if mistake.finding else ()


def job_of(mutant: Mutant, path: Path) -> Job:
    """What the gate has judged of a mutant, whose text stands at `path`."""
    return Job(mutant.level, path, asked={"looks_at_gaps": False})


def judge_all(population: tuple[Mutant, ...], folder: Path) -> Iterator[Judged]:
    """Judge every mutant, in order, in as many warm processes as there are processors."""
    with ExitStack() as stack:
        warm: queue.SimpleQueue[Warm] = queue.SimpleQueue()
        workers = os.cpu_count() or 1
        for _ in range(workers):
            warm.put(stack.enter_context(Warm()))
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        yield from pool.map(lambda mutant: _judge(mutant, folder, warm), population)


def _judge(mutant: Mutant, folder: Path, free: queue.SimpleQueue[Warm]) -> Judged:
    path = folder / mutant.level.slug / f"{mutant.key.replace(': ', '_')}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(mutant.text, encoding="utf-8")
    warm = free.get()
    try:
        warm.prepare(mutant.level)
        verdict = judge(job_of(mutant, path), start=warm.start)
    finally:
        free.put(warm)
    failure = verdict.first_failure
    got = failure.kind if failure else verdict.outcome.value
    named = not mutant.findings or (failure is not None and failure.finding in mutant.findings)
    return Judged(mutant, got, _sentence(verdict), got == mutant.expected and named)


def _sentence(verdict: v.Verdict) -> str:
    failure = verdict.first_failure
    return (failure.cause or failure.says) if failure else verdict.cause
