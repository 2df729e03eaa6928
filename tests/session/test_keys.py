"""Every key of the session, and the mouse."""

from __future__ import annotations

import subprocess
from contextlib import nullcontext
from pathlib import Path
from threading import Event

import pytest
from textual.widgets import OptionList

from tests.benchmark.test_race_standing import CEILINGS, timing
from tests.conftest import Quest
from tests.session.driving import NARROW, WIDE, Driver, drive
from triton_quest.course.table import LEVELS
from triton_quest.parent import runner
from triton_quest.records import verdict as v
from triton_quest.records.race import YOURS
from triton_quest.screen.session.keys import HELP, KEYS, MORE, QUIT


def test_the_help_names_every_key(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.press("question_mark")
        for key in (*KEYS, *MORE, HELP, QUIT):
            assert any(
                f" {key.sign} " in line and key.says in line for line in driver.lines()
            )  # none of it below the edge
        await driver.press("escape")
        await driver.sees("Your file:")

    drive(quest.workspace, scenario)


def test_h_shows_what_a_hint_costs_before_it_is_taken(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.press("h")
        await driver.sees("Hint 1 of 6: press h. It costs nothing.")
        assert quest.progress.states()[0].hints_taken == 0
        await driver.press("h")
        await driver.sees("hint 1 of 6", "Hint 2 of 6: press h. A pass is then worth ★★☆ at the most.")
        await driver.press("h", "h", "h", "h", "h", "h")
        await driver.sees("These are all 6 hints. What is left is the solution: s.")

    drive(quest.workspace, scenario)
    assert quest.progress.states()[0].hints_taken == 6


def test_s_before_a_pass_says_what_it_costs_and_asks(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.press("s")
        await driver.sees("You haven't passed level 1 yet.", "worth one star")
        await driver.press("n")
        await driver.sees("Your file:")
        assert not quest.progress.saw_solution(LEVELS[0])
        await driver.press("s")
        await driver.sees("worth one star")
        await driver.press("y")
        await driver.sees("A solution of level 1", "import triton")
        assert quest.progress.saw_solution(LEVELS[0])

    drive(quest.workspace, scenario)


def test_s_after_a_pass_shows_the_solution_at_once(quest: Quest) -> None:
    quest.pass_levels(1)

    async def scenario(driver: Driver) -> None:
        await driver.press("s")
        await driver.sees("A solution of level 1", "import triton")

    drive(quest.workspace, scenario)
    assert not quest.progress.saw_solution(LEVELS[0])  # nothing was given up


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_a_shows_what_changed_between_versions_and_brings_one_back(quest: Quest, size: tuple[int, int]) -> None:
    for text in ("first\nsame\n", "second\nsame\n"):
        quest.progress.begin_attempt(LEVELS[0], text)
    quest.file(1).write_text("third\nsame\n")

    async def scenario(driver: Driver) -> None:
        await driver.press("a")
        await driver.sees("Version 2, against version 1", "-first", "+second")
        await driver.press("down")
        await driver.sees("Version 1, against the template", "-# Level 1: Vector addition")
        await driver.press("d")
        await driver.sees("Version 1, against your file now", "-third", "+first")
        await driver.press("r")
        await driver.told("Restored: levels/level1_vector_add.py is version 1 now", "Backup of what was there:")
        assert quest.file(1).read_text() == "first\nsame\n"

    drive(quest.workspace, scenario, size)
    assert [path.read_text() for path in quest.workspace.backups.glob("*/*")] == ["third\nsame\n"]


def test_a_without_a_version_says_so(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.press("a")
        await driver.sees("Nothing of this level was checked yet.")
        await driver.press("r", "d")  # there is nothing to restore or to compare
        assert driver.app.screen.query_one(OptionList).option_count == 0

    drive(quest.workspace, scenario)


def test_capital_r_asks_and_keeps_what_was_there(quest: Quest) -> None:
    quest.file(1).write_text("mine")

    async def scenario(driver: Driver) -> None:
        await driver.press("R")
        await driver.sees("starts anew. What you have is backed up first.")
        await driver.press("escape")
        assert quest.file(1).read_text() == "mine"
        await driver.press("R", "y")
        await driver.told("is as it was given.", "Backup of what was there:")
        assert "= ..." in quest.file(1).read_text()

    drive(quest.workspace, scenario)
    assert [path.read_text() for path in quest.workspace.backups.glob("*/*")] == ["mine"]


def test_an_editor_that_cant_be_started_is_told(quest: Quest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text("this is no program")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))

    async def scenario(driver: Driver) -> None:
        monkeypatch.setattr(driver.app, "suspend", nullcontext)
        await driver.press("e")
        await driver.told(f"{editor} can't be started", str(quest.file(1)))

    drive(quest.workspace, scenario)


@pytest.mark.parametrize("editor", ["", "/no/such/editor", "vi '"])
def test_e_without_an_editor_says_where_the_file_is(quest: Quest, monkeypatch: pytest.MonkeyPatch, editor: str) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)

    async def scenario(driver: Driver) -> None:
        await driver.press("e")
        await driver.told("$VISUAL and $EDITOR name no editor", str(quest.file(1)))

    drive(quest.workspace, scenario)


def test_e_lends_the_terminal_to_the_editor_at_the_first_gap(
    quest: Quest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    editor = tmp_path / "vim"
    editor.write_text("")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", f"{editor} -n")
    ran: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda words, **_: ran.append(words))

    async def scenario(driver: Driver) -> None:
        monkeypatch.setattr(driver.app, "suspend", nullcontext)
        await driver.press("e")

    drive(quest.workspace, scenario)
    gap = next(n for n, line in enumerate(quest.file(1).read_text().splitlines(), 1) if line.endswith("= ..."))
    assert ran == [[str(editor), "-n", f"+{gap}", str(quest.file(1))]]


def test_r_without_a_gpu_says_why_and_what_to_look_at(quest: Quest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr("triton_quest.environment.can_use_gpu", lambda: False)

    async def scenario(driver: Driver) -> None:
        await driver.press("r")
        await driver.told("There is no GPU here", "Press t.")
        await driver.until(lambda: driver.app.screen is driver.main)

    drive(quest.workspace, scenario)


def test_r_races_a_passed_level_and_what_was_measured_is_kept_when_one_leaves(
    quest: Quest, monkeypatch: pytest.MonkeyPatch
) -> None:
    quest.pass_levels(1)
    monkeypatch.setattr("triton_quest.environment.can_use_gpu", lambda: True)
    monkeypatch.setattr("triton_quest.environment.trouble_with_versions", lambda: None)
    goes_on = Event()

    def run(job: runner.Job, tell: runner.OnRecord, is_cancelled: runner.IsCancelled) -> runner.Ending:
        for record in (
            CEILINGS,
            timing("eager", 4.0),
            timing(YOURS, 4.1),
            v.StageStarted("race", "racing the large one"),
        ):
            tell(record)
        if not goes_on.is_set():
            while not is_cancelled():
                pass
            raise runner.Cancelled
        return runner.Ending(v.Outcome.PASSED, 1.0)

    monkeypatch.setattr(runner, "run", run)

    async def scenario(driver: Driver) -> None:
        await driver.press("r")
        await driver.sees("racing the large one")
        await driver.press("escape")
        await driver.until(lambda: len(quest.progress.speeds(LEVELS[0])) == 1)
        goes_on.set()
        await driver.press("r")
        await driver.sees("a GPU", "large", "gold")

    drive(quest.workspace, scenario, WIDE)
    assert [speed.medal for speed in quest.progress.speeds(LEVELS[0])] == ["gold", "gold"]


@pytest.mark.parametrize(
    ("key", "title"), [("t", "Level 1: traffic"), ("k", "Level 1: compile"), ("p", "what each program touches")]
)
def test_a_view_of_an_unfinished_file_says_what_is_missing(
    quest: Quest, monkeypatch: pytest.MonkeyPatch, key: str, title: str
) -> None:
    check = v.failed(v.Check("no gap is open", "read", v.State.PASSED), v.Outcome.GAPS, "Six gaps wait for you.")
    monkeypatch.setattr(runner, "run", lambda *_, **__: runner.Ending(v.Outcome.GAPS, 0.1, (check,)))

    async def scenario(driver: Driver) -> None:
        await driver.press(key)
        await driver.sees(title, "Six gaps wait for you.")
        await driver.press("right", "down", "e", "escape", "escape")

    drive(quest.workspace, scenario)


def test_leaving_a_view_ends_its_work(quest: Quest, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    def run(job: runner.Job, tell: runner.OnRecord, start: object, is_cancelled: runner.IsCancelled) -> runner.Ending:
        tell(v.StageStarted("counting", "counting every byte"))
        while not is_cancelled():
            pass
        ended.append(job.kind)
        raise runner.Cancelled

    monkeypatch.setattr(runner, "run", run)

    async def scenario(driver: Driver) -> None:
        await driver.press("t")
        await driver.sees("counting every byte")
        await driver.press("escape")
        await driver.until(lambda: ended == ["traffic"])

    drive(quest.workspace, scenario)


def test_levels_are_looked_at_by_number_arrows_and_clicks(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.press("3")
        await driver.sees("Level 3, Softmax", "is locked: pass level 1")
        await driver.press("left")
        await driver.sees("Level 2, Matrix multiplication")
        await driver.press("right", "right")
        assert driver.main.at == LEVELS[3]
        await driver.press("9", "1", "left")
        assert driver.main.at == LEVELS[0]
        row = next(number for number, line in enumerate(driver.lines()) if "Softmax" in line)
        await driver.pilot.click(offset=(driver.lines()[row].index("Softmax") + 1, row))
        await driver.until(lambda: driver.main.at == LEVELS[2])

    drive(quest.workspace, scenario, WIDE)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_a_click_on_a_key_is_as_good_as_the_key(quest: Quest, size: tuple[int, int]) -> None:
    async def scenario(driver: Driver) -> None:
        assert driver.lines()[-1].rstrip().endswith("q quit")
        await driver.pilot.click(offset=(driver.lines()[-1].index("hint"), size[1] - 1))
        await driver.sees("Hints for level 1")
        await driver.pilot.click(offset=(driver.lines()[-1].index("back"), size[1] - 1))
        await driver.sees("Your file:")

    drive(quest.workspace, scenario, size)


def test_a_locked_level_has_no_hints_and_no_solution_yet(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.press("2")
        for key in ("h", "s", "t", "R"):
            driver.app.clear_notifications()
            await driver.press(key)
            if key == "R":
                await driver.press("y")
            await driver.told("Level 2, Matrix multiplication, is locked")

    drive(quest.workspace, scenario)


def test_q_leaves(quest: Quest) -> None:
    async def scenario(driver: Driver) -> None:
        await driver.pilot.press("q")
        await driver.pilot.pause()
        assert not driver.app.is_running

    drive(quest.workspace, scenario)
