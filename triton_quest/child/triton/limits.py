"""What a kernel may ask of a GPU, beyond what the compiler checks: the driver refuses more at the launch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from triton.runtime.errors import OutOfResources

from triton_quest.machine.targets import Target

from .fake_driver import MAX_THREADS

MAX_GRID = (2**31 - 1, 65535, 65535)  # CUDA C++ Programming Guide, "Technical Specifications per Compute Capability"


class ImpossibleGrid(ValueError): ...


def check_grid(grid: Any) -> None:
    """Raises ImpossibleGrid for what is no grid, and for more programs along one axis than CUDA launches.

    A fourth axis is refused, since Triton drops it without a word.
    """
    if not isinstance(grid, Sequence) or not grid:
        raise ImpossibleGrid(f"the grid must be a tuple, not {type(grid).__name__}")
    if len(grid) > len(MAX_GRID):
        raise ImpossibleGrid(f"{len(grid)} axes, at most {len(MAX_GRID)}")
    for axis, (programs, most) in enumerate(zip(grid, MAX_GRID, strict=False)):
        if not hasattr(programs, "__index__"):
            raise ImpossibleGrid(f"the number of programs along axis {axis} is a {type(programs).__name__}")
        if programs > most:
            raise ImpossibleGrid(f"{int(programs)} programs along axis {axis}, at most {most} can be launched")


def check_resources(target: Target, shared_bytes: int, warps: int) -> None:
    """Raises the OutOfResources that Triton raises when it loads such a kernel."""
    if shared_bytes > target.shared_per_program:
        raise OutOfResources(shared_bytes, target.shared_per_program, "shared memory")
    if warps * target.warp_size > MAX_THREADS:
        raise OutOfResources(warps * target.warp_size, MAX_THREADS, "threads")
