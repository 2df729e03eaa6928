"""Every access of every program is kept: its elements, its masked-off lanes, its line, and how far the loops around it have come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import triton
import triton.language as tl

from triton_quest.child.instruments.memory import trace as tracing
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.findings import Operation
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.instruments.memory.trace import Touch, Walk


@triton.jit
def _copy(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < n)  # HERE load
    tl.store(out_ptr + offsets, x, mask=offsets < n)


@triton.jit
def _copy_unmasked(x_ptr, out_ptr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + offsets, tl.load(x_ptr + offsets))


@triton.jit
def _row(x_ptr, row, cols):
    return tl.load(x_ptr + row * 4 + cols)  # HERE helper


@triton.jit
def _sum_of_rows(x_ptr, out_ptr, rows, ROUNDS: tl.constexpr):
    cols = tl.arange(0, 4)
    total = tl.zeros((4,), dtype=tl.float32)
    for turn in tl.static_range(ROUNDS):
        for row in range(turn, rows, 2):
            total += _row(x_ptr, row, cols)
    tl.store(out_ptr + cols, total)


@triton.jit
def _while(x_ptr, out_ptr, n):
    at = 0
    total = 0.0
    while at < n:
        total += tl.load(x_ptr + at)
        at += 1
    tl.store(out_ptr, total)


@triton.jit
def _tile(x_ptr, out_ptr, stride_row, stride_col, ROWS: tl.constexpr, COLS: tl.constexpr):
    rows, cols = tl.arange(0, ROWS)[:, None], tl.arange(0, COLS)[None, :]
    x = tl.load(x_ptr + rows * stride_row + (cols + 1) * stride_col)
    tl.atomic_add(out_ptr + rows * COLS + cols, x)


@triton.jit
def _broadcast(x_ptr, out_ptr, n):
    lanes = tl.arange(0, 8)
    x = tl.load(x_ptr + lanes * 0)
    tl.store(out_ptr + lanes, x, mask=lanes < n)


@triton.jit
def _either(x_ptr, y_ptr, out_ptr):
    lanes = tl.arange(0, 8)
    pointers = tl.where(lanes < 3, x_ptr + lanes, y_ptr + lanes)
    tl.store(out_ptr + lanes, tl.load(pointers))


def line(mark: str) -> int:
    lines = Path(__file__).read_text().splitlines()
    return next(number for number, text in enumerate(lines, 1) if text.endswith(f"# HERE {mark}"))


def traced(launch: Callable[[], object]) -> list[Walk]:
    model = MemoryModel(traced=True)
    try:
        with model.active():
            launch()
    except IllegalAccess:
        pass
    assert model.trace is not None
    return model.trace.walks


def touches(launch: Callable[[], object]) -> list[Touch]:
    (walk,) = traced(launch)
    assert not walk.is_cut
    return walk.touches


def numbers(*shape: int) -> torch.Tensor:
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape)


def test_nothing_is_kept_unless_asked_for() -> None:
    assert MemoryModel().trace is None


def test_each_program_has_its_elements_and_its_masked_off_lanes() -> None:
    found = touches(lambda: _copy[(3,)](numbers(10), torch.empty(10), 10, BLOCK=4))
    assert [(touch.program, touch.operation, touch.argument) for touch in found] == [
        ((program,), operation, argument)
        for program in range(3)
        for operation, argument in ((Operation.READ, 0), (Operation.WRITE, 1))
    ]
    assert [touch.touched for touch in found[::2]] == [((0, 3),), ((4, 7),), ((8, 9),)]
    assert [touch.masked for touch in found[::2]] == [(), (), ((2, 3),)]
    assert {(touch.block, touch.outside, touch.loops) for touch in found} == {((4,), (), ())}
    assert found[0].site.line == line("load") and found[0].site.source.startswith("x = tl.load(")


def test_a_program_whose_lanes_are_all_masked_off_touches_nothing_and_is_kept() -> None:
    found = touches(lambda: _copy[(2,)](numbers(4), torch.empty(4), 4, BLOCK=4))
    assert [(touch.touched, touch.masked) for touch in found[2:]] == [((), ((0, 3),))] * 2


def test_lanes_outside_of_the_tensor_are_kept_before_the_launch_ends() -> None:
    found = touches(lambda: _copy_unmasked[(3,)](numbers(10), torch.empty(10), BLOCK=4))
    last = found[-1]
    assert (len(found), last.program, last.touched, last.outside) == (5, (2,), ((8, 9),), ((2, 3),))


def test_loops_are_told_with_their_values_also_around_a_helper() -> None:
    found = touches(lambda: _sum_of_rows[(1,)](numbers(3, 4), torch.empty(4), 3, ROUNDS=2))
    assert [touch.loops for touch in found] == [
        (("turn", "0"), ("row", "0")),
        (("turn", "0"), ("row", "2")),
        (("turn", "1"), ("row", "1")),
        (),
    ]
    assert {touch.site.line for touch in found[:-1]} == {line("helper")}


def test_a_while_loop_is_told_by_what_its_condition_asks_for_and_its_body_changes() -> None:
    found = touches(lambda: _while[(1,)](numbers(3), torch.empty(1), 3))
    assert [touch.touched for touch in found[:-1]] == [((0, 0),), ((1, 1),), ((2, 2),)]
    assert [touch.loops for touch in found] == [(("at", "0"),), (("at", "1"),), (("at", "2"),), ()]


@pytest.mark.parametrize("layout", ["contiguous", "transposed", "every second", "part of a larger one"])
def test_elements_are_counted_in_the_tensors_own_shape_whatever_its_strides(layout: str) -> None:
    x = {
        "contiguous": numbers(2, 3),
        "transposed": numbers(3, 2).t(),
        "every second": numbers(2, 6)[:, ::2],
        "part of a larger one": numbers(5, 9)[2:4, 4:7],
    }[layout]
    load, add = touches(lambda: _tile[(1,)](x, torch.zeros(4), *x.stride(), ROWS=2, COLS=2))
    assert load.touched == ((1, 2), (4, 5)) and load.block == (2, 2)
    assert (add.operation, add.touched) == (Operation.ATOMIC, ((0, 3),))


def test_an_element_that_several_lanes_touch_is_there_once() -> None:
    load, store = touches(lambda: _broadcast[(1,)](numbers(4), torch.empty(8), 5))
    assert (load.touched, load.block, load.masked) == (((0, 0),), (8,), ())
    assert (store.touched, store.masked) == (((0, 4),), ((5, 7),))


def test_an_access_into_two_tensors_has_a_part_for_each() -> None:
    found = touches(lambda: _either[(1,)](numbers(8), numbers(8), torch.empty(8)))
    assert [(touch.argument, touch.touched) for touch in found] == [(0, ((0, 2),)), (1, ((3, 7),)), (2, ((0, 7),))]


def test_each_launch_has_its_own_walk_and_arguments() -> None:
    x, out = numbers(4), torch.empty(4)

    def launch() -> None:
        _copy[(1,)](x, out, 4, BLOCK=4)
        _copy[(2,)](out, x, 4, BLOCK=2)

    first, second = traced(launch)
    assert [argument.tensor_name for argument in first.arguments] == ["x", "out"]
    assert [argument.tensor_name for argument in second.arguments] == ["out", "x"]
    assert (len(first.touches), len(second.touches)) == (2, 4)


def test_what_is_too_much_to_be_looked_at_is_cut_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "MOST_RUNS", 10)
    (walk,) = traced(lambda: _copy[(100,)](numbers(400), torch.empty(400), 400, BLOCK=4))
    assert walk.is_cut and 0 < len(walk.touches) <= 10
