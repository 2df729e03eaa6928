"""Guards the border to the operating system: only `machine/host.py` makes the calls that not every system has, and the quest judges,
limits, ends and watches with the portable way beside each of them too (QUEST_HOST=portable).
"""

from __future__ import annotations

import ast
import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.execution.conftest import PATIENCE_SECONDS, is_gone
from tests.execution.learner import in_launcher, returning, solved
from tests.execution.test_watching import ONE, TWO, WAYS
from triton_quest.course.level import Level
from triton_quest.machine import host
from triton_quest.parent import process, runner, watching
from triton_quest.parent.runner import Job, judge
from triton_quest.parent.standby import Standby
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v

PACKAGE = ROOT / "triton_quest"
MODULES = {"resource", "fcntl", "termios", "pwd", "grp"}
CALLS = {
    "memfd_create", "eventfd", "pidfd_open", "fork", "forkpty", "register_at_fork", "posix_spawn", "O_DIRECTORY", "getppid", "setpgid",
    "CDLL", "PyDLL", "prctl", "sched_getaffinity", "sched_setaffinity", "inotify_init", "splice", "sendfile", "copy_file_range",
}  # fmt: skip
PATHS = ("/proc", "/sys", "/dev/shm")
ALLOWED = {  # file: what it may use besides host.py
    "environment.py": {"CDLL"},  # runs on any Python, before anything is installed
}


def border_crossings(source: str) -> set[str]:
    """What a module uses of the calls that not every system has."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & MODULES
        elif isinstance(node, ast.ImportFrom):
            found |= ({node.module or ""} & MODULES) | ({alias.name for alias in node.names} & CALLS)
        elif isinstance(node, ast.Attribute):
            found |= {node.attr} & CALLS
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(PATHS):
            found.add(node.value)
    return found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os\nos.memfd_create('x')", {"memfd_create"}),
        ("from os import fork", {"fork"}),
        ("import resource", {"resource"}),
        ("open('/proc/self/statm')", {"/proc/self/statm"}),
        ("import ctypes\nctypes.CDLL(None).prctl(1, 9)", {"CDLL", "prctl"}),
        ("import os\nos.kill(1, 9)\nhost.anonymous_file()", set()),
    ],
)
def test_the_scan_finds_what_it_is_for(source: str, found: set[str]) -> None:
    assert border_crossings(source) == found


def test_only_the_host_module_makes_calls_that_not_every_system_has() -> None:
    crossings = {}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if name != "machine/host.py" and not name.startswith("levels/level"):
            found = border_crossings(path.read_text(encoding="utf-8")) - ALLOWED.get(name, set())
            if found:
                crossings[name] = found
    assert crossings == {}
    assert border_crossings((PACKAGE / "machine" / "host.py").read_text(encoding="utf-8")), (
        "the scan sees the host's own"
    )


# The portable ways


@pytest.fixture
def portable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system that has none of Linux's calls: in this process, and in the children that it starts."""
    monkeypatch.setenv("QUEST_HOST", "portable")
    for name in ("IS_LINUX", "FORKS_WITH_LIBRARIES", "REPORTS_CHANGES"):
        monkeypatch.setattr(host, name, False)


def test_the_environment_chooses_the_portable_ways() -> None:
    asks = (
        "from triton_quest.machine import host; print(host.IS_LINUX, host.FORKS_WITH_LIBRARIES, host.REPORTS_CHANGES)"
    )
    environ = {name: value for name, value in os.environ.items() if name != "QUEST_HOST"}
    for chosen, expected in (({}, "True True True"), ({"QUEST_HOST": "portable"}, "False False False")):
        words = [sys.executable, "-c", asks]
        done = subprocess.run(words, cwd=ROOT, env={**environ, **chosen}, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected


@pytest.mark.slow
@pytest.mark.usefixtures("portable")
def test_a_level_is_judged_cold_the_portable_way(level: Level, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    for text, outcome in ((solved(level), v.Outcome.PASSED), (solved(level, returning("x - y")), v.Outcome.RULES)):
        file.write_text(text, encoding="utf-8")
        assert judge(Job(level, file, seconds=60.0)).outcome is outcome


@pytest.mark.slow
@pytest.mark.usefixtures("portable")
def test_a_level_is_judged_warm_the_portable_way_by_a_process_started_ahead_for_each_job(
    level: Level, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    with Standby(("interpreter",)) as standby:
        for text, outcome in ((solved(level), v.Outcome.PASSED), (solved(level, returning("x - y")), v.Outcome.RULES)):
            at_hand = standby._ready["interpreter"].process.pid
            file.write_text(text, encoding="utf-8")
            assert standby.judge(Job(level, file, seconds=60.0)).outcome is outcome
            assert is_gone(at_hand) and standby._ready["interpreter"].process.pid != at_hand


@pytest.mark.usefixtures("portable")
def test_a_warm_process_that_can_not_fork_is_replaced_for_the_next_job(
    level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "WORKER", Path(__file__).with_name("quick_worker.py"))
    file, pids = tmp_path / "mine.py", []
    with Warm() as warm:
        for text in ("print(1)", "print(2)"):
            file.write_text(text)
            verdict = judge(Job(level, file), start=warm.start)
            assert verdict.passed and verdict.output == text[6] + "\n"
            pids.append(warm.pid)
    assert len(set(pids)) == 2 and all(map(is_gone, pids))


@pytest.mark.slow
@pytest.mark.usefixtures("portable")
def test_memory_is_limited_the_portable_way(level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MEMORY_GIB", 1)
    file = tmp_path / "mine.py"
    file.write_text(solved(level, in_launcher("kept = [torch.ones(2**26) for _ in range(64)]")), encoding="utf-8")
    assert judge(Job(level, file, seconds=60.0)).outcome is v.Outcome.OUT_OF_MEMORY


@pytest.mark.usefixtures("portable")
def test_a_forked_process_ends_with_its_parent_the_portable_way() -> None:
    parent = """\
        import os, time
        from triton_quest.machine import host
        assert not host.IS_LINUX
        pid = host.fork_child()
        if pid == 0:
            print(os.getpid(), os.getpgid(0), flush=True)
        time.sleep(1000)
    """
    words = [sys.executable, "-c", textwrap.dedent(parent)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid, group = map(int, process.stdout.readline().split())
        assert pid == group
        process.send_signal(signal.SIGKILL)
        assert is_gone(pid)


@pytest.mark.usefixtures("portable")
def test_an_anonymous_file_the_portable_way_can_be_inherited_and_leaves_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with host.anonymous_file() as file:
        words = [sys.executable, "-c", f"import os; os.write({file.fileno()}, b'from the child')"]
        subprocess.run(words, pass_fds=(file.fileno(),), check=True)
        file.seek(0)
        assert file.read() == b"from the child"
        assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("portable")
@pytest.mark.parametrize("way", WAYS)
def test_a_save_is_seen_once_the_portable_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(watching, "LOOK_MS", 20)
    monkeypatch.setattr(watching, "EMPTY_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr("watchfiles.awatch", None)  # no event is asked for
    for one in (ONE, TWO):
        (tmp_path / one.file).write_text("as it was")

    async def played() -> None:
        async with aclosing(watching.saves(tmp_path)) as saves:
            for text in ("import one", "import two"):
                task = asyncio.create_task(anext(saves))
                await asyncio.sleep(0)  # the task has looked, and waits
                way(tmp_path / ONE.file, text)
                assert await task == (ONE,)
                assert (tmp_path / ONE.file).read_text().startswith(text[:9])

    asyncio.run(asyncio.wait_for(played(), PATIENCE_SECONDS))


@pytest.mark.parametrize("is_linux", [True, False])
def test_children_are_listed_with_their_command_lines_and_ended(
    monkeypatch: pytest.MonkeyPatch, is_linux: bool
) -> None:
    ends = """\
        import subprocess
        from triton_quest.machine import host
        pid = subprocess.Popen(["sleep", "1000"]).pid
        assert host._children(os.getpid()) == {pid: "sleep 1000"}, host._children(os.getpid())
        assert host.end_children() == ("sleep 1000",)
        assert host.end_children() == ()
        os.kill(pid, 0)
    """
    monkeypatch.setenv("QUEST_HOST", "" if is_linux else "portable")
    words = [sys.executable, "-c", "import os\n" + textwrap.dedent(ends)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].startswith("ProcessLookupError"), done.stderr
