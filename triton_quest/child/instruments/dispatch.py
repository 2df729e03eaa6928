"""A torch dispatch mode whose first use costs nothing: the plain one loads torch's compiler, some 800 modules."""

from __future__ import annotations

from torch.utils._python_dispatch import TorchDispatchMode


class FastDispatchMode(TorchDispatchMode):
    """`TorchDispatchMode`, not hidden from `torch.compile`; where torch doesn't ask, it is the plain mode."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False
