"""Guards the launches of far too many programs: stopped early and with the numbers, where nothing else is stopped."""

from __future__ import annotations

import itertools

import pytest
import torch
import triton
import triton.language as tl

from triton_quest.child.instruments import pace
from triton_quest.child.instruments.launches import observed
from triton_quest.child.instruments.pace import Pace, TooManyPrograms


@triton.jit
def fill(out_ptr, LENGTH: tl.constexpr):
    offsets = tl.program_id(0) * LENGTH + tl.arange(0, LENGTH)
    tl.store(out_ptr + offsets, offsets.to(tl.float32))


@triton.jit
def fill_one(out_ptr):
    tl.store(out_ptr + tl.program_id(0), 1.0)


@pytest.fixture
def slow_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes whenever the processor's time is asked for."""
    seconds = itertools.count()
    monkeypatch.setattr(pace.time, "process_time", lambda: float(next(seconds)))


def filled(elements: int, length: int = 1) -> torch.Tensor:
    out, paced = torch.zeros(elements), Pace()
    with observed(paced), paced.watched():
        if length == 1:
            fill_one[(elements,)](out)
        else:
            fill[(elements // length,)](out, LENGTH=length)
    return out


@pytest.mark.usefixtures("slow_processor")
def test_a_launch_of_far_too_many_programs_is_stopped_with_its_numbers() -> None:
    with pytest.raises(TooManyPrograms) as stopped:
        filled(5000)
    told = stopped.value
    assert (told.kernel, told.done, told.programs, told.elements, told.tiles) == ("fill_one", 63, 5000, 1, 5)


@pytest.mark.usefixtures("slow_processor")
def test_tiles_are_left_to_the_time_limit() -> None:
    assert torch.equal(filled(1024, 8), torch.arange(1024.0))


@pytest.mark.usefixtures("slow_processor")
def test_what_will_soon_be_done_is_not_stopped() -> None:
    assert bool(filled(160).all())


def test_a_quick_launch_is_not_stopped() -> None:
    assert bool(filled(500).all())


@pytest.mark.usefixtures("slow_processor")
def test_the_interpreter_is_as_it_was_afterwards() -> None:
    with pytest.raises(TooManyPrograms):
        filled(5000)
    out = torch.zeros(5000)
    fill_one[(5000,)](out)
    assert bool(out.all())
