"""Whatever is typed and whatever became of the files: a sentence, the next command, the right exit code, no traceback.

That nothing ends in a traceback is asserted for every command line of these tests, in `run_line` of the conftest.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import kernels
from tests.conftest import ROOT, TRACEBACK, Quest, arrived, clean_environment, run_line
from triton_quest import environment
from triton_quest.course.table import LEVELS
from triton_quest.store import workspace as workspaces

OURS, NOT_YET = 2, 1


def refused(quest: Quest, line: str, sentence: str, next_command: str, **environ: str) -> None:
    """Exit code 2, nothing on stdout, the sentence and the next command on stderr."""
    answer = quest.inside(line, **environ)
    assert (answer.code, answer.out) == (OURS, "")
    assert sentence in answer.said
    assert answer.next_command == f"python quest.py {next_command}".strip()


# Words that there aren't


@pytest.mark.parametrize(
    ("line", "next_command"),
    [("chek", "--help"), ("check --frobnicate", "check --help"), ("dev chek", "dev --help"), ("init", "init --help")],
)
def test_a_line_that_was_mistyped_is_answered_with_the_help_of_what_was_meant(
    shared_quest: Quest, line: str, next_command: str
) -> None:
    answer = shared_quest.inside(line)
    assert (answer.code, answer.next_command) == (OURS, f"python quest.py {next_command}")


# Levels that there aren't


UNKNOWN = ["start 0", "start 99", "start one", "start 1.0", "start -- -1", "start ''", "start 'vector add'"]


@pytest.mark.parametrize("line", [*UNKNOWN, "check 0", "hint one", "solution 99", "reset 0", "benchmark 0"])
def test_an_unknown_level_is_answered_with_the_levels_that_there_are(shared_quest: Quest, line: str) -> None:
    refused(shared_quest, line, f"the levels are 1 to {len(LEVELS)}", "")


@pytest.mark.parametrize("name", ["1", "level1", "vector-add", "level1_vector_add.py", "vector_add", "Vector-Add"])
def test_a_level_answers_to_its_number_its_slug_its_file_and_its_launcher(shared_quest: Quest, name: str) -> None:
    assert shared_quest.inside(f"start {name} --json").json()["level"] == 1


# Locked levels, and levels to come


@pytest.mark.parametrize("command", ["start", "check", "hint", "solution --give-up", "reset --yes"])
def test_a_locked_level_names_the_level_that_opens_it(shared_quest: Quest, command: str) -> None:
    locked = arrived()[-1]
    if locked.number == 1:
        pytest.skip("only level 1 is here")
    before = shared_quest.workspace.file(locked).read_text()
    sentence = f"Level {locked.number}, {locked.title}, is locked: pass level 1, Vector addition, to get there."
    refused(shared_quest, f"{command} {locked.number}", sentence, "start 1")
    assert shared_quest.workspace.file(locked).read_text() == before


@pytest.mark.parametrize("command", ["start", "check", "hint", "reset --yes"])
def test_a_level_that_lies_ahead_says_so(shared_quest: Quest, command: str) -> None:
    ahead = next((level for level in LEVELS if not level.has_arrived), None)
    if ahead is None:
        pytest.skip("every level is here")
    sentence = f"Level {ahead.number}, {ahead.title}, is on its way: it comes with a later version of the quest."
    refused(shared_quest, f"{command} {ahead.number}", sentence, "")


def test_another_file_is_judged_for_a_locked_level_too(quest: Quest) -> None:
    level = arrived()[-1]
    shutil.copy(quest.workspace.file(level), quest.workspace.root / "mine.py")
    answer = quest.inside(f"check {level.number} --file mine.py --json")
    assert (answer.code, answer.json()["outcome"]) == (NOT_YET, "not_started")


# What can become of a level file


def delete(file: Path) -> None:
    file.unlink()


def rename(file: Path) -> None:
    file.rename(file.with_name("my_kernel.py"))


def in_another_encoding(file: Path) -> None:
    file.write_bytes('note = "é"\n'.encode("latin-1"))


def folder_in_its_place(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "notes.txt").write_text("mine")


def link_to_nowhere(file: Path) -> None:
    file.unlink()
    file.symlink_to("moved_away.py")


def link_to_itself(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.name)


UNREADABLE = {
    "deleted": (delete, "is not there: it was moved, renamed or deleted"),
    "renamed": (rename, "is not there: it was moved, renamed or deleted"),
    "not UTF-8": (in_another_encoding, "is not UTF-8 text (byte 8): save it as UTF-8"),
    "a folder": (folder_in_its_place, "is a folder, and a file is needed in its place"),
    "a dangling link": (link_to_nowhere, "is not there"),
    "a link to itself": (link_to_itself, "can't be read"),
}


@pytest.mark.parametrize(("harm", "sentence"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_level_file_is_named_with_the_way_to_mend_it(
    quest: Quest, harm: Callable[[Path], None], sentence: str
) -> None:
    harm(quest.file(1))
    for line in ("start 1", "check 1"):
        refused(quest, line, sentence, "reset 1", COLUMNS="200")
        told = quest.inside(f"{line} --json")
        assert (told.code, sentence in told.json()["error"]) == (OURS, True)
    assert quest.inside().code == quest.inside("hint 1").code == 0  # these don't need the file
    assert quest.inside("reset 1 --yes").code == 0
    assert quest.inside("check 1 --json").json()["outcome"] == "not_started"


def test_a_folder_in_a_level_files_place_is_backed_up_by_a_reset(quest: Quest) -> None:
    folder_in_its_place(quest.file(1))
    backups = quest.inside("reset 1 --yes --json").json()["backups"]
    assert [(Path(backup) / "notes.txt").read_text() for backup in backups] == ["mine"]


UNFIT = {
    "emptied": (b"", "contract", "The file is empty."),
    "only spaces": (b"\n  \n", "contract", "The file is empty."),
    "not Python": (kernels.NOT_PYTHON.encode(), "syntax", "Line 19 isn't Python yet: expected ':'."),
    "a null byte": (b"x = 1\n\0\n", "syntax", "null byte"),
}


@pytest.mark.parametrize(("text", "outcome", "sentence"), UNFIT.values(), ids=UNFIT)
def test_a_file_that_is_no_kernel_yet_is_a_verdict_and_no_trouble(
    quest: Quest, text: bytes, outcome: str, sentence: str
) -> None:
    quest.file(1).write_bytes(text)
    answer = quest.inside("check 1 --json")
    told = answer.json()
    assert (answer.code, told["outcome"]) == (NOT_YET, outcome)
    assert sentence in told["checks"][0]["says"]
    assert quest.inside("start 1").code == quest.inside("hint 1").code == 0


def test_an_emptied_file_is_told_the_command_that_brings_it_back(quest: Quest) -> None:
    quest.file(1).write_text("")
    assert quest.inside("check 1").next_command == "python quest.py reset 1"


def test_a_byte_order_mark_before_the_text_is_no_syntax_error(quest: Quest) -> None:
    quest.file(1).write_bytes(b"\xef\xbb\xbf" + quest.file(1).read_bytes())
    assert quest.inside("check 1 --json").json()["outcome"] == "not_started"  # as for Python itself


def test_line_ends_from_windows_are_no_syntax_error(quest: Quest) -> None:
    quest.file(1).write_bytes(quest.file(1).read_bytes().replace(b"\n", b"\r\n"))
    assert quest.inside("check 1 --json").json()["outcome"] == "not_started"


# What can become of the workspace


def damage(quest: Quest) -> None:
    quest.pass_levels(1)
    with open(quest.workspace.database, "r+b") as file:
        file.write(b"no header of a database")


def make_newer(quest: Quest) -> None:
    quest.pass_levels(1)
    with closing(sqlite3.connect(quest.workspace.database)) as db:
        db.execute("PRAGMA user_version = 99")


UNFIT_DATABASES = {"damaged": (damage, "is damaged (file"), "newer": (make_newer, "was written by a newer version")}


@pytest.mark.parametrize(("harm", "says"), UNFIT_DATABASES.values(), ids=UNFIT_DATABASES)
@pytest.mark.parametrize("line", ["", "--json", "start 2", "hint 1", "history 1", "reset 1 --yes"])
def test_an_unfit_database_is_set_aside_with_a_sentence_and_the_command_goes_on(
    quest: Quest, harm: Callable[[Quest], None], says: str, line: str
) -> None:
    harm(quest)
    before = quest.workspace.database.read_bytes()
    answer = quest.inside(line, COLUMNS="40")
    (aside,) = quest.workspace.database.parent.glob("progress.*-*.db")
    assert answer.code == 0 and answer.out
    assert answer.err.startswith(f"▶ The progress database {quest.workspace.database} {says}")
    assert answer.err.endswith(
        f" It is kept as {aside}, and a new one was made: 1 pass and 1 checked version could be read of it.\n"
    )
    assert aside.read_bytes() == before
    assert quest.progress.states()[0].is_done
    assert quest.inside(line, COLUMNS="40").err == ""


@pytest.mark.slow
def test_doctor_too_sets_a_damaged_database_aside_and_goes_on(quest: Quest) -> None:
    damage(quest)
    answer = quest("doctor --json")
    assert "is damaged" in answer.err
    assert any(f"1 of {len(LEVELS)} levels passed" in finding["says"] for finding in json.loads(answer.out)["findings"])


def test_a_workspace_without_levels_says_how_to_make_one(quest: Quest) -> None:
    shutil.rmtree(quest.workspace.root / "levels")
    words = [sys.executable, "triton_quest/quest.py", "--workspace", str(quest.workspace.root)]
    answer = run_line(words, ROOT, clean_environment(COLUMNS="200"))
    assert answer.code == OURS and "is no workspace: it has no levels/ folder" in answer.said
    assert answer.next_command == f"python triton_quest/quest.py init {quest.workspace.root}"


def test_the_workspaces_own_quest_py_without_levels_is_a_sentence(quest: Quest) -> None:
    shutil.rmtree(quest.workspace.root / "levels")
    assert quest().code == OURS


def test_a_folder_that_was_removed_under_the_shell_is_a_sentence(tmp_path: Path) -> None:
    script = f"mkdir gone && cd gone && rmdir ../gone && exec {sys.executable} {ROOT / 'triton_quest' / 'quest.py'}"
    answer = run_line(["sh", "-c", script], tmp_path, clean_environment(QUEST_WORKSPACE=""))
    assert answer.code == OURS


# Terminals, pipes and languages


POISON = """\
import sys
from importlib.machinery import ModuleSpec

class Poison:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return ModuleSpec(name, cls) if name in ("torch", "triton") else None
    @staticmethod
    def create_module(spec):
        raise ImportError(spec.name + " was imported")
    exec_module = None

sys.meta_path.insert(0, Poison)
"""


def poison(folder: Path) -> Path:
    """A PYTHONPATH with which no Python can import torch or triton: its own modules alone come last in the parent."""
    made = folder / "poison"
    made.mkdir()
    (made / "sitecustomize.py").write_text(POISON)
    return made


WITHOUT_UTF8 = {"LANG": "", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LANGUAGES = [
    pytest.param({"LANG": "", "LC_ALL": "C"}, id="C", marks=pytest.mark.slow),
    pytest.param(WITHOUT_UTF8, id="C without UTF-8 mode"),
    pytest.param({"PYTHONIOENCODING": "ascii:strict"}, id="ASCII", marks=pytest.mark.slow),
    pytest.param({"PYTHONIOENCODING": "iso-8859-1"}, id="ISO-8859-1", marks=pytest.mark.slow),
]
CODES = {"": 0, "start": 0, "hint 1": 0, "--help": 0, "check 1": NOT_YET, "reset 1": OURS, "start 99": OURS}


@pytest.mark.parametrize("environ", LANGUAGES)
def test_every_language_and_encoding_gets_every_answer(quest: Quest, environ: dict[str, str]) -> None:
    assert {line: quest(line, **environ).code for line in CODES} == CODES


@pytest.mark.parametrize("encoding", ["ascii", pytest.param("iso-8859-1", marks=pytest.mark.slow)])
def test_what_such_an_encoding_lacks_is_written_in_another_way(quest: Quest, encoding: str) -> None:
    def said(line: str) -> str:
        return quest(line, PYTHONIOENCODING=encoding).said

    assert "1 > Vector addition" in said("") and "Your next step: -> python quest.py start 1" in said("")
    for line in ("", "start 1", "check 1", "start 99"):
        plain, there = said(line), quest.inside(line).said
        assert plain.count("?") == there.count("?"), f"a sign was lost in `{line}`: {plain}"


def test_a_workspace_may_have_any_name_in_any_locale(tmp_path: Path) -> None:
    quest = Quest(workspaces.init(tmp_path / "mein Übungsheft ☃")[0])
    assert [quest(line, **WITHOUT_UTF8).code for line in ("", "start 1", "check 1")] == [0, 0, NOT_YET]


@pytest.mark.parametrize("line", ["", "start 1", "check 1", "start 99"])
def test_a_pipe_gets_no_control_characters(shared_quest: Quest, line: str) -> None:
    answer = shared_quest(line, TERM="xterm-256color", COLORTERM="truecolor")
    assert "\x1b" not in answer.out + answer.err and "\r" not in answer.out


@pytest.mark.parametrize("columns", ["0", "1", "-5", "many", "", "19", "100000"])
def test_any_number_of_columns_gets_an_answer(shared_quest: Quest, columns: str) -> None:
    answer = shared_quest.inside("", COLUMNS=columns)
    assert answer.code == 0 and "Your next step" in answer.said


def test_help_is_shown_where_a_terminal_claims_to_have_no_columns(shared_quest: Quest) -> None:
    assert "Show the next of six hints" in shared_quest("--help", COLUMNS="0").said


@pytest.mark.parametrize("line", ["start 1", "--help", "start 1 --json"])
def test_a_reader_who_stops_reading_sees_no_error(shared_quest: Quest, line: str) -> None:
    command = f"{sys.executable} quest.py {line} | head -c 1 > /dev/null"
    environ = clean_environment()
    done = subprocess.run(
        ["sh", "-c", command], cwd=shared_quest.workspace.root, env=environ, capture_output=True, check=False
    )
    assert done.stderr == b""


@pytest.mark.parametrize(
    "line",
    ["reset 1 <&-", "check 1 <&-", ">&-", "start 1 --json >&-", "start 99 2>&-", "> /dev/full", "--json > /dev/full"],
)
def test_closed_or_full_streams_end_without_a_traceback(shared_quest: Quest, line: str) -> None:
    command = f"exec {sys.executable} quest.py {line}"
    environ = clean_environment()
    done = subprocess.run(
        ["sh", "-c", command], cwd=shared_quest.workspace.root, env=environ, capture_output=True, check=False
    )
    assert TRACEBACK not in (done.stdout + done.stderr).decode()


# Not needing torch


@pytest.mark.parametrize(
    "line",
    [
        "",
        "--json",
        "start 1",
        "hint 1",
        "hint 1 --again",
        "solution 1 --give-up",
        "history 1",
        "history 1 1",
        "restore 1 1",
        "reset 1 --yes",
        "init other",
        "--help",
    ],
)
def test_commands_that_read_and_write_import_neither_torch_nor_triton(quest: Quest, line: str) -> None:
    if line == "hint 1 --again":
        quest("hint 1")
    quest.pass_levels(1)
    path = str(poison(quest.workspace.root))
    assert quest(line, PYTHONPATH=path).code == 0


def test_check_of_an_unfinished_file_answers_before_torch_is_imported(quest: Quest) -> None:
    path = str(poison(quest.workspace.root))
    assert quest("check 1 --json", PYTHONPATH=path).json()["outcome"] == "not_started"
    quest.file(1).write_text(kernels.RIGHT)  # and then the poison works: the tests above can fail
    answer = quest("check 1 --json", PYTHONPATH=path)
    assert (answer.code, answer.json()["outcome"]) == (OURS, "error")
    assert answer.json()["error"].endswith("torch was imported")


# Versions


def installed(folder: Path, **versions: str) -> str:
    """A PYTHONPATH on which these packages have these versions."""
    for name, version in versions.items():
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return str(folder)


VERSIONS = {
    "an old torch": ({"torch": "2.4.1"}, "torch 2.4.1 is too old: the quest needs 2.11 or newer. Type: {install}"),
    "an old triton": ({"triton": "3.1.0"}, "triton 3.1.0 is too old: the quest needs 3.6 or newer. Type: {install}"),
}


@pytest.mark.parametrize(("versions", "sentence"), VERSIONS.values(), ids=VERSIONS)
def test_check_refuses_versions_that_cannot_work_with_what_to_type(
    quest: Quest, tmp_path: Path, versions: dict[str, str], sentence: str
) -> None:
    answer = quest("check 1", PYTHONPATH=installed(tmp_path, **versions), COLUMNS="110")
    assert (answer.code, answer.out) == (OURS, "")
    told = sentence.format(install=environment.install_command())
    assert " ".join(told.split()) in answer.said


@pytest.mark.slow
def test_versions_newer_than_any_tested_are_a_remark_of_doctor_and_nothing_more(quest: Quest, tmp_path: Path) -> None:
    path = installed(tmp_path, torch="99.0.0")
    assert quest("check 1 --json", PYTHONPATH=path).json()["outcome"] == "not_started"
    findings = quest("doctor --json", PYTHONPATH=path).json()["findings"]
    remarks = [finding["says"] for finding in findings if finding["what"] == "versions"]
    assert [remark[:60] for remark in remarks] == ["torch 99.0.0 is newer than any the quest was tested with (2."]
