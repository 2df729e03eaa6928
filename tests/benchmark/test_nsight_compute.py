"""Nsight Compute's table is read as it is printed: names, units, a row for each launch, with its own grouping of digits."""

from __future__ import annotations

from pathlib import Path

import pytest

from triton_quest.course.table import LEVELS
from triton_quest.parent import nsight_compute
from triton_quest.report.profile_advice import advice

NAMES = ("ID", "Process ID", "Kernel Name", "Grid Size", *nsight_compute.METRICS.values())
UNITS = ("", "", "", "", "ns", "register/thread", "byte/block", "%", "%", "%", "%")
ADD = ("0", "1666", "add_kernel", "(16384, 1, 1)", "62,080", "26", "1,024", "87.89", "91.2", "30.5", "0")
WAITING = ("1", "1666", "slow_kernel", "(4, 2, 1)", "1,000,000", "255", "0", "12.5", "20", "15", "0")


def printed(*rows: tuple[str, ...]) -> list[str]:
    table = [",".join(f'"{cell}"' for cell in row) for row in rows]
    return ["==PROF== Connected to process 1666", '==PROF== Profiling "add_kernel": 0%....100%', *table]


def test_every_launch_is_read_with_its_units() -> None:
    add, waiting = nsight_compute.kernels_of(printed(NAMES, UNITS, ADD, WAITING), "n = 2^24")
    assert (add.kernel, add.size, add.grid) == ("add_kernel", "n = 2^24", (16384, 1, 1))
    assert add.time_ms == pytest.approx(0.06208) and (add.registers, add.shared_bytes) == (26, 1024)
    assert (add.occupancy, add.memory, add.compute, add.tensor) == pytest.approx((0.8789, 0.912, 0.305, 0.0))
    assert waiting.time_ms == pytest.approx(1.0)


@pytest.mark.parametrize("lines", [[], printed(), printed(NAMES, UNITS), ["==ERROR== No kernels were profiled."]])
def test_output_without_a_launch_gives_no_kernel(lines: list[str]) -> None:
    assert nsight_compute.kernels_of(lines, "") == []


def test_the_command_leaves_the_clocks_alone_and_names_the_file_that_is_judged() -> None:
    words = nsight_compute.command(LEVELS[0], Path("/somewhere/mine.py"), None, Path("/report"))
    assert words[words.index("--clock-control") + 1] == "none"
    assert "/somewhere/mine.py" in words[-1] and str(Path("/report")) in words


def test_what_stands_out_is_told_with_what_to_do_about_it() -> None:
    add, waiting = nsight_compute.kernels_of(printed(NAMES, UNITS, ADD, WAITING), "")
    assert advice(add) == ["The memory is busy: only fewer bytes would make it faster."]
    told = " ".join(advice(waiting))
    assert "it waits" in told and "255 registers" in told
