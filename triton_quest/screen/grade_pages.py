"""A teacher's report as pages: a table of the class, and for each person the verdicts as they would have seen them."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from rich.console import Console

from triton_quest.course.table import LEVELS
from triton_quest.grading.alike import Alike
from triton_quest.grading.judge_version import judge_version, versions
from triton_quest.grading.results import Grade, by_person
from triton_quest.records.verdict import Outcome
from triton_quest.screen.console import THEME, Glyphs
from triton_quest.screen.grades import common_mistakes
from triton_quest.screen.verdict import verdict as render_verdict

INDEX = "index.html"
WIDTH = 100
MARKS = {True: ("✓", "good"), False: ("×", "bad")}
TITLES = {level.number: level.title for level in LEVELS}
CODE = "<pre>{code}</pre>"


def write(folder: Path, grades: Sequence[Grade], groups: Sequence[Alike]) -> Path:
    """Write the pages; the first one's path."""
    pages = Environment(loader=PackageLoader("triton_quest.screen", "pages"), autoescape=True, trim_blocks=True)
    people = by_person(grades)
    names = _page_names(list(people))
    folder.mkdir(parents=True, exist_ok=True)
    for who, own in people.items():
        text = pages.get_template("person.html").render(
            who=who, passed=sum(grade.passed for grade in own), verdicts=[_told(grade) for grade in own]
        )
        (folder / names[who]).write_text(text, encoding="utf-8")
    index = folder / INDEX
    index.write_text(pages.get_template("class.html").render(_class(people, names, groups)), encoding="utf-8")
    return index


def _page_names(people: Sequence[str]) -> dict[str, str]:
    """A file name for each person, none twice, whatever people are called."""
    return {
        who: f"{number:03d}-{re.sub(r'[^A-Za-z0-9]+', '-', who).strip('-').lower()[:40]}.html"
        for number, who in enumerate(people, start=1)
    }


def _class(people: Mapping[str, Sequence[Grade]], names: Mapping[str, str], groups: Sequence[Alike]) -> dict[str, Any]:
    grades = [grade for own in people.values() for grade in own]
    levels = sorted({grade.level for grade in grades if grade.level is not None})
    rows = []
    for who, own in people.items():
        by_level = {grade.level: grade for grade in own}
        cells = [_cell(by_level.get(number)) for number in levels]
        rows.append({"who": who, "page": names[who], "cells": cells, "passed": sum(grade.passed for grade in own)})
    return {
        "people": rows,
        "levels": levels,
        "findings": common_mistakes(grades),
        "alike": groups,
        "not_judged": [grade for grade in grades if not grade.was_judged],
        "judge": judge_version(),
        "versions": versions(),
        "date": max((grade.date for grade in grades), default=""),
    }


def _cell(grade: Grade | None) -> dict[str, str]:
    if grade is None:
        return {"mark": "", "style": "", "says": ""}
    if not grade.was_judged:
        mark, style = "?", "bad"
    elif grade.outcome == Outcome.NOT_STARTED.value:
        mark, style = "·", "soft"
    else:
        mark, style = MARKS[grade.passed]
    return {"mark": mark, "style": style, "says": grade.says}


def _told(grade: Grade) -> dict[str, Any]:
    return {"grade": grade, "title": grade.title, "html": _as_html(grade, TITLES.get(grade.level or 0, ""))}


def _as_html(grade: Grade, title: str) -> str:
    """The verdict as `check` shows it; nothing where there is none."""
    if grade.verdict is None:
        return ""
    console = Console(record=True, file=io.StringIO(), width=WIDTH, theme=THEME, highlight=False, force_terminal=True)
    console.print(render_verdict(grade.verdict, title, Glyphs()))
    return console.export_html(code_format=CODE, inline_styles=True)
