"""What grading shows in a terminal: how far it is, and what a folder came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from triton_quest.grading.results import NOT_JUDGED, Grade
from triton_quest.grading.submissions import Found, Submission
from triton_quest.records.verdict import Outcome
from triton_quest.screen.console import Glyphs

NAMED = 8  # troubles and mistakes that are named, at the most
LONGEST = 100  # of a sentence in a list


class Running:
    """The bar, with the names of what is being judged."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._progress, self._names = progress, list[str]()
        self._task = progress.add_task("", total=total) if progress else None

    def start(self, one: Submission) -> None:
        self._names.append(f"{one.who} {one.level.number}")
        self._show(0)

    def done(self, grade: Grade) -> None:
        name = f"{grade.who} {grade.level}"
        if name in self._names:
            self._names.remove(name)
        self._show(1)

    def _show(self, advance: int) -> None:
        if self._progress is not None and self._task is not None:
            names = ", ".join(self._names[:4])
            self._progress.update(self._task, advance=advance, description=names[:40])


@contextmanager
def running(console: Console, total: int) -> Iterator[Running]:
    """A bar where somebody looks at a terminal, and nothing elsewhere."""
    if not console.is_terminal or not total:
        yield Running(total, None)
        return
    columns = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False)
    with Progress(*columns, console=console, transient=True) as progress:
        yield Running(total, progress)


def summary(grades: Sequence[Grade], found: Found, kept_in: Path, g: Glyphs) -> RenderableType:
    """Who passed what, the commonest mistakes, and what couldn't be judged."""
    people = len({grade.who for grade in grades})
    passed = sum(grade.passed for grade in grades)
    not_judged = [grade for grade in grades if not grade.was_judged]
    heading = Text(f"{_count(len(grades), 'file')} of {_count(people, 'person', 'people')}: ", "heading")
    heading.append(f"{passed} passed", "good").append(f", {len(grades) - passed - len(not_judged)} not yet")
    if not_judged:
        heading.append(f", {len(not_judged)} not judged", "bad")
    parts: list[RenderableType] = [heading, Text(), _by_level(grades)]
    parts += _listed("What people get wrong:", [f"{count} x {what}" for what, count in common_mistakes(grades)])
    parts += _listed("Not judged:", [f"{one.who}: {one.says}" for one in not_judged], g.failed)
    parts += _listed("Named like no level's file:", [str(path) for path in found.others])
    parts += [Text(), Text(f"Kept in {kept_in}", "soft")]
    return Group(*parts)


def common_mistakes(grades: Iterable[Grade]) -> list[tuple[str, int]]:
    """What went wrong, most common first, each with the sentence that one of those people read."""
    wrong = [one for one in grades if one.was_judged and not one.passed and one.outcome != Outcome.NOT_STARTED.value]
    counts = Counter((one.level or 0, one.finding or one.outcome) for one in wrong)
    examples = {(one.level or 0, one.finding or one.outcome): one.says for one in reversed(wrong)}
    return [(f"level {key[0]}, {key[1]}: {_cut(examples[key])}", count) for key, count in counts.most_common()]


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= LONGEST else f"{sentence[:LONGEST].rsplit(' ', 1)[0]} ..."


def _by_level(grades: Sequence[Grade]) -> Table:
    table = Table("level", "passed", "not yet", "not judged", box=None, pad_edge=False, header_style="soft")
    for number in sorted({grade.level for grade in grades if grade.level is not None}):
        own = [grade for grade in grades if grade.level == number]
        passed, lost = sum(one.passed for one in own), sum(one.outcome == NOT_JUDGED for one in own)
        table.add_row(*map(str, (number, passed, len(own) - passed - lost, lost or "")))
    return table


def _listed(heading: str, rows: Sequence[str], mark: str = " ") -> list[RenderableType]:
    if not rows:
        return []
    lines: list[RenderableType] = [Text(), Text(heading)]
    lines += [Text(f"{mark} {row}") for row in rows[:NAMED]]
    if len(rows) > NAMED:
        lines.append(Text(f"  and {len(rows) - NAMED} more", "soft"))
    return lines


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
