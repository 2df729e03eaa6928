"""Guards the order in which a file is judged: the cause is told and not what follows from it, on the line that is to blame,
the same in every run; and what is right passes though it looks suspicious."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch

from tests.execution.learner import HERE, line_of
from tests.judge.toys import HONEST, Judgement, adding, adding_in_the_kernel, judged, subject_of
from triton_quest.child.instruments import pace
from triton_quest.child.judge import code, numbers, properties
from triton_quest.course import parts, template
from triton_quest.course import table as levels
from triton_quest.course.case import DTYPES, Draw
from triton_quest.course.level import Level
from triton_quest.course.mistake import apply
from triton_quest.parent.runner import Job
from triton_quest.parent.runner import judge as judge_in_a_child
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v
from triton_quest.store import workspace

pytestmark = pytest.mark.usefixtures("as_a_child")

Judged = Callable[..., Judgement]
LOADS = ("x = tl.load(x_ptr + offsets, mask=mask)", "y = tl.load(y_ptr + offsets, mask=mask)")
ADDS = "tl.store(out_ptr + offsets, x + y, mask=mask)"


@pytest.fixture
def judge(level: Level, tmp_path: Path) -> Judged:
    """judge(text, level): the file through the whole pipeline."""

    def judge(text: str, of: Level = level) -> Judgement:
        return judged(of, tmp_path / "mine.py", text)

    return judge


@pytest.fixture(scope="session")
def softmax() -> Level:
    found = levels.find("softmax")
    assert found
    return found


def assert_blames(judgement: Judgement, outcome: v.Outcome, text: str) -> v.Check:
    """The judgement is this outcome, told of the line marked with HERE."""
    check = judgement.failure
    assert judgement.outcome is check.outcome is outcome, check.says
    assert [place.line for place in check.places] == [line_of(text)], check.says
    assert f"ine {line_of(text)}" in check.says
    return check


# The order


@pytest.fixture(scope="module")
def passing(level: Level, tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "quest_setup", ModuleType("quest_setup"))
        judgement = judged(level, tmp_path_factory.mktemp("passing") / "mine.py", HONEST)
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says
    return judgement


def test_stages_come_in_order_and_each_limits_the_learners_code(passing: Judgement) -> None:
    assert passing.stages == ["import", "compile", "run", "property"]
    assert all(record.seconds == 60.0 for record in passing.records if isinstance(record, v.StageStarted))


def test_checks_come_in_order(passing: Judgement) -> None:
    kinds = list(dict.fromkeys(check.kind for check in passing.checks))
    assert kinds == ["rules", "memory", "compile", "numbers", "remark", "property", "gpu"]


def test_every_check_is_told_once(passing: Judgement) -> None:
    names = [check.name for check in passing.checks]
    assert len(set(names)) == len(names)


def test_every_case_is_judged_in_every_dtype_that_it_asks_for(level: Level, passing: Judgement) -> None:
    told = [check.name for check in passing.checks if check.kind == "numbers"]
    assert told == [f"{case.name}, {dtype}" for case, dtype in numbers.plan(level, tuple(DTYPES))]


def test_every_property_is_asserted_in_its_own_words(level: Level, passing: Judgement) -> None:
    statements = parts.part(level, "cases").PROPERTIES
    told = [check.name for check in passing.checks if check.kind == "property"]
    assert told == [statement.__doc__.rstrip(".") for statement in statements]


def test_what_only_a_gpu_can_show_is_not_verified_here(passing: Judgement) -> None:
    last = passing.checks[-1]
    assert last.state is v.State.NOT_VERIFIED_HERE and last.name == v.ON_A_GPU


def test_nothing_is_judged_after_the_first_failure(judge: Judged) -> None:
    judgement = judge(adding_in_the_kernel(*LOADS, ADDS.replace("x + y", "x - y")))
    assert judgement.checks[-1] is judgement.failure
    assert {check.kind for check in judgement.checks} == {"rules", "memory", "compile", "numbers"}


def test_the_first_failing_case_is_the_smallest(judge: Judged, level: Level) -> None:
    wrong_in_later_programs = ADDS.replace("x + y", "tl.where(offsets < 16, x + y, x - y)")
    check = judge(adding_in_the_kernel(*LOADS, wrong_in_later_programs)).failure
    cases = [case.name for case, _ in numbers.plan(level, ("fp32",))]
    assert check.outcome is v.Outcome.WRONG and check.case == cases[1] and check.case == "17 elements"


def test_a_kernel_that_is_wrong_in_one_dtype_fails_in_that_dtype(judge: Judged) -> None:
    lines = "if out_ptr.dtype.element_ty == tl.bfloat16:", "    y = y * 0.5"
    check = judge(adding_in_the_kernel(*LOADS, *lines, ADDS)).failure
    assert check.outcome is v.Outcome.WRONG and check.name.endswith(", bf16")


# Compiling comes first: its line is the one to blame


def test_and_between_masks_is_told_by_the_compiler_and_not_as_an_access_outside(judge: Judged) -> None:
    """In the interpreter `a and b` is `b`: the lanes behind the end are let through."""
    loads = (LOADS[0], f"y = tl.load(y_ptr + offsets, mask=(offsets < n) and (offsets >= 0))  {HERE}")
    text = adding_in_the_kernel(*loads, ADDS)
    check = assert_blames(judge(text), v.Outcome.COMPILE, text)
    assert check.kind == "compile" and check.finding == "and_or_on_blocks" and "`&`" in check.says


def test_a_chained_comparison_is_told_by_the_compiler(judge: Judged) -> None:
    text = adding_in_the_kernel(*LOADS, f"tl.store(out_ptr + offsets, x + y, mask=0 <= offsets < n)  {HERE}")
    assert_blames(judge(text), v.Outcome.COMPILE, text)


def test_a_static_assertion_is_told_with_its_values_and_its_case(judge: Judged) -> None:
    text = HONEST.replace(
        "    offsets =",
        "    tl.static_assert(SIZE % BLOCK_SIZE == 1)  # HERE\n    offsets =".replace("# HERE", HERE),
        1,
    )
    text = text.replace("BLOCK_SIZE: tl.constexpr", "BLOCK_SIZE: tl.constexpr, SIZE: tl.constexpr")
    text = text.replace("BLOCK_SIZE=16)", "BLOCK_SIZE=16, SIZE=x.numel())")
    check = assert_blames(judge(text), v.Outcome.COMPILE, text)
    assert check.finding == "static_assert_fails"
    assert "In the case “" in check.says and "`SIZE % BLOCK_SIZE == 1` doesn't hold in this launch" in check.says
    assert "where `BLOCK_SIZE` is 16 and `SIZE` is " in check.says and "“one element”" not in check.says


def test_a_descriptor_that_cannot_describe_a_tensor_is_told_with_what_it_needs(judge: Judged) -> None:
    described = f"x = tl.make_tensor_descriptor(x_ptr, [n, 1], [1, 1], [16, 4]).load([0, 0])  {HERE}"
    text = adding_in_the_kernel(described, "tl.store(out_ptr + offsets, offsets, mask=mask)")
    check = assert_blames(judge(text), v.Outcome.CRASH, text)
    assert "It needs a last stride of 1" in check.says and "the rows are not a multiple of 16 bytes apart" in check.says
    assert "through pointers and strides" in check.advice


def test_far_too_many_programs_are_told_with_how_many_tiles_would_do(
    judge: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(pace, "TOO_MANY_SECONDS", 0.0)
    text = HONEST.replace("tl.arange(0, BLOCK_SIZE)", "tl.arange(0, 1)").replace("BLOCK_SIZE=16", "BLOCK_SIZE=1")
    check = judge(text.replace("triton.cdiv(x.numel(), 16)", "x.numel()")).failure
    assert check.outcome is v.Outcome.TIMEOUT and check.kind == "process"
    assert "`add_kernel` was stopped after 31 of its " in check.says and "store one element each" in check.says
    assert "Give a program a tile" in check.advice and "would do here" in check.advice


def test_a_dtype_that_a_gpu_refuses_is_found_before_its_numbers(judge: Judged) -> None:
    text = adding_in_the_kernel(*LOADS, f"x = tl.where(mask, x, tl.exp(x))  {HERE}", ADDS)
    assert assert_blames(judge(text), v.Outcome.COMPILE, text).finding == "needs_fp32"


def test_an_advised_conversion_is_python_that_means_it(judge: Judged) -> None:
    """`x * 0.5.to(tl.float32)` would convert the 0.5."""
    check = judge(adding_in_the_kernel(*LOADS, "x = tl.where(mask, x, tl.exp(x * 0.5))", ADDS)).failure
    assert check.finding == "needs_fp32" and "`tl.exp((x * 0.5).to(tl.float32))`" in check.says


def test_an_exception_is_told_instead_of_a_refusal_that_nobody_can_explain(judge: Judged) -> None:
    text = adding_in_the_kernel(*LOADS, f"first = [][0]  {HERE}", ADDS)
    check = assert_blames(judge(text), v.Outcome.CRASH, text)
    assert "IndexError" in check.says


def test_a_refusal_that_nobody_can_explain_is_told_in_tritons_words_where_the_interpreter_runs_it(
    judge: Judged,
) -> None:
    text = adding_in_the_kernel(*LOADS, f"tl.store(out_ptr + offsets, halves(x, y), mask=mask)  {HERE}")
    helper = "@triton.jit(noinline=True)\ndef halves(x, y):\n    return x + y\n\n\n@triton.jit\ndef add_kernel"
    text = text.replace("@triton.jit\ndef add_kernel", helper)
    assert "noinline" in assert_blames(judge(text), v.Outcome.COMPILE, text).says


def test_an_assertion_after_the_launch_does_not_stop_the_compiler(judge: Judged) -> None:
    """Nothing was computed yet when the kernels are compiled: the learner's own assertion fails there."""
    body = "out = torch.empty_like(x)\nLAUNCH\nassert torch.allclose(out, x + y, atol=0.1), 'wrong'\nreturn out"
    text = adding_in_the_kernel(*LOADS, f"x = tl.where(mask, x, tl.exp(x))  {HERE}", ADDS)
    text = text[: text.index("\ndef vector_add")] + adding(body, kernel="")
    assert_blames(judge(text), v.Outcome.COMPILE, text)
    assert judge(adding(body)).outcome is v.Outcome.PASSED


# Masked-off lanes


def poisoned(judgement: Judgement, text: str) -> None:
    check = assert_blames(judgement, v.Outcome.MEMORY, text)
    assert check.finding == "poisoned_lane" and "no `other`" in check.says


def softmax_with(*lines: str) -> str:
    """The level's solution with these lines between its masks and its store."""
    level = levels.find("softmax")
    assert level
    text = template.clean_solution(workspace.course_text(level, "solution.py"))
    first, last = text.index("    x = tl.load("), text.index("    tl.store(out_ptr")
    return text[:first] + "".join(f"    {line}\n" for line in lines) + text[last:]


POINTERS = "x_ptr + row * stride_x_row + cols * stride_x_col"


def test_masked_off_lanes_that_reach_the_answer_are_told_with_the_line_of_the_load(
    judge: Judged, softmax: Level
) -> None:
    text = softmax_with(
        f"x = tl.load({POINTERS}, mask=mask).to(tl.float32)  {HERE}",
        "row_max = tl.max(x, axis=0)",
        "numerator = tl.exp(x - row_max)",
        "denominator = tl.sum(numerator, axis=0)",
    )
    poisoned(judge(text, softmax), text)


def test_of_two_loads_the_one_whose_lanes_reach_the_answer_is_told(judge: Judged, softmax: Level) -> None:
    text = softmax_with(
        f"row_max = tl.max(tl.where(mask, tl.load({POINTERS}, mask=mask).to(tl.float32), -float('inf')), axis=0)",
        f"x = tl.load({POINTERS}, mask=mask).to(tl.float32)  {HERE}",
        "numerator = tl.exp(x - row_max)",
        "denominator = tl.sum(numerator, axis=0)",
    )
    poisoned(judge(text, softmax), text)


def test_lanes_that_reach_the_answer_as_ordinary_numbers_are_told_too(judge: Judged) -> None:
    """How many lanes aren't 0: all of them count where the lanes may hold anything, as on a GPU."""
    text = adding_in_the_kernel(
        f"x = tl.load(x_ptr + offsets, mask=mask)  {HERE}",
        "y = tl.load(y_ptr + offsets, mask=mask, other=0.0)",
        "not_zero = tl.sum(tl.where(x == 0, 0.0, 1.0), axis=0)",
        "real = tl.sum(tl.where(mask, 1.0, 0.0), axis=0)",
        "tl.store(out_ptr + offsets, x + y + (not_zero - real), mask=mask)",
    )
    poisoned(judge(text), text)


def test_wrong_numbers_beside_harmless_lanes_are_wrong_numbers(judge: Judged) -> None:
    judgement = judge(adding_in_the_kernel(*LOADS, ADDS.replace("x + y", "x - y")))
    assert judgement.outcome is v.Outcome.WRONG and judgement.failure.finding == "difference"


HARMLESS = {
    "masked off again by the store": (*LOADS, ADDS),
    "replaced by tl.where": (*LOADS, "x = tl.where(mask, x, 0.0)", "total = tl.sum(x, axis=0)", ADDS.replace("x +", "(x + 0 * total) +")),
    "compared, and then masked": (*LOADS, "bad = tl.max(tl.where(mask & (x > 1e30), 1, 0), axis=0)", "if bad == 0:", "    " + ADDS),
    "asserted with the mask": (*LOADS, "tl.device_assert(x == x, 'NaN', mask=mask)", ADDS),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_lanes_that_never_reach_the_answer_are_no_matter(judge: Judged, name: str) -> None:
    judgement = judge(adding_in_the_kernel(*HARMLESS[name]))
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says


@pytest.mark.parametrize("key", ["numerator_masked", "where_for_other", "three_passes_16"])
def test_right_variants_of_softmax_whose_lanes_hold_anything_pass(judge: Judged, softmax: Level, key: str) -> None:
    variants = {variant.key: variant for variant in parts.known(softmax).variants}
    text = apply(variants[key].edits, workspace.course_text(softmax, "solution.py"), key)
    judgement = judge(template.clean_solution(text), softmax)
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says


# Block sizes


def test_cases_are_ragged_around_the_learners_own_blocks(judge: Judged) -> None:
    """Right up to 300 elements, which more than one block of 256 shows."""
    text = adding_in_the_kernel(*LOADS, "x = tl.where(offsets < 300, x, 0.0)", ADDS).replace("16", "256")
    assert judge(text).outcome is v.Outcome.WRONG


@pytest.mark.parametrize("block", [256, 2048, 65536])
def test_cases_are_ragged_around_blocks_that_no_launch_names(judge: Judged, block: int) -> None:
    """The block size stands in the kernel, and every program takes the first block."""
    text = HONEST.replace("tl.program_id(0) * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)", f"tl.arange(0, {block})")
    text = (
        text.replace(", BLOCK_SIZE: tl.constexpr", "").replace(", BLOCK_SIZE=16", "").replace("), 16)", f"), {block})")
    )
    assert "BLOCK_SIZE" not in text
    assert judge(text).outcome is not v.Outcome.PASSED


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_cases_are_ragged_around_the_blocks_of_each_dtype(judge: Judged, dtype: str) -> None:
    """Wrong from element 1100 on, in the blocks of one dtype, which are the only ones that make a case of its longer than 1000."""
    text = adding_in_the_kernel(*LOADS, "x = tl.where((offsets < 1100) | (BLOCK_SIZE < 512), x, 0.0)", ADDS)
    text = text.replace("    out = torch", f"    block = 512 if x.dtype == torch.{dtype} else 16\n    out = torch")
    text = text.replace("x.numel(), 16)", "x.numel(), block)").replace("BLOCK_SIZE=16", "BLOCK_SIZE=block")
    judgement = judge(text)
    assert judgement.outcome is v.Outcome.WRONG and judgement.failure.name.endswith(
        {"float16": "fp16", "bfloat16": "bf16"}[dtype]
    )


@pytest.mark.parametrize("constant", ["1 << 30", "1 << 62", "-1"])
def test_a_constant_that_is_no_block_size_makes_no_case_huge(
    level: Level, tmp_path: Path, warm: Warm, constant: str
) -> None:
    """In a process with a limit on its memory."""
    text = HONEST.replace("BLOCK_SIZE: tl.constexpr", "BLOCK_SIZE: tl.constexpr, MOST: tl.constexpr")
    text = text.replace("BLOCK_SIZE=16)", f"BLOCK_SIZE=16, MOST={constant})").replace(
        "offsets < n\n", "(offsets < n) & (offsets != MOST)\n"
    )
    (tmp_path / "mine.py").write_text(text)
    verdict = judge_in_a_child(Job(level, tmp_path / "mine.py"), start=warm.start)
    assert verdict.passed, f"{verdict.cause} {verdict.detail}"


@pytest.mark.parametrize("name", [level.slug for level in levels.LEVELS if level.has_arrived])
def test_cases_stay_affordable_whatever_a_kernel_of_the_learners_is_launched_with(name: str) -> None:
    """A second kernel, which copies in blocks of 1024, must not make a matmul of 1024 cubed."""
    level = levels.find(name)
    assert level
    for case in parts.part(level, "cases").CASES:
        inputs = [x for x in case.inputs(Draw(case.name, torch.float32, (16, 1024))) if isinstance(x, torch.Tensor)]
        work = inputs[0].numel() * (inputs[1].shape[-1] if level.launcher == "matmul" else 1)
        assert work <= 2**25, f"{case.name}: {work:,} multiplications or elements"


# The rest of an honest day


def test_printing_is_shown_once_for_each_run_and_not_for_the_compiler(
    judge: Judged, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(adding("print('called')\nout = torch.empty_like(x)\nLAUNCH\nreturn None"))
    assert capsys.readouterr().out == "called\n"


def test_an_output_that_is_kept_and_written_anew_is_told_apart_from_wrong_numbers(judge: Judged) -> None:
    """One buffer for all answers: each call overwrites the answer of the one before."""
    body = "out = buffers[x.dtype][: x.numel()]\nLAUNCH\nreturn out"
    judgement = judge(
        adding(body, before="buffer = torch.empty(1 << 16)\n").replace(
            "= buffer[", "= buffer.to(x.dtype)[" if 0 else "= buffer["
        )
    )
    assert judgement.outcome is not v.Outcome.WRONG, judgement.failure.says


# Properties


def test_a_property_that_does_not_hold_is_told_in_its_sentence_and_dtype(level: Level, tmp_path: Path) -> None:
    def sums_are_small(vector_add: Callable[..., torch.Tensor], d: Draw) -> bool:
        """Sums of small numbers are small."""
        return d.dtype is torch.float32

    subject = subject_of(level, tmp_path / "mine.py", HONEST)
    with pytest.raises(code.Stopped) as stopped:
        properties.holds(subject, sums_are_small, ("fp32", "fp16"), (16,))
    check = stopped.value.check
    assert check.outcome is v.Outcome.PROPERTY and check.kind == "property" and check.advice
    assert check.says == "This must hold, and in fp16 it doesn't: sums of small numbers are small."
    assert properties.holds(subject, sums_are_small, ("fp32",), (16,)).state is v.State.PASSED


def added(vector_add: Callable[..., torch.Tensor], d: Draw) -> bool:
    """Nothing is asserted."""
    vector_add(d.normal(20), d.normal(20))
    return True


@pytest.mark.parametrize(
    ("edit", "outcome", "words"),
    [
        (
            ("    out = torch", f"    raise ValueError('so be it')  {HERE}\n    out = torch"),
            v.Outcome.CRASH,
            "so be it",
        ),
        (("    out = torch", f"    exit()  {HERE}\n    out = torch"), v.Outcome.EXIT, "exit()"),
        (("x + y, mask=mask)", f"x + y)  {HERE}"), v.Outcome.MEMORY, "no mask"),
    ],
)
def test_what_breaks_while_a_property_is_checked_is_told_with_its_line(
    level: Level, tmp_path: Path, edit: tuple[str, str], outcome: v.Outcome, words: str
) -> None:
    text = HONEST.replace(*edit)
    subject = subject_of(level, tmp_path / "mine.py", text)
    with pytest.raises(code.Stopped) as stopped:
        properties.holds(subject, added, ("fp32",), (16,))
    check = stopped.value.check
    assert check.outcome is outcome and words in check.says
    assert [place.line for place in check.places] == [line_of(text)]
    assert check.says[0].isupper() or check.says[0] == "`"


# The same in every run


@pytest.mark.parametrize(
    "text",
    [
        adding_in_the_kernel(*LOADS, ADDS.replace("x + y", "x * y")),
        adding_in_the_kernel(*LOADS, ADDS.replace(", mask=mask", "")),
        adding_in_the_kernel(*LOADS, ADDS.replace("x + y", "x + y + 0.1 * (offsets % 3)")),
        adding("out = torch.empty_like(x)\nLAUNCH\nreturn out + 0"),
    ],
    ids=["wrong", "memory", "unexplained", "rules"],
)
def test_the_same_wrong_file_is_told_the_same_twice(judge: Judged, text: str) -> None:
    first, again = judge(text), judge(text)
    assert first.outcome is again.outcome is not v.Outcome.PASSED
    assert [replace(check) for check in again.checks] == first.checks
    assert again.stages == first.stages
