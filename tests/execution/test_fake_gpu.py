"""A launcher that looks at its GPU takes the way that it takes there, and afterwards everything is as it was."""

from __future__ import annotations

import pytest
import torch

from triton_quest.child.triton.fake_gpu import as_if_on
from triton_quest.machine.targets import TARGETS, Target


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_tensors_say_that_they_are_on_the_gpu_and_torch_knows_it(target: Target) -> None:
    x = torch.ones(4)
    before = dict(vars(torch.Tensor)), dict(vars(torch.cuda))
    with as_if_on(target):
        assert x.is_cuda and torch.empty_like(x).is_cuda
        known = torch.cuda.get_device_properties(x.device)
        assert (known.name, known.shared_memory_per_block_optin) == (target.chip, target.shared_per_program)
        assert torch.cuda.get_device_capability() == (known.major, known.minor)
        assert (x + x).sum() == 8 and "tensor" in repr(x), "and torch computes as before"
    assert not x.is_cuda
    assert (dict(vars(torch.Tensor)), dict(vars(torch.cuda))) == before


def test_everything_is_put_back_after_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), as_if_on(TARGETS[0]):
        raise ZeroDivisionError
    assert not torch.ones(1).is_cuda
