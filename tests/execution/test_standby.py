"""Guards the judgement without a wait: whatever the learner's code, the editor or the disk do to the process at hand, the
caller gets a verdict of the file and the package as they are now, or Cancelled at once; and nothing is left behind.

quick_worker.py stands in for the worker where torch and the judge don't matter.
"""

from __future__ import annotations

import os
import py_compile
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.execution.conftest import PATIENCE_SECONDS, is_gone
from tests.execution.learner import HERE, at_import, in_launcher, returning, solved
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.parent import process, runner, standby
from triton_quest.parent.devices import judge_on
from triton_quest.parent.runner import Job
from triton_quest.parent.standby import Cancelled, Standby
from triton_quest.records import verdict as v

QUICK = Path(__file__).resolve().parent / "quick_worker.py"
CPU, GPU, BOTH = ("interpreter",), ("gpu",), ("interpreter", "gpu")
HANG = "while True: pass"
PIDS = "import os; print(os.getpid(), os.getppid())"
KILL_PARENT = "import os, signal; os.kill(os.getppid(), signal.SIGKILL)"


class Session:
    """A Standby, and files to be judged by it: session("print(1)") is the verdict."""

    def __init__(self, folder: Path, standby: Standby, level: Level) -> None:
        self.file, self.standby, self.level = folder / "mine.py", standby, level

    def __call__(self, text: str, **more: object) -> v.Verdict:
        self.file.write_text(text, encoding="utf-8")
        return self.standby.judge(Job(self.level, self.file, seconds=60.0), **more)  # type: ignore[arg-type]

    def pids(self) -> list[int]:
        """On each device, of the process that judges and of the one at hand that started it."""
        return [int(pid) for pid in self(PIDS).output.split()]

    def cancelled_when_it_runs(self, text: str) -> list[v.Record]:
        """Judge, and cancel as soon as the file has begun to run; what was told until then. Fails if it isn't cancelled."""
        cancelled, told = threading.Event(), []

        def tell(record: v.Record) -> None:
            told.append(record)
            if isinstance(record, v.StageStarted):
                cancelled.set()

        with pytest.raises(Cancelled):
            self(text, on_record=tell, cancelled=cancelled)
        return told


Open = Callable[..., Session]


@pytest.fixture
def quick(tmp_path: Path, level: Level, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """quick(devices): a session on the quick worker."""
    monkeypatch.setattr(process, "WORKER", QUICK)
    opened: list[Standby] = []

    def open_one(on: tuple[str, ...] = CPU) -> Session:
        opened.append(Standby(on))
        return Session(tmp_path, opened[-1], level)

    yield open_one
    for one in opened:
        one.close()


# What is at hand


@pytest.mark.parametrize("text", ["print('hello')", "import os; os._exit(3)", "import sys; sys.exit(2)"])
@pytest.mark.parametrize("on", [CPU, GPU, BOTH])
def test_the_verdict_is_the_one_of_a_cold_start(quick: Open, on: tuple[str, ...], text: str) -> None:
    session = quick(on)
    verdict, cold = session(text), judge_on(on, Job(session.level, session.file, seconds=60.0))
    assert cold.outcome in (v.Outcome.PASSED, v.Outcome.EXIT, v.Outcome.ERROR)
    assert replace(verdict, seconds=0.0, detail="") == replace(cold, seconds=0.0, detail="")


def test_the_interpreters_judgements_fork_from_one_process(quick: Open) -> None:
    session = quick()
    (first, parent), (second, again) = session.pids(), session.pids()
    assert first != second and parent == again


def test_each_judgement_on_a_gpu_has_a_process_of_its_own_that_was_started_ahead(quick: Open) -> None:
    session = quick(GPU)
    at_hand = session.standby._ready["gpu"].process.pid
    (first, parent), next_at_hand = session.pids(), session.standby._ready["gpu"].process.pid
    assert parent == at_hand != next_at_hand
    assert is_gone(first) and is_gone(parent)
    assert session.pids()[1] == next_at_hand


def test_what_was_started_ahead_for_a_gpu_is_not_told_to_interpret(quick: Open) -> None:
    asks = "import os; print(os.environ.get('TRITON_INTERPRET'))"
    assert quick(GPU)(asks).output.split() == ["None"]
    assert quick(CPU)(asks).output.split() == ["1"]


@pytest.mark.parametrize("on", [CPU, GPU])
def test_any_kind_of_job_is_done_where_something_stands_by_and_cold_elsewhere(quick: Open, on: tuple[str, ...]) -> None:
    session = quick(on)
    at_hand = session.standby._ready[on[0]].process.pid
    session.file.write_text(PIDS)
    ended = session.standby.run(Job(session.level, session.file, kind="compile"))
    assert ended.outcome is v.Outcome.PASSED
    assert (int(ended.output.split()[1]) == at_hand) == (on == CPU)


@pytest.mark.parametrize("on", [CPU, GPU])
@pytest.mark.parametrize("ahead", [True, False], ids=["at hand before", "started after"])
def test_where_the_current_folder_was_deleted_files_are_judged_as_elsewhere(
    quick: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on: tuple[str, ...], ahead: bool
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    session = quick(on)
    where = "import os; print(os.getcwd())"
    if ahead:
        assert session(where).output == f"{here}\n"
    here.rmdir()
    session = session if ahead else quick(on)
    assert session(where).output == "/\n"
    assert judge_on(on, Job(session.level, session.file)).output == "/\n"


# Cancelling


@pytest.mark.parametrize("on", [CPU, GPU])
@pytest.mark.parametrize(
    "text",
    [
        HANG,
        "import signal\nfor one in signal.valid_signals() - {9, 19}: signal.signal(one, signal.SIG_IGN)\n" + HANG,
        "import time; time.sleep(1000)",
        "import os\nwhile True: os.write(1, b'y' * 5000)",
    ],
    ids=["a hang", "a hang that ignores every signal", "a sleep", "a flood"],
)
def test_cancelling_ends_the_judgement_and_the_next_one_is_judged(quick: Open, on: tuple[str, ...], text: str) -> None:
    session = quick(on)
    session.cancelled_when_it_runs(text)
    assert session("print('next')").output == "next\n"


def test_a_cancelled_judgement_leaves_no_process_and_the_one_at_hand_lives(quick: Open, tmp_path: Path) -> None:
    session, fifo = quick(), tmp_path / "fifo"
    parent = session.pids()[1]
    os.mkfifo(fifo)
    text = f"""\
        import os, subprocess
        sleeper = subprocess.Popen(['sleep', '1000'])
        with open({str(fifo)!r}, 'w') as fifo: print(os.getpid(), sleeper.pid, file=fifo)
        {HANG}
    """
    cancelled, pids = threading.Event(), []

    def cancel_when_told() -> None:
        pids.extend(map(int, fifo.read_text().split()))
        cancelled.set()

    reader = threading.Thread(target=cancel_when_told)
    reader.start()
    with pytest.raises(Cancelled):
        session(textwrap.dedent(text), cancelled=cancelled)
    reader.join()
    assert len(pids) == 2 and all(map(is_gone, pids))
    assert session.pids()[1] == parent


def test_what_was_cancelled_before_it_began_is_not_judged(quick: Open) -> None:
    session, cancelled, told = quick(), threading.Event(), []
    cancelled.set()
    with pytest.raises(Cancelled):
        session("print(1)", on_record=told.append, cancelled=cancelled)
    assert told == []


def test_cancelling_does_not_wait_until_the_process_is_ready(
    quick: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_ready = tmp_path / "never.py"
    never_ready.write_text("import time; time.sleep(1000)")
    monkeypatch.setattr(process, "WORKER", never_ready)
    session, cancelled, wait = quick(), threading.Event(), process._Lines.next

    def waited(lines: process._Lines, timeout: float) -> str | None:
        cancelled.set()
        return wait(lines, timeout)

    monkeypatch.setattr(process._Lines, "next", waited)
    with pytest.raises(Cancelled):
        session("print(1)", cancelled=cancelled)


def test_a_newer_judgement_begins_when_the_older_one_is_cancelled(quick: Open, tmp_path: Path) -> None:
    session, cancelled, runs, ends = quick(), threading.Event(), threading.Event(), list[str]()

    def older() -> None:
        file = tmp_path / "older.py"
        file.write_text(HANG)
        try:
            session.standby.judge(Job(session.level, file, 60.0), lambda record: runs.set(), cancelled)
        except Cancelled:
            ends.append("cancelled")

    thread = threading.Thread(target=older)
    thread.start()
    assert runs.wait(PATIENCE_SECONDS)
    cancelled.set()
    assert session("print('newer')").output == "newer\n"
    thread.join()
    assert ends == ["cancelled"]


# The end of the process at hand


@pytest.mark.parametrize("on", [CPU, GPU])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_dead_process_is_replaced_without_the_caller_noticing(quick: Open, on: tuple[str, ...], end: int) -> None:
    session = quick(on)
    assert session("print(1)").passed
    dead = session.standby._ready[on[0]].process
    dead.wait()
    os.kill(dead.pid, end)
    assert is_gone(dead.pid)
    verdict = session("print(2)")
    assert verdict.passed and verdict.output == "2\n"
    assert session.standby._ready[on[0]].process.pid != dead.pid


def test_code_that_once_ends_the_process_at_hand_is_judged_again(quick: Open, tmp_path: Path) -> None:
    text = f"import os\nif not os.path.exists('{tmp_path}/once'):\n    open('{tmp_path}/once', 'w')\n    {KILL_PARENT}\n    {HANG}"
    verdict = quick()(text)
    assert verdict.passed and (tmp_path / "once").exists()


@pytest.mark.parametrize("on", [CPU, GPU])
@pytest.mark.parametrize("then", [HANG, ""], ids=["and hangs", "and goes on"])
def test_code_that_always_ends_its_parent_is_told_so_and_the_next_file_is_judged(
    quick: Open, on: tuple[str, ...], then: str
) -> None:
    session = quick(on)
    verdict = session(f"{KILL_PARENT}\n{then}")
    failure = verdict.first_failure
    assert verdict.outcome is v.Outcome.EXIT and failure and "os.getppid()" in failure.advice
    assert session("print(1)").passed


def test_what_was_reported_is_read_though_the_end_of_the_parent_is_heard_of_first(
    level: Level, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Lost(process.Forked):
        def poll(self) -> int | None:
            raise process.WorkerGone("the worker has died")

        def wait(self, timeout: float | None = None) -> int:
            raise process.WorkerGone("the worker has died")

    ended = subprocess.Popen(["true"])
    ended.wait()

    def start(job: Job, report_fd: int, crash_fd: int, output_fd: int) -> process.Forked:
        os.write(report_fd, v.encode(v.StageStarted("run", "running", 1.0)))
        return Lost(ended.pid, None, lambda: None, lambda: None)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "start_cold", start)
    verdict = runner.judge(Job(level, tmp_path / "mine.py", text="x = 1\n"), start=start)
    assert verdict.outcome is v.Outcome.EXIT and "was ended" in verdict.cause


def test_code_that_stops_its_parent_is_told_so_too(quick: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ANSWER_SECONDS", 0.5)
    session = quick()
    assert session("import os, signal; os.kill(os.getppid(), signal.SIGSTOP)").outcome is v.Outcome.EXIT
    assert session("print(1)").passed


def test_where_no_process_gets_ready_the_file_is_judged_cold(
    quick: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(f"""\
import runpy, sys
open({str(tmp_path / "starts")!r}, 'a').write('.')
if sys.argv[1] != '--once':
    raise ImportError
runpy.run_path({str(QUICK)!r}, run_name='__main__')
""")
    monkeypatch.setattr(process, "WORKER", broken)
    verdict = quick()("print('cold')")
    assert verdict.passed and verdict.output == "cold\n"
    assert len((tmp_path / "starts").read_text()) <= 2 + standby.TRIES


@pytest.mark.parametrize("on", [CPU, GPU, BOTH])
def test_closing_leaves_no_process_behind(quick: Open, on: tuple[str, ...]) -> None:
    session = quick(on)
    pids = [*session.pids(), *(ready.process.pid for ready in session.standby._ready.values())]
    session.standby.close()
    assert all(map(is_gone, pids))
    with pytest.raises(Cancelled):
        session("print(1)")


def test_closing_ends_what_is_running(quick: Open) -> None:
    session, runs, ended = quick(), threading.Event(), threading.Event()

    def judge() -> None:
        with pytest.raises(Cancelled):
            session(HANG, on_record=lambda record: runs.set())
        ended.set()

    threading.Thread(target=judge).start()
    assert runs.wait(PATIENCE_SECONDS)
    session.standby.close()
    assert ended.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize("on", [CPU, GPU])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGHUP])
def test_no_process_outlives_the_one_that_stands_by(
    level: Level, tmp_path: Path, on: tuple[str, ...], end: int
) -> None:
    """Not even what hangs holding the interpreter lock."""
    hang = "import ctypes, os; print(os.getpid(), os.getppid(), flush=True); ctypes.PyDLL(None).pause()"
    (tmp_path / "mine.py").write_text(
        f"import os; os.dup2(os.open({str(tmp_path / 'fifo')!r}, os.O_WRONLY), 1)\n{hang}"
    )
    os.mkfifo(tmp_path / "fifo")
    app = f"""\
        from pathlib import Path
        from triton_quest.parent import process
        from triton_quest.parent.runner import Job
        from triton_quest.parent.standby import Standby
        from triton_quest.course.table import LEVELS
        process.WORKER = Path({str(QUICK)!r})
        Standby({on!r}).judge(Job(LEVELS[{level.number - 1}], Path({str(tmp_path / "mine.py")!r}), 600.0))
    """
    words = [sys.executable, "-c", textwrap.dedent(app)]
    with subprocess.Popen(words, cwd=ROOT, start_new_session=True) as process:
        with open(tmp_path / "fifo") as fifo:
            pids = [int(word) for word in fifo.readline().split()]
            process.send_signal(end)
            assert process.wait() == -end
        assert len(pids) == 2 and all(map(is_gone, pids))


# What has changed on disk


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package: changes of its files are looked for there."""
    copy = tmp_path / "triton_quest"
    shutil.copytree(standby.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", ".quest"))
    monkeypatch.setattr(standby, "PACKAGE", copy)
    return copy


@pytest.mark.parametrize(
    "changed", ["child/judge/compare.py", "course/vector_add/cases.py", "levels/__init__.py", "new.py"]
)
def test_a_change_of_the_package_makes_a_new_process(quick: Open, package: Path, changed: str) -> None:
    session = quick()
    before = session.pids()[1]
    with open(package / changed, "a") as file:
        file.write("# changed\n")
    assert session.pids()[1] != before
    assert is_gone(before)


def test_a_file_that_is_gone_makes_a_new_process(quick: Open, package: Path) -> None:
    session = quick()
    before = session.pids()[1]
    (package / "child" / "judge" / "compare.py").unlink()
    assert session.pids()[1] != before


@pytest.mark.parametrize(
    "changed", ["levels/level1_vector_add.py", "levels/mine.py", ".quest/backups/x.py", "notes.txt"]
)
def test_what_the_learner_writes_in_a_clone_makes_none(quick: Open, package: Path, changed: str) -> None:
    session = quick()
    before = session.pids()[1]
    (package / changed).parent.mkdir(parents=True, exist_ok=True)
    (package / changed).write_text("x = 1\n")
    assert session.pids()[1] == before


def test_another_version_of_what_is_loaded_makes_a_new_process(
    quick: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "site" / "a_library" / "__init__.py"
    library.parent.mkdir(parents=True)
    library.write_text("version = 1\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setattr(standby, "LOADED", ("a_library", "one_that_is_not_here"))
    session = quick(BOTH)
    before = session.pids()
    fresh = tmp_path / "fresh.py"
    fresh.write_text("version = 2\n")  # installers write new files; the times may be old ones
    os.utime(fresh, ns=(library.stat().st_atime_ns, library.stat().st_mtime_ns))
    os.replace(fresh, library)
    at_hand = {ready.process.pid for ready in session.standby._ready.values()}
    assert not {*before, *at_hand} & set(session.pids())


# With the real judge


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with Standby(CPU) as one:
        yield Session(tmp_path_factory.mktemp("real"), one, LEVELS[0])


@pytest.mark.slow
def test_the_judges_verdict_is_the_one_of_check(real: Session) -> None:
    for text in (solved(real.level), solved(real.level, returning("x - y"))):
        verdict = real(text)
        cold = judge_on(CPU, Job(real.level, real.file, seconds=60.0))
        assert replace(verdict, seconds=0.0) == replace(cold, seconds=0.0)


@pytest.mark.slow
def test_an_edited_module_beside_the_file_is_used_at_once(real: Session) -> None:
    """Even where its size and the second of its edit are the same, and its bytecode was kept by a run of its own."""
    helper = real.file.parent / "my_numbers.py"
    text = solved(real.level, at_import("import my_numbers; print('block', my_numbers.BLOCK)"))
    for block in (64, 32):
        helper.write_text(f"BLOCK = {block}\n")
        os.utime(helper, (1_000_000_000, 1_000_000_000))
        assert f"block {block}" in real(text).output
        py_compile.compile(str(helper))


@pytest.mark.slow
def test_a_module_beside_the_file_may_have_any_name_that_is_not_taken(real: Session) -> None:
    """Nothing of the course, which the process at hand has run, stands before it."""
    for name in ("cases", "solution", "learner_solution"):
        (real.file.parent / f"{name}.py").write_text("MINE = True\n")
        verdict = real(solved(real.level, at_import(f"import {name}; print({name}.MINE)")))
        assert verdict.passed and "True" in verdict.output, verdict.cause


@pytest.mark.slow
def test_a_judgement_is_cancelled_amid_its_cases(real: Session) -> None:
    told = real.cancelled_when_it_runs(solved(real.level))
    assert not any(isinstance(record, v.Finished) for record in told)
    assert real(solved(real.level)).passed


@pytest.mark.slow
def test_a_kernel_that_kills_its_parent_gets_its_verdict_and_the_next_one_passes(real: Session) -> None:
    text = solved(real.level, at_import("import os"), in_launcher(f"os.kill(os.getppid(), 9)  {HERE}\n{HANG}"))
    assert real(text).outcome is v.Outcome.EXIT
    assert real(solved(real.level)).passed


@pytest.mark.slow
def test_the_judge_speaks_as_its_file_does_now(tmp_path: Path) -> None:
    """A package that is updated while it stands by judges with the new version."""
    shutil.copytree(standby.PACKAGE, tmp_path / "triton_quest", ignore=shutil.ignore_patterns("__pycache__", ".quest"))
    app = """\
        from pathlib import Path
        from triton_quest.parent.runner import Job
        from triton_quest.parent.standby import PACKAGE, Standby
        from triton_quest.course.table import LEVELS
        assert PACKAGE == Path.cwd() / "triton_quest"
        Path("mine.py").write_text("undefined")
        judge = PACKAGE / "child" / "judge" / "code.py"
        with Standby(("interpreter",)) as standby:
            print(standby.judge(Job(LEVELS[0], Path("mine.py").resolve())).first_failure.advice)
            judge.write_text(judge.read_text().replace("Is the name misspelt", "Is the word misspelt"))
            print(standby.judge(Job(LEVELS[0], Path("mine.py").resolve())).first_failure.advice)
    """
    words = [sys.executable, "-c", textwrap.dedent(app)]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    said = subprocess.run(words, cwd=tmp_path, env=environ, check=True, capture_output=True, text=True).stdout
    assert [line.split(",")[0] for line in said.splitlines()] == ["Is the name misspelt", "Is the word misspelt"]
