"""On a GPU nobody watches single accesses. So every tensor lies between two guards, and holds marked NaNs until it is written.

A store outside of a tensor damages a guard; a load from there brings NaN into the answer; an element that no program
wrote still has the mark. `with Guards() as guards:` around the launcher's call. Works on any device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from triton.runtime.autotuner import Autotuner

from .dispatch import FastDispatchMode
from .torchcalls import CallKind, classify

GUARD_BYTES = 4096  # on each side; keeps every alignment that a kernel may be specialised for
MARKS = {  # quiet NaNs with a payload that no arithmetic produces
    torch.float32: (torch.int32, 0x7FC0BEEF),
    torch.float16: (torch.int16, 0x7EEF),
    torch.bfloat16: (torch.int16, 0x7FEF),
}
OTHER_MARK = 0x55  # every byte of other dtypes: as an index far out of any tensor


@dataclass(frozen=True)
class Damage:
    """A guard that was written into: `before` or behind the tensor, and how many bytes of it."""

    name: str  # of an input; "" for what the launcher allocated
    shape: tuple[int, ...]
    before: bool
    damaged_bytes: int


@dataclass(frozen=True)
class _Enclosed:
    name: str
    shape: tuple[int, ...]
    before: torch.Tensor  # uint8, the guard in front of the storage
    behind: torch.Tensor  # uint8, what follows the storage's last byte: padding and the other guard
    kept: tuple[torch.Tensor, torch.Tensor]  # what both hold as long as nobody writes there

    def damages(self) -> list[Damage]:
        found = []
        for before, guard, kept in zip((True, False), (self.before, self.behind), self.kept, strict=True):
            count = int((guard != kept).sum())
            if count:
                found.append(Damage(self.name, self.shape, before, count))
        return found


class Guards(FastDispatchMode):
    """Encloses what is allocated while it is active; `enclose` does the same to an existing tensor, contents kept."""

    def __init__(self) -> None:
        super().__init__()
        self._enclosed: list[_Enclosed] = []
        self._tuning = 0

    def enclose(self, tensor: torch.Tensor, name: str = "", *, keep: bool = True) -> torch.Tensor:
        """A tensor like this one, strides and what lies between its elements included, between two guards."""
        source = tensor.untyped_storage()
        size = source.nbytes()
        room = -(-size // 256) * 256
        buffer = _marked(2 * GUARD_BYTES + room, tensor.dtype, tensor.device)
        before, behind = buffer[:GUARD_BYTES], buffer[GUARD_BYTES + size :]
        kept = before.clone(), behind.clone()
        if keep:
            buffer[GUARD_BYTES : GUARD_BYTES + size] = torch.empty(0, dtype=torch.uint8, device=tensor.device).set_(
                source
            )
        self._enclosed.append(_Enclosed(name, tuple(tensor.shape), before, behind, kept))
        offset = GUARD_BYTES // tensor.element_size() + tensor.storage_offset()
        inner = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
        return inner.set_(buffer.untyped_storage(), offset, tensor.size(), tensor.stride())

    def damages(self) -> list[Damage]:
        """Every guard that was written into. Waits for the GPU."""
        return [damage for enclosed in self._enclosed for damage in enclosed.damages()]

    def __enter__(self) -> Guards:
        self._bench = bench = Autotuner._bench

        def quietly(tuner: Any, *args: Any, **kwargs: Any) -> Any:
            self._tuning += 1
            try:
                return bench(tuner, *args, **kwargs)
            finally:
                self._tuning -= 1

        Autotuner._bench = quietly
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        Autotuner._bench = self._bench

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        allocates = classify(func.overloadpacket.__name__) is CallKind.ALLOCATE and isinstance(out, torch.Tensor)
        if not allocates or self._tuning or out.layout is not torch.strided or not out.numel():
            return out  # what the autotuner allocates is not the learner's
        return self.enclose(out, keep=False)


def unwritten(tensor: torch.Tensor) -> torch.Tensor:
    """True where an element still has the mark that it was allocated with."""
    if tensor.dtype not in MARKS:
        return torch.zeros_like(tensor, dtype=torch.bool)
    integer, mark = MARKS[tensor.dtype]
    return tensor.contiguous().view(integer) == mark


def _marked(size: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """`size` bytes, a multiple of every element size, filled with the dtype's mark."""
    if dtype not in MARKS:
        return torch.full((size,), OTHER_MARK, dtype=torch.uint8, device=device)
    integer, mark = MARKS[dtype]
    return torch.full((size // integer.itemsize,), mark, dtype=integer, device=device).view(torch.uint8)
