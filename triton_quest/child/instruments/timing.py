"""Times callables on the GPU against each other: alternately, each with a cold L2, by CUDA events.

While the GPU still writes what makes the L2 cold, the CPU launches what is timed: the time is the GPU's, without the launch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import quantiles

import torch

L2_BYTES = 256 * 2**20  # more than any L2: writing them puts everything else out of it
WRITES = 4  # some 300 us: longer than a launch takes the CPU
WARM_UP_MS, MEASURE_MS = 20.0, 200.0  # of one contender
LEAST_ROUNDS, MOST_ROUNDS = 7, 200


@dataclass(frozen=True)
class Measured:
    """Milliseconds: the median, and the second and eighth of ten parts."""

    time_ms: float
    low_ms: float
    high_ms: float
    rounds: int


def alternately(contenders: Mapping[str, Callable[[], object]]) -> dict[str, Measured]:
    """Every contender once a round, in turn, so that a change of the clocks meets all of them alike."""
    cold = torch.empty(L2_BYTES, dtype=torch.int8, device="cuda")
    slowest = max(_roughly_ms(run) for run in contenders.values())
    rounds = int(min(max(MEASURE_MS / slowest, LEAST_ROUNDS), MOST_ROUNDS))
    events: dict[str, list[tuple[torch.cuda.Event, torch.cuda.Event]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            for _ in range(WRITES):
                cold.zero_()
            events[name].append(_timed(run))
    torch.cuda.synchronize()
    return {name: _summary([begin.elapsed_time(end) for begin, end in pairs]) for name, pairs in events.items()}


def _roughly_ms(run: Callable[[], object]) -> float:
    """A first call compiles, a few more warm up; the time of one, at least a microsecond."""
    run()
    begin, end = _timed(run)
    torch.cuda.synchronize()
    once = max(float(begin.elapsed_time(end)), 1e-3)
    for _ in range(int(min(WARM_UP_MS / once, MOST_ROUNDS))):
        run()
    return once


def _timed(run: Callable[[], object]) -> tuple[torch.cuda.Event, torch.cuda.Event]:
    """The events around one call; their distance is known once the GPU has come by."""
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    run()
    end.record()
    return begin, end


def _summary(times_ms: list[float]) -> Measured:
    tenths = quantiles(times_ms, n=10, method="inclusive")
    return Measured(tenths[4], tenths[1], tenths[7], len(times_ms))
