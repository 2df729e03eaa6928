"""A scripted learner plays the whole quest through the commands, with a wrong attempt first in some levels."""

from __future__ import annotations

import pytest

from tests.commands.players import quick_judge
from tests.conftest import Quest
from triton_quest.course import parts, template
from triton_quest.course.level import Level
from triton_quest.course.mistake import Mistake, apply
from triton_quest.course.table import LEVELS
from triton_quest.parent import devices
from triton_quest.store import workspace
from triton_quest.store.records import Status

STUMBLES = (1, 2, len(LEVELS))
WRONG_BY = ("numbers", "memory")  # what the wrong attempt is rejected by, in this order of preference


def solution(level: Level) -> str:
    return workspace.course_text(level, "solution.py")


def wrong(level: Level) -> Mistake:
    """The level's first known mistake of a kind that learners make."""
    known = parts.known(level).mistakes
    return next(mistake for kind in WRONG_BY for mistake in known if mistake.caught_by == kind)


def play(quest: Quest, level: Level, *, stumble: bool) -> str:
    """Start the level, fail if `stumble`, and pass; what the pass said."""
    number, file = level.number, quest.file(level.number)
    if number < len(LEVELS):
        assert quest.inside(f"check {number + 1}").code == 2, "the next level is locked"
    assert quest.inside(f"start {number}").next_command == f"python quest.py check {number}"
    if stumble:
        file.write_text(template.clean_solution(apply(wrong(level).edits, solution(level), "a wrong attempt")))
        answer = quest.inside("check")
        assert answer.code == 1, answer.out
    file.write_text(template.clean_solution(solution(level)))
    answer = quest.inside("check")
    assert answer.code == 0, answer.out
    return answer.out


def to_the_end(quest: Quest) -> str:
    said = ""
    for level in LEVELS:
        said = play(quest, level, stumble=level.number in STUMBLES)
    assert {state.status for state in quest.progress.states()} == {Status.PASSED}
    return said


@pytest.mark.slow
def test_a_learner_who_stumbles_reaches_the_end(quest: Quest) -> None:
    said = to_the_end(quest)
    assert "You finished the Triton Attention Quest" in said
    assert "All levels were judged once more, and every one still passes." in said
    attempts = 2 * len(LEVELS) - 1 + len(STUMBLES)  # each level but the last is judged once more at the end
    assert f"{3 * len(LEVELS)} of {3 * len(LEVELS)} ★   {attempts} attempts, 0 hints, in " in said


def test_at_the_end_levels_that_fail_or_are_gone_by_now_are_named_and_stay_passed(
    quest: Quest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge is a quick one."""
    monkeypatch.setattr(devices, "judge", quick_judge)
    for level in LEVELS:
        quest.file(level.number).write_text("right")
    quest.pass_levels(*range(1, len(LEVELS)))
    quest.file(3).write_text("wrong")
    quest.file(5).unlink()
    answer = quest.inside(f"check {len(LEVELS)}")
    assert answer.code == 0 and answer.next_command == "python quest.py check 3"
    assert "Changed since you passed" in answer.out and "level 3, Softmax:" in answer.out
    assert "level 5, Causal mask:" in answer.out and "is not there" in answer.said
    states = quest.progress.states()
    assert [state.level.number for state in states if state.status is Status.CHANGED] == [3]
    assert all(state.is_done for state in states), "nothing relocks"
