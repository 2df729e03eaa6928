"""What a race means: the ratio and the bound at each size, the medal, and what to try next. Pure.

The bound of a size is the larger of two times: its least bytes at the copy bandwidth, its FLOPs at the matmul rate, both
measured on this GPU in the same run. The ratio compares with PyTorch's best; sizes that take less than a launch don't count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median

from triton_quest.course.level import Level
from triton_quest.records.race import YOURS, Ceilings, Timing

LAUNCH_MS = 0.02  # what could be over in less is over before the CPU has launched it: a program waits for the launch
NEAR, FAR = 0.85, 0.5  # of the bound


class Bound(str, Enum):
    MEMORY = "memory"
    COMPUTE = "compute"
    LAUNCH = "launch"


class Medal(str, Enum):
    GOLD = "gold"
    SILVER = "silver"
    BRONZE = "bronze"


@dataclass(frozen=True)
class RaceStanding:
    """One size: the learner's time and PyTorch's best. `share` of what the bound allows, 1 being the bound itself."""

    size: str
    yours: Timing
    best: Timing | None  # of the rivals
    bound: Bound
    share: float

    @property
    def ratio(self) -> float | None:
        """PyTorch's best time over the learner's: above 1 the learner is faster."""
        return self.best.time_ms / self.yours.time_ms if self.best else None

    @property
    def rate(self) -> str:
        return f"{self.yours.tflops:.0f} TFLOP/s" if self.yours.flops else f"{self.yours.gbs:,.0f} GB/s"


def standings(timings: Sequence[Timing], ceilings: Ceilings) -> tuple[RaceStanding, ...]:
    """The result of the learner's kernel at every size at which it ran, in the order of the race."""
    found = []
    for yours in (timing for timing in timings if timing.contender == YOURS):
        rivals = [other for other in timings if other.size == yours.size and other.contender != YOURS]
        best = min(rivals, key=lambda timing: timing.time_ms, default=None)
        moving_ms = yours.least_bytes / ceilings.copy_gbs / 1e6
        computing_ms = yours.flops / ceilings.matmul_tflops / 1e9
        bound = Bound.COMPUTE if computing_ms > moving_ms else Bound.MEMORY
        least_ms = max(moving_ms, computing_ms)
        if least_ms < LAUNCH_MS:
            bound = Bound.LAUNCH
        found.append(RaceStanding(yours.size, yours, best, bound, least_ms / yours.time_ms))
    return tuple(found)


def overall(found: Sequence[RaceStanding]) -> float | None:
    """The median ratio over the sizes that a launch doesn't dominate; None where there is none."""
    ratios = [standing.ratio for standing in found if standing.ratio and standing.bound is not Bound.LAUNCH]
    return median(ratios) if ratios else None


def medal(level: Level, ratio: float | None) -> Medal | None:
    """By the level's thresholds for bronze, silver and gold."""
    if ratio is None:
        return None
    reached = [kind for kind, least in zip(reversed(Medal), level.medals, strict=True) if ratio >= least]
    return reached[-1] if reached else None


LESSONS = {
    (Bound.MEMORY, "near"): "It moves bytes about as fast as this GPU can: there is nothing left to win here.",
    (
        Bound.MEMORY,
        "between",
    ): "It waits for memory: try larger blocks or more warps, so that more loads are under way.",
    (Bound.MEMORY, "far"): "It moves more bytes than it must, or one after the other: `traffic` counts them, `compile` "
    "shows how wide its loads are.",
    (Bound.COMPUTE, "near"): "It computes about as fast as this GPU can: there is nothing left to win here.",
    (Bound.COMPUTE, "between"): "The tensor cores wait now and then: try larger tiles, and num_warps and num_stages.",
    (
        Bound.COMPUTE,
        "far",
    ): "Most of the time the tensor cores wait, or aren't used: `compile` says whether they are, and "
    "whether registers spill.",
    (
        Bound.LAUNCH,
        "",
    ): "Every size takes less than a launch takes the CPU: a program would wait for the launches, not for this kernel.",
}


def lesson(found: Sequence[RaceStanding]) -> str:
    """How far the largest size is from its bound, which bound that is, and what to try next."""
    measurable = [standing for standing in found if standing.bound is not Bound.LAUNCH]
    if not measurable:
        return LESSONS[Bound.LAUNCH, ""]
    last = measurable[-1]
    nearness = "near" if last.share >= NEAR else "far" if last.share < FAR else "between"
    what = {Bound.MEMORY: "memory-bound", Bound.COMPUTE: "compute-bound"}[last.bound]
    reached = (
        f"At {last.size} your kernel is {what} and reaches {last.share:.0%} of what this GPU can do ({last.rate})."
    )
    return f"{reached} {LESSONS[last.bound, nearness]}"
