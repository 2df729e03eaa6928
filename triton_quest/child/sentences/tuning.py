"""Tells the learner what is wrong with an autotuned kernel: which config, what it does, what to write. Pure text."""

from __future__ import annotations

from collections.abc import Sequence

from triton_quest.child.instruments.tuning import TunedLaunch


def not_reset(launch: TunedLaunch) -> str:
    name = launch.unstable[0]
    cure = "reset_to_zero" if name in launch.was_zero else "restore_value"
    what = "holds its sums of all these runs" if cure == "reset_to_zero" else "has been changed by all these runs"
    return (
        f"Line {launch.line}: `{launch.kernel}` leaves another value in `{name}` each time it runs, and to choose a config a GPU runs it "
        f'many times on the same tensors: `{name}` then {what}. Write `@triton.autotune(..., {cure}=["{name}"])`.'
    )


def with_config(launches: Sequence[TunedLaunch], says: str) -> str:
    """`says`, of a run in which these tuned launches ran with a forced config each."""
    told = list(dict.fromkeys(f"`{launch.kernel}` runs with {launch.told}" for launch in launches))
    return f"When {' and '.join(told)}: {says}"


def fixed_grid(launch: TunedLaunch) -> str:
    constant = next(
        (name for name, value in launch.config.kwargs.items() if launch.configs[0].kwargs.get(name) != value), "BLOCK"
    )
    return (
        f"The grid is {launch.grid} for this config and for the first one, though `{constant}` differs. Make it a function of the config "
        f'that is chosen: `grid = lambda meta: (triton.cdiv(n, meta["{constant}"]),)`.'
    )


ANY_CONFIG = "A GPU chooses the fastest config, so that each must be right."
