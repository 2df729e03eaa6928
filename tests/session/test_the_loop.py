"""Save, verdict, unlock, next: the loop of the session, with a judge that answers at once."""

from __future__ import annotations

from threading import Event

import pytest
from textual import events

from tests.conftest import Quest
from tests.session.driving import NARROW, WIDE, Driver, QuickJudge, drive
from triton_quest.course.table import LEVELS
from triton_quest.parent.runner import Ending, Job, OnRecord
from triton_quest.records import verdict as v
from triton_quest.store.records import Status


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_from_a_wrong_save_to_the_next_level(quest: Quest, size: tuple[int, int]) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.sees("Level 1, Vector addition", "Your file:", f"0 of {len(LEVELS)} passed")
        driver.save(1, "wrong")
        await driver.sees("Level 1, Vector addition: wrong numbers", "The word isn't there.", "press h")
        driver.save(1, "right")
        await driver.sees(
            "Level 1, Vector addition: passed", "★★★ You passed level 1.", "level 2, Matrix multiplication"
        )
        assert driver.main.at == LEVELS[0]  # a pass never moves on by itself
        await driver.press("n")
        await driver.sees("Level 2, Matrix multiplication", "level2_matmul.py", f"1 of {len(LEVELS)} passed")
        assert driver.main.at == LEVELS[1]

    drive(quest.workspace, scenario, size)
    assert [state.status for state in quest.progress.states()[:3]] == [Status.PASSED, Status.OPEN, Status.LOCKED]
    assert [version.text for version in quest.progress.versions(LEVELS[0])] == ["wrong", "right"]


def test_next_before_a_pass_says_what_opens_it_and_stays(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.press("n")
        await driver.told("Level 1 is the one to pass now")
        assert driver.main.at == LEVELS[0]

    drive(quest.workspace, scenario)


def test_a_newer_save_cancels_the_check_that_runs(quest: Quest) -> None:
    judge = QuickJudge(held=True)

    async def scenario(driver: Driver) -> None:
        driver.save(1, "the first, wrong")
        await driver.until(lambda: len(judge.begun) == 1)
        assert "judging" in driver.status()
        driver.save(1, "the second, right")
        await driver.until(lambda: len(judge.begun) == 2)
        assert judge.files == []  # the first never came to its end
        judge.held = False
        await driver.sees("Level 1, Vector addition: passed")

    drive(quest.workspace, scenario, judge=judge)
    versions = quest.progress.versions(LEVELS[0])
    assert [(version.text, version.outcome) for version in versions] == [
        ("the first, wrong", "unjudged"),  # kept all the same
        ("the second, right", "passed"),
    ]


def test_the_old_verdict_stays_and_is_marked_until_the_new_one_comes(quest: Quest) -> None:
    judge = QuickJudge()

    async def scenario(driver: Driver) -> None:
        driver.save(1, "wrong")
        await driver.sees("wrong numbers")
        judge.held = True
        driver.save(1, "right")
        await driver.sees("The verdict before", "a new one is coming", "wrong numbers", "looking for the word")
        judge.held = False
        await driver.sees("Vector addition: passed")
        assert "a new one is coming" not in driver.text() and "judging" not in driver.status()

    drive(quest.workspace, scenario, judge=judge)


def test_escape_stops_a_check_and_the_text_is_kept(quest: Quest) -> None:
    judge = QuickJudge(held=True)

    async def scenario(driver: Driver) -> None:
        driver.save(1, "wrong")
        await driver.until(lambda: len(judge.begun) == 1)
        await driver.press("escape")
        await driver.told("Stopped. Your text was kept")
        await driver.until(lambda: "watching" in driver.status())

    drive(quest.workspace, scenario, judge=judge)
    assert [version.outcome for version in quest.progress.versions(LEVELS[0])] == ["unjudged"]


def test_another_open_levels_file_is_judged_and_named_and_nothing_moves(quest: Quest) -> None:
    quest.pass_levels(1)

    async def scenario(driver: Driver) -> None:
        await driver.sees("Level 2, Matrix multiplication")
        driver.save(1, "wrong")
        await driver.sees(
            "levels/level1_vector_add.py: wrong numbers. You look at level 2.", "Verdict on levels/level1"
        )
        assert driver.main.at == LEVELS[1]

    drive(quest.workspace, scenario, level=2)
    assert quest.progress.states()[0].status is Status.CHANGED


def test_a_locked_levels_file_is_answered_once_and_isnt_judged(quest: Quest) -> None:
    judge = QuickJudge()

    async def scenario(driver: Driver) -> None:
        driver.save(3, "right")
        await driver.told("level3_softmax.py was saved, and isn't judged.", "Level 3, Softmax, is locked")
        driver.app.clear_notifications()
        driver.save(3, "right again")
        driver.save(1, "wrong")
        await driver.sees("Vector addition: wrong numbers")
        await driver.until(lambda: driver.main._desk.running is None)
        assert driver.notices() == []

    drive(quest.workspace, scenario, judge=judge)
    assert judge.files == [LEVELS[0].file]


def test_c_judges_the_file_as_it_is(quest: Quest) -> None:
    quest.file(1).write_text("right")

    async def scenario(driver: Driver) -> None:
        await driver.press("c")
        await driver.sees("Level 1, Vector addition: passed")

    drive(quest.workspace, scenario)


def test_what_another_terminal_passed_is_on_the_map_once_one_comes_back(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.sees(f"0 of {len(LEVELS)} passed", "Add two vectors")
        quest.pass_levels(1)
        driver.pane("briefing").scroll_to(y=7, animate=False)
        driver.app.post_message(events.AppFocus())
        await driver.sees(f"1 of {len(LEVELS)} passed")
        assert driver.pane("briefing").scroll_y == 7  # and one reads on where one was

    drive(quest.workspace, scenario)


def test_what_was_earned_before_is_told_in_one_notice_and_listed(quest: Quest) -> None:
    quest.pass_levels(1, 2, 3)

    async def scenario(driver: Driver) -> None:
        await driver.told("achievements, +", "XP: m lists them.")
        assert len(driver.notices()) == 1
        driver.app.clear_notifications()
        await driver.press("m")
        await driver.sees(f"3 of {len(LEVELS)} levels passed", "Your achievements", "Earned")

    drive(quest.workspace, scenario, WIDE)


def test_what_a_pass_earns_stands_under_its_verdict_once(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        driver.save(1, "right")
        await driver.sees("You passed level 1.", "◆ First launch, level 1")
        driver.save(1, "right, again")
        await driver.until(lambda: "You passed level 1." not in driver.said)
        await driver.sees("Vector addition: passed")
        assert "First launch" not in driver.said and driver.notices() == []

    drive(quest.workspace, scenario)


def test_a_verdict_that_comes_under_a_view_is_told_and_waits_there(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.press("h")
        driver.save(1, "wrong")
        await driver.told("levels/level1_vector_add.py was judged: wrong numbers.")
        assert "Hints for level 1" in driver.said
        await driver.press("escape")
        await driver.sees("Level 1, Vector addition: wrong numbers")

    drive(quest.workspace, scenario)


def test_the_last_level_of_an_act_ends_in_the_finale_over_the_acts_levels(quest: Quest) -> None:
    quest.pass_levels(*range(1, 8))
    for level in LEVELS[:8]:
        quest.workspace.file(level).write_text("right" if level.number != 3 else "wrong")
    judge = QuickJudge()

    async def scenario(driver: Driver) -> None:
        driver.save(8, "right at last")
        await driver.sees("You finished Act I of the Triton Attention Quest", "level 3, Softmax: The word isn't there.")
        await driver.press("escape")
        await driver.sees("Level 8, Flash Attention: passed")

    drive(quest.workspace, scenario, judge=judge, level=8)
    assert judge.files == [LEVELS[7].file, *(level.file for level in LEVELS[:7])]
    assert [state.status for state in quest.progress.states()[2:4]] == [Status.CHANGED, Status.PASSED]


def test_on_the_first_gpu_what_passed_without_one_is_judged_again_and_told(quest: Quest) -> None:
    quest.pass_levels(1)
    jobs: list[tuple[str, str]] = []

    def run(job: Job, tell: OnRecord, cancelled: Event) -> Ending:
        jobs.append((job.kind, job.level.slug))
        return Ending(v.Outcome.PASSED, 1.0)

    async def scenario(driver: Driver) -> None:
        driver.save(2, "right")
        await driver.sees("Level 2, Matrix multiplication: passed")
        await driver.told("Level 1, passed without a GPU before, passes on this one.")

    drive(quest.workspace, scenario, level=2, where=("interpreter", "gpu"), run=run)
    assert ("judge_on_gpu", "vector-add") in jobs


def test_of_many_files_that_change_at_once_the_open_ones_are_judged_and_the_locked_ones_are_silent(
    quest: Quest,
) -> None:
    quest.pass_levels(1)
    judge = QuickJudge()

    async def scenario(driver: Driver) -> None:
        quest("reset --yes")  # in another terminal
        await driver.until(lambda: sorted(judge.files) == sorted(level.file for level in LEVELS[:2]))
        assert not any("isn't judged" in notice for notice in driver.notices())

    drive(quest.workspace, scenario, level=2, judge=judge)


def test_a_helper_module_that_is_saved_lets_the_last_level_be_judged_again(quest: Quest) -> None:
    judge = QuickJudge()

    async def scenario(driver: Driver) -> None:
        driver.save(1, "wrong")
        await driver.sees("Vector addition: wrong numbers")
        await driver.press("3")
        (quest.workspace.root / "levels" / "my_blocks.py").write_text("BLOCK = 64")
        await driver.until(lambda: judge.files == [LEVELS[0].file] * 2)

    drive(quest.workspace, scenario, judge=judge)
