"""The race against PyTorch: for now, what it needs."""

from __future__ import annotations

from triton_quest.commands.context import Context
from triton_quest.errors import QuestError
from triton_quest.levels import Level


def run(context: Context, level: Level | None, as_json: bool) -> int:
    raise QuestError(
        "The race against PyTorch needs an NVIDIA GPU and comes with a later version of the quest. "
        "Times from Triton's interpreter would say nothing about a kernel's speed, so none are shown.",
        "check",
    )
