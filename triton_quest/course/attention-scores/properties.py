"""What must hold for attention scores whatever the numbers. The values are small whole numbers and the scales powers of
two: then every score is exact in each dtype, and results can be compared bit by bit."""

from collections.abc import Callable

import torch

from triton_quest.judge.case import Draw

Launcher = Callable[..., torch.Tensor]


def _whole(d: Draw, *shape: int) -> torch.Tensor:
    """Whole numbers from -2 to 2"""
    return d.normal(*shape).round().clamp(-2, 2)


def heads_stay_apart(attention_scores: Launcher, d: Draw) -> bool:
    """Changing one head of one batch changes the scores of no other."""
    q, k = _whole(d, 2, 3, 5, 16), _whole(d, 2, 3, 6, 16)
    changed_q, changed_k = q.clone(), k.clone()
    changed_q[1, 1] += 1
    changed_k[1, 1] += 1
    others = torch.ones(2, 3, dtype=torch.bool)
    others[1, 1] = False
    return torch.equal(attention_scores(q, k)[others], attention_scores(changed_q, changed_k)[others])


def swapping_transposes(attention_scores: Launcher, d: Draw) -> bool:
    """Swapping queries and keys transposes the scores."""
    q, k = _whole(d, 1, 2, 19, 64), _whole(d, 1, 2, 7, 64)
    return torch.equal(attention_scores(q, k), attention_scores(k, q).transpose(-1, -2))


def reordering_keys_reorders_columns(attention_scores: Launcher, d: Draw) -> bool:
    """Putting the keys in reverse order puts the columns of the scores in reverse order."""
    q, k = _whole(d, 1, 1, 5, 16), _whole(d, 1, 1, 21, 16)
    return torch.equal(attention_scores(q, k.flip(2)), attention_scores(q, k).flip(3))


def unit_keys_give_the_queries(attention_scores: Launcher, d: Draw) -> bool:
    """If key number d is 1 at place d and 0 elsewhere, and the scale is 1, the scores are the queries."""
    q = _whole(d, 1, 2, 9, 32)
    keys = torch.eye(32, dtype=d.dtype, device=d.device).expand(1, 2, 32, 32)
    return torch.equal(attention_scores(q, keys, sm_scale=1.0), q)


PROPERTIES = (
    heads_stay_apart,
    swapping_transposes,
    reordering_keys_reorders_columns,
    unit_keys_give_the_queries,
)
