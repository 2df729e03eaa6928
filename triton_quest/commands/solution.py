"""The reference solution, the learner's lines beside it: after a pass, or with --give-up."""

from __future__ import annotations

import contextlib
import textwrap

from triton_quest.commands.shared.context import Context, print_json
from triton_quest.course import gaps, template
from triton_quest.course.level import HINTS_A_LEVEL, Level
from triton_quest.errors import QuestError, UnusableFile
from triton_quest.invocation import Command
from triton_quest.screen import beside, texts
from triton_quest.store import files, workspace


def run(context: Context, level: Level | None, give_up: bool, whole: bool, as_json: bool) -> None:
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
    yours = _learners(context, level)
    compared, trouble = compare(workspace.course_text(level, "solution.py"), yours)
    if as_json:
        sides = {"yours": yours, "gaps": [{"number": n, "yours": a, "reference": b} for n, a, b in compared]}
        print_json({"schema": 1, "level": level.number, "slug": level.slug, "solution": code} | sides)
        return
    if compared and context.console.is_terminal and not whole:  # what is sent into a file is to be Python
        context.show(beside.gap_by_gap(compared, level, context.console.width))
        context.next("All of the solution:", Command("solution", level.number, "--whole"))
    else:
        context.show(texts.solution(code, f"A solution of level {level.number}, {level.title}:"))
        if trouble and context.console.is_terminal and not whole:
            context.console.print()
            context.say(f"Your lines don't stand beside it: {trouble}.")
    if not state.is_done:
        context.next("Write it in your own words, then:", Command("check", level.number))


def read(level: Level) -> str:
    """The reference solution's code, without the marks of the gaps and the texts."""
    return template.without_texts(template.clean_solution(workspace.course_text(level, "solution.py")))


def _learners(context: Context, level: Level) -> str:
    """The learner's file as it is; "" where there is none that can be read."""
    with contextlib.suppress(UnusableFile):
        return files.exact_text(context.workspace.file(level), "")
    return ""


def compare(solution: str, yours: str) -> tuple[list[beside.Pair], str]:
    """Of each gap its number, the learner's lines and the reference's; or none, and why the gaps can't be told."""
    if not yours:
        return [], "your file can't be read"
    try:
        found = gaps.find(solution, yours)
    except (SyntaxError, ValueError):
        return [], "your file isn't Python"
    trouble = next((gap.trouble for gap in found if gap.trouble), "")
    if trouble:
        return [], trouble
    lines = yours.splitlines()
    return [
        (gap.number, textwrap.dedent("\n".join(lines[gap.first - 1 : gap.last])), "\n".join(gap.lines)) for gap in found
    ], ""
