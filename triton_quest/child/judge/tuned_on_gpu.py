"""What a tuner takes on the GPU that is here, beside every other config of its list: at most 5 % slower than the best."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from triton_quest.child.instruments.timing import alternately
from triton_quest.child.judge import code, landscape
from triton_quest.child.judge.given import drawn
from triton_quest.child.sentences import tuning as sentences
from triton_quest.course import parts
from triton_quest.course.case import DTYPES, Draw
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

NEAR = 1.05  # times the best time
LOOKS = 3  # measurements, of which one must find it near: clocks move
CLOSE = 0.02  # of the result's norm, by which results in half precision may differ

Times = Callable[[dict[str, Callable[[], Any]]], dict[str, Any]]


def takes_the_best(
    level: Level, launcher: Callable[..., Any], file: Path, gpu: str, times: Times = alternately, device: str = "cuda"
) -> v.Check:
    """Raises Stopped where the tuner takes a slower config than the best of its list, at the last but one of the level's races."""
    check = v.Check(f"what the tuner takes is as fast as the best of its list, on the {gpu}", "gpu", v.State.PASSED)
    race = parts.part(level, "cases").RACES[-2]
    given = drawn(level, race, Draw(race.name, DTYPES[race.dtype], device=device))
    is_right = _equal_to(parts.truth(level)(*given.inputs, **given.keywords))

    def look() -> landscape.Landscape | None:
        try:
            return landscape.survey(level.slug, race.name, given.timed(launcher), is_right, race.flops, times)
        except Exception as trouble:
            raise code.Stopped(code.explain(check, trouble, file, f"at {race.name}", v.Outcome.CRASH)) from trouble

    for looks_left in reversed(range(LOOKS)):
        found = look()
        if found is None:
            break
        if found.wrong is not None:
            says = sentences.wrong_in_a_race(found.launch, found.wrong.place - 1, race.name)
            raise code.Stopped(v.failed(check, v.Outcome.WRONG, says, sentences.ANY_CONFIG))
        if found.taken.time_ms <= NEAR * found.best.time_ms:
            break
        if not looks_left:
            raise _slow(check, found, race.name)
    return check


def _slow(check: v.Check, found: landscape.Landscape, size: str) -> code.Stopped:
    times = found.taken.time_ms / found.best.time_ms
    says = sentences.not_the_best(found.launch, found.best.place - 1, times, size)
    return code.Stopped(v.failed(check, v.Outcome.RULES, says, sentences.NOT_THE_BEST, finding="not_the_best"))


def _equal_to(truth: torch.Tensor) -> Callable[[Any], bool]:
    def is_right(result: Any) -> bool:
        if not isinstance(result, torch.Tensor) or result.shape != truth.shape:
            return False
        error = (result.float() - truth.float()).norm() / truth.float().norm()
        return bool(error <= CLOSE)  # NaN is not

    return is_right
