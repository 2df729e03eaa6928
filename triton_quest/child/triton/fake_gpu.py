"""Lets a launcher take the way that it takes on a GPU, with CPU tensors: `x.is_cuda` is true, and torch knows the device.

For a launcher that chooses its tiles by what the GPU has. Memory stays the CPU's: `device="cuda"` doesn't work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import torch

from triton_quest.machine.targets import Target

from .no_gpu import properties
from .patching import Edits


@contextmanager
def as_if_on(target: Target) -> Iterator[None]:
    """While the block runs, tensors say that they are on this GPU."""
    known, edits = properties(target), Edits()

    def get_device_properties(device: Any = None) -> SimpleNamespace:
        return known

    def get_device_capability(device: Any = None) -> tuple[int, int]:
        return known.major, known.minor

    edits.set(torch.Tensor, "is_cuda", property(lambda tensor: True))
    edits.set(torch.cuda, "get_device_properties", get_device_properties)
    edits.set(torch.cuda, "get_device_capability", get_device_capability)
    try:
        yield
    finally:
        edits.undo()
