"""What a level file calls when it is run directly: a few small cases, in this process.

Nothing is recorded and nothing limits the kernel, so print() and breakpoint() work in it, with open gaps, too: there the reference's
lines stand in, unseen. The judge is `quest check`.
"""

from __future__ import annotations

import inspect
import os
import sys
import traceback
from bdb import BdbQuit
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.markup import escape
from triton.runtime.interpreter import InterpretedFunction

from triton_quest.child import source
from triton_quest.child.instruments.launches import LaunchLog, observed
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.findings import Finding
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.instruments.opspy import OpSpy
from triton_quest.child.judge import code, compare, contract, gapped, memory, read, truth
from triton_quest.child.judge.blocks import block_sizes
from triton_quest.child.judge.given import Given, Launcher, drawn
from triton_quest.child.sentences.memory import tell
from triton_quest.course import parts
from triton_quest.course import table as levels
from triton_quest.course.answer import Answer
from triton_quest.course.case import DEFAULT_BLOCKS, Case, Draw
from triton_quest.course.gaps import Gap
from triton_quest.course.level import Level
from triton_quest.records import verdict as v
from triton_quest.screen.console import glyphs, make_console
from triton_quest.screen.messages import next_step
from triton_quest.utils import training

TRACEBACK = "--traceback"  # typed behind the level file


def quick_check(launcher: Launcher, *, trains: bool = False) -> None:
    """Run the level's quick cases in fp32, a line each; ends the process with 0 if all are right, else with 1.

    `trains`: when all are right and no gap is open, a small attention layer learns with the launcher, and its loss is drawn.
    """
    level = levels.find(launcher.__name__)
    if level is None:
        sys.exit(f"No level has a launcher called {launcher.__name__}: keep its name as it was in the template.")
    file = Path(launcher.__code__.co_filename)
    console = make_console()
    device = "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"
    where = "in Triton's interpreter, on the CPU" if device == "cpu" else f"on the {torch.cuda.get_device_name()}"
    console.print(f"[bold]{level.title}[/]: a quick run {where}")
    with np.errstate(all="ignore"):  # the interpreter computes in numpy, which warns of what a GPU does silently
        ready, mine = _ready(level, file, launcher, console)
        filled = mine.filled if mine is not None else None
        stand_ins = filled.gap_of if filled is not None else {}
        right = ready is not None and _all_right(level, ready, device, console, stand_ins)
        waiting = mine.waiting if mine is not None else ()
        if right and trains and not waiting:
            _train(launcher, device, console)
    if right and waiting:
        sentence = f"These numbers are right so far. Next is {_places(waiting[:1])}. The judge looks at more:"
        console.print(next_step(sentence, _check_command(level, file), glyphs(console)), crop=False)
    elif right:
        sentence = "These numbers are right. The judge looks at memory, rules and much more:"
        console.print(next_step(sentence, _check_command(level, file), glyphs(console)), crop=False)
    sys.exit(0 if right and not waiting else 1)


def _train(launcher: Launcher, device: str, console: Console) -> None:
    console.print("\nA small attention layer learns with your kernels: which word came before?", highlight=False)
    values = list(training.losses(launcher, device))
    for line in training.curve(values):
        console.print(f"  {line}", highlight=False, markup=False)
    told = f"  The loss in each of {len(values)} steps: it went from {values[0]:.3f} to {values[-1]:.3f}.\n"
    console.print(told, highlight=False)


def _check_command(level: Level, file: Path) -> str:
    return f"python {os.path.relpath(file.parent.parent / 'quest.py')} check {level.number}"


def _places(waiting: Sequence[Gap]) -> str:
    return ", ".join(f"TODO {gap.number} (line {gap.first})" for gap in waiting)


def _ready(
    level: Level, file: Path, launcher: Launcher, console: Console
) -> tuple[Launcher | None, gapped.Gapped | None]:
    """What runs: the file's own launcher, or that of the text in which the reference's lines stand in for the open gaps."""
    unfinished, _ = read.examined(level, file, may_have_gaps=True)
    if unfinished.outcome is not None:
        console.print(f"  {escape(unfinished.says)}\n  {escape(unfinished.advice)}")
        return None, None
    mine = gapped.of_file(level, file)
    if mine is None or mine.filled is None:
        return launcher, mine
    them = "it" if len(mine.waiting) == 1 else "them"
    console.print(f"  [dim]Open: {_places(mine.waiting)}. Right lines stand in for {them}.[/]")
    try:
        with source.standing_in(file, mine.filled.text):
            module = code.load(file)
            for kernel in list(vars(module).values()):
                if isinstance(kernel, InterpretedFunction):
                    kernel.rewrite()  # now: afterwards its source is the learner's own again, in tracebacks and in the debugger
        return inspect.unwrap(code.launcher_of(module, level)), mine
    except code.Stopped as stopped:
        console.print(f"  [red]{glyphs(console).failed}[/] {escape(stopped.check.says)}")
        return None, mine


def _of_access(finding: Finding, stand_ins: Mapping[int, int]) -> str:
    """A wrong access, without a cure for a line that isn't the learner's."""
    if finding.line not in stand_ins:
        return tell(finding)
    there = f"There, right lines stand in for TODO {stand_ins[finding.line]}, which is open."
    return f"{tell(finding, with_cure=False)} {there}"


def _all_right(level: Level, launcher: Launcher, device: str, console: Console, stand_ins: Mapping[int, int]) -> bool:
    log = LaunchLog()
    blocks: tuple[int, ...] = DEFAULT_BLOCKS
    quick: list[Case] = [case for case in parts.part(level, "cases").CASES if case.quick]
    for case in quick:
        given = drawn(level, case, Draw(case.name, torch.float32, blocks, device))
        shown = escape(given.shown)
        expected = truth.reference(given)
        model = MemoryModel(poison=False)
        try:
            with _watched(launcher, given, log, model) if device == "cpu" else nullcontext():
                returned, gradients = given.called(launcher)
        except (BdbQuit, EOFError):  # the learner left the debugger, or what asked for input
            raise
        except IllegalAccess as trouble:
            console.print(
                f"  [red]{glyphs(console).failed}[/] {case.name}: {shown}\n    {escape(_of_access(trouble.finding, stand_ins))}"
            )
            return False
        except Exception as trouble:
            _tell_exception(trouble, f"{case.name}: {shown}", Path(launcher.__code__.co_filename), console, stand_ins)
            return False
        blocks = block_sizes(log.launches)
        misfit = contract.misfit(given, returned, gradients, expected.pytorch, given.shown)
        if misfit:
            console.print(f"  [red]{glyphs(console).failed}[/] {escape(misfit.says)}")
            return False
        answer = given.answer(returned, gradients)
        assert answer is not None, "nothing misfits"
        unwritten = _never_written(level, model, answer)
        if unwritten:
            console.print(f"  [red]{glyphs(console).failed}[/] {case.name}: {shown}\n    {escape(unwritten)}")
            return False
        wrong = expected.wrong(answer)
        if wrong.any():
            told = _told(answer, wrong, expected)
            console.print(f"  [red]{glyphs(console).failed}[/] {case.name}: {shown}\n    {escape(told)}")
            return False
        console.print(f"  [green]{glyphs(console).passed}[/] {case.name}: {shown}")
    return True


def _tell_exception(trouble: Exception, case: str, file: Path, console: Console, stand_ins: Mapping[int, int]) -> None:
    """An exception out of the learner's code, in the judge's words; with --traceback Python's own words below."""
    check = v.Check(case, "numbers", v.State.PASSED)
    told = code.explain(check, trouble, file, "in a quick run", v.Outcome.CRASH)
    if told.outcome is v.Outcome.OUT_OF_MEMORY:  # the judge speaks of its own limit, and nothing limits a direct run
        raise trouble
    console.print(f"  [red]{glyphs(console).failed}[/] {case}\n    {escape(told.says)}")
    if told.finding:
        console.print(f"    {escape(told.advice)}")
    for place in told.places:
        gap = stand_ins.get(place.line)
        where = escape(place.source) if gap is None else f"There, right lines stand in for TODO {gap}, which is open."
        console.print(f"      [cyan]{where}[/]", soft_wrap=True)
    if TRACEBACK in sys.argv[1:]:
        console.print()
        console.print("".join(traceback.format_exception(trouble)), markup=False, soft_wrap=True)
    else:
        console.print(f"    All of Python's traceback: python {os.path.relpath(file)} {TRACEBACK}", soft_wrap=True)


@contextmanager
def _watched(launcher: Launcher, given: Given, log: LaunchLog, model: MemoryModel) -> Iterator[None]:
    """The model knows what nothing has written, and the log what is launched, while the block runs."""
    spy = OpSpy(
        launcher.__code__.co_filename,
        given.tensors.values(),
        fill_uninitialised_with_nan=True,
        on_uninitialised=model.mark_uninitialised,
        on_written=model.mark_initialised,
    )
    with observed(spy, log), model.active(), spy:
        yield


def _never_written(level: Level, model: MemoryModel, answer: Answer) -> str:
    """The first tensor of the answer of which elements were never written, in a sentence; "" where there is none."""
    for name, tensor in answer.items():
        finding = model.unwritten(tensor, model.name_of(tensor) or (name if len(answer) > 1 else None))
        if finding is not None:
            return memory.in_words(memory.without_blaming_the_template(finding, level))
    return ""


def _told(answer: Answer, wrong: Answer, expected: truth.Reference) -> str:
    """Where the first wrong tensor is wrong, and its worst element."""
    name = wrong.marked[0]
    mismatch = compare.describe(answer[name], expected.truth[name], wrong[name], expected.budgets[name], "")
    at = ", ".join(map(str, mismatch.index))
    whose = f"`{name}` is " if len(answer) > 1 else ""
    return f"{whose}wrong: {mismatch.region}. At [{at}] it should be {mismatch.expected} and is {mismatch.actual}."
