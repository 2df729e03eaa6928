"""How many programs a multiprocessor holds: by registers, shared memory, warps or their number, whichever runs out first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from triton_quest.machine.targets import find
from triton_quest.records.measured import Compiled
from triton_quest.report.occupancy import Occupancy, estimate

SMALL = Compiled("kernel", "sm_80", (), warps=4, stages=3, registers=16, spilled_bytes=0, shared_bytes=0, seconds=0.1)
KB = 1024


@pytest.mark.parametrize(
    ("target", "change", "expected"),
    [
        ("sm_80", {}, Occupancy(16, 64, 64, "")),
        ("sm_80", {"registers": 128}, Occupancy(4, 16, 64, "registers")),  # 4096 of a partition's 16384 a warp
        ("sm_80", {"registers": 129}, Occupancy(3, 12, 64, "registers")),  # rounded up to 136
        ("sm_80", {"registers": 255, "warps": 8}, Occupancy(1, 8, 64, "registers")),
        ("sm_80", {"shared_bytes": 40 * KB}, Occupancy(4, 16, 64, "shared memory")),  # 41 of 164 KB
        ("sm_80", {"shared_bytes": 163 * KB}, Occupancy(1, 4, 64, "shared memory")),
        ("sm_90", {"shared_bytes": 56 * KB}, Occupancy(4, 16, 64, "shared memory")),  # 57 of 228 KB
        ("sm_80", {"warps": 1}, Occupancy(32, 32, 64, "programs")),
        ("sm_89", {"warps": 8}, Occupancy(6, 48, 48, "")),
        ("sm_100", {"tensor_memory": 256}, Occupancy(2, 8, 64, "tensor memory")),
        ("gfx942", {"registers": 128}, Occupancy(4, 16, 32, "registers")),  # 4 waves a SIMD, of 512 registers
        ("gfx942", {"shared_bytes": 24 * KB}, Occupancy(2, 8, 32, "shared memory")),
    ],
)
def test_what_runs_out_first_is_named(target: str, change: dict[str, int], expected: Occupancy) -> None:
    chip = find(target)
    assert chip is not None
    assert estimate(replace(SMALL, target=target, **change), chip) == expected  # type: ignore[arg-type]
