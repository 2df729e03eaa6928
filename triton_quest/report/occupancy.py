"""How many programs of a kernel fit onto one multiprocessor at a time, estimated from what each of them takes.

As NVIDIA's occupancy calculator does it (CUDA C++ Best Practices Guide, "Calculating Occupancy"); on AMD the same with
its own sizes. What really runs depends on the grid, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from triton_quest.machine.targets import PARTITIONS, Target

SHARED_UNIT = 128  # bytes
TENSOR_MEMORY = 512  # columns of a Blackwell multiprocessor


@dataclass(frozen=True)
class Occupancy:
    """`warps` of at most `most` are there at once, in `programs` programs; `limit` names what runs out first."""

    programs: int
    warps: int
    most: int
    limit: str


class Takes(Protocol):
    """What a program of a compiled kernel takes: `registers` a thread's, the rest a program's."""

    @property
    def registers(self) -> int: ...
    @property
    def shared_bytes(self) -> int: ...
    @property
    def tensor_memory(self) -> int: ...
    @property
    def warps(self) -> int: ...


def estimate(kernel: Takes, target: Target) -> Occupancy:
    """0 programs if one alone needs more than there is."""
    by = {
        "registers": _warps_by_registers(kernel.registers, target) // kernel.warps,
        "shared memory": target.shared // _shared(kernel.shared_bytes, target) if kernel.shared_bytes else None,
        "tensor memory": TENSOR_MEMORY // kernel.tensor_memory if kernel.tensor_memory else None,
        "programs": target.programs,
        "warps": target.warps // kernel.warps,
    }
    known = {name: programs for name, programs in by.items() if programs is not None}
    programs = min(known.values())
    full = programs * kernel.warps == target.warps
    limit = "" if full else next(name for name, count in known.items() if count == programs)
    return Occupancy(programs, programs * kernel.warps, target.warps, limit)


def _warps_by_registers(registers: int, target: Target) -> int:
    """Each partition of the multiprocessor hands out its own registers, to whole warps."""
    units = -(-max(registers, 1) * target.warp_size // target.register_unit)
    return min(target.registers // PARTITIONS // (units * target.register_unit) * PARTITIONS, target.warps)


def _shared(asked: int, target: Target) -> int:
    return -(-asked // SHARED_UNIT) * SHARED_UNIT + target.shared_reserved
