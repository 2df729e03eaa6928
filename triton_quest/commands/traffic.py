"""Count what a level's kernels move and compute, beside the least possible and beside the levels that compute the same."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from triton_quest.commands.shared import announcing, pictures, subject
from triton_quest.commands.shared.context import NOT_YET, OK, TROUBLE, Context, print_json
from triton_quest.commands.shared.waiting import Runner, shown_on
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.invocation import Command
from triton_quest.machine.gpus import GPUS, Gpu
from triton_quest.parent.runner import Ending, Job, start_cold
from triton_quest.parent.warm import Warm
from triton_quest.records import measured as m
from triton_quest.records import verdict as v
from triton_quest.report.growth import Sums, Tally, shown_sizes
from triton_quest.report.pictures import traffic as picture
from triton_quest.report.roofline import bound
from triton_quest.screen import traffic as screen
from triton_quest.screen.console import Glyphs
from triton_quest.screen.verdict import failure as render_failure
from triton_quest.store.records import Status

YOURS, REFERENCE, THIS_FILE = "yours", "reference", "this file"
NO_TIMES = "Counted in Triton's interpreter: bytes and operations, no times."


@dataclass(frozen=True)
class Candidate:
    """A file whose launcher is counted, and whose it is."""

    level: Level
    file: Path
    whose: str
    text: str | None = None  # of the file, where it has been read


@dataclass(frozen=True)
class Comparison:
    """What was counted, level by level; `main` is the one that was asked for, if one was."""

    tallies: tuple[Tally, ...]
    main: Level | None
    ended: Ending | None  # of the one that was asked for
    notes: tuple[str, ...] = ()  # of the others that couldn't be counted

    @property
    def outcome(self) -> v.Outcome:
        return self.ended.outcome if self.ended else v.Outcome.PASSED


def run(
    context: Context,
    level: Level | None,
    file: Path | None,
    save: Path | None,
    gpu: Gpu,
    seconds: float,
    as_json: bool,
    remark: str = "",
) -> int:
    """`remark` is said before everything else."""
    if save is not None:
        pictures.require(save, Command("traffic", level.number) if level else "traffic")
    found = count(context, level, file, seconds, shown_on(context.console, quiet=as_json))
    if save is not None and found.tallies:
        _save(save, found, gpu)
    if not as_json:
        _show(context, found, remark)
        if save is not None and found.tallies:
            pictures.show_place(context, save)
    ended = found.ended if file is None and found.outcome is v.Outcome.PASSED else None
    earned = announcing.announce(context, as_json, found.main, ended.records) if ended else []
    if as_json:
        shown = str(save) if save and found.tallies else None
        print_json({**_as_json(found), "remark": remark, "picture": shown, "earned": announcing.as_json(earned)})
    if found.outcome is v.Outcome.ERROR:
        return TROUBLE
    return OK if found.outcome is v.Outcome.PASSED else NOT_YET


# Counting


def count(context: Context, level: Level | None, file: Path | None, seconds: float, run: Runner) -> Comparison:
    """The level's own kernels, and those of the levels that compute the same. Without a level: those, or the current one."""
    beside = [row for row in LEVELS if row.beside and row.has_arrived]
    if level is None and file is None and len(beside) > 1:
        subject.require_versions()
        return _count(None, [_best(context, row) for row in beside], seconds, run)
    chosen = subject.choose(context, level, file, "traffic")
    mine = Candidate(chosen.level, chosen.path, THIS_FILE if chosen.is_outside else YOURS, chosen.text)
    others = beside if chosen.level.beside else [chosen.level]
    wanted = [mine if row is chosen.level else _best(context, row) for row in others]
    return _count(chosen.level, wanted, seconds, run)


def _best(context: Context, level: Level) -> Candidate:
    """The learner's own file where it has passed, else the reference solution."""
    if context.progress.state(level).status is Status.PASSED:
        return Candidate(level, context.workspace.file(level), YOURS)
    return Candidate(level, level.folder / "solution.py", REFERENCE)


def _count(main: Level | None, candidates: Sequence[Candidate], seconds: float, run: Runner) -> Comparison:
    tallies: list[Tally] = []
    notes: list[str] = []
    main_ended: Ending | None = None
    with Warm() if len(candidates) > 1 else contextlib.nullcontext() as warm:
        for candidate in candidates:
            job = Job(candidate.level, candidate.file, seconds, "traffic", text=candidate.text)
            first = f"starting Triton, for level {candidate.level.number}"
            ended = run(job, first, warm.start if warm else start_cold)
            is_main = candidate.level is main
            main_ended = ended if is_main else main_ended
            if ended.all(m.Counted):
                tallies.append(_tally(candidate, ended.all(m.Counted), alone=len(candidates) == 1))
            if not is_main and ended.outcome is not v.Outcome.PASSED:
                notes.append(
                    f"Level {candidate.level.number}, {candidate.whose}, isn't counted to its end: {_says(ended)}"
                )
    return Comparison(tuple(tallies), main, main_ended, tuple(notes))


def _tally(candidate: Candidate, counted: tuple[m.Counted, ...], alone: bool) -> Tally:
    level = candidate.level
    name, whose = (candidate.whose, "") if alone else (level.beside, candidate.whose)
    return Tally(name, whose, level.number, " = ".join(level.grown), counted)


def _says(ended: Ending) -> str:
    return ended.failure.says if ended.failure else ended.detail.strip()


# Showing


def _show(context: Context, found: Comparison, remark: str) -> None:
    if remark:
        context.show(Text(remark))
        context.console.print()
    context.show(report(found, context.console.width, context.glyphs))


def report(found: Comparison, width: int, g: Glyphs) -> RenderableType:
    """All that was counted, and why the rest was not."""
    mine = next((tally for tally in found.tallies if found.main and tally.level == found.main.number), None)
    parts: list[RenderableType] = [Text(_title(found), "heading")]
    if mine is not None or found.tallies:
        parts.append(Text(f"{(mine or found.tallies[0]).last.inputs}. {NO_TIMES}", "soft"))
    if mine is not None:
        parts += [Text(), screen.by_argument(mine.last)]
        if not mine.last.is_right:
            says = "The answer is wrong, so these are the counts of a wrong kernel. `check` says what is wrong."
            parts += [Text(), Text(says, "star")]
    comparable = found.tallies if all(len(tally.counted) > 1 for tally in found.tallies) else ()
    if comparable and shown_sizes(comparable, screen.COUNTED):
        for part in (screen.growth(comparable, width, g), screen.roofline(comparable, width)):
            parts += [Text(), part]
    for note in found.notes:
        parts += [Text(), Text(note, "star")]
    if found.ended is not None and found.ended.outcome is not v.Outcome.PASSED:
        failure = found.ended.failure
        parts += [Text(), render_failure(failure, g) if failure else Text(found.ended.detail.strip(), "soft")]
    return Group(*parts)


def _title(found: Comparison) -> str:
    if found.main is None:
        return f"What the attention of levels {_numbers(found)} moves, side by side"
    return f"Level {found.main.number}, {found.main.title}: what your kernels move"


def _numbers(found: Comparison) -> str:
    numbers = [str(tally.level) for tally in found.tallies]
    return " and ".join(filter(None, [", ".join(numbers[:-1]), *numbers[-1:]]))


# The picture


def _save(path: Path, found: Comparison, gpu: Gpu) -> None:
    title = f"{_title(found)}: {found.tallies[-1].last.pattern}"
    with pictures.drawing(path):
        picture.save(path, found.tallies, title, gpu)


# As JSON


def _as_json(found: Comparison) -> dict[str, Any]:
    return {
        "schema": v.SCHEMA,
        "level": found.main.number if found.main else None,
        "slug": found.main.slug if found.main else None,
        "outcome": found.outcome.value,
        "says": _says(found.ended) if found.ended and found.ended.outcome is not v.Outcome.PASSED else "",
        "notes": list(found.notes),
        "unit": "bytes and operations, counted in Triton's interpreter; no times",
        "tallies": [_tally_json(tally, found.tallies) for tally in found.tallies],
        "gpus": [asdict(gpu) for gpu in GPUS],
    }


def _tally_json(tally: Tally, tallies: Sequence[Tally]) -> dict[str, Any]:
    sizes = [size for size in shown_sizes(tallies, len(tally.sizes)) if size not in tally.sizes]
    beyond = [_sums_json(sums) for size in sizes if (sums := tally.at(size)) is not None]
    return {
        "name": tally.name,
        "whose": tally.whose or tally.name,
        "level": tally.level,
        "letter": tally.letter,
        "counted": [{**asdict(one), **_sums_json(tally.at(one.size))} for one in tally.counted],
        "laws": {name: law.shown(tally.letter) if law else None for name, law in tally.laws.items()},
        "beyond": beyond,
    }


def _sums_json(sums: Sums | None) -> dict[str, Any]:
    assert sums is not None
    bounds = {gpu.name: asdict(found) for gpu in GPUS if (found := bound(gpu, sums))}
    return {**asdict(sums), "intensity": round(sums.intensity, 3), "roofline": bounds}
