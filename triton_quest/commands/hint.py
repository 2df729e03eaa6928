"""The next of six hints, the one that the latest verdict names, or again the ones taken; and what the next one costs."""

from __future__ import annotations

from triton_quest.commands.shared import prices
from triton_quest.commands.shared.context import Context, print_json
from triton_quest.course import template
from triton_quest.course.level import HINTS_A_LEVEL, Level
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.screen import texts
from triton_quest.store import workspace
from triton_quest.store.records import LevelState


def run(context: Context, level: Level | None, again: bool, number: int | None, as_json: bool) -> None:
    state = context.level(level)
    level = state.level
    written = template.split_hints(workspace.course_text(level, "hints.md"))
    before, _ = prices.worth(context.progress, state)
    numbers = _taken_before(context, level, number) if again else [_take(context, state, number)]
    upcoming = context.progress.hints(level).next
    now, then = prices.worth(context.progress, context.progress.state(level))
    if as_json:
        shown = [
            {"number": n, "of": HINTS_A_LEVEL, "title": written[n - 1][0], "text": written[n - 1][1]} for n in numbers
        ]
        price = {"next": upcoming, "stars_now": now, "stars_then": then}
        print_json({"schema": 1, "level": level.number, "slug": level.slug, "hints": shown} | price)
        return
    for n in numbers:
        context.show(texts.hint(n, HINTS_A_LEVEL, *written[n - 1]))
        context.console.print()
    this = "" if again else f"This hint {'was free' if before == now else 'cost a star'}. "
    context.show(texts.hint_prices(this, upcoming, now, then))
    context.next("Back to the kernel, then:", Command("check", level.number))


def _taken_before(context: Context, level: Level, number: int | None) -> list[int]:
    """Those that were taken, or the one of them that was asked for."""
    taken = context.progress.hints(level).taken
    if not taken:
        raise QuestError(f"You have taken no hint for level {level.number} yet.", Command("hint", level.number))
    if number is None:
        return list(taken)
    if number not in taken:
        raise QuestError(
            f"You haven't taken hint {number} for level {level.number} yet.", Command("hint", level.number)
        )
    return [number]


def _take(context: Context, state: LevelState, number: int | None) -> int:
    """Take the next hint, or that of this number: one that the latest verdict names, or that was taken already."""
    level, hints = state.level, context.progress.hints(state.level)
    if number is not None and number not in (*hints.taken, hints.next, hints.named):
        named = f"The latest verdict names hint {hints.named}" if hints.named else "The latest verdict names none"
        sentence = (
            f"Hint {number} is taken in its turn, or when a verdict of level {level.number} names it. {named}; "
            f"the next in turn is hint {hints.next}."
        )
        raise QuestError(sentence, Command("hint", level.number))
    taken = context.progress.take_hint(level, number)
    if taken is None:
        sentence = (
            f"You have seen all {HINTS_A_LEVEL} hints for level {level.number}. "
            "Read them again with --again, or look at the solution."
        )
        raise QuestError(sentence, Command("solution", level.number, "" if state.is_done else "--give-up"))
    return taken
