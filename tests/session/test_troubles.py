"""What goes wrong around a session: nothing is lost, and what to do is said."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3

import pytest

from tests.conftest import Quest
from tests.session.driving import Driver, QuickJudge, drive, play
from triton_quest.course.table import LEVELS
from triton_quest.errors import StoreTrouble
from triton_quest.store import database
from triton_quest.store.progress import Progress


def test_a_workspace_that_is_deleted_meanwhile_is_told_and_not_made_anew(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        shutil.rmtree(quest.workspace.root)
        for key in ("c", "h", "n", "s", "a", "t", "k", "p", "m", "R"):
            driver.app.clear_notifications()
            await driver.press(key)
            if key == "R":
                await driver.press("y")
            await driver.told("is gone: it was moved or deleted")
            await driver.press("escape")
        await driver.sees(f"0 of {len(LEVELS)} passed")  # the map stays as it was

    drive(quest.workspace, scenario)
    assert not quest.workspace.root.exists()


def test_a_workspace_that_comes_back_is_watched_again(quest: Quest) -> None:
    aside = quest.workspace.root.with_name("aside")

    async def scenario(driver: Driver) -> None:
        quest.workspace.root.rename(aside)
        await driver.press("c")
        await driver.told("is gone")
        aside.rename(quest.workspace.root)
        driver.save(1, "right")
        await driver.sees("Level 1, Vector addition: passed")

    drive(quest.workspace, scenario)


def test_a_file_that_is_gone_names_the_key_that_brings_it_back(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        quest.file(1).unlink()
        await driver.press("c")
        await driver.told("is not there: it was moved, renamed or deleted", "Press R.")
        await driver.press("R", "y")
        await driver.told("is as it was given.")
        assert quest.file(1).is_file()

    drive(quest.workspace, scenario)


def test_progress_that_cant_be_written_is_told_and_the_verdict_comes_all_the_same(
    quest: Quest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreTrouble("The progress database can't be used: the disk is full. Nothing was lost.", "doctor")

    monkeypatch.setattr(Progress, "begin_attempt", full)
    monkeypatch.setattr(Progress, "record_attempt", full)

    async def scenario(driver: Driver) -> None:
        driver.save(1, "right")
        await driver.sees("Level 1, Vector addition: passed")
        await driver.told("This check can't be remembered.", "the disk is full")

    drive(quest.workspace, scenario)


def test_a_database_that_another_program_locks_is_told_and_the_next_save_goes_on(
    quest: Quest, monkeypatch: pytest.MonkeyPatch
) -> None:
    quest.progress.begin_attempt(LEVELS[0], "before")
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.01)
    locking = sqlite3.connect(quest.workspace.database, isolation_level=None)

    async def scenario(driver: Driver) -> None:
        locking.execute("BEGIN EXCLUSIVE")
        driver.save(1, "wrong")
        await driver.told("another program keeps it locked")
        locking.execute("ROLLBACK")
        driver.save(1, "right")
        await driver.sees("Level 1, Vector addition: passed")

    drive(quest.workspace, scenario)
    locking.close()


def test_two_sessions_at_once_see_every_save_and_keep_every_text(quest: Quest) -> None:
    async def both() -> None:
        saved = asyncio.Event()

        async def one(driver: Driver) -> None:
            driver.save(1, "the first, wrong")
            await driver.sees("Vector addition: wrong numbers")
            await saved.wait()
            await driver.sees("Vector addition: passed")

        async def other(driver: Driver) -> None:
            await driver.sees("Vector addition: wrong numbers")
            driver.save(1, "the last, right")
            saved.set()
            await driver.sees("Vector addition: passed")

        await asyncio.gather(play(quest.workspace, other), play(quest.workspace, one))

    asyncio.run(both())
    versions = quest.progress.versions(LEVELS[0])
    assert {version.text for version in versions} == {"the first, wrong", "the last, right"}
    assert quest.progress.states()[0].is_done


def test_a_trouble_of_ours_in_the_judge_ends_in_words(quest: Quest) -> None:
    from triton_quest.records import verdict as v

    def judge(job: object, tell: object, cancelled: object) -> v.Verdict:
        return v.Verdict(1, LEVELS[0].slug, v.Outcome.ERROR, "interpreter", 0.1, detail="torch can't be loaded")

    async def scenario(driver: Driver) -> None:
        driver.save(1, "right")
        await driver.sees("our own trouble, not yours", "torch can't be loaded", "doctor")

    drive(quest.workspace, scenario, judge=judge)
    assert [version.outcome for version in quest.progress.versions(LEVELS[0])] == ["unjudged"]


def test_a_session_that_is_left_while_a_check_runs_ends_it(quest: Quest) -> None:
    judge = QuickJudge(held=True)

    async def scenario(driver: Driver) -> None:
        driver.save(1, "wrong")
        await driver.until(lambda: len(judge.begun) == 1)
        await driver.pilot.press("q")

    drive(quest.workspace, scenario, judge=judge)
    assert judge.files == []
    assert [version.text for version in quest.progress.versions(LEVELS[0])] == ["wrong"]
