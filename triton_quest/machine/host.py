"""The operating system's calls that not every system has, each behind a name with a portable way beside it.

Only this module makes them; `environment.py`, which runs before anything is installed, loads libcuda itself. What POSIX has
(signals, process groups, descriptors sent over a socket) the callers use directly. With QUEST_HOST=portable in the
environment the portable ways are taken on Linux too: so the tests run them, and so can whoever distrusts the others.
"""

from __future__ import annotations

import contextlib
import os
import signal
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
LOOK_SECONDS = 0.05  # between two looks of a thread that watches in the kernel's place
GIB = 2**30
PR_SET_PDEATHSIG = 1  # prctl(2): the signal that a process gets when its parent dies
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
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)
    else:
        getppid = os.getppid  # bound now: the learner's code may replace it
        _kill_when(lambda: getppid() != parent)


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
