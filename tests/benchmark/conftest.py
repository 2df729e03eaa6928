"""For the tests of what is counted and compiled in this process: Triton has to be told to interpret before anything imports it."""

from __future__ import annotations

import tests.execution.conftest  # noqa: F401
import triton_quest.child.measure.compile  # noqa: F401  the front end comes before the first kernel
from tests.execution.conftest import adapted_interpreter  # noqa: F401  a fixture
from tests.judge.conftest import as_a_child  # noqa: F401  a fixture
