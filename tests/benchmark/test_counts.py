"""What is counted of the reference solutions is what one derives by hand, to the last byte and operation."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch

from tests.conftest import arrived
from tests.execution.learner import replaced, solved
from triton_quest.child.instruments.launches import LaunchLog, observed
from triton_quest.child.judge import code
from triton_quest.child.judge.abilities import Abilities
from triton_quest.child.measure import compile as measure_compile
from triton_quest.child.measure import traffic as measure_traffic
from triton_quest.child.measure.traffic import Counting
from triton_quest.course import parts
from triton_quest.course.case import DTYPES
from triton_quest.course.level import SIZES, Level
from triton_quest.course.table import LEVELS
from triton_quest.records import verdict as v
from triton_quest.records.measured import Counted

pytestmark = pytest.mark.usefixtures("as_a_child")
MEASURES = ("loaded", "stored", "dot_flops", "other_flops", "exponentials", "scratch")
SMALL, LARGE = 2, pytest.param(4, marks=pytest.mark.slow)  # times the level's smallest size

every_level = pytest.mark.parametrize("level", arrived(), ids=lambda level: level.slug)


def counting_of(level: Level, file: Path) -> Counting:
    launcher = code.launcher_of(code.load(file), level)
    return Counting(level, file, launcher, lambda record: None, 60.0)


def counts(found: Counted) -> dict[str, int]:
    moved = {what: sum(getattr(one, what) for one in found.moved) for what in ("loaded", "stored")}
    return {**moved, **{measure: getattr(found, measure) for measure in MEASURES[2:]}}


@every_level
@pytest.mark.parametrize("times", [SMALL, LARGE])
def test_the_solutions_counts_are_those_derived_by_hand(level: Level, times: int) -> None:
    size, log = times * SIZES[level.grown[0]].counted, LaunchLog()
    with observed(log):
        found = counting_of(level, level.folder / "solution.py").at(size)
    constants = {name: value for launch in log.launches for name, value in launch.constexprs.items()}
    expected = dict.fromkeys(MEASURES, 0) | parts.reference(level).counts(size, constants)
    assert counts(found) == expected


@every_level
def test_the_least_possible_is_each_input_read_once_and_the_answer_written_once(level: Level) -> None:
    size = SIZES[level.grown[0]].counted
    found = counting_of(level, level.folder / "solution.py").at(size)
    letters = {letter: value.counted for letter, value in SIZES.items()} | dict.fromkeys(level.grown, size)
    expected = 0
    handed_over = level.shapes[:1] if level.gradients else ()  # dout has the shape of out, which is that of q
    for shape in (*level.shapes, *handed_over):
        dtype = getattr(torch, shape.dtype) if shape.dtype else DTYPES[level.counted_in]
        expected += dtype.itemsize * math.prod(letters[letter] for letter in shape.letters)
    assert found.least_loaded == expected
    assert found.once >= found.least, "nothing reads less than its inputs, nor writes less than its answer"
    assert found.asked >= found.once


# A learner's own kernel

ONE = LEVELS[0]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write(edit, ...): level 1's solution with these edits, as a file."""

    def written(*edits: Callable[[str], str]) -> Path:
        file = tmp_path / "level1_vector_add.py"
        file.write_text(solved(ONE, *edits), encoding="utf-8")
        return file

    return written


def test_bytes_that_are_loaded_twice_are_asked_for_twice_and_moved_once(write: Write) -> None:
    twice = replaced("    y = tl.load", "    x = tl.load(x_ptr + offsets, mask=mask)\n    y = tl.load")
    found = counting_of(ONE, write(twice)).at(4096)
    x = next(one for one in found.moved if one.argument == "x_ptr")
    assert (x.loaded, x.loaded_once) == (2 * 4 * 4096, 4 * 4096)
    assert found.once == found.least < found.asked


def test_masked_off_lanes_move_nothing_and_are_computed_all_the_same(write: Write) -> None:
    found = counting_of(ONE, write(replaced("BLOCK_SIZE = 1024", "BLOCK_SIZE = 8192"))).at(4096)
    assert (found.asked, found.other_flops) == (3 * 4 * 4096, 8192)


def test_an_argument_that_is_never_touched_has_no_row(write: Write) -> None:
    found = counting_of(ONE, write(replaced("    y = tl.load(y_ptr + offsets, mask=mask)", "    y = x"))).at(4096)
    assert [one.argument for one in found.moved] == ["x_ptr", "out_ptr"]


def test_memory_besides_the_answer_is_told(write: Write) -> None:
    file = write(replaced("    n = out.numel()", "    n = out.numel()\n    torch.empty(100, dtype=x.dtype)"))
    assert counting_of(ONE, file).at(4096).scratch == 400


def sent(file: Path, level: Level = ONE) -> tuple[list[v.Record], v.Outcome]:
    records: list[v.Record] = []
    outcome = measure_traffic.run(level, file, records.append, 60.0)
    return records, outcome


def test_four_doubled_sizes_are_counted_each_once(write: Write) -> None:
    records, outcome = sent(write())
    assert outcome is v.Outcome.PASSED
    counted = [one for one in records if isinstance(one, Counted)]
    assert [one.size for one in counted] == [4096, 8192, 16384, 32768]
    assert {one.pattern for one in counted} == {"x, y (n,), fp32"} and counted[0].inputs == "x, y (4096,), fp32"
    assert sum(isinstance(one, v.StageStarted) and one.stage == "count" for one in records) == 4


def test_a_learner_with_blocks_twice_as_large_gets_sizes_twice_as_large(write: Write) -> None:
    records, _ = sent(write(replaced("BLOCK_SIZE = 1024", "BLOCK_SIZE = 8192")))
    assert [one.size for one in records if isinstance(one, Counted)] == [8192, 16384, 32768, 65536]


@pytest.mark.parametrize(
    ("old", "new", "outcome", "says"),
    [
        ("x + y, mask=mask)", "x + y)", None, ""),
        ("n = out.numel()", "n = out.numel() + 1", v.Outcome.MEMORY, "x_ptr"),
        ("    out = torch.empty_like(x)", "    out = torch.empty_lik(x)", v.Outcome.CRASH, "empty_lik"),
        ("    return out\n", "    return None\n", v.Outcome.RULES, "returns no tensor"),
        (
            "    add_kernel[grid](x, y, out, n, BLOCK_SIZE=BLOCK_SIZE)",
            "    pass",
            v.Outcome.RULES,
            "launches no kernel",
        ),
    ],
    ids=["a missing mask that does no harm here", "outside", "an exception", "no answer", "no launch"],
)
def test_what_keeps_a_launcher_from_its_end_is_told(
    write: Write, old: str, new: str, outcome: v.Outcome | None, says: str
) -> None:
    records, ended = sent(write(replaced(old, new)))
    assert ended is (outcome or v.Outcome.PASSED)
    failed = [one for one in records if isinstance(one, v.Check) and one.state is v.State.FAILED]
    assert [check.outcome for check in failed] == ([outcome] if outcome else [])
    assert all(says in check.says for check in failed)


@pytest.mark.parametrize("work", [measure_traffic, measure_compile], ids=["traffic", "compile"])
def test_a_triton_that_doesnt_fit_is_a_sentence_with_the_one_that_does(
    write: Write, work: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "abilities", lambda adaptation: Abilities(memory=False, compiling=False))
    records: list[v.Record] = []
    assert work.run(ONE, write(), records.append, 60.0) is v.Outcome.ERROR
    (check,) = records
    assert isinstance(check, v.Check) and check.kind == "version"
    assert "newer than any the quest knows" in check.says and "pip install" in check.advice
