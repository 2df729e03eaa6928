"""All achievements: the earned ones with level and date, the open ones with what they ask for; XP and the rank."""

from __future__ import annotations

from typing import Any

from triton_quest.commands.overview import next_words, standing_json
from triton_quest.commands.shared.announcing import announce
from triton_quest.commands.shared.context import Context, print_json
from triton_quest.progress.achievements import ACHIEVEMENTS, Achievement, Award, awards
from triton_quest.progress.experience import ladder, standing
from triton_quest.screen import achievements as screen


def run(context: Context, as_json: bool) -> None:
    announce(context, quiet=True)  # of what was done before there were achievements, this list tells
    earned = awards(context.progress.earned(), context.progress.levels)
    states = context.progress.states()
    now = standing(states, earned)
    if as_json:
        listed = [
            _achievement_json(one, [award for award in earned if award.achievement is one]) for one in ACHIEVEMENTS
        ]
        ranks = [{"name": rank.name, "xp": rank.xp} for rank in ladder(context.progress.levels)]
        print_json({"schema": 1, **standing_json(now), "ranks": ranks, "achievements": listed})
        return
    context.show(screen.listing(earned, now, context.glyphs, context.console.width))
    context.next(*next_words(states))


def _achievement_json(one: Achievement, earned: list[Award]) -> dict[str, Any]:
    return {
        "achievement": one.slug,
        "title": one.title,
        "says": one.says,
        "xp": one.xp,
        "each_level": one.each_level,
        "needs_gpu": one.needs_gpu,
        "earned": [
            {"level": award.level.number if award.level else None, "act": award.act or None, "at": award.at}
            for award in earned
        ],
    }
