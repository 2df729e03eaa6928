"""Grades a folder: what is known by now isn't judged again, and every grade is kept as it comes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from triton_quest.grading.judge_version import judge_version
from triton_quest.grading.judging import grade_of, grade_of_unusable
from triton_quest.grading.local import Result
from triton_quest.grading.results import Grade, Results
from triton_quest.grading.submissions import Found, Submission

Engine = Callable[[Sequence[Submission]], Generator[Result, None, None]]


@dataclass(frozen=True)
class Plan:
    """What is to be done. `groups`: submissions of the same bytes, of which the first is judged; `known`: those with a grade."""

    groups: tuple[tuple[Submission, ...], ...]
    known: tuple[Submission, ...]

    @property
    def to_judge(self) -> int:
        """How many submissions get a grade."""
        return sum(map(len, self.groups))


def plan(found: Found, results: Results) -> Plan:
    """What has no grade of this judge for its very bytes."""
    known: list[Submission] = []
    groups: dict[tuple[int, str], list[Submission]] = {}
    for one in found.submissions:
        grade = results.of(one.who, one.level.number)
        if grade and grade.was_judged and (grade.sha256, grade.judge) == (one.sha256, judge_version()):
            known.append(one)
        else:
            groups.setdefault((one.level.number, one.sha256), []).append(one)
    return Plan(tuple(map(tuple, groups.values())), tuple(known))


def grade(planned: Plan, found: Found, results: Results, engine: Engine, name: str) -> Iterator[Grade]:
    """Judge what is planned; each grade comes when it is kept. `name`: the engine's, which the grades say."""
    for unusable in found.unusable:
        before = results.of(unusable.who, unusable.number, str(unusable.file))
        if before is None or before.says != unusable.says:
            yield _kept(results, grade_of_unusable(unusable, name))
    to_judge: dict[Submission, tuple[Submission, ...]] = {}
    for group in planned.groups:
        twin = results.with_text(group[0].level.number, group[0].sha256, judge_version())
        if twin is None:
            to_judge[group[0]] = group
        else:
            yield from (_kept(results, _for(twin, one)) for one in group)
    with closing(engine(list(to_judge))) as judged:
        for one, result in judged:
            first = grade_of(one, result, name)
            yield from (_kept(results, _for(first, each)) for each in to_judge[one])


def _kept(results: Results, grade: Grade) -> Grade:
    results.add(grade)
    return grade


def _for(grade: Grade, one: Submission) -> Grade:
    """The same grade for another person's file of the same bytes."""
    return replace(grade, who=one.who, file=str(one.file))


def standing(found: Found, results: Results) -> list[Grade]:
    """The grade of everything that the folder holds now, as far as there is one: by person, then level."""
    keys: list[tuple[str, int | None, str]] = [(one.who, one.level.number, "") for one in found.submissions]
    keys += [(one.who, one.number, str(one.file)) for one in found.unusable]
    grades = filter(None, (results.of(*key) for key in dict.fromkeys(keys)))
    return sorted(grades, key=lambda one: (one.who, one.level or 0, one.file))
