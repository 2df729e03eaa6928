"""A compiled kernel's numbers in words: what is remarkable is remarked, with what to do, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from triton_quest.machine.targets import find
from triton_quest.records.measured import Compiled, Dot, Width
from triton_quest.report.reading import ROWS, remarks, values, without_tensor_cores

HALF = Dot("fp16", "", (64, 64, 64))
EXACT, TF32 = Dot("fp32", "ieee", (64, 64, 64)), Dot("fp32", "tf32", (64, 64, 64))
GOOD = Compiled(
    "attention_kernel", "sm_90", (("BLOCK_M", "64"),), warps=4, stages=3, registers=126, spilled_bytes=0,
    shared_bytes=57344, seconds=0.5, loops=2, dots=(HALF, HALF), tensor_cores=("wgmma.mma_async",), loads=(Width(16, 4),),
    stores=(Width(16, 4),), copies=(Width(16, 24),),
)  # fmt: skip


def said(target: str = "sm_90", **change: Any) -> str:
    chip = find(target)
    assert chip is not None
    return " ".join(remarks(replace(GOOD, target=target, **change), chip))


def shown(target: str = "sm_90", **change: Any) -> dict[str, str]:
    chip = find(target)
    assert chip is not None
    return values(replace(GOOD, target=target, **change), chip)


def test_each_row_has_a_value_and_what_changes_it() -> None:
    assert shown().keys() == ROWS.keys()
    assert all(row.name and row.changed_by for row in ROWS.values())


def test_a_good_kernel_is_told_in_numbers_alone() -> None:
    assert said() == ""
    assert shown() == {
        "registers": "126 of 255",
        "spilled": "nothing",
        "shared": "56 of 227 KB",
        "tensor_cores": "wgmma.mma_async",
        "loads": "16 bytes",
        "copies": "16 bytes",
        "launched": "4, 3",
        "occupancy": "16 of 64 warps: registers",
    }


def test_spilling_is_remarked_first_with_what_to_do() -> None:
    assert said(spilled_bytes=48).startswith("Not all values of a thread find a register")
    assert "smaller blocks, or more num_warps" in said(spilled_bytes=48)
    assert shown(spilled_bytes=48)["spilled"] == "48 bytes"


def test_products_that_run_one_by_one_are_remarked_with_what_to_try() -> None:
    assert said(wgmma_in_loops=12) == ""
    assert said(wgmma_in_loops=12, wgmma_one_by_one=12).startswith("All 12 wgmma in its loops run one by one: ")
    assert said(wgmma_in_loops=24, wgmma_one_by_one=12).startswith("12 of the 24 wgmma in its loops run one by one: ")
    assert "Try fewer num_stages, another tile, or one loop in place of two" in said(wgmma_one_by_one=1)


@pytest.mark.parametrize(
    ("dots", "instructions", "words"),
    [
        ((EXACT,), (), 'fp32 inputs with input_precision="ieee" use none'),
        ((EXACT, HALF), ("mma.sync",), "Of 2 dots, 1 uses no tensor cores"),
        ((Dot("fp64", "", (16, 16, 16)),), (), "no instruction for fp64 dots of 16 x 16 x 16"),
        ((TF32,), ("mma.sync",), ""),
        ((HALF,), ("wgmma.mma_async",), ""),
        ((), (), ""),
    ],
)
def test_why_there_are_no_tensor_cores_is_said(
    dots: tuple[Dot, ...], instructions: tuple[str, ...], words: str
) -> None:
    why = without_tensor_cores(replace(GOOD, dots=dots, tensor_cores=instructions))
    assert words in why and bool(why) is bool(words)


def test_a_kernel_without_a_dot_isnt_blamed_for_idle_tensor_cores() -> None:
    assert shown(dots=(), tensor_cores=())["tensor_cores"] == "no tl.dot"
    assert said(dots=(), tensor_cores=(), copies=()) == ""


def test_hoppers_own_instruction_is_missed_on_hopper_alone() -> None:
    assert "wgmma, wants 4 warps" in said(tensor_cores=("mma.sync",))
    assert said("sm_80", tensor_cores=("mma.sync",)) == ""


def test_narrow_loads_are_remarked_and_copies_count_as_loads() -> None:
    assert "more than 2 bytes a thread at once, where 16 are possible" in said(loads=(Width(2, 8),), copies=())
    assert said(loads=(Width(2, 8),)) == "", "its copies are wide"


def test_dots_that_wait_for_their_loads_are_remarked_unless_one_stage_was_asked_for() -> None:
    assert "Nothing is copied ahead" in said(copies=())
    assert "Nothing is copied ahead" not in said(copies=(), stages=1)
    assert "Nothing is copied ahead" not in said(copies=(), loops=0), "without a loop there is no ahead"


@pytest.mark.parametrize(
    ("widths", "text"),
    [
        ((Width(16, 2),), "16 bytes"),
        ((Width(16, 2), Width(4, 1)), "16 and 4 bytes"),
        ((Width(16, 2), Width(4, 1), Width(2, 1)), "16, 4 and 2 bytes"),
        ((Width(16, 2), Width(0, 3)), "16 bytes, in bulk"),
    ],
)
def test_widths_are_listed(widths: tuple[Width, ...], text: str) -> None:
    assert shown(copies=widths)["copies"] == text


def test_loads_that_all_run_ahead_are_not_called_none() -> None:
    assert shown(loads=())["loads"] == "all pipelined"
    assert shown(loads=(), copies=())["loads"] == "none"


@pytest.mark.parametrize(("size", "text"), [(0, "0"), (16, "16 bytes"), (1024, "1"), (1536, "1.5"), (57344, "56")])
def test_shared_memory_is_told_in_kilobytes_unless_it_is_next_to_nothing(size: int, text: str) -> None:
    assert shown(shared_bytes=size)["shared"] == f"{text} of 227 KB"
