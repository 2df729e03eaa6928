"""Stands in for the GPU driver where there is no GPU: the device is the CPU, and nothing can be measured or loaded.

Every interpreter child needs it, since code written for a GPU asks for a driver: `triton.runtime.driver.active` at
import, `@triton.autotune` at the first launch. Benchmarks take no time and all say the same, so autotune keeps its
first config. A real GPU's process must not activate it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import triton.testing
from triton.backends.compiler import GPUTarget
from triton.backends.driver import DriverBase
from triton.runtime.driver import driver

from triton_quest.machine.targets import TARGETS, Arch, Target, find

from . import no_gpu
from .patching import Edits

MEASURED_MS = 1.0
MAX_THREADS = 1024  # of a program
REPLACED_BENCHMARKS = ("do_bench", "do_bench_cudagraph")


@dataclass(frozen=True)
class _Utils:
    target: Target

    def get_device_properties(self, device: Any = None) -> dict[str, int]:
        """What a launcher may ask of the device; the clocks are an A100's, since nothing runs."""
        no_gpu.note("get_device_properties", self.target, no_gpu.multiprocessors(self.target))
        return {
            "multiprocessor_count": self.target.multiprocessors,
            "max_shared_mem": self.target.shared_per_program,
            "max_num_regs": self.target.registers,
            "max_threads_per_block": MAX_THREADS,
            "warpSize": self.target.warp_size,
            "sm_clock_rate": 1_410_000,
            "mem_clock_rate": 1_215_000,
            "mem_bus_width": 5120,
        }


def pretend_to_measure(
    fn: Callable[[], Any],
    *args: Any,
    quantiles: Sequence[float] | None = None,
    return_mode: str = "mean",
    **kwargs: Any,
) -> float | list[float]:
    """`do_bench`'s answer in its own shape, without a call of `fn`: a kernel in the interpreter has no speed."""
    if quantiles is not None and len(quantiles) != 1:
        return [MEASURED_MS] * len(quantiles)
    return [MEASURED_MS] if return_mode == "all" else MEASURED_MS


class FakeDriver(DriverBase):
    """A GPU on which nothing can run: `arch` is a compute capability (80: A100, 90: H100) or AMD's name."""

    def __init__(self, arch: Arch = 80) -> None:
        super().__init__()
        self.arch = arch
        self.target = find(arch) or TARGETS[0]
        self.utils = _Utils(self.target)
        self.questions = 0  # how often somebody asked what it is

    @staticmethod
    def is_active() -> bool:
        return True

    def map_python_to_cpp_type(self, ty: str) -> str:
        return ty

    def get_current_target(self) -> GPUTarget:
        self.questions += 1
        return GPUTarget(self.target.backend, self.arch, self.target.warp_size)

    def get_active_torch_device(self) -> torch.device:
        return torch.device("cpu")

    def get_device_interface(self) -> Any:
        return torch.cpu

    def get_device_capability(self, device: Any = None) -> tuple[int, int]:
        return divmod(self.arch, 10) if isinstance(self.arch, int) else (9, 4)  # torch's answer for an MI300X

    def get_current_device(self) -> Arch:
        return self.arch  # one index per architecture keeps Triton's per-device caches apart

    def set_current_device(self, device: Any) -> None: ...

    def get_current_stream(self, device: Any = None) -> int:
        return 0

    def get_benchmarker(self) -> Callable[..., float | list[float]]:
        return pretend_to_measure

    def get_empty_cache_for_benchmark(self) -> torch.Tensor:
        return torch.empty(0)

    def clear_cache(self, cache: torch.Tensor) -> None: ...


def activate(arch: Arch = 80, edits: Edits | None = None) -> FakeDriver:
    """Make a fake driver the active one for the rest of this process, before the learner's file is imported.

    What else is asked of a GPU is answered too; `edits` remembers what was replaced.
    """
    fake, edits = FakeDriver(arch), edits or Edits()
    driver.set_active(fake)
    for name in REPLACED_BENCHMARKS:
        edits.set(triton.testing, name, pretend_to_measure)
    no_gpu.stand_in(fake.target, edits)
    return fake


def is_active() -> bool:
    """Whether there is no GPU for this process."""
    return isinstance(driver._active, FakeDriver)


@contextmanager
def activated(arch: Arch = 80) -> Iterator[FakeDriver]:
    """As `activate`, and puts back what was there."""
    previous, edits = driver._active, Edits()
    try:
        yield activate(arch, edits)
    finally:
        driver._active = previous
        edits.undo()
