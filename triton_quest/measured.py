"""What is measured of a learner's kernels without a GPU, as the records that the child sends.

Numbers only; what they mean is said in `benchmark/` and `screen/`. Imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Inputs:
    """What the launcher is called with: "q, k, v (2, 8, 1024, 64), fp16"."""

    record: ClassVar[str] = "inputs"
    shown: str


@dataclass(frozen=True)
class Width:
    """So many instructions that move so many bytes a thread each."""

    bytes: int
    count: int


@dataclass(frozen=True)
class Dot:
    """One `tl.dot` of the source: its operands' type and, for fp32, how a GPU multiplies them ("ieee", "tf32", ...)."""

    dtype: str
    precision: str
    shape: tuple[int, ...]  # M, N, K


@dataclass(frozen=True)
class Compiled:
    """One kernel, compiled all the way for one target.

    `spilled_bytes` and `registers` are a thread's, `shared_bytes` and `tensor_memory` (columns, Blackwell) a program's.
    """

    record: ClassVar[str] = "compiled"
    kernel: str
    target: str
    constants: tuple[tuple[str, str], ...]
    warps: int
    stages: int
    registers: int
    spilled_bytes: int
    shared_bytes: int
    seconds: float
    tensor_memory: int = 0
    dots: tuple[Dot, ...] = ()
    tensor_cores: tuple[str, ...] = ()  # the instructions that use them
    loads: tuple[Width, ...] = ()  # from global memory to registers
    stores: tuple[Width, ...] = ()
    copies: tuple[Width, ...] = ()  # from global to shared memory while the kernel goes on


@dataclass(frozen=True)
class Refused:
    """A kernel that a target, or its compiler, refuses: the reason in a sentence."""

    record: ClassVar[str] = "refused"
    kernel: str
    target: str
    says: str
    reason: str  # Triton's own words
    line: int = 0
    source: str = ""


@dataclass(frozen=True)
class Assembly:
    """What a kernel became, as text: ptx, sass, ttgir, amdgcn."""

    record: ClassVar[str] = "assembly"
    kernel: str
    target: str
    kind: str
    text: str
