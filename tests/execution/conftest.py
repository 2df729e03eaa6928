"""For the tests of execution. Kernels of the tests themselves run in Triton's interpreter, in this process: Triton has
to be told before anything imports it. Whatever needs the real compiler or a GPU runs in a process of its own."""

from __future__ import annotations

import os

import hypothesis
import pytest

os.environ["TRITON_INTERPRET"] = "1"

from tests.execution.learner import first_level  # noqa: E402
from tests.whole_suite import PATIENCE_SECONDS, is_gone  # noqa: E402, F401
from triton_quest.child.triton import interpreter  # noqa: E402
from triton_quest.course.level import Level  # noqa: E402

# the same examples in every run, however busy the machine is
hypothesis.settings.register_profile(
    "quest", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("quest")


@pytest.fixture(scope="session")
def level() -> Level:
    """Level 1, on which the learner's files of these tests are made."""
    return first_level()


@pytest.fixture(autouse=True, scope="session")
def adapted_interpreter() -> None:
    """From the first kernel on: a launch in the bare interpreter leaves `tl` replaced."""
    interpreter.enable()
