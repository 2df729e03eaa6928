"""How a worker does jobs in forked children: it reaps each, ends what the child left running, and reports both to the parent.

On the socket a line each: "ready" once everything is loaded, and again after each warming up; of a job the child's pid, and in
the end its exit code with the command lines of what it left running, as JSON. When the parent's end is closed, the worker ends
its child and itself; on KILL it ends the child alone. In a sandbox it also empties, after each job, the folders that EMPTIED names.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
from collections.abc import Callable
from typing import Any, NoReturn

from triton_quest.machine import host

WARM_UP = "warm_up"  # parent/process.py asks for it
KILL = b"kill"  # likewise
EMPTIED = "QUEST_EMPTIED"  # set by grading/sandbox.py
Run = Callable[[dict[str, Any], int, int], NoReturn]  # a job, and the descriptors of its reports and its crash file


def serve(
    channel: socket.socket, run: Run, load: Callable[[], None], warm_up: Callable[[dict[str, Any]], None]
) -> None:
    """Load everything once, and fork a child for each job that arrives; one of the kind WARM_UP is done here, for those after it."""
    load()
    supervisor = Supervisor(channel)
    if EMPTIED in os.environ:  # the jobs are of people who don't know each other
        host.hide_memory()
    channel.sendall(b"ready\n")
    while received := receive(channel):
        if received[0]["kind"] == WARM_UP:
            warm_up(received[0])
            channel.sendall(b"ready\n")
            continue
        pid = supervisor.start_child()
        if pid == 0:
            channel.close()
            _do(run, *received)
        for fd in received[1]:
            os.close(fd)
        channel.sendall(f"{pid}\n".encode())
        supervisor.reap(pid, hears=True)
        _empty(os.environ.get(EMPTIED, ""))


def _empty(folders: str) -> None:
    """Take away what the job before left in the sandbox's own file systems: another person's job is next."""
    for folder in filter(os.path.ismount, folders.split(os.pathsep)):
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)


def do_one_job(channel: socket.socket, run: Run, load: Callable[[], None] | None) -> None:
    """Do one job in a child that is forked before anything is loaded; with `load`, it loads before the job arrives."""
    supervisor = Supervisor(channel)
    pid = supervisor.start_child()
    if pid == 0:
        if load is not None:
            load()
            channel.sendall(b"ready\n")
        received = receive(channel)
        if received is None:
            os._exit(0)
        channel.sendall(f"{os.getpid()}\n".encode())
        channel.close()
        _do(run, *received)
    supervisor.reap(pid)


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """The next job, and the descriptors of its reports, its crash file and its output; None when the parent is gone."""
    fds: list[int] = []
    while not fds:  # a KILL that came after the child's end carries none
        message, fds, _, _ = socket.recv_fds(channel, 16, 4)
        if not message:
            return None
    with open(fds[0], "rb") as file:
        return json.loads(file.read()), fds[1:]


def _do(run: Run, job: dict[str, Any], fds: list[int]) -> NoReturn:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, origin in ((0, nothing), (1, fds[2]), (2, fds[2])):
        os.dup2(origin, target)
    os.close(nothing)
    os.close(fds[2])
    try:
        os.getcwd()
    except FileNotFoundError:  # it was deleted: torch can't load its parts there
        os.chdir("/")
    run(job, fds[0], fds[1])


class Supervisor:
    """Forks children and reaps them for the parent at the other end of `channel`. No child outlives this process."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._ended, self._wakeup = os.pipe()
        for fd in (self._ended, self._wakeup):
            os.set_blocking(fd, False)
        host.adopt_orphans()
        signal.signal(signal.SIGCHLD, lambda *_: None)  # or nothing is written
        signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)

    def start_child(self) -> int:
        """As host.fork_child; in the child, SIGCHLD does again what it does in any process."""
        pid = host.fork_child()
        if pid:
            return pid
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(self._ended)
        os.close(self._wakeup)
        return 0

    def reap(self, pid: int, hears: bool = False) -> None:
        """Wait for a child, and report its end. Ends the child and this process when the parent is gone.

        With `hears`, it ends the child on KILL, too; without, what arrives on the channel is for the child to read.
        """
        poll = select.poll()
        poll.register(self._ended, select.POLLIN)
        poll.register(self._channel, select.POLLIN if hears else 0)  # 0: an event only when the other end is closed
        while True:
            gone, status = os.waitpid(pid, os.WNOHANG)
            if gone:
                report = [os.waitstatus_to_exitcode(status), *host.end_children()]
                self._channel.sendall(json.dumps(report).encode() + b"\n")
                return
            events = dict(poll.poll())
            if self._channel.fileno() in events:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                if not hears or not self._is_asked_to_kill():
                    host.end_children()
                    os._exit(0)
            with contextlib.suppress(BlockingIOError):
                os.read(self._ended, 4096)

    def _is_asked_to_kill(self) -> bool:
        """Whether the parent is still there; it sends nothing but KILL until it knows of the child's end."""
        with contextlib.suppress(OSError):
            return self._channel.recv(len(KILL)) == KILL
        return False
