"""A scripted learner plays an act of the quest through the commands, with a wrong attempt first in some levels."""

from __future__ import annotations

import pytest

from tests.commands.players import quick_judge
from tests.conftest import Quest
from triton_quest.course import parts, template
from triton_quest.course.level import Level
from triton_quest.course.mistake import Mistake, apply
from triton_quest.course.table import ACTS, LEVELS, by_act
from triton_quest.parent import devices
from triton_quest.store import workspace
from triton_quest.store.records import Status

ACT = by_act(LEVELS)
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


@pytest.mark.parametrize(
    "act",
    [pytest.param(1, marks=pytest.mark.slow), *(pytest.param(act, marks=pytest.mark.survey) for act in ACT if act > 1)],
)
def test_a_learner_who_stumbles_reaches_the_end_of_the_act(quest: Quest, act: int) -> None:
    levels = ACT[act]
    if not all(level.has_arrived for level in levels):
        pytest.skip("a level of the act lies ahead")
    before = range(1, levels[0].number)
    quest.pass_levels(*before)
    stumbles = levels[0], levels[1], levels[-1]
    for level in levels:
        said = play(quest, level, stumble=level in stumbles)
    assert {state.status for state in quest.progress.states()[: levels[-1].number]} == {Status.PASSED}
    assert f"You finished {'' if act == len(ACTS) else f'{ACTS[act - 1].title} of '}the Triton Attention Quest" in said
    assert "levels were judged once more, and every one still passes." in said
    attempts = len(before) + 2 * len(levels) - 1 + len(stumbles)  # each but the last is judged once more at the end
    assert f"{attempts} attempts, 0 hints, in " in said


def test_at_the_end_levels_that_fail_or_are_gone_by_now_are_named_and_stay_passed(
    quest: Quest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge is a quick one."""
    monkeypatch.setattr(devices, "judge", quick_judge)
    last = ACT[1][-1].number
    for level in ACT[1]:
        quest.file(level.number).write_text("right")
    quest.pass_levels(*range(1, last))
    quest.file(3).write_text("wrong")
    quest.file(5).unlink()
    answer = quest.inside(f"check {last}")
    assert answer.code == 0 and answer.next_command == "python quest.py check 3"
    assert "Changed since you passed" in answer.out and "level 3, Softmax:" in answer.out
    assert "level 5, Causal mask:" in answer.out and "is not there" in answer.said
    states = quest.progress.states()
    assert [state.level.number for state in states if state.status is Status.CHANGED] == [3]
    assert all(state.is_done for state in states[:last]), "nothing relocks"
