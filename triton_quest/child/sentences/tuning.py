"""Tells the learner what is wrong with an autotuned kernel: which config, what it does, what to write. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from triton_quest.child.instruments.tuning import TunedLaunch


def not_reset(launch: TunedLaunch) -> str:
    name = launch.unstable[0]
    cure = "reset_to_zero" if name in launch.was_zero else "restore_value"
    what = "holds its sums of all these runs" if cure == "reset_to_zero" else "has been changed by all these runs"
    return (
        f"Line {launch.line}: `{launch.kernel}` leaves another value in `{name}` each time it runs, and to choose a config a GPU runs it "
        f'many times on the same tensors: `{name}` then {what}. Write `@triton.autotune(..., {cure}=["{name}"])`.'
    )


def running(launches: Sequence[TunedLaunch]) -> str:
    """ "`add_kernel` runs with config 2 of 3 (BLOCK=64)" """
    return " and ".join(dict.fromkeys(f"`{launch.kernel}` runs with {launch.told}" for launch in launches))


def with_config(launches: Sequence[TunedLaunch], says: str) -> str:
    """`says`, of a run in which these tuned launches ran with a forced config each."""
    return f"When {running(launches)}: {says}"


def fixed_grid(launch: TunedLaunch) -> str:
    constants = [name for name, value in launch.config.kwargs.items() if isinstance(value, int)]
    constant = next((name for name in constants if _differs(name, launch)), "BLOCK")
    return (
        f"The grid is {launch.grid} whatever `{constant}` is, and `{constant}` is the config's. Make the grid a function of the config "
        f'that is chosen: `grid = lambda meta: (triton.cdiv(n, meta["{constant}"]),)`.'
    )


def _differs(name: str, launch: TunedLaunch) -> bool:
    return len({config.kwargs.get(name) for config in launch.configs}) > 1


def too_large(launch: TunedLaunch, target: str, needs: int, limit: int) -> str:
    """Of a config that pruning leaves on a GPU whose shared memory it exceeds."""
    return (
        f"{launch.told[0].upper()}{launch.told[1:]} needs {needs:,} bytes of shared memory, and {target} has {limit:,} for a program: "
        f"your pruning leaves it there all the same, to be compiled and never to run."
    )


TOO_LARGE = (
    "Take it out where it doesn't fit: (BLOCK_M + BLOCK_N) * BLOCK_K numbers a stage, compared with `shared_memory()`."
)


def shares_little(launch: TunedLaunch, first: int, last: int, times: float, shape: str) -> str:
    """Of programs next to each other that read much more than they would have to."""
    return (
        f"With {launch.told}, programs {first} to {last} of {shape}, which run at the same time, read {times:.1f} times the bytes "
        "that a compact patch of as many tiles needs."
    )


SHARES_LITTLE = (
    "Neighbouring programs share what they fetch where their tiles form a patch: down a few rows of tiles, then to the right, "
    "then the next group of rows."
)


def wrong_in_a_race(launch: TunedLaunch, place: int, size: str) -> str:
    return f"At {size}, the result of {replace(launch, chosen=place).told} isn't that of PyTorch."


def not_the_best(launch: TunedLaunch, best: int, times: float, size: str) -> str:
    """Of a tuner that takes a slow config."""
    return (
        f"At {size} the tuner takes {launch.told}, and {replace(launch, chosen=best).told} is {times:.2f} times as fast, "
        "measured three times."
    )


NOT_THE_BEST = "Does anything keep the tuner from timing it as it will run: a benchmark of your own, a key that another shape has used?"

ANY_CONFIG = "A GPU chooses the fastest config, so that each must be right."
