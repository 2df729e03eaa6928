"""The learner's lines beside the reference's, gap by gap."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from triton_quest.course.level import Level
from triton_quest.screen.texts import code

Pair = tuple[int, str, str]  # a gap's number, the learner's lines, the reference's
BETWEEN, INDENT = 4, 2  # columns
YOURS, REFERENCE, NOTHING = "yours", "the solution", "(nothing)"


def gap_by_gap(pairs: Sequence[Pair], level: Level, width: int) -> RenderableType:
    """Side by side where the lines of both fit into the terminal unbroken, else one below the other."""
    parts: list[RenderableType] = [Text(f"Level {level.number}, {level.title}: your lines and a solution's", "heading")]
    left = max(_widest(yours) for _, yours, _ in pairs)
    right = max(_widest(reference) for _, _, reference in pairs)
    fits = INDENT + max(left, len(YOURS)) + BETWEEN + max(right, len(REFERENCE)) <= width
    for number, yours, reference in pairs:
        heading, same = Text(f"TODO {number}", "heading"), yours.strip() == reference.strip()
        parts += [Text(), heading.append("   as in the solution", "not bold dim") if same else heading]
        if same:
            parts.append(_code(reference))
        elif fits:
            grid = Table.grid(padding=(0, BETWEEN, 0, 0))
            grid.add_column(no_wrap=True, min_width=max(left, len(YOURS)) + INDENT)
            grid.add_column(no_wrap=True)
            grid.add_row(Text(f"  {YOURS}", "soft"), Text(REFERENCE, "soft"))
            grid.add_row(_code(yours), code(reference))
            parts.append(grid)
        else:
            parts += [Text(f"  {YOURS}", "soft"), _code(yours), Text(f"  {REFERENCE}", "soft"), _code(reference)]
    return Group(*parts)


def _widest(text: str) -> int:
    return max(map(len, text.splitlines()), default=len(NOTHING))


def _code(text: str) -> Text:
    if not text.strip():
        return Text(f"  {NOTHING}", "soft")
    return code("\n".join(f"  {line}" for line in text.splitlines()))
