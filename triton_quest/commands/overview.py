"""The map of the levels, and what to do next."""

from __future__ import annotations

from typing import Any

from triton_quest import invocation
from triton_quest.commands.shared.context import Context, print_json
from triton_quest.commands.shared.templates import new_templates, template_remark
from triton_quest.invocation import Command
from triton_quest.progress import achievements, experience
from triton_quest.progress.experience import Standing
from triton_quest.screen import overview as screen
from triton_quest.store.records import LevelState, Status


def run(context: Context, as_json: bool) -> None:
    states = context.progress.states()
    earned = achievements.awards(context.progress.earned(), context.progress.levels)
    now = experience.standing(states, earned)
    outdated = new_templates(context, states)
    sentence, words = next_words(states)
    if as_json:
        print_json(
            {
                "schema": 1,
                "workspace": str(context.workspace.root),
                "levels": [_state_json(s, s in outdated) for s in states],
                **standing_json(now),
                "achievements": now.achievements,
                "next": words or "",
            }
        )
        return
    command, g = invocation.command(words) if words else "", context.glyphs
    remark = template_remark(outdated, g)
    context.show(screen.overview(states, command, sentence, g, context.console.width, remark, earned))


def standing_json(now: Standing) -> dict[str, Any]:
    """XP and rank."""
    return {
        "xp": now.xp,
        "rank": now.rank.name,
        "next_rank": now.next.name if now.next else None,
        "xp_to_next_rank": now.missing,
    }


def _state_json(state: LevelState, has_new_template: bool) -> dict[str, Any]:
    level = state.level
    return {
        "level": level.number,
        "act": level.act,
        "slug": level.slug,
        "title": level.title,
        "status": state.status.value,
        "stars": state.stars,
        "medal": state.medal or None,
        "hints_taken": state.hints_taken,
        "attempts": state.attempts,
        "new_template": has_new_template,
    }


def next_words(states: tuple[LevelState, ...]) -> tuple[str, Command | None]:
    """What to do now, as a sentence and as a command, if there is one."""
    current = next((state for state in states if state.status is Status.OPEN), None)
    if current is not None:
        number = current.level.number
        return ("Your next step:", Command("check", number) if current.attempts else Command("start", number))
    changed = next((state for state in states if state.status is Status.CHANGED), None)
    if changed is not None:
        return (
            f"Level {changed.level.number} passed once, and its file fails now:",
            Command("check", changed.level.number),
        )
    ahead = next((state for state in states if state.status is Status.AHEAD), None)
    if ahead is not None:
        return (
            f"You passed all that is here. Level {ahead.level.number}, {ahead.level.title}, comes with a later version.",
            None,
        )
    return ("You passed every level.", None)
