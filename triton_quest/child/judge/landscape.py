"""Times every config of a tuned kernel on the GPU, each forced, and says which one the tuner takes.

A config is timed only if its result is right; what isn't timed has its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from triton.runtime.autotuner import Config

from triton_quest.child.instruments.gpu_launches import logged
from triton_quest.child.instruments.timing import alternately
from triton_quest.child.instruments.tuning import Forcing, TunedLaunch, pinned
from triton_quest.child.judge import code
from triton_quest.child.sentences import on_gpu as gpu_sentences
from triton_quest.records.race import ConfigTiming

Call = Callable[[], Any]
IsRight = Callable[[Any], bool]
Times = Callable[[dict[str, Call]], dict[str, Any]]
WRONG = "its result isn't the others'"
PRUNED = "pruned"


@dataclass(frozen=True)
class Landscape:
    """The tuned launch of a call, unforced, and each of its configs as far as it was measured."""

    launch: TunedLaunch
    configs: tuple[ConfigTiming, ...]

    @property
    def wrong(self) -> ConfigTiming | None:
        """The first config that pruning leaves and whose result is wrong."""
        return next((one for one in self.configs if one.says == WRONG), None)

    @property
    def taken(self) -> ConfigTiming:
        return next(one for one in self.configs if one.taken)

    @property
    def best(self) -> ConfigTiming:
        """The fastest of those that were timed; the one that the tuner takes, where none was."""
        timed = [one for one in self.configs if one.time_ms]
        return min(timed, key=lambda one: one.time_ms, default=self.taken)


def launched(call: Call) -> TunedLaunch | None:
    """What the tuner takes in a call: the launch of the kernel with the longest list. None where nothing is tuned."""
    seen = Forcing()
    with seen.watched():
        call()
    return max(seen.launches, key=lambda launch: len(launch.configs), default=None)


def survey(
    slug: str, size: str, call: Call, is_right: IsRight, flops: int, times: Times = alternately
) -> Landscape | None:
    """Force each config that pruning leaves for a call, compare its result, and time those that are right. None where nothing is tuned."""
    launch = launched(call)
    if launch is None:
        return None
    arch = 10 * torch.cuda.get_device_capability()[0] + torch.cuda.get_device_capability()[1]
    rows: dict[str, ConfigTiming] = {}
    calls: dict[str, Call] = {}
    for place, config in enumerate(launch.configs):
        options = config.all_kwargs()
        row = ConfigTiming(
            slug, size, launch.kernel, place + 1, len(launch.configs),
            tuple((name, str(value)) for name, value in config.kwargs.items()),
            int(options["num_warps"]), int(options["num_stages"]), place == launch.chosen, arch, flops=flops,
        )  # fmt: skip
        forced = partial(_pinned, launch.kernel, config, call)
        row = replace(row, says=PRUNED) if place not in launch.left else _compared(row, forced, is_right)
        rows[str(place)] = row
        if not row.says:
            calls[str(place)] = forced
    for name, measured in (times(calls) if calls else {}).items():
        rows[name] = replace(
            rows[name],
            time_ms=measured.time_ms,
            low_ms=measured.low_ms,
            high_ms=measured.high_ms,
            rounds=measured.rounds,
        )
    return Landscape(launch, tuple(rows.values()))


def _pinned(kernel: str, config: Config, call: Call) -> Any:
    with pinned(kernel, config):
        return call()


def _compared(row: ConfigTiming, call: Call, is_right: IsRight) -> ConfigTiming:
    """The row with what the config was compiled to, and with what keeps it from being timed."""
    with logged() as log:
        try:
            result = call()
            torch.cuda.synchronize()
        except Exception as trouble:  # too large for this GPU, or the learner's code raises
            return replace(row, says=_reason(code.root_cause(trouble)))
    kernel = next((k for one, k in zip(log.launches, log.kernels, strict=True) if one.kernel == row.kernel and k), None)
    if kernel is not None:
        row = replace(
            row,
            registers=int(kernel.n_regs or 0),
            spilled_bytes=4 * int(kernel.n_spills or 0),
            shared_bytes=int(kernel.metadata.shared),
        )
    return row if is_right(result) else replace(row, says=WRONG)


def _reason(trouble: BaseException) -> str:
    told = gpu_sentences.explain(trouble)
    lines = [line for line in str(trouble).splitlines() if line.strip()]
    return told.says if told else f"{type(trouble).__name__}: {lines[0] if lines else 'no message'}"
