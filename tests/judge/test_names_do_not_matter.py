"""Guards the names of the learner's constants: tile lengths are read from what the kernel does, so a mistake is named whatever they are
called, and where they have no name at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.judge.toys import judged
from triton_quest.child.instruments.launches import Launch
from triton_quest.child.judge.blocks import constants
from triton_quest.course import parts
from triton_quest.course.level import Level
from triton_quest.course.mistake import apply
from triton_quest.course.table import LEVELS

pytestmark = [pytest.mark.usefixtures("adapted_interpreter", "as_a_child")]

LEVEL = next(level for level in LEVELS if level.slug == "flash-attention")
UNCOMPILED = replace(
    LEVEL, stages=tuple(stage for stage in LEVEL.stages if stage != "compile")
)  # names don't matter there
MATMUL = next(level for level in LEVELS if level.slug == "matmul")


def renamed(text: str, rows: str, columns: str) -> str:
    assert "BLOCK_M" in text and "BLOCK_N" in text
    return text.replace("BLOCK_M", rows).replace("BLOCK_N", columns)


def without_names(text: str) -> str:
    """The tile lengths as literals: 64 queries, 32 keys."""
    lines = [line for line in text.splitlines() if not line.startswith(("    BLOCK_M: tl.", "    BLOCK_N: tl."))]
    text = "\n".join(lines).replace("BLOCK_M=BLOCK_M, BLOCK_N=BLOCK_N, ", "")
    text = text.replace("BLOCK_M, BLOCK_N, num_warps, num_stages = TILES[", "_, _, num_warps, num_stages = TILES[")
    return renamed(text, "64", "32")


def finding(level: Level, folder: Path, key: str, rows: str = "", columns: str = "") -> str | None:
    """What the judge calls the mistake of that key, with its constants renamed, or taken away."""
    text = apply(MISTAKES[key].edits, (level.folder / "solution.py").read_text(encoding="utf-8"), key)
    text = renamed(text, rows, columns) if rows else without_names(text)
    return judged(level, folder / "learner.py", text).failure.finding


MISTAKES = {one.key: one for level in (LEVEL, MATMUL) for one in parts.known(level).mistakes}


NAMELESS = ("", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "rows", "columns"),
    [
        ("missing_keys_count", "BM", "BN"),
        ("acc_not_rescaled", "BLOCK_Q", "BLOCK_KV"),
        ("last_tile_only", *NAMELESS),
        ("first_loop_without_strides", "BM", "BN"),
    ],
)
def test_a_mistake_of_level_8_is_named_whatever_the_tile_lengths_are_called(
    tmp_path: Path, key: str, rows: str, columns: str
) -> None:
    assert finding(UNCOMPILED, tmp_path, key, rows, columns) == key


@pytest.mark.slow
def test_a_mistake_whose_output_depends_on_the_tiles_is_run_with_the_learners(tmp_path: Path) -> None:
    assert finding(MATMUL, tmp_path, "accumulator_added_twice", "ROWS", "COLUMNS") == "accumulator_added_twice"


# The roles


def launch(
    dots: tuple[tuple[int, int, int], ...] = (),
    stores: tuple[tuple[int, ...], ...] = (),
    ranges: tuple[int, ...] = (),
    **constexprs: int,
) -> Launch:
    made = Launch("kernel", {}, constexprs, {})
    made.dots, made.stores, made.ranges = dict.fromkeys(dots), dict.fromkeys(stores), dict.fromkeys(ranges)
    return made


def test_a_dot_tells_rows_columns_and_what_it_sums_over() -> None:
    seen = constants([launch(((64, 32, 16), (64, 16, 32)), ((64, 16),), BM=64, BN=32)], last=16)
    assert (seen["BLOCK_M"], seen["BLOCK_N"], seen["BLOCK_K"]) == (64, 32, 16)


def test_what_a_dot_tells_comes_before_a_name() -> None:
    seen = constants([launch(((64, 32, 16),), ((64, 16),), BLOCK_M=32, BLOCK_N=64)], last=16)
    assert (seen["BLOCK_M"], seen["BLOCK_N"]) == (64, 32)


def test_scores_computed_as_keys_by_queries_are_turned_round() -> None:
    seen = constants([launch(((32, 64, 16),), ((64, 16),))], last=16)
    assert (seen["BLOCK_M"], seen["BLOCK_N"]) == (64, 32)


def test_without_a_dot_names_are_believed_and_ranges_asked_where_there_are_none() -> None:
    assert constants([launch((), ((16,),), (16, 32), BLOCK_N=64)], last=16)["BLOCK_N"] == 64
    assert constants([launch((), ((16,),), (16, 32))], last=16)["BLOCK_N"] == 32
    assert constants([launch((), ((16,),), (16,))], last=16)["BLOCK_N"] == 16
    assert constants([launch((), ((128,),), (128,))], last=1000)["BLOCK_SIZE"] == 128


def test_a_launch_that_shows_nothing_tells_nothing() -> None:
    assert constants([], last=16) == {} and constants([launch()], last=16) == {}
