"""The operating system's calls that not every system has, each behind a name with a portable way beside it.

Only this module makes them; `environment.py`, which runs before anything is installed, loads libcuda itself. What POSIX has
(signals, process groups, descriptors sent over a socket) the callers use directly. Every command imports this module, and
few call it: what it needs is imported where it is called. With QUEST_HOST=portable in the
environment the portable ways are taken on Linux too: so the tests run them, and so can whoever distrusts the others.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

IS_LINUX = sys.platform == "linux" and os.environ.get("QUEST_HOST") != "portable"
FORKS_WITH_LIBRARIES = (
    IS_LINUX  # whether a process may fork that has loaded torch; macOS' own libraries abort in the child
)
REPORTS_CHANGES = IS_LINUX  # whether a folder's changes are reported by inotify; without, folders are read now and then
PROCESSES, SHARED_MEMORY = "/proc", "/dev/shm"  # Linux' folders of what runs, and of what processes share
LOOK_SECONDS = 0.05  # between two looks of a thread that watches in the kernel's place
GIB = 2**30
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36  # prctl(2)
SHOWN_LENGTH = 100  # of a command line
OUT_OF_REACH = 512  # the lowest number for a descriptor that os.closerange(3, 256) leaves alone


def anonymous_file() -> BinaryIO:
    """An empty file without a name, in memory where the system can: the disk may be full."""
    if IS_LINUX:
        return open(os.memfd_create("quest"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()


def move_out_of_reach(fd: int) -> int:
    """The same open file under a high number that no started program inherits; `fd` itself is closed."""
    import fcntl

    high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, OUT_OF_REACH)
    os.close(fd)
    return high


# Processes


def fork_child() -> int:
    """As os.fork; the child leads a process group of its own, and ends when this process does."""
    parent, pid = os.getpid(), os.fork()
    if pid:
        with contextlib.suppress(OSError):  # gone already
            os.setpgid(pid, pid)  # here too: whoever learns the pid may end the group at once
        return pid
    os.setpgid(0, 0)
    end_with(parent)
    return 0


def end_with(parent: int) -> None:
    """From now on the kernel kills this process when `parent` dies; a thread does so where the kernel can't.

    The thread is blind while the learner's code holds the interpreter's lock in C.
    """
    if IS_LINUX:
        import signal

        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)
    else:
        getppid = os.getppid  # bound now: the learner's code may replace it
        _kill_when(lambda: getppid() != parent)


def adopt_orphans() -> None:
    """From now on a process whose parent died is this one's child if it descends from it, in whatever session it is.

    Without such a call of the system, a process that left its group is lost from sight when its parent dies.
    """
    if IS_LINUX:
        _prctl(PR_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> None:
    """From now on no process of the same user may read or write this one's memory; its children neither each other's."""
    if IS_LINUX:
        _prctl(PR_SET_DUMPABLE, 0)


def end_children() -> tuple[str, ...]:
    """Kill and reap all children of this process, and theirs as they are adopted; the command line of each that was running."""
    import signal

    running: dict[int, str] = {}
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return tuple(running.values())
        children = _children(os.getpid())
        if not children:  # none that this system shows
            return tuple(running.values())
        running.update(children)
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.waitpid(-1, 0)


def _children(parent: int) -> dict[int, str]:
    """The processes that `parent` started or adopted, with their command lines."""
    found = {}
    for pid, its_parent, command in _processes_of_linux() if IS_LINUX else _processes_by_ps():
        if its_parent == parent:
            found[pid] = "".join(c if c.isprintable() else " " for c in command.strip())[:SHOWN_LENGTH]
    return found


def _processes_of_linux() -> Iterator[tuple[int, int, str]]:
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):  # it has just ended
            if name.isdigit():
                with open(f"/proc/{name}/stat", "rb") as stat, open(f"/proc/{name}/cmdline", "rb") as words:
                    parent = int(stat.read().rpartition(b")")[2].split()[1])
                    yield int(name), parent, words.read().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")


def _processes_by_ps() -> Iterator[tuple[int, int, str]]:
    """As POSIX has it; `ps` itself is a child and among them, gone by then."""
    import subprocess

    with contextlib.suppress(OSError):
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, errors="replace"
        )
        for line in listed.stdout.splitlines():
            pid, parent, command = (*line.split(None, 2), "")[:3]
            if not command.startswith("ps -A -o"):
                yield int(pid), int(parent), command


def _prctl(option: int, value: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(option, value)


def limit_cpu(seconds: float | None) -> None:
    """End this process with SIGXCPU after `seconds` more of processor time (None: no limit), whatever holds the interpreter's lock.

    Where a limit was set from outside already, the signal comes before the kill that would not say why.
    """
    import resource

    usage, (_, hard) = resource.getrusage(resource.RUSAGE_SELF), resource.getrlimit(resource.RLIMIT_CPU)
    soft = resource.RLIM_INFINITY if seconds is None else math.ceil(usage.ru_utime + usage.ru_stime + seconds)
    if hard != resource.RLIM_INFINITY:
        soft = max(1, hard - 1) if soft == resource.RLIM_INFINITY else min(soft, max(1, hard - 1))
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def limit_memory(gib: int) -> None:
    """At most `gib` GiB beyond what this process has by now: of address space, or where that can't be limited, of memory in use."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if IS_LINUX:
        with open("/proc/self/statm") as file:
            mapped = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + gib * GIB,) * 2)
    else:
        usage, unit = resource.getrusage, 1 if sys.platform == "darwin" else 1024
        most = usage(resource.RUSAGE_SELF).ru_maxrss * unit + gib * GIB
        _kill_when(lambda: usage(resource.RUSAGE_SELF).ru_maxrss * unit > most)


def _kill_when(is_time: Callable[[], bool]) -> None:
    """Watch in a thread, and kill this process as soon as it is time."""
    import signal

    kill, pid, wait = os.kill, os.getpid(), threading.Event().wait

    def watch() -> None:
        while not is_time():
            wait(LOOK_SECONDS)
        kill(pid, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


# Folders


@contextmanager
def folder_handle(folder: Path) -> Iterator[Callable[[], bool]]:
    """Yields what says whether `folder` is still the same one: while its handle is open no other folder gets its inode.

    Raises OSError, also when asked. Needed only where REPORTS_CHANGES: inotify watches an inode, not a path.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield lambda: os.path.samestat(os.fstat(handle), os.stat(folder))
    finally:
        os.close(handle)


@contextmanager
def folder_lock(folder: Path, alone: bool) -> Iterator[None]:
    """Hold the folder's lock, shared or alone; nothing is held on a file system that knows no locks."""
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems
            fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)
