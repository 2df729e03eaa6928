"""Whole screens of the session, as text: what a change moves is read as a diff. Colours are test_terminals.py's."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.conftest import Quest
from tests.session.driving import NARROW, WIDE, Driver, drive
from tests.snapshots import normalised

ExpectText = Callable[[str, str], None]


async def screen_of(driver: Driver, *last: str) -> str:
    """The screen once these words, the last to come, are drawn."""
    await driver.until(lambda: all(word in driver.text() for word in last))
    return re.sub(r"\b\d\d:\d\d\b", "hh:mm", normalised(driver.text(), {})) + "\n"


@pytest.mark.parametrize(
    ("size", "last"),
    [(NARROW, "━ Verdict on"), (WIDE, "✗ wrong numbers  +1")],  # the pane is in focus; the attempt is in the list
    ids=["80x24", "120x40"],
)
def test_the_screen_after_a_wrong_save(quest: Quest, expect_text: ExpectText, size: tuple[int, int], last: str) -> None:
    drawn = []

    async def scenario(driver: Driver) -> None:
        driver.save(1, "wrong")
        drawn.append(await screen_of(driver, "press h", " watching ", last))

    drive(quest.workspace, scenario, size)
    expect_text("screen", drawn[0])


def test_the_screen_of_the_help(quest: Quest, expect_text: ExpectText) -> None:
    drawn = []

    async def scenario(driver: Driver) -> None:
        await driver.press("question_mark")
        drawn.append(await screen_of(driver, "━ Keys ", "look at the level before", " Esc back"))

    drive(quest.workspace, scenario, WIDE)
    expect_text("screen", drawn[0])
