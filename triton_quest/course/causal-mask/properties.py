"""What must hold for causal scores whatever the numbers. Most values are small whole numbers and D is 16, whose scale is
1/4: then every score is exact in each dtype and in any order, and results can be compared bit by bit."""

from collections.abc import Callable

import torch

from triton_quest.judge.case import Draw

Launcher = Callable[..., torch.Tensor]
D = 16


def _length(d: Draw) -> int:
    """A few positions more than a tile has, so that some tile lies above the diagonal; bounded, as the cases are."""
    return min(d.block, 128) + 5


def _whole(d: Draw, s: int, b: int = 1, h: int = 1) -> torch.Tensor:
    """(B, H, S, D), whole numbers from -2 to 2"""
    return d.normal(b, h, s, D).round().clamp(-2, 2)


def each_row_sees_itself_and_what_came_before(launcher: Launcher, d: Draw) -> bool:
    """Row i has i + 1 finite scores, the first ones, and minus infinity after them."""
    s = _length(d)
    scores = launcher(d.normal(1, 1, s, D), d.normal(1, 1, s, D))[0, 0]
    seen = torch.ones(s, s, dtype=torch.bool, device=d.device).tril()
    return torch.equal(torch.isfinite(scores), seen) and torch.equal(scores == -torch.inf, ~seen)


def later_keys_change_nothing(launcher: Launcher, d: Draw) -> bool:
    """Changing a key, even to huge numbers, changes no row of an earlier query."""
    s = _length(d)
    q, k = _whole(d, s), _whole(d, s)
    changed = k.clone()
    changed[:, :, s // 2] = 1e4
    before, after = (launcher(q, keys)[:, :, : s // 2] for keys in (k, changed))
    return torch.equal(before, after)


def a_shorter_sequence_is_the_beginning_of_a_longer_one(launcher: Launcher, d: Draw) -> bool:
    """Cutting the sequence short changes nothing in what is left of it."""
    s = _length(d)
    q, k = _whole(d, s), _whole(d, s)
    cut = s - 7
    return torch.equal(launcher(q[:, :, :cut], k[:, :, :cut]), launcher(q, k)[:, :, :cut, :cut])


def heads_stay_apart(launcher: Launcher, d: Draw) -> bool:
    """Changing one head of one batch changes no other."""
    q, k = _whole(d, 9, b=2, h=2), _whole(d, 9, b=2, h=2)
    changed = k.clone()
    changed[1, 0] += 1
    before, after = (launcher(q, keys).flatten(0, 1)[[0, 1, 3]] for keys in (k, changed))
    return torch.equal(before, after)


def the_scale_is_a_factor(launcher: Launcher, d: Draw) -> bool:
    """Twice the scale gives twice the scores, and minus infinity stays what it is."""
    q, k = _whole(d, 20), _whole(d, 20)
    return torch.equal(launcher(q, k, 0.5), 2 * launcher(q, k, 0.25))


PROPERTIES = (
    each_row_sees_itself_and_what_came_before,
    later_keys_change_nothing,
    a_shorter_sequence_is_the_beginning_of_a_longer_one,
    heads_stay_apart,
    the_scale_is_a_factor,
)
