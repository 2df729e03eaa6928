"""What a level is judged on: named inputs, each with a phrase that says what it is for.

A case draws its inputs when it is run: in the dtype asked for, and ragged around the learner's own block sizes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
DEFAULT_BLOCKS = (64,)


class Draw:
    """Random tensors of one dtype: the same for the same case, dtype and blocks, in every run."""

    def __init__(
        self, name: str, dtype: torch.dtype, blocks: tuple[int, ...] = DEFAULT_BLOCKS, device: str = "cpu"
    ) -> None:
        self.dtype, self.device = dtype, device
        self.blocks = tuple(sorted(blocks)) or DEFAULT_BLOCKS
        self._generator = torch.Generator(device).manual_seed(zlib.crc32(name.encode()))

    @property
    def block(self) -> int:
        """The largest block size that the learner's kernels were launched with."""
        return self.blocks[-1]

    def normal(
        self, *shape: int, scale: float = 1.0, offset: float = 0.0, dtype: torch.dtype | None = None
    ) -> torch.Tensor:
        """Normally distributed values, contiguous: mean `offset`, standard deviation `scale`."""
        values = torch.randn(*shape, generator=self._generator, dtype=torch.float32, device=self.device)
        return (values * scale + offset).to(dtype or self.dtype)

    def positive(self, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """Evenly distributed between `low` and `high`, contiguous."""
        values = torch.rand(*shape, generator=self._generator, dtype=torch.float32, device=self.device)
        return (values * (high - low) + low).to(self.dtype)

    def beyond_fp16(self, left: torch.Tensor, right: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The same dot products along the last axis of both, from numbers that fp16 can't hold: along that axis, `left` is by turns
        a million times as large and as small, and `right` the other way round.
        """
        larger = torch.tensor([2.0**20, 2.0**-20], dtype=left.dtype, device=self.device)
        larger = larger.repeat((left.shape[-1] + 1) // 2)[: left.shape[-1]]
        return left * larger, right / larger

    def without_memory(self, *shape: int) -> torch.Tensor:
        """A contiguous tensor of any size, which has a shape and strides and nothing else."""
        return torch.empty(*shape, dtype=self.dtype, device="meta")

    def whole(self, *shape: int, below: int, low: int = 0, dtype: torch.dtype = torch.int64) -> torch.Tensor:
        """Whole numbers from `low` up to `below`, which is none of them; contiguous."""
        return torch.randint(low, below, shape, generator=self._generator, dtype=dtype, device=self.device)

    def strided(self, tensor: torch.Tensor) -> torch.Tensor:
        """The same values as every second element, along the last axis, of a wider tensor: no stride is what its shape suggests."""
        wide = torch.full((*tensor.shape[:-1], 2 * tensor.shape[-1] + 1), 1e4, dtype=tensor.dtype, device=tensor.device)
        view = wide[..., 1::2]
        view.copy_(tensor)
        return view

    def transposed(self, tensor: torch.Tensor) -> torch.Tensor:
        """The same values with the last two axes swapped in memory."""
        return tensor.transpose(-1, -2).contiguous().transpose(-1, -2)


def normal_dout(d: Draw, out: torch.Tensor) -> torch.Tensor:
    """out: any shape -> the gradient handed to it, of its shape and dtype, contiguous"""
    return d.normal(*out.shape, dtype=out.dtype)


@dataclass(frozen=True)
class Race:
    """One size of the benchmark. `flops` of the dots, 0 where bytes are the measure; `leave_out` names rivals.

    `length`: how many keys a query sees, at most; 0 where the level has no keys.
    A level with gradients is raced forward and backward.
    """

    name: str  # "S 8192, D 64, causal"
    inputs: Callable[[Draw], tuple[Any, ...]]
    least_bytes: int  # each input read once, each output written once
    flops: int = 0
    length: int = 0
    dtype: str = "fp16"
    keywords: Mapping[str, Any] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One set of inputs. `inputs` returns the launcher's positional arguments; `quick` cases run in the level file itself.

    Where the level's answer is differentiated, `dout` draws the gradient that is handed to the first answer, and `requires_grad`
    names the arguments that require a gradient: None for all that the level names.
    """

    name: str
    purpose: str
    inputs: Callable[[Draw], tuple[Any, ...]]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    dtypes: tuple[str, ...] = ("fp32", "fp16", "bf16")
    quick: bool = False
    requires_grad: tuple[str, ...] | None = None
    dout: Callable[[Draw, torch.Tensor], torch.Tensor] = normal_dout


def too_large(name: str, purpose: str, *shapes: tuple[int, ...], keywords: Mapping[str, Any] | None = None) -> Case:
    """A case that is too large to run: of tensors without memory, single programs are tried (see `child/instruments/vast.py`)."""
    return Case(name, purpose, lambda d: tuple(d.without_memory(*shape) for shape in shapes), keywords or {})
