"""For the tests of the judge's parts, which run in this process and in Triton's interpreter."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest
import torch

import tests.execution.conftest  # noqa: F401  tells Triton to interpret, and hypothesis how to draw
import triton_quest.child.judge.pipeline  # noqa: F401  the front end comes before the first kernel
from tests.execution.conftest import adapted_interpreter  # noqa: F401  a fixture
from tests.execution.learner import first_level
from triton_quest.child.instruments.gpu_launches import GpuLog
from triton_quest.child.instruments.launches import LaunchLog, Observer, observed
from triton_quest.child.judge import landscape, on_gpu, torch_state
from triton_quest.child.triton.fake_driver import activated
from triton_quest.course.level import Level


@pytest.fixture(scope="session")
def level() -> Level:
    return first_level()


@pytest.fixture
def as_a_child(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process as the judge's child is: the device chosen, a driver there. Afterwards as it was."""
    path, modules = list(sys.path), dict(sys.modules)
    monkeypatch.setitem(sys.modules, "quest_setup", ModuleType("quest_setup"))
    with activated():
        yield
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        if name.startswith("learner_"):
            del sys.modules[name]


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    """Learners' code of these tests may change torch's defaults: no test leaves them to the next."""
    dtype = torch.get_default_dtype()
    yield
    torch.set_default_dtype(dtype)
    torch.set_default_device(None)
    torch_state._learners.clear()  # a child judges one file


@pytest.fixture
def played_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage takes the CPU for its GPU; launches are seen where the interpreter makes them."""

    @contextmanager
    def logged(*observers: Observer, noop: bool = False) -> Iterator[GpuLog]:
        log = GpuLog()
        with observed(LaunchLog(log.launches), *observers, noop=noop):
            yield log
        log.kernels += [None] * len(log.launches)

    for stage in (on_gpu, landscape):
        monkeypatch.setattr(stage, "logged", logged)
    monkeypatch.setattr(on_gpu, "DEVICE", "cpu")
    monkeypatch.setattr(torch.Tensor, "cuda", lambda self: self)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "toy")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
