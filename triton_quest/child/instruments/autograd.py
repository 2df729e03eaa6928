"""Runs autograd's backward pass in sight of the modes that watch torch's Python functions.

`torch.autograd.grad` is such a function itself: under a `TorchFunctionMode` it runs with the mode taken off, and so would the
learner's `backward`. What `grad` calls, `_engine_run_backward`, is none.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.autograd.graph import _engine_run_backward


def gradients(out: torch.Tensor, inputs: Sequence[torch.Tensor], dout: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
    """The gradient of `out`, times `dout`, with respect to each input; None for an input that got none.

    Raises what the learner's backward raises, and RuntimeError for gradients that don't fit.
    """
    keep_graph, create_graph, allow_unused = False, False, True
    return tuple(
        _engine_run_backward(
            (out,), (dout,), keep_graph, create_graph, tuple(inputs), allow_unused, accumulate_grad=False
        )
    )
