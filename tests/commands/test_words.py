"""Guards `quest words`: one term, all of them, as JSON, and what is said of one that isn't there."""

from __future__ import annotations

from tests.conftest import Quest
from triton_quest.course import words


def test_one_term_is_told_with_the_level_that_introduces_it(quest: Quest) -> None:
    answer = quest.inside("words strides")
    assert answer.code == 0
    assert answer.out.splitlines()[0].strip() == "level 2" and "How many elements lie between" in answer.out


def test_without_a_term_all_are_told_level_by_level(quest: Quest) -> None:
    answer = quest.inside("words")
    begun = [line.strip().split("  ")[0] for line in answer.out.splitlines()]
    assert answer.code == 0
    assert [word.name for word in words.words() if word.name not in begun] == []
    assert begun.index("level 1") < begun.index("level 8") < begun.index("what `traffic` shows")


def test_as_json_a_term_has_its_sentence_and_its_level_or_command(quest: Quest) -> None:
    (lane,) = quest.inside("words lane --json").json()["words"]
    assert lane == {"name": "lane", "says": words.find("lane").says, "level": 1, "command": None}
    every = quest.inside("words --json").json()["words"]
    assert {"roofline": "traffic", "occupancy": "compile"}.items() <= {
        word["name"]: word["command"] for word in every
    }.items()


def test_a_typing_error_is_answered_with_the_nearest_term(quest: Quest) -> None:
    answer = quest.inside("words online sofmax")
    assert answer.code == 2
    assert "online sofmax" in answer.err and "words online softmax" in answer.err
