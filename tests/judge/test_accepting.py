"""What is right on a GPU passes the whole judgement, however it is written; what can't be run here is not verified here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import torch

from tests.execution.learner import HERE, line_of, replaced, solved
from tests.judge.toys import HONEST, KERNEL, LAUNCH, Judgement, adding, judged, subject_of
from triton_quest.child.judge import compiling
from triton_quest.child.judge.tampering import Snapshot
from triton_quest.course import parts
from triton_quest.course import table as levels
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

pytestmark = pytest.mark.usefixtures("as_a_child")

ADDS = "out = torch.empty_like(x)\nLAUNCH\nreturn out"
ANNOTATED = "def vector_add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:"
ASSEMBLY = (
    "tl.inline_asm_elementwise('add.f32 $0, $1, $2;', '=f,f,f', [x.to(tl.float32), y.to(tl.float32)], "
    "dtype=tl.float32, is_pure=True, pack=1)"
)


@pytest.fixture
def judge(level: Level, tmp_path: Path) -> Callable[[str], Judgement]:
    return lambda text: judged(level, tmp_path / "mine.py", text)


def unverified(judgement: Judgement) -> list[str]:
    return [check.name for check in judgement.checks if check.state is v.State.NOT_VERIFIED_HERE]


def as_operator(text: str, decorator: str) -> str:
    return text.replace("def vector_add(x, y):", f"{decorator}\n{ANNOTATED}")


def test_an_operator_of_the_learners_own_is_looked_into(judge: Callable[[str], Judgement]) -> None:
    operator = '@torch.library.custom_op("learner_test::right", mutates_args=())'
    judgement = judge(as_operator(HONEST, operator))
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says


def test_what_such_an_operator_computes_in_pytorch_is_refused(judge: Callable[[str], Judgement]) -> None:
    text = adding(f"out = torch.empty_like(x)\nLAUNCH\nreturn x + y  {HERE}")
    operator = '@torch.library.custom_op("learner_test::computes", mutates_args=())'
    text = as_operator(text, operator)
    check = judge(text).failure
    assert check.outcome is v.Outcome.RULES and f"Line {line_of(text)}: `x + y` computes in PyTorch" in check.says


def test_an_operator_that_writes_into_its_argument_is_followed(judge: Callable[[str], Judgement]) -> None:
    before = (
        '@torch.library.custom_op("learner_test::into", mutates_args={"out"})\n'
        "def into(x: torch.Tensor, y: torch.Tensor, out: torch.Tensor) -> None:\n"
        "    add_kernel[(triton.cdiv(x.numel(), 16),)](x, y, out, x.numel(), BLOCK_SIZE=16)\n"
    )
    assert judge(adding("out = torch.empty_like(x)\ninto(x, y, out)\nreturn out", before)).outcome is v.Outcome.PASSED


def test_an_operator_of_tritons_kind_passes(judge: Callable[[str], Judgement]) -> None:
    text = as_operator(HONEST, '@torch.library.triton_op("learner_test::wrapped", mutates_args=())')
    text = text.replace("add_kernel[(", "torch.library.wrap_triton(add_kernel)[(")
    judgement = judge(text)
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says


@pytest.mark.parametrize("decorator", ["@torch.compile", "@torch.compile(fullgraph=True)"])
def test_a_compiled_launcher_runs_as_it_is_written(judge: Callable[[str], Judgement], decorator: str) -> None:
    assert judge(HONEST.replace("def vector_add", f"{decorator}\ndef vector_add")).outcome is v.Outcome.PASSED


def _own(function: Any) -> Any:
    """Another function object of the same code, as torch's compiler puts in a function's place when it is imported."""
    return FunctionType(function.__code__, function.__globals__, function.__name__)


@pytest.mark.parametrize(
    "replacement, told",
    [
        (_own(torch.manual_seed), []),
        (torch.random.fork_rng, ["torch.manual_seed"]),  # torch's, under another name
        (lambda seed: None, ["torch.manual_seed"]),
    ],
    ids=["torch's own", "another of torch's", "the learner's"],
)
def test_what_torch_replaces_in_itself_is_not_the_learners_doing(
    monkeypatch: pytest.MonkeyPatch, replacement: Any, told: list[str]
) -> None:
    before = Snapshot()
    monkeypatch.setattr(torch, "manual_seed", replacement)
    assert before.undo() == told


@pytest.mark.parametrize(
    "text, what",
    [
        (adding(ADDS, kernel=KERNEL.replace("x + y", f"{ASSEMBLY}")), "inline assembly"),
        (
            adding(ADDS, kernel=KERNEL.replace("x + y", "tl.extra.cuda.globaltimer().to(tl.float32) * 0 + x + y")),
            "this function of Triton's",
        ),
    ],
    ids=["assembly", "assembly of Triton's own"],
)
def test_what_cannot_be_interpreted_is_not_verified_here(
    judge: Callable[[str], Judgement], text: str, what: str
) -> None:
    judgement = judge(text)
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "tl.store" in line)
    names = unverified(judgement)
    assert names[0].startswith(f"line {line}: Triton's interpreter can't run {what}") and names[-1] == v.ON_A_GPU
    assert [check.kind for check in judgement.checks][:1] == ["compile"]
    assert not any(check.kind == "numbers" for check in judgement.checks)


def test_assembly_does_not_excuse_what_the_compiler_refuses(judge: Callable[[str], Judgement]) -> None:
    kernel = KERNEL.replace("x + y", ASSEMBLY).replace("mask = offsets < n", "mask = offsets < n and offsets >= 0")
    assert judge(adding(ADDS, kernel=kernel)).failure.finding == "and_or_on_blocks"


BLOCK_POINTERS = """\
    pointers = (tl.make_block_ptr(x_ptr, (n,), (1,), (tl.program_id(0) * BLOCK_SIZE,), (BLOCK_SIZE,), (0,)))
    x = tl.load(pointers, boundary_check=(0,))
"""


@pytest.mark.filterwarnings("default")
def test_what_triton_warns_of_is_one_remark(
    judge: Callable[[str], Judgement], capfd: pytest.CaptureFixture[str]
) -> None:
    kernel = KERNEL.replace("    x = tl.load(x_ptr + offsets, mask=mask)\n", BLOCK_POINTERS)
    judgement = judge(adding(ADDS, kernel=kernel))
    if judgement.outcome is v.Outcome.COMPILE:
        assert judgement.failure.finding == "block_pointers"  # gone since 3.9
        return
    assert judgement.outcome is v.Outcome.PASSED
    remarks = [check.name for check in judgement.checks if check.kind == "remark"]
    (remark,) = [remark for remark in remarks if "Triton warns" in remark]
    assert remark.startswith("Line 10: Triton warns: tl.make_block_ptr is deprecated") and "\n" not in remark
    assert capfd.readouterr() == ("", "")


@pytest.mark.filterwarnings("default")
def test_a_warning_of_the_learners_is_said_once_in_a_line(
    judge: Callable[[str], Judgement], capfd: pytest.CaptureFixture[str]
) -> None:
    text = adding(f'import warnings\nwarnings.warn("mind\\nthe gap")  {HERE}\n{ADDS}')
    assert judge(text).outcome is v.Outcome.PASSED
    assert capfd.readouterr().err == f"line {line_of(text)}: UserWarning: mind the gap\n"


# Other people's GPUs


def tiled(constants: str) -> str:
    flash = levels.find("flash-attention")
    assert flash
    return solved(flash, replaced("TILES[q.dtype.itemsize, D]", constants))


@pytest.mark.parametrize(
    "constants, refused, remarked",
    [
        ("(64, 128, 4, 3)", [], ["needs 176 KB", "in fp32", "an A100 (sm_80) has 163 KB"]),
        ("(256, 256, 8, 4)", ["shared_memory"], []),
    ],
    ids=["fits an H100", "fits none"],
)
def test_too_much_shared_memory_is_refused_only_if_it_fits_no_gpu_in_any_dtype(
    tmp_path: Path, constants: str, refused: list[str], remarked: list[str]
) -> None:
    flash = levels.find("flash-attention")
    assert flash
    subject = subject_of(flash, tmp_path / "mine.py", tiled(constants))
    cases = parts.part(flash, "cases").CASES
    quick = next(case for case in reversed(cases) if case.quick)
    look = compiling.look(subject, (quick,), ("fp32", "fp16", "bf16"), (16,))
    assert [finding.construct for finding in look.refused] == refused
    assert len(look.remarks) == bool(remarked)
    assert all(words in look.remarks[0] for words in remarked)


def test_an_operator_registered_for_a_gpu_alone_runs_here(judge: Callable[[str], Judgement]) -> None:
    operator = '@torch.library.custom_op("learner_test::cuda_only", mutates_args=(), device_types="cuda")'
    judgement = judge(as_operator(HONEST, operator))
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says


@pytest.mark.parametrize("order", [("CUDA", "CPU"), ("CPU", "CUDA")])
def test_an_operator_with_a_body_for_each_device_runs_the_one_for_the_cpu(
    judge: Callable[[str], Judgement], order: tuple[str, str]
) -> None:
    space = f"learner_test_{order[0].lower()}_first"
    bodies = {
        "CUDA": "def gpu(x, y):\n    raise RuntimeError('no GPU')\n",
        "CPU": "def cpu(x, y):\n    out = torch.empty_like(x)\n    LAUNCH\n    return out\n".replace("LAUNCH", LAUNCH),
    }
    before = f'library = torch.library.Library("{space}", "DEF")\nlibrary.define("add(Tensor x, Tensor y) -> Tensor")\n'
    for key in order:
        before += f'@torch.library.impl(library, "add", "{key}")\n{bodies[key]}\n'
    judgement = judge(adding(f"return torch.ops.{space}.add(x, y)", before))
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says
