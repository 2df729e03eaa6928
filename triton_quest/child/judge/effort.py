"""Counts the tiles that the learner's kernels multiply and mask beside those of the solution, with the learner's own tiles.

A remark: a tile too many is work for nothing, and the answer is right all the same. Told only where both make their products of
tiles of the same sizes: numbers of others can't be compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from triton_quest.child.instruments.counting import Counts, counted
from triton_quest.child.instruments.pace import FEW_ELEMENTS, TILE
from triton_quest.child.judge.reruns import Reruns
from triton_quest.child.judge.watch import Run, Subject
from triton_quest.course.mistake import Mistake
from triton_quest.records import verdict as v

MANY_PROGRAMS = 4096  # that a launch of a few elements each is remarked on from
SOLUTION = Mistake("solution", (), "", "")  # the solution itself: nothing in it is changed


def remarks(subject: Subject, runs: Sequence[Run]) -> list[v.Check]:
    """At most one remark on tiles, of the case with the most products; and one on programs that do next to nothing."""
    if not subject.level.counts_tiles:
        return of_tiny_programs(runs)
    run = max(runs, key=lambda run: (run.counts.tiles.total(), run.reference.truth.elements))
    least = _of_the_solution(subject, run)
    says = "" if least is None or least.tiles.keys() != run.counts.tiles.keys() else _told(run, least)
    return [*([v.remark(says)] if says else []), *of_tiny_programs(runs)]


def of_tiny_programs(runs: Sequence[Run]) -> list[v.Check]:
    """A remark on the launch with the most programs, where they store a few elements each and are thousands."""
    launches = [(math.prod(launch.grid), launch) for run in runs for launch in run.launches if launch.stores]
    most, launch = max(launches, key=lambda one: one[0], default=(0, None))
    if launch is None or most < MANY_PROGRAMS:
        return []
    elements = max(map(math.prod, launch.stores))
    if elements >= FEW_ELEMENTS:
        return []
    each, tiles = "one element" if elements == 1 else f"{elements} elements", math.ceil(most * elements / TILE)
    would = f"{tiles:,} programs" if tiles > 1 else "one program"
    says = f"`{launch.kernel}` has {most:,} programs that store {each} each. A GPU is fast only with far fewer that do more: "
    return [v.remark(f"{says}{would} of {TILE:,} elements would do.")]


def _told(run: Run, least: Counts) -> str:
    made, needed = run.counts.tiles.total(), least.tiles.total()
    if made > needed:
        more = f"{100 * (made - needed) / needed:.0f} %"
        return f"In {run.told} your kernels compute {more} more tiles than needed: {made} products by `tl.dot`, where {needed} will do."
    masked, enough = run.counts.masked_tiles, least.masked_tiles
    if made == needed and masked > enough:
        return f"In {run.told} your kernels load {masked} tiles under a mask, where {enough} need one: the others lie wholly inside."
    return ""


def _of_the_solution(subject: Subject, run: Run) -> Counts | None:
    """What the solution does on the run's inputs with the learner's launch constants; None if it can't with those."""
    solution = Reruns(subject.level).subject(SOLUTION, run.constants)
    if solution is None:
        return None
    try:
        with counted() as counts:
            run.kept.called(solution.launcher)
    except Exception:  # tiles that the solution can't be made of
        return None
    return counts
