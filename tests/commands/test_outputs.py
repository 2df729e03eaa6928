"""Whole outputs of every command at a fixed width: a changed word is seen, and is meant."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable

import pytest

from tests.commands import kernels
from tests.conftest import ROOT, Answer, Quest, clean_environment, command_table, run_line
from triton_quest.course import template
from triton_quest.course.table import LEVELS
from triton_quest.records.verdict import Check, Outcome, State, Verdict
from triton_quest.store import workspace

Expect = Callable[..., None]


@pytest.fixture(scope="module")
def judged(shared_quest: Quest) -> dict[str, Answer]:
    """One workspace's story, so that each kernel is judged once."""
    story = {}
    story["not-started"] = shared_quest.inside("check 1")
    shared_quest.file(1).write_text(kernels.UNFINISHED)
    story["gaps"] = shared_quest.inside("check")
    shared_quest.file(1).write_text(kernels.WRONG)
    story["wrong"] = shared_quest.inside("check 1")
    shared_quest.file(1).write_text(kernels.RIGHT)
    story["passed"] = shared_quest("check 1")  # once as it is typed: a process of its own, and a cold child
    story["overview"] = shared_quest.inside()
    story["solution"] = shared_quest.inside("solution 1")
    return story


# The map


def test_overview_of_a_fresh_workspace_is_a_map_with_the_next_command(quest: Quest, expect_output: Expect) -> None:
    expect_output("overview", quest())


def test_overview_fits_into_40_columns(quest: Quest, expect_output: Expect) -> None:
    answer = quest.inside("", COLUMNS="40")
    assert max(len(line.rstrip()) for line in answer.out.splitlines()) <= 40
    expect_output("overview-narrow", answer)


def test_overview_after_a_pass_shows_the_stars_and_the_next_level(
    judged: dict[str, Answer], expect_output: Expect
) -> None:
    expect_output("overview-one-passed", judged["overview"])


def test_overview_marks_a_level_whose_file_fails_since_its_pass(quest: Quest, expect_output: Expect) -> None:
    quest.pass_levels(1)
    assert quest.inside("check 1").code == 1
    answer = quest.inside()
    assert re.search(r"^ *1 +✓ +Vector addition +★★★ changed since", answer.out, re.MULTILINE)
    expect_output("overview-changed-since", answer)


@pytest.mark.parametrize("columns", [40, 52, 64, 70, 76, 80, 110])
@pytest.mark.parametrize("changed", [False, True], ids=["fresh", "changed since"])
def test_overview_names_every_level_in_full_whatever_fits_beside_it(quest: Quest, columns: int, changed: bool) -> None:
    if changed:
        quest.pass_levels(1)
        assert quest.inside("check 1").code == 1
    out = quest.inside("", COLUMNS=str(columns)).out
    for level in LEVELS:
        assert re.search(rf"^ *{level.number} +\S {{1,2}}{level.title} ", out, re.MULTILINE)
    assert max(len(line.rstrip()) for line in out.splitlines()) <= columns


# start


def test_start_shows_the_briefing_and_the_line_to_edit(quest: Quest, expect_output: Expect) -> None:
    expect_output("start-1", quest.inside("start 1"))


def test_start_without_a_number_means_the_current_level(quest: Quest) -> None:
    assert quest.inside("start").out == quest.inside("start 1").out


def test_start_at_40_columns_wraps_its_text(quest: Quest) -> None:
    answer = quest.inside("start 1", COLUMNS="40")
    text = [line.rstrip() for line in answer.out.splitlines() if not line.startswith("    ")]
    assert max(map(len, text)) <= 40


def test_start_at_40_columns_loses_nothing_of_a_drawn_picture(quest: Quest) -> None:
    wide, narrow = quest.inside("start 1"), quest.inside("start 1", COLUMNS="40")
    drawn = [line.rstrip() for line in wide.out.splitlines() if "+--+--+--+--+    +--+" in line]
    assert drawn and all(line in narrow.out for line in drawn)


@pytest.mark.parametrize("line", ["", "start 1", "hint 1", "reset 1 --yes"])
def test_the_next_command_stays_in_one_piece_at_40_columns(quest: Quest, line: str) -> None:
    wide, narrow = quest.inside(line), quest.inside(line, COLUMNS="40")
    assert wide.next_command in narrow.out


# check


@pytest.mark.parametrize("ending", ["not-started", "gaps", "wrong", "passed"])
def test_check_tells_its_verdict_and_the_next_command(
    judged: dict[str, Answer], expect_output: Expect, ending: str
) -> None:
    assert judged[ending].code == (0 if ending == "passed" else 1)
    expect_output(f"check-{ending}", judged[ending])


# hint


def test_the_six_hints_come_one_by_one_and_the_seventh_names_the_solution(quest: Quest, expect_output: Expect) -> None:
    first, *others = (quest.inside("hint 1") for _ in range(6))
    expect_output("hint-first", first)
    for number, answer in enumerate(others, start=2):
        assert answer.code == 0 and answer.out.startswith(f"hint {number} of 6   ")
    expect_output("hint-seventh", quest.inside("hint 1"))
    again = quest.inside("hint 1 --again")
    assert [again.out.count(f"hint {number} of 6   ") for number in range(1, 7)] == [1] * 6
    expect_output("hint-all-again", again)


def test_repeating_hints_takes_none(quest: Quest) -> None:
    quest.inside("hint 1")
    assert quest.inside("hint 1 --again").out.startswith("hint 1 of 6")
    assert quest.inside("hint 1").out.startswith("hint 2 of 6")


def test_hint_again_before_the_first_says_that_none_was_taken(quest: Quest, expect_output: Expect) -> None:
    expect_output("hint-none-again", quest.inside("hint 1 --again"))


# solution


def test_solution_is_kept_back_before_a_pass(quest: Quest, expect_output: Expect) -> None:
    expect_output("solution-before-a-pass", quest.inside("solution 1"))


def test_solution_is_shown_to_whoever_gives_up_and_the_level_is_worth_one_star(
    quest: Quest, expect_output: Expect
) -> None:
    expect_output("solution-given-up", quest.inside("solution 1 --give-up"))
    assert quest.inside("solution 1").code == 0  # seen is seen
    quest.pass_levels(1)
    assert quest.progress.states()[0].stars == 1


def test_solution_is_shown_after_a_pass(judged: dict[str, Answer], expect_output: Expect) -> None:
    expect_output("solution-after-a-pass", judged["solution"])


def test_solution_sent_into_a_file_is_python(judged: dict[str, Answer]) -> None:
    heading, _, code = judged["solution"].out.partition("\n")
    clean = template.clean_solution(workspace.course_text(LEVELS[0], "solution.py"))
    assert heading.startswith("A solution of level 1")
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(template.without_texts(clean)))


# history, restore


@pytest.fixture
def played(quest: Quest) -> Quest:
    """A level's story: begun, three checks of one wrong text, one that was stopped, a pass, and once more from the start."""
    told = {
        "not_started": "Nothing is filled in yet: 6 gaps wait for you, at lines 126, 129, 132, 135, 138, 141.",
        "wrong": "In the case “one element” (x (1,), y (1,), fp32) the answer is wrong.",
        "passed": "",
    }

    def check(text: str, outcome: str) -> None:
        kind = Outcome(outcome)
        check = Check("a check", "numbers", State.PASSED if outcome == "passed" else State.FAILED, says=told[outcome])
        verdict = Verdict(1, LEVELS[0].slug, kind, "interpreter", 0.5, (check,))
        quest.progress.record_attempt(LEVELS[0], text, verdict)

    template = quest.file(1).read_text()
    check(template, "not_started")
    for _ in range(3):
        check(kernels.WRONG, "wrong")
    quest.progress.begin_attempt(LEVELS[0], kernels.HANGING)
    check(kernels.RIGHT, "passed")
    quest.progress.start_over()
    check(template, "not_started")
    quest.file(1).write_text(kernels.PRINTING)
    return quest


def test_history_before_the_first_check_says_so(quest: Quest, expect_output: Expect) -> None:
    expect_output("history-none", quest.inside("history"))


def test_history_lists_every_version_in_every_run(played: Quest, expect_output: Expect) -> None:
    expect_output("history", played.inside("history 1"))


def test_history_fits_into_40_columns(played: Quest, expect_output: Expect) -> None:
    answer = played.inside("history 1", COLUMNS="40")
    assert max(len(line.rstrip()) for line in answer.out.splitlines()) <= 40
    expect_output("history-narrow", answer)


def test_history_of_a_version_is_a_diff_against_the_file(played: Quest, expect_output: Expect) -> None:
    expect_output("history-version", played.inside("history 1 2"))


def test_history_of_a_version_beside_a_file_that_is_gone(played: Quest, expect_output: Expect) -> None:
    played.file(1).unlink()
    places = {str(played.workspace.root): "<here>"}
    expect_output("history-version-alone", played.inside("history 1 6"), places)


def test_history_without_such_a_version_says_where_they_are_listed(played: Quest, expect_output: Expect) -> None:
    expect_output("history-unknown", played.inside("history 1 99"))


def test_restore_names_what_it_brought_back_and_the_backup(played: Quest, expect_output: Expect) -> None:
    expect_output("restore", played.inside("restore 1 6"))
    expect_output("restore-again", played.inside("restore 1 6"))


# reset, benchmark, init, doctor


def test_reset_of_a_level_says_where_the_backup_is(quest: Quest, expect_output: Expect) -> None:
    expect_output("reset-1", quest.inside("reset 1 --yes"))


def test_reset_of_everything_lists_every_backup(quest: Quest, expect_output: Expect) -> None:
    expect_output("reset", quest.inside("reset --yes"))


def test_reset_without_yes_and_without_anybody_to_ask_says_what_to_add(quest: Quest, expect_output: Expect) -> None:
    before = quest.file(1).read_text()
    expect_output("reset-unconfirmed", quest.inside("reset"))
    expect_output("reset-1-unconfirmed", quest.inside("reset 1"))
    assert quest.file(1).read_text() == before and not quest.workspace.backups.exists()


def test_benchmark_without_a_gpu_says_why_it_races_nobody_and_shows_the_traffic(quest: Quest) -> None:
    quest.file(1).write_text(kernels.RIGHT)
    answer = quest.inside("benchmark 1")
    assert answer.code == 0
    assert answer.said.startswith("There is no GPU here, and times from Triton's interpreter say nothing about")
    assert answer.out.endswith(quest.inside("traffic 1").out)


def test_init_names_the_folder_and_how_to_begin(quest: Quest, expect_output: Expect) -> None:
    places = {str(quest.workspace.root): "<here>"}
    expect_output("init", quest("init other"), places)
    expect_output("init-again", quest.inside("init other"), places)


def test_init_names_a_folder_with_a_space_so_that_the_line_can_be_typed(quest: Quest) -> None:
    assert quest.inside("init 'my own quest'").next_command == "cd 'my own quest' && python quest.py"


def test_a_folder_whose_name_looks_like_markup_is_shown_as_it_is(quest: Quest) -> None:
    answer = quest.inside("init 'my[bold]quest'", COLUMNS="110")
    assert "/my[bold]quest." in answer.out and "cd 'my[bold]quest' && " in answer.out


@pytest.mark.slow
def test_doctor_looks_at_everything_and_judges_a_known_kernel(quest: Quest, expect_output: Expect) -> None:
    answer = quest("doctor")
    found = r"^(. )(quest|Python|torch|triton|numpy|rich|workspace):.*(\n(?!. |$).*)*"
    out = re.sub(found, r"\1\2: <found>", answer.out, flags=re.MULTILINE)
    out = re.sub(r"^. versions:.*\n(?:(?!. |$).*\n)*", "", out, flags=re.MULTILINE)
    expect_output("doctor", Answer(answer.line, answer.code, out, answer.err))


# --help and --version


@pytest.mark.parametrize("command", command_table(), ids=lambda command: command.replace(" ", "-") or "quest")
def test_help_of_each_command(shared_quest: Quest, expect_output: Expect, command: str) -> None:
    expect_output("-".join(["help", *command.split()]), shared_quest.inside(f"{command} --help".strip()))


def test_version_is_the_packages(shared_quest: Quest) -> None:
    from triton_quest import __version__

    assert shared_quest.inside("--version").out == f"quest, version {__version__}\n"


# What to type next


@pytest.mark.parametrize(("folder", "script"), [("triton_quest", "quest.py"), (".", "triton_quest/quest.py")])
def test_the_next_command_repeats_how_the_quest_was_called(folder: str, script: str) -> None:
    answer = run_line([sys.executable, script, "start", "nothing"], ROOT / folder, clean_environment())
    assert answer.next_command == f"python {script}"


def test_the_next_command_names_the_workspace_that_was_named(quest: Quest) -> None:
    words = ["triton_quest/quest.py", "--workspace", str(quest.workspace.root)]
    answer = run_line([sys.executable, *words], ROOT, clean_environment(COLUMNS="110"))
    assert f"--workspace {quest.workspace.root}" in " ".join(answer.out.split())
