"""Guards who does the work: whatever puts PyTorch, Python or an old answer in the kernel's place is refused with the line
and the learner's own words; what an honest launcher does beside its launches is let through."""

from __future__ import annotations

import builtins
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
import torch

from tests.execution.learner import HERE, line_of
from tests.judge.toys import BLOCKS, HONEST, KERNEL, LAUNCH, adding, judged, run_of, subject_of, vectors
from triton_quest.child.judge import code, rules
from triton_quest.child.judge.tampering import Snapshot
from triton_quest.child.judge.watch import Run, Subject
from triton_quest.course.case import Case
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

pytestmark = pytest.mark.usefixtures("as_a_child")

FIVE, MANY = vectors(5), vectors(40)
Load = Callable[..., Subject]


@pytest.fixture
def load(level: Level, tmp_path: Path) -> Load:
    """load(text, **changes of the level): the file as the judge's subject."""

    def load(text: str, **changes: object) -> Subject:
        return subject_of(replace(level, **changes), tmp_path / "mine.py", text)  # type: ignore[arg-type]

    return load


def obeys(subject: Subject, case: Case = MANY, dtype: str = "fp32") -> Run:
    """Every rule in turn, as the pipeline asks them. Raises Stopped at the first that is broken."""
    run = run_of(subject, case, dtype)
    assert run.trouble is None, run.trouble
    rules.torch_is_left_alone(run.replaced)
    rules.kernel_is_launched(subject, run)
    rules.kernels_do_the_work(subject, run)
    rules.inputs_are_unchanged(subject, run)
    rules.answer_needs_the_kernels(subject, case, dtype, BLOCKS)
    rules.new_contents_give_new_answers(subject, run, BLOCKS)
    return run


def refused(subject: Subject, case: Case = MANY, dtype: str = "fp32") -> v.Check:
    """The check that refuses the launcher: a failed rule, in a sentence, with advice."""
    with pytest.raises(code.Stopped) as stopped:
        obeys(subject, case, dtype)
    check = stopped.value.check
    assert check.outcome is v.Outcome.RULES and check.kind == "rules" and check.state is v.State.FAILED
    assert re.match(r"[A-Z`].*\.$", check.says, re.DOTALL) and check.advice.endswith((".", ")"))
    return check


def assert_names(check: v.Check, subject: Subject, phrase: str) -> None:
    """The check names the phrase, and the line marked with HERE."""
    line = line_of(subject.file.read_text())
    assert f"`{phrase}`" in check.says and re.search(rf"\b[Ll]ine {line}\b", check.says)
    assert [place.line for place in check.places] == [line]


# No kernel


@pytest.mark.parametrize(
    ("body", "phrase"),
    [
        (f"return x + y  {HERE}", "x + y"),
        (f"out = torch.empty_like(x)\ntorch.add(x, y, out=out)  {HERE}\nreturn out", "torch.add(x, y, out=out)"),
        (f"return torch.tensor([a + b for a, b in zip(x.tolist(), y.tolist())])  {HERE}", "x.tolist()"),
    ],
)
def test_a_launcher_without_a_kernel_is_told_what_it_computed_with_instead(load: Load, body: str, phrase: str) -> None:
    subject = load(adding(body))
    check = refused(subject)
    assert check.says.startswith("`vector_add` gave an answer, but launched no kernel")
    assert_names(check, subject, phrase)


def test_a_launcher_that_returns_untouched_memory_launched_no_kernel(load: Load) -> None:
    check = refused(load(adding("return torch.empty_like(x)")))
    assert check.says == "`vector_add` gave an answer, but launched no kernel." and not check.places


# Arithmetic outside of the kernels

COMPUTED = {
    "an operator": (f"LAUNCH\nreturn x + y  {HERE}", "x + y"),
    "a method": (f"LAUNCH\nreturn x.add(y)  {HERE}", "x.add(y)"),
    "a function": (f"LAUNCH\nreturn torch.add(x, y)  {HERE}", "torch.add(x, y)"),
    "a method in place": (f"LAUNCH\nout.copy_(x).add_(y)  {HERE}\nreturn out", "out.copy_(x).add_(y)"),
    "an assignment in place": (f"LAUNCH\nout *= 1.0  {HERE}\nreturn out", "out *= 1.0"),
    "an element": (f"LAUNCH\nout[0] = x[0] + y[0]  {HERE}\nreturn out", "x[0] + y[0]"),
    "out=": (f"LAUNCH\ntorch.add(x, y, out=out)  {HERE}\nreturn out", "torch.add(x, y, out=out)"),
    "a decoy kernel": (f"scratch = torch.empty_like(x)\nLAUNCH\nscratch.copy_(x + y)  {HERE}\nreturn scratch", "x + y"),
    "before the kernel": (f"x = x * 2.0  {HERE}\nLAUNCH\nreturn out", "x * 2.0"),
    "after the kernel": (f"LAUNCH\nreturn out.mul(1.0)  {HERE}", "out.mul(1.0)"),
    "negation": (f"y = -y  {HERE}\nLAUNCH\nreturn out", "-y"),
    "a sort": (f"y = y.sort().values  {HERE}\nLAUNCH\nreturn out", "y.sort()"),
    "a choice": (f"LAUNCH\nreturn torch.maximum(out, x)  {HERE}", "torch.maximum(out, x)"),
    "a sum that a kernel is given": (
        f"total = x.sum()  {HERE}\nadd_kernel[(1,)](total, total, out, 1, BLOCK_SIZE=16)\nLAUNCH\nreturn out",
        "x.sum()",
    ),
    "in another function": (f"def finished(t):\n    return t.abs()  {HERE}\nLAUNCH\nreturn finished(out)", "t.abs()"),
    "in a view": (f"LAUNCH\nout[1:3].neg_().neg_()  {HERE}\nreturn out", "out[1:3].neg_()"),
    "nn.functional": (f"LAUNCH\nreturn torch.nn.functional.relu(out)  {HERE}", "torch.nn.functional.relu(out)"),
}


@pytest.mark.parametrize("way", COMPUTED)
def test_arithmetic_of_pytorch_is_refused_in_the_words_that_it_is_written_in(load: Load, way: str) -> None:
    body, phrase = COMPUTED[way]
    subject = load(adding("out = torch.empty_like(x)\n" + body))
    check = refused(subject)
    assert "computes in PyTorch" in check.says
    assert_names(check, subject, phrase)


LEFT = {
    "numpy and back": (f"a, b = x.numpy(), y.numpy()  {HERE}\nLAUNCH\nreturn torch.from_numpy(a + b)", "x.numpy()"),
    "numpy into the answer": (
        f"other = torch.empty_like(x)\n{LAUNCH.replace('out', 'other')}\nnumpy.add(x, y, out=out.numpy())  {HERE}\nreturn out",
        "",
    ),
    "a list": (f"LAUNCH\nreturn torch.tensor([2 * a for a in x.tolist()])  {HERE}", "x.tolist()"),
    "a number": (f"first = x[0].item()  {HERE}\nLAUNCH\nreturn out.fill_(first)", "x[0].item()"),
    "float()": (f"first = float(x[0])  {HERE}\nLAUNCH\nout[0] = first\nreturn out", "float(x[0])"),
    "a number that a kernel is given": (
        f"first = x[0].item()  {HERE}\nadd_kernel[(1,)](x, y, out, first, BLOCK_SIZE=16)\nreturn out",
        "x[0].item()",
    ),
}


@pytest.mark.parametrize("way", LEFT)
def test_a_detour_through_numpy_or_python_is_refused(load: Load, way: str) -> None:
    body, phrase = LEFT[way]
    subject = load(adding("out = torch.zeros_like(x)\n" + body, before="import numpy\n"))
    check = refused(subject)
    assert "takes the numbers out of the tensor" in check.says
    if phrase:
        assert_names(check, subject, phrase)


@pytest.mark.parametrize(
    ("body", "phrase"),
    [
        (f"x = x.float()  {HERE}\nout = torch.empty_like(y)\nLAUNCH\nreturn out", "x.float()"),
        (f"y = y.to(torch.float32)  {HERE}\nout = torch.empty_like(x)\nLAUNCH\nreturn out", "y.to(torch.float32)"),
        (f"y = y.type(torch.float64)  {HERE}\nout = torch.empty_like(x)\nLAUNCH\nreturn out", "y.type(torch.float64)"),
        (
            f"out = torch.empty(x.shape, dtype=torch.float32)\nLAUNCH\nreturn out.to(x.dtype)  {HERE}",
            "out.to(x.dtype)",
        ),
        (f"out = torch.empty(x.shape)\nLAUNCH\nreturn torch.empty_like(x).copy_(out)  {HERE}", ""),
    ],
)
def test_a_cast_is_refused_and_the_kernel_recommended(load: Load, body: str, phrase: str) -> None:
    subject = load(adding(body))
    check = refused(subject, dtype="fp16")
    assert "converts a tensor in PyTorch" in check.says and "inside the kernel" in check.advice
    assert_names(check, subject, phrase or "torch.empty_like(x).copy_(out)")


def test_a_cast_to_the_same_dtype_converts_nothing(load: Load) -> None:
    obeys(load(adding("x, y = x.float(), y.to(torch.float32)\nout = torch.empty_like(x)\nLAUNCH\nreturn out")))


# Copies

STRIDED = Case("strided", "a toy", lambda d: (d.strided(d.normal(40)), d.normal(40)))
COPIES = {
    "contiguous": "x.contiguous()",
    "clone": "x.clone()",
    "a reshape that copies": "x[:, None].expand(-1, 2).reshape(-1)[::2]",
    "to, with a copy": "x.to(x.dtype, copy=True)",
    "copy_": "torch.empty(x.shape).copy_(x)",
}


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_for_the_kernel_is_refused_where_strides_are_the_lesson(load: Load, way: str) -> None:
    subject = load(
        adding(f"x = {COPIES[way]}  {HERE}\nout = torch.empty(40)\nLAUNCH\nreturn out"), copies_allowed=False
    )
    run = run_of(subject, STRIDED)
    with pytest.raises(code.Stopped) as stopped:
        rules.kernels_do_the_work(subject, run)
    check = stopped.value.check
    assert "copies a tensor for the kernel" in check.says and "strides" in check.advice
    assert [place.line for place in check.places] == [line_of(subject.file.read_text())]


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_is_allowed_elsewhere_and_remarked_with_its_bytes(load: Load, way: str) -> None:
    subject = load(adding(f"x = {COPIES[way]}  {HERE}\nout = torch.empty(40)\nLAUNCH\nreturn out"))
    run = run_of(subject, STRIDED)
    rules.kernels_do_the_work(subject, run)
    if way == "copy_":
        return  # into memory that was allocated before
    [remark] = rules.remarks([run])
    assert remark.state is v.State.PASSED and remark.kind == "remark"
    assert f"Line {line_of(subject.file.read_text())}: " in remark.name and " bytes in " in remark.name


def test_what_copies_nothing_is_allowed_where_strides_are_the_lesson(load: Load) -> None:
    body = "x, y = x.contiguous(), y.reshape(-1).view(40)[:]\nout = torch.empty_like(x)\nLAUNCH\nreturn out"
    run = obeys(load(adding(body), copies_allowed=False))
    assert rules.remarks([run]) == []


def test_the_answer_may_be_copied_where_strides_are_the_lesson(load: Load) -> None:
    obeys(load(adding("out = torch.empty_like(x)\nLAUNCH\nreturn out.clone()"), copies_allowed=False))


# A level in which a kernel stores every element

FIRST_16 = "add_kernel[(1,)](x, y, out, 16, BLOCK_SIZE=16)"
OVERWRITTEN = {
    "zeros": "out = torch.zeros_like(x)\nLAUNCH\nreturn out",
    "full": "out = torch.full(x.shape, float('-inf'), dtype=x.dtype)\nLAUNCH\nreturn out",
    "filled in place": "out = torch.empty_like(x)\nout.fill_(3.0)\nout[:] = -1\nout[2:5].zero_()\nLAUNCH\nreturn out",
    "half before, half by another kernel": f"out = torch.zeros_like(x)\n{FIRST_16}\nx, y, whole = x[16:], y[16:], out\n"
    "out = out[16:]\nLAUNCH\nreturn whole",
    "a part of a longer tensor": "out = torch.zeros(x.numel() + 8, dtype=x.dtype)[: x.numel()]\nLAUNCH\nreturn out",
    "a copy of what a kernel stored": "out = torch.zeros_like(x)\nLAUNCH\nreturn out.clone()",
    "copied into memory of its own": "out, answer = torch.zeros_like(x), torch.empty_like(x)\nLAUNCH\nanswer.copy_(out)\nreturn answer",
}
LEFT_FILLED = {
    "zeros": (f"out = torch.zeros_like(x)  {HERE}\n{FIRST_16}\nreturn out", "torch.zeros_like(x)", "out[16..39]"),
    "full": (
        f"out = torch.full(x.shape, 7.0, dtype=x.dtype)  {HERE}\n{FIRST_16}\nreturn out",
        "torch.full(x.shape, 7.0, dtype=x.dtype)",
        "out[16..39]",
    ),
    "filled in place": (
        f"out = torch.empty_like(x)\nout.fill_(1.0)  {HERE}\n{FIRST_16}\nreturn out",
        "out.fill_(1.0)",
        "out[16..39]",
    ),
    "the rest after the kernel": (
        f"out = torch.empty_like(x)\n{FIRST_16}\nout[16:] = 1.0  {HERE}\nreturn out",
        "out[16:] = 1.0",
        "out[16..39]",
    ),
    "over what the kernel stored": (
        f"out = torch.empty_like(x)\nLAUNCH\nout[3].zero_()  {HERE}\nreturn out",
        "out[3].zero_()",
        "out[3]",
    ),
    "here and there": (
        f"out = torch.zeros_like(x)  {HERE}\nadd_kernel[(1,)](x, y, out, 8, BLOCK_SIZE=16)\n"
        "add_kernel[(1,)](x[9:], y[9:], out[9:], 16, BLOCK_SIZE=16)\nreturn out",
        "torch.zeros_like(x)",
        "elements between out[8] and out[39]",
    ),
    "a part of a longer tensor": (
        f"out = torch.zeros(48, dtype=x.dtype)  {HERE}\n{FIRST_16}\nreturn out[:40]",
        "torch.zeros(48, dtype=x.dtype)",
        "the answer[16..39]",
    ),
}


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
@pytest.mark.parametrize("way", OVERWRITTEN)
def test_a_constant_that_is_wholly_overwritten_is_allowed_where_a_kernel_stores_every_element(
    load: Load, way: str, dtype: str
) -> None:
    subject = load(adding(OVERWRITTEN[way]), fills_count=False)
    run = run_of(subject, MANY, dtype)
    assert run.trouble is None and len(run.launches) >= 1
    rules.whole_answer_is_stored(subject, run)


@pytest.mark.parametrize("way", LEFT_FILLED)
def test_a_constant_that_is_left_in_the_answer_is_refused_where_a_kernel_stores_every_element(
    load: Load, way: str
) -> None:
    body, phrase, where = LEFT_FILLED[way]
    subject = load(adding(body), fills_count=False)
    run = run_of(subject, MANY)
    rules.kernels_do_the_work(subject, run)
    with pytest.raises(code.Stopped) as stopped:
        rules.whole_answer_is_stored(subject, run)
    check = stopped.value.check
    assert (check.outcome, check.kind, check.finding) == (v.Outcome.RULES, "rules", "constant_left")
    line = line_of(subject.file.read_text())
    assert check.says == f"What stands in {where} comes from line {line}, `{phrase}`, not from a kernel."
    assert check.advice.endswith(f"This was in {run.told}.")
    assert [place.line for place in check.places] == [line]


@pytest.mark.parametrize("way", LEFT_FILLED)
def test_a_constant_may_be_left_in_the_answer_elsewhere(load: Load, way: str) -> None:
    subject = load(adding(LEFT_FILLED[way][0]))
    rules.whole_answer_is_stored(subject, run_of(subject, MANY))


def test_nothing_is_said_of_constants_where_memory_is_not_checked(load: Load) -> None:
    """On a Triton that the memory model doesn't fit, nobody knows what the kernels stored."""
    subject = replace(load(adding(LEFT_FILLED["zeros"][0]), fills_count=False), checks_memory=False)
    run = run_of(subject, MANY)
    assert run.trouble is None
    rules.whole_answer_is_stored(subject, run)


def test_a_constant_left_in_the_answer_is_refused_before_its_numbers_are_looked_at(
    level: Level, tmp_path: Path
) -> None:
    strict = replace(level, fills_count=False)
    whole_blocks = "add_kernel[(max(1, x.numel() // 16),)](x, y, out, x.numel(), BLOCK_SIZE=16)"
    judgement = judged(strict, tmp_path / "mine.py", adding(f"out = torch.zeros_like(x)\n{whole_blocks}\nreturn out"))
    assert judgement.outcome is v.Outcome.RULES and judgement.failure.says.startswith("What stands in out[16]")
    assert judged(strict, tmp_path / "mine.py", adding(OVERWRITTEN["zeros"])).outcome is v.Outcome.PASSED


# Inputs

WRITES = {
    "a kernel writes": "out = x\nLAUNCH\nreturn out.clone()",
    "a view of it is written": "out = torch.empty_like(x)\nLAUNCH\nx[3:4].zero_()\nreturn out",
    "torch fills": "out = torch.empty_like(x)\nLAUNCH\nx.fill_(7.0)\nreturn out",
    "not a number": "out = torch.empty_like(x)\nLAUNCH\nx[2] = float('nan')\nreturn out",
}


@pytest.mark.parametrize("way", WRITES)
def test_writing_into_an_input_is_refused_by_its_name(load: Load, way: str) -> None:
    subject = load(adding(WRITES[way]))
    check = refused(subject)
    assert check.says == f"In {run_of(subject, MANY).told}, your code writes into its input `x`."


def test_an_input_that_the_level_lets_change_may_change(load: Load) -> None:
    subject = load(adding(WRITES["torch fills"]), may_mutate=("x",))
    run = run_of(subject, MANY)
    rules.inputs_are_unchanged(subject, run)


def test_a_scratch_write_that_is_taken_back_leaves_the_input_as_it_was(load: Load) -> None:
    body = "kept = x[0].clone()\nx[0] = 1.0\nx[0] = kept\nout = torch.empty_like(x)\nLAUNCH\nreturn out"
    subject = load(adding(body))
    rules.inputs_are_unchanged(subject, run_of(subject, MANY))


# Answers that need no kernel


def test_an_answer_that_was_kept_from_an_earlier_call_needs_no_kernel(load: Load) -> None:
    body = "if not kept:\n    out = torch.empty_like(x)\n    LAUNCH\n    kept.append(out)\nreturn kept[0]"
    subject = load(adding(body, before="kept = []\n"))
    run_of(subject, MANY)
    with pytest.raises(code.Stopped) as stopped:
        rules.answer_needs_the_kernels(subject, MANY, "fp32", BLOCKS)
    check = stopped.value.check
    assert check.outcome is v.Outcome.RULES and "right even when no kernel runs" in check.says


def test_an_answer_of_torch_beside_a_kernel_needs_no_kernel(load: Load) -> None:
    body = "out = torch.empty_like(x)\nLAUNCH\nreturn x + y"
    with pytest.raises(code.Stopped, match="right even when no kernel runs"):
        rules.answer_needs_the_kernels(load(adding(body)), MANY, "fp32", BLOCKS)


def test_memory_that_still_holds_an_old_answer_gives_none(load: Load) -> None:
    """The allocator hands back what was just freed; without the poison, the right answer stands in it."""
    subject = load(HONEST)
    for _ in range(3):
        run_of(subject, MANY)
        rules.answer_needs_the_kernels(subject, MANY, "fp32", BLOCKS)


def test_a_launcher_that_raises_when_no_kernel_runs_needs_its_kernels(load: Load) -> None:
    body = "out = torch.zeros_like(x)\nLAUNCH\nassert out.any(), 'nothing was computed'\nreturn out"
    obeys(load(adding(body)))


REMEMBERED = {
    "by address": "key = (x.data_ptr(), y.data_ptr())",
    "by the object": "key = (id(x), id(y))",
    "by shape": "key = tuple(x.shape)",
}


@pytest.mark.parametrize("way", REMEMBERED)
def test_answers_that_are_remembered_are_refused(load: Load, way: str) -> None:
    body = f"{REMEMBERED[way]}\nif key not in kept:\n    out = torch.empty_like(x)\n    LAUNCH\n    kept[key] = out\nreturn kept[key]"
    subject = load(adding(body, before="kept = {}\n"))
    run = run_of(subject, MANY)
    with pytest.raises(code.Stopped) as stopped:
        rules.new_contents_give_new_answers(subject, run, BLOCKS)
    check = stopped.value.check
    assert check.outcome is v.Outcome.RULES and "new numbers in the same tensors give the old answer" in check.says


SECOND = {
    "zeros": ("return torch.zeros_like(x)", {v.Outcome.RULES, v.Outcome.WRONG}),
    "nothing": ("return None", {v.Outcome.RULES, v.Outcome.CONTRACT}),
    "another shape": ("return torch.zeros(3, 7)", {v.Outcome.RULES, v.Outcome.CONTRACT}),
    "an exception": ("raise ValueError('only once')", {v.Outcome.CRASH}),
    "an exit": ("raise SystemExit", {v.Outcome.EXIT}),
    "an access outside": (
        "add_kernel[(9,)](x, y, torch.empty_like(x), 1 << 20, BLOCK_SIZE=16)",
        {v.Outcome.MEMORY},
    ),
}


@pytest.mark.parametrize("way", SECOND)
def test_what_goes_wrong_only_in_a_second_call_is_the_learners_and_told_so(load: Load, way: str) -> None:
    statement, outcomes = SECOND[way]
    body = f"seen.append(x)\nif len(seen) > 1:\n    {statement}\nout = torch.empty_like(x)\nLAUNCH\nreturn out"
    subject = load(adding(body, before="seen = []\n"))
    run = run_of(subject, MANY)
    assert run.trouble is None
    with pytest.raises(code.Stopped) as stopped:
        rules.new_contents_give_new_answers(subject, run, BLOCKS)
    assert stopped.value.check.outcome in outcomes and stopped.value.check.says


# Modules that the judge needs

REPLACED = {
    "a function": ("torch.softmax = torch.sigmoid", "torch.softmax"),
    "a method": ("torch.Tensor.sum = None", "torch.Tensor.sum"),
    "a method of a base class": ("torch.Tensor.abs = None", "torch.Tensor.abs"),
    "a deleted one": ("del torch.nn.functional.relu", "torch.nn.functional.relu"),
    "numpy": ("import numpy\nnumpy.array = list", "numpy.array"),
    "a builtin": ("import builtins\nbuiltins.abs = None", "builtins.abs"),
    "a clock": ("import time\ntime.monotonic = None", "time.monotonic"),
}


def members() -> tuple[object, ...]:
    functions = (torch.softmax, torch.Tensor.sum, torch.Tensor.abs, torch.nn.functional.relu)
    return (*functions, numpy.array, builtins.abs, time.monotonic)


@pytest.fixture
def intact() -> Iterator[None]:
    """What a failing test would leave replaced is put back for those after it."""
    snapshot = Snapshot()
    yield
    snapshot.undo()


@pytest.mark.usefixtures("intact")
@pytest.mark.parametrize("when", ["at import", "in the launcher"])
@pytest.mark.parametrize("what", REPLACED)
def test_a_replaced_member_is_named_and_put_back(level: Level, tmp_path: Path, what: str, when: str) -> None:
    statement, name = REPLACED[what]
    honest = "out = torch.empty_like(x)\nLAUNCH\nreturn out"
    at_import = adding(honest, before=statement + "\n")
    text = at_import if when == "at import" else adding(f"{statement}\n{honest}")
    before = members()
    judgement = judged(level, tmp_path / "mine.py", text)
    assert members() == before
    assert judgement.outcome is v.Outcome.RULES
    assert judgement.failure.says == f"Your code replaces {name}: the judge needs torch and Python as they are."


@pytest.mark.parametrize(
    "statement",
    [
        "torch.set_default_dtype(torch.float64)",
        "torch.set_default_device('cpu')",
        "torch.set_float32_matmul_precision('high')",
        "torch.set_printoptions(precision=3)",
        "torch.manual_seed(0)",
        "torch.my_own = 1",
        "import torch.nn.functional as F, torch.utils.data, numpy.linalg, random\nrandom.seed(1)",
        "import warnings\nwarnings.simplefilter('ignore')",
        "import os\nos.environ['MY_OWN'] = '1'",
    ],
)
def test_settings_and_imports_replace_nothing(statement: str) -> None:
    dtype, precision = torch.get_default_dtype(), torch.get_float32_matmul_precision()
    snapshot = Snapshot()
    try:
        with warnings.catch_warnings():
            exec(statement, {"torch": torch})
        assert snapshot.undo() == []
    finally:
        torch.set_default_dtype(dtype)
        torch.set_default_device(None)
        torch.set_float32_matmul_precision(precision)
        torch.set_printoptions(profile="default")
        vars(torch).pop("my_own", None)
        os.environ.pop("MY_OWN", None)


def test_a_default_dtype_of_the_learners_changes_no_case(level: Level, tmp_path: Path) -> None:
    try:
        text = adding(
            "out = torch.empty_like(x)\nLAUNCH\nreturn out", before="torch.set_default_dtype(torch.float64)\n"
        )
        judgement = judged(level, tmp_path / "mine.py", text)
    finally:
        torch.set_default_dtype(torch.float32)
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says


# Honest launchers

HONEST_BODIES = {
    "plain": "out = torch.empty_like(x)\nLAUNCH\nreturn out",
    "assertions": "out = torch.empty_like(x)\nassert x.is_contiguous() and torch.isfinite(x).all()\nLAUNCH\n"
    "assert torch.allclose(out, x + y)\ntorch.testing.assert_close(out, x + y)\nreturn out",
    "prints": "out = torch.zeros_like(x)\nprint(x, x.mean().item(), x.tolist()[:2], f'{y.max():.3f}', out.numpy()[:1])\n"
    "LAUNCH\nprint('off by', (out - (x + y)).abs().max())\nreturn out",
    "views": "x, y = x[None, :].squeeze(0), y.view(2, -1).flatten()\nout = torch.empty(2 * x.numel())[: x.numel()]\nLAUNCH\n"
    "return out.unsqueeze(0).expand(1, -1)[0]",
    "zeros": "out = torch.zeros(x.shape, dtype=x.dtype, device=x.device)\nLAUNCH\nreturn out",
    "full": "out = torch.full_like(x, float('-inf'))\nLAUNCH\nreturn out",
    "new_empty": "out = x.new_empty(x.size())\nLAUNCH\nreturn out",
    "filled in place with a constant": "out = torch.empty_like(x)\nout.fill_(3.0)\nout[:] = -1\nout[2:5].zero_()\nLAUNCH\nreturn out",
    "contiguous": "x, y = x.contiguous(), y.contiguous()\nout = torch.empty_like(x)\nLAUNCH\nreturn out",
    "an accumulator of zeros": "out = x.clone()\nadd_kernel[(triton.cdiv(x.numel(), 16),)](out, y, out, x.numel(), BLOCK_SIZE=16)\nreturn out",
    "two kernels": "half = torch.empty_like(x)\nout = half\nLAUNCH\nout = torch.empty_like(x)\nzero = torch.zeros_like(x)\n"
    "add_kernel[(triton.cdiv(x.numel(), 16),)](half, zero, out, x.numel(), BLOCK_SIZE=16)\nreturn out",
    "a scratch that is computed and not used": "out = torch.empty_like(x)\nunused = (x @ y).item()\nLAUNCH\nreturn out",
    "without gradients": "with torch.no_grad():\n    out = torch.empty_like(x)\n    LAUNCH\nreturn out",
    "in inference mode": "with torch.inference_mode():\n    out = torch.empty_like(x)\n    LAUNCH\nreturn out",
    "another device context": "with torch.device(x.device):\n    out = torch.empty(x.shape, dtype=x.dtype)\nLAUNCH\nreturn out",
    "a detached view": "x = x.detach().data\nout = torch.empty_like(x).requires_grad_(False)\nLAUNCH\nreturn out",
    "numbers of its own": "scale = torch.tensor(2.0)\nsteps = torch.arange(4)\nout = torch.empty_like(x)\nLAUNCH\nreturn out",
    "a cache of launch parameters": "grid = grids.setdefault(x.shape, (triton.cdiv(x.numel(), 16),))\nout = torch.empty_like(x)\n"
    "add_kernel[grid](x, y, out, x.numel(), BLOCK_SIZE=16)\nreturn out",
}


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
@pytest.mark.parametrize("name", HONEST_BODIES)
def test_an_honest_launcher_obeys_every_rule(load: Load, name: str, dtype: str) -> None:
    body = HONEST_BODIES[name]
    if dtype == "bf16" and ("numpy" in body or "torch.empty(2 *" in body):
        body = body.replace(", out.numpy()[:1]", "").replace("torch.empty(2 * x.numel())", "x.new_empty(2 * x.numel())")
    if "allclose" in body and dtype == "bf16":
        body = body.replace("torch.allclose(out, x + y)", "torch.allclose(out, x + y, rtol=0.1)")
    run = obeys(load(adding(body, before="grids = {}\n")), dtype=dtype)
    assert run.launches


def test_launchers_of_every_kind_obey(load: Load) -> None:
    launcher = f"out = torch.empty_like(x)\n        {LAUNCH}\n        return out"
    as_method = f"class Adder:\n    def __call__(self, x, y):\n        {launcher}\n\nvector_add = Adder()\n"
    obeys(load(KERNEL + "\n" + as_method))
    as_partial = "import functools\n\ndef added(block, x, y):\n    out = torch.empty_like(x)\n"
    as_partial += (
        f"    {LAUNCH.replace('=16', '=block')}\n    return out\n\nvector_add = functools.partial(added, 16)\n"
    )
    obeys(load(KERNEL + "\n" + as_partial))
