"""Fourteen levels in two acts: the map, the session, the finale at the end of an act, and the JSON, all from the table."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from tests.conftest import ROOT, maker
from tests.session.driving import NARROW, WIDE, Driver, QuickJudge, drive
from tests.two_acts import ENDS, all_arrived, pass_levels, play, with_a_third_act
from triton_quest import invocation
from triton_quest.commands import achievements, overview
from triton_quest.commands.shared import finale
from triton_quest.commands.shared.context import Context
from triton_quest.course.level import Level
from triton_quest.course.table import ACTS, LEVELS
from triton_quest.screen.console import THEME
from triton_quest.screen.session import keys
from triton_quest.store.records import Status
from triton_quest.store.workspace import Workspace

Levels = tuple[Level, ...]


@pytest.fixture(autouse=True)
def a_workspace_that_nobody_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A context notes which workspace was named on the command line: after the test, it was none."""
    monkeypatch.setattr(invocation, "named_workspace", None)


@pytest.fixture
def levels(tmp_path: Path) -> Levels:
    return all_arrived(tmp_path / "course")


@pytest.fixture
def context(workspace: Workspace, levels: Levels) -> Context:
    return play(workspace, levels)


def shown(context: Context, width: int = 80) -> list[str]:
    """What the overview prints."""
    context.console = Console(file=io.StringIO(), theme=THEME, width=width, highlight=False)
    overview.run(context, as_json=False)
    return context.console.file.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


def test_the_map_has_a_heading_for_each_act_and_fits_into_80_columns_and_24_lines(context: Context) -> None:
    pass_levels(context, *range(1, 10))
    lines = shown(context)
    said = "\n".join(lines)
    assert len(lines) <= 23 and max(map(len, lines[:-1])) <= 80  # the last one is a command, never broken
    assert said.index("Act I   Flash Attention") < said.index("Vector addition")
    assert said.index("Flash Attention    ") < said.index(f"Act II   {ACTS[1].about}") < said.index("Autotuning")
    assert "9 of 14 levels passed   27 of 42" in said and "start 10" in lines[-1]


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_maps_columns_are_the_same_in_both_acts(context: Context, width: int) -> None:
    pass_levels(context, 1)
    lines = shown(context, width)[:-1]  # without the command, which is never broken
    assert max(map(len, lines)) <= width
    rows = [line for line in lines if re.match(r" ?\d+ +\S +", line)]
    titles = [level.title for level in LEVELS]
    assert len({line.index(title) for line, title in zip(rows, titles, strict=True)}) == 1


def test_the_json_of_the_map_says_of_each_level_which_act_it_is_in(
    context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    overview.run(context, as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert [(row["level"], row["act"]) for row in answer["levels"]] == [(n, 1 if n < 9 else 2) for n in range(1, 15)]
    achievements.run(context, as_json=True)
    ranks = json.loads(capsys.readouterr().out)["ranks"]
    assert [rank["name"] for rank in ranks][5:8] == ["Roofline", "Stream", "Graph"]


def test_what_an_act_gave_stays_with_whoever_had_it_before_there_was_another(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = play(workspace, all_arrived(tmp_path / "before"))
    pass_levels(before, *range(1, len(LEVELS) + 1))
    achievements.run(before, as_json=True)
    old = json.loads(capsys.readouterr().out)
    after = play(workspace, with_a_third_act(monkeypatch, tmp_path / "course"))
    achievements.run(after, as_json=True)
    new = json.loads(capsys.readouterr().out)
    places = [[rank["name"] for rank in new["ranks"]].index(one["rank"]) for one in (old, new)]
    assert new["xp"] == old["xp"] and places[1] >= places[0]
    assert [one["earned"] for one in new["achievements"]] == [one["earned"] for one in old["achievements"]]
    assert any(one["earned"] and one["earned"][0]["act"] == 1 for one in new["achievements"])


def test_the_end_of_each_act_judges_its_own_levels_and_names_what_comes_next(context: Context, levels: Levels) -> None:
    pass_levels(context, *range(1, 9))
    assert [level.number for level in levels if finale.has_come(context.progress.states(), level)] == ENDS[:1]
    for level in levels:
        context.workspace.file(level).write_text("nothing yet")
    judged: list[int] = []

    def judge(job: object) -> object:
        judged.append(job.level.number)  # type: ignore[attr-defined]
        return QuickJudge()(job, lambda record: None, None)  # type: ignore[arg-type]

    end = finale.judge_all(context, levels[7], 1.0, judge, lambda record: None)  # type: ignore[arg-type]
    assert judged == list(range(1, 8)) and [level.number for level, _ in end.changed] == judged  # none holds the word
    assert finale.as_json(end)["act"] == 1 and finale.as_json(end)["levels"] == 8
    pass_levels(context, *range(9, 15))
    assert [level.number for level in levels if finale.has_come(context.progress.states(), level)] == ENDS


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
def test_levels_past_nine_are_reached_by_typing_their_number(
    context: Context, levels: Levels, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "SECONDS_BETWEEN_DIGITS", 3600.0)  # a busy machine isn't a slow hand
    pass_levels(context, *range(1, 9))

    async def scenario(driver: Driver) -> None:
        await driver.press("1", "2")
        assert driver.main.at.number == 12
        await driver.sees(f"Level 12, {levels[11].title}", f"pass level 9, {levels[8].title}")
        await driver.press("right", "right", "right")
        assert driver.main.at.number == 14
        await driver.press("n")
        await driver.until(lambda: driver.main.at.number == 9)
        await driver.press("question_mark")
        await driver.sees("1 ... 14")

    drive(context.workspace, scenario, size, levels=levels)


def test_the_map_beside_the_briefing_shows_both_acts(context: Context, levels: Levels) -> None:
    pass_levels(context, *range(1, 12))

    async def scenario(driver: Driver) -> None:
        await driver.sees(
            "11 of 14 passed", "Act I Flash Attention", "1 ✓ Vector addition", f"Act II {ACTS[1].about[:12]}"
        )
        await driver.sees(f"12 ▶ {levels[11].title}", f"14 ○ {levels[13].title}")

    drive(context.workspace, scenario, WIDE, levels=levels)


def test_in_a_narrow_terminal_the_line_of_levels_shows_all_of_them_without_their_stars(
    context: Context, levels: Levels
) -> None:
    pass_levels(context, *range(1, 12))

    async def scenario(driver: Driver) -> None:
        await driver.sees(" ".join([*(f"{number}✓" for number in range(1, 12)), "12▶ 13○ 14○"]))

    drive(context.workspace, scenario, NARROW, level=12, levels=levels)


@pytest.mark.parametrize(
    ("last", "heading", "next_one"),
    [
        (8, "You finished Act I of the Triton Attention Quest", f"9. {LEVELS[8].title}"),
        (14, "You finished the Triton Attention Quest", ""),
    ],
)
def test_a_saved_last_level_of_an_act_ends_in_the_acts_finale(
    context: Context, levels: Levels, last: int, heading: str, next_one: str
) -> None:
    pass_levels(context, *range(1, last))
    for level in levels:
        context.workspace.file(level).write_text("right")
    judge = QuickJudge()

    async def scenario(driver: Driver) -> None:
        driver.save(last, "right at last")
        await driver.sees(heading, "every one still passes", next_one)

    drive(context.workspace, scenario, WIDE, judge=judge, level=last, levels=levels)
    first = 1 if last == ENDS[0] else ENDS[0] + 1
    assert judge.files == [levels[last - 1].file, *(level.file for level in levels[first - 1 : last - 1])]
    assert {state.status for state in context.progress.states()[:last]} == {Status.PASSED}


def test_the_readmes_table_has_a_heading_for_each_act(levels: Levels) -> None:
    page = maker("make_levels")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = page.readme(text, levels)
    assert (
        told.index("**Act I: Flash Attention")
        < told.index("| 8. Flash Attention")
        < told.index(f"**Act II: {ACTS[1].about}")
    )
    assert f"| 14. {levels[13].title} |" in told
