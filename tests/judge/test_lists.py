"""Guards what is asked of a whole list of configs: it fits, neighbours share what they read, and what it lacks is told in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.judge.test_tuning import TUNED
from tests.judge.toys import Judgement, judged, subject_of
from triton_quest.child.instruments.neighbours import neighbours
from triton_quest.child.judge import code, lists
from triton_quest.child.judge.watch import Subject
from triton_quest.course.case import DTYPES, Draw, too_large
from triton_quest.course.level import Level
from triton_quest.course.table import find
from triton_quest.course.template import clean_solution
from triton_quest.records import verdict as v
from triton_quest.store import workspace

pytestmark = pytest.mark.usefixtures("as_a_child")

Edited = Callable[..., Subject]
TILE = "    pid_m = first_m + place % rows\n    pid_n = place // rows\n"
GRID = """    def grid(meta):
        return (triton.cdiv(M, meta["BLOCK_M"]) * triton.cdiv(N, meta["BLOCK_N"]),)
"""
MANY = too_large("many tiles", "neighbours", (16384, 256), (256, 16384))


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    """Level 9's solution with a few of its configs, and with edits."""
    level = find("autotuning")
    assert level is not None

    def subject(*edits: tuple[str, str]) -> Subject:
        text = clean_solution(workspace.course_text(level, "solution.py"))
        for old, new in (("configs=CONFIGS", "configs=CONFIGS[1::4]"), *edits):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return subject_of(level, tmp_path / level.file, text)

    return subject


def shared(subject: Subject) -> list[float]:
    """How many times the bytes of a compact patch neighbours read, for each tuned launch."""
    inputs = MANY.inputs(Draw("", DTYPES["fp16"]))
    return [round(one.times, 2) for one in neighbours(lambda: subject.launcher(*inputs), 16384**2)]


def test_groups_of_rows_share_and_rows_or_columns_alone_do_not(edited: Edited) -> None:
    assert shared(edited()) < [1.5]
    assert shared(edited((TILE, "    pid_m = pid // tiles_n\n    pid_n = pid % tiles_n\n"))) > [4.0]
    assert shared(edited((TILE, "    pid_m = pid % tiles_m\n    pid_n = pid // tiles_m\n"))) > [2.5]


def test_a_grid_of_two_axes_starts_along_its_first(edited: Edited) -> None:
    two_axes = (GRID, GRID.replace(") * triton", "), triton").replace(",)\n", ")\n"))
    tile = "    pid_m = tl.program_id(0)\n    pid_n = tl.program_id(1)\n"
    assert shared(edited(two_axes, (TILE, tile))) > [2.5]


def test_a_persistent_kernel_is_not_counted(edited: Edited) -> None:
    few = (GRID, "    def grid(meta):\n        return (132,)\n")
    assert shared(edited(few, (TILE, "    pid_m = pid\n    pid_n = pid\n"))) == []


def test_programs_that_read_far_apart_are_refused_with_their_config(edited: Edited) -> None:
    with pytest.raises(code.Stopped) as stopped:
        lists.shares(edited((TILE, "    pid_m = pid // tiles_n\n    pid_n = pid % tiles_n\n")))
    check = stopped.value.check
    assert check.kind == "property" and check.finding == "programs_apart"
    assert "With config 1 of 3 (BLOCK_M=128, BLOCK_N=256" in check.says


def test_a_config_that_is_too_large_for_a_gpu_where_pruning_leaves_it_is_refused(edited: Edited) -> None:
    large = ("configs=CONFIGS[1::4]", "configs=[*CONFIGS[1::4], config(256, 256, 64, 8, 4)]")
    fits = "(block_m + block_n) * block_k * number_bytes * one.num_stages <= shared_memory()"
    assert lists.fits(edited(large)).state is v.State.PASSED
    with pytest.raises(code.Stopped) as stopped:
        lists.fits(edited(large, (fits, "True")))
    check = stopped.value.check
    assert (
        check.finding == "too_large"
        and "Config 4 of 4 (BLOCK_M=256" in check.says
        and "an A100 (sm_80) has 166,912" in check.says
    )


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            ('configs=[triton.Config({"BLOCK": 32}), triton.Config({"BLOCK": 16}, num_warps=2)]', "configs=[]"),
            "The list of configs is empty, so that nothing gives `add_kernel` its `BLOCK`.",
        ),
        (('{"BLOCK": 16}', '{"BLOCKS": 16}'), "Config 2 of 2 gives `BLOCKS`, and `add_kernel` has no such parameter"),
        (('{"BLOCK": 16}', "{}"), "Config 2 of 2 doesn't give `BLOCK`"),
        (
            ("(x, y, out, n)", "(x, y, out, n, BLOCK=32)"),
            "The launch passes `BLOCK` to `add_kernel`, and so does config 1 of 2",
        ),
        (
            ('key=["n"]', 'key=["n"], prune_configs_by={"early_config_prune": lambda configs, args, **kwargs: []}'),
            "Your pruning leaves no config of `add_kernel` for this call",
        ),
        (("num_warps=2)", 'num_warps=2, pre_hook=lambda args: args["z"])'), "runs with config 2 of 2"),
        (("num_warps=2", "num_warps=3"), "`num_warps` must be a power of two"),
    ],
)
def test_what_does_not_fit_is_told_in_the_learners_terms(
    level: Level, tmp_path: Path, edit: tuple[str, str], words: str
) -> None:
    assert TUNED.count(edit[0]) == 1, edit[0]
    judgement: Judgement = judged(level, tmp_path / "mine.py", TUNED.replace(*edit))
    assert words in f"{judgement.failure.says} {judgement.failure.cause}"
