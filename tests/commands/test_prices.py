"""A hint says what it costs before it is taken, and one that a verdict names may be taken before its turn."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Quest
from triton_quest.course.table import LEVELS
from triton_quest.records.verdict import Check, Outcome, State, Verdict


def judged(quest: Quest, hint: int | None, outcome: Outcome = Outcome.WRONG) -> None:
    """Note a verdict whose failure names this hint."""
    check = Check("a check", "numbers", State.FAILED, says="wrong", outcome=outcome, hint=hint)
    quest.progress.record_attempt(LEVELS[0], "text", Verdict(1, LEVELS[0].slug, outcome, "interpreter", 0.5, (check,)))


def told(quest: Quest, line: str) -> str:
    return " ".join(quest.inside(line).out.split())


def test_each_hint_says_what_it_cost_and_what_the_next_one_costs(quest: Quest) -> None:
    prices = [told(quest, "hint 1").partition("This hint ")[2].partition(" Back to")[0] for _ in range(6)]
    assert prices == [
        "was free. The next one, hint 2, costs a star: a pass is then worth 2 stars at the most.",
        "cost a star. The next one, hint 3, is free.",
        "was free. The next one, hint 4, costs a star: a pass is then worth 1 star at the most.",
        "cost a star. The next one, hint 5, is free.",
        "was free. The next one, hint 6, is free.",
        "was free. It was the last one.",
    ]


def test_the_price_that_was_said_is_the_price_that_is_paid(quest: Quest) -> None:
    answers = [json.loads(quest.inside("hint 1 --json").out) for _ in range(2)]
    assert [(a["next"], a["stars_now"], a["stars_then"]) for a in answers] == [(2, 3, 2), (3, 2, 2)]
    quest.pass_levels(1)
    assert quest.progress.states()[0].stars == 2


def test_hints_after_a_pass_are_free(quest: Quest) -> None:
    quest.pass_levels(1)
    assert "This hint was free. The next one, hint 2, is free." in told(quest, "hint 1")


def test_a_hint_that_the_latest_verdict_names_is_taken_before_its_turn(quest: Quest) -> None:
    judged(quest, hint=5)
    assert quest.inside("hint 1 --number 5").out.startswith("hint 5 of 6 ")
    assert quest.progress.hints(LEVELS[0]).taken == (5,)
    assert quest.inside("hint 1").out.startswith("hint 1 of 6 ")
    assert "cost a star" not in told(quest, "hint 1 --number 5"), "it was taken before"
    assert quest.progress.states()[0].hints_taken == 2
    again = quest.inside("hint 1 --again").out
    assert again.index("hint 1 of 6") < again.index("hint 5 of 6") and "hint 2 of 6" not in again
    rest = [quest.inside("hint 1").out[:6] for _ in range(5)]
    assert rest == ["hint 2", "hint 3", "hint 4", "hint 6", ""]


@pytest.mark.parametrize("named", [None, 4])
def test_a_hint_that_no_verdict_names_waits_for_its_turn(quest: Quest, named: int | None) -> None:
    judged(quest, hint=5)
    judged(quest, hint=named)  # the latest counts
    answer = quest.inside("hint 1 --number 5")
    assert answer.code == 2 and "the next in turn is hint 1" in " ".join(answer.err.split())
    assert quest.progress.hints(LEVELS[0]).taken == ()


def test_a_check_that_was_stopped_names_no_hint_and_hides_none(quest: Quest) -> None:
    judged(quest, hint=5)
    quest.progress.begin_attempt(LEVELS[0], "a later text")
    assert quest.progress.hints(LEVELS[0]).named == 5


def test_a_hint_in_its_turn_may_be_named_by_its_number(quest: Quest) -> None:
    assert quest.inside("hint 1 --number 1").out.startswith("hint 1 of 6 ")
    answer = quest.inside("hint 1 --again --number 2")
    assert answer.code == 2 and "You haven't taken hint 2" in answer.said


def test_starting_over_gives_every_hint_back(quest: Quest) -> None:
    judged(quest, hint=5)
    quest.inside("hint 1 --number 5")
    quest.progress.start_over()
    hints = quest.progress.hints(LEVELS[0])
    assert (hints.taken, hints.named, hints.next) == ((), None, 1)
