"""What profilers see of a launcher's calls on a GPU, whichever profiler it is. Numbers only; imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

LAUNCHER = "launcher"  # the range around each call that is profiled
INPUTS, WARM_UP = "inputs", "warm-up"  # the ranges before it


@dataclass(frozen=True)
class Workload:
    """What is profiled: the size, what its arithmetic and its least bytes are, and on which GPU."""

    record: ClassVar[str] = "workload"
    size: str
    flops: int
    least_bytes: int
    gpu: str


@dataclass(frozen=True)
class Stall:
    """Why warps waited: `warps` of them at a time, on average, for each instruction that was issued."""

    reason: str  # in the profiler's word: "long_scoreboard"
    warps: float


@dataclass(frozen=True)
class Profiled:
    """One kernel under a profiler. Shares are of this GPU's peak, 0 ... 1; None where the profiler doesn't count them."""

    record: ClassVar[str] = "profiled"
    kernel: str
    size: str
    time_ms: float
    launches: int
    registers: int  # a thread's
    shared_bytes: int  # a program's
    occupancy: float  # share of the warps that a multiprocessor can hold
    grid: tuple[int, ...] = ()
    memory: float | None = None  # DRAM throughput
    compute: float | None = None  # of the busiest unit of the multiprocessors
    tensor: float | None = None  # tensor cores
    wgmma: float | None = None  # share of the instructions that are Hopper's own for the tensor cores
    l2_hits: float | None = None  # share of the sectors asked for that the L2 held
    bank_conflicts: float | None = None  # share of the passes over shared memory that are there because of conflicts
    dram_bytes: int | None = None
    stalls: tuple[Stall, ...] = ()  # the largest first


class Kind(Enum):
    KERNEL = "kernel"
    COPY = "copy"  # and setting memory, by the GPU
    API = "api"  # a call of CUDA's on the CPU
    SYSTEM = "system"  # a call of the operating system
    RANGE = "range"  # named by us


@dataclass(frozen=True)
class Event:
    """Something that took time, on one clock. `correlation` ties what the GPU did to the call that asked for it; 0: unknown."""

    kind: Kind
    name: str
    start_ns: int
    end_ns: int
    correlation: int = 0
    bytes: int = 0

    @property
    def ns(self) -> int:
        return self.end_ns - self.start_ns


@dataclass(frozen=True)
class Scope:
    """A node of Proton's tree: `path` from the root, and what was counted in it and below it."""

    path: tuple[str, ...]
    time_ms: float
    count: int
    flops: float = 0.0
    bytes: float = 0.0

    @property
    def tflops(self) -> float:
        return self.flops / self.time_ms / 1e9 if self.time_ms else 0.0

    @property
    def gbs(self) -> float:
        return self.bytes / self.time_ms / 1e6 if self.time_ms else 0.0


@dataclass(frozen=True)
class Figures:
    """Of one call of the launcher, on average, in µs; `launcher_us` and `longest_us` are medians of one call and one launch."""

    calls: int
    between_us: float  # from the first call's beginning to the last result, divided by the calls
    gpu_us: float  # kernels and copies
    launcher_us: float
    gaps_us: float  # between one thing that the GPU does for a call and the next
    launches: float
    copies: float
    copied_bytes: float
    longest: str
    longest_us: float
    api: tuple[tuple[str, float], ...]  # CUDA's calls inside of the launcher, the longest first
    system: tuple[tuple[str, float], ...] = ()  # the operating system's

    @property
    def busy(self) -> float:
        """The share of the time in which the GPU works."""
        return self.gpu_us / self.between_us if self.between_us else 0.0


@dataclass(frozen=True)
class KeptProfile:
    """What is kept of one profile, for the next one to be compared with."""

    record: ClassVar[str] = "kept_profile"
    when: str
    tool: str
    workload: Workload
    kernels: tuple[Profiled, ...] = ()
    figures: Figures | None = None
    scopes: tuple[Scope, ...] = ()
