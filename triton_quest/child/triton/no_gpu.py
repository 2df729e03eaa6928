"""What code written for a GPU asks of one, where there is none: constants are answered for a GPU that is named, waiting is done
at once, and `NoGpuHere` says what can't be had.

What was answered is kept, so that the judge can say for which GPU. Installed together with the fake driver.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import triton
from triton.runtime.interpreter import InterpretedFunction

from triton_quest.machine.targets import Target

from .patching import Edits

_NOT_LEARNERS = (str(Path(__file__).parent), str(Path(triton.__file__).parent), str(Path(torch.__file__).parent))


class NoGpuHere(RuntimeError):
    """Raised where nothing can be answered without a GPU: what it is about, and what to write instead."""

    def __init__(self, says: str, advice: str) -> None:
        super().__init__(says)
        self.says, self.advice = says, advice


@dataclass(frozen=True)
class Answer:
    """What a line of a file was told in a GPU's stead."""

    file: str
    line: int
    says: str


_answers: dict[Answer, None] = {}


def answers_to(file: str) -> list[Answer]:
    """Everything that the code of this file was told, once each."""
    return [answer for answer in _answers if answer.file == file]


def note(asked: str, target: Target, fact: str) -> None:
    """Keep that the caller's caller asked for `asked` and was told the `fact` of `target`, unless it is torch or Triton."""
    frame = sys._getframe(2)
    if frame.f_code.co_filename.startswith(_NOT_LEARNERS):
        return
    says = f"there is no GPU here, and `{asked}` answers as {target.an_example} does ({fact})"
    _answers[Answer(frame.f_code.co_filename, frame.f_lineno, says)] = None


class Properties(SimpleNamespace):
    """What `torch.cuda.get_device_properties` returns, as far as it is known of a target."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        says = f"`torch.cuda.get_device_properties` can't tell `.{name}`: there is no GPU here."
        raise NoGpuHere(
            says, "Ask for it only where the tensors are on a GPU (`if x.is_cuda:`), and take a fixed number otherwise."
        )


def properties(target: Target) -> Properties:
    """What `torch.cuda.get_device_properties` would tell, as far as a launcher asks."""
    major, minor = capability(target)
    return Properties(
        name=target.chip,
        major=major,
        minor=minor,
        multi_processor_count=target.multiprocessors,
        shared_memory_per_block=min(target.shared_per_program, 48 * 1024),
        shared_memory_per_block_optin=target.shared_per_program,
        shared_memory_per_multiprocessor=target.shared,
        regs_per_multiprocessor=target.registers,
        max_threads_per_multi_processor=target.warps * target.warp_size,
        warp_size=target.warp_size,
    )


def capability(target: Target) -> tuple[int, int]:
    """The compute capability; torch's answer for an MI300X."""
    return divmod(target.arch, 10) if isinstance(target.arch, int) else (9, 4)


def multiprocessors(target: Target) -> str:
    return f"{target.multiprocessors} multiprocessors"


def stand_in(target: Target, edits: Edits) -> None:
    """Answer in the stead of `target` from now on."""

    def get_device_properties(device: Any = None) -> Properties:
        note("torch.cuda.get_device_properties", target, multiprocessors(target))
        return properties(target)

    def get_device_capability(device: Any = None) -> tuple[int, int]:
        note("torch.cuda.get_device_capability", target, target.name)
        return capability(target)

    def get_device_name(device: Any = None) -> str:
        note("torch.cuda.get_device_name", target, target.name)
        return target.chip

    for function in (get_device_properties, get_device_capability, get_device_name):
        edits.set(torch.cuda, function.__name__, function)
    edits.set(torch.cuda, "current_device", lambda: 0)
    edits.set(torch.cuda, "synchronize", lambda device=None: None)  # every launch has ended when it returns
    edits.set(torch.cuda, "set_device", lambda device: None)
    edits.set(torch.cuda, "device", _AnyDevice)
    edits.set(torch, "compile", _leave_uncompiled)
    edits.set(InterpretedFunction, "warmup", lambda kernel, *args, **options: _NotCompiled(kernel.fn.__name__))


class _AnyDevice:
    """`with torch.cuda.device(x.device):`, where `x` is on the CPU."""

    def __init__(self, device: Any) -> None:
        self.idx = -1

    def __enter__(self) -> None: ...

    def __exit__(self, *error: Any) -> None: ...


class _NotCompiled:
    """What `kernel.warmup` gives where there is no GPU to compile for."""

    def __init__(self, kernel: str) -> None:
        self._kernel = kernel

    def __getattr__(self, name: str) -> Any:
        raise NoGpuHere(
            f"`{self._kernel}.warmup` compiles for the GPU at hand, and there is none here: `.{name}` can't be told.",
            "Ask it only where the tensors are on a GPU (`if x.is_cuda:`), and otherwise take a fixed number of programs.",
        )


def _leave_uncompiled(model: Callable[..., Any] | None = None, **options: Any) -> Any:
    """In the place of `torch.compile`, which can't trace an interpreted launch: the function runs as it is written."""
    return (lambda function: function) if model is None else model
