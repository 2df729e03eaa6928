"""Guards answers of several names, and answers that are differentiated: through the judge, `show`, `traffic` and the quick check.

The toys stand in `answers/`: a level with two named answers, and one whose gradients are judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.judge.toys import Judgement, judged, subject_of
from triton_quest.child.judge import code, on_gpu, truth
from triton_quest.child.judge.given import Given, drawn_for
from triton_quest.child.judge.properties import WatchedCall
from triton_quest.child.measure import compile, race, show, traffic
from triton_quest.child.measure.inputs import counted_sizes, given, typical
from triton_quest.course import parts
from triton_quest.course import table as levels
from triton_quest.course.answer import Answer
from triton_quest.course.level import Level
from triton_quest.errors import CourseTrouble
from triton_quest.records import measured as m
from triton_quest.records import show as t
from triton_quest.records import verdict as v
from triton_quest.utils import testing

pytestmark = pytest.mark.usefixtures("as_a_child")

COURSE = Path(__file__).parent / "answers"
TWO = Level(
    slug="two-answers",
    title="Two answers",
    teaches="a toy",
    description="A toy.",
    file="level1_two_answers.py",
    launcher="sum_and_difference",
    answers=("total", "difference"),
    inputs=("n", "n"),
    grows="n",
    number=1,
    course=COURSE,
)
GRADIENTS = Level(
    slug="differentiable",
    title="Differentiable",
    teaches="a toy",
    description="A toy.",
    file="level1_differentiable.py",
    launcher="weighted_square",
    gradients=("x", "w"),
    inputs=("R C", "R C"),
    grows="C",
    number=1,
    course=COURSE,
)
TOYS = {"two answers": TWO, "gradients": GRADIENTS}


def text_of(level: Level, *edits: tuple[str, str]) -> str:
    """The toy's solution with `old` become `new`."""
    text = (level.folder / "solution.py").read_text()
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the solution"
        text = text.replace(old, new)
    return text


Judge = Callable[..., Judgement]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    def judge(level: Level, *edits: tuple[str, str]) -> Judgement:
        return judged(level, tmp_path / "mine.py", text_of(level, *edits))

    return judge


# Right


@pytest.mark.parametrize("toy", TOYS)
def test_a_right_answer_of_several_names_passes_in_every_dtype(judge: Judge, toy: str) -> None:
    judgement = judge(TOYS[toy])
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure
    told = {check.name for check in judgement.checks if check.kind == "numbers"}
    assert {f"one element, {dtype}" for dtype in ("fp32", "fp16", "bf16")} <= told


# Wrong in one name, swapped, missing


def test_a_wrong_answer_says_which_one_it_is(judge: Judge) -> None:
    wrong = ("minus = x - y", "minus = tl.where(offsets == 33, x, x - y)")
    check = judge(TWO, wrong).failure
    assert check.outcome is v.Outcome.WRONG and check.mismatch is not None
    assert "`difference` is wrong in 1 of 35 elements: element 33" in check.says and "`total`" not in check.says
    assert check.mismatch.answer == "difference" and check.mismatch.index == (33,)


def test_a_known_mistake_in_one_name_is_recognised_by_all_of_them(judge: Judge) -> None:
    check = judge(TWO, ("minus = x - y", "minus = x - y * 0.5")).failure
    assert check.finding == "half_a_difference" and "takes away half of y" in check.cause


def test_all_wrong_names_are_told(judge: Judge) -> None:
    check = judge(TWO, ("plus = x + y", "plus = x"), ("minus = x - y", "minus = y")).failure
    assert "`total` is wrong in the only element; so is `difference`" in check.says


def test_answers_in_each_others_place_are_told_as_such(judge: Judge) -> None:
    same = ("total = torch.empty_like(x, dtype=torch.float32)", "total = torch.empty_like(x)")
    swapped = judge(TWO, same, ("return total, difference", "return difference, total.float()"))
    assert swapped.outcome is not v.Outcome.PASSED
    check = judge(GRADIENTS, ("return dx, dw", "return dw, dx")).failure
    assert check.outcome is v.Outcome.WRONG and "`dx` is wrong" in check.says and "so is `dw`" in check.says
    assert check.cause == "`dx` and `dw` stand in each other's place: each is what the other should be."


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("return total", "returned a tensor instead of a tuple of 2 tensors, (total, difference)."),
        ("return (total,)", "returned a tuple of 1 instead of a tuple of 2 tensors, (total, difference)."),
        ("return [total, difference]", "returned a list instead of a tuple of 2 tensors, (total, difference)."),
        ("return total, None", "returned nothing (None) as `difference` instead of a tensor."),
        ("return None", "returned nothing (None) instead of a tuple of 2 tensors, (total, difference)."),
        ("return total, difference[:0]", "returned a tensor of shape (0,) as `difference`; for x (1,), y (1,), fp32"),
        (
            "return difference, total",
            "returned torch.float16 as `total`; for x (1,), y (1,), fp16 it should be torch.float32.",
        ),
    ],
)
def test_what_is_no_answer_by_names_is_told_in_a_sentence(judge: Judge, returned: str, words: str) -> None:
    swapped = (
        [("plus = x + y", "plus = x - y"), ("minus = x - y", "minus = x + y")] if "difference, t" in returned else []
    )
    check = judge(TWO, ("return total, difference", returned), *swapped).failure
    assert check.outcome is v.Outcome.CONTRACT, check.says
    assert words in check.says


# Memory and rules


def test_elements_never_written_are_told_of_the_name_that_lacks_them(judge: Judge) -> None:
    check = judge(TWO, ("    tl.store(difference_ptr + offsets, minus, mask=mask)\n", "")).failure
    assert check.outcome is v.Outcome.MEMORY
    assert check.says == "No program writes difference: all stores go into total."


def test_a_tensor_of_another_name_is_told_with_the_answers_name(judge: Judge) -> None:
    check = judge(
        TWO,
        ("difference = torch.empty_like(x)", "mine = torch.empty_like(x)"),
        ("x, y, total, difference, x.numel()", "x, y, total, mine, x.numel()"),
        ("    tl.store(difference_ptr + offsets, minus, mask=mask)\n", ""),
        ("return total, difference", "return total, mine"),
    ).failure
    assert check.outcome is v.Outcome.MEMORY and "mine" in check.says
    assert check.says.endswith("It is returned as `difference`.")


def test_one_name_made_in_pytorch_is_refused(judge: Judge) -> None:
    check = judge(TWO, ("return total, difference", "return total, x - y")).failure
    assert check.outcome is v.Outcome.RULES and "`x - y` computes in PyTorch" in check.says


def test_a_write_into_what_is_handed_to_the_backward_pass_is_refused(judge: Judge) -> None:
    store = "    tl.store(dw_ptr + row * n + offsets, dw, mask=mask)\n"
    into = "    tl.store(dout_ptr + row * stride_d + offsets * stride_dn, dw, mask=mask)\n"
    check = judge(GRADIENTS, (store, store + into)).failure
    assert check.outcome is v.Outcome.RULES and "writes into its input `dout`" in check.says


def test_a_gradient_never_written_is_told(judge: Judge) -> None:
    check = judge(GRADIENTS, ("    tl.store(dw_ptr + row * n + offsets, dw, mask=mask)\n", "")).failure
    assert check.outcome is v.Outcome.MEMORY and "dw" in check.says


def test_an_access_outside_in_the_backward_pass_is_told_with_its_line(judge: Judge) -> None:
    line = "dout = tl.load(dout_ptr + row * stride_d + offsets * stride_dn, mask=mask, other=0.0)"
    check = judge(GRADIENTS, (line, line.replace("mask=mask", "mask=offsets < n + 1"))).failure
    assert check.outcome is v.Outcome.MEMORY and "dout" in check.says and check.places


def test_a_remembered_gradient_is_told_as_old(judge: Judge) -> None:
    check = judge(
        GRADIENTS,
        ("class WeightedSquare", "KEPT = {}\n\n\nclass WeightedSquare"),
        (
            "return dx, dw",
            "dw = KEPT.setdefault((x.shape, x.dtype, dout.stride(), x.stride(), x.data_ptr()), dw)\n        return dx, dw",
        ),
    ).failure
    assert check.outcome is v.Outcome.RULES and "give the old `dw`" in check.says


def test_a_constant_of_torch_left_in_one_name_is_told_where_kernels_must_store_all(tmp_path: Path) -> None:
    whole = replace(TWO, fills_count=False)
    edits = (
        ("difference = torch.empty_like(x)", "difference = torch.zeros_like(x)"),
        ("difference_ptr + offsets, minus, mask=mask", "difference_ptr + offsets, minus, mask=mask & (minus != 0)"),
        ("minus = x - y", "minus = tl.where(offsets % 2 == 0, 0.0, x - y)"),
    )
    check = judged(whole, tmp_path / "mine.py", text_of(TWO, *edits)).failure
    assert check.finding == "constant_left" and "What stands in difference" in check.says


def test_a_lane_masked_off_without_other_is_told_where_it_reaches_one_name(judge: Judge) -> None:
    check = judge(
        TWO,
        (
            "y = tl.load(y_ptr + offsets, mask=mask, other=0.0).to(tl.float32)",
            "y = tl.load(y_ptr + offsets, mask=mask).to(tl.float32)",
        ),
        ("minus = x - y", "minus = x - y + 0.0 * tl.sum(y)"),
    ).failure
    assert check.name == "lanes that are masked off don't reach the answer"


def test_one_name_that_is_right_without_kernels_is_told(judge: Judge) -> None:
    check = judge(
        TWO,
        ("def sum_and", "KEPT = {}\n\n\ndef sum_and"),
        ("return total, difference", "return total, KEPT.setdefault((x.shape, x.dtype), difference)"),
    ).failure
    assert check.outcome is v.Outcome.RULES and "`difference` is right even when no kernel runs" in check.says


# Differentiated


def test_a_wrong_gradient_is_named_and_its_mistake_recognised(judge: Judge) -> None:
    check = judge(GRADIENTS, ("dx = 2 * w * x * dout", "dx = w * dout * x")).failure
    assert check.outcome is v.Outcome.WRONG and "`dx` is wrong" in check.says
    assert check.finding == "a_two_forgotten"


def test_strides_of_dout_that_are_taken_for_granted_show(judge: Judge) -> None:
    check = judge(GRADIENTS, ("*dout.stride(), BLOCK", "x.shape[1], 1, BLOCK")).failure
    assert check.case == "of a sum" and check.outcome is v.Outcome.MEMORY


def test_an_answer_without_a_history_is_told(judge: Judge) -> None:
    check = judge(
        GRADIENTS, ("return WeightedSquare.apply(x, w)", "return WeightedSquare.apply(x, w).detach()")
    ).failure
    assert check.outcome is v.Outcome.CONTRACT
    assert "without a history (its grad_fn is None)" in check.says and "autograd.Function's apply" in check.advice


def test_a_gradient_that_is_none_is_told(judge: Judge) -> None:
    check = judge(GRADIENTS, ("return dx, dw", "return dx, None")).failure
    assert check.outcome is v.Outcome.CONTRACT
    assert check.says == "The backward pass gave nothing (None) as `dw` instead of a tensor."


def test_an_exception_in_backward_is_told_with_its_line_and_where_it_was(judge: Judge) -> None:
    check = judge(GRADIENTS, ("x, w = ctx.saved_tensors", "x, w, nothing = ctx.saved_tensors")).failure
    assert check.outcome is v.Outcome.CRASH and check.says.startswith("Line ") and "ValueError" in check.says
    assert "in the backward pass of the case “one element”" in check.advice
    assert [place.source for place in check.places] == ["x, w, nothing = ctx.saved_tensors"]


@pytest.mark.parametrize("returned", ["return (dx[:, :2] if x.numel() > 1 else dx), dw", "return dx"])
def test_gradients_that_autograd_refuses_are_a_breach_of_contract(judge: Judge, returned: str) -> None:
    check = judge(GRADIENTS, ("return dx, dw", returned)).failure
    assert check.outcome is v.Outcome.CONTRACT and "gradient" in check.says
    assert "for each argument of forward" in check.advice


def test_a_gradient_of_another_shape_is_refused_although_autograd_sums_it(judge: Judge) -> None:
    check = judge(GRADIENTS, ("return dx, dw", "return dx[None].expand(2, -1, -1), dw")).failure
    assert check.outcome is v.Outcome.RULES
    assert check.says == "PyTorch computes on the way to `dx` in the backward pass: `sum`."


def test_a_gradient_of_another_dtype_is_refused_although_autograd_casts_it(judge: Judge) -> None:
    wide = "dx, dw = (torch.empty(x.shape, dtype=torch.float32, device=x.device) for _ in range(2))"
    narrow = "dx, dw = (torch.empty(x.shape, dtype=x.dtype, device=x.device) for _ in range(2))"
    check = judge(GRADIENTS, (narrow, wide)).failure
    assert check.outcome is v.Outcome.RULES
    assert check.says == "`dx` leaves backward in another dtype than `x` has, and PyTorch converts it."


def test_one_last_cast_of_what_a_kernel_wrote_is_allowed_where_the_row_says_so(tmp_path: Path) -> None:
    edits = (
        ("out = torch.empty(x.shape, dtype=x.dtype", "out = torch.empty(x.shape, dtype=torch.float32"),
        ("return out\n", "return out.to(x.dtype)\n"),
    )
    text = text_of(GRADIENTS, *edits)
    assert judged(GRADIENTS, tmp_path / "one.py", text).failure.outcome is v.Outcome.RULES
    allowing = replace(GRADIENTS, last_cast_allowed=True)
    assert judged(allowing, tmp_path / "two.py", text).outcome is v.Outcome.PASSED


def test_gradients_made_in_pytorch_are_refused(judge: Judge) -> None:
    check = judge(GRADIENTS, ("return dx, dw", "return dx, x * x * dout")).failure
    assert check.outcome is v.Outcome.RULES and "`x * x` computes in PyTorch" in check.says


def test_contents_that_leave_torch_in_backward_are_seen(judge: Judge) -> None:
    check = judge(GRADIENTS, ("return dx, dw", "return dx, torch.from_numpy(dw.detach().numpy() * 1.0)")).failure
    assert check.outcome is v.Outcome.RULES and "numpy" in check.says


def test_the_budget_of_gradients_is_that_of_fp32_rounded_once() -> None:
    case = parts.part(GRADIENTS, "cases").CASES[1]
    call = drawn_for(GRADIENTS, case, "fp16", (16,))
    expected = truth.reference(call)
    assert list(expected.truth) == ["out", "dx", "dw"]
    exact = expected.truth["dx"]
    assert torch.equal(expected.pytorch["dx"], exact.half()), "rounded once"
    assert float(expected.budgets["dx"].allowed) < 3 * torch.finfo(torch.float16).eps * float(exact.abs().max())


def test_the_budget_is_that_of_accumulating_in_fp32_where_the_reference_says_how(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    call = drawn_for(GRADIENTS, parts.part(GRADIENTS, "cases").CASES[1], "fp16", (16,))
    strict = truth.reference(call).budgets
    rounded = lambda x, w: (w * (x * x)).to(torch.bfloat16).to(x.dtype)  # noqa: E731
    monkeypatch.setattr(parts.reference(GRADIENTS), "accumulating_in_fp32", rounded, raising=False)
    loose = truth.reference(call).budgets
    assert all(float(loose[name].allowed) > 2 * float(strict[name].allowed) for name in ("out", "dx", "dw"))


def test_magnitudes_are_given_by_name_and_know_the_gradient_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    call = drawn_for(GRADIENTS, parts.part(GRADIENTS, "cases").CASES[1], "fp32", (16,))

    def magnitude(x: torch.Tensor, w: torch.Tensor, dout: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"dw": 1e6 * (x * x * dout).abs()}

    monkeypatch.setattr(parts.reference(GRADIENTS), "magnitude", magnitude, raising=False)
    budgets = truth.reference(call).budgets
    assert budgets["dw"].allowed.shape == call.inputs[0].shape and budgets["dx"].allowed.ndim == 0


def test_tf32_widens_the_budget_of_every_name() -> None:
    call = drawn_for(GRADIENTS, parts.part(GRADIENTS, "cases").CASES[1], "fp32", (16,))
    strict, wide = truth.reference(call), truth.reference(call, tf32=True)
    assert all(wide.budgets[name].allowed > 10 * strict.budgets[name].allowed for name in ("out", "dx", "dw"))


def test_a_property_asks_for_the_gradients_that_it_wants_and_for_allocations_alone(tmp_path: Path) -> None:
    subject = subject_of(GRADIENTS, tmp_path / "mine.py", text_of(GRADIENTS))
    call = WatchedCall(GRADIENTS, subject.launcher)
    x, w = torch.ones(2, 5), torch.ones(2, 5)
    assert list(call(x, w).answer) == ["out"] and len(call(x, w).launches) == 1
    record = call(x, w, dout=torch.ones_like(x), wanted=("w",))
    assert list(record.answer) == ["out", "dw"] and record["dw"].eq(1.0).all()
    both = call.without_kernels(x, w, dout=torch.ones_like(x))
    assert list(both.answer) == ["out", "dx", "dw"] and both.allocated_bytes == 3 * 40
    assert [launch.kernel for launch in both.launches] == ["forward_kernel", "backward_kernel"]


def test_what_no_gpu_compiles_is_found_in_the_backward_pass_too(judge: Judge) -> None:
    check = judge(
        GRADIENTS, ("    dw = x * x * dout\n", "    dw = x * x * dout\n    for _ in range(2):\n        break\n")
    ).failure
    assert check.outcome is v.Outcome.COMPILE and "break" in check.says


# What is asked for without a verdict


def test_the_kernels_of_the_backward_pass_are_compiled_too(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text_of(GRADIENTS))
    outcome, records = records_of(compile.run, GRADIENTS, file, targets=("sm_80",))
    kernels = [record.kernel for record in records if isinstance(record, m.Compiled)]
    assert outcome is v.Outcome.PASSED and kernels == ["forward_kernel", "backward_kernel"]
    assert [record.shown for record in records if isinstance(record, m.Inputs)] == ["x, w, dout (4096, 1024), fp16"]


def records_of(
    work: Callable[..., v.Outcome], level: Level, file: Path, **asked: object
) -> tuple[v.Outcome, list[v.Record]]:
    records: list[v.Record] = []
    return work(level, file, records.append, 60.0, **asked), records


def test_the_error_map_is_of_the_tensor_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text_of(GRADIENTS, ("dw = x * x * dout", "dw = tl.where(offsets > 4, 0.0, x * x * dout)")))
    outcome, records = records_of(show.run, GRADIENTS, file, errors=True)
    (found,) = (record for record in records if isinstance(record, t.ErrorMap))
    assert outcome is v.Outcome.WRONG and found.answer == "dw" and found.tile == (1, 16)
    assert all(set(row[:5]) == {"0"} for row in found.cells)


@pytest.mark.parametrize("toy", TOYS)
def test_show_traces_the_backward_pass_too_and_counts_all_elements(tmp_path: Path, toy: str) -> None:
    level, file = TOYS[toy], tmp_path / "mine.py"
    file.write_text(text_of(level))
    outcome, records = records_of(show.run, level, file)
    assert outcome is v.Outcome.PASSED
    kernels = [record.kernel for record in records if isinstance(record, t.Launched)]
    (answered,) = (record for record in records if isinstance(record, t.Answered))
    expected = (["kernel"], 2 * 35) if level is TWO else (["forward_kernel", "backward_kernel"], 3 * 2 * 19)
    assert (kernels, answered.total, answered.wrong) == (*expected, 0)


@pytest.mark.parametrize("toy", TOYS)
def test_traffic_counts_every_name_that_is_answered(tmp_path: Path, toy: str) -> None:
    level, file = TOYS[toy], tmp_path / "mine.py"
    file.write_text(text_of(level))
    outcome, records = records_of(traffic.run, level, file)
    assert outcome is v.Outcome.PASSED
    first = next(record for record in records if isinstance(record, m.Counted))
    n = 4096 if level is TWO else 16 * 64
    loaded, stored = (2 * 2 * n, (4 + 2) * n) if level is TWO else (3 * 2 * n, 3 * 2 * n)
    assert (first.least_loaded, first.least_stored, first.scratch) == (loaded, stored, 0)


def test_traffic_of_what_is_no_answer_is_told_by_names(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text_of(TWO, ("return total, difference", "return total")))
    outcome, records = records_of(traffic.run, TWO, file)
    assert outcome is v.Outcome.RULES
    assert [record.says for record in records if isinstance(record, v.Check)] == [
        "`sum_and_difference` doesn't give total, difference: there is nothing to count."
    ]


@pytest.mark.parametrize(
    ("toy", "edit", "words"),
    [
        ("two answers", ("", ""), ["one element", "two blocks and a rest", "These numbers are right"]),
        ("two answers", ("minus = x - y", "minus = x + y"), ["`difference` is wrong: the only element. At [0]"]),
        ("two answers", ("return total, difference", "return total"), ["returned a tensor instead of a tuple of 2"]),
        (
            "two answers",
            ("    tl.store(difference_ptr + offsets, minus, mask=mask)\n", ""),
            ["No program writes difference"],
        ),
        ("gradients", ("", ""), ["one element", "ragged", "These numbers are right"]),
        ("gradients", ("dw = x * x * dout", "dw = x * dout"), ["`dw` is wrong"]),
        ("gradients", ("return dx, dw", "return dx, None"), ["The backward pass gave nothing (None) as `dw`"]),
    ],
)
def test_the_quick_check_looks_at_every_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    toy: str, edit: tuple[str, str], words: list[str],
) -> None:  # fmt: skip
    level = TOYS[toy]
    monkeypatch.setattr(levels, "find", lambda name: level)
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "levels").mkdir()
    file = tmp_path / "levels" / level.file
    file.write_text(text_of(level, edit) if edit[0] else text_of(level))
    with pytest.raises(SystemExit) as ended:
        testing.quick_check(code.launcher_of(code.load(file), level))
    shown = capsys.readouterr().out
    assert ended.value.code == (0 if "These numbers are right" in words else 1), shown
    assert all(word in shown for word in words), shown


def test_a_race_takes_no_answer_that_is_wrong_in_any_name() -> None:
    right = Answer({"dk": torch.ones(4), "dv": torch.arange(4.0)})
    assert race.same(Answer({"dk": torch.ones(4), "dv": torch.arange(4.0)}), right)
    assert not race.same(Answer({"dk": torch.ones(4), "dv": torch.ones(4)}), right)
    assert not race.same(Answer({"dk": torch.arange(4.0), "dv": torch.ones(4)}), right)
    assert not race.same(None, right)


def test_a_timed_call_goes_forward_and_backward_and_returns_all_names() -> None:
    call = drawn_for(GRADIENTS, parts.part(GRADIENTS, "cases").CASES[1], "fp32", (16,))
    answer = Answer.of(call.timed(parts.truth(GRADIENTS))(), call.judged)
    assert answer is not None and not truth.reference(call).wrong(answer).any()


# The stage on a GPU, its steps played on the CPU


@pytest.mark.usefixtures("played_gpu")
@pytest.mark.parametrize(
    ("toy", "edit", "outcome", "words"),
    [
        ("two answers", ("", ""), v.Outcome.PASSED, ""),
        ("two answers", ("minus = x - y", "minus = x + y"), v.Outcome.WRONG, "`difference` is wrong"),
        ("two answers", ("return total, difference", "return total"), v.Outcome.CONTRACT, "a tuple of 2 tensors"),
        (
            "two answers",
            ("    tl.store(difference_ptr + offsets, minus, mask=mask)\n", ""),
            v.Outcome.MEMORY,
            "the only element of `difference` are never written",
        ),
        ("gradients", ("", ""), v.Outcome.PASSED, ""),
        ("gradients", ("dw = x * x * dout", "dw = x * dout"), v.Outcome.WRONG, "`dw` is wrong"),
        ("gradients", ("return dx, dw", "return dx, None"), v.Outcome.CONTRACT, "gave nothing (None) as `dw`"),
        ("gradients", ("return dx, dw", "return dx"), v.Outcome.CONTRACT, "gradient"),
        ("gradients", ("return dx, dw", "dout.zero_()\n        return dx, dw"), v.Outcome.RULES, "its input `dout`"),
    ],
)
def test_the_gpu_stage_judges_every_name(
    tmp_path: Path, toy: str, edit: tuple[str, str], outcome: v.Outcome, words: str
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text_of(TOYS[toy], edit) if edit[0] else text_of(TOYS[toy]))
    ended, records = records_of(on_gpu.run, TOYS[toy], file)
    failed = [record for record in records if isinstance(record, v.Check) and record.state is v.State.FAILED]
    assert ended is outcome, failed
    assert not words or words in failed[0].says, failed[0].says


# Inputs


def test_an_input_has_the_dtype_that_its_shape_declares(tmp_path: Path) -> None:
    level = replace(TWO, inputs=("n", "n: float32"))
    call = given(level, typical(level, counted_sizes(level, 8)), "fp16")
    assert [x.dtype for x in call.inputs] == [torch.float16, torch.float32]


def test_inputs_that_the_course_draws_itself_take_the_place_of_normal_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    level = replace(TWO, inputs=("n", "n: int64"))
    with pytest.raises(CourseTrouble, match=r"needs typical\(d, sizes\)"):
        given(level, typical(level, counted_sizes(level, 8)), "fp16")

    def drawn(d, sizes):
        return d.normal(sizes["n"]), d.whole(sizes["n"], below=5)

    monkeypatch.setattr(parts.part(level, "cases"), "typical", drawn, raising=False)
    x, y = given(level, typical(level, counted_sizes(level, 8)), "fp16").inputs
    assert x.dtype is torch.float16 and y.dtype is torch.int64 and 0 <= int(y.min()) <= int(y.max()) < 5


def test_names_that_stand_twice_are_a_trouble_of_the_course() -> None:
    with pytest.raises(CourseTrouble, match="two-answers: an answer needs names"):
        replace(TWO, answers=("dx",), gradients=("x",))
    with pytest.raises(CourseTrouble, match="an answer needs names"):
        replace(TWO, answers=())


def test_an_answer_goes_through_json_with_its_row() -> None:
    assert Level.from_row(TWO.as_row()) == TWO and Level.from_row(GRADIENTS.as_row()) == GRADIENTS


def test_what_is_given_can_be_overwritten_where_an_axis_is_expanded() -> None:
    expanded = torch.zeros(1, 3).expand(4, 3)
    call = Given(TWO, (expanded, torch.zeros(2)))
    call.overwrite(Given(TWO, (torch.ones(1, 3).expand(4, 3), torch.full((2,), 2.0))))
    assert call.inputs[0].eq(1.0).all() and call.inputs[0].stride() == (0, 1) and call.inputs[1].eq(2.0).all()
