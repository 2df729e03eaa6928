"""What a level file calls when it is run directly: a few small cases, in this process.

Nothing is recorded and nothing limits the kernel, so print() and breakpoint() work in it. The judge is `quest check`.
"""

from __future__ import annotations

import os
import sys
import traceback
from bdb import BdbQuit
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.markup import escape

from triton_quest.child.instruments.launches import LaunchLog, observed
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.model import MemoryModel
from triton_quest.child.judge import code, compare, contract, read, truth
from triton_quest.child.judge.blocks import block_sizes
from triton_quest.child.judge.given import Launcher, drawn
from triton_quest.child.sentences.memory import tell
from triton_quest.course import parts
from triton_quest.course import table as levels
from triton_quest.course.answer import Answer
from triton_quest.course.case import DEFAULT_BLOCKS, Case, Draw
from triton_quest.course.level import Level
from triton_quest.records import verdict as v
from triton_quest.screen.console import glyphs, make_console
from triton_quest.screen.messages import next_step

TRACEBACK = "--traceback"  # typed behind the level file


def quick_check(launcher: Launcher) -> None:
    """Run the level's quick cases in fp32, a line each; ends the process with 0 if all are right, else with 1."""
    level = levels.find(launcher.__name__)
    if level is None:
        sys.exit(f"No level has a launcher called {launcher.__name__}: keep its name as it was in the template.")
    file = Path(launcher.__code__.co_filename)
    console = make_console()
    device = "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"
    where = "in Triton's interpreter, on the CPU" if device == "cpu" else f"on the {torch.cuda.get_device_name()}"
    console.print(f"[bold]{level.title}[/]: a quick run {where}")
    with np.errstate(all="ignore"):  # the interpreter computes in numpy, which warns of what a GPU does silently
        right = _is_ready(level, file, console) and _all_right(level, launcher, device, console)
    if right:
        command = f"python {os.path.relpath(file.parent.parent / 'quest.py')} check {level.number}"
        sentence = "These numbers are right. The judge looks at memory, rules and much more:"
        console.print(next_step(sentence, command, glyphs(console)), crop=False)
    sys.exit(0 if right else 1)


def _is_ready(level: Level, file: Path, console: Console) -> bool:
    unfinished = read.examine(level, file)
    if unfinished.outcome is None:
        return True
    console.print(f"  {escape(unfinished.says)}\n  {escape(unfinished.advice)}")
    return False


def _all_right(level: Level, launcher: Launcher, device: str, console: Console) -> bool:
    log = LaunchLog()
    blocks: tuple[int, ...] = DEFAULT_BLOCKS
    quick: list[Case] = [case for case in parts.part(level, "cases").CASES if case.quick]
    for case in quick:
        given = drawn(level, case, Draw(case.name, torch.float32, blocks, device))
        shown = escape(given.shown)
        expected = truth.reference(given)
        memory = MemoryModel(poison=False).active() if device == "cpu" else nullcontext()
        try:
            with observed(log) if device == "cpu" else nullcontext(), memory:
                returned, gradients = given.called(launcher)
        except (BdbQuit, EOFError):  # the learner left the debugger, or what asked for input
            raise
        except IllegalAccess as trouble:
            console.print(
                f"  [red]{glyphs(console).failed}[/] {case.name}: {shown}\n    {escape(tell(trouble.finding))}"
            )
            return False
        except Exception as trouble:
            _tell_exception(trouble, f"{case.name}: {shown}", Path(launcher.__code__.co_filename), console)
            return False
        blocks = block_sizes(log.launches)
        misfit = contract.misfit(given, returned, gradients, expected.pytorch, given.shown)
        if misfit:
            console.print(f"  [red]{glyphs(console).failed}[/] {escape(misfit.says)}")
            return False
        answer = given.answer(returned, gradients)
        assert answer is not None, "nothing misfits"
        wrong = expected.wrong(answer)
        if wrong.any():
            told = _told(answer, wrong, expected)
            console.print(f"  [red]{glyphs(console).failed}[/] {case.name}: {shown}\n    {escape(told)}")
            return False
        console.print(f"  [green]{glyphs(console).passed}[/] {case.name}: {shown}")
    return True


def _tell_exception(trouble: Exception, case: str, file: Path, console: Console) -> None:
    """An exception out of the learner's code, in the judge's words; with --traceback Python's own words below."""
    check = v.Check(case, "numbers", v.State.PASSED)
    told = code.explain(check, trouble, file, "in a quick run", v.Outcome.CRASH)
    if (
        told.outcome is v.Outcome.OUT_OF_MEMORY
    ):  # in the judge's words that is the judge's limit, and nothing limits a direct run
        raise trouble
    console.print(f"  [red]{glyphs(console).failed}[/] {case}\n    {escape(told.says)}")
    if told.finding:
        console.print(f"    {escape(told.advice)}")
    for place in told.places:
        console.print(f"      [cyan]{escape(place.source)}[/]", soft_wrap=True)
    if TRACEBACK in sys.argv[1:]:
        console.print()
        console.print("".join(traceback.format_exception(trouble)), markup=False, soft_wrap=True)
    else:
        console.print(f"    All of Python's traceback: python {os.path.relpath(file)} {TRACEBACK}", soft_wrap=True)


def _told(answer: Answer, wrong: Answer, expected: truth.Reference) -> str:
    """Where the first wrong tensor is wrong, and its worst element."""
    name = wrong.marked[0]
    mismatch = compare.describe(answer[name], expected.truth[name], wrong[name], expected.budgets[name], "")
    at = ", ".join(map(str, mismatch.index))
    whose = f"`{name}` is " if len(answer) > 1 else ""
    return f"{whose}wrong: {mismatch.region}. At [{at}] it should be {mismatch.expected} and is {mismatch.actual}."
