"""For the tests on a GPU: each judgement runs in a process of its own, several at a time."""

from __future__ import annotations

import pytest

from triton_quest import environment


@pytest.fixture(scope="session", autouse=True)
def gpu() -> None:
    if not environment.can_use_gpu():
        pytest.skip("there is no NVIDIA GPU here that this torch can use")
