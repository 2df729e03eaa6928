"""Guards that an autotuned kernel is right with every config that a GPU may choose, after all the runs of its tuning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import triton
import triton.language as tl

from tests.judge.toys import HONEST, Judgement, judged, subject_of, vectors
from triton_quest.child.instruments.launches import LaunchLog, observed
from triton_quest.child.instruments.tuning import Forcing
from triton_quest.child.judge import tuning
from triton_quest.child.judge.watch import watched
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

pytestmark = pytest.mark.usefixtures("as_a_child")

Judged = Callable[..., Judgement]
TUNED = """\
import torch
import triton
import triton.language as tl


@triton.autotune(configs=[triton.Config({"BLOCK": 32}), triton.Config({"BLOCK": 16}, num_warps=2)], key=["n"])
@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, x + y, mask=mask)


def vector_add(x, y):
    out = torch.empty_like(x)
    n = x.numel()
    add_kernel[lambda meta: (triton.cdiv(n, meta["BLOCK"]),)](x, y, out, n)
    return out
"""
ADDED_TO = TUNED.replace(
    "tl.store(out_ptr + offsets, x + y, mask=mask)", "tl.atomic_add(out_ptr + offsets, x + y, mask=mask)"
)
ADDED_TO = ADDED_TO.replace("torch.empty_like", "torch.zeros_like")


@pytest.fixture
def judge(level: Level, tmp_path: Path) -> Judged:
    return lambda text: judged(level, tmp_path / "mine.py", text)


def passes(judgement: Judgement) -> v.Check:
    """The check that tells of the configs, in a judgement that passes."""
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says
    (found,) = [check for check in judgement.checks if check.name == tuning.NAME]
    return found


def test_a_kernel_that_is_right_with_every_config_passes(judge: Judged) -> None:
    assert passes(judge(TUNED)).state is v.State.PASSED


def test_a_kernel_that_is_not_tuned_isnt_asked_for_its_configs(judge: Judged) -> None:
    assert tuning.NAME not in [check.name for check in judge(HONEST).checks]


@pytest.mark.parametrize("grid", ["(triton.cdiv(n, 32),)", "lambda meta: (triton.cdiv(n, 32),)"])
@pytest.mark.parametrize("allocate", ["torch.empty_like", "torch.zeros_like"])
def test_a_grid_made_for_one_configs_block_is_refused(judge: Judged, grid: str, allocate: str) -> None:
    text = TUNED.replace('lambda meta: (triton.cdiv(n, meta["BLOCK"]),)', grid).replace("torch.empty_like", allocate)
    check = judge(text).failure
    assert check.finding == "fixed_grid" and "config 2 of 2 (BLOCK=16, num_warps=2)" in check.says, check.says
    assert 'triton.cdiv(n, meta["BLOCK"])' in check.cause


def test_a_config_whose_numbers_are_wrong_is_named(judge: Judged) -> None:
    text = TUNED.replace("x + y", "x + y + (BLOCK == 16)")
    check = judge(text).failure
    assert check.outcome is v.Outcome.WRONG and "runs with config 2 of 2" in check.says and check.mismatch is not None


def test_a_config_that_leaves_its_tensors_is_named(judge: Judged) -> None:
    text = TUNED.replace("mask = offsets < n", "mask = (offsets < n) | (BLOCK == 16)")
    check = judge(text).failure
    assert check.outcome is v.Outcome.MEMORY and check.finding == "out_of_bounds_read" and "config 2 of 2" in check.says


def test_an_output_that_is_added_to_must_be_reset(judge: Judged) -> None:
    check = judge(ADDED_TO).failure
    assert check.finding == "not_reset" and 'reset_to_zero=["out_ptr"]' in check.says and check.places[0].line == 6


@pytest.mark.parametrize("option", ['reset_to_zero=["out_ptr"]', 'restore_value=["out_ptr"]'])
def test_an_output_that_is_reset_or_restored_may_be_added_to(judge: Judged, option: str) -> None:
    passes(judge(ADDED_TO.replace('key=["n"]', f'key=["n"], {option}')))


def test_what_is_changed_in_place_must_be_restored(judge: Judged) -> None:
    text = TUNED.replace("torch.empty_like(x)", "x.clone()").replace("tl.load(x_ptr", "tl.load(out_ptr")
    check = judge(text).failure
    assert check.finding == "not_reset" and 'restore_value=["out_ptr"]' in check.says


def test_a_config_that_a_static_assert_drops_is_left_out(judge: Judged) -> None:
    text = TUNED.replace("    offsets =", "    tl.static_assert(BLOCK == 32)\n    offsets =", 1)
    passes(judge(text))


def test_pruned_configs_are_left_out(judge: Judged) -> None:
    prune = 'prune_configs_by={"early_config_prune": lambda configs, args, **kwargs: configs[:1]}'
    passes(judge(TUNED.replace('key=["n"]', f'key=["n"], {prune}').replace("x + y", "x + y + (BLOCK == 16)")))


def test_heuristics_below_the_autotuner_are_computed_for_each_config(judge: Judged) -> None:
    text = TUNED.replace("@triton.jit", '@triton.heuristics({"HALF": lambda args: args["BLOCK"] // 2})\n@triton.jit')
    text = text.replace("BLOCK: tl.constexpr)", "BLOCK: tl.constexpr, HALF: tl.constexpr)")
    passes(judge(text.replace("mask = offsets < n", "mask = (offsets < n) & (HALF * 2 == BLOCK)")))


@triton.autotune(configs=[triton.Config({"BLOCK": 4}), triton.Config({"BLOCK": 8}, num_warps=8)], key=[])
@triton.jit
def count(out_ptr, BLOCK: tl.constexpr):
    tl.store(out_ptr + tl.arange(0, 8), tl.load(out_ptr + tl.arange(0, 8)) + 1)


@pytest.mark.parametrize(("config", "block"), [(0, 4), (1, 8), (2, 4)])
def test_a_config_is_forced_by_its_place_and_the_first_where_there_is_none(config: int, block: int) -> None:
    log, out = LaunchLog(), torch.zeros(8)
    with Forcing(config).watched() as forced, observed(log):
        count[(1,)](out)
    assert [launch.constexprs["BLOCK"] for launch in log.launches] == [block]
    assert forced.launches[0].config.kwargs == {"BLOCK": block}


def test_a_rehearsal_tells_what_is_left_with_another_value_each_time() -> None:
    out = torch.zeros(8)
    with Forcing(1, rehearses=True).watched() as rehearsed:
        count[(1,)](out)
    assert rehearsed.launches[0].unstable == rehearsed.launches[0].was_zero == ("out_ptr",)
    assert out.tolist() == [3.0] * 8


def test_without_a_config_triton_chooses_and_the_launch_is_kept(level: Level, tmp_path: Path) -> None:
    run = watched(subject_of(level, tmp_path / "mine.py", TUNED), vectors(33), "fp32", (16,))
    (launch,) = run.forcing.launches
    assert (launch.kernel, launch.line, launch.chosen, len(launch.configs)) == ("add_kernel", 6, 0, 2)
