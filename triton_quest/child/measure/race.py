"""Races a learner's kernel against PyTorch on the GPU, size by size. The child's half of `quest benchmark`.

A contender is timed only if its result equals that of the first one; the learner's result is compared again after the last round.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import triton

from triton_quest.child.instruments.timing import alternately
from triton_quest.child.judge import code, landscape
from triton_quest.child.judge.given import Given, drawn
from triton_quest.child.measure.rivals import Contender, lineup
from triton_quest.child.sentences import on_gpu as gpu_sentences
from triton_quest.course import parts
from triton_quest.course.answer import Answer
from triton_quest.course.case import DTYPES, Draw, Race
from triton_quest.course.level import Level
from triton_quest.records import race as race_records
from triton_quest.records import verdict as v

Send = Callable[[v.Record], None]
COPY_BYTES = 2**30
MATMUL = 8192
PART = 2**26  # elements that are compared at a time
SAME = {
    torch.float32: 1e-3,
    torch.float16: 1e-2,
    torch.bfloat16: 3e-2,
}  # relative, of the whole result: TF32 and the dtypes
CLOCKS = "--query-gpu=clocks.sm,clocks.mem,power.draw,temperature.gpu"


def run(level: Level, file: Path, send: Send, seconds: float, sizes: Sequence[str] | None = None) -> v.Outcome:
    """Race the file's launcher at the level's sizes (or those named); a `Timing` is sent for each contender and size."""
    send(v.StageStarted("import", "importing your file", seconds))
    try:
        launcher = code.bare_launcher(file, level)
    except code.Stopped as stopped:
        send(stopped.check)
        return stopped.check.outcome or v.Outcome.ERROR
    races: Sequence[Race] = parts.part(level, "cases").RACES
    chosen = [race for race in races if sizes is None or race.name in sizes]
    send(race_records.Lineup(level.slug, tuple(race.name for race in chosen), level.races))
    send(v.StageStarted("ceilings", "measuring what this GPU can do", seconds))
    send(ceilings())
    for race in chosen:
        _race(level, race, launcher, send, seconds)
    return v.Outcome.PASSED


def ceilings() -> race_records.Ceilings:
    """The copy bandwidth and the matmul rate of this GPU, measured."""
    source = torch.randint(0, 127, (COPY_BYTES,), dtype=torch.int8, device="cuda")
    target = torch.empty_like(source)
    a, b = (torch.randn(MATMUL, MATMUL, dtype=torch.float16, device="cuda") for _ in range(2))
    copied = alternately({"copy": lambda: target.copy_(source)})["copy"]
    multiplied = alternately({"matmul": lambda: a @ b})["matmul"]
    return race_records.Ceilings(
        gpu=torch.cuda.get_device_name(),
        copy_gbs=2 * COPY_BYTES / copied.time_ms / 1e6,
        matmul_tflops=2 * MATMUL**3 / multiplied.time_ms / 1e9,
        torch=str(torch.__version__),
        triton=str(triton.__version__),
        clocks=_clocks(),
    )


def _race(level: Level, race: Race, yours: Contender, send: Send, seconds: float) -> None:
    send(v.StageStarted("race", f"{level.title}, {race.name}", seconds))
    given = drawn(level, race, Draw(race.name, DTYPES[race.dtype], device="cuda"))
    everybody = {**lineup(level), race_records.YOURS: yours}
    calls: dict[str, Callable[[], Any]] = {
        name: given.timed(contender) for name, contender in everybody.items() if name not in race.leave_out
    }

    def leave_out(name: str, says: str) -> None:
        send(race_records.DidNotRun(level.slug, race.name, name, says))
        del calls[name]

    expected = _first_round(calls, given, leave_out)
    if level.tunes and race_records.YOURS in calls:
        _survey(level, race, calls[race_records.YOURS], given, expected, send, leave_out)
    for name, measured in (alternately(calls) if calls else {}).items():
        if name == race_records.YOURS and not same(_answer(calls[name], given), expected):
            leave_out(name, "its result was right once, and wrong after being timed")
            continue
        times = (measured.time_ms, measured.low_ms, measured.high_ms, measured.rounds)
        send(race_records.Timing(level.slug, race.name, name, *times, race.flops, race.least_bytes, race.length))
    torch.cuda.empty_cache()


def _survey(
    level: Level,
    race: Race,
    call: Callable[[], Any],
    given: Given,
    expected: Answer | None,
    send: Send,
    leave_out: Callable[[str, str], None],
) -> None:
    """Send what every config of the learner's takes; a wrong one leaves the learner out of the race."""
    found = landscape.survey(
        level.slug, race.name, call, lambda result: same(Answer.of(result, given.judged), expected), race.flops
    )
    if found is None:
        return
    for one in found.configs:
        send(one)
    if found.wrong is not None:
        place = found.wrong.place - 1
        told = replace(found.launch, chosen=place).told
        leave_out(race_records.YOURS, f"with {told} its result isn't the others'")


def _answer(call: Callable[[], Any], given: Given) -> Answer | None:
    return Answer.of(call(), given.judged)


def _first_round(
    calls: dict[str, Callable[[], Any]], given: Given, leave_out: Callable[[str, str], None]
) -> Answer | None:
    """Call everybody once, and leave out who can't do this size or has another result than the first; that result."""
    expected = None
    for name, call in list(calls.items()):
        try:
            result = _answer(call, given)
            torch.cuda.synchronize()
        except Exception as trouble:  # a backend without this size, or too little memory for the S x S matrix
            leave_out(name, _reason(trouble))
            torch.cuda.empty_cache()
            continue
        if expected is None and result is not None:
            expected = result
        elif not same(result, expected):
            leave_out(name, "its result isn't the others'")
    return expected


def same(result: Answer | None, expected: Answer | None) -> bool:
    """Equal in every name but for rounding, infinities included."""
    if result is None or expected is None:
        return False
    return all(_same_tensor(result[name], tensor) for name, tensor in expected.items())


def _same_tensor(result: torch.Tensor, expected: torch.Tensor) -> bool:
    """Looks at parts: the whole in fp32 might not fit."""
    if result.shape != expected.shape or result.dtype != expected.dtype:
        return False
    wrong = square = 0.0
    for first in range(0, expected.numel(), PART):
        part, truth = (x.reshape(-1)[first : first + PART] for x in (result, expected))
        finite = torch.isfinite(truth)
        if not torch.equal(part[~finite], truth[~finite]):
            return False
        wrong += float(torch.where(finite, part.float() - truth.float(), 0.0).square().sum())
        square += float(torch.where(finite, truth.float(), 0.0).square().sum())
    return wrong <= SAME[result.dtype] ** 2 * max(square, 1e-30)  # NaN is not


def _reason(trouble: Exception) -> str:
    told = gpu_sentences.explain(trouble)
    if told and told.key == "device_memory":
        return "it needs more memory than this GPU has free."
    lines = [line for line in str(trouble).splitlines() if line.strip()]
    return told.says if told else f"{type(trouble).__name__}: {lines[0] if lines else 'no message'}"


def _clocks() -> str:
    """What nvidia-smi says of clocks, power and temperature right after the load; nothing where it isn't there."""
    try:
        done = subprocess.run(
            ["nvidia-smi", CLOCKS, "--format=csv,noheader"], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.splitlines()[0].strip() if done.returncode == 0 and done.stdout else ""
