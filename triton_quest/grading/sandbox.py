"""Where untrusted files are judged: a worker behind bubblewrap, which sees the quest and its libraries and nothing else of the machine.

No network, no processes but its own, a read-only system, an empty home, a private /tmp that is emptied after each file. What this
doesn't defend against stands in docs/grading.md.
"""

from __future__ import annotations

import os
import shutil
import sys
from itertools import count
from pathlib import Path

from triton_quest import environment
from triton_quest.errors import QuestError
from triton_quest.machine import host
from triton_quest.parent.process import child_environ

PROGRAM = "bwrap"
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
)
PACKAGE = Path(environment.ROOT) / "triton_quest"
APART = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
# root's processes aren't counted by the kernel: root becomes somebody else, and may do nothing but that
AS_ROOT = ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
FIRST_UID = 2**20  # beyond those that systems give to people and services
SCRATCH = ("/tmp", host.SHARED_MEMORY)  # what a file may write to, emptied after it
SCRATCH_BYTES = 256 * 2**20
MOST_PROCESSES = 64
PASSED_ON = (
    "PYTHONUTF8",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "OMP_NUM_THREADS",
    "TRITON_INTERPRET",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
)
EMPTIED = "QUEST_EMPTIED"  # tells the worker what to empty after each job: child/serving.py reads it
_sandboxes = count()
MISSING = (
    "bubblewrap isn't installed here, so other people's code would run with all that you may do. Install it (apt install "
    "bubblewrap), or say --no-sandbox if you trust every file."
)


def require() -> None:
    """Raises QuestError where files can't be judged in a sandbox."""
    if shutil.which(PROGRAM) is None:
        raise QuestError(MISSING, "grade --help")


def command(words: list[str]) -> list[str]:
    """The command line that runs `words` in the sandbox."""
    shown = [word for path in _readable() for word in ("--ro-bind", path, path)]
    links = [word for path in SYSTEM if os.path.islink(path) for word in ("--symlink", os.readlink(path), path)]
    scratch = [word for path in SCRATCH for word in ("--perms", "1777", "--size", str(SCRATCH_BYTES), "--tmpfs", path)]
    progress = [word for path in (PACKAGE / ".quest",) if path.exists() for word in ("--tmpfs", str(path))]
    caps, user = (AS_ROOT, _as_nobody()) if os.geteuid() == 0 else (("--unshare-user",), ())
    return [
        *(PROGRAM, *APART, *caps, "--die-with-parent", "--new-session"),
        *("--proc", host.PROCESSES, "--dev", "/dev", *scratch, *links, *_folders_above(_readable()), *shown, *progress),
        *("--remount-ro", "/", "--chdir", "/tmp", "--clearenv", *_environment()),
        *("--", "prlimit", f"--nproc={MOST_PROCESSES}", "--core=0", "--", *user, *words),
    ]


def _as_nobody() -> tuple[str, ...]:
    """As a user of its own in each sandbox, whose processes are counted apart from those of the others."""
    uid = FIRST_UID + os.getpid() % 2**16 * 64 + next(_sandboxes) % 64
    return "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all", "--"


def _readable() -> list[str]:
    """The folders of the system, of Python, of the libraries and of the quest's own package."""
    wanted = [*SYSTEM, sys.prefix, sys.base_prefix, str(PACKAGE), os.path.dirname(os.path.realpath(sys.executable))]
    there = dict.fromkeys(path for path in wanted if os.path.exists(path) and not os.path.islink(path))
    return [path for path in there if not any(path != other and path.startswith(f"{other}/") for other in there)]


def _folders_above(paths: list[str]) -> list[str]:
    """bubblewrap makes those that are missing, for its own user alone."""
    above = {str(folder): None for path in paths for folder in reversed(Path(path).parents)}
    return [word for folder in above if folder != "/" for word in ("--perms", "0755", "--dir", folder)]


def _environment() -> list[str]:
    kept = {name: value for name, value in child_environ().items() if name in PASSED_ON}
    own = {
        "PATH": os.defpath,
        "HOME": "/tmp",
        "TMPDIR": "/tmp",
        "TRITON_HOME": "/tmp",
        EMPTIED: os.pathsep.join(SCRATCH),
    }
    return [word for name, value in {**kept, **own}.items() for word in ("--setenv", name, value)]
