"""The ground truth: what each level computes, in PyTorch, by the name of its launcher.

    from triton_quest.utils import baseline
    baseline.softmax(x)

Each function works in any floating dtype. The judge calls it twice: on float64 copies of the inputs for the truth, and on the inputs
themselves for the error that PyTorch's own operator makes. They stand in the levels' folders, in `reference.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from triton_quest.course import parts
from triton_quest.course.table import LEVELS

_BY_LAUNCHER = {level.launcher: level for level in LEVELS if level.has_arrived}


def __getattr__(name: str) -> Callable[..., Any]:
    if name not in _BY_LAUNCHER:
        raise AttributeError(f"no level has a launcher called {name}: there are {', '.join(_BY_LAUNCHER)}")
    return parts.truth(_BY_LAUNCHER[name])


def __dir__() -> list[str]:
    return sorted(_BY_LAUNCHER)
