"""The race against PyTorch on a GPU; without one, what a GPU would have to move."""

from __future__ import annotations

from triton_quest import environment
from triton_quest.benchmark.gpus import GPUS
from triton_quest.commands import traffic
from triton_quest.commands.context import Context
from triton_quest.levels import Level

SECONDS = 60.0
NO_GPU = (
    "There is no GPU here, and times from Triton's interpreter say nothing about a kernel's speed: "
    "instead of a race, what a GPU would have to move and compute."
)
NO_RACE_YET = "The race against PyTorch on your GPU comes with a later version of the quest: until then, what it would have to move."


def run(context: Context, level: Level | None, as_json: bool) -> int:
    remark = NO_RACE_YET if environment.can_use_gpu() else NO_GPU
    return traffic.run(context, level, None, None, GPUS[1], SECONDS, as_json, remark)
