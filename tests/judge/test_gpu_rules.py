"""Guards that the stage on a GPU sees by itself who does the work and what is allocated, whether or not the interpreter has run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from triton.runtime.autotuner import Autotuner
from triton.runtime.jit import JITFunction
from triton.tools.tensor_descriptor import TensorDescriptor

from tests.execution.learner import HERE, line_of
from tests.judge.toys import HONEST, adding
from triton_quest.child.instruments.gpu_launches import logged
from triton_quest.child.instruments.operators import body_of, remember_bodies
from triton_quest.child.instruments.opspy import OpSpy
from triton_quest.child.judge import on_gpu
from triton_quest.course import parts
from triton_quest.course.call import Call, allocation_grows_linearly
from triton_quest.course.case import Draw
from triton_quest.course.level import Level
from triton_quest.records import verdict as v


def judged(level: Level, file: Path, text: str) -> tuple[v.Outcome, v.Check | None]:
    """How the stage ends, and the check that failed."""
    file.write_text(text)
    records: list[v.Record] = []
    outcome = on_gpu.run(level, file, records.append, 60.0)
    checks = [record for record in records if isinstance(record, v.Check) and record.state is v.State.FAILED]
    return outcome, checks[0] if checks else None


# Who does the work

OUT = "out = torch.empty_like(x)\n"
IN_THE_KERNELS_PLACE = {
    "a decoy kernel and torch.add": (f"{OUT}LAUNCH\nreturn torch.add(x, y)  {HERE}", "torch.add(x, y)"),
    "a method": (f"{OUT}LAUNCH\nreturn x.add(y)  {HERE}", "x.add(y)"),
    "a product": (f"{OUT}LAUNCH\nreturn x[None].mm(y[:, None]) + out  {HERE}", "x[None].mm(y[:, None])"),
    "softmax": (f"{OUT}LAUNCH\nreturn torch.softmax(out, 0)  {HERE}", "torch.softmax(out, 0)"),
    "masked_fill": (
        f"{OUT}LAUNCH\nnone = torch.zeros_like(x, dtype=torch.bool)\nreturn out.masked_fill(none, 0.0)  {HERE}",
        "out.masked_fill(none, 0.0)",
    ),
    "before the kernel": (f"{OUT}x = x * 1.0  {HERE}\nLAUNCH\nreturn out", "x * 1.0"),
    "into the answer": (f"{OUT}LAUNCH\ntorch.add(x, y, out=out)  {HERE}\nreturn out", "torch.add(x, y, out=out)"),
    "no kernel at all": (f"return x + y  {HERE}", "x + y"),
}


@pytest.mark.usefixtures("as_a_child", "played_gpu")
@pytest.mark.parametrize(("body", "phrase"), IN_THE_KERNELS_PLACE.values(), ids=IN_THE_KERNELS_PLACE)
def test_pytorch_in_the_kernels_place_is_refused_with_its_line(
    level: Level, tmp_path: Path, body: str, phrase: str
) -> None:
    text = adding(body)
    outcome, check = judged(level, tmp_path / "mine.py", text)
    assert outcome is v.Outcome.RULES and check is not None
    assert f"`{phrase}`" in check.says and [place.line for place in check.places] == [line_of(text)]


@pytest.mark.usefixtures("as_a_child", "played_gpu")
def test_a_launcher_that_replaces_a_member_of_torch_is_refused(level: Level, tmp_path: Path) -> None:
    text = adding(f"{OUT}LAUNCH\ntorch.softmax = None\nreturn out")
    outcome, check = judged(level, tmp_path / "mine.py", text)
    assert outcome is v.Outcome.RULES and check is not None and "torch.softmax" in check.says
    assert torch.softmax is not None


@pytest.mark.usefixtures("as_a_child", "played_gpu")
def test_an_honest_launcher_passes(level: Level, tmp_path: Path) -> None:
    assert judged(level, tmp_path / "mine.py", HONEST) == (v.Outcome.PASSED, None)


# What is allocated


def no_square(call: Call, d: Draw) -> bool:
    """No matrix of n x n is allocated."""
    return allocation_grows_linearly(call, lambda length: (d.normal(length), d.normal(length)))


def needs_an_answer(call: Call, d: Draw) -> bool:
    """What a property says that runs the kernels."""
    return bool(call(d.normal(4), d.normal(4)).out.isnan().all())


@pytest.mark.usefixtures("as_a_child", "played_gpu")
@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (f"{OUT}scratch = x.new_empty(len(x), len(x))\nLAUNCH\nreturn out", v.Outcome.PROPERTY),
        (f"{OUT}LAUNCH\nreturn out", v.Outcome.PASSED),
    ],
    ids=["a square", "the answer alone"],
)
def test_what_the_launcher_allocates_is_judged_there(
    level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, outcome: v.Outcome
) -> None:
    monkeypatch.setattr(parts.part(level, "cases"), "PROPERTIES", (needs_an_answer, no_square))
    ended, check = judged(level, tmp_path / "mine.py", adding(body))
    assert ended is outcome, check
    assert check is None or "no matrix of n x n is allocated" in check.says


# Launches of compiled kernels, without a GPU: what Triton would run is played


def double(x_ptr, out_ptr, BLOCK):  # type: ignore[no-untyped-def]
    pass


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the kernels that reach the GPU. Triton's own part of a launch calls torch, too."""
    names: list[str] = []

    def run(function: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> None:
        torch.ones(3).add(1)
        names.append("warmup" if warmup else function.fn.__name__)

    monkeypatch.setattr(JITFunction, "run", run)
    yield names


def test_observers_are_told_of_each_launch_and_not_of_what_triton_does_in_it(launched: list[str]) -> None:
    kernel, x, out = JITFunction(double), torch.ones(8), torch.empty(8)
    spy = OpSpy(__file__, [x])
    with logged(spy) as log, spy:
        kernel[(1,)](x, out, BLOCK=8)
        y = x * 2
        kernel[(1,)](y, out, BLOCK=8)
        kernel.warmup(x, out, BLOCK=8, grid=(1,))
    assert launched == ["double", "double", "warmup"]
    assert [(launch.kernel, launch.options) for launch in log.launches] == [("double", {})] * 2
    assert log.launches[0].arguments == {"x_ptr": x, "out_ptr": out, "BLOCK": 8}
    assert [call.python_name for call in spy.calls] == ["x * 2"]
    assert [call.python_name for call in spy.reaches_kernels()] == ["x * 2"]


def test_nothing_is_launched_where_only_the_launcher_counts(launched: list[str]) -> None:
    with logged(noop=True) as log:
        JITFunction(double)[(1,)](torch.ones(8), torch.empty(8), BLOCK=8)
    assert launched == [] and [launch.replaced_by_noop for launch in log.launches] == [True]


def test_what_the_autotuner_runs_to_choose_is_not_the_learners(
    launched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel, x = JITFunction(double), torch.ones(8)

    def bench(tuner: Any) -> None:
        kernel[(1,)](x * 3, x, BLOCK=8)

    monkeypatch.setattr(Autotuner, "_bench", bench)
    spy = OpSpy(__file__, [x])
    with logged(spy) as log, spy:
        Autotuner._bench(None)
    assert launched == ["double"] and log.launches == [] and spy.calls == []


def test_a_wrong_call_is_left_to_tritons_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(function: Any, *args: Any, **kwargs: Any) -> None:
        raise TypeError("Triton's own words")

    monkeypatch.setattr(JITFunction, "run", run)
    with logged(), pytest.raises(TypeError, match="Triton's own words"):
        JITFunction(double)[(1,)](1, 2, 3, 4, 5)


def test_a_tensor_computed_by_pytorch_is_followed_through_a_descriptor(launched: list[str]) -> None:
    x, out = torch.ones(16, 16), torch.empty(16, 16)
    spy = OpSpy(__file__, [x])
    with logged(spy), spy:
        y = x * 2
        JITFunction(double)[(1,)](TensorDescriptor.from_tensor(y, [16, 16]), out, BLOCK=8)
    assert "x * 2" in [call.python_name for call in spy.reaches_kernels()]


def test_the_body_of_an_operator_is_that_of_the_tensors_device() -> None:
    remember_bodies()
    library = torch.library.Library("quest_gpu_rules", "DEF")
    library.define("twice(Tensor x) -> Tensor")
    library.impl("twice", for_cpu := lambda x: x + x, "CPU")
    library.impl("twice", for_cuda := lambda x: x + x, "CUDA")
    operator = torch.ops.quest_gpu_rules.twice.default
    assert body_of(operator) is for_cpu and body_of(operator, "cuda") is for_cuda
