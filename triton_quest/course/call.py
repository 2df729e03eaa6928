"""What a property sees: a call of the learner's launcher, and the record of what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from triton_quest.course.answer import Answer


@dataclass(frozen=True)
class Tried:
    """A config that `@triton.autotune` timed, or chose for a launch. `tuner` is the autotuner itself, with its `configs` and `cache`."""

    kernel: str
    config: Mapping[str, Any]  # constants and options: BLOCK_M, num_warps, num_stages
    tuner: Any


@dataclass(frozen=True)
class KernelLaunch:
    """One launch of a kernel. `config` is what the autotuner above the kernel chose, None where there is no autotuner."""

    kernel: str
    grid: tuple[int, int, int]
    constants: Mapping[str, Any]
    config: Tried | None = None


@dataclass(frozen=True)
class CallRecord:
    """What one call of a launcher did. The answer's tensors are copies, which no later call overwrites."""

    answer: Answer
    launches: tuple[KernelLaunch, ...] = ()
    tried: tuple[
        Tried, ...
    ] = ()  # the configs that were timed in this call, in their order: none, where nothing was tuned anew
    allocations: tuple[int, ...] = field(
        default=()
    )  # the bytes of each tensor that the launcher allocated, freed or not

    def __getitem__(self, name: str) -> torch.Tensor:
        return self.answer[name]

    @property
    def out(self) -> torch.Tensor:
        """The answer of a level that has a single one, and the first of several."""
        return next(iter(self.answer.values()))

    @property
    def allocated_bytes(self) -> int:
        return sum(self.allocations)


class Call(Protocol):
    """Calls the launcher that a property is about.

    With `dout`, the gradient handed to the first answer, the record's answer also holds the gradients of the arguments named
    in `wanted`, by default all that the level names: `call(q, k, v, dout=dout)["dq"]`. `launcher` is the learner's function
    itself, for what no record tells: two graphs at once, or one graph used twice.
    """

    launcher: Callable[..., Any]

    def __call__(
        self, *inputs: Any, dout: torch.Tensor | None = None, wanted: tuple[str, ...] | None = None, **keywords: Any
    ) -> CallRecord: ...

    def without_kernels(self, *inputs: Any, dout: torch.Tensor | None = None, **keywords: Any) -> CallRecord:
        """The same call with no kernel run: for allocations and launches at sizes that the interpreter is too slow for."""


Property = Callable[[Call, Any], bool | str]
"""Whether something holds; or, where it doesn't, the sentence that tells what is wrong."""


def allocation_grows_linearly(
    call: Call, inputs: Callable[[int], tuple[Any, ...]], length: int = 256, **keywords: Any
) -> bool:
    """Whether four times the length allocates at most four times the bytes; a square matrix takes sixteen times.

    inputs: length -> the launcher's arguments. Lengths that are padded to whole blocks, and scratch of a fixed size, pass.
    """
    short, long = (call.without_kernels(*inputs(n), **keywords).allocated_bytes for n in (length, 4 * length))
    return long <= 4 * short
