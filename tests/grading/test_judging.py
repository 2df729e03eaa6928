"""Guards that other people's files are judged as `check` judges them, and that one which misbehaves harms nothing and nobody."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.commands import kernels
from tests.conftest import ROOT, clean_environment, run_line
from triton_quest.course.table import LEVELS
from triton_quest.grading import local, sandbox
from triton_quest.grading.judging import Manner, NotJudged
from triton_quest.grading.submissions import Submission
from triton_quest.records import verdict as v

pytestmark = pytest.mark.slow
NEEDS_BUBBLEWRAP = pytest.mark.skipif(
    shutil.which(sandbox.PROGRAM) is None, reason="bubblewrap isn't installed: apt install bubblewrap"
)
PROBE = """
import os, socket, tempfile

def tried(what, action):
    try:
        action()
        print(f"{what}: done")
    except BaseException as refusal:
        print(f"{what}: {type(refusal).__name__}")

def forks():
    for _ in range(200):
        if os.fork() == 0:
            os._exit(0)

tried("read a file of the grader's", lambda: open(SECRET).read())
tried("read another submission", lambda: os.listdir(CLASS))
tried("read the passwords", lambda: open("/etc/passwd").read())
tried("see the grader's environment", lambda: os.environ["GRADERS_SECRET"])
tried("see the grader's processes", lambda: os.kill(GRADER, 0))
tried("connect", lambda: socket.create_connection(("192.0.2.1", 80), timeout=0.2))
tried("look up a name", lambda: socket.getaddrinfo("example.org", 80))
tried("write into the system", lambda: open("/usr/mine", "w"))
tried("write into the quest", lambda: open(QUEST + "/mine", "w"))
tried("open a solution", lambda: open(QUEST + "/course/matmul/solution.py"))
tried("open the worker's memory", lambda: open(f"/proc/{os.getppid()}/mem", "rb"))
tried("fork without end", forks)
found = [name for name in os.listdir("/tmp") if name.startswith("probe-")]
tried("use a temporary file", lambda: tempfile.NamedTemporaryFile(prefix="probe-", delete=False).write(b"x"))
print("left by others:", found)
"""
MISBEHAVING = {  # what a launcher does, and what that comes to
    "hangs": ("while True: pass", "timeout"),
    "floods": ("print('x' * 10_000_000)\n    raise SystemExit", "exit"),
    "deletes": ("import shutil; shutil.rmtree('/tmp', ignore_errors=True)\n    raise OSError('gone')", "crash"),
    "crashes": ("import os; os.abort()", "crash"),
}


def handed_in(who: str, text: str, number: int = 1) -> Submission:
    level = LEVELS[number - 1]
    return Submission(who, level, Path("/class") / who / level.file, text)


def doing(action: str) -> str:
    return kernels.RIGHT.replace("    out = torch", f"    {action}\n    out = torch")


def judged(
    *submissions: Submission, seconds: float = 30.0, in_sandbox: bool = True
) -> Mapping[str, v.Verdict | NotJudged]:
    results = local.judge_all(submissions, Manner(seconds, in_sandbox), lambda one: None, workers=1)
    return {one.who: result for one, result in results}


@pytest.fixture(scope="module")
def in_the_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, v.Verdict | NotJudged]:
    """What a class comes to in which one probes, some misbehave, and the others are honest."""
    places = {
        "HOME": os.path.expanduser("~"),
        "CLASS": "/class",
        "GRADER": os.getpid(),
        "QUEST": str(ROOT / "triton_quest"),
    }
    probe = "".join(f"{name} = {value!r}\n" for name, value in places.items()) + PROBE
    os.environ["GRADERS_SECRET"] = "hidden"
    try:
        return judged(
            handed_in("prober", probe + kernels.RIGHT),
            handed_in("second prober", probe + kernels.RIGHT),
            *(handed_in(who, doing(action)) for who, (action, _) in MISBEHAVING.items()),
            handed_in("ann", kernels.RIGHT),
            handed_in("bob", kernels.WRONG),
            seconds=8.0,
        )
    finally:
        del os.environ["GRADERS_SECRET"]


def output(result: v.Verdict | NotJudged) -> list[str]:
    assert isinstance(result, v.Verdict), result
    return result.output.splitlines()


@NEEDS_BUBBLEWRAP
def test_a_file_sees_and_reaches_nothing_but_the_quest(in_the_sandbox: Mapping[str, v.Verdict | NotJudged]) -> None:
    said = dict(line.split(": ") for line in output(in_the_sandbox["prober"])[:13])
    assert said.pop("use a temporary file") == "done"
    assert "done" not in said.values(), said
    assert len(said) == 12


@NEEDS_BUBBLEWRAP
def test_what_one_file_leaves_the_next_one_does_not_find(in_the_sandbox: Mapping[str, v.Verdict | NotJudged]) -> None:
    assert output(in_the_sandbox["prober"])[-1] == output(in_the_sandbox["second prober"])[-1] == "left by others: []"


@NEEDS_BUBBLEWRAP
@pytest.mark.parametrize("who", MISBEHAVING)
def test_a_file_that_misbehaves_is_one_line_of_the_results(
    in_the_sandbox: Mapping[str, v.Verdict | NotJudged], who: str
) -> None:
    result = in_the_sandbox[who]
    assert isinstance(result, v.Verdict) and result.outcome.value == MISBEHAVING[who][1], result
    assert len(result.output) < 100_000


@NEEDS_BUBBLEWRAP
def test_honest_files_are_judged_as_check_judges_them(
    in_the_sandbox: Mapping[str, v.Verdict | NotJudged], tmp_path: Path
) -> None:
    for who, text in (("ann", kernels.RIGHT), ("bob", kernels.WRONG)):
        file = tmp_path / "file.py"
        file.write_text(text)
        words = [sys.executable, "triton_quest/quest.py", "check", "1", "--file", str(file), "--json"]
        checked = run_line(words, ROOT, clean_environment()).json()
        result = in_the_sandbox[who]
        assert isinstance(result, v.Verdict)
        graded = json.loads(json.dumps(result.as_json()))
        assert {**graded, "seconds": 0} == {**{key: checked.get(key) for key in graded}, "seconds": 0}


def test_a_file_that_ends_the_process_that_judges_is_tried_twice_and_reported() -> None:
    lost = "import os, signal\n    os.kill(os.getppid(), signal.SIGKILL)\n    while True: pass"
    found = judged(handed_in("ann", doing(lost)), handed_in("bob", kernels.RIGHT), in_sandbox=False)
    assert found["ann"] == NotJudged("The process that judges ended 2 times while this file was judged.")
    assert isinstance(found["bob"], v.Verdict) and found["bob"].passed
