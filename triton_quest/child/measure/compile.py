"""Compiles a learner's kernels all the way for GPUs that aren't there, and sends what became of them. In the child."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from triton_quest.child.judge import code
from triton_quest.child.judge.abilities import abilities, unfit
from triton_quest.child.measure import inputs
from triton_quest.child.sentences.compiling import explain
from triton_quest.child.triton import binaries, frontend
from triton_quest.child.triton.fake_driver import activate
from triton_quest.child.triton.fake_gpu import as_if_on
from triton_quest.child.triton.full_compile import compile_fully
from triton_quest.child.triton.interpreter import enable
from triton_quest.course import parts
from triton_quest.course.case import Case
from triton_quest.course.level import Level
from triton_quest.machine.targets import USUAL, Arch, Target, find, name_of
from triton_quest.records import measured as m
from triton_quest.records import verdict as v

Send = Callable[[v.Record], None]
USAGE = "usage"  # the kind of a check that tells of a wrong word on the command line


def run(
    level: Level,
    file: Path,
    send: Send,
    seconds: float,
    *,
    targets: Sequence[str] = USUAL,
    dtype: str = "fp16",
    case: str | None = None,
    limit: float = 120.0,
    assembly: str | None = None,
) -> v.Outcome:
    """Compile for each of `targets`; `limit` seconds for any one kernel. PASSED if every kernel went through."""
    able = abilities(enable())
    activate()
    try:
        if not able.compiling:
            raise unfit("Kernels can't be compiled for a GPU that isn't there")
        compilation = _Compilation(level, file, send, seconds, limit, assembly)
        compilation.choose(case, dtype)
        for target in (find(name) for name in targets):
            assert target is not None
            compilation.compile_for(target)
    except code.Stopped as stopped:
        send(stopped.check)
        return stopped.check.outcome or v.Outcome.ERROR
    return v.Outcome.COMPILE if compilation.refused else v.Outcome.PASSED


def chosen_case(level: Level, name: str | None) -> Case:
    """The level's typical inputs, or the case of that name. Raises Stopped if there is none."""
    if name is None:
        return inputs.typical(level, inputs.compiled_sizes())
    cases: tuple[Case, ...] = parts.part(level, "cases").CASES
    for case in cases:
        if case.name == name:
            return case
    known = ", ".join(f"“{case.name}”" for case in cases)
    says = f"Level {level.number} has no case “{name}”. Its cases: {known}."
    raise code.Stopped(v.Check("the case exists", USAGE, v.State.FAILED, says, outcome=v.Outcome.ERROR))


class _Compilation:
    """One file, imported once, and the inputs that its launcher is called with."""

    def __init__(
        self, level: Level, file: Path, send: Send, seconds: float, limit: float, assembly: str | None
    ) -> None:
        self.level, self.file, self.send, self.seconds, self.limit = level, file, send, seconds, limit
        self.assembly = assembly
        self.refused = False
        send(v.StageStarted("import", "importing your file", seconds))
        self.module: ModuleType = code.load(file)
        self.launcher = code.launcher_of(self.module, level)

    def choose(self, name: str | None, dtype: str) -> None:
        """What the launcher will be called with."""
        self.case = chosen_case(self.level, name)
        self.given = inputs.given(self.level, self.case, dtype)
        self.send(m.Inputs(self.given.shown if name else inputs.described(self.given)))

    def compile_for(self, target: Target) -> None:
        """Send a record for each kernel: what it became, or why it was refused."""
        self._launching()
        with as_if_on(target):
            report = compile_fully(self._call, self.module, [target.arch], self._compiling, self._launching)
        for one in report.compiled:
            if one.binary is not None:
                self._send_compiled(one, target)
        refusals = explain(report.refusals)
        for finding in refusals:
            self.refused = True
            line, source = finding.line, finding.source_line.strip()
            self.send(m.Refused(finding.kernel, target.name, finding.says, finding.reason, line, source))
        if not report.compiled and not refusals:
            raise code.Stopped(self._nothing_launched(report.launcher_error))

    def _call(self) -> None:
        with contextlib.suppress(SystemExit, KeyboardInterrupt):
            self.given.called(self.launcher)

    def _launching(self) -> None:
        self.send(v.StageStarted("launch", f"calling {self.level.launcher}", self.seconds))

    def _compiling(self, kernel: str, arch: Arch) -> None:
        self.send(v.StageStarted(v.COMPILER, f"compiling {kernel} for {name_of(arch)}", self.limit))

    def _send_compiled(self, one: frontend.CompiledLaunch, target: Target) -> None:
        fields: dict[str, Any] = binaries.read(one.binary)
        self.send(m.Compiled(one.kernel, target.name, one.constants, seconds=one.seconds, config=one.config, **fields))
        if self.assembly is not None:
            text: str = one.binary.asm[self.assembly]
            self.send(m.Assembly(one.kernel, target.name, self.assembly, text))

    def _nothing_launched(self, trouble: Exception | None) -> v.Check:
        check = v.Check(name="a kernel is launched", kind="compile", state=v.State.PASSED)
        if trouble is not None:
            when = f"in {self.level.launcher}, before any kernel was launched"
            return code.explain(check, trouble, self.file, when, v.Outcome.CRASH)
        says = f"`{self.level.launcher}` launches no kernel: there is nothing to compile."
        return v.failed(check, v.Outcome.RULES, says, "`check` says what the level asks for.")
