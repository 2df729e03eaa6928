"""Guards the known mistake that is named behind a wrong access or a refused line: the one that leads to the same, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.judge.toys import judged
from triton_quest.course import parts
from triton_quest.course.mistake import apply
from triton_quest.course.table import LEVELS
from triton_quest.records import verdict as v

LEVEL = next(level for level in LEVELS if level.slug == "attention-scores")
MISTAKES = {mistake.key: mistake for mistake in parts.known(LEVEL).mistakes}

pytestmark = [pytest.mark.usefixtures("adapted_interpreter", "as_a_child")]


WRONG_STRIDES = ("q_ptr += batch.to(tl.int64) * stride_qb + head", "q_ptr += head.to(tl.int64) * stride_qb + batch")
OTHERWISE = ("batch = pid_bh // H", "batch = (pid_bh) // H")


def failure(
    folder: Path, *keys: str, also: tuple[str, str] = ("", ""), otherwise: tuple[str, str] = ("", "")
) -> v.Check:
    """What the judge says of a solution with these mistakes in it."""
    text = (LEVEL.folder / "solution.py").read_text(encoding="utf-8")
    for key in keys:
        text = apply(MISTAKES[key].edits, text, key)
    return judged(LEVEL, folder / "learner.py", text.replace(*also).replace(*otherwise)).failure


def test_the_mistake_takes_the_place_of_the_general_cure(tmp_path: Path) -> None:
    check = failure(tmp_path, "k_strides_swapped")
    assert check.cause == f"Probably: y{MISTAKES['k_strides_swapped'].says[1:]}"
    assert "masked off" not in check.says and check.says.endswith("the mask of this load lets them through.")
    assert check.hint == 4


def test_the_general_cure_stays_where_the_mask_of_the_line_is_to_blame(tmp_path: Path) -> None:
    check = failure(tmp_path, "no_key_mask")
    assert check.cause == f"Probably: y{MISTAKES['no_key_mask'].says[1:]}"
    assert check.says.endswith("this load has no mask; lanes with `offs_n >= 1` must be masked off.")


def test_lines_further_down_and_other_names_make_no_difference(tmp_path: Path) -> None:
    check = failure(
        tmp_path, "tile_numbers_swapped", also=("    pid_bh =", "\n    # a line of their own\n    pid_bh =")
    )
    assert check.cause == f"Probably: y{MISTAKES['tile_numbers_swapped'].says[1:]}"


def test_of_two_that_lead_to_the_same_the_one_that_is_written(tmp_path: Path) -> None:
    check = failure(tmp_path, "key_mask_with_queries")
    assert check.cause == f"Probably: y{MISTAKES['key_mask_with_queries'].says[1:]}"


def test_of_one_that_is_part_of_another_the_other(tmp_path: Path) -> None:
    check = failure(tmp_path, "q_assumed_contiguous")  # its pointers alone are `rows_of_q_assumed_contiguous`
    assert check.cause == f"Probably: y{MISTAKES['q_assumed_contiguous'].says[1:]}"


def test_both_where_neither_is_written(tmp_path: Path) -> None:
    check = failure(tmp_path, also=WRONG_STRIDES, otherwise=OTHERWISE)
    assert check.cause.startswith("Probably: your batch and head are the wrong way round")
    assert " Or: your pointers move by the strides the wrong way round" in check.cause


def test_none_in_lines_that_stand_as_in_the_solution(tmp_path: Path) -> None:
    check = failure(tmp_path, also=WRONG_STRIDES)
    assert check.cause.startswith("Probably: your pointers move by the strides the wrong way round")
    assert "batch and head are" not in check.cause


def test_none_for_what_no_known_mistake_leads_to(tmp_path: Path) -> None:
    check = failure(tmp_path, also=("batch = pid_bh // H", "batch = pid_bh // H * H"))
    assert check.kind == "memory" and "Probably" not in check.cause


def test_a_refused_line_is_told_with_the_mistake_that_is_written(tmp_path: Path) -> None:
    check = failure(tmp_path, "k_not_transposed")
    assert check.kind == "compile" and check.cause == MISTAKES["k_not_transposed"].says and check.hint == 4


def test_a_mistake_that_is_written_and_that_another_line_makes_good_isnt_told(tmp_path: Path) -> None:
    turned = ("tl.dot(q, k,", "tl.dot(q, tl.trans(k).to(tl.float64),")
    check = failure(tmp_path, "k_not_transposed", also=turned)
    assert check.kind == "compile" and not check.cause


NAIVE = next(level for level in LEVELS if level.slug == "naive-attention")


def test_a_refusal_that_a_mistake_names_as_its_finding_is_told_also_where_it_is_written_otherwise(
    tmp_path: Path,
) -> None:
    """The arguments of level 4's order, in a launch that says so by keywords in its second half."""
    key = "scores_arguments_in_the_order_of_level_4"
    wrong = next(one for one in parts.known(NAIVE).mistakes if one.key == key)
    text = apply(wrong.edits, (NAIVE.folder / "solution.py").read_text(encoding="utf-8"), key)
    as_mine = text.replace(
        "scores_kernel[grid](\n        q, k, scores,", "scores_kernel[grid](\n        *(q, k, scores),"
    )
    assert as_mine != text
    check = judged(NAIVE, tmp_path / "learner.py", as_mine).failure
    assert check.kind == "compile" and check.cause == f"Probably: y{wrong.says[1:]}" and check.hint == 2
