"""A tuner's list of configs, as its pruning leaves it for a launch, and what doesn't fit between a config and its kernel."""

from __future__ import annotations

import inspect
from typing import Any

from triton.runtime.autotuner import Config
from triton.runtime.errors import AutotunerError


class UnfitConfig(Exception):
    """A config that doesn't fit its kernel, or none that is left. `sentences/configs.py` has a sentence for each `key`."""

    def __init__(self, key: str, kernel: str, which: str = "", name: str = "") -> None:
        super().__init__(f"{key}: {kernel} {which} {name}".strip())
        self.key, self.kernel, self.which, self.name = key, kernel, which, name


def listed(tuner: Any, kwargs: dict[str, Any]) -> tuple[tuple[Config, ...], tuple[int, ...]]:
    """The tuner's configs, with those that its pruning makes itself behind them, and the places of what pruning leaves."""
    try:
        pruned = tuner.prune_configs(kwargs)
    except AutotunerError as error:
        raise UnfitConfig("nothing_left", tuner.base_fn.__name__) from error
    configs = [*tuner.configs, *(one for one in pruned if one not in tuner.configs)]
    return tuple(configs), tuple(configs.index(one) for one in pruned)


def refuse_unfit(tuner: Any, kwargs: dict[str, Any]) -> None:
    """Raises UnfitConfig for a config whose constants are none of the kernel's, or that the launch passes, too, or that lack one."""
    parameters = inspect.signature(tuner.base_fn).parameters.values()
    needed = {one.name for one in parameters if one.default is one.empty} - {*tuner.nargs, *kwargs}
    below: Any = tuner.fn
    while not inspect.isfunction(below):  # heuristics give constants, too
        needed -= set(getattr(below, "values", ()))
        below = below.fn
    kernel, count = tuner.base_fn.__name__, len(tuner.configs)
    for place, config in enumerate(tuner.configs, start=1):
        which = f"config {place} of {count}"
        unknown = sorted(config.kwargs.keys() - set(tuner.arg_names))
        twice = sorted(config.kwargs.keys() & {*tuner.nargs, *kwargs})
        missing = [one.name for one in parameters if one.name in needed - config.kwargs.keys()]
        if unknown:
            raise UnfitConfig("unknown_constant", kernel, which, unknown[0])
        if twice:
            raise UnfitConfig("given_twice", kernel, which, twice[0])
        if missing and count == 1 and not config.kwargs:
            raise UnfitConfig("no_configs", kernel, which, "`, `".join(missing))
        if missing:
            raise UnfitConfig("missing_constant", kernel, which, missing[0])
