"""Guards what a learner reads of the gaps: in a verdict, in what to do next, and when the level file is run directly."""

from __future__ import annotations

import io
import os
import re
import sys
from dataclasses import replace

import pytest
from rich.console import Console

from tests.conftest import Quest, clean_environment, run_line
from tests.judge.gap_files import solution_of, with_open
from triton_quest.commands.check import next_after
from triton_quest.course.table import LEVELS
from triton_quest.records import verdict as v
from triton_quest.screen.console import THEME, Glyphs
from triton_quest.screen.verdict import gap_line
from triton_quest.screen.verdict import verdict as render_verdict
from triton_quest.store.records import Status

ONE = LEVELS[0]
HALF = with_open(solution_of(ONE), {4, 5, 6})
MASK = "    mask = offsets < n\n"


def states(*told: v.GapStanding, why: str = "") -> tuple[v.GapState, ...]:
    return tuple(
        v.GapState(number, 40 + number, (), state, why if state is v.GapStanding.NOT_TOLD else "")
        for number, state in enumerate(told, start=1)
    )


def drawn(what: object) -> str:
    console = Console(file=io.StringIO(), width=80, theme=THEME, highlight=False, color_system=None)
    console.print(what)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


RIGHT, WRONG, OPEN, NOT_TOLD = v.GapStanding.RIGHT, v.GapStanding.WRONG, v.GapStanding.OPEN, v.GapStanding.NOT_TOLD


@pytest.mark.parametrize(
    ("gaps", "line"),
    [
        (states(RIGHT, RIGHT, RIGHT, OPEN, OPEN, OPEN), "TODO 1-3: right so far   TODO 4-6: open"),
        (states(RIGHT, WRONG, RIGHT, OPEN), "TODO 1, 3: right so far   TODO 2: wrong   TODO 4: open"),
        (states(NOT_TOLD, NOT_TOLD, OPEN, why="a line is gone"), "TODO 1, 2: not told   TODO 3: open"),
    ],
)
def test_the_gaps_stand_in_one_line(gaps: tuple[v.GapState, ...], line: str) -> None:
    assert drawn(gap_line(gaps)).splitlines()[0] == line


def test_why_a_gap_is_not_told_is_said_once() -> None:
    said = drawn(gap_line(states(NOT_TOLD, NOT_TOLD, OPEN, why="a line is gone")))
    assert said.count("(not told: a line is gone)") == 1


def verdict(failed: v.Outcome, gaps: tuple[v.GapState, ...]) -> v.Verdict:
    check = v.failed(v.Check("a check", "memory", v.State.PASSED), failed, "It is wrong.")
    return v.Verdict(1, ONE.slug, v.Outcome.GAPS, "interpreter", 0.1, (check,), gaps=gaps)


def test_a_verdict_lists_the_gaps_below_what_is_wrong() -> None:
    shown = drawn(render_verdict(verdict(v.Outcome.MEMORY, states(RIGHT, WRONG, OPEN)), "Adding", Glyphs()))
    assert "not finished yet" in shown and "It is wrong." in shown
    assert "TODO 1: right so far   TODO 2: wrong   TODO 3: open" in shown


def test_what_comes_next_is_the_first_open_gap_and_its_line_where_nothing_is_wrong(quest: Quest) -> None:
    gaps = states(RIGHT, OPEN, OPEN)
    sentence, command = next_after(quest.progress, ONE, verdict(v.Outcome.GAPS, gaps))
    assert sentence.startswith("Next: TODO 2, line 42.") and command is not None
    sentence, _ = next_after(quest.progress, ONE, verdict(v.Outcome.MEMORY, gaps))
    assert "hint" in sentence


def test_a_gap_that_the_level_leaves_for_later_comes_after_the_others(quest: Quest) -> None:
    level = replace(ONE, later=(2,))
    sentence, _ = next_after(quest.progress, level, verdict(v.Outcome.GAPS, states(RIGHT, OPEN, OPEN)))
    assert sentence.startswith("Next: TODO 3,")
    sentence, _ = next_after(quest.progress, level, verdict(v.Outcome.GAPS, states(RIGHT, OPEN, RIGHT)))
    assert sentence.startswith("Next: TODO 2,")


def test_checks_that_all_passed_stand_in_one_line_above_the_gaps_that_are_open() -> None:
    told = verdict(v.Outcome.GAPS, states(RIGHT, OPEN))
    passed = v.Check("the numbers are right", "numbers", v.State.PASSED)
    shown = drawn(render_verdict(replace(told, checks=(passed, passed, *told.checks)), "Adding", Glyphs()))
    assert "2 checks passed: numbers" in shown and "the numbers are right" not in shown


def test_a_comment_behind_a_line_that_is_shown_is_left_out() -> None:
    told = verdict(v.Outcome.MEMORY, states(WRONG))
    (check,) = told.checks
    placed = replace(check, places=(v.Place(7, "tl.store(p, x)  # 4 * n bytes"),))
    shown = drawn(render_verdict(replace(told, checks=(placed,)), "Adding", Glyphs()))
    assert "tl.store(p, x)" in shown and "bytes" not in shown


@pytest.mark.slow
def test_a_check_with_open_gaps_never_unlocks_and_says_what_is_right_so_far(quest: Quest) -> None:
    quest.file(1).write_text(HALF)
    answer = quest.inside("check 1 --json")
    told = answer.json()
    assert answer.code == 1 and told["outcome"] == "gaps" and not told["passed"]
    assert [gap["state"] for gap in told["gaps"]] == ["right so far"] * 3 + ["open"] * 3
    assert quest.progress.state(ONE).status is Status.OPEN


# The level file, run directly


def run_directly(quest: Quest, text: str, typed: str = "") -> tuple[int, str]:
    quest.file(1).write_text(text)
    words = [sys.executable, os.path.join("levels", ONE.file)]
    if not typed:
        answer = run_line(words, quest.workspace.root, clean_environment())
        return answer.code, answer.out + answer.err
    import subprocess

    done = subprocess.run(
        words,
        cwd=quest.workspace.root,
        env=clean_environment(),
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_prints_in_filled_gaps_work_while_others_are_open(quest: Quest) -> None:
    code, said = run_directly(quest, HALF.replace(MASK, f"{MASK}    print('mask', mask.shape)\n"))
    assert code == 1 and "mask [" in said
    assert re.search(r"Open: TODO 4 \(line \d+\)", said)
    assert re.search(r"These numbers are right so far. Next is TODO 4 \(line \d+\)\.", " ".join(said.split()))


@pytest.mark.slow
def test_a_breakpoint_in_a_filled_gap_shows_the_learners_own_lines(quest: Quest) -> None:
    text = HALF.replace(MASK, f"    breakpoint()\n{MASK}")
    _, said = run_directly(quest, text, typed="p offsets.shape\nlist 150, 165\nq\n")
    assert "-> mask = offsets < n" in said and "x = ..." in said
    assert "x = tl.load(" not in said
