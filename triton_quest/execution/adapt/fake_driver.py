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

MEASURED_MS = 1.0
REPLACED_BENCHMARKS = ("do_bench", "do_bench_cudagraph")


@dataclass(frozen=True)
class Chip:
    """What a kernel launcher may ask of the device. `max_shared_mem` in bytes per block, opt-in."""

    multiprocessor_count: int
    max_shared_mem: int
    max_num_regs: int = 65536
    max_threads_per_block: int = 1024
    warpSize: int = 32
    sm_clock_rate: int = 1_410_000
    mem_clock_rate: int = 1_215_000
    mem_bus_width: int = 5120


A100, H100 = Chip(108, 166_912), Chip(132, 232_448)
CHIPS = {80: A100, 90: H100}


@dataclass(frozen=True)
class _Utils:
    chip: Chip

    def get_device_properties(self, device: Any = None) -> dict[str, int]:
        return dict(vars(self.chip))


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
    """An NVIDIA GPU of compute capability `arch` (80: A100, 90: H100) on which nothing can run."""

    def __init__(self, arch: int = 80) -> None:
        super().__init__()
        self.arch = arch
        self.chip = CHIPS.get(arch, A100)
        self.utils = _Utils(self.chip)

    @staticmethod
    def is_active() -> bool:
        return True

    def map_python_to_cpp_type(self, ty: str) -> str:
        return ty

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", self.arch, 32)

    def get_active_torch_device(self) -> torch.device:
        return torch.device("cpu")

    def get_device_interface(self) -> Any:
        return torch.cpu

    def get_device_capability(self, device: Any = None) -> tuple[int, int]:
        return divmod(self.arch, 10)

    def get_current_device(self) -> int:
        return self.arch  # one index per architecture keeps Triton's per-device caches apart

    def set_current_device(self, device: Any) -> None: ...

    def get_current_stream(self, device: Any = None) -> int:
        return 0

    def get_benchmarker(self) -> Callable[..., float | list[float]]:
        return pretend_to_measure

    def get_empty_cache_for_benchmark(self) -> torch.Tensor:
        return torch.empty(0)

    def clear_cache(self, cache: torch.Tensor) -> None: ...


def activate(arch: int = 80) -> FakeDriver:
    """Make a fake driver the active one for the rest of this process, before the learner's file is imported."""
    fake = FakeDriver(arch)
    driver.set_active(fake)
    for name in REPLACED_BENCHMARKS:
        setattr(triton.testing, name, pretend_to_measure)
    return fake


@contextmanager
def activated(arch: int = 80) -> Iterator[FakeDriver]:
    """As `activate`, and puts back what was there."""
    previous = driver._active
    benchmarks = {name: getattr(triton.testing, name) for name in REPLACED_BENCHMARKS}
    try:
        yield activate(arch)
    finally:
        driver._active = previous
        for name, function in benchmarks.items():
            setattr(triton.testing, name, function)
