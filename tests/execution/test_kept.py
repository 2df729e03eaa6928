"""Guards that what is judged is what was kept, and that no process of a judgement goes on after it or beyond its limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.execution.conftest import is_gone
from tests.execution.learner import HERE, at_import, in_launcher, line_of, solved
from triton_quest.course.level import Level
from triton_quest.parent import process, runner
from triton_quest.parent.runner import Job, judge, start_cold
from triton_quest.parent.standby import Standby
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v
from triton_quest.store import files

QUICK = Path(__file__).with_name("quick_worker.py")
Change = Callable[[Path], object]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker without torch, triton and the judge."""
    monkeypatch.setattr(process, "WORKER", QUICK)


# What is judged is what was kept


def saved(file: Path) -> None:
    file.write_text("x = (")


def emptied(file: Path) -> None:
    file.write_text("")


def deleted(file: Path) -> None:
    file.unlink()


def changed_before(start: runner.Start, change: Change, file: Path) -> runner.Start:
    """`start`, but the file is changed when its text was kept and no child has begun."""

    def started(job: Job, report_fd: int, crash_fd: int, output_fd: int) -> process.Forked:
        change(file)
        return start(job, report_fd, crash_fd, output_fd)

    return started


@pytest.mark.slow
@pytest.mark.parametrize("change", [saved, emptied, deleted])
def test_a_file_that_changes_during_its_check_is_judged_as_it_was_and_the_verdict_says_so(
    level: Level, tmp_path: Path, warm: Warm, change: Change
) -> None:
    file = tmp_path / "mine.py"
    for start in (start_cold, warm.start) if change is saved else (warm.start,):
        file.write_text(solved(level), encoding="utf-8")
        verdict = judge(Job(level, file, 60.0), start=changed_before(start, change, file))
        assert verdict.passed and verdict.file_changed, verdict.cause
        assert verdict.as_json()["file_changed"] is True


@pytest.mark.slow
def test_a_verdict_quotes_the_lines_that_were_judged(level: Level, tmp_path: Path) -> None:
    file, text = tmp_path / "mine.py", solved(level, in_launcher(f"raise KeyError('mine')  {HERE}"))
    file.write_text(text, encoding="utf-8")
    failure = judge(Job(level, file, 60.0), start=changed_before(start_cold, deleted, file)).first_failure
    assert failure and failure.places == (v.Place(line_of(text), f"raise KeyError('mine')  {HERE}"),)


@pytest.mark.usefixtures("quick")
def test_the_text_that_a_job_carries_is_judged_whatever_stands_in_the_file(level: Level, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("print('in the file')")
    carried = judge(Job(level, file, text="print('carried')"))
    assert carried.output == "carried\n" and carried.file_changed
    read = judge(Job(level, file))
    assert read.output == "in the file\n" and not read.file_changed and "file_changed" not in read.as_json()


@pytest.mark.usefixtures("quick")
def test_a_text_of_any_length_reaches_the_child(level: Level, tmp_path: Path) -> None:
    text = f"x = '{'é' * 300_000}'\nprint(len(x))"
    with Warm() as warm:
        for start in (start_cold, warm.start):
            assert judge(Job(level, tmp_path / "mine.py", text=text), start=start).output == "300000\n"


@pytest.mark.slow
def test_line_ends_and_the_mark_of_some_editors_change_no_line(level: Level, tmp_path: Path) -> None:
    text = solved(level, at_import(f"raise KeyError('mine')  {HERE}"))
    (tmp_path / "mine.py").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    failure = judge(Job(level, tmp_path / "mine.py", 60.0)).first_failure
    assert failure and failure.places == (v.Place(line_of(text), f"raise KeyError('mine')  {HERE}"),)


def test_a_file_that_was_just_emptied_is_read_when_its_text_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.py"
    file.write_text("")
    monkeypatch.setattr(files, "EMPTY_SECONDS", 20.0)
    monkeypatch.setattr(files.time, "sleep", lambda seconds: file.write_text("the text"))
    assert files.settled_text(file, "") == "the text"


def test_a_file_that_has_long_been_empty_is_empty_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.py"
    file.write_text("")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    monkeypatch.setattr(files.time, "sleep", None)
    assert files.settled_text(file, "") == ""


# No process goes on


LEAVES_A_SESSION = """\
import os, subprocess, sys
starts = "import subprocess as s; print(s.Popen(['sleep', '1000'], stdout=s.DEVNULL, start_new_session=True).pid)"
orphan = subprocess.run([sys.executable, "-c", starts], stdout=subprocess.PIPE, text=True).stdout.strip()
"""


@pytest.mark.usefixtures("quick")
def test_an_orphan_in_a_session_of_its_own_is_found_named_and_ended(level: Level, tmp_path: Path) -> None:
    with Warm() as warm:
        for start in (start_cold, warm.start):
            verdict = judge(Job(level, tmp_path / "mine.py", text=LEAVES_A_SESSION + "print(orphan)"), start=start)
            (remark,) = verdict.checks
            assert verdict.passed and remark.state is v.State.PASSED and "sleep 1000" in remark.says
            assert is_gone(int(verdict.output))
            again = judge(Job(level, tmp_path / "mine.py", text="print(1)"), start=start)
            assert again.passed and again.checks == (), "nothing of the job before is blamed on the next one"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 11)", "while True: pass"])
def test_orphans_are_ended_however_the_child_ends(level: Level, tmp_path: Path, end: str) -> None:
    verdict = judge(Job(level, tmp_path / "mine.py", 1.0, text=f"{LEAVES_A_SESSION}print(orphan, flush=True)\n{end}"))
    assert not verdict.passed and is_gone(int(verdict.output))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("way", ["cold", "warm"])
def test_nothing_of_a_judgement_outlives_its_parent(level: Level, tmp_path: Path, number: int, way: str) -> None:
    """Neither the child, though it holds the interpreter's lock, nor its parent, nor an orphan in a session of its own."""
    os.mkfifo(tmp_path / "fifo")
    text = f"""\
        import ctypes
        pids = f"{{os.getpid()}} {{os.getppid()}} {{orphan}}"
        with open({str(tmp_path / "fifo")!r}, "w") as fifo: print(pids, file=fifo)
        ctypes.PyDLL(None).pause()
    """
    text = LEAVES_A_SESSION + textwrap.dedent(text)
    app = f"""\
        from pathlib import Path
        from triton_quest.course.table import LEVELS
        from triton_quest.parent import process, runner
        from triton_quest.parent.standby import Standby
        process.WORKER = Path({str(QUICK)!r})
        job = runner.Job(LEVELS[0], Path("mine.py"), 600.0, text={text!r})
        runner.judge(job) if {way == "cold"} else Standby(("interpreter",)).judge(job)
    """
    words = [sys.executable, "-c", textwrap.dedent(app)]
    with subprocess.Popen(words, cwd=ROOT, start_new_session=True) as parent:
        with open(tmp_path / "fifo") as fifo:
            pids = [int(word) for word in fifo.readline().split()]
        parent.send_signal(number)
        assert parent.wait() == -number
    assert len(pids) == 3 and all(map(is_gone, pids))


@pytest.mark.usefixtures("quick")
def test_code_that_holds_the_interpreters_lock_meets_the_kernels_limit_and_its_line_is_named(
    level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "GRACE_SECONDS", 600.0)
    text = 'import re\nre.match("(a+)+$", "a" * 60 + "b")  # here'
    verdict = judge(Job(level, tmp_path / "mine.py", 0.2, text=text))
    failure = verdict.first_failure
    assert verdict.outcome is v.Outcome.TIMEOUT and failure is not None
    assert "processor time" in failure.says and failure.places == (v.Place(2, text.splitlines()[1]),)


@pytest.mark.usefixtures("quick")
def test_a_limit_of_the_shells_own_is_no_lack_of_memory(level: Level, tmp_path: Path) -> None:
    text = "import resource\nprint(resource.getrlimit(resource.RLIMIT_CPU))\nwhile True: pass"
    app = f"""\
        import resource
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
        from pathlib import Path
        from triton_quest.course.table import LEVELS
        from triton_quest.parent import process, runner
        process.WORKER = Path({str(QUICK)!r})
        print(runner.judge(runner.Job(LEVELS[0], Path("mine.py"), 0.2, text={text!r})).output)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(app)], cwd=ROOT, capture_output=True, text=True)
    soft, hard = done.stdout.strip("()\n ").split(", ")
    assert int(soft) < int(hard) == 30, "the signal that has a name comes first"


@pytest.mark.usefixtures("quick")
def test_standing_by_the_text_is_read_once_for_all_tries(level: Level, tmp_path: Path) -> None:
    file, once = tmp_path / "mine.py", tmp_path / "once"
    text = f"""\
import os, signal
if not os.path.exists({str(once)!r}):
    open({str(once)!r}, "w").close()
    os.kill(os.getppid(), signal.SIGKILL)
    while True: pass
print('first')"""
    file.write_text(text)

    def save_another(record: v.Record) -> None:
        file.write_text("print('second')")

    with Standby(("interpreter",)) as standby:
        verdict = standby.judge(Job(level, file), save_another)
    assert verdict.output == "first\n" and verdict.file_changed
