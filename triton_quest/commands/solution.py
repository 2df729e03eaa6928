"""The reference solution: after a pass, or with --give-up."""

from __future__ import annotations

from triton_quest.commands.shared.context import Context, print_json
from triton_quest.course import template
from triton_quest.course.level import HINTS_A_LEVEL, Level
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.screen import texts
from triton_quest.store import workspace


def run(context: Context, level: Level | None, give_up: bool, as_json: bool) -> None:
    state = context.level(level)
    level = state.level
    if not state.is_done and not give_up and not context.progress.saw_solution(level):
        sentence = (
            f"The solution of level {level.number} is shown after you have passed it. With --give-up you see it now, "
            "and the level is worth one star."
        )
        raise QuestError(
            sentence,
            Command("hint", level.number)
            if state.hints_taken < HINTS_A_LEVEL
            else Command("solution", level.number, "--give-up"),
        )
    if not state.is_done:
        context.progress.note_solution_seen(level)
    code = read(level)
    if as_json:
        print_json({"schema": 1, "level": level.number, "slug": level.slug, "solution": code})
        return
    context.show(texts.solution(code, f"A solution of level {level.number}, {level.title}:"))
    if not state.is_done:
        context.next("Write it in your own words, then:", Command("check", level.number))


def read(level: Level) -> str:
    """The reference solution's code, without the marks of the gaps and the texts."""
    return template.without_texts(template.clean_solution(workspace.course_text(level, "solution.py")))
