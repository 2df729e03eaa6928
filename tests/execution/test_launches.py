"""Guards what the judge sees of the kernels that a launcher starts, and that looking at them changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
import triton
import triton.language as tl
from triton.runtime import interpreter

from triton_quest.child.instruments.launches import Launch, LaunchLog, Observer, inside_launch, observed

INSIDE: list[bool] = []


@triton.jit
def fill(out_ptr, value, n, BLOCK: tl.constexpr, TWICE: tl.constexpr = False, ROUNDS: tl.constexpr = 1):  # type: ignore[no-untyped-def]
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + offsets, value, mask=offsets < n)


@triton.jit
def stumble(out_ptr):  # type: ignore[no-untyped-def]
    raise ZeroDivisionError("in the kernel")


@triton.jit
def look_around(out_ptr):  # type: ignore[no-untyped-def]
    INSIDE.append(inside_launch())


def patched_parts() -> tuple[Any, Any]:
    return interpreter.GridExecutor.__call__, interpreter.InterpreterBuilder.set_grid_dim


@dataclass
class Diary(Observer):
    """What it was told, in order."""

    name: str = ""
    told: list[str] = field(default_factory=list)

    def begin(self, launch: Launch) -> None:
        self.told.append(f"{self.name}begin {launch.kernel}")

    def end(self, launch: Launch) -> None:
        self.told.append(f"{self.name}end {launch.kernel} {launch.grid}")


@dataclass
class Faulty(Observer):
    def begin(self, launch: Launch) -> None:
        raise RuntimeError("in the observer")


def seen(log: LaunchLog) -> Launch:
    (launch,) = log.launches
    return launch


# What is seen


def test_a_launch_is_seen_with_its_kernel_grid_and_arguments() -> None:
    out, log = torch.zeros(10), LaunchLog()
    with observed(log):
        fill[(3,)](out, 2.5, 10, BLOCK=4)
    launch = seen(log)
    assert (launch.kernel, launch.grid, launch.replaced_by_noop) == ("fill", (3, 1, 1), False)
    assert launch.arguments["out_ptr"] is out and launch.arguments["value"] == 2.5 and launch.arguments["n"] == 10
    assert out.tolist() == [2.5] * 10, "the kernel runs as it would unobserved"


@pytest.mark.parametrize(
    ("grid", "dims"),
    [
        ((2,), (2, 1, 1)),
        ((2, 3), (2, 3, 1)),
        ((2, 1, 3), (2, 1, 3)),
        (lambda meta: (triton.cdiv(10, meta["BLOCK"]),), (5, 1, 1)),
    ],
    ids=["one axis", "two axes", "three axes", "a function of the constants"],
)
def test_the_grid_is_seen_as_it_is_launched(grid: Any, dims: tuple[int, int, int]) -> None:
    log = LaunchLog()
    with observed(log):
        fill[grid](torch.zeros(10), 1.0, 10, BLOCK=2)
    assert seen(log).grid == dims


def test_constants_are_told_apart_from_options_and_arguments() -> None:
    log = LaunchLog()
    with observed(log):
        fill[(1,)](torch.zeros(4), 1.0, n=4, BLOCK=4, TWICE=True, num_warps=8, num_stages=3)
    launch = seen(log)
    assert launch.constexprs == {"BLOCK": 4, "TWICE": True, "ROUNDS": 1}, "with those left at their default"
    assert launch.options == {"num_warps": 8, "num_stages": 3}
    assert launch.arguments["n"] == 4


def test_a_constant_given_by_position_is_seen_too() -> None:
    log = LaunchLog()
    with observed(log):
        fill[(1,)](torch.zeros(4), 1.0, 4, 8)
    assert seen(log).constexprs["BLOCK"] == 8


def test_block_sizes_are_the_whole_constants_from_two_on() -> None:
    launch = Launch("fill", {}, {"BLOCK": 64, "ROUNDS": 1, "TWICE": True, "SCALE": 0.5, "NAME": "x", "NONE": None}, {})
    assert launch.blocks == {"BLOCK": 64}


def test_launches_are_kept_in_the_order_in_which_they_were_made() -> None:
    log = LaunchLog()
    with observed(log):
        for n in (3, 1, 2):
            fill[(1,)](torch.zeros(4), 1.0, n, BLOCK=4)
    assert [launch.arguments["n"] for launch in log.launches] == [3, 1, 2]


def test_a_launch_outside_of_the_block_is_not_seen() -> None:
    log = LaunchLog()
    fill[(1,)](torch.zeros(4), 1.0, 4, BLOCK=4)
    with observed(log):
        pass
    fill[(1,)](torch.zeros(4), 1.0, 4, BLOCK=4)
    assert log.launches == []


def test_a_call_with_missing_arguments_raises_tritons_own_error_and_is_seen() -> None:
    log = LaunchLog()
    with observed(log), pytest.raises(TypeError, match="BLOCK"):
        fill[(1,)](torch.zeros(4), 1.0, n=4)
    assert seen(log).arguments == {"n": 4}


def test_observers_are_told_before_and_after_each_launch_in_their_order() -> None:
    first, second = Diary(), Diary()
    second.told = first.told  # one diary for both
    first.name, second.name = "1 ", "2 "
    with observed(first, second):
        fill[(2,)](torch.zeros(4), 1.0, 4, BLOCK=4)
    assert first.told == ["1 begin fill", "2 begin fill", "1 end fill (2, 1, 1)", "2 end fill (2, 1, 1)"]


def test_the_inside_of_a_launch_is_told_from_the_outside() -> None:
    INSIDE.clear()
    with observed():
        outside = inside_launch()
        look_around[(1,)](torch.zeros(1))
    assert INSIDE == [True] and not outside and not inside_launch()


# No-ops


def test_a_launch_replaced_by_a_noop_is_seen_and_writes_nothing() -> None:
    out, log = torch.zeros(4), LaunchLog()
    with observed(log, noop=True):
        fill[(1,)](out, 1.0, 4, BLOCK=4)
    launch = seen(log)
    assert launch.replaced_by_noop and launch.constexprs["BLOCK"] == 4
    assert out.tolist() == [0.0] * 4


# What is put back


def test_what_was_replaced_is_put_back() -> None:
    before = patched_parts()
    with observed(LaunchLog()):
        assert patched_parts() != before
        fill[(1,)](torch.zeros(4), 1.0, 4, BLOCK=4)
    assert patched_parts() == before


def test_what_was_replaced_is_put_back_after_an_exception_in_the_block() -> None:
    before = patched_parts()
    with pytest.raises(KeyboardInterrupt), observed(LaunchLog()):
        raise KeyboardInterrupt
    assert patched_parts() == before


def test_after_an_exception_in_a_kernel_the_observer_is_told_and_the_next_launch_is_seen() -> None:
    before, diary = patched_parts(), Diary()
    with observed(diary):
        with pytest.raises(interpreter.InterpreterError):
            stumble[(2,)](torch.zeros(1))
        assert not inside_launch()
        fill[(1,)](torch.zeros(4), 1.0, 4, BLOCK=4)
    assert diary.told == ["begin stumble", "end stumble (2, 1, 1)", "begin fill", "end fill (1, 1, 1)"]
    assert patched_parts() == before


def test_an_exception_in_an_observer_leaves_nothing_behind() -> None:
    before = patched_parts()
    with pytest.raises(RuntimeError, match="in the observer"), observed(Faulty()):
        fill[(1,)](torch.zeros(4), 1.0, 4, BLOCK=4)
    assert patched_parts() == before and not inside_launch()
    log = LaunchLog()
    with observed(log):
        fill[(1,)](torch.zeros(4), 1.0, 4, BLOCK=4)
    assert seen(log).grid == (1, 1, 1)


# One within another


def test_nested_observers_each_see_the_launches_of_their_own_block() -> None:
    before, outer, inner = patched_parts(), LaunchLog(), LaunchLog()
    with observed(outer):
        fill[(1,)](torch.zeros(4), 1.0, 4, BLOCK=4)
        with observed(inner):
            fill[(2,)](torch.zeros(4), 1.0, 4, BLOCK=4)
        fill[(3,)](torch.zeros(4), 1.0, 4, BLOCK=4)
    assert [launch.grid[0] for launch in outer.launches] == [1, 2, 3]
    assert [launch.grid[0] for launch in inner.launches] == [2]
    assert patched_parts() == before


@pytest.mark.parametrize(("outer_noop", "inner_noop"), [(True, False), (False, True)])
def test_a_noop_within_or_around_another_observer_stays_a_noop(outer_noop: bool, inner_noop: bool) -> None:
    out, inner = torch.zeros(4), LaunchLog()
    with observed(LaunchLog(), noop=outer_noop), observed(inner, noop=inner_noop):
        fill[(1,)](out, 1.0, 4, BLOCK=4)
    assert out.tolist() == [0.0] * 4 and len(inner.launches) == 1
