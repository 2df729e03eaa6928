"""Achievements as a learner meets them: one line when earned, never twice, and all of them in a list. The judge is a quick one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest
from rich.console import Console

from tests.commands.players import quick_judge
from tests.conftest import Quest
from triton_quest import environment
from triton_quest.commands import benchmark
from triton_quest.commands.shared import race, waiting
from triton_quest.commands.shared.announcing import announce
from triton_quest.commands.shared.context import Context
from triton_quest.course.table import LEVELS
from triton_quest.parent import devices
from triton_quest.parent.runner import Ending, Job, Start
from triton_quest.progress.achievements import ACHIEVEMENTS, Achievement, Award
from triton_quest.records import verdict as v
from triton_quest.records.measured import Compiled, Counted, Moved
from triton_quest.records.race import Ceilings, Timing
from triton_quest.screen import achievements as screen
from triton_quest.screen.console import ASCII, THEME, Glyphs

Expect = Callable[..., None]
BADGE = "◆"


@pytest.fixture(autouse=True)
def quickly_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever holds the word "right" passes."""
    monkeypatch.setattr(devices, "judge", quick_judge)


def check(quest: Quest, number: int, text: str, options: str = "") -> str:
    quest.file(number).write_text(text)
    return quest.inside(f"check {number} {options}").out


def badges(out: str) -> list[str]:
    """The lines that tell of something earned."""
    return [line.strip() for line in out.splitlines() if line.startswith(BADGE)]


# check


def test_a_first_pass_tells_in_a_line_each_what_was_earned_and_the_next_check_nothing(quest: Quest) -> None:
    assert badges(check(quest, 1, "right")) == [
        "◆ On your own, level 1: passed with no hint, the solution unseen   +10 XP",
        "◆ First launch, level 1: the first finished version passed   +10 XP",
    ]
    assert badges(check(quest, 1, "right")) == []


def test_a_failure_tells_of_nothing(quest: Quest) -> None:
    assert badges(check(quest, 1, "wrong")) == []


def test_a_kernel_that_was_broken_and_mended_is_told_of_once(quest: Quest) -> None:
    for text in ("right", "wrong"):
        check(quest, 1, text)
    assert badges(check(quest, 1, "right again")) == [
        "◆ Broken and mended, level 1: failed after a pass, and passed again   +30 XP"
    ]
    check(quest, 1, "wrong")
    assert badges(check(quest, 1, "right")) == []


def test_another_file_earns_nothing(quest: Quest) -> None:
    (quest.workspace.root / "other.py").write_text("right")
    answer = quest.inside("check 1 --file other.py --json")
    assert answer.json()["earned"] == [] and quest.progress.earned() == ()


def test_json_has_what_was_newly_earned_and_prints_nothing_else(quest: Quest) -> None:
    quest.file(1).write_text("right")
    first, again = (quest.inside("check 1 --json").json() for _ in range(2))
    told = {"achievement": "no-hints", "title": "On your own", "level": 1, "act": None, "xp": 10}
    assert told in first["earned"] and again["earned"] == []


def test_what_was_done_before_there_were_achievements_is_told_together(quest: Quest) -> None:
    quest.pass_levels(1, 2, 3)
    out = check(quest, 3, "right")
    assert badges(out) == ["◆ 6 achievements   +60 XP"]
    told = [line.rstrip() for line in out.splitlines()]
    assert {"  On your own, levels 1, 2, 3", "  First launch, levels 1, 2, 3"} <= set(told)
    assert "All of them: → python quest.py achievements" in told


def test_the_end_of_the_quest_tells_of_it_after_every_level_was_judged_again(quest: Quest) -> None:
    for number in range(1, 8):
        check(quest, number, "right")
    quest.file(2).write_text("wrong")
    out = check(quest, 8, "right")
    assert "Who needs a GPU" in out and "All of them hold" not in out
    assert "All of them hold" in "".join(badges(check(quest, 2, "right once more")))


def test_progress_that_cant_be_read_is_no_reason_to_fail(quest: Quest) -> None:
    quest.workspace.database.parent.chmod(0o500)
    try:
        assert announce(Context(quest.workspace.root)) == []
    finally:
        quest.workspace.database.parent.chmod(0o700)


# compile, traffic, benchmark


def measuring(monkeypatch: pytest.MonkeyPatch, *records: v.Record, outcome: v.Outcome = v.Outcome.PASSED) -> None:
    """What the child sends from here on."""

    def run(job: Job, tell: object, start: Start) -> Ending:
        return Ending(outcome, 1.0, records)

    monkeypatch.setattr(waiting, "run", run)


def kernels(spilled: int = 0) -> tuple[Compiled, ...]:
    return tuple(Compiled("k", target, (), 4, 3, 100, spilled, 0, 0.1) for target in ("sm_80", "sm_90"))


def counted(loaded: int) -> Counted:
    return Counted(64, "x", (Moved("k", "x", loaded, 100, loaded, 100),), 900, 100, 0, 10, 0, 0, 1)


@pytest.fixture
def passed(quest: Quest) -> Quest:
    """Levels 1 to 3 have passed, and all that this earned was told."""
    for number in (1, 2, 3):
        check(quest, number, "right")
    return quest


def test_compile_of_a_kernel_that_spills_nothing_is_told_once(passed: Quest, monkeypatch: pytest.MonkeyPatch) -> None:
    measuring(monkeypatch, *kernels())
    line = "◆ All in registers, level 2: compile finds no register spilled   +10 XP"
    assert badges(passed.inside("compile 2").out) == [line]
    assert badges(passed.inside("compile 2").out) == []
    assert passed.inside("compile 2 --json").json()["earned"] == []


@pytest.mark.parametrize(
    "line", ["compile 1", "compile 2 --file other.py", "compile 2 --case x", "compile 2 --asm ptx"]
)
def test_nothing_spilled_counts_only_at_a_level_where_it_can_for_its_own_file_and_usual_inputs(
    passed: Quest, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    measuring(monkeypatch, *kernels())
    (passed.workspace.root / "other.py").write_text("right")
    assert badges(passed.inside(line).out) == []


def test_a_file_that_was_changed_since_it_passed_is_measured_in_vain(
    passed: Quest, monkeypatch: pytest.MonkeyPatch
) -> None:
    measuring(monkeypatch, *kernels())
    passed.file(2).write_text("right, and not judged yet")
    assert badges(passed.inside("compile 2").out) == []
    passed.file(2).unlink()
    assert announce(Context(passed.workspace.root), True, LEVELS[1], kernels()) == []


def test_a_level_that_has_not_passed_is_measured_in_vain(passed: Quest, monkeypatch: pytest.MonkeyPatch) -> None:
    measuring(monkeypatch, *kernels())
    check(passed, 4, "wrong")
    assert badges(passed.inside("compile 4").out) == []


def test_traffic_near_the_least_is_told_once(passed: Quest, monkeypatch: pytest.MonkeyPatch) -> None:
    measuring(monkeypatch, counted(1800))
    assert badges(passed.inside("traffic 3").out) == []
    measuring(monkeypatch, counted(900))
    told = passed.inside("traffic 3 --json").json()["earned"]
    assert told == [{"achievement": "least-traffic", "title": "Every byte once", "level": 3, "act": None, "xp": 10}]
    assert badges(passed.inside("traffic 3").out) == []
    assert badges(passed.inside("traffic 2").out) == []


def test_a_race_that_was_won_is_told_once(passed: Quest, monkeypatch: pytest.MonkeyPatch) -> None:
    times = {"yours": 0.9, "eager": 1.0}
    made = race.RaceResult(LEVELS[0], Ceilings("a GPU", 2000.0, 500.0, "2.13", "3.7"))
    made.timings = [
        Timing(LEVELS[0].slug, "n = 2^28", who, ms, ms, ms, 9, 0, 1_600_000_000) for who, ms in times.items()
    ]
    monkeypatch.setattr(environment, "can_use_gpu", lambda: True)
    monkeypatch.setattr(benchmark.race, "race", lambda context, chosen, quiet: ([made], True))
    assert badges(passed.inside("benchmark 1").out) == [
        "◆ Faster than PyTorch, level 1: a race won against PyTorch's best   +10 XP",
        "◆ Up to the roofline, level 1: 85 % of what the GPU can do, in a race   +10 XP",
    ]
    assert passed.inside("benchmark 1 --json").json()["earned"] == []


# The list


def long_ago(quest: Quest) -> None:
    """The first two levels' achievements were earned on one day, the others on another."""
    with closing(sqlite3.connect(quest.workspace.database)) as db, db:
        db.execute("UPDATE earned SET at = '2026-11-25T10:00:00'")
        db.execute("UPDATE earned SET at = '2026-11-27T11:00:00' WHERE slug = 'softmax'")


def test_achievements_before_the_first_are_all_open(quest: Quest, expect_output: Expect) -> None:
    expect_output("achievements-none", quest("achievements"))


def test_achievements_lists_the_earned_ones_with_level_and_date_and_then_the_open_ones(
    passed: Quest, expect_output: Expect
) -> None:
    long_ago(passed)
    expect_output("achievements", passed("achievements"))


def test_achievements_fit_into_40_columns(passed: Quest, expect_output: Expect) -> None:
    long_ago(passed)
    answer = passed("achievements", COLUMNS="40")
    assert max(len(line.rstrip()) for line in answer.out.splitlines()) <= 40
    expect_output("achievements-narrow", answer)


def test_achievements_as_json_have_the_rank_and_every_one_with_where_it_was_earned(passed: Quest) -> None:
    answer = passed.inside("achievements --json").json()
    overview = passed.inside("--json").json()
    for key in ("xp", "rank", "next_rank", "xp_to_next_rank"):
        assert answer[key] == overview[key]
    assert [one["achievement"] for one in answer["achievements"]] == [one.slug for one in ACHIEVEMENTS]
    assert [place["level"] for place in answer["achievements"][0]["earned"]] == [1, 2, 3]
    assert overview["achievements"] == sum(len(one["earned"]) for one in answer["achievements"]) == 6


def test_starting_over_takes_rank_and_badges_off_the_map(passed: Quest) -> None:
    assert "6 ◆   Block, " in passed.inside().out
    passed.inside("reset --yes")
    out = passed.inside().out
    assert BADGE not in out and "Lane, 0 XP, 100 to Warp" in out


def test_the_list_finds_what_was_done_before_there_were_achievements(quest: Quest) -> None:
    quest.pass_levels(1)
    assert "levels 1" not in quest.inside("achievements").out and quest.progress.earned()
    assert badges(check(quest, 1, "right")) == []


# How it looks


def lines_of(awards: list[Award], glyphs: Glyphs) -> list[str]:
    console = Console(width=80, theme=THEME)
    with console.capture() as captured:
        console.print(screen.announcement(awards, "./quest achievements", glyphs))
    return captured.get().splitlines()


@pytest.mark.parametrize("one", ACHIEVEMENTS, ids=lambda one: one.slug)
def test_each_achievement_is_told_in_one_line_of_80_columns(one: Achievement) -> None:
    (line,) = lines_of([Award(one, LEVELS[7] if one.slug[:4] != "all-" else None, "")], Glyphs())
    assert line.startswith(f"◆ {one.title}") and len(line.rstrip()) <= 80


def test_an_ascii_terminal_is_told_in_ascii() -> None:
    award = Award(ACHIEVEMENTS[0], LEVELS[0], "")
    levels = [replace(award, level=level) for level in LEVELS]
    assert all(line.isascii() for awards in ([award], levels) for line in lines_of(awards, ASCII))


def test_the_table_names_each_achievement_once_in_words_that_fit_its_column() -> None:
    for what in ("slug", "title", "says"):
        assert len({getattr(one, what) for one in ACHIEVEMENTS}) == len(ACHIEVEMENTS)
    assert all(sum(way is not None for way in (one.rule, one.whole, one.measured)) == 1 for one in ACHIEVEMENTS)
    assert max(len(one.says) for one in ACHIEVEMENTS) <= 41
