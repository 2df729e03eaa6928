"""Learners' files of a level, with some of its gaps open, for the tests of what a check says of gaps."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tests.judge.toys import Judgement
from triton_quest.child import source
from triton_quest.child.judge import pipeline, read
from triton_quest.course import gaps, template
from triton_quest.course.level import Level
from triton_quest.records import verdict as v


def solution_of(level: Level) -> str:
    return (level.folder / "solution.py").read_text(encoding="utf-8")


def numbers_of(level: Level) -> list[int]:
    return [gap.number for gap in gaps.marked(solution_of(level))]


def with_open(solution: str, numbers: Collection[int]) -> str:
    """A marked text as the learner has it who has written the gaps of all other numbers."""
    out: list[str] = []
    number, is_left_out = 0, False
    for line in solution.splitlines():
        mark = template.GAP.match(line)
        if mark:
            number += 1
            is_left_out = number in numbers
            names = [name.strip() for name in (mark["names"] or "").split(",") if name.strip()]
            out += [mark["indent"] + "".join(f"{name} = " for name in names) + "..."] * is_left_out
        elif template.END.match(line):
            is_left_out = False
        elif not is_left_out:
            out.append(line)
    return "\n".join(out) + "\n"


def checked(level: Level, file: Path, text: str) -> Judgement:
    """`text` from its first stage on, as a check goes."""
    file.write_text(text, encoding="utf-8")
    first, gaps_so_far = read.examined(level, file, may_have_gaps=True)
    judgement = Judgement(v.Outcome.ERROR, [first])
    judgement.records += [gaps_so_far] if gaps_so_far else []
    judgement.outcome = first.outcome or pipeline.run(level, file, judgement.records.append, seconds=60.0)
    assert source.read_text(file, "reset") == text, "the learner's own text stands in the file afterwards"
    return judgement


def states(judgement: Judgement) -> dict[int, str]:
    """What is known of each gap in the end."""
    last = [record for record in judgement.records if isinstance(record, v.Gaps)]
    return {gap.number: gap.state.value for gap in last[-1].gaps} if last else {}


def wrong(judgement: Judgement) -> set[int]:
    return {number for number, state in states(judgement).items() if state == "wrong"}
