"""What is traced of the reference solutions is what their kernels do, and the map of a wrong answer lies over the wrong elements."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.conftest import arrived
from tests.execution.learner import Edit, replaced, solved
from triton_quest.child.judge.compare import Budget
from triton_quest.child.judge.given import parameter_names
from triton_quest.child.measure import show as measure_show
from triton_quest.course.answer import Answer
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.records import show as show_records
from triton_quest.records import verdict as v
from triton_quest.records.show import LOAD, STORE
from triton_quest.report import regions
from triton_quest.report.show import CallTrace, Position, elements

pytestmark = pytest.mark.usefixtures("as_a_child")
every_level = pytest.mark.parametrize("level", arrived(), ids=lambda level: level.slug)
ONE, TWO, FIVE, SIX, EIGHT = (LEVELS[number - 1] for number in (1, 2, 5, 6, 8))
Shown = tuple[v.Outcome, list[v.Record]]


def show(level: Level, file: Path | None = None, errors: bool = False) -> Shown:
    records: list[v.Record] = []
    outcome = measure_show.run(level, file or level.folder / "solution.py", records.append, 60.0, errors)
    return outcome, [v.decode(v.encode(record)) for record in records]


@cache
def traced(level: Level, file: Path | None = None) -> CallTrace:
    return CallTrace.of(show(level, file)[1])


def of(kind: type[object], records: list[v.Record]) -> list[v.Record]:
    return [record for record in records if isinstance(record, kind)]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """write(level, edit, ...): the level's solution with these edits, as a file."""

    def write(level: Level, *edits: Edit) -> Path:
        path = tmp_path / level.file
        path.write_text(solved(level, *edits))
        return path

    return write


Write = Callable[..., Path]


# The reference solutions


@every_level
def test_the_answer_is_stored_once_each_element_by_one_program(level: Level) -> None:
    trace = traced(level)
    last = len(trace.launches) - 1
    total = 0
    for number, tensor in enumerate(trace.launches[last].tensors):
        stores = [elements(trace.steps(Position(last, program)), number, STORE) for program in trace.programs_of(last)]
        if any(stores):
            size = math.prod(tensor.shape)
            assert sum(map(show_records.length, stores)) == size
            assert regions.union(stores) == ((0, size - 1),)
            total += size
    assert trace.answered is not None and trace.answered.wrong == 0
    assert trace.answered.total == total if not level.gradients else trace.answered.total > total > 0


@every_level
def test_the_inputs_are_loaded_and_never_stored_to(level: Level) -> None:
    trace = traced(level)
    given = parameter_names(level)
    read: dict[str, list[show_records.Runs]] = {}
    for number, launch in enumerate(trace.launches):
        for at, tensor in enumerate(launch.tensors):
            for program in trace.programs_of(number):
                steps = trace.steps(Position(number, program))
                read.setdefault(tensor.called, []).append(elements(steps, at, LOAD))
                assert tensor.called not in given or not elements(steps, at, STORE)
    for name in given:
        if name in read:
            shape = next(
                tensor.shape for launch in trace.launches for tensor in launch.tensors if tensor.called == name
            )
            assert regions.union(read[name]) == ((0, math.prod(shape) - 1),), name


@every_level
def test_the_shown_call_has_several_programs_and_an_uneven_edge(level: Level) -> None:
    trace = traced(level)
    assert all(launch.is_whole for launch in trace.launches)
    assert all(size > 1 for launch in trace.launches for size in launch.grid)
    assert any(step.masked for steps in trace.programs.values() for step in steps)
    assert sum(len(steps) for steps in trace.programs.values()) < 1000, "small enough to be stepped through"


def test_a_program_of_level_1_touches_its_own_block() -> None:
    trace = traced(ONE)
    (launch,) = trace.launches
    block, n = int(dict(launch.constants)["BLOCK_SIZE"]), launch.tensors[0].shape[0]
    assert launch.grid == (-(-n // block),) and n % block
    for program in range(launch.grid[0]):
        first, last = program * block, min(n, (program + 1) * block) - 1
        steps = trace.programs[0, (program,)]
        assert [(step.action, launch.tensors[step.tensor].called) for step in steps] == [
            ("load", "x"), ("load", "y"), ("store", "out"),
        ]  # fmt: skip
        beyond = ((n - program * block, block - 1),) if last == n - 1 else ()
        assert {(step.touched, step.masked, step.outside, step.block) for step in steps} == {
            (((first, last),), beyond, (), (block,))
        }


def test_a_program_of_level_2_walks_along_k() -> None:
    trace = traced(TWO)
    (launch,) = trace.launches
    k, step_k = launch.tensors[0].shape[1], int(dict(launch.constants)["BLOCK_K"])
    steps = trace.programs[0, (0,)]
    loads = [step for step in steps if step.action == LOAD]
    assert [dict(step.loops)["k"] for step in loads] == [str(at) for at in range(0, k, step_k) for _ in range(2)]
    for step in loads[::2]:
        at = int(dict(step.loops)["k"])
        assert regions.slices(step.touched, launch.tensors[0].shape).endswith(f", {at}:{min(k, at + step_k)}")
    assert (steps[-1].action, steps[-1].loops) == (STORE, ())


def test_a_tile_of_level_5_above_the_diagonal_loads_nothing() -> None:
    trace = traced(FIVE)
    constants = {name: int(value) for name, value in trace.launches[0].constants if value.isdigit()}
    for (_, program), steps in trace.programs.items():
        above = (program[0] + 1) * constants["BLOCK_M"] - 1 < program[1] * constants["BLOCK_N"]
        assert [step.action for step in steps] == ([STORE] if above else [LOAD, LOAD, STORE])


def test_level_6_is_three_launches_of_which_the_second_loads_what_it_stores() -> None:
    trace = traced(SIX)
    assert [launch.kernel for launch in trace.launches] == ["scores_kernel", "softmax_kernel", "values_kernel"]
    assert [tensor.called for tensor in trace.launches[1].tensors] == ["scores"]
    for program in trace.programs_of(1):
        load, store = trace.steps(Position(1, program))
        assert (load.touched, store.touched) == (store.touched, load.touched) and load.action != store.action


def test_a_program_of_level_8_walks_the_tiles_up_to_its_own_and_no_further() -> None:
    trace = traced(EIGHT)
    (launch,) = trace.launches
    tiles = launch.grid[0]
    size, length = int(dict(launch.constants)["BLOCK_N"]), launch.tensors[1].shape[2]
    for column, head in product(range(tiles), range(launch.grid[1])):
        steps = trace.programs[0, (column, head)]
        keys = [step for step in steps if launch.tensors[step.tensor].called == "k"]
        last = tiles - 1 - column  # the longest first
        assert [step.loops for step in keys] == [(("start_n", str(at * size)),) for at in range(last + 1)]
        assert [regions.box(step.touched, launch.tensors[1].shape).first for step in keys] == [
            (0, head, at * size, 0) for at in range(last + 1)
        ]
        assert [bool(step.masked) for step in keys] == [at * size + size > length for at in range(last + 1)]


# A learner's own file


def test_a_file_without_a_mask_is_traced_up_to_the_access_that_goes_outside(write: Write) -> None:
    outcome, records = show(
        ONE, write(ONE, replaced("tl.load(x_ptr + offsets, mask=mask)", "tl.load(x_ptr + offsets)"))
    )
    trace = CallTrace.of(records)
    assert outcome is v.Outcome.MEMORY and not trace.launches[0].is_whole and trace.answered is None
    step = trace.steps(trace.start)[-1]
    assert trace.start == Position(0, trace.start.program, 0) and step.outside and not step.masked
    assert isinstance(records[-1], v.Check) and "outside" in records[-1].says


def test_a_wrong_answer_is_traced_to_its_end_and_counted(write: Write) -> None:
    outcome, records = show(ONE, write(ONE, replaced("x + y, mask", "x - y, mask")))
    trace = CallTrace.of(records)
    assert outcome is v.Outcome.PASSED and trace.launches[0].is_whole
    assert trace.answered is not None and trace.answered.wrong == trace.answered.total


def test_a_kernel_that_raises_keeps_what_came_before(write: Write) -> None:
    outcome, records = show(ONE, write(ONE, replaced("y = tl.load(y_ptr + offsets, mask=mask)", "y = x.nothing")))
    trace = CallTrace.of(records)
    assert outcome is v.Outcome.CRASH and [step.action for step in trace.programs[0, (0,)]] == [LOAD]
    assert not trace.launches[0].is_whole


def test_a_launch_that_triton_refuses_is_none_and_the_one_before_it_is_whole(write: Write) -> None:
    again = replaced("    return out\n", "    add_kernel[grid](x, y)\n    return out\n")
    outcome, records = show(ONE, write(ONE, again))
    trace = CallTrace.of(records)
    assert outcome is v.Outcome.CRASH and [launch.is_whole for launch in trace.launches] == [True]


@pytest.mark.parametrize(
    ("edit", "outcome", "says"),
    [
        (
            replaced("    out = torch.empty_like(x)\n", "    raise RuntimeError('not today')\n"),
            v.Outcome.CRASH,
            "not today",
        ),
        (replaced("    return out\n", "    return None\n"), v.Outcome.CONTRACT, "returned nothing"),
        (replaced("    add_kernel[grid]", "    (lambda *a, **k: None)"), v.Outcome.RULES, "launches no kernel"),
    ],
    ids=["it raises", "it returns nothing", "it launches nothing"],
)
def test_a_launcher_that_comes_to_no_answer_says_so(write: Write, edit: Edit, outcome: v.Outcome, says: str) -> None:
    found, records = show(ONE, write(ONE, edit))
    assert (found, says in records[-1].says) == (outcome, True)  # type: ignore[union-attr]


def test_an_autotuned_kernel_is_traced_with_its_first_configuration() -> None:
    style = ONE.folder / "variants" / "autotuned.py"
    trace = traced(ONE, style)
    (launch,) = trace.launches
    assert (launch.kernel, dict(launch.constants)) == ("add_kernel", {"BLOCK_SIZE": "256"})
    assert trace.steps(Position(0, (1,)))[0].touched == ((256, 511),)


@pytest.mark.parametrize("style", ["descriptor", "persistent", "while", "helpers"])
def test_level_1_in_other_styles_stores_every_element(style: str) -> None:
    trace = traced(ONE, ONE.folder / "variants" / f"{style}.py")
    stores = [step for steps in trace.programs.values() for step in steps if step.action == STORE]
    size = trace.launches[0].tensors[stores[0].tensor].shape[0]
    assert regions.union(step.touched for step in stores) == ((0, size - 1),)


# Where the answer is wrong


def error_map(records: list[v.Record]) -> tuple[show_records.ErrorMap, v.Mismatch]:
    (found,), check = of(show_records.ErrorMap, records), records[-1]
    assert isinstance(found, show_records.ErrorMap) and isinstance(check, v.Check) and check.mismatch is not None
    return found, check.mismatch


def test_a_right_file_has_no_map_and_passes_every_case() -> None:
    outcome, records = show(ONE, errors=True)
    assert outcome is v.Outcome.PASSED and of(show_records.ErrorMap, records) == []
    assert {check.state for check in of(v.Check, records)} == {v.State.PASSED}  # type: ignore[attr-defined]


def test_the_map_shows_the_wrong_elements_and_marks_the_worst(write: Write) -> None:
    blind = replaced("offs_m[:, None] >= offs_n[None, :]", "offs_m[:, None] > offs_n[None, :]")
    outcome, records = show(FIVE, write(FIVE, blind), errors=True)
    found, mismatch = error_map(records)
    assert outcome is v.Outcome.WRONG and mismatch.total >= measure_show.PATTERN
    rows = range(found.shape[0])
    assert found.cells == tuple("".join("n" if row == column else "0" for column in rows) for row in rows)
    assert (found.worst, found.at) == (mismatch.index[-2:], ())


def test_what_was_never_written_is_told_as_such_beside_the_map(write: Write) -> None:
    half = replaced("tl.store(out_ptrs, scores", "if pid_n == 0:\n        tl.store(out_ptrs, scores")
    outcome, records = show(FIVE, write(FIVE, half), errors=True)
    _, mismatch = error_map(records)
    assert outcome is v.Outcome.MEMORY and "never written" in records[-1].says  # type: ignore[union-attr]
    assert mismatch.actual == measure_show.NEVER_WRITTEN
    assert "nan" not in [actual for _, _, actual, is_wrong in mismatch.neighbours if is_wrong]


def test_signs_tell_half_powers_of_ten_beyond_what_is_allowed() -> None:
    assert [measure_show._sign(ratio) for ratio in (0.0, 1.01, 3.0, 3.2, 10.1, 99.0, 101.0, 1e9, math.inf)] == list(
        "01123458n"
    )


def test_the_map_of_a_large_matrix_is_of_the_worst_element_in_each_cell() -> None:
    truth, result = torch.zeros(2, 300, 200, dtype=torch.float64), torch.zeros(2, 300, 200)
    result[1, 299, 0], result[1, 2, 3], result[1, 3, 2] = 500.0, 2.0, 50.0
    tiled = SimpleNamespace(tile=lambda returned: (64, 32))
    truths, budgets = Answer({"out": truth}), {"out": Budget(torch.ones((), dtype=torch.float64))}
    reference, answer = SimpleNamespace(truth=truths, budgets=budgets), Answer({"out": result})
    run: Any = SimpleNamespace(result=answer, answer=answer, reference=reference, model=tiled, called=lambda name: "")
    found = measure_show.error_map(run, Answer({"out": result != 0}), (1, 299, 0))
    assert (found.shape, found.cell, found.tile, found.at, found.worst) == (
        (300, 200),
        (4, 2),
        (64, 32),
        (1,),
        (299, 0),
    )
    assert (len(found.cells), len(found.cells[0])) == (75, 100)
    assert (found.cells[0][:3], found.cells[-1][:3]) == ("040", "600")
