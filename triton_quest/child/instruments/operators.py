"""The bodies of operators that the learner's code registers with torch, by name: `torch.library.custom_op` and its like.

A dispatch mode sees the call of such an operator, and nothing of what its body does; so the mode runs the body itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch.library

_KEYS = {  # by the tensors' device; the one that is taken first comes first
    "cpu": ("CPU", "CompositeExplicitAutograd"),
    "cuda": ("CUDA", "CompositeExplicitAutograd"),
}
_FOR_A_GPU = "CUDA"
_bodies: dict[str, dict[str, Callable[..., Any]]] = {}


def remember_bodies() -> None:
    """From now on in this process, keep what is registered for the CPU; what is registered for CUDA alone runs there too."""
    if hasattr(torch.library.Library.impl, "remembers"):
        return
    register = torch.library.Library.impl

    def impl(library: Any, op_name: Any, fn: Any, dispatch_key: str = "", **options: Any) -> Any:
        name = op_name if isinstance(op_name, str) else op_name._schema.name
        bodies = _bodies.setdefault(f"{library.ns}::{name.split('::')[-1].split('.')[0]}", {})
        replaces = dispatch_key == "CPU" and bodies.get("CPU") is bodies.get(_FOR_A_GPU) is not None
        bodies[dispatch_key] = fn
        if dispatch_key == _FOR_A_GPU and "CPU" not in bodies:
            bodies["CPU"] = fn
            register(library, op_name, fn, "CPU", **options)
        return register(
            library, op_name, fn, dispatch_key, **({**options, "allow_override": True} if replaces else options)
        )

    impl.remembers = True  # type: ignore[attr-defined]
    torch.library.Library.impl = impl  # type: ignore[method-assign,assignment]


def body_of(operator: Any, device: str = "cpu") -> Callable[..., Any] | None:
    """What the operator's call on tensors of this device runs; None for torch's own operators."""
    bodies = _bodies.get(operator._schema.name, {})
    return next((bodies[key] for key in _KEYS.get(device, ()) if key in bodies), None)
