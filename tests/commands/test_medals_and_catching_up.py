"""What a GPU adds to a game begun without one: medals on the map, and a judgement of the levels that passed before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conftest import Quest
from triton_quest.commands.shared import catching_up
from triton_quest.commands.shared.context import Context
from triton_quest.course.table import LEVELS
from triton_quest.parent.runner import Job
from triton_quest.records import verdict as v
from triton_quest.store.records import Status


def race(quest: Quest, number: int, ratio: float, medal: str) -> None:
    quest.progress.record_speed(LEVELS[number - 1], "a GPU", ratio, medal, {"timings": []})


def test_the_map_shows_the_best_medal_of_each_level(quest: Quest) -> None:
    quest.pass_levels(1, 2)
    for ratio, medal in ((0.6, "bronze"), (0.97, "gold"), (0.82, "silver"), (0.1, "")):
        race(quest, 1, ratio, medal)
    race(quest, 2, 0.3, "")
    rows = [line for line in quest.inside().out.splitlines() if "Vector" in line or "Matrix" in line]
    assert "★★★ gold" in rows[0] and not any(medal in rows[1] for medal in ("gold", "silver", "bronze"))
    levels = quest.inside("--json").json()["levels"]
    assert [level["medal"] for level in levels[:2]] == ["gold", None]


def test_every_race_is_kept_in_its_order_and_starting_over_takes_the_medals_off_the_map(quest: Quest) -> None:
    quest.pass_levels(1)
    race(quest, 1, 0.6, "bronze")
    race(quest, 1, 0.97, "gold")
    quest.progress.start_over()
    assert [(speed.ratio, speed.medal) for speed in quest.progress.speeds(LEVELS[0])] == [
        (0.6, "bronze"),
        (0.97, "gold"),
    ]
    assert quest.progress.states()[0].medal == ""


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The levels that are judged on a GPU that isn't there; level 2 fails on it."""
    numbers: list[int] = []

    def judge_on(devices: tuple[str, ...], job: Job) -> v.Verdict:
        assert devices == ("gpu",)
        numbers.append(job.level.number)
        outcome = v.Outcome.WRONG if job.level.number == 2 else v.Outcome.PASSED
        return v.Verdict(job.level.number, job.level.slug, outcome, "gpu", 1.0, detail="wrong there")

    monkeypatch.setattr(catching_up, "judge_on", judge_on)
    return numbers


def test_levels_that_passed_without_a_gpu_are_judged_on_the_first_one_once_and_never_relock(
    quest: Quest, judged: list[int]
) -> None:
    quest.pass_levels(1, 2, 3)
    context = Context(quest.workspace.root)
    verdicts = catching_up.catch_up(context, 30.0, quiet=True)
    assert judged == [1, 2, 3] and [verdict.passed for verdict in verdicts] == [True, False, True]
    states = quest.progress.states()
    assert [state.status for state in states[:4]] == [Status.PASSED, Status.CHANGED, Status.PASSED, Status.OPEN]
    assert catching_up.catch_up(context, 30.0, quiet=True) == [] and judged == [1, 2, 3]


def test_a_level_whose_file_is_gone_is_left_to_its_own_check(quest: Quest, judged: list[int]) -> None:
    quest.pass_levels(1)
    quest.file(1).unlink()
    assert catching_up.catch_up(Context(quest.workspace.root), 30.0, quiet=True) == [] and judged == []


def test_two_verdicts_are_told_as_one_and_what_the_gpu_showed_is_verified_now() -> None:
    here = v.Check("what only a GPU shows", v.GPU, v.State.NOT_VERIFIED_HERE)
    numbers = v.Check("a case, fp32", "numbers", v.State.PASSED)
    on_cpu = v.Verdict(
        1, "vector-add", v.Outcome.PASSED, "interpreter", 1.0, (numbers, here), "said\n", "", (here.name,)
    )
    on_gpu = v.Verdict(1, "vector-add", v.Outcome.PASSED, "gpu", 2.0, (replace(numbers, kind="gpu"),), "again\n")
    both = v.together(on_cpu, on_gpu)
    assert (both.device, both.seconds, both.output, both.not_verified_here) == ("both", 3.0, "said\nagain\n", ())
    assert [check.kind for check in both.checks] == ["numbers", "gpu"]
    assert not v.together(on_cpu, replace(on_gpu, outcome=v.Outcome.MEMORY)).passed
