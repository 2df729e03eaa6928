"""What a learner's kernel is raced against, by the names that stand in the table of levels.

A rival takes a level and gives a callable with the launcher's arguments. A level whose answer PyTorch's public functions don't return has
rivals of its own, by the same names: `RIVALS` in its reference.py.
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
    """PyTorch's attention by one backend. `is_causal` is aligned to the first key: of a single query, which is the last word,
    nothing is hidden."""

    def attention(q: Any, k: Any, v: Any, causal: bool = True, sm_scale: float | None = None) -> torch.Tensor:
        hides = causal and not is_the_last_word(q)
        with sdpa_kernel(backend):
            return F.scaled_dot_product_attention(
                q, k, v, is_causal=hides, scale=sm_scale, enable_gqa=shares_heads(q, k)
            )

    return attention


def shares_heads(q: torch.Tensor, k: torch.Tensor) -> bool:
    return q.shape[1] != k.shape[1]


def is_the_last_word(q: torch.Tensor) -> bool:
    """A single query: it sees every key, causal or not."""
    return q.shape[2] == 1


def flex(level: Level) -> Contender:
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    attend = torch.compile(flex_attention, dynamic=False)
    masks: dict[tuple[int, int], Any] = {}

    def visible(batch: Any, head: Any, query: Any, key: Any) -> Any:
        return query >= key

    def attention(q: Any, k: Any, v: Any, causal: bool = True, sm_scale: float | None = None) -> torch.Tensor:
        lengths, hides = (q.shape[2], k.shape[2]), causal and not is_the_last_word(q)
        if hides and lengths not in masks:
            masks[lengths] = create_block_mask(visible, None, None, *lengths, device=q.device)
        mask = masks[lengths] if hides else None
        out: torch.Tensor = attend(q, k, v, block_mask=mask, scale=sm_scale, enable_gqa=shares_heads(q, k))
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
    """The level's rivals, for one size: those of its `reference.py` come before those of their name here.

    Forgets what was compiled for the size before: torch compiles one function eight times, and from then on runs it
    uncompiled, without a word.
    """
    if COMPILED.intersection(level.races):
        torch.compiler.reset()
    known = {**RIVALS, **getattr(parts.reference(level), "RIVALS", {})}
    return {name: known[name](level) for name in level.races}
