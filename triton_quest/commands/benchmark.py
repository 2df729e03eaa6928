"""The race against PyTorch on a GPU; without one, what a GPU would have to move."""

from __future__ import annotations

from pathlib import Path

from triton_quest import environment
from triton_quest.commands import traffic
from triton_quest.commands.shared import announcing, pictures, race, subject
from triton_quest.commands.shared.context import NOT_YET, OK, Context, print_json
from triton_quest.course.level import Level
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.machine.gpus import GPUS
from triton_quest.parent.runner import Job
from triton_quest.report.pictures import race as race_picture

SECONDS = 60.0
NO_GPU = (
    "There is no GPU here, and times from Triton's interpreter say nothing about a kernel's speed: "
    "instead of a race, what a GPU would have to move and compute."
)


def run(context: Context, level: Level | None, file: Path | None, save: Path | None, as_json: bool) -> int:
    if not environment.can_use_gpu():
        return traffic.run(context, level, file, save, GPUS[1], SECONDS, as_json, NO_GPU)
    if save is not None:
        pictures.require(save, Command("benchmark", level.number) if level else "benchmark")
    races, is_complete = race.race(context, chosen(context, level, file), quiet=as_json)
    if file is None:
        race.keep(context, races)
    if save is not None:
        _save(save, races)
    if not as_json:
        race.show(context, races)
        if save is not None:
            pictures.show_place(context, save)
    earned = announcing.announce(context, quiet=as_json) if file is None else []
    if as_json:
        print_json({**race.as_json(races, is_complete, save), "earned": announcing.as_json(earned)})
    elif not is_complete:
        context.next("Stopped. What was measured until then is above.", "")
    return OK if races and not any(one.failure for one in races) and is_complete else NOT_YET


def chosen(context: Context, level: Level | None, file: Path | None) -> list[Job]:
    """The races: of the level asked for, which must have been passed unless a file is named; or all that were passed."""
    if file is not None:
        found = subject.choose(context, level, file, "benchmark")
        return [found.job("race", race.STEP_SECONDS)]
    states = context.progress.states()
    if level is not None:
        context.progress.require_open(level)
        if not states[level.number - 1].is_done:
            raise QuestError(
                f"Level {level.number} races once it is passed: a wrong kernel is no faster.",
                Command("check", level.number),
            )
        return [_own(context, level)]
    passed = [state.level for state in states if state.is_done]
    if not passed:
        raise QuestError("Nothing to race yet: a level races once it is passed.", "start 1")
    return [_own(context, one) for one in passed]


def _own(context: Context, level: Level) -> Job:
    return Job(level, context.workspace.file(level), race.STEP_SECONDS, "race")


def _save(path: Path, races: list[race.RaceResult]) -> None:
    timings = {one.level: one.timings for one in races if one.timings}
    gpu = next((one.ceilings.gpu for one in races if one.ceilings), "")
    if not timings:
        return
    with pictures.drawing(path):
        race_picture.save(path, timings, gpu, configs={one.level: one.configs for one in races if one.configs})
