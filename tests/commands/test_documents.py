"""README, CONTRIBUTING and the pages in docs/: every command in them can be typed as it stands and does what is said; every command is
in the first two."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.commands import kernels
from tests.commands.conftest import Clone, fitted_python
from tests.conftest import ROOT, Answer, Quest, Serving, clean_environment, command_table, maker, run_line
from triton_quest.course.table import LEVELS
from triton_quest.records.verdict import Outcome, Verdict
from triton_quest.store import workspace
from triton_quest.store.progress import Progress

PAGES = ("glossary", "life_of_a_check", "write_a_level", "another_machine", "json")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", *(f"docs/{name}.md" for name in PAGES), "findings/README.md")
PROGRAMS = re.compile(r"(?:[A-Z_]+=\S+ )?(\./quest|(quest|python|make|pip|git|cd|docker) .+)")
BELOW = ("python quest.py", "python levels/")  # typed in triton_quest/, as the README says


def commands_in(name: str) -> list[str]:
    """Every different command of a document: from its blocks, where a comment stands behind two spaces, and between backticks."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = [part for line in re.findall(r"^    (.+)$", text, re.MULTILINE) for part in re.split(r"  +", line)]
    found = [" ".join(line.split()) for line in [*blocks, *re.findall(r"`([^`]+)`", text)]]
    return sorted({line for line in found if PROGRAMS.match(line) and "..." not in line})


DOCUMENTED = sorted({line for name in DOCUMENTS for line in commands_in(name)})

TYPED_ELSEWHERE = {  # what takes longer, or needs more than a copy of the clone
    "git clone <this repository> triton-attention-quest": "tests/commands/test_fresh_clone.py",
    "cd triton-attention-quest": "tests/commands/test_fresh_clone.py",
    "cd triton_quest": "tests/commands/test_fresh_clone.py",
    "./quest --cpu": "tests/commands/test_fresh_clone.py",
    "./quest --cuda": "tests/commands/test_ways_in.py",
    "./quest doctor": "tests/commands/test_outputs.py",
    "./quest doctor --json": "tests/commands/test_fresh_clone.py",
    "quest init my-quest": "tests/commands/test_installed.py",
    "cd my-quest": "tests/commands/test_installed.py",
    "pip install .": "tests/commands/test_installed.py",
    "pip install -e .": "tests/commands/test_installed.py",
    "./quest grade DIR": "tests/grading/test_command.py",
    "./quest update": "tests/commands/test_update.py",
    "git pull": "tests/store/test_updating_a_clone.py",
    "./quest dev check": "tests/commands/test_authors.py",
    "./quest dev check --table": "tests/course/test_mutation.py",
    "git add": "tests/course/test_gate.py",
    "python benchmarks/gpu.py": "tests/benchmark/test_speeds_page.py",
    "python benchmarks/public_kernels.py FOLDER": "tests/benchmark/test_public_kernels.py",
}
TYPED_NOWHERE = {'docker run -it -v "$PWD":/quest -w /quest python:3.12 ./quest'}  # a container in a container
MEASURING = (
    "./quest compile",
    "./quest traffic",
    "./quest show",
    "./quest benchmark",
)  # typed within this process, but for one of them
SLOW = (*MEASURING, "python levels/")  # they import torch
SAYS = {  # command: its exit code, and words that show that it does what the document says; others just end with 0
    "./quest": (0, "Your next step"),
    "python quest.py": (0, "Your next step"),
    "python -m triton_quest": (0, "Your next step"),
    "python quest.py start 1": (0, "Your file: levels/level1_vector_add.py:"),
    "python quest.py check 1": (1, "Nothing is filled in yet"),
    "python quest.py play": (2, "needs a terminal"),
    "./quest play": (2, "needs a terminal"),
    "./quest play 2": (2, "needs a terminal"),
    "./quest check 1": (1, "Nothing is filled in yet"),
    "quest check 1": (1, "Nothing is filled in yet"),
    "python quest.py hint 1": (0, "hint 1 of 6"),
    "python quest.py solution 1": (0, "def vector_add"),
    "python quest.py history 1": (0, "passed"),
    "./quest history 1 --all": (0, "passed"),
    "./quest history 1 12 --whole": (0, "# version 12"),
    "python quest.py restore 1 12": (0, "Backup of what was there"),
    "python quest.py reset 1": (2, "after a backup"),  # nobody is here to confirm it
    "python levels/level1_vector_add.py": (1, "Nothing is filled in yet"),
    "./quest check 1 --file other.py": (1, "not finished yet"),
    "./quest check 1 --json": (1, '"outcome": "not_started"'),
    "python quest.py check 1 --json": (1, '"outcome": "not_started"'),
    "python quest.py --json": (0, '"next_rank": '),
    "./quest compile 1 --target sm_90": (0, "sm_90"),
    "./quest init ~/my-quest": (0, "Go there and begin"),
    "./quest --workspace DIR check": (1, "Nothing is filled in yet"),
    "./quest compile 1": (0, "registers a thread"),
    "./quest compile 1 --asm ptx": (0, "// add_kernel for sm_90: ptx"),
    "./quest traffic 1": (0, "bytes"),
    "./quest traffic": (0, "side by side"),
    "./quest show 1": (0, "what each program touches"),
    "./quest show 1 --program 2 --step 1": (0, "Program (2,), step 1 of 3"),
    "./quest show 1 --errors": (0, "Nothing is wrong"),
    "./quest benchmark": (0, "There is no GPU here"),
    "./quest profile 1": (2, "on a GPU"),
    "./quest reset": (2, "after a backup"),
    "./quest completion bash": (0, "complete -o nosort"),
    "./quest dev build": (0, "dev check"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def type_line(clone: Clone, home: Path, serving: Serving):  # type: ignore[no-untyped-def]
    """Type a documented line into a shell, in a clone in which level 1 was passed with twelve versions of its file."""
    clone.make_environment()
    tools = home / "tools"
    fitted_python(tools / "python")
    (tools / "quest").write_text('#!/bin/sh\nexec python -m triton_quest "$@"\n')
    (tools / "quest").chmod(0o755)
    (home / ".config" / "fish" / "completions").mkdir(parents=True, exist_ok=True)
    (clone.root / "other.py").write_text(kernels.UNFINISHED)
    level = LEVELS[0]
    passed = Verdict(1, level.slug, Outcome.PASSED, "interpreter", 0.0)
    progress = Progress(workspace.Workspace(clone.package).database)
    for version in range(1, 13):
        progress.record_attempt(level, f"# version {version}\n", passed)
    environ = clean_environment(
        HOME=str(home), PATH=f"{tools}{os.pathsep}{os.environ['PATH']}", PYTHONPATH=str(clone.root), COLUMNS="110"
    )

    def run(line: str) -> Answer:
        if line.startswith(MEASURING):
            (clone.levels / level.file).write_text(kernels.RIGHT)
        if line.startswith(MEASURING) and line != "./quest compile 1":
            quest = Quest(workspace.Workspace(clone.package), serving)
            return quest.inside(line.removeprefix("./quest").strip(), script="./quest", COLUMNS="110")
        at = clone.package if line.startswith(BELOW) else clone.root
        return run_line(["sh", "-c", line.replace(" DIR", f" {clone.package}")], at, environ, line)

    return run


def typed_here(line: str) -> bool:
    return line not in {*TYPED_ELSEWHERE, *TYPED_NOWHERE} and not re.sub(r"^[A-Z_]+=\S+ ", "", line).startswith("make ")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, marks=[pytest.mark.slow] if line.startswith(SLOW) else [])
        for line in DOCUMENTED
        if typed_here(line)
    ],
)
def test_a_documented_command_does_what_is_said(type_line, line: str) -> None:  # type: ignore[no-untyped-def]
    code, says = SAYS.get(line, (0, ""))
    answer = type_line(line)
    assert (answer.code, says in answer.said) == (code, True), answer.out + answer.err


@pytest.mark.parametrize("line", [line for line in DOCUMENTED if " ".join(line.split()[-2:]).startswith("make ")])
def test_a_documented_target_of_make_exists(line: str) -> None:
    answer = run_line(["sh", "-c", line.replace("make ", "make --dry-run ")], ROOT, clean_environment())
    assert answer.code == 0


def test_every_command_is_documented() -> None:
    table = command_table()
    for words in table:
        if words and not any(other.startswith(f"{words} ") for other in table):
            where = "CONTRIBUTING.md" if words.startswith("dev ") else "README.md"
            called = re.compile(rf"(\./quest|quest|python quest\.py) {words}\b")
            assert any(called.match(line) for line in commands_in(where)), f"{where} doesn't tell of `quest {words}`"


def test_what_is_typed_elsewhere_is_documented_and_its_test_is_there() -> None:
    assert {*TYPED_ELSEWHERE, *TYPED_NOWHERE, *SAYS} - set(DOCUMENTED) == set()
    assert [path for path in TYPED_ELSEWHERE.values() if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_names_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    paths = {
        path for path in re.findall(r"`([\w./*-]+/[\w./*-]*)`", text) if not path.startswith((".quest", "./", "~"))
    }
    paths |= {path for path in re.findall(r"\]\(([^)]+)\)", text) if not path.startswith("http")}
    roots = (ROOT, ROOT / "triton_quest", (ROOT / name).parent)
    assert [path for path in sorted(paths) if not any(list(root.glob(path)) for root in roots)] == []


def test_the_readme_lists_the_levels_of_the_table() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text == maker("make_levels").readme(text), "make levels, and look"
    listed = re.findall(r"^\| (\d+)\. ([^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    assert [(int(number), title) for number, title, asks in listed if asks.strip()] == [
        (row.number, row.title) for row in LEVELS
    ]


def test_the_commands_of_a_workspaces_own_readme_can_be_typed(shared_quest: Quest) -> None:
    lines = re.findall(r"^    (python quest\.py.*?)(?:  |$)", workspace.README, re.MULTILINE)
    assert len(lines) > 3
    for line in lines:
        answer = run_line(
            ["sh", "-c", line.replace("python", sys.executable)], shared_quest.workspace.root, clean_environment()
        )
        assert answer.code == (1 if line.endswith("check") else 0)
