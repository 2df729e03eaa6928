"""The profilers that `profile` can use: which of them are here, and a tool as a process that nothing of outlives its end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.parent import proton
from triton_quest.parent.process import child_environ

LARGEST_BYTES = 1_000_000_000  # that is read of what a tool wrote


@dataclass(frozen=True)
class Profiler:
    """`suffix` of the file that it leaves; `gets_it` says how one gets it."""

    name: str
    title: str
    suffix: str
    shows: str
    gets_it: str
    is_here: Callable[[], bool]


PROFILERS = {
    one.name: one
    for one in (  # the best first
        Profiler(
            "ncu",
            "Nsight Compute",
            ".ncu-rep",
            "what keeps a kernel from being faster",
            "It comes with the CUDA toolkit, as ncu; or from developer.nvidia.com/nsight-compute.",
            lambda: shutil.which("ncu") is not None,
        ),
        Profiler(
            "nsys",
            "Nsight Systems",
            ".nsys-rep",
            "when the launcher and the GPU work",
            "It comes with the CUDA toolkit, as nsys; or from developer.nvidia.com/nsight-systems.",
            lambda: shutil.which("nsys") is not None,
        ),
        Profiler(
            "torch", "PyTorch's profiler", ".json", "the same, more coarsely", "It comes with torch.", lambda: True
        ),
        Profiler(
            "proton",
            "Proton",
            proton.SUFFIX,
            "FLOPs and bytes by launch_metadata",
            "It comes with Triton's wheels for Linux.",
            proton.is_here,
        ),
    )
}


def chosen(name: str | None, level: int) -> Profiler:
    """The one of that name, by default the best that is here. Raises QuestError, with how to get it, where it isn't."""
    if name is None:
        return next(one for one in PROFILERS.values() if one.is_here())
    one = PROFILERS[name]
    if not one.is_here():
        others = next(other for other in PROFILERS.values() if other.is_here())
        raise QuestError(
            f"{one.title} isn't here. {one.gets_it} Until then:", Command("profile", level, f"--with {others.name}")
        )
    return one


def run_tool(words: Sequence[str], title: str, seconds: float) -> subprocess.CompletedProcess[str]:
    """The tool's output. It and all that it starts end with this call, by Ctrl-C too. Raises QuestError for one that isn't done in time."""
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=child_environ("gpu"),
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except BaseException as trouble:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(trouble, subprocess.TimeoutExpired):
            raise QuestError(f"{title} was still busy after {seconds:.0f} seconds, and was stopped.") from None
        raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def require_readable(file: Path, title: str, level: int) -> None:
    """Raises QuestError where a tool left nothing, or more than is read."""
    if not file.exists():
        raise QuestError(f"{title} left no {file.suffix} file.", "doctor")
    if file.stat().st_size > LARGEST_BYTES:
        size = file.stat().st_size / 1e9
        sentence = f"{title} wrote {size:.1f} GB, and no more than 1 GB is read: it is kept in {file}. A smaller size:"
        raise QuestError(sentence, Command("profile", level, "--help"))
