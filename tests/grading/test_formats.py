"""Guards that the forms that classrooms read hold what the grades say, and nothing that their readers take for a command."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.grading.made_up import FAILS, IS_LOST, grade, submission
from triton_quest.course.table import LEVELS
from triton_quest.errors import QuestError
from triton_quest.grading.alike import alike
from triton_quest.grading.formats import as_csv, as_gradescope, as_junit
from triton_quest.screen import grade_pages
from triton_quest.store import workspace

CLASS = [grade("ann", 1), grade("ann", 3, FAILS), grade("bob", 1, IS_LOST)]


def test_csv_has_a_row_a_grade() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(CLASS))))
    assert [(row["who"], row["level"], row["outcome"]) for row in rows] == [
        ("ann", "1", "passed"),
        ("ann", "3", "wrong"),
        ("bob", "1", "not_judged"),
    ]


@pytest.mark.parametrize("who", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_cell_of_a_csv_file_is_a_formula(who: str) -> None:
    (row,) = csv.DictReader(io.StringIO(as_csv([replace(CLASS[0], who=who)])))
    assert row["who"] == f"'{who}"


def test_junit_tells_failures_from_what_was_not_judged() -> None:
    root = ElementTree.fromstring(as_junit(CLASS))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    assert [suite.get("name") for suite in root] == ["ann", "bob"]
    failure, error = root.find(".//failure"), root.find(".//error")
    assert failure is not None and failure.get("message") == "Wrong in one element."
    assert error is not None and error.get("type") == "not_judged"


def test_junit_is_xml_whatever_people_and_messages_are_called() -> None:
    odd = [replace(CLASS[1], who='<a & "b">\x00\ud800', says="\x1b[31m <!-- ]]> \uffff")]
    (suite,) = ElementTree.fromstring(as_junit(odd))
    assert suite.get("name") == '<a & "b">'


def test_gradescope_reads_one_persons_results() -> None:
    answer = json.loads(as_gradescope(CLASS[:2]))
    assert [(test["name"], test["score"], test["status"]) for test in answer["tests"]] == [
        (f"Level 1, {LEVELS[0].title}", 1, "passed"),
        (f"Level 3, {LEVELS[2].title}", 0, "failed"),
    ]
    with pytest.raises(QuestError, match="one person's, and here are 2"):
        as_gradescope(CLASS)


def test_the_report_has_a_page_a_person_and_escapes_what_people_wrote(tmp_path: Path) -> None:
    odd = replace(CLASS[1], who="<script>alert(1)</script>/../..")
    index = grade_pages.write(tmp_path, [*CLASS, odd], [])
    pages = sorted(path.name for path in tmp_path.iterdir())
    assert len(pages) == 4 and index.name in pages
    text = index.read_text(encoding="utf-8")
    assert "<script>" not in text and "not judged" in text.lower()
    assert all(f'href="{name}"' in text for name in pages if name != "index.html")
    ann = (tmp_path / "001-ann.html").read_text(encoding="utf-8")
    assert "Wrong in one element." in ann and "1 of 2 passed" in ann


def test_files_that_differ_in_names_and_comments_alone_are_told() -> None:
    level = LEVELS[7]
    right = workspace.course_text(level, "solution.py")
    hers = (
        right.replace("    m_new = ", "    m_next = ")
        .replace("m_new", "m_next")
        .replace("tl.maximum(m_i, ", "tl.maximum(m_i, 0 + ")
    )
    his = hers.replace("m_next", "top").replace("import torch", "# mine\nimport torch")
    theirs = hers.replace("0 + ", "1 - 1 + ")
    found = alike([submission("ann", 8, hers), submission("bob", 8, his), submission("eve", 8, theirs)])
    assert [(one.level.number, one.people) for one in found] == [(8, ("ann", "bob"))]


def test_the_references_own_text_short_levels_and_what_is_no_python_are_not_told() -> None:
    solution = workspace.course_text(LEVELS[7], "solution.py")
    first = workspace.course_text(LEVELS[0], "solution.py")
    found = alike(
        [
            submission(who, number, text)
            for who in "ab"
            for number, text in ((8, solution), (1, first + "y = 1\n"), (2, "(("))
        ]
    )
    assert found == []
