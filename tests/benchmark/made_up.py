"""Counts that follow simple laws, as those of real kernels do: for tests of what is made of counts."""

from __future__ import annotations

from collections.abc import Callable

from triton_quest.records.measured import Counted, Moved
from triton_quest.report.growth import Tally

SIZES = (64, 128, 256, 512)
Counts = dict[str, int]


def naive_like(n: int) -> Counts:
    """What level 6's solution came to, with D = 64."""
    return {"asked": 20 * n * n + 256 * n, "once": 16 * n * n + 512 * n, "dot_flops": 192 * n * n + 4096 * n}


def fused_like(n: int) -> Counts:
    return {"asked": 128 * n * n + 384 * n, "once": 512 * n, "other_flops": 130 * n * n + 8385 * n}


def flash_like(n: int) -> Counts:
    return {"asked": n * n + 384 * n, "once": 512 * n, "dot_flops": 128 * n * n + 16384 * n}


def counted(n: int, counts: Counts, kernel: str = "attention_kernel") -> Counted:
    """All that is asked for is loaded from `k_ptr`, but for the output's bytes, which are stored to `out_ptr`."""
    stored = 128 * n
    moved = (
        Moved(kernel, "k_ptr", counts["asked"] - stored, 0, counts["once"] - stored, 0),
        Moved(kernel, "out_ptr", 0, stored, 0, stored),
    )
    flops = (counts.get("dot_flops", 0), counts.get("other_flops", n), counts.get("exponentials", n * n // 2))
    inputs = f"q, k, v (1, 1, {n}, 64), fp16"
    return Counted(n, inputs, moved, 384 * n, stored, *flops, scratch=counts.get("scratch", 0), launches=1)


def tally(
    name: str, counts: Callable[[int], Counts], sizes: tuple[int, ...] = SIZES, whose: str = "", level: int = 8
) -> Tally:
    return Tally(name, whose, level, "S", tuple(counted(n, counts(n)) for n in sizes))
