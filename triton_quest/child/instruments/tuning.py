"""Autotuned kernels: what is timed and chosen (`TuningLog`), what was launched, any config forced, a tuning rehearsed (`Forcing`).

    forcing = Forcing(config=2)
    with forcing.watched():
        launcher(...)
    forcing.launches  # TunedLaunch: kernel, its configs, those that pruning left, the one that ran

Without a GPU nothing is timed, so that only the first config would ever run. Forced or not, `@triton.heuristics` below the
autotuner works as always. A rehearsal does to the tensors what timing does on a GPU: it runs the kernel on them again and again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from triton.runtime.autotuner import Autotuner, Config

from triton_quest.child.triton.configs import listed, refuse_unfit
from triton_quest.child.triton.patching import Edits

from .launches import Launch, Observer, unseen
from .memory.arguments import tensors_of


@dataclass(frozen=True)
class TunedLaunch:
    """One launch of an autotuned kernel that has several configs.

    `configs`: all of them, in the order of the list; `left`: the places of those that pruning left. `fixed_grid`: the grid takes no
    notice of the config's constants. After a rehearsal, `unstable` are the arguments that are left with another value each time the
    kernel runs, and `was_zero` those of them that held only zeros before.
    """

    kernel: str
    file: str
    line: int  # of the decorators
    configs: tuple[Config, ...]
    left: tuple[int, ...]
    chosen: int  # the place in `configs`
    grid: tuple[int, ...] | None = None
    fixed_grid: bool = False
    unstable: tuple[str, ...] = ()
    was_zero: tuple[str, ...] = ()

    @property
    def config(self) -> Config:
        return self.configs[self.chosen]

    @property
    def told(self) -> str:
        """ "config 2 of 3 (BLOCK_M=64, num_warps=8)": the constants, and what else differs from the list's first config"""
        options = self.config.all_kwargs()
        differs = [name for name, value in options.items() if self.configs[0].all_kwargs().get(name) != value]
        names = [*self.config.kwargs, *(name for name in differs if name not in self.config.kwargs)]
        return f"config {self.chosen + 1} of {len(self.configs)} ({', '.join(f'{name}={options[name]}' for name in names)})"


@dataclass
class Forcing:
    """`config`: the place, in the kernel's own list, of the config that each tuned kernel runs with; None: as Triton chooses. A kernel
    whose pruning drops that config, or that has fewer, runs with the first that is left; with `insists`, it runs with a dropped one
    all the same. `rehearses`: the kernel is run twice beforehand, with its hooks."""

    config: int | None = None
    rehearses: bool = False
    insists: bool = False
    launches: list[TunedLaunch] = field(default_factory=list)

    @property
    def took_place(self) -> bool:
        """Whether a kernel ran with the config that was asked for."""
        return any(launch.chosen == self.config for launch in self.launches)

    @contextmanager
    def watched(self) -> Iterator[Forcing]:
        edits, run = Edits(), Autotuner.run

        def tuned(tuner: Autotuner, *args: Any, **kwargs: Any) -> Any:
            tuner.nargs = dict(zip(tuner.arg_names, args, strict=False))
            refuse_unfit(tuner, kwargs)
            if len(tuner.configs) < 2:
                return run(tuner, *args, **kwargs)
            configs, left = listed(tuner, kwargs)
            if self.config is None:
                try:
                    return run(tuner, *args, **kwargs)
                finally:
                    best = getattr(tuner, "best_config", None)
                    chosen = next((place for place in left if configs[place] == best), left[0])
                    facts = _grids({**dict(zip(tuner.arg_names, args, strict=False)), **kwargs}, configs[chosen])
                    self.launches.append(_described(tuner, configs, left, chosen, facts))
            may = range(len(configs)) if self.insists else left
            chosen = self.config if self.config in may else left[0]
            try:
                return self._forced(tuner, configs, left, chosen, args, kwargs)
            finally:
                tuner.nargs = None

        edits.set(Autotuner, "run", tuned)
        try:
            yield self
        finally:
            edits.undo()

    def _forced(
        self,
        tuner: Any,
        configs: tuple[Config, ...],
        left: tuple[int, ...],
        chosen: int,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        config = tuner.best_config = configs[chosen]
        named = {**tuner.nargs, **kwargs, **config.all_kwargs()}
        facts = _grids({**tuner.nargs, **kwargs}, config)
        place = len(self.launches)
        self.launches.append(_described(tuner, configs, left, chosen, facts))
        if self.rehearses:
            facts |= _rehearse(tuner, config, named, args, kwargs)
            self.launches[place] = _described(tuner, configs, left, chosen, facts)
        if config.pre_hook is not None:
            config.pre_hook(named)
        return tuner.fn.run(*args, **kwargs, **config.all_kwargs())


@contextmanager
def pinned(kernel: str, config: Config) -> Iterator[None]:
    """Run the tuned kernel of this name with this config. Nothing is asked of its pruning, which takes milliseconds: so it can be timed."""
    edits, run = Edits(), Autotuner.run

    def tuned(tuner: Any, *args: Any, **kwargs: Any) -> Any:
        if tuner.base_fn.__name__ != kernel:
            return run(tuner, *args, **kwargs)
        options = config.all_kwargs()
        if config.pre_hook is not None:
            config.pre_hook({**dict(zip(tuner.arg_names, args, strict=False)), **kwargs, **options})
        return tuner.fn.run(*args, **kwargs, **options)

    edits.set(Autotuner, "run", tuned)
    try:
        yield
    finally:
        edits.undo()


def _described(
    tuner: Any, configs: tuple[Config, ...], left: tuple[int, ...], chosen: int, facts: dict[str, Any]
) -> TunedLaunch:
    code = tuner.base_fn.__code__
    return TunedLaunch(tuner.base_fn.__name__, code.co_filename, code.co_firstlineno, configs, left, chosen, **facts)


def _grids(named: dict[str, Any], config: Config) -> dict[str, Any]:
    """The grid of this launch, and whether it is the same with every constant of the config set to 1."""
    grid = named.pop("grid", None)
    options = config.all_kwargs()
    ones = {name: 1 for name, value in config.kwargs.items() if isinstance(value, int) and not isinstance(value, bool)}
    try:
        grids = [
            tuple(grid({**named, **one})) if callable(grid) else tuple(grid) for one in (options, {**options, **ones})
        ]
    except Exception:  # the launch says what is wrong with its grid
        return {}
    return {"grid": grids[0], "fixed_grid": grids[0] == grids[1]}


def _rehearse(
    tuner: Any, config: Config, named: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Run the kernel twice as `Autotuner._bench` does, and once more the hook that comes before the first real launch."""
    tensors = dict(pair for name, value in named.items() for pair in tensors_of(name, value))
    zero = {name for name, tensor in _contents(tensors).items() if not tensor.any()}
    contents = []
    for _ in range(2):
        if config.pre_hook is not None:
            config.pre_hook(named)
        tuner.pre_hook(named)
        tuner.fn.run(*args, **kwargs, **config.all_kwargs())
        tuner.post_hook(named, exception=None)
        contents.append(_contents(tensors))
    tuner.pre_hook(named, reset_only=True)
    once, twice = contents
    unstable = tuple(name for name in tensors if not torch.equal(once[name], twice[name]))
    return {"unstable": unstable, "was_zero": tuple(name for name in unstable if name in zero)}


def _contents(tensors: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The bytes that each tensor holds."""
    with unseen():
        return {name: tensor.contiguous().clone().reshape(-1).view(torch.uint8) for name, tensor in tensors.items()}


@dataclass
class TuningLog(Observer):
    """The configs that were timed, in their order, and for each launch (by its identity) the autotuner that made it."""

    timed: list[tuple[Any, Any]] = field(default_factory=list)  # tuner, config
    made: dict[int, tuple[Any, Any]] = field(default_factory=dict)  # id of a launch: tuner, config
    running: list[Any] = field(default_factory=list)
    timing: list[Any] = field(default_factory=list)  # the config that is being timed, if any

    def begin(self, launch: Launch) -> None:
        if self.running:
            tuner = self.running[-1]
            self.made[id(launch)] = tuner, self.timing[-1] if self.timing else tuner.best_config


@contextmanager
def tuning(log: TuningLog) -> Iterator[None]:
    """Tell `log` of every config that is timed inside the block, and of every autotuner that runs."""
    bench, run = Autotuner._bench, Autotuner.run

    def noted_bench(tuner: Any, *args: Any, config: Any, **meta: Any) -> Any:
        log.timed.append((tuner, config))
        log.timing.append(config)
        try:
            return bench(tuner, *args, config=config, **meta)
        finally:
            log.timing.pop()

    def noted_run(tuner: Any, *args: Any, **kwargs: Any) -> Any:
        log.running.append(tuner)
        try:
            return run(tuner, *args, **kwargs)
        finally:
            log.running.pop()

    Autotuner._bench, Autotuner.run = noted_bench, noted_run
    try:
        yield
    finally:
        Autotuner._bench, Autotuner.run = bench, run
