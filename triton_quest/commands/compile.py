"""Compile a level's kernels all the way for GPUs that aren't there, and report what they became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from triton_quest.commands.shared import announcing, subject
from triton_quest.commands.shared.context import NOT_YET, OK, TROUBLE, Context, print_json
from triton_quest.commands.shared.waiting import run_and_show
from triton_quest.course.level import Level
from triton_quest.errors import QuestError
from triton_quest.invocation import Command
from triton_quest.machine.targets import USUAL, find
from triton_quest.parent.runner import Ending, Job
from triton_quest.records import measured as m
from triton_quest.records import verdict as v
from triton_quest.report import reading
from triton_quest.report.occupancy import estimate
from triton_quest.screen import compile as screen

STEP_SECONDS = 30.0  # for any one step but compiling itself
USAGE = "usage"  # the kind of a check about the command line


def run(
    context: Context,
    level: Level | None,
    file: Path | None,
    targets: Sequence[str],
    case: str | None,
    dtype: str,
    assembly: str | None,
    limit: float,
    as_json: bool,
) -> int:
    chosen = subject.choose(context, level, file, "compile")
    targets = tuple(dict.fromkeys(targets)) or (USUAL[-1:] if assembly else USUAL)
    _require_assembly(targets, assembly, chosen.level)
    job = job_for(chosen, targets, dtype, case, limit, assembly)
    ended = run_and_show(context.console, job, "starting Triton", quiet=as_json)
    failure = ended.failure
    if failure is not None and failure.kind == USAGE:
        raise QuestError(failure.says, Command("compile", chosen.level.number, "--help"))
    if not as_json:
        _show(context, chosen.level, targets, ended)
    is_report = ended.outcome is v.Outcome.PASSED and not chosen.is_outside and assembly is None
    earned = announcing.announce(context, as_json, chosen.level, ended.records) if is_report and case is None else []
    if as_json:
        print_json({**_as_json(chosen.level, ended), "earned": announcing.as_json(earned)})
    elif is_report:
        context.next("The code itself:", f"compile {chosen.level.number} --asm ptx")
    if ended.outcome is v.Outcome.ERROR:
        return TROUBLE
    return OK if ended.outcome is v.Outcome.PASSED else NOT_YET


def job_for(
    chosen: subject.LevelFile,
    targets: Sequence[str] = USUAL,
    dtype: str = "fp16",
    case: str | None = None,
    limit: float = 120.0,
    assembly: str | None = None,
) -> Job:
    """What the child is to compile, and for which targets."""
    asked = {"targets": targets, "dtype": dtype, "case": case, "limit": limit, "assembly": assembly}
    return chosen.job("compile", STEP_SECONDS, **asked)


def _require_assembly(targets: Sequence[str], assembly: str | None, level: Level) -> None:
    """Raises QuestError where a target has no such code."""
    for target in (find(name) for name in targets):
        assert target is not None
        known = (target.assembly, target.disassembly, "ttgir")
        if assembly is not None and assembly not in known:
            sentence = f"For {target.name} there is no {assembly}: its code is {target.assembly}."
            raise QuestError(sentence, f"compile {level.number} --target {target.name} --asm {target.assembly}")


def _show(context: Context, level: Level, targets: Sequence[str], ended: Ending) -> None:
    texts = ended.all(m.Assembly)
    if texts:
        context.console.print(screen.assembly(texts, context.console.is_terminal), crop=False, soft_wrap=True)
        return
    context.show(screen.report(report(level, targets, ended), context.glyphs))


def report(level: Level, targets: Sequence[str], ended: Ending) -> screen.CompileReport:
    """What is shown of a compilation that has ended."""
    inputs = ended.all(m.Inputs)
    return screen.CompileReport(
        f"Level {level.number}, {level.title}",
        inputs[0].shown if inputs else "",
        tuple(targets),
        ended.all(m.Compiled),
        ended.all(m.Refused),
        _failure(ended),
        ended.seconds,
    )


def _failure(ended: Ending) -> v.Check | None:
    if ended.failure is None and ended.outcome is v.Outcome.ERROR:
        return v.Check("the quest's own part", "error", v.State.FAILED, ended.detail.strip())
    return ended.failure


def _as_json(level: Level, ended: Ending) -> dict[str, Any]:
    failure, inputs = _failure(ended), ended.all(m.Inputs)
    return {
        "schema": v.SCHEMA,
        "level": level.number,
        "slug": level.slug,
        "outcome": ended.outcome.value,
        "seconds": round(ended.seconds, 3),
        "inputs": inputs[0].shown if inputs else "",
        "kernels": [_kernel_json(kernel) for kernel in ended.all(m.Compiled)],
        "refused": [asdict(one) for one in ended.all(m.Refused)],
        "assembly": [asdict(one) for one in ended.all(m.Assembly)],
        "says": failure.says if failure else "",
        "output": ended.output,
    }


def _kernel_json(kernel: m.Compiled) -> dict[str, Any]:
    target = find(kernel.target)
    assert target is not None
    limits = {
        "registers": target.registers_per_thread,
        "shared_bytes": target.shared_per_program,
    }
    constants = dict(kernel.constants)
    return {
        **asdict(kernel),
        "constants": constants,
        "seconds": round(kernel.seconds, 3),
        "limits": limits,
        "occupancy": asdict(estimate(kernel, target)),
        "remarks": reading.remarks(kernel, target),
    }
