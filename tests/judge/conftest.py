"""For the tests of the judge's parts, which run in this process and in Triton's interpreter."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
import torch

import tests.execution.conftest  # noqa: F401  tells Triton to interpret, and hypothesis how to draw
import triton_quest.child.judge.pipeline  # noqa: F401  the front end comes before the first kernel
from tests.execution.conftest import adapted_interpreter  # noqa: F401  a fixture
from tests.execution.learner import first_level
from triton_quest.child.judge import torch_state
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
