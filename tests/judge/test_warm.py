"""Guards the process that stays warm: judgements in a row know nothing of each other, and its own death is told, not waited for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.execution.conftest import is_gone
from tests.judge.toys import HONEST, KERNEL, adding
from triton_quest.course.level import Level
from triton_quest.parent.process import WorkerGone
from triton_quest.parent.runner import Job, judge
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v

WRONG = HONEST.replace("x + y, mask", "x - y, mask")
OUTSIDE = HONEST.replace("x + y, mask=mask", "x + y")
NOT_FOR_A_GPU = HONEST.replace("mask = offsets < n", "mask = (offsets < n) and (offsets >= 0)")
Judge = Callable[[str], v.Verdict]


@pytest.fixture
def judged(level: Level, warm: Warm, tmp_path: Path) -> Judge:
    """judged(text): the warm process's verdict."""

    def judged(text: str) -> v.Verdict:
        file = tmp_path / "mine.py"
        file.write_text(text)
        return judge(Job(level, file, seconds=20.0), start=warm.start)

    return judged


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (WRONG, v.Outcome.WRONG),
        (OUTSIDE, v.Outcome.MEMORY),
        pytest.param(NOT_FOR_A_GPU, v.Outcome.COMPILE, marks=pytest.mark.slow),
        pytest.param(HONEST, v.Outcome.PASSED, marks=pytest.mark.slow),
    ],
    ids=["wrong", "outside", "not for a GPU", "honest"],
)
def test_the_same_file_gets_the_same_verdict_each_time_warm_or_cold(
    judged: Judge, level: Level, tmp_path: Path, text: str, outcome: v.Outcome
) -> None:
    first, again = judged(text), judged(text)
    assert first.outcome is outcome
    assert replace(again, seconds=0.0) == replace(first, seconds=0.0)
    cold = judge(Job(level, tmp_path / "mine.py", seconds=20.0))
    assert replace(cold, seconds=0.0) == replace(first, seconds=0.0)


def test_jobs_in_a_row_get_their_own_verdicts(judged: Judge) -> None:
    outcomes = [judged(text).outcome for text in (HONEST, WRONG, HONEST, OUTSIDE, "x = (", HONEST)]
    passed, wrong, memory, syntax = v.Outcome.PASSED, v.Outcome.WRONG, v.Outcome.MEMORY, v.Outcome.SYNTAX
    assert outcomes == [passed, wrong, passed, memory, syntax, passed]


def test_nothing_that_one_job_leaves_behind_reaches_the_next(judged: Judge) -> None:
    litter = (
        "import os, sys, builtins\n"
        "os.environ['LEFT_BEHIND'] = '1'; sys.path.insert(0, '/left_behind'); sys.modules['left_behind'] = os\n"
        "builtins.left_behind = True; torch.left_behind = True; os.chdir('/')\n"
    )
    look = (
        "import os, sys, builtins\n"
        "assert 'LEFT_BEHIND' not in os.environ and '/left_behind' not in sys.path and 'left_behind' not in sys.modules\n"
        "assert not hasattr(builtins, 'left_behind') and not hasattr(torch, 'left_behind')\n"
        "print(os.getcwd())\n"
    )
    before = judged(adding("return x", before=look)).output
    judged(adding("return x", before=litter))
    after = judged(adding("return x", before=look))
    assert after.output == before and after.outcome is not v.Outcome.IMPORT


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", v.Outcome.OUT_OF_MEMORY),
        ("os.kill(os.getpid(), signal.SIGSEGV)", v.Outcome.CRASH),
        ("os._exit(3)", v.Outcome.EXIT),
        ("sys.exit()", v.Outcome.EXIT),
        ("raise KeyboardInterrupt", v.Outcome.EXIT),
    ],
)
def test_a_job_that_ends_its_process_ends_only_its_own(judged: Judge, end: str, outcome: v.Outcome) -> None:
    verdict = judged(adding(f"out = torch.empty_like(x)\n{end}", before="import os, signal, sys\n"))
    assert verdict.outcome is outcome, verdict.detail
    assert verdict.first_failure and verdict.first_failure.advice
    assert judged(HONEST).passed


def test_a_job_whose_file_changes_is_judged_by_what_stands_there_now(judged: Judge) -> None:
    assert judged(WRONG).outcome is v.Outcome.WRONG
    assert judged(HONEST).passed


def test_preparing_for_a_level_changes_no_verdict(level: Level, tmp_path: Path) -> None:
    solution = (level.folder / "solution.py").read_text()
    file = tmp_path / "mine.py"
    with Warm() as fresh, Warm() as prepared:
        for text in (solution, solution.replace("x + y", "x - y"), HONEST, NOT_FOR_A_GPU):
            file.write_text(text)
            prepared.prepare(level)  # once, however often it is asked for
            verdicts = [judge(Job(level, file), start=process.start) for process in (fresh, prepared)]
            assert replace(verdicts[0], seconds=0.0) == replace(verdicts[1], seconds=0.0)


def test_a_process_that_died_cannot_prepare(level: Level) -> None:
    with Warm() as mortal:
        mortal.wait()
        os.kill(mortal.pid, signal.SIGKILL)
        assert is_gone(mortal.pid)
        with pytest.raises(WorkerGone):
            mortal.prepare(level)
            mortal.wait()


# The end of the warm process


def test_a_warm_process_that_was_killed_is_gone(level: Level, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HONEST)
    job = Job(level, tmp_path / "mine.py")
    with Warm() as mortal:
        os.kill(mortal.pid, signal.SIGKILL)
        assert is_gone(mortal.pid)
        for _ in range(2):
            with pytest.raises(WorkerGone):
                judge(job, start=mortal.start)


@pytest.mark.slow
def test_a_warm_process_that_is_killed_while_it_judges_is_gone_and_so_is_what_it_judged(
    level: Level, tmp_path: Path
) -> None:
    text = adding(
        "open(PID, 'w').write(str(os.getpid()))\nos.kill(os.getppid(), 9)\nwhile True: pass",
        before=f"import os\nPID = {str(tmp_path / 'pid')!r}\n",
        kernel=KERNEL,
    )
    (tmp_path / "mine.py").write_text(text)
    with Warm() as mortal, pytest.raises(WorkerGone):
        judge(Job(level, tmp_path / "mine.py", seconds=60.0), start=mortal.start)
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_closing_ends_the_process() -> None:
    with Warm() as mortal:
        pid = mortal.pid
    assert is_gone(pid)
    mortal.close()  # again: nothing left to do
