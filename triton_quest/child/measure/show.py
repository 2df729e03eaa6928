"""Traces what each program of a learner's kernels touches, or maps where the answer is wrong; sends a record for each program.

In the child. The traced call is one of the level's own, `SHOWN`: small enough to draw, ragged around the learner's blocks, with
several programs along each axis. The map is of the first wrong answer, in the order in which the judge takes its cases, that is
large enough to show where; `SHOWN` comes last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import torch

from triton_quest.child.instruments.launches import Launch
from triton_quest.child.instruments.memory.accesses import IllegalAccess
from triton_quest.child.instruments.memory.findings import Operation
from triton_quest.child.instruments.memory.trace import Touch, Walk
from triton_quest.child.judge import code, memory, numbers
from triton_quest.child.judge.abilities import abilities, unfit
from triton_quest.child.judge.blocks import block_sizes
from triton_quest.child.judge.watch import Run, Subject, watched
from triton_quest.child.measure.values import error_values, tensor_values
from triton_quest.child.triton.fake_driver import activate
from triton_quest.child.triton.interpreter import enable
from triton_quest.course import parts
from triton_quest.course.answer import Answer
from triton_quest.course.case import DEFAULT_BLOCKS, DTYPES, Case
from triton_quest.course.level import Level
from triton_quest.records import show as show_records
from triton_quest.records import verdict as v
from triton_quest.records.measured import Inputs

Send = Callable[[v.Record], None]
DTYPE = "fp32"
ACTIONS = {
    Operation.READ: show_records.LOAD,
    Operation.WRITE: show_records.STORE,
    Operation.ATOMIC: show_records.ATOMIC,
}
MOST_CELLS = 128  # of an error map, along an axis
NEVER_WRITTEN = "never written"
PATTERN = 16  # elements that an answer must have for its map to show something


def run(
    level: Level, file: Path, send: Send, seconds: float, errors: bool = False, with_values: bool = False
) -> v.Outcome:
    """Trace one call, or with `errors` map the first wrong answer. `seconds` limits each call.

    `with_values`: send the numbers in the tensors too, and of a traced call whose answer is wrong its map.
    """
    able = abilities(enable())
    activate()
    try:
        if not able.memory:
            raise unfit("What a program touches can't be traced")
        send(v.StageStarted("import", "importing your file", seconds))
        module = code.load(file)
        subject = Subject(level, file, module, code.launcher_of(module, level))
        showing = Showing(subject, send, seconds, with_values)
        showing.map_errors(able.dtypes) if errors else showing.trace()
    except code.Stopped as stopped:
        send(stopped.check)
        return stopped.check.outcome or v.Outcome.ERROR
    return v.Outcome.PASSED


class Showing:
    """The learner's launcher, called for one picture."""

    def __init__(self, subject: Subject, send: Send, seconds: float, with_values: bool) -> None:
        self.subject, self.send, self.seconds, self.with_values = subject, send, seconds, with_values
        self.cases = parts.part(subject.level, "cases")

    def trace(self) -> None:
        """Raises Stopped, after all that was traced until then was sent, for whatever keeps the call from its end."""
        run = self._call(self.cases.SHOWN, DTYPE, self._blocks(), traced=True)
        assert run.model.trace is not None
        self.send(Inputs(run.shown))
        self._send_walks(run.model.trace.walks, run.trouble is None)
        self._require(run)
        wrong = numbers.wrong_elements(run)
        self.send(show_records.Answered(sum(int(marked.sum()) for marked in wrong.values()), wrong.elements))
        if self.with_values and wrong.any():
            self._send_map(run, wrong, _worst(run, wrong))

    def map_errors(self, dtypes: tuple[str, ...]) -> None:
        """Send the map of the first wrong answer that is large enough for one, and raise Stopped; of a smaller one if no other is wrong."""
        blocks = self._blocks()
        small: tuple[Run, Answer] | None = None
        for case, dtype in (*numbers.plan(self.subject.level, dtypes), (self.cases.SHOWN, DTYPE)):
            run = self._call(case, dtype, blocks)
            self._require(run)
            wrong = numbers.wrong_elements(run)
            if not wrong.any():
                self.send(numbers.case_check(run))
            elif wrong[wrong.marked[0]].numel() >= PATTERN:
                self._stop_with_map(run, wrong, blocks)
            elif small is None:
                small = run, wrong
        if small is not None:
            self._stop_with_map(*small, blocks)

    def _stop_with_map(self, run: Run, wrong: Answer, blocks: tuple[int, ...]) -> NoReturn:
        check = numbers.failed_case(run, wrong, blocks)
        assert check.mismatch is not None
        self._send_map(run, wrong, check.mismatch.index)
        try:
            memory.examine_answer(run)
        except code.Stopped as unwritten:
            raise code.Stopped(_never_written(unwritten, check.mismatch)) from None
        raise code.Stopped(check)

    def _send_map(self, run: Run, wrong: Answer, index: tuple[int, ...]) -> None:
        found = error_map(run, wrong, index)
        self.send(found)
        if self.with_values:
            self.send(error_values(run, wrong.marked[0], found, _times_allowed(run, wrong, index)))

    def _blocks(self) -> tuple[int, ...]:
        """The learner's own block sizes: of the smallest case, even where it doesn't come to its end."""
        run = self._call(self.cases.CASES[0], DTYPE, DEFAULT_BLOCKS)
        return block_sizes(run.launches)

    def _call(self, case: Case, dtype: str, blocks: tuple[int, ...], traced: bool = False) -> Run:
        self.send(v.StageStarted("show", f"{case.name}, {dtype}", self.seconds))
        return watched(self.subject, case, dtype, blocks, traced=traced)

    def _require(self, run: Run) -> None:
        """Raises Stopped if the run didn't come to an answer."""
        if isinstance(run.trouble, IllegalAccess):
            raise code.Stopped(memory.told(run.trouble.finding, f"in {run.told}", run.case.name))
        if run.trouble is not None:
            raise code.Stopped(numbers.raised(self.subject, run))
        if not run.launches:
            raise code.Stopped(_nothing_to_show(self.subject.level))
        misfit = numbers.misfit(self.subject, run)
        if misfit is not None:
            raise code.Stopped(misfit)

    def _send_walks(self, walks: list[Walk], came_to_its_end: bool) -> None:
        """All launches, then all programs. A call that Triton refused never came to its grid: it is none."""
        begun = [walk for walk in walks if math.prod(walk.launch.grid)]
        for walk in begun:
            self.send(_launched(walk, is_whole=not walk.is_cut and (came_to_its_end or walk is not walks[-1])))
        for number, walk in enumerate(begun):
            programs: dict[tuple[int, ...], list[show_records.Step]] = {}
            for touch in walk.touches:
                programs.setdefault(touch.program, []).append(_step(touch))
            for program, steps in programs.items():
                self.send(show_records.ProgramSteps(number, program, tuple(steps)))
            if self.with_values:
                self.send(tensor_values(number, walk))


def _launched(walk: Walk, is_whole: bool) -> show_records.Launched:
    launch = walk.launch
    known = {dtype: name for name, dtype in DTYPES.items()}
    tensors = tuple(
        show_records.Tensor(
            one.name, one.tensor_name or "", one.shape, known.get(one.dtype, str(one.dtype).removeprefix("torch."))
        )
        for one in walk.arguments
    )
    return show_records.Launched(launch.kernel, _grid(launch), tensors, _constants(launch), is_whole)


def _grid(launch: Launch) -> tuple[int, ...]:
    used = max((axis + 1 for axis, size in enumerate(launch.grid) if size != 1), default=1)
    return launch.grid[:used]


def _constants(launch: Launch) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in launch.constexprs.items())


def _step(touch: Touch) -> show_records.Step:
    return show_records.Step(
        ACTIONS[touch.operation],
        touch.argument,
        touch.site.line,
        touch.site.source,
        touch.loops,
        touch.block,
        touch.touched,
        touch.masked,
        touch.outside,
    )


def _nothing_to_show(level: Level) -> v.Check:
    check = v.Check("a kernel is launched", "show", v.State.PASSED)
    says = f"`{level.launcher}` launches no kernel: there is nothing to show."
    return v.failed(check, v.Outcome.RULES, says, "`check` says what the level asks for.")


# Where the answer is wrong


def _never_written(unwritten: code.Stopped, mismatch: v.Mismatch) -> v.Check:
    """The check of elements that nobody wrote, with the worst element: what stands there is the memory's, not the kernel's."""
    finding = unwritten.finding
    if finding is not None and finding.is_left_out(mismatch.index):
        near = tuple(
            (at, expected, NEVER_WRITTEN if finding.is_left_out(_index(at)) else actual, is_wrong)
            for at, expected, actual, is_wrong in mismatch.neighbours
        )
        mismatch = replace(mismatch, actual=NEVER_WRITTEN, neighbours=near)
    return replace(unwritten.check, mismatch=mismatch)


def _index(shown: str) -> tuple[int, ...]:
    return tuple(int(part) for part in shown.split(", ") if part)


def _worst(run: Run, wrong: Answer) -> tuple[int, ...]:
    """The index of the worst element of the first wrong tensor."""
    ratio = _ratio(run, wrong)
    place = int(ratio.argmax())
    return tuple(int(index) for index in torch.unravel_index(torch.tensor(place), ratio.shape))


def _ratio(run: Run, wrong: Answer) -> torch.Tensor:
    """How many times the allowed error each wrong element of the first wrong tensor is off; 0 where it is right."""
    name = wrong.marked[0]
    marked, truth = wrong[name], run.reference.truth[name]
    allowed = run.reference.budgets[name].allowed.expand(truth.shape)
    ratio = (run.result[name].double() - truth).abs() / allowed.clamp_min(torch.finfo(torch.float64).tiny)
    return torch.where(marked, torch.nan_to_num(ratio, nan=torch.inf, posinf=torch.inf), 0.0)


def _times_allowed(run: Run, wrong: Answer, index: tuple[int, ...]) -> torch.Tensor:
    """`_ratio` of the matrix that holds the element at `index`; a vector is a matrix of one row."""
    ratio = _ratio(run, wrong)
    matrix = ratio[index[: max(0, ratio.ndim - 2)]] if ratio.ndim > 2 else ratio
    return matrix.reshape(-1, matrix.shape[-1]) if matrix.ndim else matrix.reshape(1, 1)


def error_map(run: Run, wrong: Answer, index: tuple[int, ...]) -> show_records.ErrorMap:
    """The matrix that holds the worst element, at `index` of the first wrong tensor; a vector is a matrix of one row."""
    name = wrong.marked[0]
    marked, matrix = wrong[name], _times_allowed(run, wrong, index)
    rows, columns = matrix.shape
    cell = _cell(rows), _cell(columns)
    bands = [torch.split(band, cell[1], dim=1) for band in torch.split(matrix, cell[0], dim=0)]
    return show_records.ErrorMap(
        cells=tuple("".join(_sign(float(part.max())) for part in band) for band in bands),
        shape=(rows, columns),
        cell=cell,
        tile=run.model.tile(run.answer[name]) or (0, 0),
        at=index[:-2] if marked.numel() > matrix.numel() else (),
        worst=(0, *index)[-2:],
        answer=name if run.called(name) else "",
    )


def _cell(length: int) -> int:
    """The smallest power of two that fits `length` into the map."""
    return 1 if length <= MOST_CELLS else 2 ** math.ceil(math.log2(length / MOST_CELLS))


def _sign(ratio: float) -> str:
    """How many times the allowed error it is, in half powers of ten."""
    if ratio == 0:
        return show_records.ERROR_SIGNS[0]
    if math.isinf(ratio):
        return show_records.NOT_A_NUMBER
    return show_records.ERROR_SIGNS[min(len(show_records.ERROR_SIGNS) - 1, 1 + max(0, int(2 * math.log10(ratio))))]
