"""The gaps of a level in a learner's file: guards that each is found however the file is laid out, that the reference's lines can stand in
for any of them, and that a gap that can't be told says why."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import arrived
from triton_quest.course import gaps, template
from triton_quest.course.level import Level

SOLUTIONS = {level.slug: (level.folder / "solution.py").read_text(encoding="utf-8") for level in arrived()}
every_level = pytest.mark.parametrize("level", arrived(), ids=lambda level: level.slug)
ONE, TWO = SOLUTIONS["vector-add"], SOLUTIONS["matmul"]


def same_code(left: str, right: str) -> bool:
    return ast.dump(ast.parse(left)) == ast.dump(ast.parse(right))


def with_open(solution: str, numbers: set[int]) -> str:
    """The learner's file in which these gaps are open and the others hold the reference's lines."""
    empty = template.strip_solution(solution)
    found = gaps.find(solution, empty)
    return gaps.fill(empty, [gap for gap in found if gap.number not in numbers]).text


@every_level
@settings(max_examples=20, deadline=None)  # of each level: they parse its file time and again
@given(data=st.data())
def test_any_open_gaps_are_found_and_filled_to_the_solution(level: Level, data: st.DataObject) -> None:
    solution = SOLUTIONS[level.slug]
    numbers = [gap.number for gap in gaps.marked(solution)]
    chosen = data.draw(st.sets(st.sampled_from(numbers)))
    text = with_open(solution, chosen)
    found = gaps.find(solution, text)
    assert {gap.number for gap in found if gap.is_open} == chosen
    assert not any(gap.trouble for gap in found)
    filled = gaps.fill(text, [gap for gap in found if gap.is_open]).text
    assert same_code(filled, template.clean_solution(solution))


@every_level
def test_a_file_that_a_formatter_laid_out_anew_has_the_same_gaps(level: Level) -> None:
    """`ast.unparse` goes further than any formatter: it takes the comments, too."""
    solution = SOLUTIONS[level.slug]
    text = ast.unparse(ast.parse(template.clean_solution(solution)))
    for gap in gaps.find(solution, text):
        if not gap.trouble:
            assert same_code(gaps.fill(text, [gap]).text, text)


def test_without_comments_gaps_are_parted_at_the_names_that_they_give() -> None:
    text = ast.unparse(ast.parse(template.clean_solution(ONE)))
    assert [gap.trouble for gap in gaps.find(ONE, text)] == [""] * 6


@every_level
def test_a_learners_own_lines_are_those_of_the_gap(level: Level) -> None:
    solution = SOLUTIONS[level.slug]
    text = template.clean_solution(solution)
    lines = text.splitlines()
    for gap in gaps.find(solution, text):
        own = [line for line in lines[gap.first - 1 : gap.last] if line.strip()]
        assert [line.strip() for line in own if not line.strip().startswith("#")] == [
            line.strip() for line in gap.lines if line.strip() and not line.strip().startswith("#")
        ]


@every_level
def test_the_references_lines_leave_every_other_line_where_it_is(level: Level) -> None:
    solution = SOLUTIONS[level.slug]
    text = template.strip_solution(solution)
    found = gaps.find(solution, text)
    filled = gaps.fill(text, found)
    new, old = filled.text.splitlines(), text.splitlines()
    assert filled.keeps_lines and len(new) == len(old)
    assert all(number in filled.gap_of or line == old[number - 1] for number, line in enumerate(new, start=1))
    assert all(filled.gap_of[gap.first] == gap.number for gap in found)


LOOP = """\
    # [gap: total]
    total = 0
    for i in range(3):
        if i:
            total += i
        total += 1
    for i in range(3):
        total += i
    # [end]
"""


def test_a_reference_with_blocks_takes_the_lines_of_the_comment_above_or_says_that_lines_move() -> None:
    for comments, keeps in ((5, True), (4, False)):
        above = "".join(f"    # TODO 1 line {n}\n" for n in range(comments))
        solution = f"def f():\n{above}{LOOP}    return total\n"
        text = template.strip_solution(solution)
        filled = gaps.fill(text, gaps.find(solution, text))
        assert filled.keeps_lines is keeps
        assert same_code(filled.text, template.clean_solution(solution))
        if keeps:
            assert len(filled.text.splitlines()) == len(text.splitlines())


def test_lines_that_other_helpers_precede_belong_to_the_gap_of_their_comment() -> None:
    text = template.clean_solution(ONE).replace(
        "    offsets = pid * BLOCK_SIZE", "    first = pid * BLOCK_SIZE\n    offsets = first"
    )
    (_, offsets, *_) = gaps.find(ONE, text)
    assert (offsets.last - offsets.first, offsets.trouble) == (1, "")


def test_a_deleted_gap_is_an_empty_one_where_its_comment_stands() -> None:
    text = template.clean_solution(ONE).replace("    mask = offsets < n\n", "")
    found = gaps.find(ONE, text)
    assert found[2].first > found[2].last and not found[2].is_open and not found[2].trouble
    assert same_code(gaps.fill(text, [found[2]]).text, template.clean_solution(ONE))


def test_a_given_line_that_was_changed_beside_a_gap_is_named() -> None:
    text = template.clean_solution(TWO).replace("offs_k = tl.arange(0, BLOCK_K)", "offs_k = tl.arange(0, BLOCK_N)")
    found = {gap.number: gap.trouble for gap in gaps.find(TWO, text)}
    assert "offs_k = tl.arange(0, BLOCK_K)" in found[1] and "was changed" in found[1]
    assert found[8] == "", "gaps further away are told all the same"


def test_gaps_in_a_loop_whose_head_was_changed_cannot_be_told_but_open_ones_are_found() -> None:
    text = with_open(TWO, {6}).replace("for k in range(0, K, BLOCK_K):", "for k in range(0, K, BLOCK_M):")
    found = gaps.find(TWO, text)
    assert "for k in range" in found[4].trouble
    text = template.strip_solution(TWO).replace("for k in range(0, K, BLOCK_K):", "for k in range(0, K, BLOCK_M):")
    assert gaps.find(TWO, text)[3].is_open, "a_mask = b_mask = ... stands nowhere else"


def test_a_file_from_elsewhere_has_no_gap_that_can_be_told() -> None:
    assert {gap.trouble for gap in gaps.find(ONE, "import torch\nx = 1\n")} == {
        "the given function `add_kernel` isn't there any more"
    }


def test_a_gap_that_shares_its_line_with_given_code_cannot_be_told() -> None:
    text = template.clean_solution(TWO).replace(
        "    offs_k = tl.arange(0, BLOCK_K)  # (BLOCK_K,): a step's",
        "; offs_k = tl.arange(0, BLOCK_K)  # (BLOCK_K,): a step's",
    )
    joined = text.replace("  # (BLOCK_N,)\n; offs_k", "; offs_k")
    assert "; offs_k" in joined and joined != text
    assert "shares a line" in gaps.find(TWO, joined)[0].trouble


@pytest.mark.parametrize(
    "filling", ["pass", "return", "raise ValueError", "x = 1; y = 2", "if n:\n        mask = offsets < n"]
)
def test_whatever_fills_a_gap_can_be_replaced_by_the_reference(filling: str) -> None:
    text = template.clean_solution(ONE).replace("mask = offsets < n", filling)
    found = gaps.find(ONE, text)[2]
    assert not found.trouble and not found.is_open
    assert same_code(gaps.fill(text, [found]).text, template.clean_solution(ONE))


def test_a_placeholder_among_other_lines_leaves_the_gap_open() -> None:
    text = with_open(TWO, {1}).replace(
        "    offs_m = offs_n = ...", "    offs_m = tl.arange(0, BLOCK_M)\n    offs_n = ..."
    )
    assert gaps.find(TWO, text)[0].is_open


def test_tabs_in_a_learners_file_are_kept_around_the_references_lines() -> None:
    text = template.without_texts(with_open(ONE, {3})).replace("\n    ", "\n\t")
    found = gaps.find(ONE, text)
    assert same_code(
        gaps.fill(text, [found[2]]).text,
        template.without_texts(template.clean_solution(ONE)).replace("\n    ", "\n\t"),
    )


def test_a_text_that_does_not_parse_raises() -> None:
    with pytest.raises(SyntaxError):
        gaps.find(ONE, "def (")
