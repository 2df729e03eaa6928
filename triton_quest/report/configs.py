"""What the configs of a tuned kernel came to: their names, the fastest, and how far the tuner's choice is from it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from triton_quest.records.race import ConfigTiming

NEAR = 1.05  # times the best time: as near as two measurements of one config are

Constants = tuple[tuple[str, str], ...]


def varying(lists: Iterable[Constants]) -> tuple[str, ...]:
    """The names of the constants in which configs differ, in their order."""
    values: dict[str, set[str]] = {}
    for constants in lists:
        for name, value in constants:
            values.setdefault(name, set()).add(value)
    return tuple(name for name, held in values.items() if len(held) > 1)


def tile(constants: Constants, names: Sequence[str]) -> str:
    """ "128x256x64": the values of these constants"""
    values = dict(constants)
    return "x".join(values.get(name, "-") for name in names)


def at(configs: Sequence[ConfigTiming], size: str) -> list[ConfigTiming]:
    """The configs that were timed at a size, the fastest first, then those that weren't."""
    here = [one for one in configs if one.size == size]
    return sorted(here, key=lambda one: (not one.time_ms, one.time_ms, one.place))


def spread(configs: Sequence[ConfigTiming], size: str) -> float | None:
    """How many times as long the slowest config takes as the fastest; None where fewer than two were timed."""
    times = [one.time_ms for one in at(configs, size) if one.time_ms]
    return times[-1] / times[0] if len(times) > 1 else None


def choice(configs: Sequence[ConfigTiming], size: str) -> str:
    """A sentence on what the tuner took; "" where it can't be said."""
    timed = [one for one in at(configs, size) if one.time_ms]
    taken = next((one for one in timed if one.taken), None)
    if taken is None:
        return ""
    best, times = timed[0], taken.time_ms / timed[0].time_ms
    if taken is best or times <= NEAR:
        return f"The tuner took config {taken.place}, the fastest within {NEAR - 1:.0%}."
    return f"The tuner took config {taken.place}; config {best.place} is {times:.2f} times as fast."
