"""Writes the README's table of the levels from the table in `triton_quest/course/`: `make levels`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from triton_quest.course.level import Level  # noqa: E402
from triton_quest.course.table import LEVELS, act_of, by_act  # noqa: E402

README = ROOT / "README.md"
FIRST, LAST = "<!-- made by `make levels` -->", "<!-- the end of the levels -->"


def readme(text: str, levels: Sequence[Level] = LEVELS) -> str:
    """README.md with its table of the levels anew; with a heading for each act where there are several."""
    before, rest = text.split(f"{FIRST}\n")
    after = rest.split(f"{LAST}\n")[1]
    return "\n".join([before + FIRST, *_tables(levels), LAST, after])


def _tables(levels: Sequence[Level]) -> Iterator[str]:
    acts = by_act(levels)
    for number, rows in acts.items():
        if len(acts) > 1:
            act = act_of(rows[0])
            yield from ([""] if number > 1 else []) + [f"**{act.title}: {act.about}**", ""]
        yield "| level | you write | you learn |"
        yield "|---|---|---|"
        yield from (f"| {row.number}. {row.title} | {row.asks} | {row.teaches} |" for row in rows)


if __name__ == "__main__":
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
