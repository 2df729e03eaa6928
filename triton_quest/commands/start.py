"""A level's instructions, and the file to edit."""

from __future__ import annotations

from triton_quest import invocation
from triton_quest.commands.shared.context import Context, print_json
from triton_quest.commands.shared.templates import new_templates, template_remark
from triton_quest.course import template
from triton_quest.course.level import Level
from triton_quest.invocation import Command
from triton_quest.screen import texts
from triton_quest.store import files, workspace


def run(context: Context, level: Level | None, as_json: bool) -> None:
    state = context.level(level)
    level = state.level
    path = context.workspace.file(level)
    text = files.read_text(path, Command("reset", level.number))
    line = template.first_line_to_edit(text)
    source = workspace.course_text(level, "solution.py")
    markdown = template.briefing(source)
    if as_json:
        print_json(
            {
                "schema": 1,
                "level": level.number,
                "slug": level.slug,
                "file": str(path),
                "line": line,
                "briefing": markdown,
                "more": template.more(source),
            }
        )
        return
    context.show(texts.briefing(markdown))
    context.console.print()
    titles = template.more_titles(source)
    if titles:
        context.show(texts.where_more(titles, template.more_line(text)))
        context.console.print()
    context.show(texts.where_to_edit(path, line, invocation.short_path(path)))
    remark = template_remark(new_templates(context, [state]), context.glyphs)
    if remark is not None:
        context.show(remark)
    context.next("Fill the gaps, then:", Command("check", level.number))
