"""What must hold for a matrix product whatever the numbers. All values are small whole numbers: then every sum is exact
in each dtype and in any order, and results can be compared bit by bit."""

from collections.abc import Callable

import torch

from triton_quest.judge.case import Draw

Launcher = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def _whole(d: Draw, rows: int, columns: int) -> torch.Tensor:
    """(rows, columns), whole numbers from -2 to 2"""
    return d.normal(rows, columns).round().clamp(-2, 2)


def identity_changes_nothing(launcher: Launcher, d: Draw) -> bool:
    """A matrix times the identity is that matrix."""
    a = _whole(d, d.block + 1, 33)
    eye = torch.eye(33, dtype=d.dtype, device=d.device)
    return torch.equal(launcher(a, eye), a)


def transposing_swaps_the_factors(launcher: Launcher, d: Draw) -> bool:
    """The transpose of a @ b is b.T @ a.T, and transposing costs no copy."""
    a, b = _whole(d, d.block + 3, 40), _whole(d, 40, 21)
    return torch.equal(launcher(b.T, a.T), launcher(a, b).T)


def rows_are_independent(launcher: Launcher, d: Draw) -> bool:
    """Changing one row of a changes that row of the result and no other."""
    a, b = _whole(d, d.block + 2, 40), _whole(d, 40, 19)
    before = launcher(a, b).clone()
    changed = a.clone()
    changed[1] = changed[1] + 1
    after = launcher(changed, b)
    others = [row for row in range(a.shape[0]) if row != 1]
    return torch.equal(before[others], after[others])


def parts_of_k_add_up(launcher: Launcher, d: Draw) -> bool:
    """Cutting K in two gives two products that add up to the whole one."""
    a, b = _whole(d, 21, 41), _whole(d, 41, d.block + 1)
    return torch.equal(launcher(a[:, :18], b[:18]) + launcher(a[:, 18:], b[18:]), launcher(a, b))


PROPERTIES = (identity_changes_nothing, transposing_swaps_the_factors, rows_are_independent, parts_of_k_add_up)
