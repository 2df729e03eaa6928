"""What this machine can verify: versions that go together, known kernels in every mode, a level judged from end to end.

Whatever runs a kernel runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from triton_quest import environment
from triton_quest.course.table import LEVELS
from triton_quest.parent.devices import COMPILING_SECONDS
from triton_quest.parent.process import START_SECONDS, child_environ, child_program
from triton_quest.parent.runner import Job, judge

INTERPRETER = "memory, rules, numbers and properties in Triton's interpreter"
COMPILING = "compiling for sm_80 and sm_90"
GPU = "numbers on a GPU, and speed"
EVERYTHING = (INTERPRETER, COMPILING, GPU)
TRAPS_ON_HOPPER = (  # from which Triton to which, and what goes wrong on a GPU of compute capability 9
    ((3, 4), (3, 9), "tl.trans of a dot's result, as the left side of another dot, gives wrong numbers there"),
    ((3, 7), (3, 7), "with num_warps=4, tiles of 64 may be miscompiled there: check every configuration"),
)


@dataclass(frozen=True)
class Examined:
    """The result of one examination of this machine. `mend` is what to type; a finding that isn't ok and mends nothing is a remark."""

    what: str
    ok: bool
    says: str
    mend: str = ""
    verifies: tuple[str, ...] = ()  # of EVERYTHING, what can be verified here because this is ok


def versions() -> Iterator[Examined]:
    """What is installed, and whether the quest can work with it."""
    where = f"{platform.python_version()} on {platform.system()} {platform.machine()} ({sys.executable})"
    yield Examined("Python", True, where)
    for name in ("torch", "triton", "numpy", "rich"):
        version = environment.installed_version(name)
        build = f" ({'CUDA' if environment.torch_has_cuda() else 'CPU'} build)" if name == "torch" else ""
        shown = environment.dotted(version) + build if version else "not installed"
        yield Examined(name, version is not None, shown, "" if version else environment.install_command())
    for sentence in environment.unknown_versions():
        yield Examined("versions", False, sentence)
    trouble = environment.version_trouble()
    if trouble:
        yield Examined("versions", False, *trouble)


def machine() -> Iterator[Examined]:
    """What runs here, the cheap things first. What can't work without another thing isn't tried."""
    try:
        tempfile.gettempdir()
    except OSError:
        yield Examined("temporary files", False, "no folder for them can be written to", 'export TMPDIR="$HOME"')
        return
    if environment.version_trouble() is None:
        yield from _known_kernels()
        yield _judged("interpreter", Job(LEVELS[0], LEVELS[0].folder / "solution.py"), (INTERPRETER, COMPILING))
        yield from _gpu()


def _known_kernels() -> Iterator[Examined]:
    """In each mode of the interpreter."""
    command = child_program("triton_quest.child.selftest")
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=child_environ(), timeout=START_SECONDS)
        tests = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        reason = f"no answer within {START_SECONDS:.0f} s"
        yield Examined("known kernels", False, f"they could not be run: {reason}", environment.install_command())
        return
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        yield Examined("known kernels", False, f"they could not be run: {reason}", environment.install_command())
        return
    wrong = [test for test in tests if not test["ok"]]
    says = f"{len(tests) - len(wrong)} of {len(tests)} are right, in every mode of the interpreter"
    yield Examined("known kernels", not wrong, says)
    for test in wrong:
        yield Examined("known kernel", False, f"{test['name']}: {test['detail']}", environment.install_command())


def _judged(what: str, job: Job, verifies: tuple[str, ...], mend: str = "", where: str = "") -> Examined:
    """The first level's own solution, judged the whole way."""
    judged = judge(job)
    if judged.passed:
        return Examined(
            what, True, f"{where}level 1's solution was judged right in {judged.seconds:.1f} s", "", verifies
        )
    says = f"{where}a known right kernel was not accepted: {judged.cause}"
    return Examined(what, False, says, mend or environment.install_command())


def _gpu() -> Iterator[Examined]:
    gpus = _described_gpus()
    if not environment.nvidia_gpus():
        hidden = " (CUDA_VISIBLE_DEVICES hides what is here)" if gpus and "CUDA_VISIBLE_DEVICES" in os.environ else ""
        yield Examined("GPU", False, f"none found{hidden}")
        if os.environ.get("TRITON_INTERPRET", "1") != "1":
            says = "TRITON_INTERPRET keeps level files out of the interpreter, and there is no GPU for them"
            yield Examined("environment", False, says, "unset TRITON_INTERPRET")
        return
    name = f"{gpus[0][0] if gpus else 'an NVIDIA GPU'}: "
    if not environment.torch_has_cuda():
        yield Examined("GPU", False, f"{name}this torch is a CPU build and can't use it", _cuda_command())
        return
    job = Job(LEVELS[0], LEVELS[0].folder / "solution.py", COMPILING_SECONDS, kind="judge_on_gpu")
    yield _judged("GPU", job, (GPU,), "nvidia-smi", name)
    triton = (environment.installed_version("triton") or ())[:2]
    for since, until, says in TRAPS_ON_HOPPER:
        if gpus and gpus[0][1].startswith("9.") and since <= triton <= until:
            yield Examined("GPU", False, f"known of Triton {environment.dotted(triton)}: {says}")


def _described_gpus() -> list[tuple[str, str]]:
    """(name and driver, compute capability) of each GPU, as nvidia-smi has them."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=START_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    rows = [line.split(", ") for line in done.stdout.splitlines()] if done.returncode == 0 else []
    return [(f"{row[0]}, driver {row[1]}, sm_{row[2].replace('.', '')}", row[2]) for row in rows if len(row) == 3]


def _cuda_command() -> str:
    launcher = os.path.join(environment.ROOT, "quest")
    return (
        f"./quest --cuda   (in {environment.ROOT})"
        if os.path.exists(launcher)
        else environment.pip_line("torch==2.13.0")
    )
