"""Code written for a GPU, judged where there is none: what can be answered is answered for a GPU that is named, the rest is one
sentence with the line, and what the advice says to write instead passes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import triton

from tests.execution.learner import HERE, line_of
from tests.judge.toys import HONEST, KERNEL, LAUNCH, Judgement, adding, judged
from triton_quest.child.sentences import no_gpu
from triton_quest.child.triton import fake_driver
from triton_quest.course.level import Level
from triton_quest.records import verdict as v

pytestmark = pytest.mark.usefixtures("as_a_child")

ADDS = "out = torch.empty_like(x)\nLAUNCH\nreturn out"
PERSISTENT = KERNEL.replace(
    "    offsets = tl.program_id(0) * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)\n",
    "    for tile in range(tl.program_id(0), tl.cdiv(n, BLOCK_SIZE), tl.num_programs(0)):\n"
    "      offsets = tile * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)\n",
)
for _line in ("mask = ", "x = tl", "y = tl", "tl.store"):
    PERSISTENT = PERSISTENT.replace(f"    {_line}", f"      {_line}")


def judge(level: Level, tmp_path: Path, text: str) -> Judgement:
    return judged(level, tmp_path / "mine.py", text)


def remarks(judgement: Judgement) -> list[str]:
    return [check.name for check in judgement.checks if check.kind == "remark"]


NEEDS = {  # what the line does: what is said, and what the advice makes of the line
    "assert x.is_cuda": ("`x.is_cuda` doesn't hold", 'assert x.device.type in ("cuda", "cpu")'),
    "assert x.is_cuda and y.is_cuda": ("doesn't hold", "assert x.device == y.device"),
    'assert x.device.type == "cuda"': ("doesn't hold", 'assert x.device.type in ("cuda", "cpu")'),
    "assert x.device == DEVICE": ("`x.device == DEVICE` doesn't hold", 'assert x.device.type in ("cuda", "cpu")'),
    "x = x.cuda()": ("`x = x.cuda()` needs a GPU, and there is none here", ""),
    'x = x.to("cuda")': ("needs a GPU", "x = x.to(x.device)"),
    'spare = torch.empty(4, device="cuda")': ("needs a GPU", "spare = torch.empty(4, device=x.device)"),
    "stream = torch.cuda.current_stream()": ("needs a GPU", "if x.is_cuda: stream = torch.cuda.current_stream()"),
    "start = torch.cuda.Event()": ("needs a GPU", "if x.is_cuda: start = torch.cuda.Event()"),
}


@pytest.mark.parametrize("line", NEEDS)
def test_what_needs_a_gpu_is_one_sentence_and_its_advice_passes(level: Level, tmp_path: Path, line: str) -> None:
    says, instead = NEEDS[line]
    before = 'DEVICE = torch.device("cuda")\n'
    text = adding(f"{line}  {HERE}\n{ADDS}", before=before)
    check = judge(level, tmp_path, text).failure
    assert (check.outcome, check.finding) == (v.Outcome.CRASH, "no_gpu_here")
    assert (
        check.says.startswith(f"Line {line_of(text)}: ")
        and says in check.says
        and "no GPU here" in check.says.replace("there is none here", "no GPU here")
    )
    words = instead.removeprefix("x = x").removeprefix("spare = torch.empty(4, ").rstrip(")").split(": ")[0]
    assert words in check.advice or not instead
    mended = judge(level, tmp_path, adding(f"{instead}\n{ADDS}", before=before))
    assert mended.outcome is v.Outcome.PASSED


def test_an_error_that_the_learner_raises_for_want_of_a_gpu_is_told_as_such(level: Level, tmp_path: Path) -> None:
    text = adding(f'if not (x.is_cuda and y.is_cuda):\n    raise ValueError("on a GPU, please")  {HERE}\n{ADDS}')
    check = judge(level, tmp_path, text).failure
    assert f"Line {line_of(text)}: This is raised because of `if not (x.is_cuda and y.is_cuda)`" in check.says
    assert "write `assert x.device == y.device`" in check.advice


@pytest.mark.parametrize(
    "line",
    [
        "assert x.numel() > 10**9",
        "assert x.is_cuda or x.numel() > 10**9",  # the other half may be meant
        'raise ValueError("cuda")',
        "if x.numel() < 10**9 and x.device.type == 'cpu': raise ValueError('too short')",
    ],
)
def test_an_error_with_another_cause_keeps_its_own_words(level: Level, tmp_path: Path, line: str) -> None:
    check = judge(level, tmp_path, adding(f"{line}\n{ADDS}")).failure
    own = f"`{line}` doesn't hold" if line.startswith("assert") else "Error: "
    assert check.finding is None and own in check.says


def test_a_property_that_is_not_known_of_the_gpu_is_said_so(level: Level, tmp_path: Path) -> None:
    text = adding(f"size = torch.cuda.get_device_properties(x.device).L2_cache_size  {HERE}\n{ADDS}")
    check = judge(level, tmp_path, text).failure
    assert check.says.startswith(
        f"Line {line_of(text)}: `torch.cuda.get_device_properties` can't tell `.L2_cache_size`"
    )
    guarded = f"if x.is_cuda:\n    size = torch.cuda.get_device_properties(x.device).L2_cache_size\n{ADDS}"
    assert judge(level, tmp_path, adding(guarded)).outcome is v.Outcome.PASSED


def test_a_file_that_asks_whether_there_is_a_gpu_is_told_to_leave_that_out(level: Level, tmp_path: Path) -> None:
    check = judge(level, tmp_path, adding(ADDS, before="assert torch.cuda.is_available()\n")).failure
    assert "`torch.cuda.is_available()` doesn't hold" in check.says and check.advice.startswith("Leave the check out:")


def test_at_import_too(level: Level, tmp_path: Path) -> None:
    text = adding(ADDS, before=f'TABLE = torch.zeros(4, device="cuda")  {HERE}\n')
    check = judge(level, tmp_path, text).failure
    assert check.outcome is v.Outcome.IMPORT and f"Line {line_of(text)}: " in check.says and "needs a GPU" in check.says


@pytest.mark.parametrize(
    "asks",
    [
        "torch.cuda.get_device_properties(torch.cuda.current_device()).multi_processor_count",
        "torch.cuda.get_device_properties('cuda').multi_processor_count",
        "triton.runtime.driver.active.utils.get_device_properties(0)['multiprocessor_count']",
    ],
)
def test_multiprocessors_are_those_of_a_gpu_that_is_named(level: Level, tmp_path: Path, asks: str) -> None:
    text = adding(
        ADDS.replace(
            "LAUNCH", LAUNCH.replace("triton.cdiv(x.numel(), 16)", "min(PROGRAMS, triton.cdiv(x.numel(), 16))")
        ),
        before=f"PROGRAMS = {asks}  {HERE}\nassert PROGRAMS == 108\n",
        kernel=PERSISTENT,
    )
    judgement = judge(level, tmp_path, text)
    assert judgement.outcome is v.Outcome.PASSED, judgement.failure.says
    (remark,) = remarks(judgement)
    assert (
        remark.startswith(f"Line {line_of(text)}: there is no GPU here")
        and "as an A100 does (108 multiprocessors)" in remark
    )


def test_what_nobody_asked_is_not_remarked_on(level: Level, tmp_path: Path) -> None:
    told = remarks(judge(level, tmp_path, HONEST))
    assert [remark for remark in told if "GPU" in remark] == [] and len(told) == 1, "only that of level 1's offsets"


@pytest.mark.parametrize(
    "body",
    [
        "out = torch.empty_like(x)\nwith torch.cuda.device(x.device):\n    LAUNCH\nreturn out",
        "torch.cuda.set_device(x.device)\nout = torch.empty_like(x)\nLAUNCH\ntorch.cuda.synchronize()\nreturn out",
    ],
)
def test_choosing_a_device_and_waiting_for_it_do_nothing(level: Level, tmp_path: Path, body: str) -> None:
    assert judge(level, tmp_path, adding(body)).outcome is v.Outcome.PASSED


OCCUPANCY = (
    "compiled = add_kernel.warmup(x, y, x, x.numel(), BLOCK_SIZE=16, grid=(1,))\nregisters = compiled.n_regs  # here\n"
)


def test_occupancy_by_warmup_is_refused_in_a_sentence_and_its_advice_passes(level: Level, tmp_path: Path) -> None:
    text = adding(OCCUPANCY + ADDS)
    check = judge(level, tmp_path, text).failure
    assert check.says.startswith(f"Line {line_of(text)}: `add_kernel.warmup` compiles for the GPU at hand")
    assert "`if x.is_cuda:`" in check.advice
    guarded = "registers = 32\nif x.is_cuda:\n" + "".join(f"    {line}\n" for line in OCCUPANCY.splitlines())
    assert judge(level, tmp_path, adding(guarded + ADDS)).outcome is v.Outcome.PASSED


def test_everything_is_put_back_afterwards() -> None:
    before = torch.cuda.get_device_properties, torch.cuda.device, torch.compile, triton.testing.do_bench
    fake_driver_of = triton.runtime.driver._active
    with fake_driver.activated(90):
        assert torch.cuda.get_device_capability() == (9, 0) and torch.cuda.get_device_name() == "H100"
    assert (torch.cuda.get_device_properties, torch.cuda.device, torch.compile, triton.testing.do_bench) == before
    assert triton.runtime.driver._active is fake_driver_of


def test_a_file_that_does_not_parse_has_no_explanation() -> None:
    assert no_gpu.explain("Torch not compiled with CUDA enabled", "def f(:\n", 1) is None
