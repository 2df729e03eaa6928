"""--json: one object on stdout and nothing else, with the keys that a program relies on, for answers and for failures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.commands import kernels
from tests.conftest import Quest, arrived
from triton_quest.course.table import LEVELS

TEXT, NUMBER, LIST, FLAG = str, (int, float), list, bool


def has_keys(answer: dict[str, Any], **kinds: Any) -> None:
    """Every key is there with its kind; keys may be added."""
    assert {key: value for key, value in answer.items() if key in kinds and not isinstance(value, kinds[key])} == {}
    assert set(kinds) <= set(answer)


def check_json(quest: Quest, line: str) -> dict[str, Any]:
    """The verdict of a `check --json`, with every key of its contract."""
    answer = quest.inside(line).json()
    has_keys(answer, level=int, slug=TEXT, passed=FLAG, outcome=TEXT, device=TEXT, seconds=NUMBER)
    has_keys(answer, checks=LIST, not_verified_here=LIST, output=TEXT)
    for check in answer["checks"]:
        has_keys(check, name=TEXT, outcome=TEXT, kind=TEXT, says=TEXT)
        assert check["outcome"] in ("passed", "failed", "skipped", "not_verified_here")
        assert {"finding", "case"} <= set(check)
    return answer


def test_overview_lists_every_level_with_its_status(quest: Quest) -> None:
    answer = quest.inside("--json").json()
    assert answer["workspace"] == str(quest.workspace.root)
    assert answer["next"].endswith("start 1")
    assert [level["slug"] for level in answer["levels"]] == [level.slug for level in LEVELS]
    for level in answer["levels"]:
        has_keys(level, level=int, slug=TEXT, title=TEXT, status=TEXT, stars=int, hints_taken=int, attempts=int)
    assert answer["levels"][0]["status"] == "open"
    assert {level["status"] for level in answer["levels"]} <= {"open", "locked", "passed", "changed", "ahead"}


def test_start_gives_the_file_the_line_and_the_briefing(quest: Quest) -> None:
    answer = quest.inside("start 1 --json").json()
    assert (answer["level"], answer["slug"], answer["file"]) == (1, "vector-add", str(quest.file(1)))
    assert quest.file(1).read_text().splitlines()[answer["line"] - 1].strip() == "pid = ..."
    assert answer["briefing"].startswith("# Level 1: Vector addition\n")
    assert answer["more"].startswith("## More on ")


def test_hint_gives_the_next_one_and_again_all_that_were_taken(quest: Quest) -> None:
    first = quest.inside("hint 1 --json").json()
    second = quest.inside("hint 1 --json").json()
    again = quest.inside("hint 1 --again --json").json()
    assert again["hints"] == first["hints"] + second["hints"]
    for number, hint in enumerate(again["hints"], start=1):
        has_keys(hint, number=int, of=int, title=TEXT, text=TEXT)
        assert (hint["number"], hint["of"]) == (number, 6) and hint["title"] and hint["text"]


def test_check_of_an_untouched_file_is_not_started(quest: Quest) -> None:
    answer = check_json(quest, "check 1 --json")
    assert (answer["level"], answer["slug"], answer["device"]) == (1, "vector-add", "interpreter")
    assert (answer["outcome"], answer["passed"]) == ("not_started", False)
    assert [place["source"][:6] for place in answer["checks"][0]["places"]] == [
        "TODO 1",
        *(f"TODO {n}" for n in range(2, 7)),
    ]


def test_check_of_wrong_numbers_carries_the_mismatch_as_data_and_what_the_code_printed(quest: Quest) -> None:
    quest.file(1).write_text(kernels.WRONG.replace("    out = torch", "    print('hello')\n    out = torch"))
    answer = check_json(quest, "check 1 --json")
    assert (answer["outcome"], answer["passed"]) == ("wrong", False)
    failed = [check for check in answer["checks"] if check["outcome"] == "failed"]
    assert [check["kind"] for check in failed] == ["numbers"]
    mismatch = failed[0]["mismatch"]
    assert mismatch["index"] == [0] and float(mismatch["expected"]) != float(mismatch["actual"])
    assert set(answer["output"].split()) == {"hello"}


def test_check_of_a_file_elsewhere_is_judged_and_nothing_is_recorded(quest: Quest) -> None:
    elsewhere = quest.workspace.root / "elsewhere.py"
    elsewhere.write_text(kernels.RIGHT)
    answer = check_json(quest, "check 1 --file elsewhere.py --json")
    assert (answer["outcome"], answer["passed"]) == ("passed", True)
    assert answer["not_verified_here"]
    assert quest.progress.states()[0].attempts == 0
    assert not quest.workspace.database.exists()


def test_solution_gives_the_code(quest: Quest) -> None:
    answer = quest.inside("solution 1 --give-up --json").json()
    assert (answer["level"], answer["slug"]) == (1, "vector-add")
    assert "def vector_add(" in answer["solution"] and "[gap" not in answer["solution"]


def test_history_lists_versions_and_gives_one_with_its_text_and_the_difference(quest: Quest) -> None:
    assert quest.inside("history 1 --json").json()["versions"] == []
    text = quest.file(1).read_text()
    for _ in range(2):
        quest.inside("check 1 --json")
    quest.file(1).write_text(text + "# more\n")
    answer = quest.inside("history --json").json()
    assert (answer["level"], answer["slug"], len(answer["versions"])) == (1, "vector-add", 1)
    kinds = {"id": int, "run": int, "at": TEXT, "outcome": TEXT, "cause": TEXT, "seconds": NUMBER}
    has_keys(answer["versions"][0], **kinds, checks=int, lines_added=int, lines_removed=int)
    assert (answer["versions"][0]["checks"], answer["versions"][0]["outcome"]) == (2, "not_started")
    answer = quest.inside("history 1 1 --json").json()
    has_keys(answer["version"], **kinds, text=TEXT, diff=TEXT)
    assert answer["file"] == str(quest.file(1)) and answer["version"]["text"] == text
    assert answer["version"]["diff"].endswith("\n-# more")
    quest.file(1).unlink()
    assert quest.inside("history 1 1 --json").json()["version"]["diff"] is None


def test_restore_names_the_file_and_the_backup(quest: Quest) -> None:
    quest.inside("check 1 --json")
    quest.file(1).write_text("mine\n")
    answer = quest.inside("restore 1 1 --json").json()
    assert (answer["level"], answer["version"], answer["file"]) == (1, 1, str(quest.file(1)))
    assert answer["changed"] is True and Path(answer["backup"]).read_text() == "mine\n"
    answer = quest.inside("restore 1 1 --json").json()
    assert (answer["changed"], answer["backup"]) == (False, None)


def test_reset_lists_levels_and_backups(quest: Quest) -> None:
    answer = quest.inside("reset --yes --json").json()
    assert answer["reset"] == [level.slug for level in arrived()]
    assert len(answer["backups"]) == len(arrived())
    assert all(backup.startswith(str(quest.workspace.backups)) for backup in answer["backups"])


def test_init_lists_what_it_made(quest: Quest) -> None:
    answer = quest.inside("init other --json").json()
    assert answer["workspace"] == str(quest.workspace.root / "other")
    assert {str(quest.workspace.root / "other" / "levels" / level.file) for level in arrived()} <= set(answer["made"])
    assert quest.inside("init other --json").json()["made"] == []


@pytest.mark.slow
def test_doctor_lists_its_findings(quest: Quest) -> None:
    answer = quest.inside("doctor --json").json()
    has_keys(answer, healthy=FLAG, findings=LIST)
    for finding in answer["findings"]:
        has_keys(finding, what=TEXT, ok=FLAG, says=TEXT, mend=TEXT)
    assert answer["healthy"] is True


FAILURES = {
    "start 99": "check 99 --json",
    "level 0": "start 0 --json",
    "text for a number": "hint one --json",
    "no such command": "frobnicate --json",
    "no such option": "check --frobnicate --json",
    "one word too many": "start 1 2 --json",
    "a missing word": "init --json",
    "no such option of a group": "dev --json",
    "a bad number": "check 1 --time-limit soon --json",
    "a workspace that is none": "--workspace nowhere --json",
    "a workspace that is none, for a command": "--workspace nowhere start 1 --json",
    "a file that isn't there": "check 1 --file nowhere.py --json",
    "a file without its level": "check --file nowhere.py --json",
    "a solution before a pass": "solution 1 --json",
    "a hint that wasn't taken": "hint 1 --again --json",
    "a reset without yes": "reset 1 --json",
    "a profile without a GPU": "profile 1 --json",
    "a version that there isn't": "history 1 99 --json",
    "a version that there isn't, to be restored": "restore 1 99 --json",
    "a restore without a version": "restore 1 --json",
    "a workspace in a file's place": "init quest.py --json",
}


@pytest.mark.parametrize("line", FAILURES.values(), ids=FAILURES)
def test_a_failure_is_one_object_with_a_sentence_and_the_next_command(shared_quest: Quest, line: str) -> None:
    answer = shared_quest.inside(line)
    told = answer.json()
    assert answer.code == 2
    assert told["outcome"] == "error"
    assert told["error"].strip()
    assert told["next"].startswith("python quest.py")


@pytest.mark.parametrize("line", ["--json start 1", "--json hint 1", "--json check 1", "--json reset 1 --yes"])
def test_json_before_the_command_isnt_silently_ignored(quest: Quest, line: str) -> None:
    quest.inside(line).json()  # an answer or a refusal, but an object
