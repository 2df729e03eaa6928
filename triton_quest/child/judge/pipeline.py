"""The stages in order. The first failure ends the judgement; what it is comes before what follows from it.

Compiling is looked at before the first run: what a GPU understands otherwise (`and` between masks) shows as a memory error
or as wrong numbers in the interpreter, and the line that is to blame is another.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from triton_quest.child import source
from triton_quest.child.instruments.operators import remember_bodies
from triton_quest.child.instruments.warned import Warned, warnings_once
from triton_quest.child.judge import (
    at_fault,
    code,
    compiling,
    contrast,
    diagnosis,
    effort,
    gap_causes,
    gapped,
    hazards,
    hints,
    known,
    large,
    launch_order,
    lists,
    memory,
    numbers,
    one_run,
    patterns,
    properties,
    read,
    reruns,
    rules,
    tuning,
    unkept,
)
from triton_quest.child.judge.abilities import Abilities, abilities
from triton_quest.child.judge.blocks import block_sizes
from triton_quest.child.judge.tampering import Snapshot
from triton_quest.child.judge.watch import Run, Subject, watched
from triton_quest.child.sentences.compiling import UNEXPLAINED, CompileFinding
from triton_quest.child.triton.fake_driver import activate
from triton_quest.child.triton.interpreter import enable
from triton_quest.child.triton.unverifiable import what_is_lacking
from triton_quest.course import parts
from triton_quest.course.case import DEFAULT_BLOCKS, Case
from triton_quest.course.level import Level
from triton_quest.course.mistake import Mistake
from triton_quest.course.table import LEVELS
from triton_quest.records import verdict as v

Send = Callable[[v.Record], None]
HINTED = ("memory", "rules", "property")  # kinds of failures that a line of the file and a hint belong to


def run(level: Level, file: Path, send: Send, seconds: float, *, looks_at_gaps: bool = True) -> v.Outcome:
    """Judge `file` from its import on; every check is sent as it is made. `seconds` limits each step of the learner's code.

    `looks_at_gaps`: also say which gap is at fault, and judge a file with open gaps as far as it is written.
    """
    able = abilities(enable())
    activate()
    remember_bodies()
    mine = gapped.of_file(level, file) if looks_at_gaps else None
    with warnings_once(str(file)) as warned:
        if mine is None or mine.filled is None:
            outcome = _judged(_Judge(level, file, send, seconds, able, warned, mine))
        else:
            shown = gapped.Curtain(mine.text, mine.filled).in_front_of(send)
            with source.standing_in(file, mine.filled.text):
                behind = _Judge(level, file, shown, seconds, able, warned, mine)
                outcome = _judged(behind)
    if outcome is v.Outcome.PASSED:
        for name, kind in (*((name, "not_verified_here") for name in able.missing), (v.ON_A_GPU, v.GPU)):
            send(v.Check(name=name, kind=kind, state=v.State.NOT_VERIFIED_HERE))
    return outcome


def _judged(judge: _Judge) -> v.Outcome:
    """How it ended: GAPS for a file with open gaps, whatever the judge said of it."""
    mine = judge.gapped
    is_open = mine is not None and mine.filled is not None
    if mine is not None and is_open:
        judge.send(mine.record(v.GapStanding.NOT_TOLD, "the check didn't come to its end"))
    lacking = ""
    try:
        judge.everything()
    except code.Stopped as stopped:
        check = judge.explained(stopped)
        judge.send(check)
        lacking = check.name
        if check.state is v.State.FAILED:
            return v.Outcome.GAPS if is_open else check.outcome or v.Outcome.ERROR
    if mine is None or not is_open:
        return v.Outcome.PASSED
    states = mine.record(v.GapStanding.NOT_TOLD, lacking) if lacking else mine.record(v.GapStanding.RIGHT)
    judge.send(states)
    judge.send(read.right_so_far(mine.text, states))
    return v.Outcome.GAPS


def warm_up(level: Level | None = None) -> None:
    """Do once what the first judgement of a level would spend its time on: run its solution and load the mistakes that are rerun.

    Without a level, what a judgement of any level needs: the first one's solution is run. Leaves no trace where the learner's
    imports look.
    """
    importlib.import_module("numpy.ma")  # np.unique asks for it, where a finding is described
    path, modules = list(sys.path), set(sys.modules)
    tilings = _run_of_the_solution(level or LEVELS[0])
    if level is not None:
        reruns.prepare(level, (effort.SOLUTION, *diagnosis.rerun(parts.known(level).mistakes)), tilings)
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith(code.LEARNER):
            del sys.modules[name]


def _run_of_the_solution(level: Level) -> list[dict[str, int]]:
    """Judge the level's own solution, and return the launch constants that it ran with, each once."""
    file = level.folder / "solution.py"
    able = abilities(enable())
    activate()
    remember_bodies()
    with warnings_once(str(file)) as warned:
        judge = _Judge(level, file, lambda record: None, 60.0, able, warned, gapped.of_file(level, file))
        _judged(judge)
    return judge.tilings


class _Judge:
    """One judgement: the learner's code, the level's cases, and what was learnt from the first run."""

    def __init__(
        self,
        level: Level,
        file: Path,
        send: Send,
        seconds: float,
        able: Abilities,
        warned: Warned,
        mine: gapped.Gapped | None = None,
    ) -> None:
        self.gapped = mine
        self.repeat: one_run.Step | None = one_run.loading()  # the step at work; None for one that no trial repeats
        self.level, self.file, self.send, self.seconds = level, file, send, seconds
        memory_too, compiling_too = "memory" in level.stages, "compile" in level.stages
        self.able = replace(able, memory=able.memory and memory_too, compiling=able.compiling and compiling_too)
        self.dtypes, self.warned = able.dtypes, warned
        self.cases: tuple[Case, ...] = parts.part(level, "cases").CASES
        self.blocks: tuple[int, ...] = DEFAULT_BLOCKS
        self.fits_elsewhere: list[str] = []
        self.tilings: list[dict[str, int]] = []  # the launch constants of the runs in the first dtype, each once
        self.right: list[contrast.Traits] = []
        self.also: Case | None = None  # a further case that a trial must make right
        self.among: gap_causes.Among | None = None  # names a wrong access by one of these mistakes

    def everything(self) -> None:
        self._stage("import", "importing your file")
        module = rules.loaded(self.file)
        launcher = code.launcher_of(module, self.level)
        self.subject = Subject(self.level, self.file, module, launcher, self.able.memory)
        if self.able.compiling:
            self._compile()
        runs = self._first_dtype()
        self._numbers(runs)
        if self.able.memory:
            self._large()
        if "property" in self.level.stages:
            self._properties()

    def _large(self) -> None:
        cases: tuple[Case, ...] = getattr(parts.part(self.level, "cases"), "LARGE", ())
        if cases:
            self.repeat = one_run.running_large(cases)
            self.send(large.examine(self.subject, cases))

    def _stage(self, stage: str, says: str) -> None:
        self.send(v.StageStarted(stage, says, self.seconds))

    def _compile(self) -> None:
        """Raises Stopped for what a GPU's compiler refuses; an exception of the first run is told instead of a bare refusal."""
        self._stage("compile", "compiling your kernels")
        cases = (self.cases[0], next((case for case in reversed(self.cases) if case.quick), self.cases[-1]))
        members = Snapshot()

        def refusals(subject: Subject) -> list[CompileFinding]:
            return compiling.look(subject, cases, self.dtypes, self.blocks).refused

        self.repeat = one_run.compiling_all(refusals)
        look = compiling.look(self.subject, cases, self.dtypes, self.blocks)
        found, self.fits_elsewhere = look.refused, look.remarks
        rules.torch_is_left_alone(members.undo())
        if found and found[0].construct == UNEXPLAINED:
            first = watched(self.subject, self.cases[0], self.dtypes[0], self.blocks)
            if first.trouble is not None and what_is_lacking(code.root_cause(first.trouble)) is None:
                raise code.Stopped(numbers.raised(self.subject, first)) from first.trouble
        if found:
            named = known.refused_alike(self._mistakes(), found[0], self.subject, refusals)
            raise code.Stopped(named) from compiling.missing_name(found[0])

    def _first_dtype(self) -> list[Run]:
        """Rules and memory, over every case in the first dtype; the first case shows the learner's block sizes."""
        first = self._watched(self.cases[0], self.dtypes[0])
        self.send(rules.passed())
        self.blocks = block_sizes(first.launches)
        runs = [self._watched(case, self.dtypes[0]) for case in self.cases if self.dtypes[0] in case.dtypes]
        self.tilings = list({tuple(run.constants.items()): run.constants for run in runs}.values())
        largest = max(runs, key=lambda run: run.reference.truth.elements if run.case.quick else 0)
        self.repeat = one_run.running_without_kernels(largest.case, largest.dtype, self.blocks)
        self.send(rules.answer_needs_the_kernels(self.subject, largest.case, largest.dtype, self.blocks))
        if self.able.memory:
            self.send(memory.passed())
        if self.able.compiling:
            self.send(compiling.passed())
        wasted = effort.remarks(self.subject, runs)
        for remark in (
            *rules.remarks(runs),
            *wasted,
            *unkept.remarks(self.file),
            *code.remarks(self.file, (*self.warned.of_triton, *self.fits_elsewhere), self.solution),
        ):
            self.send(remark)
        self.last_quick = largest
        return runs

    def _watched(self, case: Case, dtype: str) -> Run:
        """One run, with what its accesses and its torch calls come to. Raises Stopped at the first thing wrong."""
        self._stage("run", f"{case.name}, {dtype}")
        self.repeat = one_run.running(case, dtype, self.blocks)
        run = watched(self.subject, case, dtype, self.blocks)
        self._accept(run)
        return run

    def _accept(self, run: Run) -> None:
        """Raises Stopped for what is wrong with a run, its numbers apart."""
        try:
            one_run.examine(self.subject, run)
        except code.Stopped as stopped:
            if run.trouble is not None and stopped.__cause__ is run.trouble:
                self._tell_what_no_interpreter_runs(run)
            found = stopped

            def among(mistakes: tuple[Mistake, ...]) -> v.Check:
                return known.named(mistakes, found.check, found.finding, self.subject, run, self.blocks)

            self.among = among
            told = code.Stopped(among(self._mistakes()), stopped.finding)
            raise tuning.told_with_config(told, run) from stopped.__cause__

    def _tell_what_no_interpreter_runs(self, run: Run) -> None:
        """Raises Stopped, without a failure, where the compiler took what Triton's interpreter lacks."""
        lacking = what_is_lacking(code.root_cause(run.trouble)) if run.trouble is not None else None
        if lacking is not None and self.able.compiling:
            self.send(compiling.passed())
            raise code.Stopped(code.not_run_here(lacking, code.place_of(run.trouble, self.file)))

    def _mistakes(self) -> tuple[Mistake, ...]:
        return gap_causes.possible(parts.known(self.level).mistakes, self.gapped, self.solution)

    @property
    def solution(self) -> str:
        return (self.level.folder / "solution.py").read_text(encoding="utf-8")

    def explained(self, stopped: code.Stopped) -> v.Check:
        """The failed check with its hint and with the gap at fault, which is sent, where there is one."""
        mistakes = self._mistakes()
        check = launch_order.explained(stopped.check, stopped.finding, source.text_of(self.file))
        if check.hint is None and check.kind in HINTED:
            check = replace(check, hint=hints.fitting(check, mistakes, self.solution))
        if self.gapped is None or check.state is not v.State.FAILED:
            return check
        self._stage("gaps", "looking for the gap at fault")
        step = self.repeat if self.able.memory else None  # a trial must not touch memory unchecked
        quick = [case for case in self.cases if case.quick or case is self.also]
        trials = at_fault.Trials(self.level, self.gapped, step, quick, self.blocks)
        among = self.among if stopped.finding is not None else None
        check, states = gap_causes.explained(stopped, check, self.gapped, trials, mistakes, self.solution, among)
        if states is not None:
            self.send(states)
        return check

    def _numbers(self, runs: list[Run]) -> None:
        """Every case in every dtype against float64."""
        for run in runs:
            self._compare(run, runs)
        self.repeat = None
        self._configs(runs)
        self.repeat = one_run.running_again(self.last_quick.case, self.last_quick.dtype, self.blocks)
        self.send(rules.new_contents_give_new_answers(self.subject, self.last_quick, self.blocks))
        looked_at = self.dtypes[0]
        for case, dtype in numbers.plan(self.level, self.dtypes[1:]):
            run = self._watched(case, dtype)
            self._compare(run, runs)
            if dtype != looked_at:  # a launcher may choose its tiles by the dtype
                self.blocks, looked_at = tuple(sorted({*self.blocks, *block_sizes(run.launches)})), dtype

    def _configs(self, runs: list[Run]) -> None:
        """Every config of what is tuned; and where tuning is the lesson, the list itself."""

        def repeats(step: one_run.Step) -> None:
            self._stage("configs", "trying every config")
            self.repeat = step

        if self.level.tunes and self.able.compiling:
            self._list(lists.fits)
        tuned = tuning.examine(self.subject, runs, self.dtypes, self._accept, repeats)
        if tuned is not None:
            self.send(tuned)
        if self.level.tunes:
            self._list(lists.shares)

    def _list(self, step: Callable[[Subject], v.Check]) -> None:
        """One step that is about the whole list of configs."""
        self._stage("configs", "looking at the list of configs")
        self.repeat = lists.repeating(step)
        self.send(step(self.subject))

    def _compare(self, run: Run, others: Sequence[Run]) -> None:
        """Compare one run with the truth; the `others` help to explain what is wrong."""
        wrong = numbers.wrong_elements(run)
        if not wrong.any():
            self.right.append(contrast.traits(run))
            self.send(numbers.case_check(run))
            return
        self.repeat = one_run.running(run.case, run.dtype, self.blocks)
        hazards.examine_order(self.subject, run, wrong, self.blocks)
        memory.examine_masked_lanes(self.subject, run, wrong, self.blocks)
        check = numbers.failed_case(run, wrong, self.blocks)
        seen, right = [patterns.Evidence(run, wrong)], []
        for other in others:
            elements = numbers.wrong_elements(other)
            if not elements.any():
                right.append(other)
            elif other is not run:
                seen.append(patterns.Evidence(other, elements))
        found = diagnosis.explain(self.level, self._mistakes(), seen, right, known.lines_of(self.subject))
        unexplained = found.unexplained if found is not None else None
        self.also = (
            unexplained.case
            if unexplained
            else next((one.run.case for one in seen[1:] if not one.run.case.quick), None)
        )
        if found is not None:
            check = replace(check, cause=found.says, evidence=found.evidence, finding=found.finding, hint=found.hint)
        elif narrow := numbers.through_fp16(run, wrong):
            check = replace(check, cause=narrow, finding="through_fp16")
        else:
            apart = contrast.advice(contrast.traits(run), [*self.right, *map(contrast.traits, right)])
            check = replace(check, advice=apart or check.advice)
        raise tuning.told_with_config(code.Stopped(check), run)

    def _properties(self) -> None:
        for statement in parts.part(self.level, "cases").PROPERTIES:
            self._stage("property", (statement.__doc__ or statement.__name__).strip())
            self.repeat = one_run.holding(statement, self.dtypes, self.blocks)
            self.send(properties.holds(self.subject, statement, self.dtypes, self.blocks))
