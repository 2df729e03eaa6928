"""At home in the shell: completion, an example in every help, exit codes, and errors that name what can be typed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.commands.conftest import Clone
from tests.commands.test_bad_input import poison
from tests.conftest import Quest, arrived, clean_environment, command_table

NEEDS_BASH = pytest.mark.skipif(shutil.which("bash") is None, reason="bash isn't installed")
SHELLS = ("bash", "zsh", "fish")


TABLE = command_table()


# Completion


def offered(quest: Quest, line: str, shell: str = "fish", **environ: str) -> dict[str, str]:
    """What is offered behind a line, and what is said of it, in the protocol between click and the shell."""
    words, _, incomplete = line.rpartition(" ")
    asked = {"COMP_WORDS": line, "COMP_CWORD": incomplete, "_QUEST_COMPLETE": f"{shell}_complete"}
    if shell != "fish":
        asked["COMP_CWORD"] = str(len(words.split()))
    done = subprocess.run(
        [sys.executable, "quest.py"],
        cwd=quest.workspace.root,
        env={**clean_environment(**environ), **asked},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if shell == "zsh":
        lines = done.stdout.splitlines()
        return dict(zip(lines[1::3], lines[2::3], strict=True))
    rows = [row.partition(",")[2].partition("\t") for row in done.stdout.splitlines()]
    return {value: said for value, _, said in rows}


def test_commands_and_options_are_offered(shared_quest: Quest) -> None:
    assert set(offered(shared_quest, "quest ")) == {name for name in TABLE if name and " " not in name}
    assert set(offered(shared_quest, "quest s")) == {"start", "solution", "show"}
    assert {"--file", "--json"} <= set(offered(shared_quest, "quest check --"))


def test_only_levels_that_one_may_play_are_offered_with_their_state(quest: Quest) -> None:
    assert offered(quest, "quest start ") == {"1": "Vector addition: open"}
    quest.pass_levels(1)
    if len(arrived()) > 1:
        now = offered(quest, "quest start ")
        assert now == {"1": "Vector addition: passed with 3 stars", "2": "Matrix multiplication: open"}
        assert set(offered(quest, "quest hint 2")) == {"2"}
    quest("check 1")  # it is passed, and the file fails now
    assert offered(quest, "quest start 1")["1"] == "Vector addition: passed with 3 stars and changed since"


@pytest.mark.parametrize("line", ["quest check --file mine.py ", "quest dev check "])
def test_where_no_lock_counts_every_level_is_offered(shared_quest: Quest, line: str) -> None:
    assert list(offered(shared_quest, line)) == [str(level.number) for level in arrived()]


def test_the_named_workspace_is_the_one_whose_levels_are_offered(quest: Quest, shared_quest: Quest) -> None:
    quest.pass_levels(1)
    line = f"quest --workspace {quest.workspace.root} start 1"
    assert offered(shared_quest, line) == {"1": "Vector addition: passed with 3 stars"}


def test_a_workspace_that_cannot_be_read_is_no_reason_to_say_anything(shared_quest: Quest) -> None:
    line = "quest --workspace /nowhere start 1"
    assert offered(shared_quest, line) == {
        str(level.number): level.title for level in arrived() if str(level.number).startswith("1")
    }


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_is_answered_and_neither_torch_nor_triton_is_imported(quest: Quest, shell: str) -> None:
    said = offered(quest, "quest start ", shell, PYTHONPATH=str(poison(quest.workspace.root)))
    assert said == {"1": "" if shell == "bash" else "Vector addition: open"}


def test_folders_are_asked_for_where_a_folder_is_meant(shared_quest: Quest) -> None:
    asked = {"COMP_WORDS": "quest init ", "COMP_CWORD": "2", "_QUEST_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "quest.py"],
        cwd=shared_quest.workspace.root,
        env={**clean_environment(), **asked},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "dir,\n"


def as_quest(folder: Path) -> Path:
    """A program called `quest`, in a folder of its own."""
    program = folder / "tools" / "quest"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" quest.py "$@"\n')
    program.chmod(0o755)
    return program


@pytest.mark.slow
@NEEDS_BASH
def test_the_tab_key_of_a_real_bash_completes_both_an_installed_quest_and_the_launcher(
    quest: Quest, tmp_path: Path
) -> None:
    program = as_quest(tmp_path)
    script = tmp_path / "completion.bash"
    script.write_text(quest("completion bash").out)
    shutil.copy(program, quest.workspace.root / "quest")
    environ = clean_environment(PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}", TERM="dumb")
    bash = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        cwd=str(quest.workspace.root),
        env=environ,
        encoding="utf-8",
        timeout=60,
    )
    bash.sendline(f"PS1='$ '; source {script}; echo rea''dy")
    bash.expect("ready\r\n")
    for typed in ("quest", "./quest"):
        bash.send(f"{typed} sta\t")
        bash.expect_exact(f"{typed} start ")
        bash.send("\t")
        bash.expect_exact("1 ")
        bash.sendline("--json")
        bash.expect_exact('"slug": "vector-add"')
    bash.sendline("exit")
    bash.expect(pexpect.EOF)
    bash.close()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_that_its_shell_understands(shared_quest: Quest, shell: str) -> None:
    script = shared_quest.inside(f"completion {shell}").out
    assert f"_QUEST_COMPLETE={shell}_complete" in script and "2>/dev/null" in script
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} isn't installed")
    subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_the_shell_is_taken_from_the_environment_or_asked_for(shared_quest: Quest) -> None:
    assert shared_quest.inside("completion", SHELL="/usr/bin/zsh").out == shared_quest.inside("completion zsh").out
    answer = shared_quest.inside("completion", SHELL="/bin/tcsh")
    assert (answer.code, answer.next_command) == (2, "python quest.py completion bash")


def test_the_tab_key_before_the_first_run_begins_no_download(clone: Clone) -> None:
    answer = clone.type("./quest", at=".", _QUEST_COMPLETE="bash_complete", COMP_WORDS="./quest ", COMP_CWORD="1")
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert not (clone.root / ".venv").exists()


# Help


@pytest.mark.parametrize("name", TABLE, ids=lambda name: name or "quest")
def test_every_help_has_an_example_that_can_be_typed(shared_quest: Quest, name: str) -> None:
    examples = re.findall(r"^ *Example: quest (.*)$", TABLE[name].help or "", re.MULTILINE)
    assert len(examples) == 1
    words = examples[0].partition(">")[0].strip()
    assert words.startswith(name)
    assert shared_quest.inside(f"{words} --help").code == 0


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_help_fits_into_the_terminal(shared_quest: Quest, columns: str) -> None:
    for name in TABLE:
        lines = shared_quest.inside(f"{name} --help", COLUMNS=columns).out.splitlines()
        assert max(len(line.rstrip()) for line in lines) <= min(100, int(columns))


def test_help_in_a_pipe_has_no_escapes(shared_quest: Quest) -> None:
    assert "\x1b" not in shared_quest("--help", TERM="xterm-256color", COLORTERM="truecolor").out


# Errors


MISTYPED = {
    "strat": "--help",
    "help": "--help",
    "dev chek": "dev --help",
    "start --jsn": "start --help",
    "init": "init --help",
    "check 1 --time-limit 0": "check --help",
    "completion tcsh": "completion --help",
    "start 1 2": "start --help",
}


@pytest.mark.parametrize(("line", "words"), MISTYPED.items(), ids=MISTYPED)
@pytest.mark.parametrize("script", ["quest.py", "./quest.py", "/here/quest.py"])
def test_a_mistyped_line_is_told_the_help_that_belongs_to_it(
    shared_quest: Quest, line: str, words: str, script: str
) -> None:
    answer = shared_quest.inside(line, script=script)
    assert (answer.code, answer.out) == (2, "")
    assert answer.next_command == f"python {script} {words}"


@pytest.mark.parametrize(("typed", "meant"), [("chek", "check"), ("solutoin", "solution")])
def test_a_misspelt_command_is_recognised(shared_quest: Quest, typed: str, meant: str) -> None:
    assert f"Did you mean '{meant}'?" in shared_quest.inside(typed).said


def test_a_launcher_in_a_folder_with_a_space_is_named_so_that_it_can_be_typed(shared_quest: Quest) -> None:
    answer = shared_quest.inside("start 99", QUEST_INVOKED_AS="./my quest/quest")
    assert shlex.split(answer.next_command) == ["./my quest/quest"]
