"""Show what each program of a level's kernels touches, or where the answer is wrong, as pictures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from triton_quest.commands import show_page
from triton_quest.commands.shared import pictures, subject
from triton_quest.commands.shared.context import NOT_YET, OK, TROUBLE, Context, print_json
from triton_quest.commands.shared.waiting import run_and_show
from triton_quest.commands.show_errors import ErrorsShown
from triton_quest.course.level import Level
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.parent.runner import Ending, Job
from triton_quest.records import verdict as v
from triton_quest.records.show import length
from triton_quest.report.pictures import show as picture
from triton_quest.report.show import CallTrace, Position, named
from triton_quest.screen.console import Glyphs
from triton_quest.screen.show import program_view
from triton_quest.screen.verdict import failure as render_failure

IN_THE_INTERPRETER = "Traced in Triton's interpreter."
SECONDS = 60.0  # for any one step of the learner's code


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for: numbers from 1, as people count, but programs from 0, as Triton does."""

    program: tuple[int, ...] | None = None
    step: int | None = None
    argument: str | None = None
    launch: int | None = None


def run(
    context: Context,
    level: Level | None,
    file: Path | None,
    wanted: tuple[tuple[int, ...] | None, int | None, str | None, int | None],
    errors: bool,
    save: Path | None,
    html: Path | None,
    seconds: float,
    as_json: bool,
) -> int:
    if errors and any(one is not None for one in wanted):
        says = "--errors shows the whole answer: there is no program, step, argument or launch to choose."
        raise QuestError(says, Command("show", level.number, "--errors") if level else "show --errors")
    command = Command("show", level.number) if level else "show"
    if save is not None:
        pictures.require(save, command)
    if html is not None:
        pictures.require_page(html, command)
    chosen = subject.choose(context, level, file, "show")
    ended = run_and_show(
        context.console, job_for(chosen, errors, seconds, html is not None), "starting Triton", quiet=as_json
    )
    found = ErrorsShown(chosen, ended) if errors else ProgramShown(chosen, ended, Wanted(*wanted))
    _draw(found, save, html)
    if as_json:
        drawn = {
            key: str(path) if path and found.can_be_drawn else None for key, path in (("picture", save), ("page", html))
        }
        print_json({**_common(chosen, ended), **found.as_json(), **drawn})
    else:
        found.show(context)
        _show_ending(context, ended, shows_check=not (errors and found.can_be_drawn))
        for path, what in ((save, "picture"), (html, "page")):
            if path is not None and found.can_be_drawn:
                pictures.show_place(context, path, what)
            elif path is not None:
                context.say(f"\nThere is nothing to draw: no {what} was made.")
        found.show_next(context)
    if ended.outcome is v.Outcome.ERROR:
        return TROUBLE
    return OK if ended.outcome is v.Outcome.PASSED else NOT_YET


def _draw(found: ProgramShown | ErrorsShown, save: Path | None, html: Path | None) -> None:
    """Write what was asked for, if there is anything to draw."""
    for path, write in ((save, found.save), (html, found.write_page)):
        if path is not None and found.can_be_drawn:
            with pictures.drawing(path):
                write(path)


def job_for(
    chosen: subject.LevelFile, errors: bool = False, seconds: float = SECONDS, with_values: bool = False
) -> Job:
    return chosen.job("show", seconds, errors=errors, with_values=with_values)


def _show_ending(context: Context, ended: Ending, shows_check: bool) -> None:
    said = ending(ended, context.glyphs)
    if said is not None and shows_check:
        context.console.print()
        context.show(said)


def ending(ended: Ending, g: Glyphs) -> RenderableType | None:
    """What there is to say of how it ended; None if it went well."""
    if ended.outcome is v.Outcome.PASSED:
        return None
    return render_failure(ended.failure, g) if ended.failure else Text(ended.detail.strip(), "soft")


def _common(chosen: subject.LevelFile, ended: Ending) -> dict[str, Any]:
    failed = ended.outcome is not v.Outcome.PASSED
    return {
        "schema": v.SCHEMA,
        "level": chosen.level.number,
        "slug": chosen.level.slug,
        "outcome": ended.outcome.value,
        "says": (ended.failure.says if ended.failure else ended.detail.strip()) if failed else "",
        "output": ended.output,
    }


# What a program touches


class ProgramShown:
    """One program, or one of its steps. Raises QuestError where there is none of that number or name."""

    def __init__(self, chosen: subject.LevelFile, ended: Ending, wanted: Wanted) -> None:
        self.chosen, self.ended, self.trace = chosen, ended, CallTrace.of(ended.records)
        self.can_be_drawn = bool(self.trace.launches)
        if self.can_be_drawn:
            self.place = self._place(wanted)
            self.argument = self._argument(wanted.argument)

    def _place(self, wanted: Wanted) -> Position:
        trace = self.trace
        if wanted == replace(Wanted(), argument=wanted.argument):
            return trace.start
        count = len(trace.launches)
        number = 1 if wanted.launch is None else wanted.launch
        if number > count:
            says = f"`{self.chosen.level.launcher}` makes {count} launch{'' if count == 1 else 'es'}: there is no launch {number}."
            raise QuestError(says, self.chosen.command("show", f"--launch {count}"))
        place = trace.start if trace.start.launch == number - 1 else trace.first_of(number - 1)
        if wanted.program is not None:
            place = Position(number - 1, self._program(trace.launches[number - 1].grid, wanted.program, number))
        return replace(place, step=self._step(place, wanted))

    def _program(self, grid: tuple[int, ...], asked: tuple[int, ...], launch: int) -> tuple[int, ...]:
        """Numbers that are left out are 0, and those of axes that aren't in use may be 0."""
        whole = (*asked, *(0,) * (len(grid) - len(asked)))
        if all(0 <= at < size for at, size in zip(whole, (*grid, *(1,) * len(whole)), strict=False)):
            return whole[: len(grid)]
        last = [size - 1 for size in grid]
        kernel = self.trace.launches[launch - 1].kernel
        says = (
            f"There is no program {named(asked)}: the grid of {kernel} is {' x '.join(map(str, grid))}, "
            f"and its last program is {named(last)}."
        )
        more = [f"--launch {launch}"] if launch > 1 else []
        raise QuestError(says, self.chosen.command("show", *more, f"--program {','.join(map(str, last))}"))

    def _step(self, place: Position, wanted: Wanted) -> int | None:
        if wanted.step is None:
            return None
        count = len(self.trace.steps(place))
        if wanted.step <= count:
            return wanted.step - 1
        steps = f"{count} step{'' if count == 1 else 's'}" if count else "no step"
        says = f"Program {named(place.program)} of {self.trace.launched(place).kernel} has {steps}: there is no step {wanted.step}."
        raise QuestError(
            says, self.chosen.command("show", *self._options(replace(place, step=count - 1 if count else None)))
        )

    def _options(self, place: Position) -> list[str]:
        """What leads to a place, as short as it can be."""
        options = [f"--launch {place.launch + 1}"] if place.launch else []
        options += [f"--program {','.join(map(str, place.program))}"] if any(place.program) else []
        return options + ([f"--step {place.step + 1}"] if place.step is not None else [])

    def _argument(self, name: str | None) -> int | None:
        """By the kernel's name for it, or by the launcher's."""
        if name is None:
            return None
        tensors = self.trace.launched(self.place).tensors
        for number, tensor in enumerate(tensors):
            if name in (tensor.name, tensor.called):
                return number
        known = ", ".join(tensor.name for tensor in tensors)
        says = f"{self.trace.launched(self.place).kernel} takes no tensor called {name}. It takes {known}."
        first = tensors[0].name if tensors else ""
        raise QuestError(
            says, self.chosen.command("show", *self._options(self.place), f"--argument {first}" if first else "")
        )

    @property
    def title(self) -> str:
        return f"Level {self.chosen.level.number}, {self.chosen.level.title}: what each program touches"

    def show(self, context: Context) -> None:
        console = context.console
        context.show(Text(self.title, "heading"))
        if not self.can_be_drawn:
            return
        context.show(Text(f"{self.trace.inputs}. {IN_THE_INTERPRETER}", "soft"))
        console.print()
        context.show(program_view(self.trace, self.place, console.width, context.glyphs, only=self.argument))

    def show_next(self, context: Context) -> None:
        if not self.can_be_drawn:
            return
        answered, place = self.trace.answered, self.place
        if len(self.trace.launches) > 1:
            other = (place.launch + 1) % len(self.trace.launches)
            kernel = self.trace.launches[other].kernel
            context.next(f"Launch {other + 1}, of {kernel}:", self.chosen.command("show", f"--launch {other + 1}"))
        count = len(self.trace.steps(place))
        if answered is not None and answered.wrong:
            wrong = f"{answered.wrong:,} of {answered.total:,} elements of the answer are wrong. Where:"
            context.next(wrong, self.chosen.command("show", "--errors"))
        elif place.step is None and count:
            context.next("One step of it:", self.chosen.command("show", *self._options(replace(place, step=0))))
        elif place.step is not None and place.step + 1 < count:
            context.next(
                "The next step:", self.chosen.command("show", *self._options(replace(place, step=place.step + 1)))
            )

    def save(self, path: Path) -> None:
        picture.save(path, self.trace, self.place, self.argument, f"{self.title}\n{self.trace.inputs}")

    def write_page(self, path: Path) -> None:
        show_page.write(path, self.chosen, self.ended, self.title, self.place)

    def as_json(self) -> dict[str, Any]:
        trace, answered = self.trace, self.trace.answered
        answer: dict[str, Any] = {
            "inputs": trace.inputs,
            "launches": [asdict(launch) | {"constants": dict(launch.constants)} for launch in trace.launches],
            "wrong": answered.wrong if answered else None,
            "total": answered.total if answered else None,
        }
        if not self.can_be_drawn:
            return answer
        place = self.place
        steps = [
            _step_json(trace, place, number)
            for number, step in enumerate(trace.steps(place))
            if place.step in (None, number) and self.argument in (None, step.tensor)
        ]
        return answer | {
            "launch": place.launch + 1,
            "program": list(place.program),
            "step": None if place.step is None else place.step + 1,
            "steps": steps,
        }


def _step_json(trace: CallTrace, place: Position, number: int) -> dict[str, Any]:
    """Elements and lanes are runs: [first, last], both included."""
    step = trace.steps(place)[number]
    tensor = trace.launched(place).tensors[step.tensor].name if step.tensor >= 0 else None
    counts = {name: length(getattr(step, name)) for name in ("touched", "masked", "outside")}
    return {**asdict(step), "step": number + 1, "tensor": tensor, "loops": dict(step.loops), "counts": counts}
