"""Grades in the forms that classrooms read: CSV, JUnit's XML, and Gradescope's results.json."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from xml.etree import ElementTree

from triton_quest.errors import QuestError
from triton_quest.grading.results import Grade, by_person

COLUMNS = ("who", "level", "slug", "passed", "outcome", "finding", "says", "seconds", "sha256", "file", "judge", "date")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is a formula to a spreadsheet


def as_csv(grades: Sequence[Grade]) -> str:
    """A row a grade, under a heading."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for grade in grades:
        writer.writerow([_cell(getattr(grade, column)) for column in COLUMNS])
    return out.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(DANGEROUS) else text


def as_junit(grades: Sequence[Grade]) -> str:
    """A suite a person, a case a level: not passed is a failure, not judged an error."""
    root = ElementTree.Element("testsuites", _counts(grades))
    for who, own in by_person(grades).items():
        suite = ElementTree.SubElement(root, "testsuite", {"name": _legal(who), **_counts(own)})
        for grade in own:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                {"classname": _legal(who), "name": _legal(grade.title), "time": f"{grade.seconds:.3f}"},
            )
            if not grade.passed:
                kind = "failure" if grade.was_judged else "error"
                ElementTree.SubElement(case, kind, {"type": grade.outcome, "message": _legal(grade.says)})
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _counts(grades: Sequence[Grade]) -> dict[str, str]:
    failures = sum(grade.was_judged and not grade.passed for grade in grades)
    errors = sum(not grade.was_judged for grade in grades)
    seconds = sum(grade.seconds for grade in grades)
    return {"tests": str(len(grades)), "failures": str(failures), "errors": str(errors), "time": f"{seconds:.3f}"}


def _legal(text: str) -> str:
    """Without what XML 1.0 can't hold."""
    return "".join(
        sign
        for sign in text
        if sign in "\t\n" or (sign >= " " and not "\ud800" <= sign <= "\udfff" and sign < "\ufffe")
    )


def as_gradescope(grades: Sequence[Grade]) -> str:
    """The results.json of one submission. Raises QuestError for several people's: Gradescope asks for one at a time."""
    people = sorted({grade.who for grade in grades})
    if len(people) > 1:
        says = f"Gradescope's results.json is one person's, and here are {len(people)}: name the folder of one of them."
        raise QuestError(says, "grade --help")
    tests = [
        {
            "name": grade.title,
            "score": int(grade.passed),
            "max_score": 1,
            "status": "passed" if grade.passed else "failed",
            "output": grade.says,
            "visibility": "visible",
        }
        for grade in grades
    ]
    answer = {"schema_version": 1, "stdout_visibility": "hidden", "visibility": "visible", "tests": tests}
    return json.dumps(answer, indent=1) + "\n"


FORMATS: Mapping[str, Callable[[Sequence[Grade]], str]] = {
    "csv": as_csv,
    "junit": as_junit,
    "gradescope": as_gradescope,
}
