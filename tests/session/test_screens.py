"""Whole screens of the session, as text: what a change moves is read as a diff. Colours are test_terminals.py's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Quest, normalised
from tests.session.driving import NARROW, WIDE, Driver, drive

ExpectText = Callable[[str, str], None]


def screen_of(driver: Driver) -> str:
    return normalised(driver.text(), {}) + "\n"


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x40"])
def test_the_screen_after_a_wrong_save(quest: Quest, expect_text: ExpectText, size: tuple[int, int]) -> None:
    drawn = []

    async def scenario(driver: Driver) -> None:
        driver.save(1, "wrong")
        await driver.sees("The word isn't there.", "press h")
        await driver.until(lambda: "watching" in driver.status() and not driver.notices())
        drawn.append(screen_of(driver))

    drive(quest.workspace, scenario, size)
    expect_text("screen", drawn[0])


def test_the_screen_of_the_help(quest: Quest, expect_text: ExpectText) -> None:
    drawn = []

    async def scenario(driver: Driver) -> None:
        await driver.press("question_mark")
        await driver.sees("look at the level before")
        drawn.append(screen_of(driver))

    drive(quest.workspace, scenario, WIDE)
    expect_text("screen", drawn[0])
