"""The next of six hints, or again the ones taken."""

from __future__ import annotations

from triton_quest.commands.shared.context import Context, print_json
from triton_quest.course import template
from triton_quest.course.level import HINTS_A_LEVEL, Level
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.screen import texts
from triton_quest.store import workspace


def run(context: Context, level: Level | None, again: bool, as_json: bool) -> None:
    state = context.level(level)
    level = state.level
    hints = template.split_hints(workspace.course_text(level, "hints.md"))
    if again:
        numbers = list(range(1, state.hints_taken + 1))
        if not numbers:
            raise QuestError(f"You have taken no hint for level {level.number} yet.", Command("hint", level.number))
    else:
        number = context.progress.take_hint(level)
        if number is None:
            sentence = (
                f"You have seen all {HINTS_A_LEVEL} hints for level {level.number}. "
                "Read them again with --again, or look at the solution."
            )
            words = Command("solution", level.number, "" if state.is_done else "--give-up")
            raise QuestError(sentence, words)
        numbers = [number]
    if as_json:
        shown = [{"number": n, "of": HINTS_A_LEVEL, "title": hints[n - 1][0], "text": hints[n - 1][1]} for n in numbers]
        print_json({"schema": 1, "level": level.number, "slug": level.slug, "hints": shown})
        return
    for n in numbers:
        context.show(texts.hint(n, HINTS_A_LEVEL, *hints[n - 1]))
        if n != numbers[-1]:
            context.console.print()
    context.next("Back to the kernel, then:", Command("check", level.number))
