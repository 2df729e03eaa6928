"""Stories made up for the rules: a course of three levels, and short words for what happens in it."""

from __future__ import annotations

from triton_quest.store.story import JudgedText, Raced, RacedSize, Story

LEVELS = ("one", "two", "three")
OUTCOMES = {".": "passed", "w": "wrong", "m": "memory", "r": "rules", "g": "gaps", "n": "not_started", "s": "syntax"}


def judged(told: str, device: str = "interpreter") -> tuple[JudgedText, ...]:
    """ "1w 1. 2.": level one was wrong, then passed, then two passed. A `!` behind it: on a GPU."""
    found = []
    for word in told.split():
        where = "both" if word.endswith("!") else device
        found.append(JudgedText(LEVELS[int(word[0]) - 1], OUTCOMES[word[1]], where))
    return tuple(found)


def story(told: str = "", stars: str = "", unaided: str = "", races: tuple[Raced, ...] = ()) -> Story:
    """`stars`: "332", level by level; `unaided`: the numbers of those that passed so."""
    shown = {LEVELS[place]: int(count) for place, count in enumerate(stars)}
    return Story(1, (LEVELS,), judged(told), shown, frozenset(LEVELS[int(number) - 1] for number in unaided), races)


def race(
    number: int = 1,
    ratio: float | None = 0.5,
    medal: str = "",
    gpu: str = "a GPU",
    sizes: tuple[RacedSize, ...] = (),
) -> Raced:
    return Raced(LEVELS[number - 1], gpu, ratio, medal, sizes)


def size(length: int = 8192, bound: str = "compute", share: float = 0.5, **times_ms: float) -> RacedSize:
    return RacedSize("a size", bound, share, tuple(times_ms.items()), length)
