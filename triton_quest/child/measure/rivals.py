"""What a learner's kernel is raced against, by the names that stand in the table of levels.

A rival takes a level and gives a callable with the launcher's arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from triton_quest.course import parts
from triton_quest.course.level import Level

Contender = Callable[..., Any]  # a tensor, or a tuple in the order of the level's answers


def eager(level: Level) -> Contender:
    """PyTorch's operators, one after the other."""
    function: Contender = getattr(parts.reference(level), "step_by_step", None) or parts.truth(level)
    return function


def compiled(level: Level) -> Contender:
    return torch.compile(eager(level), dynamic=False)


def sdpa(backend: SDPBackend, level: Level) -> Contender:
    def attention(q: Any, k: Any, v: Any, causal: bool = True, sm_scale: float | None = None) -> torch.Tensor:
        with sdpa_kernel(backend):
            return F.scaled_dot_product_attention(q, k, v, is_causal=causal, scale=sm_scale)

    return attention


def flex(level: Level) -> Contender:
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    attend = torch.compile(flex_attention, dynamic=False)
    masks: dict[tuple[int, int], Any] = {}

    def visible(batch: Any, head: Any, query: Any, key: Any) -> Any:
        return query >= key

    def attention(q: Any, k: Any, v: Any, causal: bool = True, sm_scale: float | None = None) -> torch.Tensor:
        lengths = (q.shape[2], k.shape[2])
        if causal and lengths not in masks:
            masks[lengths] = create_block_mask(visible, None, None, *lengths, device=q.device)
        out: torch.Tensor = attend(q, k, v, block_mask=masks[lengths] if causal else None, scale=sm_scale)
        return out

    return attention


RIVALS: dict[str, Callable[[Level], Contender]] = {
    "eager": eager,
    "compile": compiled,
    "flash": partial(sdpa, SDPBackend.FLASH_ATTENTION),
    "cudnn": partial(sdpa, SDPBackend.CUDNN_ATTENTION),
    "efficient": partial(sdpa, SDPBackend.EFFICIENT_ATTENTION),
    "math": partial(sdpa, SDPBackend.MATH),
    "flex": flex,
}
COMPILED = frozenset({"compile", "flex"})


def lineup(level: Level) -> dict[str, Contender]:
    """The level's rivals, for one size.

    Forgets what was compiled for the size before: torch compiles one function eight times, and from then on runs it
    uncompiled, without a word.
    """
    if COMPILED.intersection(level.races):
        torch.compiler.reset()
    return {name: RIVALS[name](level) for name in level.races}
