"""What concerns the whole suite: in which order its tests run, and that no process of theirs is left at its end."""

from __future__ import annotations

import os
import select

import pytest

from triton_quest.machine import host

PATIENCE_SECONDS = 20  # how long a process may take to be gone; reached only by a failing test
LEFT_RUNNING = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, in both halves: xdist gives each of two workers a half, and later moves what stands last in one."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    fast = [item for item in items if not item.get_closest_marker("slow")]
    middle = len(slow) // 2
    while 0 < middle < len(slow) and slow[middle].path == slow[middle - 1].path:
        middle += 1
    first = max(0, (len(slow) + len(fast)) // 2 - middle)
    items[:] = [*slow[:middle], *fast[:first], *slow[middle:], *fast[first:]]


def pytest_configure(config: pytest.Config) -> None:
    """From now on whatever loses its parent is a child of the process that runs the suite: at the end it can be found."""
    if not hasattr(config, "workerinput"):  # xdist's workers are such children
        host.adopt_orphans()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A suite that leaves a process running has failed, whatever its tests say."""
    if hasattr(session.config, "workerinput"):
        return
    left = [command for pid, command in host._children(os.getpid()).items() if not is_gone(pid)]
    session.config.stash[LEFT_RUNNING] = left
    host.end_children()
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for command in terminalreporter.config.stash.get(LEFT_RUNNING, []):
        terminalreporter.section("a process is left running", red=True)
        terminalreporter.line(command)


def is_gone(pid: int) -> bool:
    """Whether a process has ended, or ends now: waits for what is dying."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], PATIENCE_SECONDS)[0])
    finally:
        os.close(handle)
