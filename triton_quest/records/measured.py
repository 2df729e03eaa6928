"""What is measured of a learner's kernels without a GPU, as the records that the child sends.

Numbers only; what they mean is said in `report/` and `screen/`. Imports nothing heavy.
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
    loops: int = 0  # of the source, in all of the kernel's functions
    dots: tuple[Dot, ...] = ()
    tensor_cores: tuple[str, ...] = ()  # the instructions that use them
    loads: tuple[Width, ...] = ()  # from global memory to registers
    stores: tuple[Width, ...] = ()
    copies: tuple[Width, ...] = ()  # from global to shared memory while the kernel goes on
    wgmma_in_loops: int = 0  # Hopper's tensor-core instructions in the innermost loops of the machine code
    wgmma_one_by_one: int = 0  # of these, in loops that wait after each
    config: str = ""  # "config 2 of 7", of a kernel that is tuned


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
    longest: ClassVar[int] = 20_000_000  # characters of a text: it is the compiler's, and wanted as a whole
    kernel: str
    target: str
    kind: str
    text: str


@dataclass(frozen=True)
class Moved:
    """What all launches of one kernel moved through one argument, in bytes. `once`: each element once a launch."""

    kernel: str
    argument: str
    loaded: int
    stored: int
    loaded_once: int
    stored_once: int


@dataclass(frozen=True)
class Counted:
    """One call of the launcher in the interpreter, with the letter that grows at `size`. Bytes and operations, no times.

    `least_loaded` and `least_stored`: each input read once, each output written once. `scratch`: what the launcher
    allocates besides its answer.
    """

    record: ClassVar[str] = "counted"
    size: int
    inputs: str
    moved: tuple[Moved, ...]
    least_loaded: int
    least_stored: int
    dot_flops: int
    other_flops: int
    exponentials: int
    scratch: int
    launches: int
    pattern: str = ""  # the inputs with the letter that grows in place of its size: "q, k, v (1, 1, S, 64), fp16"
    is_right: bool = True  # whether the answer was right

    @property
    def asked(self) -> int:
        """All bytes that loads and stores ask for: what goes between the registers and the caches."""
        return sum(one.loaded + one.stored for one in self.moved)

    @property
    def once(self) -> int:
        """The bytes that memory must move at least, with caches that forget nothing before the end of a launch."""
        return sum(one.loaded_once + one.stored_once for one in self.moved)

    @property
    def least(self) -> int:
        return self.least_loaded + self.least_stored

    @property
    def flops(self) -> int:
        return self.dot_flops + self.other_flops
