"""The whole loop with the real judge, warm, under Textual's driver."""

from __future__ import annotations

import pytest

from tests.commands import kernels
from tests.conftest import Quest
from tests.session.driving import WIDE, Driver, drive
from triton_quest.course.table import LEVELS
from triton_quest.parent.standby import Standby

pytestmark = pytest.mark.slow


def test_from_a_wrong_save_to_the_next_level_and_the_views_of_it(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.sees("Level 1: Vector addition")
        driver.save(1, kernels.UNFINISHED)
        await driver.sees("Level 1, Vector addition: not finished yet", "press b")
        driver.save(1, kernels.WRONG)
        await driver.sees("wrong numbers", "Your output equals x - y: the sum is asked for.", "press h")
        driver.save(1, kernels.RIGHT)
        await driver.sees("Level 1, Vector addition: passed", "You passed level 1.", "◆ On your own, level 1")
        await driver.press("p")
        await driver.sees("add_kernel:", "Program (0,): 3 steps (2 loads, 1 store)")
        await driver.press("right")
        await driver.sees("Program (0,), step 1 of 3: loads from x")
        await driver.press("d", "down")
        await driver.sees("Program (1,), step")
        await driver.press("e")
        await driver.sees("Nothing is wrong: the answers to all")
        await driver.press("escape", "escape", "t")
        await driver.sees("what your kernels move", "least possible")
        await driver.press("escape", "k")
        await driver.sees("compiled", "registers a thread")
        await driver.press("escape", "n")
        await driver.sees("Level 2: Matrix multiplication")
        assert driver.main.at == LEVELS[1]

    with Standby(("interpreter",)) as standby:
        drive(quest.workspace, scenario, WIDE, judge=standby.judge, run=standby.run)
