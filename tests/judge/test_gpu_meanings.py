"""Guards that lines which run here and mean something else on a GPU are refused, each with its own sentence, and their
innocent neighbours aren't."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.execution.learner import line_of
from tests.judge.toys import HONEST, Judgement, adding_in_the_kernel, judged
from triton_quest.course import table as levels
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

pytestmark = pytest.mark.usefixtures("as_a_child")

Judged = Callable[..., Judgement]
LOADS = ("x = tl.load(x_ptr + offsets, mask=mask)", "y = tl.load(y_ptr + offsets, mask=mask)")
ADDS = "tl.store(out_ptr + offsets, x + y, mask=mask)"
OF_Z = "    tl.store(out_ptr + offsets, z, mask=mask)"


@pytest.fixture
def judge(level: Level, tmp_path: Path) -> Judged:
    def judge(text: str, of: Level = level) -> Judgement:
        return judged(of, tmp_path / "mine.py", text)

    return judge


@pytest.fixture(scope="session")
def softmax() -> Level:
    found = levels.find("softmax")
    assert found
    return found


def assert_refused(judgement: Judgement, text: str, finding: str, *words: str) -> None:
    check = judgement.failure
    assert check.finding == finding, check.says
    assert [place.line for place in check.places] == [line_of(text)], check.says
    for word in (f"ine {line_of(text)}", *words):
        assert word in check.says


def assert_passes(judgement: Judgement) -> None:
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says


def with_helper(helper: str, *lines: str) -> str:
    text = adding_in_the_kernel(*lines)
    return text.replace("@triton.jit\ndef add_kernel", f"@triton.jit\n{helper}\n\n\n@triton.jit\ndef add_kernel", 1)


LOOPING = """\
import torch
import triton
import triton.language as tl


@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n, blocks, step, DOWN: tl.constexpr, BLOCK_SIZE: tl.constexpr):
    for i in LOOP:  # here
        offsets = i * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
        mask = offsets < n
        tl.store(out_ptr + offsets, tl.load(x_ptr + offsets, mask=mask) + tl.load(y_ptr + offsets, mask=mask), mask=mask)


def vector_add(x, y):
    out = torch.empty_like(x)
    n = x.numel()
    add_kernel[(1,)](x, y, out, n, triton.cdiv(n, 16), -1, DOWN=-1, BLOCK_SIZE=16)
    return out
"""


@pytest.mark.parametrize(
    "loop", ["range(blocks - 1, -1, step)", "tl.range(blocks - 1, -1, step)", "range(blocks - 1, -1, 0 + step)"]
)
def test_a_step_that_is_a_negative_argument_is_refused(judge: Judged, loop: str) -> None:
    text = LOOPING.replace("LOOP", loop)
    assert_refused(judge(text), text, "negative_step", "makes no turn")


@pytest.mark.parametrize(
    "loop", ["range(blocks - 1, -1, -1)", "range(blocks - 1, -1, DOWN)", "range(0, blocks, -step)"]
)
def test_steps_that_are_constants_or_positive_are_fine(judge: Judged, loop: str) -> None:
    assert_passes(judge(LOOPING.replace("LOOP", loop)))


def test_a_division_that_is_rounded_in_two_ways_is_refused(judge: Judged) -> None:
    text = adding_in_the_kernel(
        *LOADS,
        "shift = (n - 8) // 2 + 4 - (n + 1) // 2  # here",
        "tl.store(out_ptr + offsets, x + y + shift * 0, mask=mask)",
    )
    assert_refused(judge(text), text, "two_roundings", "towards zero", "equals 1")


def test_a_division_of_a_negative_loop_variable_is_refused(judge: Judged) -> None:
    text = adding_in_the_kernel(
        "for i in range(0, 2):",
        "    half = (i - 1) // 2  # here",
        "    inside = mask & (offsets % 2 == -half)",
        "    x = tl.load(x_ptr + offsets, mask=inside)",
        "    y = tl.load(y_ptr + offsets, mask=inside)",
        "    tl.store(out_ptr + offsets, x + y, mask=inside)",
    )
    assert_refused(judge(text), text, "truncated_division", "rounded towards zero")


@pytest.mark.parametrize("operator", ["//=", "%="])
def test_a_division_in_place_of_a_negative_loop_variable_is_refused(judge: Judged, operator: str) -> None:
    helper = f"def halved(number):\n    number {operator} 2  # here\n    return number"
    lines = ("for i in range(0, 2):", "    half = halved(i - 1)", "    z = x + y + 0 * half", OF_Z)
    text = with_helper(helper, *LOADS, *lines)
    assert_refused(judge(text), text, "truncated_division")


def test_a_rounding_inside_of_tritons_own_function_is_told_of_the_line_that_calls_it(judge: Judged) -> None:
    lines = ("for i in range(0, 2):", "    half = tl.cdiv(i - 7, 4)  # here", "    z = x + y + 0 * half", OF_Z)
    text = adding_in_the_kernel(*LOADS, *lines)
    assert_refused(judge(text), text, "truncated_division")


@pytest.mark.parametrize("line", ["half = (n + 8) // 2", "half = (n * 2 - 8) // 2", "half = (BLOCK_SIZE - 33) // 2"])
def test_divisions_that_agree_everywhere_are_fine(judge: Judged, line: str) -> None:
    assert_passes(judge(adding_in_the_kernel(*LOADS, line, ADDS)))


CAT = (
    "lanes = tl.program_id(0) * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE // 2)",
    "rest = lanes + BLOCK_SIZE // 2",
    "a = tl.load(x_ptr + lanes, mask=lanes < n, other=0.0) + tl.load(y_ptr + lanes, mask=lanes < n, other=0.0)",
    "b = tl.load(x_ptr + rest, mask=rest < n, other=0.0) + tl.load(y_ptr + rest, mask=rest < n, other=0.0)",
)


def test_a_cat_that_may_reorder_is_refused_where_the_order_reaches_the_answer(judge: Judged) -> None:
    text = adding_in_the_kernel(
        *CAT, "both = tl.cat(a, b, can_reorder=True)  # here", "tl.store(out_ptr + offsets, both, mask=mask)"
    )
    assert_refused(judge(text), text, "cat_reordered", "doesn't keep the order")


def test_a_cat_that_may_reorder_is_fine_where_only_a_sum_is_made_of_it(judge: Judged) -> None:
    total = "total = tl.sum(tl.cat(a, b, can_reorder=True), axis=0)"
    assert_passes(
        judge(adding_in_the_kernel(*CAT, total, *LOADS, "tl.store(out_ptr + offsets, x + y + 0 * total, mask=mask)"))
    )


REDUCING = (
    "z = (x + y).to(tl.float32)",
    "w = tl.reduce(z, 0, combine)  # here",
    "tl.store(out_ptr + offsets, z + 0 * w, mask=mask)",
)
OTHER_ZERO = tuple(line.replace("mask=mask)", "mask=mask, other=0.0)") for line in LOADS)


@pytest.mark.parametrize(
    ("function", "finding", "words"),
    [
        ("return b", "order_of_reduce", "`combine(a, b)` isn't `combine(b, a)`"),
        ("return a - b", "order_of_reduce", "any order"),
        ("return (a + b) / 2", "grouping_of_reduce", "groups of any size"),
    ],
)
def test_a_reduction_that_depends_on_the_order_is_refused(
    judge: Judged, function: str, finding: str, words: str
) -> None:
    text = with_helper(f"def combine(a, b):\n    {function}", *OTHER_ZERO, *REDUCING)
    assert_refused(judge(text), text, finding, words)


@pytest.mark.parametrize("function", ["return a + b", "return tl.maximum(a, b)", "return tl.where(a > b, a, b)"])
def test_a_reduction_in_any_order_is_fine(judge: Judged, function: str) -> None:
    assert_passes(judge(with_helper(f"def combine(a, b):\n    {function}", *OTHER_ZERO, *REDUCING)))


def test_a_scan_may_depend_on_the_order_but_not_on_the_grouping(judge: Judged) -> None:
    scan = (
        "z = x + y",
        "w = tl.associative_scan(z, 0, combine)  # here",
        "tl.store(out_ptr + offsets, z + 0 * w, mask=mask)",
    )
    assert_passes(judge(with_helper("def combine(a, b):\n    return b", *OTHER_ZERO, *scan)))
    text = with_helper("def combine(a, b):\n    return a * 0.5 + b", *OTHER_ZERO, *scan)
    assert_refused(judge(text), text, "grouping_of_reduce")


def test_a_recurrence_may_be_scanned_also_where_its_products_overflow(judge: Judged) -> None:
    helper = "def combine(a, b, c, d):\n    return a * c, b * c + d"
    lines = ("a, b = tl.associative_scan((x, y), 0, combine)", ADDS)
    assert_passes(judge(with_helper(helper, *OTHER_ZERO, *lines)))


def test_the_place_of_the_maximum_may_be_reduced_to(judge: Judged) -> None:
    helper = "def combine(a, i, b, j):\n    more = (a > b) | ((a == b) & (i < j))\n    return tl.where(more, a, b), tl.where(more, i, j)"
    lines = (
        "z = x + y",
        "w, i = tl.reduce((z, offsets), 0, combine)",
        "tl.store(out_ptr + offsets, z + 0 * w, mask=mask)",
    )
    assert_passes(judge(with_helper(helper, *OTHER_ZERO, *lines)))


@pytest.mark.parametrize(
    ("line", "finding", "words"),
    [
        ("places = tl.multiple_of(offsets + 1, 16)", "false_multiple_of", "begin with 1"),
        ("many = tl.multiple_of(tl.program_id(0) + 3, 8)", "false_multiple_of", "multiples of 8"),
        ("places = tl.max_contiguous(offsets * 2, 8)", "false_max_contiguous", "0, 2, 4, 6"),
        ("inside = tl.max_constancy(mask, 16)", "false_max_constancy", "equal values"),
    ],
)
def test_a_false_hint_is_refused(judge: Judged, line: str, finding: str, words: str) -> None:
    text = adding_in_the_kernel(f"{line}  # here", *LOADS, ADDS)
    assert_refused(judge(text), text, finding, words)


@pytest.mark.parametrize(
    "line",
    [
        "offsets = tl.max_contiguous(tl.multiple_of(offsets, BLOCK_SIZE), BLOCK_SIZE)",
        "wrapped = tl.max_contiguous(tl.multiple_of(offsets % n, BLOCK_SIZE), BLOCK_SIZE)",
        "wrapped = tl.max_contiguous(tl.where(mask, offsets, 0), BLOCK_SIZE)",
        "rows = tl.max_constancy(offsets // 8, 8)",
    ],
)
def test_a_hint_that_holds_is_fine(judge: Judged, line: str) -> None:
    assert_passes(judge(adding_in_the_kernel(line, *LOADS, ADDS)))


def test_a_false_assumption_is_refused_and_a_true_one_is_fine(judge: Judged) -> None:
    text = adding_in_the_kernel("tl.assume(n % 16 == 0)  # here", *LOADS, ADDS)
    assert_refused(judge(text), text, "false_assume", "doesn't hold here")
    assert_passes(judge(adding_in_the_kernel("tl.assume(n > 0)", *LOADS, ADDS)))


def test_a_function_that_libdevice_lacks_is_said_of_libdevice(judge: Judged) -> None:
    text = adding_in_the_kernel(*LOADS, "z = libdevice.nonsense(x)  # here", ADDS)
    text = text.replace("import triton\n", "import triton\nfrom triton.language.extra import libdevice\n", 1)
    assert_refused(judge(text), text, "unknown_function", "`libdevice` has no `nonsense`")


def test_a_value_of_a_helper_that_returned_none_is_refused(judge: Judged) -> None:
    helper = "def bound(n, pid):\n    if pid == 0:\n        return n"
    text = with_helper(helper, "end = bound(n, tl.program_id(0))  # here", "mask = offsets < end", *LOADS, ADDS)
    assert_refused(judge(text), text, "nothing_returned", "`bound`", "any value")


def test_a_helper_that_returns_nothing_at_all_is_fine(judge: Judged) -> None:
    helper = "def put(pointers, values, mask):\n    tl.store(pointers, values, mask=mask)"
    assert_passes(judge(with_helper(helper, *LOADS, "put(out_ptr + offsets, x + y, mask)")))


def test_what_goes_through_fp16_is_refused_beyond_its_range(judge: Judged) -> None:
    text = adding_in_the_kernel(*LOADS, "tl.store(out_ptr + offsets, (x + y).to(tl.float16), mask=mask)")
    assert judge(text).failure.outcome is v.Outcome.WRONG  # fp32 has digits that fp16 lacks
    narrow = "z = (x + y).to(tl.float32) if x_ptr.dtype.element_ty == tl.float32 else (x + y).to(tl.float16)"
    text = adding_in_the_kernel(*LOADS, narrow, "tl.store(out_ptr + offsets, z, mask=mask)")
    check = judge(text).failure
    assert check.finding == "through_fp16" and "65,504" in check.cause, check.says


def test_offsets_of_32_bits_are_a_remark_where_int64_is_not_taught(judge: Judged) -> None:
    judgement = judge(HONEST)
    assert_passes(judgement)
    assert any("passes what 32 bits hold" in check.name for check in judgement.checks if check.kind == "remark")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("batch.to(tl.int64) * stride_kb", "batch * stride_kb"),
        ("head.to(tl.int64) * stride_oh", "head * stride_oh"),
        ("offs_m[:, None].to(tl.int64) * stride_om", "offs_m[:, None] * stride_om"),
    ],
)
def test_offsets_of_32_bits_are_refused_where_int64_is_taught(judge: Judged, old: str, new: str) -> None:
    scores = levels.find("attention-scores")
    assert scores is not None
    solution = (scores.folder / "solution.py").read_text(encoding="utf-8")
    text = solution.replace(old, new)
    assert text != solution
    check = judge(text, scores).failure
    assert check.finding == "offset_beyond_int32" and new.split(" ")[0] in check.places[0].source, check.says
