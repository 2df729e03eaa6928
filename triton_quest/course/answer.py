"""An answer: one or several named tensors, in the order in which a level names them. The judge and the properties share this type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch


class Answer(Mapping[str, torch.Tensor]):
    """Tensors by name: what a launcher gave, what it should give, or which of its elements are wrong (in tensors of bools)."""

    __eq__, __hash__ = object.__eq__, object.__hash__  # by identity: equal tensors are no single truth

    def __init__(self, tensors: Mapping[str, torch.Tensor]) -> None:
        self._tensors = dict(tensors)

    @classmethod
    def of(cls, returned: Any, names: tuple[str, ...]) -> Answer | None:
        """What a launcher returned, by name: a tensor, or a tuple of tensors for several names. None if it is anything else."""
        values = returned if len(names) > 1 else (returned,)
        if not isinstance(values, tuple) or len(values) != len(names):
            return None
        dense = all(isinstance(value, torch.Tensor) and value.layout is torch.strided for value in values)
        return cls({name: value.detach() for name, value in zip(names, values, strict=True)}) if dense else None

    def __getitem__(self, name: str) -> torch.Tensor:
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def each(self, function: Callable[[torch.Tensor], torch.Tensor]) -> Answer:
        """The same names, with what `function` makes of each tensor."""
        return Answer({name: function(tensor) for name, tensor in self.items()})

    @property
    def elements(self) -> int:
        return sum(tensor.numel() for tensor in self.values())

    @property
    def marked(self) -> tuple[str, ...]:
        """The names of the tensors in which any element is True."""
        return tuple(name for name, tensor in self.items() if bool(tensor.any()))

    def any(self) -> bool:
        return bool(self.marked)

    def as_returned(self) -> torch.Tensor | tuple[torch.Tensor, ...]:
        """As a launcher returns it: the tensor alone, or a tuple."""
        tensors = tuple(self.values())
        return tensors[0] if len(tensors) == 1 else tensors
