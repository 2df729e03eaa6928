"""The end of the game: every level judged once more, and what the learner has built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from triton_quest.commands.shared.catching_up import Judge, judge_again
from triton_quest.commands.shared.context import Context
from triton_quest.commands.shared.waiting import showing_stages
from triton_quest.course.level import Level
from triton_quest.errors import UnusableFile
from triton_quest.parent.devices import judge_on
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v
from triton_quest.screen import finale as screen
from triton_quest.store.records import LevelState


@dataclass(frozen=True)
class Finale:
    """What came of judging every level again. `changed`: the levels that fail now, with the first cause of each."""

    states: tuple[LevelState, ...]
    changed: tuple[tuple[Level, str], ...]

    def as_json(self) -> dict[str, Any]:
        changed = [{"level": level.number, "slug": level.slug, "says": says} for level, says in self.changed]
        return {"levels": len(self.states), "changed": changed}


def has_come(states: tuple[LevelState, ...]) -> bool:
    """Whether every level of the table is passed."""
    return all(state.is_done for state in states)


def run(context: Context, judged_now: Level, where: tuple[str, ...], seconds: float, quiet: bool) -> Finale:
    """Judge every level again, in processes forked off a warm one, and show which it is at."""
    with Warm() as warm, showing_stages(context.console, "once more, from level 1 on", quiet) as tell:
        return judge_all(context, judged_now, seconds, lambda job: judge_on(where, job, start=warm.start), tell)


def judge_all(
    context: Context, judged_now: Level, seconds: float, judge: Judge, tell: Callable[[v.Record], None]
) -> Finale:
    """Judge every level's present file again, `judged_now` excepted, and keep the attempts. Nothing relocks."""
    others = [state.level for state in context.progress.states() if state.level != judged_now]
    changed = []
    for level in others:
        tell(v.StageStarted("finale", f"once more, level {level.number}: {level.title}"))
        try:
            verdict = judge_again(context, level, seconds, judge)
        except UnusableFile as trouble:
            changed.append((level, trouble.sentence))
            continue
        if not verdict.passed:
            changed.append((level, verdict.cause))
    return Finale(context.progress.states(), tuple(changed))


def show(context: Context, finale: Finale) -> None:
    """The last screen, and where to go from here."""
    statistics = context.progress.statistics()
    context.console.print()
    context.show(screen.finale(finale.states, finale.changed, statistics, context.glyphs))
    if finale.changed:
        level = finale.changed[0][0]
        context.next(f"Level {level.number} passed once, and its file fails now:", f"check {level.number}")
    else:
        context.next("Race your kernels against PyTorch:", "benchmark")
