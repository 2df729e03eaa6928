"""What a race on a GPU measures, as the records that the child sends. Numbers only; imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

YOURS = "yours"  # the learner's kernel among the contenders


@dataclass(frozen=True)
class Lineup:
    """What is going to be raced: the sizes in their order, and the rivals' names."""

    record: ClassVar[str] = "lineup"
    slug: str
    sizes: tuple[str, ...]
    rivals: tuple[str, ...]


@dataclass(frozen=True)
class Ceilings:
    """What this GPU can do, measured just now, not read from a datasheet."""

    record: ClassVar[str] = "ceilings"
    gpu: str
    copy_gbs: float  # device to device, bytes read plus bytes written
    matmul_tflops: float  # fp16, 8192 x 8192 x 8192, through PyTorch
    torch: str
    triton: str
    clocks: str = ""  # as the driver reports them while measuring


@dataclass(frozen=True)
class Timing:
    """One contender at one size: the median over the rounds, and between what the middle six in ten of them lie."""

    record: ClassVar[str] = "timing"
    slug: str
    size: str
    contender: str
    time_ms: float
    low_ms: float
    high_ms: float
    rounds: int
    flops: int  # of the size, 0 where bytes are the measure
    least_bytes: int
    length: int = 0  # of the size: how many keys a query sees, 0 where there are none

    @property
    def tflops(self) -> float:
        return self.flops / self.time_ms / 1e9

    @property
    def gbs(self) -> float:
        return self.least_bytes / self.time_ms / 1e6


@dataclass(frozen=True)
class ConfigTiming:
    """One config of a tuned kernel at one size, forced: as `Timing`, with what it was compiled to.

    `time_ms` is 0 where the config could not be timed, and `says` why. `taken`: the tuner chose this one.
    """

    record: ClassVar[str] = "config_timing"
    slug: str
    size: str
    kernel: str
    place: int  # in the kernel's list, from 1
    count: int  # of the list
    constants: tuple[tuple[str, str], ...]
    warps: int
    stages: int
    taken: bool
    arch: int  # the GPU's compute capability: 90
    time_ms: float = 0.0
    low_ms: float = 0.0
    high_ms: float = 0.0
    rounds: int = 0
    flops: int = 0
    registers: int = 0  # a thread's
    spilled_bytes: int = 0  # a thread's
    shared_bytes: int = 0  # a program's
    tensor_memory: int = 0
    says: str = ""

    @property
    def tflops(self) -> float:
        return self.flops / self.time_ms / 1e9 if self.time_ms else 0.0


@dataclass(frozen=True)
class DidNotRun:
    """A contender that can't do this size here, or whose result was not the others'."""

    record: ClassVar[str] = "did_not_run"
    slug: str
    size: str
    contender: str
    says: str
