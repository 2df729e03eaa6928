"""The end of an act: its levels judged once more, and what the learner has built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from triton_quest.commands.overview import next_words
from triton_quest.commands.shared.catching_up import Judge, judge_again
from triton_quest.commands.shared.context import Context
from triton_quest.commands.shared.waiting import showing_stages
from triton_quest.course.level import Level
from triton_quest.course.table import act_of, by_act
from triton_quest.errors import UnusableFile
from triton_quest.invocation import Command
from triton_quest.parent.devices import judge_on
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v
from triton_quest.screen import finale as screen
from triton_quest.screen.finale import EndOfAct
from triton_quest.store.records import LevelState


def has_come(states: Sequence[LevelState], level: Level) -> bool:
    """Whether this level, which just passed, ends its act: it is the act's last, and all the others are passed, too."""
    act = [state for state in states if state.level.act == level.act]
    return level == act[-1].level and all(state.is_done for state in act)


def run(context: Context, judged_now: Level, where: tuple[str, ...], seconds: float, quiet: bool) -> EndOfAct:
    """Judge every level of the act again, in processes forked off a warm one, and show which it is at."""
    first = by_act(context.progress.levels)[judged_now.act][0].number
    with Warm() as warm, showing_stages(context.console, f"once more, from level {first} on", quiet) as tell:
        return judge_all(context, judged_now, seconds, lambda job: judge_on(where, job, start=warm.start), tell)


def judge_all(
    context: Context, judged_now: Level, seconds: float, judge: Judge, tell: Callable[[v.Record], None]
) -> EndOfAct:
    """Judge the present file of each of the act's levels again, but `judged_now`, and keep the attempts. Nothing relocks."""
    acts = by_act(context.progress.levels)
    changed = []
    for level in acts[judged_now.act]:
        if level == judged_now:
            continue
        tell(v.StageStarted("finale", f"once more, level {level.number}: {level.title}"))
        try:
            verdict = judge_again(context, level, seconds, judge)
        except UnusableFile as trouble:
            changed.append((level, trouble.sentence))
            continue
        if not verdict.passed:
            changed.append((level, verdict.cause))
    states = tuple(state for state in context.progress.states() if state.level.act == judged_now.act)
    return EndOfAct(act_of(judged_now), states, tuple(changed), acts.get(judged_now.act + 1, ()))


def as_json(end: EndOfAct) -> dict[str, Any]:
    changed = [{"level": level.number, "slug": level.slug, "says": says} for level, says in end.changed]
    return {"act": end.states[0].level.act, "levels": len(end.states), "changed": changed}


def show(context: Context, end: EndOfAct) -> None:
    """The last screen, and where to go from here."""
    context.console.print()
    context.show(screen.finale(end, context.progress.statistics(), context.glyphs))
    if end.changed:
        level = end.changed[0][0]
        context.next(f"Level {level.number} passed once, and its file fails now:", Command("check", level.number))
    elif end.following:
        context.next(*next_words(context.progress.states()))
    else:
        context.next("Race your kernels against PyTorch:", "benchmark")
